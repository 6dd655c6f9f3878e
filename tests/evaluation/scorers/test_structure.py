"""JSON answers: fit a schema and match named fields, whatever a hostile answer holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.outcome import AnswerValue
from pilotage.evaluation.scorers import structure
from pilotage.evaluation.scorers.structure import check_schema, missing_fields, score_structure
from pilotage.registry.kinds.scorer import JsonSchemaScorer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["queue"],
    "properties": {
        "queue": {"enum": ["motor", "household"]},
        "claim": {"type": "object", "properties": {"number": {"type": "string", "pattern": "^[A-Z]+-\\d+$"}}},
    },
    "additionalProperties": False,
}


def scorer(schema: dict[str, Any] | None = None, *fields: str) -> JsonSchemaScorer:
    """Make a scorer."""
    return JsonSchemaScorer.model_validate({"type": "json-schema", "schema": schema or SCHEMA, "match_fields": fields})


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ('{"queue": "motor"}', "pass"),
        ({"queue": "motor"}, "pass"),
        ('{"queue": "motor", "claim": {"number": "CL-1"}}', "pass"),
        ('{"queue": "motor", "claim": {"number": "1"}}', "fail"),
        ('{"queue": "travel"}', "fail"),
        ('{"queue": "motor", "sure": true}', "fail"),
        ('```json\n{"queue": "motor"}\n```', "fail"),
        ('{"queue": NaN}', "fail"),
        ('{"queue": "motor"', "fail"),
        ("", "fail"),
        ("null", "fail"),
        ('{"queue": "travel", "queue": "motor"}', "fail"),
        (["motor"], "fail"),
        ("[" * 200_000, "fail"),
        ('{"queue":' * 900 + "1" + "}" * 900, "fail"),
        (json.dumps({"queue": list(range(30_000))}), "fail"),
    ],
)
def test_an_answer_must_fit_the_schema(answer: AnswerValue, state: str) -> None:
    """The whole answer is the JSON value; words or fences around it fail, and so does what is deep or huge."""
    assert score_structure(scorer(), None, answer).state == state


@pytest.mark.parametrize(
    ("expected", "answer", "state"),
    [
        ({"a": 1, "b": {"c": "x y"}}, {"a": 1.0, "b": {"c": " x  y "}}, "pass"),
        ({"a": 1, "b": {"c": "x"}}, {"a": True, "b": {"c": "x"}}, "fail"),
        ({"a": 1, "b": {"c": "x"}}, {"a": 1, "b": {"c": "X"}}, "fail"),
        ({"a": 1, "b": {"c": "x"}}, {"a": 1, "b": "x"}, "fail"),
        ({"a": None, "b": {"c": [1, "x"]}}, {"a": None, "b": {"c": [1, "x"]}}, "pass"),
        ({"a": None, "b": {"c": [1, "x"]}}, {"b": {"c": [1, "x"]}}, "fail"),
    ],
)
def test_named_fields_must_match(expected: object, answer: AnswerValue, state: str) -> None:
    """Fields are found by path; numbers match by value, truth values are no numbers, texts but for white space."""
    assert score_structure(scorer({"type": "object"}, "a", "b.c"), expected, answer).state == state


def test_fields_that_an_item_lacks_are_told() -> None:
    """An item that cannot be matched is found before anything is asked."""
    assert missing_fields(scorer({}, "a", "b.c"), {"a": 1, "b": {}}) == ("b.c",)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"$ref": "https://example.com/schema.json"}, "outside itself"),
        ({"properties": {"a": {"$dynamicRef": "file:///etc/passwd"}}}, "outside itself"),
        ({"type": "objekt"}, "no JSON Schema"),
        ({"properties": {"a": {"pattern": "("}}}, "cannot be used"),
        ({"patternProperties": {"(?=a)": {}}}, "cannot be used"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "another dialect"),
        ({"items": {"$schema": "http://json-schema.org/draft-07/schema#"}}, "dialect inside"),
        ({"patternProperties": {"a": {}}, "unevaluatedProperties": False}, "unevaluatedProperties"),
        ({"$id": "https://example.com/a.json", "$ref": "b.json"}, "outside itself"),
        ({"enum": [f"queue {number}" for number in range(5_000)]}, "more than 5000 values"),
        ({"$ref": "#/$defs/none"}, "does not hold"),
        ({"properties": {"a": {"$ref": "#none"}}}, "does not hold"),
        ({"items": {"$ref": "#/title/x"}, "title": "t"}, "does not hold"),
        ({"items": {"$ref": "#/title"}, "title": "t"}, "no schema"),
        ({"$ref": "#"}, "without end"),
        ({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}}, "without end"),
        (json.loads('{"not":' * 300 + "{}" + "}" * 300), "nested too deeply"),
    ],
)
def test_a_wrong_schema_is_told_beforehand(schema: dict[str, Any], said: str) -> None:
    """Nothing is fetched, and patterns are checked by the engine that will run them."""
    with pytest.raises(EvidenceError, match=said):
        check_schema(scorer(schema))


def test_a_reference_into_nothing_is_an_error_of_the_schema() -> None:
    """A schema that refers to what it does not hold says so, and the answer is not blamed."""
    with pytest.raises(EvidenceError, match="refers to something"):
        score_structure(scorer({"$ref": "#/$defs/none"}), None, "{}")


def test_a_field_that_is_there_twice_is_told() -> None:
    """Readers differ in which of the two they take, so neither counts, however deep it is."""
    for answer in ('{"queue": "motor", "queue": "motor"}', '[{"a": {"b": 1, "b": 2}}]'):
        assert score_structure(scorer(), None, answer).reason == "the answer holds a field twice"


def test_a_format_is_not_checked() -> None:
    """It is a remark for readers, as the documentation says."""
    assert score_structure(scorer({"type": "string", "format": "date"}), None, '"not a date"').state == "pass"


def test_a_reference_within_works() -> None:
    """Definitions inside the schema are followed, also in circles."""
    tree = {"$ref": "#/$defs/node", "$defs": {"node": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}
    check_schema(scorer(tree))

    assert score_structure(scorer(tree), None, "[[],[[]]]").state == "pass"
    assert score_structure(scorer({"$ref": "#"}), None, "{}").state == "fail"


def test_hostile_answers_stall_nothing() -> None:
    """Patterns that backtrack and long lists without repetition are judged in linear time."""
    pattern = scorer({"patternProperties": {"(a+)+$": {"pattern": "(b+)+$"}}, "additionalProperties": {"type": "null"}})
    unique = scorer({"uniqueItems": True})

    assert score_structure(pattern, None, {"a" * 50_000: "b" * 50_000 + "c"}).state == "fail"
    assert score_structure(pattern, None, {"a" * 50_000 + "!": None}).state == "pass"
    assert score_structure(unique, None, [{"n": number} for number in range(9_000)]).state == "pass"
    assert score_structure(unique, None, "[1, 1.0]").state == "fail"
    assert score_structure(unique, None, "[12345678901234567890]").state == "fail"


def test_naming_the_dialect_brings_no_slow_engine_back() -> None:
    """A schema that names JSON Schema 2020-12 and refers to itself is judged in linear time all the same."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {"inner": {"$ref": "#"}},
        "patternProperties": {"(a+)+$": False},
    }
    check_schema(scorer(schema))

    assert score_structure(scorer(schema), None, {"inner": {"a" * 50_000 + "!": 1}}).state == "pass"
    assert score_structure(scorer(schema), None, {"inner": {"aaa": 1}}).state == "fail"


