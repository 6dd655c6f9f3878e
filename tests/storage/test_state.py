"""The state folder and the keys in it are for their owner's eyes only."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from pilotage.core.errors import StorageError
from pilotage.storage.private_file import read_private_file, write_private_file
from pilotage.storage.state import StateFolder


def mode_of(path: Path) -> int:
    """Give the permissions of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_is_closed_to_others(tmp_path: Path) -> None:
    """The folder is made with mode 0700, and its files are named from it."""
    state = StateFolder(tmp_path / "deep" / "state")
    assert mode_of(state.path) == 0o700
    assert state.database_url == f"sqlite:///{tmp_path}/deep/state/pilotage.db"
    assert state.signing_key_path.parent == state.path


def test_the_master_key_is_made_once(tmp_path: Path) -> None:
    """The key has 32 bytes and mode 0600, and stays the same for everybody who opens the folder."""
    state = StateFolder(tmp_path / "state")
    keys: list[bytes] = []
    threads = [threading.Thread(target=lambda: keys.append(StateFolder(state.path).master_key())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {len(key) for key in keys} == {32}
    assert len(set(keys)) == 1
    assert mode_of(state.master_key_path) == 0o600
    assert [path.name for path in state.path.iterdir()] == ["master.key"]


def test_an_open_folder_is_closed_when_empty_and_refused_when_not(tmp_path: Path) -> None:
    """An empty folder is taken over; one with things in it is left alone, and the error says what to do."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    assert mode_of(StateFolder(folder).path) == 0o700
    (folder / "x").touch()
    folder.chmod(0o755)
    with pytest.raises(StorageError, match=f"others may read .*; run chmod 700 {folder}"):
        StateFolder(folder)
    assert mode_of(folder) == 0o755


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    """A state folder that is a file gives a clear error, and so does one below a file."""
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="is no folder"):
        StateFolder(tmp_path / "file")
    with pytest.raises(StorageError, match="cannot be used"):
        StateFolder(tmp_path / "file" / "below")


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """A secret that leaked its permissions is not used in silence."""
    state = StateFolder(tmp_path / "state")
    state.master_key()
    state.master_key_path.chmod(0o644)
    with pytest.raises(StorageError, match=f"others may read the secret in .*; run chmod 600 {state.master_key_path}"):
        state.master_key()


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33])
def test_a_damaged_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """A half-written master key is never used or replaced."""
    state = StateFolder(tmp_path / "state")
    write_private_file(state.master_key_path, content)
    with pytest.raises(StorageError, match="does not hold a key of 32 bytes; restore it"):
        state.master_key()
    assert state.master_key_path.read_bytes() == content


def test_a_private_file_is_never_written_over(tmp_path: Path) -> None:
    """The first content stays, and nothing else is left in the folder."""
    path = tmp_path / "secret"
    assert read_private_file(path) is None
    assert write_private_file(path, b"first")
    assert not write_private_file(path, b"second")
    assert read_private_file(path) == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A secret that cannot be written or read gives a clear error."""
    with pytest.raises(StorageError, match="cannot be written"):
        write_private_file(tmp_path / "missing" / "secret", b"")
    with pytest.raises(StorageError, match="cannot be read"):
        read_private_file(tmp_path)
