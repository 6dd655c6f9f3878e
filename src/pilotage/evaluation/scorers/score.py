"""Picks the declared scorer for an answer, checks items against it, and finds what answering blindly would score."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import TypeVar, assert_never

from pilotage.core.canonical import Json, canonical_json
from pilotage.core.errors import EvidenceError
from pilotage.core.estimate import Estimate
from pilotage.core.statistics.intervals import estimate_of_proportion
from pilotage.evaluation.json_shape import is_list
from pilotage.evaluation.outcome import AnswerValue, Outcome
from pilotage.evaluation.scorers.code import lacking_for_code, score_code
from pilotage.evaluation.scorers.effort import score_cost, score_latency
from pilotage.evaluation.scorers.facts import fold_fact, score_facts
from pilotage.evaluation.scorers.groundedness import lacking_passages, score_groundedness
from pilotage.evaluation.scorers.judged import score_judged
from pilotage.evaluation.scorers.labels import score_labels
from pilotage.evaluation.scorers.number import expected_number, score_number
from pilotage.evaluation.scorers.observation import (
    Effort,
    Nearness,
    Observation,
    Opinion,
    PluginFinding,
    SandboxReport,
)
from pilotage.evaluation.scorers.refusal import score_refusal
from pilotage.evaluation.scorers.similarity import score_similarity
from pilotage.evaluation.scorers.structure import check_schema, missing_fields, score_structure
from pilotage.evaluation.scorers.text import fold_text, pattern_occurs, score_contains, score_exact, score_regex
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import (
    CodeScorer,
    ContainsScorer,
    CostScorer,
    ExactScorer,
    FactsScorer,
    GroundednessScorer,
    JsonSchemaScorer,
    JudgedScorer,
    LatencyScorer,
    NumberScorer,
    OneOfScorer,
    PluginScorer,
    RefusalScorer,
    RegexScorer,
    Scorer,
    SimilarityScorer,
)

Seen = TypeVar("Seen", Nearness, Opinion, Effort, SandboxReport, PluginFinding)
_BLIND = (ExactScorer, OneOfScorer, ContainsScorer, NumberScorer, JsonSchemaScorer, FactsScorer)
"""Scorers that compare an answer with an expected value, so that somebody could answer blindly."""


def score_answer(  # noqa: C901, PLR0911, PLR0912 - one for each scorer
    scorer: Scorer, item: Item, answer: AnswerValue, observation: Observation = None
) -> Outcome:
    """Judge an answer: pass or fail, with a reason that quotes neither the answer nor the expected one.

    Args:
        scorer: how it is judged.
        item: what was asked.
        answer: what was answered.
        observation: what the scorer's observer found of this answer; None where the scorer needs none.

    Raises:
        EvidenceError: the scorer's own pattern or schema is wrong (see `check_items`, which tells beforehand), or it
            needs an observation of another kind.
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
            return score_facts(scorer, _facts(item.expected), answer)
        case GroundednessScorer():
            return score_groundedness(scorer, item, answer)
        case RefusalScorer():
            return score_refusal(scorer, answer)
        case SimilarityScorer():
            return score_similarity(scorer, answer, _seen(Nearness, scorer, observation))
        case LatencyScorer():
            return score_latency(scorer, _seen(Effort, scorer, observation))
        case CostScorer():
            return score_cost(scorer, _seen(Effort, scorer, observation))
        case CodeScorer():
            return score_code(scorer, item.expected, _seen(SandboxReport, scorer, observation))
        case JudgedScorer():
            return score_judged(scorer, _seen(Opinion, scorer, observation))
        case PluginScorer():
            return _seen(PluginFinding, scorer, observation).outcome
    assert_never(scorer)


def _seen(kind: type[Seen], scorer: Scorer, observation: Observation) -> Seen:
    """Give the observation that a scorer needs."""
    if not isinstance(observation, kind):
        message = f"the scorer {scorer.type} judges what an observer saw, and none of its kind was there"
        raise EvidenceError(message, "measure with `pilotage assess` or `pilotage evaluation run`, which bring it")
    return observation


def check_items(scorer: Scorer, items: Iterable[Item]) -> None:
    """Refuse a scorer that cannot work, or items without the expected value that it needs, before anything is asked.

    What a plugin needs only the plugin knows; `check_plugin_items` asks it.

    Raises:
        EvidenceError: names the first such item, or says what is wrong with the scorer.
    """
    if isinstance(scorer, JsonSchemaScorer):
        check_schema(scorer)
    if isinstance(scorer, RegexScorer) and scorer.pattern is not None:
        pattern_occurs(scorer.pattern, "")
    for item in items:
        lacking = _lacking(scorer, item)
        if lacking is not None:
            raise unfit_item(item, scorer, lacking)


def unfit_item(item: Item, scorer: Scorer, lacking: str) -> EvidenceError:
    """Say that an item lacks what its scorer needs."""
    message = f"item {item.id!r}: the scorer {scorer.type} needs {lacking}"
    return EvidenceError(message, "mend the item, or choose another scorer")


def _lacking(scorer: Scorer, item: Item) -> str | None:  # noqa: C901, PLR0911 - one for each scorer
    """Say what an item should hold for its scorer; None where it is fit."""
    expected = item.expected
    match scorer:
        case ExactScorer() | OneOfScorer() | ContainsScorer() | SimilarityScorer():
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
        case GroundednessScorer():
            return lacking_passages(item)
        case CodeScorer():
            return lacking_for_code(expected)
        case RefusalScorer() | LatencyScorer() | CostScorer() | JudgedScorer() | PluginScorer():
            return None
    assert_never(scorer)


def assess_baseline(scorer: Scorer, items: Sequence[Item], confidence: float = 0.95) -> Estimate | None:
    """Estimate the share that always giving the same answer would pass, over all items.

    That answer is the most frequent expected value; for one-of-k the k most frequent. None where no value is expected
    twice, or none at all, and where the scorer compares with no answer: then nobody could answer blindly.
    """
    if not isinstance(scorer, _BLIND):
        return None
    counts = Counter(_common_form(scorer, item.expected) for item in items if item.expected is not None)
    ranked = counts.most_common(scorer.k if isinstance(scorer, OneOfScorer) else 1)
    if not ranked or ranked[0][1] < 2:  # noqa: PLR2004 - expected twice
        return None
    common = dict.fromkeys(form for form, _ in ranked)
    for item in items:
        form = None if item.expected is None else _common_form(scorer, item.expected)
        if form in common and common[form] is None:
            common[form] = item.expected
    if isinstance(scorer, OneOfScorer):
        answer: AnswerValue = list(common.values())
    else:
        answer = _as_answer(next(iter(common.values())), as_json=isinstance(scorer, JsonSchemaScorer))
    passes = sum(score_answer(scorer, item, answer).state == "pass" for item in items)
    return estimate_of_proportion(passes, len(items), confidence)


def _common_form(scorer: Scorer, expected: Json) -> int:
    """Give the same number for expected values that the scorer takes for the same; a number, since it is small."""
    if isinstance(expected, str):
        case_sensitive = isinstance(scorer, (ExactScorer, ContainsScorer)) and scorer.case_sensitive
        form = fold_text(expected, case_sensitive=case_sensitive).encode("utf-8", "surrogatepass")
    else:
        form = canonical_json(expected)
    return int.from_bytes(blake2b(form, digest_size=8).digest())


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
