"""Lays a commented registry that loads, for somebody who begins."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from pilotage.core.errors import UsageError
from pilotage.registry.source import printable_path


def write_starter(folder: str | Path) -> tuple[str, ...]:
    """Write the starter registry into a folder that is empty or not there yet.

    Returns:
        The paths that were written, relative to the folder.

    Raises:
        UsageError: the folder holds something already, is a file, or cannot be written.
    """
    place = Path(folder)
    shown = printable_path(str(folder))
    try:
        place.mkdir(parents=True, exist_ok=True)
        if any(entry.name != ".git" for entry in place.iterdir()):
            raise UsageError(f"the folder {shown} is not empty", "give another folder, so that nothing is overwritten")
        written: list[str] = []
        for path, file in starter_files():
            target = place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as opened:
                opened.write(file.read_bytes())
            written.append(path)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"{shown} is not a folder", "give a folder that is empty or not there yet") from error
    except OSError as error:
        raise UsageError(f"{shown} cannot be written: {error.strerror}", "give a folder that you may write") from error
    return tuple(written)


def starter_files() -> tuple[tuple[str, Traversable], ...]:
    """Give the files of the starter by path, sorted."""
    return tuple(sorted(_below(resources.files("pilotage.registry") / "starter", ""), key=lambda pair: pair[0]))


def _below(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found.extend(_below(entry, f"{prefix}{entry.name}/"))
        else:
            found.append((prefix + entry.name, entry))
    return found
