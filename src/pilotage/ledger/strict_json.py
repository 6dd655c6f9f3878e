"""Reads JSON that may come from an enemy: no doubled key, no NaN, no endless nesting, one clear error."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from pilotage.core.canonical import Json


def read_json(data: bytes) -> Json:
    """Read one JSON value.

    Raises:
        ValueError: it is no JSON, or holds what two readers could understand in two ways.
    """
    try:
        return json.loads(data.decode(), object_pairs_hook=_without_doubles, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ValueError("the text is no UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"this is no JSON ({error.msg} at character {error.pos})") from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; two members of one name would be read differently by different readers."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {doubled[:60]!r} stands twice in one object")
    return found


def _refuse_constant(name: str) -> NoReturn:
    """Refuse what Python would read although JSON has no such number."""
    raise ValueError(f"{name} is no JSON number")
