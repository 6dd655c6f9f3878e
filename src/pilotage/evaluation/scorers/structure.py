"""JSON that fits a schema, with named fields that equal the expected ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from itertools import count, islice
from typing import Any, Never, cast

from jsonschema import Draft202012Validator, SchemaError, ValidationError, validators
from jsonschema_specifications import REGISTRY  # pyright: ignore[reportMissingTypeStubs] - it ships none
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from pilotage.core.canonical import Json, canonical_json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.json_shape import is_list, is_object
from pilotage.evaluation.outcome import PASS, AnswerValue, Outcome, fail
from pilotage.evaluation.scorers.text import fold_text, pattern_occurs
from pilotage.registry.kinds.scorer import JsonSchemaScorer

MOST_VALUES = 20_000
MOST_SCHEMA_VALUES = 5_000
MOST_STEPS = 50_000
"""Keywords that are looked at for one answer: alternatives inside each other could double the work at each level."""
_REFERENCES = ("$ref", "$dynamicRef")
_NOWHERE, _DEFINE = "the schema refers to something that it does not hold", "define it under $defs"
_IN_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas")
"""Keywords whose schemas look at the same value, so that a reference back through them never ends."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def score_structure(scorer: JsonSchemaScorer, expected: Json, answer: AnswerValue) -> Outcome:
    """Pass when the answer is JSON (whole, with no words or fences around it), fits, and its fields match.

    Fields are named by path (`claim.number`). Texts match with white space folded, numbers by value.

    Raises:
        EvidenceError: the schema itself is wrong.
    """
    try:
        value = _parse(answer) if isinstance(answer, str) else answer
        return _score_value(scorer, expected, value)
    except RecursionError:
        return fail("the answer is nested too deeply")


def _score_value(scorer: JsonSchemaScorer, expected: Json, value: Json) -> Outcome:
    if value is _NO_JSON or value is _TWICE:
        return fail("the answer is not JSON" if value is _NO_JSON else "the answer holds a field twice")
    if _has_more(value, MOST_VALUES):
        return fail(f"the answer has more than {MOST_VALUES} values")
    steps = _STEPS.set(count())
    try:
        error = next(_validator(canonical_json(scorer.json_schema)).iter_errors(value), None)
    except _TooLongError:
        return fail(f"the answer takes more than {MOST_STEPS} steps to hold against the schema")
    except Unresolvable as unresolvable:
        raise EvidenceError(_NOWHERE, _DEFINE) from unresolvable
    finally:
        _STEPS.reset(steps)
    if error is not None:
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.schema_path)
        return fail(f"the answer does not fit the schema at {where.lstrip('.')[:200]}")
    for field in scorer.match_fields:
        wanted, given = _at(expected, field), _at(value, field)
        if given is _ABSENT or _folded(wanted) != _folded(given):
            return fail(f"field {field} is not as expected")
    return PASS


def check_schema(scorer: JsonSchemaScorer) -> None:
    """Refuse a schema that is none, is huge, refers wrongly, or has patterns that the engine does not take.

    Wrongly is outside itself, into nothing, or in a circle without end.

    Raises:
        EvidenceError: says what is wrong with it.
    """
    if _has_more(scorer.json_schema, MOST_SCHEMA_VALUES):
        raise EvidenceError(f"the schema has more than {MOST_SCHEMA_VALUES} values", "make it smaller")
    _check_dialect(scorer.json_schema)
    for key, value in _pairs_in(scorer.json_schema):
        if key in _REFERENCES and isinstance(value, str) and not value.startswith("#"):
            remedy = "copy what it needs under $defs and refer to #/$defs/…; nothing is fetched"
            raise EvidenceError(f"the schema refers to {value[:100]!r}, outside itself", remedy)
        if key == "pattern" and isinstance(value, str):
            pattern_occurs(value, "")
        if key == "patternProperties" and is_object(value):
            for pattern in value:
                pattern_occurs(pattern, "")
    try:
        Draft202012Validator.check_schema(scorer.json_schema)
        _check_references(scorer.json_schema)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.path) or "its root"
        remedy = "mend the schema of the scorer"
        raise EvidenceError(f"the schema is no JSON Schema (2020-12) at {where}", remedy) from error
    except RecursionError as error:
        raise EvidenceError("the schema is nested too deeply", "make it flatter") from error


