"""What a document's field should hold, in plain words, from the same JSON Schema that editors use."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from pilotage.registry.kinds.document import Document

Schema = dict[str, Any]

_UNITS = {
    "tokens": "tokens",
    "seconds": "seconds",
    "days": "days",
    "minutes": "minutes",
    "per_minute": "calls a minute",
    "per_second": "calls a second",
    "per_million": "money per million tokens",
    "per_thousand": "watt-hours per thousand tokens",
    "_wh": "watt-hours",
    "spend": "money a month, in the organisation's currency",
    "budget": "money a month, in the organisation's currency",
}


@cache
def _root(kind: type[Document]) -> Schema:
    return kind.model_json_schema(by_alias=True)


def schema_at(kind: type[Document], path: tuple[str | int, ...]) -> Schema:
    """Give the schema of the field that a path of an error leads to; `{}` where there is none.

    Steps that are no fields (the tags that name a choice) are taken as the choice they name, or passed over.
    """
    root = _root(kind)
    here = _resolved(root, root)
    for step in path:
        here = _step(root, here, step)
    return _resolved(root, here)


def fields_at(kind: type[Document], path: tuple[str | int, ...]) -> tuple[str, ...]:
    """Give the keys that the mapping at a path may have, of all its choices where there are several."""
    here = schema_at(kind, path)
    schemas = (here, *(_resolved(_root(kind), each) for each in _branches(here)))
    return tuple(dict.fromkeys(key for each in schemas for key in each.get("properties", {})))


def unit_of(field: str) -> str:
    """Give the unit that a field counts in, by its name; empty where it has none."""
    return next((unit for ending, unit in _UNITS.items() if field.endswith(ending)), "")


def expectation(schema: Schema, field: str) -> str:  # noqa: PLR0911 - one phrase for each type
    """Say what a field must be: `a whole number of tokens, at least 1`."""
    if (words := schema.get("x-reads")) is not None:
        return str(words)
    if "enum" in schema or "const" in schema:
        return "one of " + ", ".join(str(value) for value in choices_of(schema))
    match schema.get("type"):
        case "integer":
            return f"a whole number{_of_unit(field)}{_bounds(schema)}"
        case "number":
            if schema.get("exclusiveMinimum") == 0 and schema.get("exclusiveMaximum") == 1:
                return "a share between 0 and 1, such as 0.9"
            return f"a number{_of_unit(field)}{_bounds(schema)}"
        case "string":
            return f"text{_lengths(schema)}"
        case "boolean":
            return "true or false"
        case "array":
            return "a list"
        case "object":
            return f"a mapping{_keys(schema)}"
        case _:
            return "a mapping or a number" if schema.get("anyOf") and field else "of another form"


def choices_of(schema: Schema) -> tuple[object, ...]:
    """Give the values that a field may take, where they are few and fixed."""
    return tuple(schema["enum"]) if "enum" in schema else (schema["const"],) if "const" in schema else ()


def _step(root: Schema, schema: Schema, step: str | int) -> Schema:
    here = _resolved(root, schema)
    if isinstance(step, int):
        return cast("Schema", here.get("items", here))
    for branch in (here, *(_resolved(root, each) for each in _branches(here))):
        if step in branch.get("properties", {}):
            return cast("Schema", branch["properties"][step])
    if (target := here.get("discriminator", {}).get("mapping", {}).get(step)) is not None:
        return {"$ref": target}
    values = here.get("additionalProperties")
    return cast("Schema", values) if isinstance(values, dict) else here


def _resolved(root: Schema, schema: Schema) -> Schema:
    """Follow references, and leave out `null` where it is one of two choices."""
    while True:
        if "$ref" in schema:
            schema = cast("Schema", root["$defs"][str(schema["$ref"]).rpartition("/")[2]])
        elif len(real := [each for each in _branches(schema) if each.get("type") != "null"]) == 1:
            schema = real[0]
        else:
            return schema


def _branches(schema: Schema) -> list[Schema]:
    return cast("list[Schema]", [*schema.get("anyOf", []), *schema.get("oneOf", [])])


def _of_unit(field: str) -> str:
    return f" of {unit}" if (unit := unit_of(field)) else ""


def _bounds(schema: Schema) -> str:
    words = {
        "minimum": "at least {:g}",
        "exclusiveMinimum": "above {:g}",
        "maximum": "at most {:g}",
        "exclusiveMaximum": "below {:g}",
    }
    stated = [text.format(schema[key]) for key, text in words.items() if key in schema]
    return "".join(f", {text}" for text in stated)


def _lengths(schema: Schema) -> str:
    return f" of 1 to {schema['maxLength']} characters" if "maxLength" in schema else ""


def _keys(schema: Schema) -> str:
    required = cast("list[str]", schema.get("required", []))
    return f" with {', '.join(required)}" if required else ""
