"""What a gate will cost is told before a call is made, and agrees with what the gates then do."""

from __future__ import annotations

import math

import pytest
from tests.core.statistics.simulate import SimulatedJudge, draw_clusters, lines_of_bets, run_corrected, run_graded

from pilotage.core.statistics.design import characteristic_of_lines, fixed_design, operating_characteristic
from pilotage.core.statistics.expected import MOST_EXACT, _coarse_lines, _looks, assess_cost
from pilotage.core.statistics.gate import GateDesign, boundaries
from pilotage.core.statistics.graded import bets_of

DESIGN = GateDesign(p0=0.9, p1=0.95, alpha=0.05, beta=0.1, cap=1000, attempt=None)
RATES = (0.97, 0.95, 0.92, 0.90, 0.88, 0.85, 0.70)


def test_the_gate_on_outcomes_is_computed_exactly() -> None:
    """Each rate has the figures of dynamic programming, beside the fixed design and the calls at worst."""
    cost = assess_cost(DESIGN, RATES)
    for at in cost.rates:
        exact = operating_characteristic(DESIGN, at.rate)
        assert (at.meets, at.fails, at.undecided) == (exact.meets, exact.fails, exact.undecided)
        assert (at.expected_n, at.expected_labels) == (exact.expected_n, None)
    assert (cost.exact, cost.most_n, cost.fixed_n) == (True, 1000, 239)
    wider = GateDesign(0.9, 0.95, 0.05, 0.1, 3_000, None)
    assert assess_cost(wider, RATES).most_n == len(boundaries(wider)) == 1_159


def test_a_large_cap_is_simulated_and_agrees_with_the_exact_figures() -> None:
    """Just above the largest cap computed exactly, 400 walks give the same within their error."""
    design = GateDesign(0.9, 0.95, 0.05, 0.1, MOST_EXACT + 1, None)
    cost = assess_cost(design, RATES)
    assert not cost.exact
    assert cost.most_n == pytest.approx(1_159, rel=0.02)
    for at in cost.rates:
        exact = operating_characteristic(design, at.rate)
        assert at.expected_n == pytest.approx(exact.expected_n, rel=0.15)
        assert (at.meets, at.fails) == pytest.approx((exact.meets, exact.fails), abs=0.075)


def test_the_lines_of_a_large_cap_are_those_of_the_gate() -> None:
    """Where they are looked at, both lines are the ones that the gate walks between."""
    design = GateDesign(0.9, 0.91, 0.05, 0.1, 20_000)
    looks = _looks(design.cap)
    meets_at, fails_at = _coarse_lines(design, looks)
    lines = boundaries(design)
    for n, meets, fails in zip(looks.tolist(), meets_at.tolist(), fails_at.tolist(), strict=True):
        line = lines[n - 1]
        assert meets == (n + 1 if line.meets_at is None else line.meets_at)
        assert max(fails, -1) == (-1 if line.fails_at is None else line.fails_at)


def test_the_largest_cap_is_answered() -> None:
    """A million calls, between lines that hardly part: at p0 it takes hundreds of thousands, far below hundreds."""
    design = GateDesign(0.9, 0.901, 0.05, 0.1, 1_000_000)
    for kind in ("binary", "graded"):
        cost = assess_cost(design, (0.95, 0.9, 0.7), kind=kind)
        assert cost.fixed_n is None
        assert cost.rates[0].meets == 1
        assert cost.rates[0].expected_n < 500
        assert cost.rates[1].expected_n > 100_000
        assert cost.rates[1].meets <= 0.05
        assert cost.rates[2].fails == 1


def test_grades_without_a_spread_are_taken_at_their_worst() -> None:
    """As if all were 0 or 1: within its error what is computed exactly for those."""
    cost = assess_cost(DESIGN, RATES, kind="graded")
    lines = lines_of_bets(bets_of(DESIGN), DESIGN.cap)
    for at in cost.rates:
        exact = characteristic_of_lines(lines, at.rate)
        assert at.expected_n == pytest.approx(exact.expected_n, rel=0.15)
        assert (at.meets, at.fails) == pytest.approx((exact.meets, exact.fails), abs=0.075)
    assert (cost.fixed_n, cost.most_n) == (239, 1000)
    assert "as if all were 0 or 1" in cost.assumption


def test_grades_with_a_spread_cost_about_what_such_grades_then_cost() -> None:
    """Means of five independent answers, whose spread is known: calls within a quarter of a simulation of them."""
    spread = math.sqrt(0.95 * 0.05 / 5)
    cost = assess_cost(DESIGN, (0.95,), kind="graded", spread=spread)
    ends = run_graded(DESIGN, draw_clusters(0.95, 5, 0.0), 1000, seed=1)
    assert cost.rates[0].expected_n == pytest.approx(float(ends.n.mean()), rel=0.25)
    assert cost.fixed_n is not None
    assert cost.fixed_n < 239
    assert "0.09" in cost.assumption


@pytest.mark.parametrize("floor", [0.25, 1.0])
def test_a_corrected_judge_costs_what_such_a_judge_then_costs(floor: float) -> None:
    """Answers, labels and verdicts as 1,000 gates with that judge have them, within the error of 400."""
    judge = SimulatedJudge(0.97, 0.60)
    design = GateDesign(0.9, 0.95, 0.05, 0.1, 2_000, None)
    cost = assess_cost(
        design, (0.97, 0.95, 0.85), kind="corrected", floor=floor, judge=(judge.sensitivity, judge.specificity)
    )
    for at in cost.rates:
        ends = run_corrected(design, judge, at.rate, floor, 1000, seed=6)
        assert at.expected_n == pytest.approx(float(ends.n.mean()), rel=0.15)
        assert at.expected_labels == pytest.approx(float(ends.labels.mean()), rel=0.15)
        assert at.meets == pytest.approx(float(ends.met.mean()), abs=0.06)
    assert cost.fixed_n == fixed_design(0.9, 0.95, 0.05, 0.1).n
    assert "97%" in cost.assumption


def test_the_same_question_has_the_same_answer() -> None:
    """The simulation is seeded."""
    first = assess_cost(DESIGN, RATES, kind="corrected", floor=0.5)
    assert first == assess_cost(DESIGN, RATES, kind="corrected", floor=0.5)


def test_certain_rates_are_told() -> None:
    """At a rate of 1 all walks meet, at 0 all fail, also where grades are simulated."""
    best, worst = assess_cost(DESIGN, (1.0, 0.0), kind="graded").rates
    assert (best.meets, worst.fails) == (1, 1)
    assert best.expected_n == 43
    best, worst = assess_cost(DESIGN, (1.0, 0.0), kind="graded", spread=0.1).rates
    assert (best.meets, worst.fails) == (1, 1)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rates": (1.1,)}, "a rate lies between 0 and 1, not 1.1"),
        ({"rates": (math.nan,)}, "a rate lies between 0 and 1"),
        ({"judge": (0.9, -0.1)}, "a rate lies between 0 and 1, not -0.1"),
        ({"spread": 0.0}, "the spread of grades lies between 0 and 0.5"),
        ({"spread": 0.6}, "the spread of grades lies between 0 and 0.5"),
        ({"floor": 0.0, "kind": "corrected"}, "the least share of answers to be labelled"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, object], said: str) -> None:
    """Rates, spreads, judges and floors that cannot be are named."""
    arguments: dict[str, object] = {"rates": RATES, **changed}
    with pytest.raises(ValueError, match=said):
        assess_cost(DESIGN, **arguments)  # type: ignore[arg-type]
