"""The one place that writes to a registry's repository: a commit with a whole set of files, on a branch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath

import pygit2

from pilotage.core.errors import EvidenceError

BRANCH = "refs/heads/main"


def propose_commit(
    repository: Path, files: Mapping[str, bytes], *, message: str, author: tuple[str, str], moment: datetime
) -> str:
    """Commit a set of files as the whole tree, on `main`, and bring the working tree to it.

    Args:
        repository: the folder; a repository is made where there is none.
        files: path -> content; what is not named is gone in the new commit.
        message: the commit's message.
        author: name and mail address.
        moment: when it was written.

    Returns:
        The id of the commit.

    Raises:
        EvidenceError: git refused; nothing was committed.
    """
    try:
        repo = pygit2.init_repository(str(repository), initial_head="main")  # leaves a repository as it is
        tree = _write_tree(repo, {PurePosixPath(path): content for path, content in files.items()})
        signature = pygit2.Signature(*author, int(moment.timestamp()), 0)
        parents = [] if repo.head_is_unborn else [repo.head.target]
        commit = repo.create_commit(BRANCH, signature, signature, message, tree, parents)
        repo.reset(commit, pygit2.enums.ResetMode.HARD)
    except (pygit2.GitError, OSError, ValueError) as error:
        detail = f"cannot commit to the registry at {repository}: {error}"
        raise EvidenceError(detail, "check that the folder is writable and is no other repository") from error
    return str(commit)


def restore_tree(repository: Path) -> None:
    """Bring the working tree back to the last commit, as after a kill between commit and checkout."""
    repo = _open_here(repository)
    repo.reset(repo.head.target, pygit2.enums.ResetMode.HARD)


def read_history(repository: Path) -> list[str]:
    """Give the messages of the commits on the checked-out branch, oldest first; none where there is no repository."""
    try:
        repo = _open_here(repository)
    except pygit2.GitError:
        return []
    if repo.head_is_unborn:
        return []
    order = pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.REVERSE
    return [commit.message for commit in repo.walk(repo.head.target, order)]


def _open_here(repository: Path) -> pygit2.Repository:
    """Open the repository of this very folder; one further up is somebody else's, and is left alone."""
    return pygit2.Repository(str(repository), pygit2.enums.RepositoryOpenFlag.NO_SEARCH)


def _write_tree(repo: pygit2.Repository, files: Mapping[PurePosixPath, bytes]) -> pygit2.Oid:
    builder = repo.TreeBuilder()
    folders: dict[str, dict[PurePosixPath, bytes]] = {}
    for path, content in files.items():
        if len(path.parts) == 1:
            builder.insert(path.name, repo.create_blob(content), pygit2.enums.FileMode.BLOB)
        else:
            folders.setdefault(path.parts[0], {})[PurePosixPath(*path.parts[1:])] = content
    for name, inside in folders.items():
        builder.insert(name, _write_tree(repo, inside), pygit2.enums.FileMode.TREE)
    return builder.write()
