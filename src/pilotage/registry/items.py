"""Checks the JSON Lines of a Dataset: each line one item {id, input, expected}, ids unique, none half-written.

The evaluation reads the same lines by the same rules and stops at a fault; here each fault is given its line.
"""

from __future__ import annotations

import json
from typing import Any, Never, cast

from pilotage.core.canonical import canonical_json
from pilotage.core.errors import EvidenceError, Problem
from pilotage.registry.parse import first_problems, quoted

MAX_BYTES = 64 * 1_048_576
MAX_LINE_BYTES = 1_048_576
MAX_ITEMS = 1_000_000
MAX_ID = 200

_FIELDS = ("id", "input", "expected")
_FORM = 'write {"id": "…", "input": …, "expected": …}, one item a line'
_LFS = b"version https://git-lfs"


class _FaultError(Exception):
    """What is wrong with one line, and how to mend it."""

    def __init__(self, what: str, remedy: str = _FORM) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def check_items(data: bytes, file: str) -> tuple[int, tuple[Problem, ...]]:
    """Count the items of a data set and report every line that is none.

    Args:
        data: what the file holds.
        file: its path, for the problems.
    """
    if data.startswith(_LFS):
        return 0, (
            Problem(file, 1, "the file is a Git LFS pointer and not the data", "fetch the data: `git lfs pull`"),
        )
    if not data.strip():
        return 0, (Problem(file, 0, "the data set is empty", _FORM),)
    lines = data.split(b"\n")
    complete = lines[-1] == b""
    if complete:
        lines.pop()
    if len(lines) > MAX_ITEMS:
        return 0, (Problem(file, 0, f"the data set has more than {MAX_ITEMS} lines", "split it"),)
    problems: list[Problem] = []
    first_line: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        try:
            name = _read_id(line, cut_off=number == len(lines) and not complete)
        except _FaultError as fault:
            problems.append(Problem(file, number, fault.what, fault.remedy))
            continue
        if (first := first_line.setdefault(name, number)) != number:
            what = f"the id {quoted(name)} stands twice, first in line {first}"
            problems.append(Problem(file, number, what, "give each item an id of its own"))
    return len(first_line), first_problems(problems, file)


def _read_id(line: bytes, *, cut_off: bool) -> str:
    """Give the id of the item on a line that is in order."""
    item = _read_object(line, cut_off=cut_off)
    if unknown := sorted(set(item) - set(_FIELDS)):
        raise _FaultError(f"the field {quoted(unknown[0])} is not known; there are id, input and expected")
    for field in ("id", "input"):
        if item.get(field) is None:
            raise _FaultError(f"the item lacks `{field}`")
    name, given = item["id"], item["input"]
    if not isinstance(name, str) or not 0 < len(name) <= MAX_ID or not name.isprintable():
        raise _FaultError(f"`id` must be text of 1 to {MAX_ID} printable characters", 'write such as "item-1"')
    if isinstance(given, str) and not given.strip():
        raise _FaultError("`input` is empty", "write what is asked")
    return name


def _read_object(line: bytes, *, cut_off: bool) -> dict[str, Any]:
    if len(line) > MAX_LINE_BYTES:
        raise _FaultError(f"the line holds more than {MAX_LINE_BYTES} bytes", "shorten the item")
    if not line.strip():
        raise _FaultError("the line is blank", "take it out")
    if line.startswith(b"\xef\xbb\xbf"):
        raise _FaultError("the file begins with a byte order mark", "save it as UTF-8 without one")
    value = _read_json(line, cut_off=cut_off)
    if not isinstance(value, dict):
        raise _FaultError("the line is not a JSON object")
    return cast("dict[str, Any]", value)


def _read_json(line: bytes, *, cut_off: bool) -> object:
    try:
        value: object = json.loads(line.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse_constant)
        canonical_json(value)
    except UnicodeDecodeError as error:
        raise _FaultError(f"byte {error.start + 1} of the line is not UTF-8", "save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        if cut_off:
            raise _FaultError("the last line is cut off", "write the file again, to its end") from error
        raise _FaultError(f"the line is not JSON at column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise _FaultError("the item is nested too deeply", "make it flatter") from error
    except (EvidenceError, ValueError) as error:
        what = "the item holds a number or a character that JSON cannot carry exactly"
        raise _FaultError(what, "put quotes around large numbers") from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _FaultError("the item holds a field twice", "keep one of them")
    return found


def _refuse_constant(name: str) -> Never:
    raise _FaultError(f"the item holds {name}, which is not JSON", "write a number, or null")