def test_alternatives_inside_each_other_do_not_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that doubles with each level of the answer, or of the schema, ends after a bounded number of steps."""
    monkeypatch.setattr(structure, "MOST_STEPS", 2_000)
    node = {"type": "array", "items": {"$ref": "#/$defs/node"}}
    tree = {"$ref": "#/$defs/node", "$defs": {"node": {"anyOf": [node, node]}}}
    twice = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n - 1}"}] * 2} for n in range(1, 40)}
    bomb = {"$ref": "#/$defs/a39", "$defs": {"a0": {"type": "object"}} | twice}
    check_schema(scorer(tree))
    check_schema(scorer(bomb))

    assert "steps" in score_structure(scorer(tree), None, "[" * 40 + "1" + "]" * 40).reason
    assert score_structure(scorer(tree), None, "[" * 40 + "]" * 40).state == "pass"
    assert "steps" in score_structure(scorer(bomb), None, "{}").reason
    assert score_structure(scorer(), None, '{"queue": "motor"}').state == "pass"


@pytest.mark.parametrize(
    ("rest", "state"), [(True, "pass"), ({"type": "string"}, "fail"), ({"type": "integer"}, "pass")]
)
def test_additional_properties_may_have_a_schema(rest: object, state: str) -> None:
    """What is neither named nor matched by a pattern has to fit the schema for the rest."""
    schema = {"properties": {"a": {}}, "patternProperties": {"^x-": {}}, "additionalProperties": rest}

    assert score_structure(scorer(schema), None, {"a": "text", "x-b": "text", "c": 1}).state == state


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    """Whatever is answered ends in pass or fail."""
    assert score_structure(scorer(), None, text).state in {"pass", "fail"}
