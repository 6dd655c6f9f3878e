"""Plain values as JSON: all that crosses between checker, generated code and data set; never an object, never a pickle.

JSON's own values stand for themselves. What Python has beyond them is tagged, in an object with one key:

    {"$tuple": […]}  {"$set": […]}  {"$frozenset": […]}  {"$dict": [[key, value], …]}
    {"$bytes": "base64"}  {"$float": "nan" | "inf" | "-inf"}  {"$int": "decimal or 0x hexadecimal"}
"""

from __future__ import annotations

import base64
import math
from typing import Any, TypeAlias, cast

Json: TypeAlias = Any
MOST_DEPTH = 64
MOST_MESSAGE_BYTES = 1_048_576

_SAFE_INTEGER = 2**53
_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class NotPlainError(ValueError):
    """A value is not plain, or a JSON value stands for none."""


def encode(value: object, depth: int = MOST_DEPTH) -> Json:  # noqa: PLR0911 - one for each type
    """Give the JSON that stands for a plain value; what inherits from a plain type counts as that type.

    Raises:
        NotPlainError: it is, or holds, something that is not plain, or it is nested deeper than `depth`.
    """
    if depth <= 0:
        raise NotPlainError("nested too deeply")
    match value:
        case None | bool():
            return value
        case int():
            number = int(value)
            return number if abs(number) < _SAFE_INTEGER else {"$int": hex(number)}
        case float():
            return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
        case str():
            return str(value)
        case bytes() | bytearray():
            return {"$bytes": base64.b64encode(value).decode()}
        case list() | tuple() | set() | frozenset():
            parts = cast("list[object] | tuple[object, ...] | set[object] | frozenset[object]", value)
            encoded = [encode(part, depth - 1) for part in parts]
            return encoded if isinstance(parts, list) else {_tag_of(parts): encoded}
        case dict():
            return _encode_dict(cast("dict[object, object]", value), depth - 1)
        case _:
            raise NotPlainError("not a plain value")


def _tag_of(value: object) -> str:
    names = {"$tuple": tuple, "$set": set, "$frozenset": frozenset}
    return next(name for name, kind in names.items() if isinstance(value, kind))


def _encode_dict(value: dict[object, object], depth: int) -> Json:
    if all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {str(key): encode(part, depth) for key, part in value.items()}
    return {"$dict": [[encode(key, depth), encode(part, depth)] for key, part in value.items()]}


def decode(value: Json, depth: int = MOST_DEPTH) -> object:
    """Give the plain value that a JSON value stands for.

    Raises:
        NotPlainError: a tag is unknown or holds what it cannot, or it is nested deeper than `depth`.
    """
    if depth <= 0:
        raise NotPlainError("nested too deeply")
    if isinstance(value, list):
        return [decode(part, depth - 1) for part in cast("list[Json]", value)]
    if not isinstance(value, dict):
        return value
    parts = cast("dict[str, Json]", value)
    tag = next((key for key in parts if key.startswith("$")), None)
    if tag is None:
        return {key: decode(part, depth - 1) for key, part in parts.items()}
    if len(parts) > 1:
        raise NotPlainError(f"{tag[:20]} stands beside other keys")
    try:
        return _untag(tag, parts[tag], depth - 1)
    except (TypeError, ValueError, KeyError) as error:
        raise NotPlainError(f"{tag[:20]} is unknown or holds what it cannot") from error


def _untag(tag: str, content: Json, depth: int) -> object:  # noqa: PLR0911 - one for each tag
    match tag, content:
        case "$tuple", list():
            return tuple(_decode_each(content, depth))
        case "$set", list():
            return set(_decode_each(content, depth))
        case "$frozenset", list():
            return frozenset(_decode_each(content, depth))
        case "$dict", list():
            return {decode(key, depth): decode(part, depth) for key, part in cast("list[tuple[Json, Json]]", content)}
        case "$bytes", str():
            return base64.b64decode(content, validate=True)
        case "$float", str():
            return _FLOATS[content]
        case "$int", str():
            return int(content, 0)
        case _:
            raise NotPlainError(tag)


def _decode_each(content: Json, depth: int) -> list[object]:
    return [decode(part, depth) for part in cast("list[Json]", content)]
