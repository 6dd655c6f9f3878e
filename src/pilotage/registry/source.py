"""Where the registry's files come from: one small Protocol, a folder, and a fake that holds files in memory.

No source follows a symbolic link: what a registry says must stand in the registry, at every commit.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pilotage.core.errors import DocumentError, Problem, UsageError

MAX_FILES = 50_000


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a source, by path with forward slashes, and what kept others from being listed."""

    paths: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


class Source(Protocol):
    """A consistent set of files."""

    @property
    def commit(self) -> str | None:
        """The git commit the files are read at; None outside git."""
        ...

    @property
    def dirty(self) -> bool:
        """Whether the files may differ from what the commit holds."""
        ...

    def list_paths(self) -> Listing:
        """List all files below the root, hidden ones left out, sorted."""
        ...

    def read_bytes(self, path: str, limit: int) -> bytes:
        """Read one file.

        Args:
            path: as listed, or as a document names it.
            limit: most bytes that are read; of a larger file one byte more is given, so that the caller sees it.

        Raises:
            DocumentError: it is missing, is no ordinary file, or lies outside.
        """
        ...


def is_hidden(path: str) -> bool:
    """Tell whether a path lies in or is something whose name begins with a dot."""
    return any(part.startswith(".") for part in path.split("/"))


def printable_path(path: str) -> str:
    """Give a path as a message can show it: no control characters, no bytes that are not text."""
    shown = path.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in shown)


def unreadable(path: str, what: str, remedy: str) -> DocumentError:
    """Make the error of one file that cannot be read."""
    return DocumentError((Problem(printable_path(path), 0, what, remedy),))


class MemorySource:
    """Files held in memory: the fake for tests, and for documents that arrive otherwise than as files."""

    def __init__(self, files: Mapping[str, bytes | str], *, commit: str | None = None, dirty: bool = False) -> None:
        """Hold files by path; texts are kept as UTF-8."""
        self._files = {
            path: data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
            for path, data in files.items()
        }
        self.commit = commit
        self.dirty = dirty

    def list_paths(self) -> Listing:
        """List all files, hidden ones left out, sorted."""
        return Listing(tuple(sorted(path for path in self._files if not is_hidden(path))))

    def read_bytes(self, path: str, limit: int) -> bytes:
        """Read one file; see `Source`."""
        if path not in self._files:
            raise unreadable(path, "the file does not exist", "add it, or correct the path")
        return self._files[path][: limit + 1]


class FolderSource:
    """Files below a folder of the machine, read as they are now."""

    def __init__(
        self,
        folder: str | Path,
        *,
        commit: str | None = None,
        dirty: bool = True,
        is_ignored: Callable[[str], bool] | None = None,
    ) -> None:
        """Read below a folder.

        Args:
            folder: an existing folder.
            commit: the commit that the folder was checked out from, where one is known.
            dirty: whether the folder may differ from that commit.
            is_ignored: tells of a path whether it is to be passed over, as git does.

        Raises:
            UsageError: there is no such folder.
        """
        self._root = Path(os.path.realpath(folder))
        self.commit = commit
        self.dirty = dirty
        self._is_ignored = is_ignored or _nothing
        if not self._root.is_dir():
            raise UsageError(
                f"there is no folder {printable_path(str(folder))}", "give the folder that holds the YAML files"
            )

    def list_paths(self) -> Listing:
        """List all files, hidden and ignored ones left out, sorted; see `Source`."""
        paths: list[str] = []
        problems: list[Problem] = []
        waiting = [""]
        while waiting and len(paths) <= MAX_FILES:
            prefix = waiting.pop()
            try:
                with os.scandir(self._root / prefix) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                problems.append(_unlisted(prefix, error))
                continue
            for entry in found:
                path = prefix + entry.name
                if entry.name.startswith(".") or self._is_ignored(path):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{path}/")
                elif entry.is_symlink() and (is_document(path) or entry.is_dir()):
                    problems.append(linked(path))
                elif not entry.is_symlink():
                    paths.append(path)
        if len(paths) > MAX_FILES:
            what = f"the folder holds more than {MAX_FILES} files"
            return Listing((), (Problem(".", 0, what, "give the folder of the registry alone"),))
        return Listing(tuple(sorted(paths)), tuple(problems))

    def read_bytes(self, path: str, limit: int) -> bytes:
        """Read one file; see `Source`."""
        full = self._root / path
        if path.startswith("/") or "\x00" in path or is_hidden(path) or os.path.realpath(full) != str(full):
            raise unreadable(path, *_LINK)
        try:
            # Non-blocking, so that a named pipe cannot hold the reader up.
            handle = os.open(full, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise unreadable(path, *_not_opened(error)) from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise unreadable(path, "it is not an ordinary file", "put a file with this content in its place")
        with os.fdopen(handle, "rb") as file:
            try:
                return file.read(limit + 1)
            except OSError as error:
                raise unreadable(path, *_not_opened(error)) from error


def is_document(path: str) -> bool:
    """Tell whether a path is that of a YAML document."""
    return path.endswith((".yaml", ".yml"))


_LINK = ("it is reached through a symbolic link or a hidden folder", "put the file itself into the registry")


def linked(path: str) -> Problem:
    """Give the problem of a symbolic link that stands where documents are looked for."""
    return Problem(printable_path(path), 0, *_LINK)


def _unlisted(path: str, error: OSError) -> Problem:
    what = f"the folder cannot be listed: {error.strerror}"
    return Problem(printable_path(path) or ".", 0, what, "make it readable for the user that runs Pilotage")


def _not_opened(error: OSError | ValueError) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError):
        return "the file does not exist", "add it, or correct the path"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return _LINK
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"the file cannot be read: {reason}", "make it readable for the user that runs Pilotage"


def _nothing(path: str) -> bool:
    del path
    return False
