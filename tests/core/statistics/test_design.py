"""What the gate promises, computed exactly and held against the published comparison of designs."""

from __future__ import annotations

import math
import sys
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.statistics.design import (
    OperatingCharacteristic,
    characteristic_of_lines,
    false_pass_over_attempts,
    fixed_design,
    minimum_passes,
    operating_characteristic,
)
from pilotage.core.statistics.gate import GateDesign, Verdict, assess_outcomes
from pilotage.core.statistics.intervals import lower_bound

UNDIVIDED = GateDesign(p0=0.9, p1=0.95, alpha=0.05, beta=0.1, cap=1000, attempt=None)
FIRST = UNDIVIDED.for_attempt(1)


@pytest.mark.parametrize(
    ("p", "expected_n", "percent_meets"),
    [
        (0.97, 96, 99.6),
        (0.95, 182, 92.4),
        (0.92, 206, 23.2),
        (0.90, 115, 3.4),
        (0.88, 71, 0.7),
        (0.85, 44, 0.1),
        (0.70, 15, 0.0),
    ],
)
def test_the_hybrid_row(p: float, expected_n: float, percent_meets: float) -> None:
    """p0 .90, p1 .95, whole alpha .05, beta .10, cap 1,000: calls within 2 %, MEETS to the printed digit."""
    result = operating_characteristic(UNDIVIDED, p)
    assert result.expected_n == pytest.approx(expected_n, rel=0.02)
    assert 100 * result.meets == pytest.approx(percent_meets, abs=0.051)
    assert result.meets + result.fails + result.undecided == pytest.approx(1)


@pytest.mark.parametrize("design", [UNDIVIDED, FIRST], ids=["undivided", "first attempt"])
def test_the_errors_are_kept(design: GateDesign) -> None:
    """A rate of .90 passes with at most 5 %, and one of .95 with at least 90 %, on the first attempt too."""
    assert operating_characteristic(design, 0.9).meets <= design.attempt_alpha
    assert operating_characteristic(design, 0.95).meets >= 0.90
    assert operating_characteristic(design, 0.95).fails <= design.beta


def test_the_first_attempt_pays_for_the_later_ones() -> None:
    """Half of alpha costs a fifth more calls where the claim is true, none where it is plainly false."""
    calls = [operating_characteristic(FIRST, p).expected_n for p in (0.97, 0.95, 0.92, 0.88, 0.85, 0.70)]
    assert calls == pytest.approx([117, 224, 237, 72, 44, 15], rel=0.02)


def test_the_power_that_a_small_cap_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    """A cap of 240 leaves 64 % of power at .95 with the whole of alpha, and 56 % on the first attempt."""
    power = [
        operating_characteristic(GateDesign(0.9, 0.95, 0.05, 0.1, 240, attempt), 0.95).meets for attempt in (None, 1)
    ]
    with capsys.disabled():
        sys.stdout.write(f"\npower at .95 with cap 240: {power[0]:.1%} undivided, {power[1]:.1%} at attempt 1\n")
    assert power == pytest.approx([0.644, 0.558], abs=5e-4)


@given(
    p0=st.floats(0.1, 0.9),
    gap=st.floats(0.1, 0.9),
    alpha=st.floats(0.001, 0.4),
    beta=st.floats(0.001, 0.4),
    cap=st.integers(1, 300),
)
def test_every_design_keeps_its_errors(p0: float, gap: float, alpha: float, beta: float, cap: int) -> None:
    """Any design MEETS at p0 with at most its share of alpha, and FAILS at p1 with at most beta."""
    design = GateDesign(p0, p0 + (1 - p0) * gap, alpha, beta, cap)
    assert operating_characteristic(design, design.p0).meets <= design.attempt_alpha * (1 + 1e-8)
    assert operating_characteristic(design, design.p1).fails <= design.beta * (1 + 1e-8)


@given(p=st.floats(0, 1), cap=st.integers(1, 10))
def test_the_characteristic_is_the_sum_over_all_walks(p: float, cap: int) -> None:
    """Dynamic programming gives what walking every possible way through the gate gives."""
    design = GateDesign(0.5, 0.8, 0.4, 0.3, cap)
    total = dict.fromkeys(Verdict, 0.0)
    calls = 0.0
    for walk in product((True, False), repeat=cap):
        weight = math.prod(p if outcome else 1 - p for outcome in walk)
        process = assess_outcomes(design, walk)
        total[process.verdict] += weight
        calls += weight * process.n
    result = operating_characteristic(design, p)
    assert (result.meets, result.fails, result.undecided, result.expected_n) == pytest.approx(
        (total[Verdict.MEETS], total[Verdict.FAILS], total[Verdict.UNDECIDED], calls)
    )


def test_certain_outcomes_give_certain_verdicts() -> None:
    """At a rate of 1 the gate meets with the fewest calls, and at 0 it fails with the fewest failures."""
    assert operating_characteristic(UNDIVIDED, 1) == OperatingCharacteristic(1, 1, 0, 0, 43)
    assert operating_characteristic(UNDIVIDED, 0) == OperatingCharacteristic(0, 0, 1, 0, 4)


