"""Installs the example plugin for a test: the metadata that an installer would write, on the search path."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[3] / "examples" / "scorer_plugin"


def install_plugin(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, entries: dict[str, str] | None = None, name: str | None = None
) -> str:
    """Put the example, or other entry points, on the search path as an installed distribution.

    Returns:
        The distribution's version, as the example's own pyproject.toml has it.
    """
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    group = project["entry-points"]["pilotage.scorers"] if entries is None else entries
    called = name or project["name"]
    info = folder / f"{called.replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {called}\nVersion: {project['version']}\n")
    lines = "".join(f"{entry} = {target}\n" for entry, target in group.items())
    info.joinpath("entry_points.txt").write_text(f"[pilotage.scorers]\n{lines}")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.syspath_prepend(str(EXAMPLE))
    return project["version"]
