"""Runs a page's console blocks, in order, in one shell, and compares what they print with what the page shows.

In a page `$ ` begins a command, and what follows is its output: `…` stands for anything within a line, and alone on
a line for any number of lines. A Python block with a title is a file that the page tells to write.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

BLOCK = re.compile(
    r'^```(?P<language>console|python) ?(?:title="(?P<title>[\w.]+)")?\n(?P<body>.*?)^```$', re.MULTILINE | re.DOTALL
)
PROMPT = "$ "
ELLIPSIS = "…"
LONGEST_SECONDS = 240


@dataclass(frozen=True)
class Command:
    """A command of a page and the output that the page shows."""

    line: str
    shown: str


@dataclass(frozen=True)
class File:
    """A file that the page tells to write."""

    name: str
    text: str


def read_steps(page: str) -> Iterator[Command | File]:
    """Give the commands and files of a page, in order."""
    for block in BLOCK.finditer(page):
        if block["language"] == "python":
            if block["title"]:
                yield File(block["title"], block["body"])
            continue
        for piece in re.split(rf"^{re.escape(PROMPT)}", block["body"], flags=re.MULTILINE)[1:]:
            line, _, shown = piece.partition("\n")
            yield Command(line, shown)


def pattern_of(shown: str) -> re.Pattern[str]:
    """Give the pattern that the output shown in a page stands for."""
    parts: list[str] = []
    for line in shown.splitlines():
        if line == ELLIPSIS:
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*?".join(re.escape(piece) for piece in line.split(ELLIPSIS)) + r"[ ]*\n")
    return re.compile("".join(parts))


class Shell:
    """One bash that keeps its variables and jobs from one command to the next; a context manager."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Start in a folder, with these variables and no others."""
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        # A command that hangs must not hang the suite: its end closes the output, which ends the reading.
        self._guard = threading.Timer(LONGEST_SECONDS, self._end)

    def __enter__(self) -> Self:
        """Begin."""
        self._guard.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the shell and everything that it started."""
        self._guard.cancel()
        self._end()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()

    def run(self, line: str) -> tuple[int, str]:
        """Run a command; gives its exit code and all that it printed."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        mark = secrets.token_hex(8)
        stdin.write(f"{{ {line}\n}} </dev/null\necho {mark} $?\n")
        stdin.flush()
        printed: list[str] = []
        for text in stdout:
            before, found, code = text.partition(f"{mark} ")
            if found:
                return int(code), "".join([*printed, *([before + "\n"] if before else [])])
            printed.append(text)
        raise AssertionError(f"{line!r} did not end; so far it printed:\n{''.join(printed)}")

    def _end(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