def test_rerunning_until_green_is_covered() -> None:
    """Twenty attempts at a false claim pass with 3 % in all; with the whole alpha each it would be half."""
    assert false_pass_over_attempts(FIRST, 20) <= FIRST.alpha
    assert false_pass_over_attempts(FIRST, 20) == pytest.approx(0.0304, abs=5e-5)
    assert false_pass_over_attempts(FIRST, 1) == pytest.approx(operating_characteristic(FIRST, 0.9).meets)
    undivided = 1 - (1 - operating_characteristic(UNDIVIDED, 0.9).meets) ** 20
    assert undivided > 0.49


@given(p0=st.floats(0.3, 0.95), alpha=st.floats(0.01, 0.4), attempts=st.integers(1, 20))
def test_no_number_of_attempts_exceeds_alpha(p0: float, alpha: float, attempts: int) -> None:
    """The shares add up: whatever the claim, all attempts together risk at most alpha."""
    design = GateDesign(p0, p0 + (1 - p0) / 2, alpha, 0.1, 100)
    assert false_pass_over_attempts(design, attempts) <= alpha


def test_the_fixed_design_of_the_same_errors() -> None:
    """239 calls, of which 223 must pass: exact size 4.95 %, power 90.7 %, and one call fewer cannot do it."""
    design = fixed_design(0.9, 0.95, 0.05, 0.1)
    assert (design.n, design.passes_needed) == (239, 223)
    assert design.size == pytest.approx(0.0495, abs=5e-5)
    assert design.power == pytest.approx(0.907, abs=5e-4)
    assert lower_bound(223, 239) >= 0.9 > lower_bound(222, 239)


def test_stopping_the_fixed_design_when_it_is_certain() -> None:
    """The curtailed fixed design, the fair thing to compare with, keeps size and power with fewer calls."""
    design = fixed_design(0.9, 0.95, 0.05, 0.1)
    rates = (0.97, 0.95, 0.92, 0.90, 0.88, 0.85, 0.70)
    results = [characteristic_of_lines(design.curtailed_lines, p) for p in rates]
    assert [round(result.expected_n) for result in results] == [230, 232, 202, 169, 142, 113, 57]
    assert results[1].meets == pytest.approx(design.power)
    assert results[3].meets == pytest.approx(design.size)
    assert results[3].undecided == 0


def test_the_gate_costs_less_than_the_fixed_design() -> None:
    """At every rate compared the gate expects fewer calls, 2.3 times fewer on average over the six."""
    rates = (0.97, 0.95, 0.92, 0.88, 0.85, 0.70)
    calls = [operating_characteristic(UNDIVIDED, p).expected_n for p in rates]
    assert max(calls) < 239
    assert 239 / (sum(calls) / len(calls)) == pytest.approx(2.3, abs=0.05)


@pytest.mark.parametrize(("p0", "fewest"), [(0.90, 29), (0.92, 36), (0.99, 299)])
def test_fewer_calls_than_these_prove_nothing(p0: float, fewest: int) -> None:
    """The floor for every method; a gate that may be watched needs more than that."""
    assert minimum_passes(p0, 0.05) == fewest
    assert GateDesign(p0, (1 + p0) / 2, 0.05, 0.1, 1000, attempt=None).fewest_calls > fewest


def test_what_the_watched_gate_needs_at_least() -> None:
    """Fewest calls of a first attempt with alpha .05: 24 for .80, 51 for .90, 65 for .92, 535 for .99."""
    fewest = [GateDesign(p0, 0.999, 0.05, 0.1, 240).fewest_calls for p0 in (0.8, 0.9, 0.92, 0.99)]
    assert fewest == [24, 51, 65, 535]


def test_a_design_that_would_never_end_is_refused() -> None:
    """Rates that lie too close are named instead of searched for ever."""
    with pytest.raises(ValueError, match="lie so close"):
        fixed_design(0.9, 0.90001, 0.05, 0.1)
    with pytest.raises(ValueError, match="p1 must lie above p0"):
        fixed_design(0.9, 0.9, 0.05, 0.1)
    with pytest.raises(ValueError, match="beta must lie between 0 and 1"):
        fixed_design(0.9, 0.95, 0.05, 0.0)


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_an_impossible_rate_is_refused(p: float) -> None:
    """The characteristic exists at probabilities alone."""
    with pytest.raises(ValueError, match="a pass rate lies between 0 and 1"):
        operating_characteristic(UNDIVIDED, p)


def test_attempts_and_alphas_that_cannot_be_are_refused() -> None:
    """No attempt, or an error that is no probability, is named."""
    with pytest.raises(ValueError, match="attempts count from 1"):
        false_pass_over_attempts(FIRST, 0)
    with pytest.raises(ValueError, match="alpha must lie between 0 and 1"):
        minimum_passes(0.9, 1.0)


def test_the_largest_cap_is_computed() -> None:
    """A hundred thousand calls between lines that hardly part are followed to the end."""
    result = operating_characteristic(GateDesign(0.9, 0.91, 0.05, 0.1, 100_000), 0.905)
    assert result.meets + result.fails + result.undecided == pytest.approx(1)
    assert result.undecided < 1e-6