def _check_dialect(schema: dict[str, Json]) -> None:
    """Refuse what would bring another engine in, or one keyword for which there is no linear one."""
    if schema.get("$schema", _DIALECT) != _DIALECT:
        raise EvidenceError("the schema is of another dialect than 2020-12", f"write $schema: {_DIALECT}")
    keys = [key for key, value in _pairs_in(schema) if key != "$schema" or isinstance(value, str)]
    if keys.count("$schema") > int("$schema" in schema):
        raise EvidenceError("the schema names a dialect inside", "write $schema at its root alone")
    if {"unevaluatedProperties", "patternProperties"} <= set(keys):
        remedy = "use additionalProperties in place of unevaluatedProperties"
        raise EvidenceError("the schema has unevaluatedProperties beside patternProperties", remedy)


def _check_references(schema: dict[str, Json]) -> None:
    """Refuse references into nothing, and circles in which no step goes deeper into the answer."""
    root = DRAFT202012.create_resource(cast("Any", schema))
    resolver = REGISTRY.with_resource("", root).resolver()
    leads: dict[int, list[int]] = {}
    waiting = [(root, resolver)]
    while waiting:
        part, at = waiting.pop()
        contents = part.contents
        waiting += [(inner, at.in_subresource(inner)) for inner in part.subresources()]
        if not is_object(contents):
            continue
        inner = [below for name in _IN_PLACE if name in contents for below in _schemas_of(contents[name])]
        references = (contents.get(name) for name in _REFERENCES)
        inner += [_referred(at, reference) for reference in references if isinstance(reference, str)]
        leads[id(contents)] = [id(below) for below in inner]
    done: set[int] = set()
    for start in leads:
        _walk(start, leads, done, set())


def _schemas_of(value: Json) -> list[Json]:
    """Give the schemas that a keyword holds: one, a list, or by name."""
    if is_list(value):
        return list(value)
    return [value, *value.values()] if is_object(value) else []


def _referred(at: Any, reference: str) -> Json:  # noqa: ANN401 - a resolver, whose stub leaves types out
    """Give the schema that a reference means."""
    try:
        found: Json = at.lookup(reference).contents
    except (Unresolvable, ValueError, TypeError, LookupError) as error:
        raise EvidenceError(_NOWHERE, _DEFINE) from error
    if not isinstance(found, bool) and not is_object(found):
        raise EvidenceError("the schema refers to something that is no schema", "refer to #/$defs/…")
    return found


def _walk(node: int, leads: dict[int, list[int]], done: set[int], on_the_way: set[int]) -> None:
    if node in on_the_way:
        raise EvidenceError("the schema refers to itself without end", "let each round go into a field or an element")
    if node in done:
        return
    for following in leads.get(node, ()):
        _walk(following, leads, done, on_the_way | {node})
    done.add(node)


def missing_fields(scorer: JsonSchemaScorer, expected: Json) -> tuple[str, ...]:
    """Give the fields that are to match but that the expected value lacks."""
    return tuple(field for field in scorer.match_fields if _at(expected, field) is _ABSENT)


class _Absent:
    """Marks what is not there, where None is a value."""


_ABSENT = _Absent()
_NO_JSON = _Absent()
_TWICE = _Absent()


class _TwiceError(Exception):
    """An object holds a field twice, so that readers differ in what it says."""


def _parse(text: str) -> Json:
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object_of)
    except _TwiceError:
        return _TWICE
    except ValueError:
        return _NO_JSON


