"""Tests of the help: each command says what it does and shows an example that can be typed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from typing import Any

import pytest
import typer
from tests.cli.conftest import Pilotage
from typer.core import TyperGroup

from pilotage.cli.main import app

EXAMPLE = re.compile(r"Example: ((?:[A-Z_]+=\S+ )*pilotage .+)")
Command = Any
"""A command of the command line; Typer does not publish the type."""
VERBS = {
    *("up", "gateway", "demo", "init", "check", "schema", "assess", "attest", "key", "ledger", "backup", "restore"),
    *("evaluation", "evidence", "label", "scorer"),
}


def commands_of(group: TyperGroup, *before: str) -> list[tuple[tuple[str, ...], Command]]:
    """List all commands with the words that call them."""
    found: list[tuple[tuple[str, ...], Command]] = []
    for name, command in sorted(group.commands.items()):
        words = (*before, name)
        found += commands_of(command, *words) if isinstance(command, TyperGroup) else [(words, command)]
    return found


def root() -> TyperGroup:
    """Give the whole command line."""
    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)
    return command


COMMANDS = commands_of(root())


def test_every_verb_is_there() -> None:
    """The verbs of the loop are those of the command line."""
    assert set(root().commands) == VERBS


@pytest.mark.parametrize("words", [words for words, _ in COMMANDS], ids=" ".join)
def test_help_has_an_example(words: tuple[str, ...], pilotage: Pilotage) -> None:
    """`--help` of a command ends well and shows an example of that very command."""
    shown = pilotage(*words, "--help")
    plain = " ".join(shown.out.split())

    assert shown.code == 0
    example = EXAMPLE.search(plain)
    assert example is not None
    assert f"pilotage {' '.join(words)}" in example[1]


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[" ".join(words) for words, _ in COMMANDS])
def test_the_example_parses(words: tuple[str, ...], command: Command) -> None:
    """The example names only arguments and options that the command has."""
    example = EXAMPLE.search(command.help or "")
    assert example is not None
    typed = [word for word in shlex.split(example[1]) if not re.fullmatch(r"[A-Z_]+=\S+", word)]

    context = command.make_context(words[-1], typed[1 + len(words) :], resilient_parsing=False)

    assert context.params is not None


HEAVY = ("numpy", "scipy", "sqlalchemy", "pygit2", "starlette", "httpx")


def test_help_loads_nothing_heavy() -> None:
    """Asking for help waits for no library that only a command's work needs."""
    script = (
        "import sys; from pilotage.cli.main import app; app(['--help'], standalone_mode=False); "
        f"print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )

    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert "assess" in ended.stdout
    assert "[]" == ended.stderr.strip()


@pytest.mark.parametrize("words", [(), ("key",), ("ledger",)])
def test_nothing_more_shows_the_help(words: tuple[str, ...], pilotage: Pilotage) -> None:
    """Without a verb the commands are listed."""
    shown = pilotage(*words)

    assert "Usage" in shown.out + shown.err
    assert shown.code in {0, 2}


@pytest.mark.parametrize(
    "words",
    [("fly",), ("assess",), ("attest", "x"), ("key", "create", "x", "--audience", "nobody"), ("check", "--colour")],
)
def test_wrong_use_ends_with_2(words: tuple[str, ...], pilotage: Pilotage) -> None:
    """Unknown verbs, missing arguments and wrong options end with 2 and say so on standard error alone."""
    ended = pilotage(*words)

    assert (ended.code, ended.out) == (2, "")
    assert "Usage" in ended.err
