"""Turns each act of a story into one commit of the sample registry."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pilotage.core.errors import UsageError
from pilotage.demo.people import fill_in_keys
from pilotage.demo.story import Story
from pilotage.registry.propose import propose_commit, read_history, restore_tree

AUTHOR = ("Claims team (SAMPLE)", "claims@harbour.example")


def files_of_act(story: Story, folder: Path, index: int, key_folder: Path) -> dict[str, bytes]:
    """Give all files of the registry as they stand after an act (0 is the first).

    Raises:
        UsageError: the story names a file or folder that is not there.
    """
    files: dict[str, bytes] = {}
    try:
        for act in story.acts[: index + 1]:
            files = {path: content for path, content in files.items() if path not in act.remove}
            for path in sorted((folder / act.folder).iterdir()):
                files[path.name] = fill_in_keys(path.read_bytes(), key_folder)
            for name in act.data:
                files[f"data/{name}"] = (folder / story.data / name).read_bytes()
    except OSError as error:
        message = f"the story is not whole: {error}"
        raise UsageError(message, f"restore the folder {folder}") from error
    return files


def commit_act(story: Story, folder: Path, index: int, *, registry: Path, key_folder: Path, moment: datetime) -> None:
    """Commit an act; where the registry already holds it, its working tree is brought to it."""
    if len(read_history(registry)) > index:
        restore_tree(registry)
        return
    files = files_of_act(story, folder, index, key_folder)
    propose_commit(registry, files, message=story.acts[index].message, author=AUTHOR, moment=moment)
