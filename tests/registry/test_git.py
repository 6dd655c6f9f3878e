"""A registry in git: any commit, bare or not, clean or changed, and no hook ever runs."""

import os
from collections.abc import Mapping
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import FileMode

from pilotage.core.errors import DocumentError, UsageError
from pilotage.registry import git as module
from pilotage.registry.git import GitSource, open_source
from pilotage.registry.source import FolderSource

AUTHOR = pygit2.Signature("Ana", "ana@example.com", 1_700_000_000, 0)


def commit(repository: pygit2.Repository, files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> str:
    """Commit the whole working tree anew with these files."""
    index = pygit2.Index()
    for path, data in files.items():
        index.add(pygit2.IndexEntry(path, repository.create_blob(data), FileMode.BLOB))
    for path, target in (links or {}).items():
        index.add(pygit2.IndexEntry(path, repository.create_blob(target.encode()), FileMode.LINK))
    tree = index.write_tree(repository)
    parents = [] if repository.head_is_unborn else [repository.head.target]
    made = repository.create_commit("HEAD", AUTHOR, AUTHOR, "message", tree, parents)
    if not repository.is_bare:
        repository.reset(made, pygit2.enums.ResetMode.HARD)
    return str(made)


@pytest.fixture
def repository(tmp_path: Path) -> pygit2.Repository:
    """Give a repository without a commit."""
    return pygit2.init_repository(str(tmp_path / "registry"), initial_head="main")


def folder_of(repository: pygit2.Repository) -> Path:
    """Give the working tree's folder."""
    return Path(repository.workdir)


def test_a_clean_tree_is_read_at_its_commit(repository: pygit2.Repository) -> None:
    """What is committed and unchanged carries its commit and is not dirty."""
    made = commit(repository, {"a.yaml": b"a: 1", "sub/b.yml": b"b: 1", ".hidden.yaml": b""})
    source = open_source(folder_of(repository))
    assert (source.commit, source.dirty) == (made, False)
    assert source.list_paths().paths == ("a.yaml", "sub/b.yml")
    assert source.read_bytes("sub/b.yml", 100) == b"b: 1"
    assert source.read_bytes("sub/b.yml", 2) == b"b: "


@pytest.mark.parametrize("change", ["modified", "untracked", "deleted", "staged"])
def test_a_changed_tree_is_read_as_it_is_and_dirty(repository: pygit2.Repository, change: str) -> None:
    """Any difference from the commit makes the working tree the source, marked dirty."""
    made = commit(repository, {"a.yaml": b"a: 1", "b.yaml": b"b: 1"})
    root = folder_of(repository)
    if change in {"modified", "staged"}:
        (root / "a.yaml").write_bytes(b"a: 2")
    if change == "staged":
        repository.index.add("a.yaml")
        repository.index.write()
    if change == "untracked":
        (root / "c.yaml").write_bytes(b"c: 1")
    if change == "deleted":
        (root / "b.yaml").unlink()
    source = open_source(root)
    assert (source.commit, source.dirty) == (made, True)
    expected = {"untracked": ("a.yaml", "b.yaml", "c.yaml"), "deleted": ("a.yaml",)}.get(change, ("a.yaml", "b.yaml"))
    assert source.list_paths().paths == expected


def test_ignored_files_change_nothing(repository: pygit2.Repository) -> None:
    """A file that git ignores neither makes the tree dirty nor becomes part of a dirty one."""
    commit(repository, {".gitignore": b"local/\n*.tmp.yaml\n", "a.yaml": b"a: 1"})
    root = folder_of(repository)
    (root / "local").mkdir()
    (root / "local" / "x.yaml").touch()
    (root / "y.tmp.yaml").touch()
    assert not open_source(root).dirty
    (root / "a.yaml").write_bytes(b"a: 2")
    assert open_source(root).list_paths().paths == ("a.yaml",)


def test_a_registry_may_be_a_folder_of_a_repository(repository: pygit2.Repository) -> None:
    """Only what lies below the folder counts, for the files and for being dirty."""
    made = commit(repository, {"docs/a.yaml": b"", "registry/b.yaml": b"b: 1", "other/c.yaml": b""})
    root = folder_of(repository)
    (root / "other" / "c.yaml").write_bytes(b"changed")
    source = open_source(root / "registry")
    assert (source.commit, source.dirty) == (made, False)
    assert source.list_paths().paths == ("b.yaml",)
    (root / "new").mkdir()
    (root / "new" / "d.yaml").write_bytes(b"d: 1")
    assert (open_source(root / "new").commit, open_source(root / "new").dirty) == (made, True)


def test_a_folder_whose_name_begins_with_a_dot_is_found(repository: pygit2.Repository) -> None:
    """A dot at the front belongs to the name."""
    made = commit(repository, {".ai/registry/a.yaml": b"a: 1"})
    source = open_source(folder_of(repository) / ".ai" / "registry")
    assert (source.commit, source.dirty, source.list_paths().paths) == (made, False, ("a.yaml",))


def test_an_ignored_folder_is_a_plain_folder(repository: pygit2.Repository) -> None:
    """A registry that its surroundings ignore has no commit."""
    commit(repository, {".gitignore": b"state/\n"})
    inner = folder_of(repository) / "state" / "registry"
    inner.mkdir(parents=True)
    (inner / "a.yaml").touch()
    source = open_source(inner)
    assert (source.commit, source.dirty, source.list_paths().paths) == (None, True, ("a.yaml",))


def test_before_the_first_commit_the_folder_is_read(repository: pygit2.Repository) -> None:
    """A new repository has files and no commit."""
    (folder_of(repository) / "a.yaml").touch()
    source = open_source(folder_of(repository))
    assert (source.commit, source.dirty, source.list_paths().paths) == (None, True, ("a.yaml",))


def test_a_folder_outside_git_is_read(tmp_path: Path) -> None:
    """Git is not needed to try things out."""
    (tmp_path / "a.yaml").touch()
    assert isinstance(open_source(tmp_path), FolderSource)


def test_bare_repositories_are_read_at_any_commit(tmp_path: Path) -> None:
    """A bare repository gives its HEAD, or the commit that is asked for."""
    bare = pygit2.init_repository(str(tmp_path / "bare.git"), bare=True, initial_head="main")
    first = commit(bare, {"a.yaml": b"1"})
    second = commit(bare, {"a.yaml": b"2"})
    source = open_source(tmp_path / "bare.git")
    assert (source.commit, source.dirty, source.read_bytes("a.yaml", 9)) == (second, False, b"2")
    for expression in (first, first[:10], "main~1", "HEAD^"):
        assert GitSource(tmp_path / "bare.git", expression).read_bytes("a.yaml", 9) == b"1"


def test_an_earlier_commit_is_read_whatever_the_working_tree_holds(repository: pygit2.Repository) -> None:
    """What was true then can always be read."""
    first = commit(repository, {"a.yaml": b"1", "gone/b.yaml": b"b"})
    commit(repository, {"a.yaml": b"2"})
    (folder_of(repository) / "a.yaml").write_bytes(b"3")
    source = GitSource(folder_of(repository), first)
    assert (source.commit, source.dirty) == (first, False)
    assert source.list_paths().paths == ("a.yaml", "gone/b.yaml")
    assert GitSource(folder_of(repository), first, below="gone").list_paths().paths == ("b.yaml",)


def test_links_in_a_commit_are_not_followed(repository: pygit2.Repository) -> None:
    """A committed symbolic link to a document or a folder is a problem, and cannot be read through."""
    commit(
        repository,
        {"sub/a.yaml": b"1"},
        {"x.yaml": "/etc/passwd", "folder": "sub", "note": "../x", "odd": "sub/../../.."},
    )
    source = GitSource(folder_of(repository))
    assert source.list_paths().paths == ("sub/a.yaml",)
    assert [problem.file for problem in source.list_paths().problems] == ["folder", "x.yaml"]
    for path in ("x.yaml", "folder/a.yaml", "sub", "absent", "../x", "/etc/passwd", ".git/config", ""):
        with pytest.raises(DocumentError):
            source.read_bytes(path, 100)


def test_submodules_are_passed_over(repository: pygit2.Repository) -> None:
    """A commit of another repository in the tree holds no documents of this one."""
    inner = commit(repository, {"a.yaml": b"1"})
    index = pygit2.Index()
    index.add(pygit2.IndexEntry("module", pygit2.Oid(hex=inner), FileMode.COMMIT))
    index.add(pygit2.IndexEntry("elsewhere", pygit2.Oid(hex="1" * 40), FileMode.COMMIT))
    index.add(pygit2.IndexEntry("b.yaml", repository.create_blob(b"2"), FileMode.BLOB))
    repository.create_commit("HEAD", AUTHOR, AUTHOR, "m", index.write_tree(repository), [repository.head.target])
    assert GitSource(folder_of(repository)).list_paths().paths == ("b.yaml",)


def test_hooks_never_run(repository: pygit2.Repository, tmp_path: Path) -> None:
    """Reading a repository starts nothing that the repository brings along."""
    commit(repository, {"a.yaml": b"1", ".gitattributes": b"*.yaml filter=evil\n"})
    mark = tmp_path / "ran"
    for name in ("post-checkout", "pre-commit", "fsmonitor-watchman", "post-index-change"):
        hook = Path(repository.path) / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
        hook.chmod(0o755)
    repository.config["core.fsmonitor"] = str(Path(repository.path) / "hooks" / "fsmonitor-watchman")
    repository.config["filter.evil.clean"] = f"touch {mark}"
    repository.config["filter.evil.smudge"] = f"touch {mark}"
    (folder_of(repository) / "a.yaml").write_bytes(b"2")
    open_source(folder_of(repository)).list_paths()
    GitSource(folder_of(repository)).read_bytes("a.yaml", 9)
    assert not mark.exists()


@pytest.mark.parametrize("expression", ["absent", "0" * 40, "HEAD~9", "HEAD:a.yaml", "", "a b", "@{-1}", "\x00"])
def test_a_commit_that_is_not_there_is_a_usage_error(repository: pygit2.Repository, expression: str) -> None:
    """Whoever asked for it is told; the parser of expressions never shows."""
    commit(repository, {"a.yaml": b"1"})
    with pytest.raises(UsageError, match="has no commit"):
        GitSource(folder_of(repository), expression)


def test_a_folder_that_the_commit_lacks_is_a_usage_error(repository: pygit2.Repository) -> None:
    """So is a file in its place."""
    commit(repository, {"a.yaml": b"1"})
    for below in ("absent", "a.yaml"):
        with pytest.raises(UsageError, match="has no folder"):
            GitSource(folder_of(repository), below=below)


def test_what_is_no_repository_is_a_usage_error(tmp_path: Path) -> None:
    """Neither a plain folder, nor a path that is not there, nor a damaged repository gives a traceback."""
    (tmp_path / "damaged" / ".git").mkdir(parents=True)
    (tmp_path / "damaged" / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(UsageError):
        GitSource(tmp_path)
    with pytest.raises(UsageError, match="there is no folder"):
        open_source(tmp_path / "absent")
    with pytest.raises(UsageError):
        GitSource(tmp_path / "damaged")


def test_a_repository_of_another_user_is_refused_clearly(repository: pygit2.Repository) -> None:
    """Git's refusal to trust another's repository comes with the command that settles it."""
    if os.geteuid() != 0:
        return  # only root can give a folder away; everybody else has the next test
    commit(repository, {"a.yaml": b"1"})
    root = folder_of(repository)
    for path in (root, *root.rglob("*")):
        os.chown(path, 12_345, 12_345)
    with pytest.raises(UsageError, match=r"another user.*safe\.directory"):
        open_source(root)


def test_the_refusal_is_worded_from_what_git_says() -> None:
    """The reason of the library becomes a sentence with a remedy."""
    error = module._refused("/r", pygit2.GitError("repository path '/r' is not owned by current user"))
    assert "git config --global --add safe.directory /r" in str(error)
