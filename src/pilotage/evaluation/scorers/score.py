"""Picks the declared scorer for an answer, checks items against it, and finds what answering blindly would score."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import assert_never

from pilotage.core.canonical import Json, canonical_json
from pilotage.core.errors import EvidenceError
from pilotage.core.estimate import Estimate
from pilotage.core.statistics.intervals import estimate_of_proportion
from pilotage.evaluation.json_shape import is_list
from pilotage.evaluation.outcome import AnswerValue, Outcome
from pilotage.evaluation.scorers.facts import fold_fact, score_facts
from pilotage.evaluation.scorers.labels import score_labels
from pilotage.evaluation.scorers.number import expected_number, score_number
from pilotage.evaluation.scorers.structure import check_schema, missing_fields, score_structure
from pilotage.evaluation.scorers.text import fold_text, pattern_occurs, score_contains, score_exact, score_regex
from pilotage.registry.items import Item
from pilotage.registry.kinds.evaluation import (
    ContainsScorer,
    ExactScorer,
    FactsScorer,
    JsonSchemaScorer,
    NumberScorer,
    OneOfScorer,
    RegexScorer,
    Scorer,
)


def score_answer(scorer: Scorer, item: Item, answer: AnswerValue) -> Outcome:  # noqa: PLR0911 - one for each scorer
    """Judge an answer: pass or fail, with a reason that quotes neither the answer nor the expected one.

    Raises:
        EvidenceError: the scorer's own pattern or schema is wrong (see `check_items`, which tells beforehand).
    """
    match scorer:
        case ExactScorer():
            return score_exact(scorer, item.expected, answer)
        case OneOfScorer():
            return score_labels(scorer, item.expected, answer)
        case ContainsScorer():
            return score_contains(scorer, item.expected, answer)
        case RegexScorer():
            return score_regex(scorer, item.expected, answer)
        case NumberScorer():
            return score_number(scorer, item.expected, answer)
        case JsonSchemaScorer():
            return score_structure(scorer, item.expected, answer)
        case FactsScorer():
            return score_facts(_facts(item.expected), answer)
    assert_never(scorer)


def check_items(scorer: Scorer, items: Sequence[Item]) -> None:
    """Refuse a scorer that cannot work, or items without the expected value that it needs, before anything is asked.

    Raises:
        EvidenceError: names the first such item, or says what is wrong with the scorer.
    """
    if isinstance(scorer, JsonSchemaScorer):
        check_schema(scorer)
    if isinstance(scorer, RegexScorer) and scorer.pattern is not None:
        pattern_occurs(scorer.pattern, "")
    for item in items:
        lacking = _lacking(scorer, item.expected)
        if lacking is not None:
            message = f"item {item.id!r}: the scorer {scorer.type} needs {lacking}"
            raise EvidenceError(message, "mend the item's `expected`, or choose another scorer")


def _lacking(scorer: Scorer, expected: Json) -> str | None:  # noqa: PLR0911 - one for each scorer
    """Say what an item's expected value should be; None where it is fit."""
    match scorer:
        case ExactScorer() | OneOfScorer() | ContainsScorer():
            fit = isinstance(expected, str) and bool(expected.strip())
            return None if fit else "a text as expected value"
        case RegexScorer():
            if scorer.pattern is not None:
                return None
            if not isinstance(expected, str) or not expected:
                return "a pattern as expected value, since it has none of its own"
            pattern_occurs(expected, "")
            return None
        case NumberScorer():
            return None if expected_number(expected) is not None else "a number as expected value"
        case JsonSchemaScorer():
            missing = missing_fields(scorer, expected)
            return f"the field {missing[0]} in the expected value" if missing else None
        case FactsScorer():
            facts = _facts(expected)
            fit = bool(facts) and all(fold_fact(fact) for fact in facts)
            return None if fit else "a text, or a list of texts, as expected value"
    assert_never(scorer)


def assess_baseline(scorer: Scorer, items: Sequence[Item], confidence: float = 0.95) -> Estimate | None:
    """Estimate the share that always giving the same answer would pass, over all items.

    That answer is the most frequent expected value; for one-of-k the k most frequent. None where no value is expected
    twice, or none at all: then nobody could answer blindly.
    """
    counts = Counter(_common_form(scorer, item.expected) for item in items if item.expected is not None)
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    if not ranked or ranked[0][1] < 2:  # noqa: PLR2004 - expected twice
        return None
    by_form = {_common_form(scorer, item.expected): item.expected for item in reversed(items)}
    if isinstance(scorer, OneOfScorer):
        answer: AnswerValue = [by_form[form] for form, _ in ranked[: scorer.k]]
    elif isinstance(scorer, RegexScorer):
        return None  # a pattern is no answer
    else:
        answer = _as_answer(by_form[ranked[0][0]], as_json=isinstance(scorer, JsonSchemaScorer))
    passes = sum(score_answer(scorer, item, answer).state == "pass" for item in items)
    return estimate_of_proportion(passes, len(items), confidence)


def _common_form(scorer: Scorer, expected: Json) -> str:
    if isinstance(expected, str):
        case_sensitive = isinstance(scorer, (ExactScorer, ContainsScorer)) and scorer.case_sensitive
        return fold_text(expected, case_sensitive=case_sensitive)
    return canonical_json(expected).decode()


def _as_answer(expected: Json, *, as_json: bool) -> AnswerValue:
    if is_list(expected) and not as_json:
        return "; ".join(str(part) for part in expected)
    return expected if isinstance(expected, str) and not as_json else json.dumps(expected)


def _facts(expected: Json) -> tuple[str, ...]:
    """Give the facts of an item: a text is one fact; none where the value is something else."""
    if isinstance(expected, str):
        return (expected,)
    if is_list(expected) and all(isinstance(fact, str) for fact in expected):
        return tuple(expected)
    return ()
