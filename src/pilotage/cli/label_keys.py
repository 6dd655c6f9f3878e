"""Single key presses from a terminal, and lines where nobody sits: the same loop serves a person and a pipe."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from pilotage.core.errors import UsageError


@dataclass(frozen=True, slots=True)
class Keys:
    """Where keys come from.

    Attributes:
        read: gives the next key, or an empty text at the end of input.
        at_terminal: whether each comes as it is pressed; else a line is one answer, and nobody sees what is typed.
    """

    read: Callable[[], str]
    at_terminal: bool


ENTER, BACKSPACE = "\n", "\b"
_ESCAPE = "\x1b"
_LONGEST_LINE = 100_000


@contextmanager
def open_keys(stream: TextIO | None = None) -> Generator[Keys]:
    """Give a reader of keys: each key as it is pressed at a terminal, else character by character from the input.

    A terminal is put back as it was, whatever happens. Ctrl-C interrupts, as everywhere.
    """
    source = sys.stdin if stream is None else stream
    if not source:  # closed by whoever started us
        yield Keys(lambda: "", at_terminal=False)
        return
    if not source.isatty():
        yield Keys(_from_text(source), at_terminal=False)
        return
    try:
        import termios
        import tty
    except ImportError as error:
        raise UsageError("this terminal cannot be read key by key", "pipe the keys in, one a line") from error
    file = source.fileno()
    before = termios.tcgetattr(file)
    try:
        tty.setcbreak(file)
        yield Keys(_from_terminal(file), at_terminal=True)
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)


def _from_text(source: TextIO) -> Callable[[], str]:
    marks = _marks_of(source)
    return lambda: next(marks, "")


def _marks_of(source: TextIO) -> Iterator[str]:
    try:
        while line := source.readline(_LONGEST_LINE):
            yield from line
    except UnicodeDecodeError as error:
        raise UsageError("what is piped in is no text in UTF-8", "pipe in keys, or one value a line") from error


def _from_terminal(file: int) -> Callable[[], str]:
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
