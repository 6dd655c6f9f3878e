"""Tests of acts as commits: each holds exactly its files, and a kill between commit and checkout is mended."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pygit2
import pytest

from pilotage.core.errors import EvidenceError, UsageError
from pilotage.demo.acts import commit_act, files_of_act
from pilotage.demo.people import fill_in_keys, private_key_of
from pilotage.demo.story import Story, read_story
from pilotage.registry.git import open_source
from pilotage.registry.load import load_registry
from pilotage.registry.propose import propose_commit, read_history, restore_tree

EXAMPLE = Path(__file__).parents[2] / "examples" / "claims_inbox"
MOMENT = datetime(2026, 11, 22, 12, tzinfo=UTC)
AUTHOR = ("Ana (SAMPLE)", "ana@example.com")


@pytest.fixture
def story() -> Story:
    """Give the shipped story."""
    return read_story(EXAMPLE)


def files_below(folder: Path) -> set[str]:
    """Give every file outside .git."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def play(story: Story, registry: Path, index: int) -> None:
    """Commit one act of the shipped story."""
    commit_act(story, EXAMPLE, index, registry=registry, key_folder=registry.parent / "people", moment=MOMENT)


def propose(registry: Path, files: dict[str, bytes], message: str = "m") -> str:
    """Commit files as the whole tree."""
    return propose_commit(registry, files, message=message, author=AUTHOR, moment=MOMENT)


def test_each_act_is_one_readable_commit_that_loads(story: Story, tmp_path: Path) -> None:
    """After each act the registry is clean, loads, and its history holds the acts' messages in order."""
    registry = tmp_path / "registry"
    for index in range(len(story.acts)):
        play(story, registry, index)

        catalog = load_registry(open_source(registry)).catalog

        assert not catalog.dirty
        assert catalog.commit is not None
        assert read_history(registry) == [act.message for act in story.acts[: index + 1]]


def test_an_act_takes_away_what_it_removes(story: Story, tmp_path: Path) -> None:
    """The third act holds no data that it dropped, and the letters are gone from its routes."""
    registry = tmp_path / "registry"
    for index in range(3):
        play(story, registry, index)

    found = files_below(registry)

    assert {name for name in found if name.startswith("data/")} == {"data/training.jsonl", "data/sealed-b.jsonl"}
    assert "claims-letter" not in (registry / "routes.yaml").read_text()


def test_committing_an_act_again_restores_its_tree(story: Story, tmp_path: Path) -> None:
    """An act that is in the history is not committed twice; its working tree is brought back."""
    registry = tmp_path / "registry"
    play(story, registry, 0)
    (registry / "routes.yaml").write_text("half-writ")

    play(story, registry, 0)

    assert len(read_history(registry)) == 1
    assert not load_registry(open_source(registry)).catalog.dirty


def test_a_kill_between_commit_and_checkout_is_mended(tmp_path: Path) -> None:
    """Where the commit stands and the tree does not yet, restoring brings files and takes away dropped ones."""
    registry = tmp_path / "registry"
    propose(registry, {"a.yaml": b"1", "data/old.jsonl": b"{}"})
    repo = pygit2.Repository(str(registry))
    builder = repo.TreeBuilder()
    builder.insert("b.yaml", repo.create_blob(b"2"), pygit2.enums.FileMode.BLOB)
    signature = pygit2.Signature(*AUTHOR, 0, 0)
    repo.create_commit("refs/heads/main", signature, signature, "next", builder.write(), [repo.head.target])
    assert files_below(registry) == {"a.yaml", "data/old.jsonl"}

    restore_tree(registry)

    assert files_below(registry) == {"b.yaml"}
    assert not open_source(registry).dirty


def test_missing_pieces_of_a_story_are_named(story: Story, tmp_path: Path) -> None:
    """A story whose act or data are not there says which file is missing."""
    with pytest.raises(UsageError, match=r"not whole: .*1-dazzle"):
        files_of_act(story, tmp_path, 0, tmp_path / "people")


def test_sample_people_keep_their_keys(tmp_path: Path) -> None:
    """A person's key is made once, for the owner's eyes only, and stands in documents as a public key."""
    first = fill_in_keys(b"ssh_key: ${key:ana}, ${key:ben}", tmp_path / "people")
    second = fill_in_keys(b"ssh_key: ${key:ana}, ${key:ben}", tmp_path / "people")

    assert first == second
    assert first.count(b"ssh-ed25519 ") == 2
    assert stat.S_IMODE((tmp_path / "people" / "ana.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "people").stat().st_mode) == 0o700


def test_a_half_made_key_is_made_anew(tmp_path: Path) -> None:
    """A draft that a kill left behind is no key; the next start makes a whole one."""
    folder = tmp_path / "people"
    folder.mkdir()
    (folder / "ana.draft").write_bytes(b"-----BEGIN PRIV")

    assert private_key_of("ana", folder).sign(b"x")


def test_a_commit_holds_exactly_the_files_given(tmp_path: Path) -> None:
    """What is not named is gone, folders included, and untouched files stay."""
    propose(tmp_path, {"a.yaml": b"1", "x/y/z.jsonl": b"{}"}, "first")
    propose(tmp_path, {"a.yaml": b"2"}, "second")

    assert files_below(tmp_path) == {"a.yaml"}
    assert (tmp_path / "a.yaml").read_bytes() == b"2"
    assert read_history(tmp_path) == ["first", "second"]


def test_the_same_files_at_the_same_moment_are_the_same_commit(tmp_path: Path) -> None:
    """A commit depends on what it holds and when it was written, not on the machine."""
    assert propose(tmp_path / "one", {"a": b"1"}) == propose(tmp_path / "two", {"a": b"1"})


def test_no_repository_has_no_history(tmp_path: Path) -> None:
    """A folder without repository, or one without commit, has no history yet."""
    assert read_history(tmp_path / "nowhere") == []
    pygit2.init_repository(str(tmp_path / "empty"))
    assert read_history(tmp_path / "empty") == []


@pytest.mark.parametrize("path", ["../outside", ".git/hooks/post-checkout", "a//../../b"])
def test_a_path_out_of_the_registry_is_refused(tmp_path: Path, path: str) -> None:
    """A file name that leads out of the tree, or into .git, is an error, and nothing is committed."""
    registry = tmp_path / "registry"

    with pytest.raises(EvidenceError, match="cannot commit to the registry"):
        propose(registry, {path: b"x"})

    assert read_history(registry) == []
    assert not (tmp_path / "outside").exists()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A file in the registry's place says what was wrong."""
    (tmp_path / "registry").write_text("a file")

    with pytest.raises(EvidenceError, match="cannot commit to the registry at"):
        propose(tmp_path / "registry", {"a": b"1"})


def test_a_registry_inside_a_repository_leaves_that_one_alone(tmp_path: Path) -> None:
    """The demonstration runs inside a clone: whatever is committed and changed there stays as it is."""
    outer = tmp_path / "clone"
    propose_commit(outer, {"work.txt": b"old"}, message="outer", author=AUTHOR, moment=MOMENT)
    (outer / "work.txt").write_bytes(b"not committed yet")
    inner = outer / ".demo" / "registry"
    inner.mkdir(parents=True)

    assert read_history(inner) == []
    with pytest.raises(pygit2.GitError):
        restore_tree(inner)
    propose_commit(inner, {"a.yaml": b"a: 1"}, message="inner", author=AUTHOR, moment=MOMENT)
    restore_tree(inner)

    assert (read_history(outer), read_history(inner)) == (["outer"], ["inner"])
    assert (outer / "work.txt").read_bytes() == b"not committed yet"
