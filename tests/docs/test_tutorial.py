"""The tutorial does what it says: its commands are run in order, and their output is compared."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.docs.tutorial_shell import Command, File, Shell, pattern_of, read_steps

PORTS = ("8700", "8790")
RemedyCheck = Callable[..., None]


@pytest.fixture
def page(pytestconfig: pytest.Config) -> str:
    """Give the tutorial with its ports replaced by free ones, so that runs beside each other do not meet."""
    text = (pytestconfig.rootpath / "docs" / "tutorial.md").read_text(encoding="utf-8")
    for port in PORTS:
        text = re.sub(rf"(?<=[: ]){port}\b", str(free_port()), text)
    return text


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_page_is_read_in_order() -> None:
    """Commands, their output and files come as they stand in the page; other blocks are left alone."""
    text = '```console\n$ one\nout\n$ two\n```\n\n```yaml\n$ no\n```\n\n```python title="a.py"\nprint()\n```\n'

    assert [Command("one", "out\n"), Command("two", ""), File("a.py", "print()\n")] == list(read_steps(text))


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ("a … c\n", "a b c\n", True),
        ("a … c\n", "a b\n", False),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nd\n", True),
        ("a\n", "a\nb\n", False),
        ("", "", True),
        ("", "surprise\n", False),
        ("1.5\n", "1x5\n", False),
    ],
)
def test_ellipsis_stands_for_what_differs(shown: str, printed: str, fits: bool) -> None:  # noqa: FBT001 - a case
    """An ellipsis stands for anything within a line, or for any lines; all else has to be the same."""
    assert fits == bool(pattern_of(shown).fullmatch(printed))


def test_shell_keeps_variables_and_tells_exit_codes(tmp_path: Path) -> None:
    """One command sees what the one before it set, output without a line end is kept, and a failure is told."""
    with Shell(tmp_path, {"PATH": os.environ["PATH"]}) as shell:
        assert (0, "") == shell.run("WORD=kept")
        assert (0, "kept\n") == shell.run('printf "%s" "$WORD"')
        assert (1, "") == shell.run("false")


def test_tutorial(page: str, tmp_path: Path, require_part: RemedyCheck) -> None:
    """Each command of the tutorial ends well and prints what the page shows."""
    require_part("ssh-keygen", present=shutil.which("ssh-keygen"), remedy="install openssh-client")
    require_part("the openai client", present=find_spec("openai"), remedy="make test installs it")
    steps = list(read_steps(page))
    files = [step for step in steps if isinstance(step, File)]
    for file in files:
        (tmp_path / file.name).write_text(file.text, encoding="utf-8")
    with Shell(tmp_path, environment(page, tmp_path)) as shell:
        for step in steps:
            if isinstance(step, Command):
                code, printed = shell.run(step.line)

                assert pattern_of(step.shown).fullmatch(printed), f"$ {step.line}\n{printed}"
                assert 0 == code, f"$ {step.line}\n{printed}"


def environment(page: str, folder: Path) -> dict[str, str]:
    """Give what a reader's shell has: programs, a home, a name for git; and the free port."""
    gateway = next(line for line in page.splitlines() if line.startswith("gateway  http"))
    port = gateway.rsplit(":", 1)[1].removesuffix("/v1")
    who = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ana"), ("EMAIL", "ana@example.com"))
    }
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "PILOTAGE_PORT": port,
        **who,
    }
