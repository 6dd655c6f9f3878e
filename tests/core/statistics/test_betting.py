"""The band of a graded gate holds at every n at once, and is where the bets put it."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.core.statistics.simulate import Answers, Floats, run_bets

from pilotage.core.statistics.betting import bands_of_bets, betting_sequence
from pilotage.core.statistics.intervals import upper_bound
from pilotage.core.statistics.sequence import confidence_sequence
from pilotage.core.statistics.wagers import Bets, Bettors

VALUES = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=120)


def wealth(values: list[float], mean: float) -> float:
    """Give the wealth of the bettors against a mean, step by step as the gate does."""
    bettors = Bettors.against(mean, 0.05)
    held = bettors.weights
    for value in values:
        held = bettors.after(held, value)
    return sum(held)


@given(values=VALUES, confidence=st.floats(0.6, 0.999))
def test_the_ends_are_where_the_wealth_reaches_its_goal(values: list[float], confidence: float) -> None:
    """The first band's ends, and those of any band while it is not cut by an earlier one, solve for the goal."""
    goal = 2 / (1 - confidence)
    bands = betting_sequence(values, confidence)
    assert [band.n for band in bands] == list(range(1, len(values) + 1))
    low, high = bands[-1].low, bands[-1].high
    last = len(values) > 1 and (low > bands[-2].low, high < bands[-2].high)
    if len(values) == 1 or (last and last[0]):
        assume(low > 1e-9)
        assert wealth(values, low) == pytest.approx(goal, rel=1e-5)
    if len(values) == 1 or (last and last[1]):
        assume(high < 1 - 1e-9)
        assert wealth([1 - value for value in values], 1 - high) == pytest.approx(goal, rel=1e-5)


@given(values=VALUES)
def test_the_band_holds_the_mean_so_far(values: list[float]) -> None:
    """At each n the point is the mean, and lies in the band, which lies in 0 to 1."""
    for band in betting_sequence(values):
        assert band.point == pytest.approx(sum(values[: band.n]) / band.n)
        assert 0 <= band.low <= band.point <= band.high <= 1


@given(values=VALUES)
def test_what_is_missing_to_one_has_the_mirrored_band(values: list[float]) -> None:
    """Failures are counted with the same right as passes."""
    for band, mirrored in zip(betting_sequence(values), betting_sequence([1 - v for v in values]), strict=True):
        assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((band.low, band.high), abs=1e-7)


@pytest.mark.parametrize("shape", [(9.0, 1.0), (0.5, 0.5), (40.0, 20.0)])
def test_over_all_looks_the_mean_is_left_out_no_more_often_than_said(shape: tuple[float, float]) -> None:
    """Of 2,000 seeded runs of 500 grades few leave the true mean out at any n, on either side: 10 % are allowed.

    The mean is left out exactly when the bets against it have reached the goal, so those are followed; some of the
    runs are held against the band itself.
    """
    mean = shape[0] / sum(shape)
    bets = Bets(Bettors.against(mean, 0.05), Bettors.against(1 - mean, 0.05))
    drawn: list[Floats] = []

    def draw(random: np.random.Generator, size: int) -> Answers:
        drawn.append(random.beta(*shape, size))
        return Answers(drawn[-1], np.zeros(size, bool))

    ends = run_bets(bets, draw, cap=500, runs=2000, seed=5)
    left_out = ends.met | ends.failed
    assert upper_bound(int(left_out.sum()), 2000, 0.99) <= 0.1 + 0.01
    first = int(ends.n[left_out].min())
    together = np.array([values[:2000] for values in drawn[:first]]).T
    runs = [int(run) for run in np.flatnonzero(left_out & (ends.n == first))]
    for run in [*runs[:3], 0, 1]:
        bands = betting_sequence(together[run].tolist(), 0.9)
        assert any(not band.low <= mean <= band.high for band in bands) == (run in runs)


@pytest.mark.parametrize("rate", [0.3, 0.9, 1.0])
def test_on_outcomes_it_is_nearly_the_band_of_the_gate_on_outcomes(rate: float) -> None:
    """Twelve bettors are almost the uniform mixture, so the two bands differ little."""
    outcomes = np.random.default_rng(1).random(32) < rate
    ours, exact = betting_sequence(outcomes.astype(float).tolist())[-1], confidence_sequence(outcomes.tolist())[-1]
    assert (ours.low, ours.high) == pytest.approx((exact.low, exact.high), abs=0.006)


def test_grades_that_vary_little_have_a_shorter_band() -> None:
    """A fifth of the variance, well under half of the width."""
    random = np.random.default_rng(2)
    outcomes = betting_sequence((random.random(300) < 0.8).astype(float).tolist())[-1]
    means = betting_sequence((random.binomial(5, 0.8, 300) / 5).tolist())[-1]
    assert means.high - means.low < 0.55 * (outcomes.high - outcomes.low)


def test_a_drifting_mean_starts_the_band_anew() -> None:
    """Three hundred perfect grades and then none: the band follows the mean instead of leaving it."""
    bands = betting_sequence([1.0] * 300 + [0.0] * 600)
    assert bands[299].low > 0.97
    assert bands[-1].low < 0.34 < bands[-1].high < 0.5


def test_under_a_steady_mean_the_band_never_widens() -> None:
    """Between the n at which it is computed anew, the band stays."""
    bands = betting_sequence([0.5 + 0.1 * (slot % 5) for slot in range(600)])
    for earlier, later in pairwise(bands):
        assert later.low >= earlier.low
        assert later.high <= earlier.high


def test_many_different_grades_are_rounded_against_the_claim_and_the_end_is_exact() -> None:
    """With thousands of different values the bands before the end are a little wider; the last is solved in full."""
    values = np.random.default_rng(3).beta(9, 1, 5_000).tolist()
    bands = betting_sequence(values)
    assert wealth(values, bands[-1].low) == pytest.approx(40, rel=1e-4)
    for n in (1_024, 4_999):
        exact = betting_sequence(values[:n])[-1]
        assert bands[n - 1].low <= exact.low + 1e-9
        assert bands[n - 1].high >= exact.high - 1e-9
        assert bands[n - 1].low == pytest.approx(exact.low, abs=2e-3)


def test_nothing_and_only_the_worst_or_best_are_bounded() -> None:
    """No value gives no band; only zeros leave the lower end at 0, only ones the upper at 1."""
    assert betting_sequence([]) == []
    assert betting_sequence([None] * 50)[-1][1:3] == (0, 0)
    assert betting_sequence([0.0] * 50)[-1].high < 0.15
    assert betting_sequence([1.0] * 50)[-1].low > 0.85
    assert betting_sequence([1.0] * 50)[-1].high == 1


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan])
def test_impossible_input_is_refused(value: float) -> None:
    """A value outside the range, or a confidence that is none, is named."""
    with pytest.raises(ValueError, match="a value at a gate lies between 0 and 1"):
        betting_sequence([0.5, value])
    with pytest.raises(ValueError, match="a value at a gate lies between -3 and 4"):
        bands_of_bets([5.0], -3, 4, 0.95)
    with pytest.raises(ValueError, match="confidence must lie"):
        betting_sequence([0.5], 1.0)
