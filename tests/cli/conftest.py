"""Fixtures: the command line as a person or a script meets it, in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from pilotage.cli.main import app

TRACES = ("Traceback", '  File "', "pydantic.dev", "sqlalche.me")


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the command prints
        """Read standard output, which must hold one JSON document and nothing else."""
        return json.loads(self.out)


Pilotage = Callable[..., Ended]


@pytest.fixture
def pilotage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pilotage:
    """Give a function that runs a command in the test's folder; a traceback fails the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PILOTAGE_PORT", "1")  # nobody's gateway answers there
    runner = typer.testing.CliRunner()

    def run(*words: object) -> Ended:
        result = runner.invoke(app, [str(word) for word in words])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        for trace in TRACES:
            assert trace not in result.stdout + result.stderr
        return Ended(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def registry(pilotage: Pilotage, tmp_path: Path) -> Path:
    """Lay a starter registry, in the folder `registry`."""
    assert pilotage("init", "registry").code == 0
    return tmp_path / "registry"
