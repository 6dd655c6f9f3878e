"""JSON Schemas of the document kinds, for editors: completion and faults while one types, from the same classes."""

from __future__ import annotations

from typing import Any

from pilotage.registry.kinds.document import Document
from pilotage.registry.shapes import KINDS, SHAPES, VERSIONS

Schema = dict[str, Any]

_ROOT = "https://pilotage.dev/schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
COMBINED_ID = f"{_ROOT}/registry.json"


def schema_id(kind: str, version: int) -> str:
    """Give the `$id` of a kind's schema."""
    return f"{_ROOT}/v{version}/{kind}.json"


def schema_of(kind: str, version: int = VERSIONS[-1]) -> Schema:
    """Give the JSON Schema of one kind.

    Raises:
        KeyError: there is no such kind or version.
    """
    return {"$schema": _DIALECT, "$id": schema_id(kind, version)} | _plain_schema(SHAPES[kind, version])


def all_schemas() -> dict[str, Schema]:
    """Give the schema of every kind in its latest version, and under `registry` the one that knows them all."""
    return {kind: schema_of(kind) for kind in KINDS} | {"registry": combined_schema()}


def combined_schema() -> Schema:
    """Give one schema for every document: it goes by `kind`, so that one line in an editor's settings is enough."""
    definitions: Schema = {}
    cases: list[Schema] = []
    for kind, document in KINDS.items():
        schema = _plain_schema(document)
        definitions |= schema.pop("$defs", {})
        definitions[kind] = schema
        condition = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
        cases.append({"if": condition, "then": {"$ref": f"#/$defs/{kind}"}})
    return {
        "$schema": _DIALECT,
        "$id": COMBINED_ID,
        "title": "A document of a Pilotage registry",
        "type": "object",
        "properties": {
            "kind": {"enum": list(KINDS), "description": "What the document declares."},
            "version": {"enum": list(VERSIONS), "description": "Version of the document's shape."},
            "name": {"type": "string", "description": "Unique within its kind."},
        },
        "required": ["kind", "version", "name"],
        "allOf": cases,
        "$defs": definitions,
    }


def _plain_schema(document: type[Document]) -> Schema:
    return document.model_json_schema(by_alias=True, mode="validation")
