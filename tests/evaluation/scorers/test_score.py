"""The choice of scorers: digests, checks of items beforehand, and what answering blindly would score."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.outcome import AnswerValue
from pilotage.evaluation.scorers.score import assess_baseline, check_items, score_answer
from pilotage.registry.configuration import digest_of_scorer
from pilotage.registry.items import Item
from pilotage.registry.kinds.evaluation import Scorer

READ: TypeAdapter[Scorer] = TypeAdapter(Scorer)
OBJECT = {"type": "json-schema", "schema": {"type": "object"}, "match_fields": ["a"]}


def scorer(**fields: Any) -> Scorer:  # noqa: ANN401 - fields of any scorer
    """Read a scorer as the registry does."""
    return READ.validate_python(fields)


def labelled(*expected: object) -> list[Item]:
    """Give items with these expected values."""
    return [Item(f"i{number}", "question", value) for number, value in enumerate(expected)]


@pytest.mark.parametrize(
    ("fields", "expected", "good", "bad"),
    [
        ({"type": "exact"}, "yes", "Yes", "no"),
        ({"type": "one-of-k", "k": 2}, "b", ["a", "b"], ["a", "c", "b"]),
        ({"type": "contains"}, "b", "abc", "ac"),
        ({"type": "regex", "pattern": "^b"}, None, "bc", "cb"),
        ({"type": "regex"}, "b$", "cb", "bc"),
        ({"type": "number", "absolute": 1}, 10, "11", "12"),
        (OBJECT, {"a": 1}, '{"a": 1}', '{"a": 2}'),
        ({"type": "facts-all-present"}, ["a", "b"], "b a", "a"),
        ({"type": "facts-all-present"}, "a", "a", "b"),
    ],
)
def test_each_scorer_is_reached(fields: dict[str, Any], expected: object, good: AnswerValue, bad: AnswerValue) -> None:
    """Every declared scorer judges; a failure has a reason, and a pass needs none."""
    chosen, item = scorer(**fields), Item("i", "question", expected)
    check_items(chosen, [item])

    assert score_answer(chosen, item, good).gate_value is True
    outcome = score_answer(chosen, item, bad)
    assert (outcome.gate_value, bool(outcome.reason)) == (False, True)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "exact"}, 5),
        ({"type": "exact"}, None),
        ({"type": "one-of-k", "k": 1}, ["a"]),
        ({"type": "contains"}, " "),
        ({"type": "regex"}, None),
        ({"type": "regex"}, "("),
        ({"type": "number"}, "twelve"),
        (OBJECT, {"b": 1}),
        ({"type": "facts-all-present"}, []),
        ({"type": "facts-all-present"}, ["a", " "]),
        ({"type": "facts-all-present"}, [1]),
        ({"type": "regex", "pattern": "("}, None),
    ],
)
def test_an_item_that_cannot_be_scored_is_refused_beforehand(fields: dict[str, Any], expected: object) -> None:
    """Before a call is paid for, an item without the expected value that its scorer needs is named."""
    with pytest.raises(EvidenceError):
        check_items(scorer(**fields), labelled(expected))


def test_a_digest_tells_definitions_apart() -> None:
    """Equal definitions share a digest; any difference, a default that was changed too, gives another."""
    digests = {digest_of_scorer(scorer(type="exact", case_sensitive=case)) for case in (False, True)}

    assert len(digests) == 2
    assert digest_of_scorer(scorer(type="exact")) in digests


def test_the_baseline_is_always_answering_the_most_frequent() -> None:
    """With labels 5, 3 and 2 times: one guess is right half the time, two guesses four times in five."""
    items = labelled(*"aaaaabbbcc")

    one, two = (assess_baseline(scorer(type="one-of-k", k=k), items) for k in (1, 2))

    assert one is not None
    assert two is not None
    assert (one.point, two.point, one.n) == (0.5, 0.8, 10)
    assert one.low < 0.5 < one.high


@pytest.mark.parametrize(
    ("fields", "expected", "point"),
    [
        ({"type": "exact"}, ["Yes", "yes", "no", "no", "YES"], 0.6),
        ({"type": "exact", "case_sensitive": True}, ["Yes", "yes", "no", "no", "YES"], 0.4),
        ({"type": "contains"}, ["a", "a", "b"], 2 / 3),
        ({"type": "number", "absolute": 1}, [3, 3, 4, 9], 0.75),
        (OBJECT, [{"a": 1}, {"a": 1}, {"a": 2}], 2 / 3),
        ({"type": "facts-all-present"}, [["x", "y"], ["x", "y"], ["x"]], 1.0),
    ],
)
def test_each_scorer_judges_the_blind_answer_itself(
    fields: dict[str, Any], expected: list[object], point: float
) -> None:
    """The blind answer goes through the same scorer, so a lenient scorer shows in its baseline."""
    baseline = assess_baseline(scorer(**fields), labelled(*expected))

    assert baseline is not None
    assert baseline.point == pytest.approx(point)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "exact"}, ["a", "b", "c"]),
        ({"type": "regex"}, ["a", "a"]),
        ({"type": "regex", "pattern": "a"}, [None, None]),
    ],
)
def test_there_is_no_baseline_where_nobody_can_answer_blindly(fields: dict[str, Any], expected: list[object]) -> None:
    """Values that all differ, patterns, and no values at all: unknown, not 0."""
    assert assess_baseline(scorer(**fields), labelled(*expected)) is None
