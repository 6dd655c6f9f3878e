"""The gate on grades: bets on a mean, one verdict, fixed by the values in schedule order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.core.statistics.simulate import lines_of_bets, run_graded

from pilotage.core.statistics.betting import betting_sequence
from pilotage.core.statistics.design import characteristic_of_lines
from pilotage.core.statistics.gate import GateDesign, Verdict
from pilotage.core.statistics.graded import METHOD, GradedProcess, assess_grades, bets_of, estimate_of_graded
from pilotage.core.statistics.process import Process
from pilotage.core.statistics.wagers import FRACTIONS, Bettors, fractions_from

UNDIVIDED = GateDesign(p0=0.9, p1=0.95, alpha=0.05, beta=0.1, cap=1000, attempt=None)
GRADES = st.floats(0, 1) | st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0])


@st.composite
def designs(draw: st.DrawFn) -> GateDesign:
    """Draw designs of every kind that decide within a short run."""
    p0 = draw(st.floats(0.05, 0.95))
    p1 = p0 + (1 - p0) * draw(st.floats(0.05, 0.95))
    errors = st.floats(0.01, 0.45)
    attempt = draw(st.none() | st.integers(1, 5))
    return GateDesign(p0, p1, draw(errors), draw(errors), draw(st.integers(1, 80)), attempt)


@st.composite
def grade_lists(draw: st.DrawFn, most: int = 100) -> list[float | None]:
    """Draw runs of grades from poor to good, some of them not measured."""
    least = draw(st.floats(0, 1))
    return draw(st.lists(st.floats(least, 1) | GRADES | st.none(), max_size=most))


def seen(process: Process[float]) -> tuple[Verdict, int, float, int | None]:
    """Give what a process says, through what every process has."""
    return process.verdict, process.n, process.total, process.decided_at


@given(design=designs(), values=grade_lists())
def test_the_verdict_is_the_first_crossing_of_the_definition(design: GateDesign, values: list[float | None]) -> None:
    """The wealth of the bettors, written out as a sum of products, gives the verdict value by value."""
    up, down = FRACTIONS, fractions_from(1 - design.p0 / design.p1)
    expected: tuple[Verdict, int | None] = (Verdict.UNDECIDED, None)
    grades = [0.0 if value is None else value for value in values[: design.cap]]
    for n in range(1, len(grades) + 1):
        above, below = (
            sum(weight * math.prod(1 + share / mean * (z - mean) for z in seen_so_far) for share, weight in bettors)
            / sum(weight for _, weight in bettors)
            for bettors, mean, seen_so_far in (
                (up, design.p0, grades[:n]),
                (down, 1 - design.p1, [1 - grade for grade in grades[:n]]),
            )
        )
        assume(abs(above * design.attempt_alpha - 1) > 1e-7)
        assume(abs(below * design.beta - 1) > 1e-7)
        if above * design.attempt_alpha > 1 or below * design.beta > 1:
            expected = (Verdict.MEETS if above * design.attempt_alpha > 1 else Verdict.FAILS, n)
            break
    process = assess_grades(design, values)
    assert (process.verdict, process.decided_at) == expected
    assert process.total == pytest.approx(sum(grades[: process.n]))


@given(mean=st.floats(0.02, 0.98), values=st.lists(GRADES, max_size=30), low=st.floats(0, 1), high=st.floats(0, 1))
def test_at_the_mean_bet_against_the_wealth_is_expected_to_stay(
    mean: float, values: list[float], low: float, high: float
) -> None:
    """It is a martingale: averaged over any next value whose mean is the one refuted, the wealth stays what it is."""
    low, high = low * mean, mean + high * (1 - mean)
    assume(high - low > 1e-6)
    share = (mean - low) / (high - low)
    bettors = Bettors.against(mean, 0.05)
    wealth = bettors.weights
    for value in values:
        wealth = bettors.after(wealth, value)
    following = share * sum(bettors.after(wealth, high)) + (1 - share) * sum(bettors.after(wealth, low))
    assert following == pytest.approx(sum(wealth), rel=1e-9)


@given(design=designs())
def test_outcomes_of_0_and_1_keep_the_errors_exactly(design: GateDesign) -> None:
    """Computed, not simulated: at p0 it MEETS with at most its share of alpha, at p1 it FAILS with at most beta."""
    lines = lines_of_bets(bets_of(design), design.cap)
    assert characteristic_of_lines(lines, design.p0).meets <= design.attempt_alpha * (1 + 1e-6)
    assert characteristic_of_lines(lines, design.p1).fails <= design.beta * (1 + 1e-6)


@given(design=designs(), values=grade_lists(), data=st.data())
def test_a_better_value_never_harms(design: GateDesign, values: list[float | None], data: st.DataObject) -> None:
    """A value raised never worsens the verdict, and one that was lost never helps."""
    assume(values)
    at = data.draw(st.integers(0, len(values) - 1))
    order = [Verdict.FAILS, Verdict.UNDECIDED, Verdict.MEETS]

    def rank(changed: list[float | None]) -> int:
        return order.index(assess_grades(design, changed).verdict)

    now = rank(values)
    better = data.draw(st.floats(values[at] or 0.0, 1))
    assert rank([*values[:at], better, *values[at + 1 :]]) >= now
    assert rank([*values[:at], None, *values[at + 1 :]]) <= now


@given(design=designs(), values=grade_lists(), data=st.data())
def test_a_run_that_is_continued_ends_as_one_that_was_not_stopped(
    design: GateDesign, values: list[float | None], data: st.DataObject
) -> None:
    """A gate is one process: stopping after any value and going on changes nothing."""
    at = data.draw(st.integers(0, len(values)))
    process = assess_grades(design, values[:at])
    for value in values[at:]:
        process = process.after(value)
    assert seen(process) == seen(assess_grades(design, values))
    assert process == assess_grades(design, values)


@given(design=designs(), values=grade_lists(most=40))
def test_values_that_are_surely_needed_are_never_wasted(design: GateDesign, values: list[float | None]) -> None:
    """However they turn out, the values said to be needed all count, and the last of them may decide."""
    process = assess_grades(design, values)
    needed = process.surely_needed
    assert (needed == 0) == process.finished
    ends: list[GradedProcess] = []
    for grade in (1.0, 0.0):
        ahead = process
        for _ in range(needed - 1):
            ahead = ahead.after(grade)
        assert ahead.finished == process.finished
        ends.append(ahead.after(grade))
    assert any(end.finished for end in ends)


@given(design=designs(), values=grade_lists())
def test_the_band_reaches_p0_exactly_when_the_gate_meets(design: GateDesign, values: list[float | None]) -> None:
    """Verdict and band are two views of the same bets and cannot disagree."""
    process = assess_grades(design, values)
    assume(process.n > 0)
    estimate = estimate_of_graded(process, betting_sequence(values[: process.n], 1 - 2 * design.attempt_alpha))
    assume(abs(estimate.low - design.p0) > 1e-7)
    assert (estimate.low > design.p0) == (process.verdict is Verdict.MEETS)
    assert estimate.point == pytest.approx(process.total / process.n)
    assert (estimate.n, estimate.method) == (process.n, METHOD)


def test_the_extremes_decide_as_early_as_the_design_allows() -> None:
    """With p0 .90 and the whole of alpha, 43 perfect grades meet, as at the gate on outcomes; two of 0 fail."""
    assert seen(assess_grades(UNDIVIDED, [1.0] * 99)) == (Verdict.MEETS, 43, 43.0, 43)
    assert seen(assess_grades(UNDIVIDED, [None] * 99)) == (Verdict.FAILS, 2, 0.0, 2)


def test_steady_grades_decide_sooner_than_outcomes_of_the_same_mean() -> None:
    """Grades that hardly vary say more: a steady .97 needs 61 values, where outcomes of that rate need some 96."""
    assert seen(assess_grades(UNDIVIDED, [0.97] * 99))[:2] == (Verdict.MEETS, 61)


def test_meets_wins_a_tie() -> None:
    """A mean between p0 and p1 refutes both; where the same value does it, the claim is the one that was asked."""
    first_met = assess_grades(GateDesign(0.4, 0.6, 0.05, 1e-9, 1000, None), [0.5] * 1000)
    first_failed = assess_grades(GateDesign(0.4, 0.6, 1e-9, 0.05, 1000, None), [0.5] * 1000)
    assert (first_met.verdict, first_failed.verdict) == (Verdict.MEETS, Verdict.FAILS)
    before = assess_grades(GateDesign(0.4, 0.6, 1e-9, 1e-9, 1000, None), [0.5] * (first_met.n - 1))
    bets = bets_of(before.design)
    wealth = sum(bets.down.after(before._below or bets.down.weights, 0.5))
    tied = GateDesign(0.4, 0.6, 0.05, 1 / wealth, 1000, None)
    assert sum(before._below or ()) < 1 / tied.beta
    assert seen(assess_grades(tied, [0.5] * 1000))[:2] == (Verdict.MEETS, first_met.n)


def test_at_the_cap_the_gate_stays_undecided() -> None:
    """Neither mean refuted within the cap: undecided, finished, and nothing counts afterwards."""
    process = assess_grades(GateDesign(0.9, 0.95, 0.05, 0.1, cap=20), [1.0] * 30)
    assert seen(process) == (Verdict.UNDECIDED, 20, 20.0, None)
    assert process.finished
    assert process.after(1.0) is process


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, math.inf])
def test_what_is_no_grade_is_refused(value: float) -> None:
    """A value outside 0 to 1 is named."""
    with pytest.raises(ValueError, match="a value at a gate lies between 0 and 1"):
        GradedProcess(UNDIVIDED).after(value)


def test_figures_of_nothing_or_of_another_gate_are_refused() -> None:
    """Nothing seen is unknown, and a figure never stands beside a picture of something else."""
    with pytest.raises(ValueError, match=r"keep it unknown \(None\)"):
        estimate_of_graded(GradedProcess(UNDIVIDED), [])
    with pytest.raises(ValueError, match="the band ends at 4 and the gate at 5"):
        estimate_of_graded(assess_grades(UNDIVIDED, [1.0] * 5), betting_sequence([1.0] * 4))


def test_many_gates_at_once_are_the_shipped_gate_step_by_step() -> None:
    """The simulations of these tests give, gate by gate, what the process gives."""
    design = GateDesign(0.7, 0.8, 0.1, 0.1, 120)
    drawn: list[np.ndarray] = []
    open_: list[int] = []

    def draw(random: np.random.Generator, size: int) -> np.ndarray:
        drawn.append(random.beta(6, 2, size))
        open_.append(size)
        return drawn[-1]

    ends = run_graded(design, draw, runs=40, seed=3)
    still = [GradedProcess(design)] * 40
    alive = list(range(40))
    for values, size in zip(drawn, open_, strict=True):
        assert size == len(alive)
        for run, value in zip(list(alive), values.tolist(), strict=True):
            still[run] = still[run].after(value)
        alive = [run for run in alive if not still[run].finished]
    assert [process.verdict is Verdict.MEETS for process in still] == ends.met.tolist()
    assert [process.verdict is Verdict.FAILS for process in still] == ends.failed.tolist()
    assert [process.n for process in still] == ends.n.tolist()
    assert 0 < ends.met.sum() < 40
