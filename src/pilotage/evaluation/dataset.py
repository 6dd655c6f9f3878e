"""Reads the items of a data set: strict JSON Lines, so that a damaged or ambiguous file is never measured on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Never

from pilotage.core.canonical import Json, canonical_json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.json_shape import is_object

LONGEST_LINE = 1024 * 1024
LONGEST_ID = 200
MOST_ITEMS = 1_000_000
_SHOWN = 20
_FIELDS = ("id", "input", "expected")
_REMEDY = 'write one JSON object a line: {"id": "…", "input": …, "expected": …}'


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


def read_items(data: bytes) -> tuple[Item, ...]:
    """Read the items of a JSON Lines file in file order.

    Raises:
        EvidenceError: the file is empty, or lines are wrong; the message names each of the first 20 by its number.
    """
    if not data.strip():
        raise EvidenceError("the data set is empty", _REMEDY)
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if len(lines) > MOST_ITEMS:
        message = f"the data set has {len(lines)} lines, and {MOST_ITEMS} are the most"
        raise EvidenceError(message, "split it into several data sets")
    items: dict[str, Item] = {}
    first_line: dict[str, int] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, start=1):
        try:
            item = _read_item(line)
        except _LineError as error:
            problems.append(f"line {number}: {error}")
            continue
        if item.id in items:
            problems.append(f"line {number}: the id stands already on line {first_line[item.id]}")
            continue
        items[item.id] = item
        first_line[item.id] = number
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise EvidenceError("the data set cannot be used: " + "; ".join(problems[:_SHOWN]) + more, _REMEDY)
    return tuple(items.values())


class _LineError(ValueError):
    """What is wrong with one line."""


def _read_item(line: bytes) -> Item:
    fields = _read_object(line)
    unknown = sorted(set(fields) - set(_FIELDS))
    if unknown:
        raise _LineError(f"unknown field {unknown[0][:40]!r}; there are id, input and expected")
    for name in ("id", "input"):
        if fields.get(name) is None:
            raise _LineError(f"{name} is missing")
    identity = fields["id"]
    if not isinstance(identity, str) or not 0 < len(identity) <= LONGEST_ID or not identity.isprintable():
        raise _LineError(f"id must be text of 1 to {LONGEST_ID} printable characters")
    if isinstance(fields["input"], str) and not fields["input"].strip():
        raise _LineError("input is empty")
    return Item(identity, fields["input"], fields.get("expected"))


def _read_object(line: bytes) -> dict[str, Json]:
    if len(line) > LONGEST_LINE:
        raise _LineError(f"is longer than {LONGEST_LINE} bytes")
    if not line.strip():
        raise _LineError("is blank")
    if line.startswith(b"\xef\xbb\xbf"):
        raise _LineError("begins with a byte order mark; save the file as UTF-8 without one")
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=_refuse_twice, parse_constant=_refuse_constant)
        canonical_json(value)
    except UnicodeDecodeError as error:
        raise _LineError(f"is not UTF-8 at byte {error.start + 1}") from error
    except json.JSONDecodeError as error:
        raise _LineError(f"is not JSON at column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise _LineError("is nested too deeply") from error
    except _LineError:
        raise
    except (EvidenceError, ValueError) as error:
        raise _LineError("holds a number or a character that JSON cannot carry exactly") from error
    if not is_object(value):
        raise _LineError("is not a JSON object")
    return value


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _LineError("holds a field twice")
    return found


def _refuse_constant(name: str) -> Never:
    raise _LineError(f"holds {name}, which is not JSON")
