"""The choice of scorers: digests, checks of items beforehand, and what answering blindly would score."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.outcome import PASS, AnswerValue, fail
from pilotage.evaluation.scorers.observation import (
    Effort,
    Nearness,
    Observation,
    Opinion,
    PluginFinding,
    SandboxReport,
)
from pilotage.evaluation.scorers.score import assess_baseline, check_items, score_answer
from pilotage.registry.configuration import digest_of_scorer
from pilotage.registry.items import Item
from pilotage.registry.kinds.judge import WordParser
from pilotage.registry.kinds.scorer import Scorer

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
        (
            {"type": "groundedness"},
            {"passages": ["It was blue all over."]},
            '"It was blue all over"',
            '"It was red all over"',
        ),
        ({"type": "refusal", "wanted": "refusal"}, None, "I can't help with that.", "Gladly."),
    ],
)
def test_each_scorer_is_reached(fields: dict[str, Any], expected: object, good: AnswerValue, bad: AnswerValue) -> None:
    """Every declared scorer judges; a failure has a reason, and a pass needs none."""
    chosen, item = scorer(**fields), Item("i", "question", expected)
    check_items(chosen, [item])

    assert score_answer(chosen, item, good).gate_value is True
    outcome = score_answer(chosen, item, bad)
    assert (outcome.gate_value, bool(outcome.reason)) == (False, True)


CODE = {"function": "double", "examples": [{"args": [1], "gives": 2}]}
SEEN: dict[str, tuple[dict[str, Any], Any, Observation, Observation]] = {
    "similarity": ({"route": "r"}, "a", Nearness(0.9), Nearness(0.1)),
    "latency": ({"at_most_seconds": 1}, None, Effort(1), Effort(2)),
    "cost": ({"at_most": 1}, None, Effort(1, 1), Effort(1, 2)),
    "code": ({}, CODE, SandboxReport(ran=True, checks=1), SandboxReport(ran=True, failures=("no",), checks=1)),
    "judged": (
        {"judge": "j"},
        None,
        Opinion("PASS", WordParser(type="word")),
        Opinion("FAIL", WordParser(type="word")),
    ),
    "plugin": ({"plugin": "p", "release": "1"}, None, PluginFinding(PASS), PluginFinding(fail("no"))),
}


@pytest.mark.parametrize("kind", sorted(SEEN))
def test_scorers_of_what_was_seen_judge_the_observation(kind: str) -> None:
    """The answer is the same; what an observer saw of it decides. Without an observation nothing is judged."""
    fields, expected, good, bad = SEEN[kind]
    chosen, item = scorer(type=kind, **fields), Item("i", "question", expected)
    others = [found[2] for found in SEEN.values() if type(found[2]) is not type(good)]

    assert score_answer(chosen, item, "a", good).gate_value is True
    outcome = score_answer(chosen, item, "a", bad)
    assert (outcome.gate_value, bool(outcome.reason)) == (False, True)
    for other in (None, *others):
        with pytest.raises(EvidenceError, match="observer"):
            score_answer(chosen, item, "a", other)


def test_every_declared_scorer_is_tried_here() -> None:
    """A new type is not forgotten."""
    (union, _) = get_args(Scorer)
    types = {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(union)}

    assert types == {*SEEN, "exact", "one-of-k", "contains", "regex", "number", "json-schema", "facts-all-present"} | {
        "groundedness",
        "refusal",
    }


@pytest.mark.parametrize(("answer", "state", "score"), [("b and a", "pass", 1), ("a", "fail", 0.5), ("c", "fail", 0)])
def test_facts_are_graded_by_their_share(answer: str, state: str, score: float) -> None:
    """Two facts: none, one or both; all of them pass."""
    outcome = score_answer(scorer(type="facts-all-present", graded=True), Item("i", "q", ["a", "b"]), answer)

    assert (outcome.state, outcome.score, outcome.grade) == (state, score, score)


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
        ({"type": "similarity", "route": "r"}, None),
        ({"type": "groundedness"}, "a"),
        ({"type": "code"}, "a"),
    ],
)
def test_an_item_that_cannot_be_scored_is_refused_beforehand(fields: dict[str, Any], expected: object) -> None:
    """Before a call is paid for, an item without the expected value that its scorer needs is named."""
    with pytest.raises(EvidenceError):
        check_items(scorer(**fields), labelled(expected))


def test_a_digest_tells_definitions_apart() -> None:
    """Equal definitions share a digest; any difference, a default that was changed too, gives another."""
    no_catalog: Any = None  # it is looked into for judges and embeddings alone
    digests = {digest_of_scorer(no_catalog, scorer(type="exact", case_sensitive=case)) for case in (False, True)}

    assert len(digests) == 2
    assert digest_of_scorer(no_catalog, scorer(type="exact")) in digests


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
        ({"type": "similarity", "route": "r"}, ["a", "a"]),
        ({"type": "refusal", "wanted": "answer"}, ["a", "a"]),
        ({"type": "groundedness"}, [{"passages": ["a"]}, {"passages": ["a"]}]),
    ],
)
def test_there_is_no_baseline_where_nobody_can_answer_blindly(fields: dict[str, Any], expected: list[object]) -> None:
    """Values that all differ, patterns, and no values at all: unknown, not 0."""
    assert assess_baseline(scorer(**fields), labelled(*expected)) is None
