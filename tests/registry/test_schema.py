"""The JSON Schemas that editors use accept what loads, refuse what does not, and explain every field."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pilotage.registry.nodes import json_of
from pilotage.registry.parse import parse_documents
from pilotage.registry.schema import all_schemas, combined_schema, schema_of
from pilotage.registry.shapes import KINDS, SHAPES

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", sorted(all_schemas()))
def test_schemas_are_sound_and_identified(name: str) -> None:
    """Each is a JSON Schema with an `$id` of its own, and can be written to a file."""
    schema = all_schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"].startswith("https://pilotage.dev/schemas/")
    assert json.loads(json.dumps(schema)) == schema
    assert len({each["$id"] for each in all_schemas().values()}) == len(KINDS) + 1


@pytest.mark.parametrize(("kind", "version"), sorted(SHAPES))
def test_golden_documents_fit_their_schema(kind: str, version: int) -> None:
    """What the reader takes, the kind's schema and the combined one take."""
    trees, _ = parse_documents((GOLDEN / f"{kind}.v{version}.yaml").read_text(encoding="utf-8"), kind)
    for tree in trees:
        document = json_of(tree)
        Draft202012Validator(schema_of(kind, version)).validate(document)
        Draft202012Validator(combined_schema()).validate(document)


def test_the_combined_schema_refuses_by_kind() -> None:
    """A key of another kind, a missing key and an unknown kind are refused."""
    validator = Draft202012Validator(combined_schema())
    team: dict[str, Any] = {"kind": "Team", "version": 1, "name": "t"}
    assert validator.is_valid(team)
    assert not validator.is_valid(team | {"prompt": "x"})
    assert not validator.is_valid(team | {"kind": "Tema"})
    assert not validator.is_valid({"kind": "Route", "version": 1, "name": "r"})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_is_described(kind: str) -> None:
    """An editor can say of each key what it means."""
    schema = schema_of(kind)
    for title, part in {kind: schema, **schema.get("$defs", {})}.items():
        assert part.get("description"), title
        for field, about in part.get("properties", {}).items():
            assert "description" in about or "const" in about, f"{title}.{field}"
