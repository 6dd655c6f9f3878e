"""Single key presses from a terminal. A label is what a person says, so keys come from nowhere else."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TextIO, TypeAlias

from pilotage.core.errors import UsageError

Keys: TypeAlias = Callable[[], str]
"""Gives the next key that a person presses, or an empty text at the end."""

ENTER, BACKSPACE = "\n", "\b"
_ESCAPE = "\x1b"


@contextmanager
def open_keys(stream: TextIO | None = None) -> Generator[Keys]:
    """Give a reader of keys, each as it is pressed at a terminal.

    The terminal is put back as it was, whatever happens. Ctrl-C interrupts, as everywhere.

    Raises:
        UsageError: the input is no terminal; whatever a program pipes in is nobody's opinion.
    """
    source = sys.stdin if stream is None else stream
    if not source or not source.isatty():  # none where whoever started us closed it
        raise UsageError("labels are given by a person at a terminal", "run this command in one, and press the keys")
    try:
        import termios
        import tty
    except ImportError as error:
        raise UsageError("this terminal cannot be read key by key", "label on Linux or macOS") from error
    file = source.fileno()
    before = termios.tcgetattr(file)
    try:
        tty.setcbreak(file)
        yield _from_terminal(file)
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def _from_terminal(file: int) -> Keys:
    def read_key() -> str:
        while True:
            mark = _read_mark(file)
            if mark == _ESCAPE:  # an arrow, or another key that sends several characters: none of ours
                _drop_rest(file)
                continue
            return {"\r": ENTER, "\x7f": BACKSPACE, "\x04": ""}.get(mark, mark)

    return read_key


def _read_mark(file: int) -> str:
    """Read one character, which may be several bytes; empty at the end."""
    data = b""
    while part := os.read(file, 1):
        data += part
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                return "\ufffd"
    return ""


def _drop_rest(file: int) -> None:
    while select.select([file], [], [], 0)[0] and os.read(file, 64):
        pass
