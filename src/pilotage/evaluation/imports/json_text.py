"""Reads JSON of foreign files within bounds: deep nesting, doubled keys and broken text end in one clear error.

NaN and infinity are let through, for tools that write "not measured" so; whoever reads a number has to look.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from pilotage.core.canonical import Json
from pilotage.evaluation.imports.results import malformed

JsonObject = dict[str, Json]

LONGEST_LINE = 32_000_000
MOST_LINES = 5_000_000


def read_text(data: bytes) -> str:
    """Read UTF-8, with or without a byte order mark.

    Raises:
        EvidenceError: it is none.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise malformed(f"the text is no UTF-8 (byte {error.start})", "save it as UTF-8") from error


def read_value(data: bytes, where: str = "it") -> Json:
    """Read one JSON value.

    Args:
        data: the text.
        where: what is read, for the message.

    Raises:
        EvidenceError: it is no JSON, is cut off, or holds a key twice.
    """
    text = read_text(data)
    try:
        return json.loads(text, object_pairs_hook=_without_doubles)
    except RecursionError as error:
        raise malformed(f"{where} is nested too deeply") from error
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        reason = "is cut off" if cut else f"is no JSON ({error.msg} at character {error.pos})"
        raise malformed(f"{where} {reason}") from error
    except ValueError as error:
        raise malformed(f"{where} is no JSON that can be read ({str(error)[:100]})") from error


def read_lines(data: bytes) -> Iterator[tuple[int, JsonObject]]:
    """Read JSON Lines: one object a line, with the line's number from 1; empty lines are passed over.

    Raises:
        EvidenceError: a line is no JSON object, or is cut off.
    """
    start, number = 0, 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        number += 1
        if number > MOST_LINES or end - start > LONGEST_LINE:
            raise malformed(f"line {number} is beyond what is read", "import a smaller file")
        line = data[start:end]
        start = end + 1
        if line.strip():
            yield number, as_object(read_value(line, f"line {number}"), f"line {number}")


def as_object(value: Json, where: str) -> JsonObject:
    """Take a value as an object.

    Raises:
        EvidenceError: it is none.
    """
    if not isinstance(value, dict):
        raise malformed(f"{where} is no object")
    return cast("JsonObject", value)


def as_list(value: Json, where: str) -> list[Json]:
    """Take a value as a list.

    Raises:
        EvidenceError: it is none.
    """
    if not isinstance(value, list):
        raise malformed(f"{where} is no list")
    return cast("list[Json]", value)


def as_objects(value: Json, where: str) -> list[JsonObject]:
    """Take a value as a list of objects.

    Raises:
        EvidenceError: it is none.
    """
    return [as_object(item, f"{where}, entry {place},") for place, item in enumerate(as_list(value, where))]


def as_count(value: Json, where: str) -> int:
    """Take a value as a whole number from 0.

    Raises:
        EvidenceError: it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise malformed(f"{where} is no count")
    return value


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; two members of one name would be read differently by different readers."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found