def _object_of(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        raise _TwiceError
    return whole


def _refuse_constant(name: str) -> Never:
    raise ValueError(name)


def _at(value: Json, path: str) -> Json:
    if is_object(value) and path in value:
        return value[path]
    for part in path.split("."):
        if not is_object(value) or part not in value:
            return _ABSENT
        value = value[part]
    return value


def _folded(value: Json) -> Json:
    """Give a value in which equal things are the same Python value; True is not 1."""
    if isinstance(value, str):
        return fold_text(value, case_sensitive=True)
    if isinstance(value, bool) or value is None:
        return ("constant", value)
    if is_list(value):
        return [_folded(part) for part in value]
    if is_object(value):
        return {key: _folded(part) for key, part in value.items()}
    return value


def _values_in(value: Json) -> Iterator[Json]:
    waiting = [value]
    while waiting:
        current = waiting.pop()
        yield current
        if is_object(current):
            waiting.extend(current.values())
        elif is_list(current):
            waiting.extend(current)


def _has_more(value: Json, most: int) -> bool:
    return next(islice(_values_in(value), most, None), _ABSENT) is not _ABSENT


def _pairs_in(schema: Json) -> Iterator[tuple[str, Json]]:
    for value in _values_in(schema):
        if is_object(value):
            yield from value.items()


class _TooLongError(Exception):
    """An answer takes too many steps."""


_STEPS: ContextVar[Iterator[int]] = ContextVar("steps")
"""Counts the keywords that were looked at for the answer at hand."""


def _counted(keyword: Callable[..., Any]) -> Callable[..., Any]:
    """Let a keyword count itself, and stop where there were too many."""

    def counting(validator: Any, value: Any, instance: Any, schema: Any) -> Any:  # noqa: ANN401 - jsonschema's
        if next(_STEPS.get()) >= MOST_STEPS:
            raise _TooLongError
        return keyword(validator, value, instance, schema)

    return counting


# The keywords below are replaced because jsonschema's own can take exponential or quadratic time on a hostile answer.
# Their signature is jsonschema's. A $schema would bring jsonschema's own back, so it is checked and then left out.


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:  # noqa: ANN401 - jsonschema's
    if isinstance(instance, str) and not pattern_occurs(pattern, instance):
        yield ValidationError("does not match the pattern")


def _pattern_properties(
    validator: Any,  # noqa: ANN401 - jsonschema's
    patterns: dict[str, Any],
    instance: Any,  # noqa: ANN401 - any JSON value
    _: Any,  # noqa: ANN401 - jsonschema's
) -> Iterator[ValidationError]:
    if not is_object(instance):
        return
    for pattern, schema in patterns.items():
        for key, value in instance.items():
            if pattern_occurs(pattern, key):
                yield from validator.descend(value, schema, path=key, schema_path=pattern)


def _additional_properties(
    validator: Any,  # noqa: ANN401 - jsonschema's
    rest: Json,
    instance: Any,  # noqa: ANN401 - any JSON value
    schema: dict[str, Any],
) -> Iterator[ValidationError]:
    if not is_object(instance):
        return
    patterns = list(schema.get("patternProperties", {}))
    for key, value in instance.items():
        if key in schema.get("properties", {}) or any(pattern_occurs(pattern, key) for pattern in patterns):
            continue
        yield from validator.descend(value, rest, path=key)


def _unique_items(_: Any, unique: bool, instance: Any, __: Any) -> Iterator[ValidationError]:  # noqa: ANN401, FBT001 - jsonschema's
    if unique and is_list(instance):
        try:
            seen = {canonical_json(part) for part in instance}
        except EvidenceError:
            yield ValidationError("holds what JSON cannot carry exactly")
            return
        if len(seen) < len(instance):
            yield ValidationError("holds an element twice")


_KEYWORDS = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}
_extend = cast("Callable[[Any, dict[str, Any]], Any]", validators.extend)  # pyright: ignore[reportUnknownMemberType] - its stub leaves types out
_ALL = {**cast("dict[str, Callable[..., Any]]", Draft202012Validator.VALIDATORS), **_KEYWORDS}
_Bounded = _extend(Draft202012Validator, {name: _counted(keyword) for name, keyword in _ALL.items()})


@lru_cache(maxsize=16)
def _validator(schema: bytes) -> Any:  # noqa: ANN401 - jsonschema makes its classes at run time
    """Build a validator that fetches nothing: its registry holds the specifications alone."""
    plain = {key: value for key, value in json.loads(schema).items() if key != "$schema"}
    return _Bounded(plain, registry=REGISTRY)
