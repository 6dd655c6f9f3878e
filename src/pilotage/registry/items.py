"""The items of a Dataset: strict JSON Lines, so that a damaged or ambiguous file is never measured on.

Each line is one item {id, input, expected}; ids are unique, and no line is half-written. A file is checked line by
line, and after that only its bytes are held and where each line begins; an item is made when it is asked for.
"""

from __future__ import annotations

import json
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Never, cast, overload

import msgspec

from pilotage.core.canonical import Json
from pilotage.core.errors import Problem
from pilotage.registry.parse import first_problems, quoted

MAX_BYTES = 64 * 1_048_576
MAX_LINE_BYTES = 1_048_576
MAX_ITEMS = 1_000_000
MAX_ID = 200

_FIELDS = ("id", "input", "expected")
_FORM = 'write {"id": "…", "input": …, "expected": …}, one item a line'
_LFS = b"version https://git-lfs"
_LARGEST_EXACT = 2**53 - 1


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


class Items(Sequence[Item]):
    """The items of a sound file in file order, each made anew when it is asked for."""

    __slots__ = ("_data", "_starts")

    def __init__(self, data: bytes, starts: array[int]) -> None:
        """Hold a file that `parse_items` has found sound.

        Args:
            data: what the file holds.
            starts: where each line begins, and, last, where a further one would.
        """
        self._data = data
        self._starts = starts

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, at: int) -> Item: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Item, ...]: ...
    def __getitem__(self, at: int | slice) -> Item | tuple[Item, ...]:
        if isinstance(at, slice):
            return tuple(self._item(place) for place in range(*at.indices(len(self))))
        place = at + len(self) if at < 0 else at
        if not 0 <= place < len(self):
            raise IndexError(at)
        return self._item(place)

    def _item(self, place: int) -> Item:
        found = msgspec.json.decode(self._data[self._starts[place] : self._starts[place + 1] - 1])
        return Item(found["id"], found["input"], found.get("expected"))


def parse_items(data: bytes, file: str) -> tuple[Items, tuple[Problem, ...]]:
    """Give the items of a data set in file order, or a problem for every line that is none.

    Args:
        data: what the file holds.
        file: its path, for the problems.

    Returns:
        The items and the problems; where there is any problem, no items.
    """
    nothing = Items(b"", array("Q", (0,)))
    if data.startswith(_LFS):
        return nothing, (
            Problem(file, 1, "the file is a Git LFS pointer and not the data", "fetch the data: `git lfs pull`"),
        )
    if not data or data.isspace():
        return nothing, (Problem(file, 0, "the data set is empty", _FORM),)
    if data.count(b"\n") + (not data.endswith(b"\n")) > MAX_ITEMS:
        return nothing, (Problem(file, 0, f"the data set has more than {MAX_ITEMS} lines", "split it"),)
    problems: list[Problem] = []
    starts, names, end = array("Q"), array("q"), 0
    for number, (start, end) in enumerate(_lines(data), start=1):
        starts.append(start)
        try:
            names.append(hash(_parse_item(data[start:end], cut_off=end == len(data)).id))
        except _FaultError as fault:
            problems.append(Problem(file, number, fault.what, fault.remedy))
    starts.append(end + 1)
    problems.extend(_find_doubles(data, names, file))
    if problems:
        return nothing, first_problems(sorted(problems, key=lambda problem: problem.line), file)
    return Items(data, starts), ()


def _lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Give where each line begins and ends; nothing follows a last line feed."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield start, end
        start = end + 1


def _find_doubles(data: bytes, names: array[int], file: str) -> Iterator[Problem]:
    """Find the ids that stand twice; only those are held whose hashes do, so that a large file takes little memory."""
    doubtful = {one for one, other in pairwise(sorted(names)) if one == other}
    first_line: dict[str, int] = {}
    for number, (start, end) in enumerate(_lines(data) if doubtful else (), start=1):
        try:
            name = _parse_item(data[start:end], cut_off=False).id
        except _FaultError:
            continue
        if hash(name) in doubtful and (first := first_line.setdefault(name, number)) != number:
            what = f"the id {quoted(name)} stands twice, first in line {first}"
            yield Problem(file, number, what, "give each item an id of its own")


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
        value: object = _STRICT.decode(line.decode("utf-8"))
        _check_exact(value)
    except UnicodeDecodeError as error:
        raise _FaultError(f"byte {error.start + 1} of the line is not UTF-8", "save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        if cut_off:
            raise _FaultError("the last line is cut off", "write the file again, to its end") from error
        raise _FaultError(f"the line is not JSON at column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise _FaultError("the item is nested too deeply", "make it flatter") from error
    except ValueError as error:
        what = "the item holds a number or a character that JSON cannot carry exactly"
        raise _FaultError(what, "put quotes around large numbers") from error
    return value


def _check_exact(value: object) -> None:
    """Raise ValueError for what canonical JSON (RFC 8785) does not carry as it is; far quicker than writing it."""
    match value:
        case str():
            value.encode()  # half a surrogate pair has no bytes
        case None | bool():
            pass
        case int() if abs(value) > _LARGEST_EXACT:
            raise ValueError(value)
        case float() if not math.isfinite(value):
            raise ValueError(value)
        case list():
            for part in cast("list[object]", value):
                _check_exact(part)
        case dict():
            for key, part in cast("dict[str, object]", value).items():
                key.encode()
                _check_exact(part)
        case _:
            pass


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _FaultError("the item holds a field twice", "keep one of them")
    return found


def _refuse_constant(name: str) -> Never:
    raise _FaultError(f"the item holds {name}, which is not JSON", "write a number, or null")


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_refuse_constant)
