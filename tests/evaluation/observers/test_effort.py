"""Effort: an answer's seconds and cost, and how they are judged."""

from __future__ import annotations

import asyncio

import pytest

from pilotage.evaluation.observers.effort import EffortObserver
from pilotage.evaluation.scorers.observation import Effort
from pilotage.evaluation.scorers.score import score_answer
from pilotage.evaluation.targets.target import Answer
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import CostScorer, LatencyScorer

ITEM = Item("i", "question")
LATENCY = LatencyScorer(type="latency", at_most_seconds=2)
COST = CostScorer(type="cost", at_most=0.01)


async def read_cost(call: str) -> float | None:
    """Know the cost of one call."""
    return {"01JB00000000000000000000AB": 0.004}.get(call)


@pytest.mark.parametrize(
    ("call", "cost"), [("01JB00000000000000000000AB", 0.004), ("01JB00000000000000000000AC", None), (None, None)]
)
def test_cost_is_looked_up_by_the_call_that_answered(call: str | None, cost: float | None) -> None:
    """Without a call of the gateway, or without its price, the cost is unknown, never nothing."""
    observer = EffortObserver(read_cost)

    seen = asyncio.run(observer.observe(ITEM, Answer("a", 1.5, call), run="r", repeat=0))

    assert seen == Effort(1.5, cost)


def test_seconds_need_no_meter() -> None:
    """A latency is judged wherever answers come from."""
    assert asyncio.run(EffortObserver().observe(ITEM, Answer("a", 1.5, "c"), run="r", repeat=0)) == Effort(1.5)


@pytest.mark.parametrize(("seconds", "state"), [(0.0, "pass"), (2.0, "pass"), (2.001, "fail")])
def test_latency_has_a_limit(seconds: float, state: str) -> None:
    """An answer at the limit is in time."""
    assert score_answer(LATENCY, ITEM, "a", Effort(seconds)).state == state


@pytest.mark.parametrize(("cost", "state"), [(0.0, "pass"), (0.01, "pass"), (0.0101, "fail"), (None, "not-measured")])
def test_cost_has_a_limit(cost: float | None, state: str) -> None:
    """An unknown cost is not measured, which a gate counts as failed."""
    assert score_answer(COST, ITEM, "a", Effort(1, cost)).state == state
