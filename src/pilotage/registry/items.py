"""The items of a Dataset: strict JSON Lines, so that a damaged or ambiguous file is never measured on.

Each line is one item {id, input, expected}; ids are unique, and no line is half-written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Never, cast

from pilotage.core.canonical import Json, canonical_json
from pilotage.core.errors import EvidenceError, Problem
from pilotage.registry.parse import first_problems, quoted

MAX_BYTES = 64 * 1_048_576
MAX_LINE_BYTES = 1_048_576
MAX_ITEMS = 1_000_000
MAX_ID = 200

_FIELDS = ("id", "input", "expected")
_FORM = 'write {"id": "…", "input": …, "expected": …}, one item a line'
_LFS = b"version https://git-lfs"


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled item.

    Attributes:
        id: unique within the data set.
        input: what the target is asked: text, or any JSON value but null for an endpoint.
        expected: what the scorer compares with; None where the scorer needs nothing.
    """

    id: str
    input: Json
    expected: Json = None


class _FaultError(Exception):
    """What is wrong with one line, and how to mend it."""

    def __init__(self, what: str, remedy: str = _FORM) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy


def parse_items(data: bytes, file: str) -> tuple[tuple[Item, ...], tuple[Problem, ...]]:
    """Give the items of a data set in file order, and a problem for every line that is none.

    Args:
        data: what the file holds.
        file: its path, for the problems.
    """
    if data.startswith(_LFS):
        return (), (
            Problem(file, 1, "the file is a Git LFS pointer and not the data", "fetch the data: `git lfs pull`"),
        )
    if not data.strip():
        return (), (Problem(file, 0, "the data set is empty", _FORM),)
    lines = data.split(b"\n")
    complete = lines[-1] == b""
    if complete:
        lines.pop()
    if len(lines) > MAX_ITEMS:
        return (), (Problem(file, 0, f"the data set has more than {MAX_ITEMS} lines", "split it"),)
    problems: list[Problem] = []
    items: list[Item] = []
    first_line: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        try:
            item = _parse_item(line, cut_off=number == len(lines) and not complete)
        except _FaultError as fault:
            problems.append(Problem(file, number, fault.what, fault.remedy))
            continue
        items.append(item)
        if (first := first_line.setdefault(item.id, number)) != number:
            what = f"the id {quoted(item.id)} stands twice, first in line {first}"
            problems.append(Problem(file, number, what, "give each item an id of its own"))
    return tuple(items), first_problems(problems, file)


def _parse_item(line: bytes, *, cut_off: bool) -> Item:
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
    return Item(name, given, item.get("expected"))


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
