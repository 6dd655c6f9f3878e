"""The registry at a git commit, or in a working tree: every read from git goes through here.

Objects are read through libgit2: no command is started and no hook or filter of the repository ever runs.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pygit2
from pygit2.enums import FileMode

from pilotage.core.errors import Problem, UsageError
from pilotage.registry.source import (
    MAX_FILES,
    FolderSource,
    Listing,
    Source,
    is_document,
    is_hidden,
    linked,
    printable_path,
    unreadable,
)


class GitSource:
    """The files of one commit, below a folder of the repository; the working tree does not matter."""

    def __init__(self, repository: str | Path, commit: str = "HEAD", *, below: str = "") -> None:
        """Read one commit.

        Args:
            repository: a repository, bare or not, or its working tree.
            commit: a hash, branch, tag or expression such as `main~2`.
            below: folder inside the repository that is the registry's root; empty for all of it.

        Raises:
            UsageError: no repository, not ours to read, no such commit, or no such folder in it.
        """
        opened = _open(repository)
        found = _commit(opened, commit)
        self._repository = opened
        self._tree = _subtree(found.tree, below)
        self.commit: str | None = str(found.id)
        self.dirty = False

    def list_paths(self) -> Listing:
        """List all files, hidden ones left out, sorted; see `Source`."""
        paths: list[str] = []
        problems: list[Problem] = []
        for path, entry in _walk(self._tree):
            if entry.filemode == FileMode.LINK:
                if is_document(path) or self._leads_to_folder(path, entry):
                    problems.append(linked(path))
            elif isinstance(entry, pygit2.Blob):
                paths.append(path)
            if len(paths) > MAX_FILES:
                what = f"the commit holds more than {MAX_FILES} files"
                return Listing((), (Problem(".", 0, what, "give the folder of the registry alone"),))
        return Listing(tuple(sorted(paths)), tuple(problems))

    def read_bytes(self, path: str, limit: int) -> bytes:
        """Read one file; see `Source`."""
        if is_hidden(path) or path.startswith("/"):
            raise unreadable(path, "it lies in a hidden folder or outside", "put the file into the registry")
        try:
            entry = self._tree[path]
        except (KeyError, ValueError) as error:
            raise unreadable(
                path, "the file does not exist at this commit", "commit it, or correct the path"
            ) from error
        if entry.filemode == FileMode.LINK or not isinstance(entry, pygit2.Blob):
            raise unreadable(path, "it is not an ordinary file", "put a file with this content in its place")
        try:
            # The whole object is in memory only when it is not too large.
            return entry.data if entry.size <= limit else entry.data[: limit + 1]
        except (pygit2.GitError, OSError, KeyError) as error:
            raise unreadable(path, "git cannot give the file", "fetch the repository in full and check it") from error

    def _leads_to_folder(self, path: str, entry: pygit2.Object) -> bool:
        target = cast("pygit2.Blob", entry).data[:4096].decode("utf-8", "replace")
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        try:
            return isinstance(self._tree[joined], pygit2.Tree)
        except (KeyError, ValueError):
            return False


def open_source(path: str | Path) -> Source:
    """Give the registry at a path as it should be read.

    In git: HEAD where the working tree below the path equals it, else the working tree, marked dirty. A bare
    repository: its HEAD. Elsewhere: the folder, without a commit and marked dirty. What git ignores is passed over.

    Raises:
        UsageError: there is nothing at the path, or git refuses to open what is there.
    """
    place = Path(path).resolve()
    if not place.is_dir():
        raise UsageError(f"there is no folder {printable_path(str(path))}", "give the folder that holds the YAML files")
    found = _discover(place)
    if found is None:
        return FolderSource(place)
    repository = _open(found)
    # A path inside `.git` itself, or a bare repository, has no working tree to look at.
    if repository.is_bare or not place.is_relative_to(root := Path(repository.workdir).resolve()):
        return GitSource(found)
    inside = place.relative_to(root).as_posix()
    below = "" if inside == "." else inside
    if below and repository.path_is_ignored(below):
        return FolderSource(place)
    return _working_tree(repository, place, below)


def _working_tree(repository: pygit2.Repository, place: Path, below: str) -> Source:
    def is_ignored(inner: str) -> bool:
        return repository.path_is_ignored(posixpath.join(below, inner))

    if repository.head_is_unborn:
        return FolderSource(place, is_ignored=is_ignored)
    head = str(_commit(repository, "HEAD").id)
    if _differs(repository, below):
        return FolderSource(place, commit=head, dirty=True, is_ignored=is_ignored)
    return GitSource(repository.path, head, below=below)


def _open(place: str | Path) -> pygit2.Repository:
    try:
        return pygit2.Repository(str(place))
    except pygit2.GitError as error:
        raise _refused(place, error) from error


def _discover(place: Path) -> str | None:
    try:
        return pygit2.discover_repository(str(place))
    except pygit2.GitError as error:
        raise _refused(place, error) from error


def _refused(place: str | Path, error: pygit2.GitError) -> UsageError:
    shown = printable_path(str(place))
    if "owned by" in str(error) or "owner" in str(error):
        remedy = f"run as its owner, or trust it: git config --global --add safe.directory {shown}"
        return UsageError(f"the repository {shown} belongs to another user, and git refuses to trust it", remedy)
    return UsageError(f"{shown} cannot be opened with git: {error}", "give a git repository, or mend it")


def _commit(repository: pygit2.Repository, expression: str) -> pygit2.Commit:
    try:
        return repository.revparse_single(expression).peel(pygit2.Commit)
    except (KeyError, ValueError, pygit2.GitError) as error:
        what = f"the repository has no commit `{printable_path(expression)}`"
        raise UsageError(what, "give a hash, branch or tag that it holds") from error


def _subtree(tree: pygit2.Tree, below: str) -> pygit2.Tree:
    folder = below.strip("/")
    if not folder:
        return tree
    try:
        found = tree[folder]
    except KeyError:
        found = None
    if not isinstance(found, pygit2.Tree):
        raise UsageError(f"the commit has no folder `{printable_path(folder)}`", "give a folder that it holds")
    return found


def _walk(root: pygit2.Tree) -> Iterator[tuple[str, pygit2.Object]]:
    waiting: list[tuple[str, pygit2.Tree]] = [("", root)]
    while waiting:
        prefix, tree = waiting.pop()
        for entry in tree:
            name = entry.name or ""
            if name.startswith("."):
                continue
            if isinstance(entry, pygit2.Tree):
                waiting.append((f"{prefix}{name}/", entry))
            else:
                yield prefix + name, entry


def _differs(repository: pygit2.Repository, below: str) -> bool:
    """Tell whether any file below a folder differs from HEAD, in the index or in the working tree."""
    inside = f"{below}/" if below else ""
    changed = repository.status(untracked_files="all", ignored=False)
    return any(path.startswith(inside) for path in changed)
