"""What a YAML 1.2 scalar means (core schema): `no`, `12:30` and `2026-01-05` are texts, and not-a-number is refused.

The reading is ours and not the parser's, so that a document means the same under every version of the parser.
"""

from __future__ import annotations

import math
import re

from pilotage.registry.nodes import Plain

LARGEST_INTEGER = 2**53 - 1  # what canonical JSON (RFC 8785) can carry without loss
_LONGEST_NUMBER = 400

_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class ScalarError(ValueError):
    """A scalar that no document can hold: `what` is wrong and how to mend it."""

    def __init__(self, what: str, remedy: str) -> None:
        """Keep both halves of the problem."""
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def plain_value(text: str) -> Plain:
    """Give the value of a scalar written without quotes.

    Raises:
        ScalarError: it is a number that JSON cannot carry.
    """
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) <= _LONGEST_NUMBER:
        for pattern, base in ((_DECIMAL, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
            if pattern.fullmatch(text):
                return _integer(text, base)
    if _FLOAT.fullmatch(text):
        return _float(text)
    if _NO_NUMBER.fullmatch(text):
        raise ScalarError(f"{text} is not a number that can be reckoned with", "write a finite number, or leave it out")
    return text


def checked_text(text: str) -> str:
    """Give a text that every part of the system can hold; surrogate pairs, as JSON writes them, become characters.

    Raises:
        ScalarError: it holds a NUL or half a surrogate pair.
    """
    if "\x00" in text:
        raise ScalarError("the text holds a NUL character", "take the \\0 out of the quoted text")
    if not any("\ud800" <= letter <= "\udfff" for letter in text):
        return text
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError as error:
        what = "the text holds half a surrogate pair"
        raise ScalarError(what, "write the character itself instead of \\ud8…") from error


def _integer(text: str, base: int) -> int:
    value = int(text.removeprefix("0o").removeprefix("0x"), base)
    if abs(value) > LARGEST_INTEGER:
        raise ScalarError(f"{_short(text)} is too large a whole number", "stay below 2^53, or put quotes around an id")
    return value


def _float(text: str) -> float:
    value = float(text) if len(text) <= _LONGEST_NUMBER else math.inf
    if math.isinf(value):
        raise ScalarError(f"{_short(text)} is too large a number", "write a finite number, or put quotes around an id")
    return value


def _short(text: str, limit: int = 24) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"
