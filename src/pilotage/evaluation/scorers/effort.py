"""Effort: answers that came in time, or that cost no more than they may."""

from __future__ import annotations

from pilotage.evaluation.outcome import PASS, Outcome, fail
from pilotage.evaluation.scorers.observation import Effort
from pilotage.registry.kinds.scorer import CostScorer, LatencyScorer


def score_latency(scorer: LatencyScorer, effort: Effort) -> Outcome:
    """Pass when the answer took no longer than it may; tries that failed before it are not in its time."""
    return PASS if effort.seconds <= scorer.at_most_seconds else fail("the answer took longer than it may")


def score_cost(scorer: CostScorer, effort: Effort) -> Outcome:
    """Pass when the answer cost at most so much at its highest possible price; an unknown cost is not measured."""
    if effort.cost is None:
        return Outcome("not-measured", "what the answer cost is unknown")
    return PASS if effort.cost <= scorer.at_most else fail("the answer cost more than it may")
