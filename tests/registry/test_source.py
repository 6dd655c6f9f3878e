"""Sources give the files of a registry, and only those: nothing outside, nothing that could hold the reader up."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pilotage.core.errors import DocumentError, UsageError
from pilotage.registry import source as module
from pilotage.registry.source import FolderSource, MemorySource, Source, printable_path

Maker = Callable[[dict[str, bytes]], Source]


@pytest.fixture(params=["folder", "memory"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    """Give a function that makes a source of either sort from files."""

    def folder(files: dict[str, bytes]) -> Source:
        for path, data in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(data)
        return FolderSource(tmp_path)

    return MemorySource if request.param == "memory" else folder


def reason(source: Source, path: str) -> str:
    """Give why a file cannot be read."""
    with pytest.raises(DocumentError) as caught:
        source.read_bytes(path, 100)
    assert caught.value.problems[0].remedy
    return caught.value.problems[0].what


def test_files_are_listed_sorted_without_hidden_ones(make: Maker) -> None:
    """What lies in or is a dot file is not part of the registry."""
    source = make({"b/z.yaml": b"", "a.yaml": b"1", ".git/x.yaml": b"", "b/.y.yaml": b"", "b/c/d.jsonl": b""})
    listing = source.list_paths()
    assert listing.paths == ("a.yaml", "b/c/d.jsonl", "b/z.yaml")
    assert listing.problems == ()


def test_reading_stops_just_after_the_limit(make: Maker) -> None:
    """One byte more than allowed is given, so that the caller sees that there is more."""
    assert make({"a": b"12345"}).read_bytes("a", 3) == b"1234"
    assert make({"a": b"12345"}).read_bytes("a", 5) == b"12345"


def test_missing_files_are_named(make: Maker) -> None:
    """A file that is not there is an error of the document that names it."""
    assert "does not exist" in reason(make({}), "absent.jsonl")


def test_a_folder_is_dirty_unless_told(tmp_path: Path) -> None:
    """Outside git nothing says what the files were, so they count as changed."""
    source = FolderSource(tmp_path)
    assert (source.commit, source.dirty) == (None, True)
    assert FolderSource(tmp_path, commit="abc", dirty=False).dirty is False


def test_symbolic_links_are_never_followed(tmp_path: Path) -> None:
    """Neither a link to a file, nor one to a folder, nor a path through one leads anywhere."""
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (outside / "a.yaml").write_text("a: 1")
    (root / "file.yaml").symlink_to(outside / "a.yaml")
    (root / "folder").symlink_to(outside)
    (root / "loop.yaml").symlink_to(root / "loop.yaml")
    (root / "note.txt").symlink_to(outside / "a.yaml")
    source = FolderSource(root)
    listing = source.list_paths()
    assert listing.paths == ()
    assert [problem.file for problem in listing.problems] == ["file.yaml", "folder", "loop.yaml"]
    for path in (
        "file.yaml",
        "folder/a.yaml",
        "loop.yaml",
        "../outside/a.yaml",
        "/etc/passwd",
        ".git/config",
        "a\x00b",
    ):
        assert "symbolic link" in reason(source, path)


def test_what_is_no_ordinary_file_does_not_hold_the_reader_up(tmp_path: Path) -> None:
    """A named pipe or a folder with a document's name is refused at once."""
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    source = FolderSource(tmp_path)
    assert "not an ordinary file" in reason(source, "pipe.yaml")
    assert "not an ordinary file" in reason(source, "folder.yaml")


def test_ignored_files_are_passed_over(tmp_path: Path) -> None:
    """What git ignores is not listed, folders included."""
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "a.yaml").touch()
    (tmp_path / "b.yaml").touch()
    source = FolderSource(tmp_path, is_ignored=lambda path: path == "build")
    assert source.list_paths().paths == ("b.yaml",)


def test_too_many_files_are_one_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is no registry is refused and not read for minutes."""
    monkeypatch.setattr(module, "MAX_FILES", 3)
    for number in range(5):
        (tmp_path / f"{number}.yaml").touch()
    listing = FolderSource(tmp_path).list_paths()
    assert listing.paths == ()
    assert "more than 3 files" in listing.problems[0].what


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    """Whoever typed the path is told."""
    with pytest.raises(UsageError, match="there is no folder"):
        FolderSource(tmp_path / "absent")


def test_odd_file_names_are_shown_harmlessly() -> None:
    """Control characters and bytes that are no text cannot write to a terminal."""
    assert printable_path("a\nb\x1b\udcff.yaml") == "a\\x0ab\\x1b\\udcff.yaml"
