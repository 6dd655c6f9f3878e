"""Turns a typed validation error into what is wrong and how to mend it, in the words of whoever wrote the document."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import ErrorDetails

from pilotage.registry.expectation import Schema, choices_of, expectation, fields_at, schema_at, unit_of
from pilotage.registry.kinds.document import NAME_PATTERN, Document
from pilotage.registry.nodes import Node, Step, child
from pilotage.registry.parse import quoted
from pilotage.registry.secrets import REMEDY, is_credential_key, looks_secret

_MISSING_CHOICE = {"union_tag_not_found"}
_WRONG_CHOICE = {"union_tag_invalid"}
_WANTS_TEXT = {"string_type"}
_WANTS_NUMBER = {"int_type", "float_type", "int_from_float", "int_parsing", "float_parsing"}
_PERCENT = 100
_MILLISECONDS = 1_000


def closest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that a mistyped one was probably meant to be."""
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(word.lower()[:100], by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def suggest(word: str, known: Iterable[str], otherwise: str) -> str:
    """Say `did you mean …?`, or else list the few that there are, or else give another remedy."""
    names = sorted(known)
    if (meant := closest(word, names)) is not None:
        return f"did you mean {quoted(meant)}?"
    return f"{otherwise}: {', '.join(names)}" if names else otherwise


def explain(error: ErrorDetails, kind: type[Document], tree: Node) -> tuple[tuple[Step, ...], str, str]:
    """Explain one validation error of a document.

    Returns:
        The path of keys in the document that it is about, what is wrong, and how to mend it.
    """
    path = document_path(tree, error)
    schema = schema_at(kind, tuple(error["loc"]))
    sort = error["type"]
    if sort == "missing":
        key = str(error["loc"][-1])
        wanted = expectation(schema, key)
        return path, f"{name_of(path)} lacks `{key}`", f"add `{key}:` with {wanted}"
    if sort == "extra_forbidden":
        return path, *_unknown_key(error, kind, path)
    if sort in _MISSING_CHOICE | _WRONG_CHOICE:
        return _explain_choice(error, path, schema)
    if error["loc"][-1] == "[key]":
        known = str(error.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
        return path, f"the key {quoted(str(path[-1]))} is not known here", suggest(str(path[-1]), known, "use one of")
    if sort == "value_error":
        reason = str(error.get("ctx", {}).get("error", error["msg"]))
        return path, f"{name_of(path)} {reason}", "correct it"
    return path, *_explain_value(error, path, schema)


def document_path(tree: Node, error: ErrorDetails) -> tuple[Step, ...]:
    """Give the keys of an error's place that the document holds; the names of choices in between fall away."""
    path: list[Step] = []
    here = tree
    for step in error["loc"]:
        if (found := child(here, step)) is not None:
            path.append(step)
            here = found[1]
    return tuple(path)


def name_of(path: tuple[Step, ...]) -> str:
    """Name a place in a document: `claim.p0`, `members[2].ssh_key`, or the document itself."""
    text = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return text[:120] or "the document"


def _unknown_key(error: ErrorDetails, kind: type[Document], path: tuple[Step, ...]) -> tuple[str, str]:
    key = str(error["loc"][-1])
    known = fields_at(kind, tuple(error["loc"][:-1]))
    place = name_of(path[:-1]) if len(path) > 1 else kind.__name__
    if is_credential_key(key) and "credential" in known:
        return f"the key {quoted(key)} is not known in {place}", REMEDY
    remedy = suggest(key, known, "take it out; keys known here are") if known else "take it out"
    stem = key.rpartition("_")[0]
    same_stem = [each for each in known if stem and each.rpartition("_")[0] == stem]
    if same_stem and unit_of(same_stem[0]):
        remedy = f"did you mean `{same_stem[0]}`, in {unit_of(same_stem[0])}?"
    return f"the key {quoted(key)} is not known in {place}", remedy


def _explain_choice(error: ErrorDetails, path: tuple[Step, ...], schema: Schema) -> tuple[tuple[Step, ...], str, str]:
    key = str(error.get("ctx", {}).get("discriminator", "type")).strip("'")
    known = tuple(str(name) for name in schema.get("discriminator", {}).get("mapping", {}))
    if error["type"] in _WRONG_CHOICE:
        tag = str(error.get("ctx", {}).get("tag", ""))
        place = (*path, key)
        return place, f"{name_of(place)} cannot be {quoted(tag)}", suggest(tag, known, "use one of")
    return path, f"{name_of(path)} lacks `{key}`", f"add `{key}:` with one of {', '.join(known)}"


def _explain_value(error: ErrorDetails, path: tuple[Step, ...], schema: Schema) -> tuple[str, str]:
    field = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    wanted = expectation(schema, field)
    value: Any = error.get("input")
    shown = _shown(value, field)
    what = f"{name_of(path)} must be {wanted}" + (f", not {shown}" if shown else "")
    return what, _remedy(error, field, schema, value)


def _remedy(  # noqa: PLR0911 - one remedy for each way to be wrong
    error: ErrorDetails,
    field: str,
    schema: Schema,
    value: Any,  # noqa: ANN401 - whatever was written
) -> str:
    sort = error["type"]
    if is_credential_key(field) and isinstance(value, str):
        return REMEDY
    if sort in _WANTS_TEXT and isinstance(value, bool | int | float):
        return "put quotes around it"
    if choices := choices_of(schema):
        return suggest(str(value), [str(choice) for choice in choices], "use one of")
    if sort in _WANTS_NUMBER and isinstance(value, str):
        return _number_remedy(value, field)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _scale_remedy(value, field, schema)
    if sort in {"tuple_type", "list_type"}:
        return "begin each item on a line of its own with `- `, or write [one, two]"
    if value is None:
        return "give a value, or take the line out"
    if schema.get("pattern") == NAME_PATTERN and (slug := _slug(str(value))):
        return f"write {quoted(slug)}"
    return "correct it"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:64].strip("-")


def _number_remedy(value: str, field: str) -> str:
    digits = value.strip()
    if digits.endswith("%") and _is_number(digits[:-1]):
        return f"write {float(digits[:-1]) / _PERCENT:g} instead of per cent"
    if _is_number(digits):
        return f"take the quotes away: {digits}"
    number = digits.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ€$£ ")
    unit = unit_of(field)
    if number and _is_number(number):
        return f"write the number alone, in {unit}" if unit else "write the number alone, without a unit"
    return "write a number, without quotes"


def _scale_remedy(value: float, field: str, schema: Schema) -> str:
    if schema.get("exclusiveMaximum") == 1 and 1 < value <= _PERCENT:
        return f"write {value / _PERCENT:g} if {value:g} per cent is meant"
    limit = schema.get("maximum")
    if field.endswith("seconds") and isinstance(limit, int | float) and value > limit >= value / _MILLISECONDS:
        return f"write {value / _MILLISECONDS:g} if {value:g} milliseconds is meant"
    return "choose a value within these limits" if limit is not None or "minimum" in schema else "correct it"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.strip().lower() not in {"nan", "inf", "infinity", "-inf"}


def _shown(value: Any, field: str) -> str:  # noqa: ANN401 - whatever was written
    if value is None:
        return "empty"
    if is_credential_key(field) or isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and not value:
        return "empty"
    if looks_secret(str(value)):
        return "what looks like a credential"
    return quoted(str(value), 40)
