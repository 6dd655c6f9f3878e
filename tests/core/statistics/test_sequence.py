"""The running band holds at every n at once, and never contradicts the gate."""

from __future__ import annotations

import math
from itertools import islice, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pilotage.core.statistics.design import characteristic_of_lines
from pilotage.core.statistics.e_process import log_e_value, meets_line
from pilotage.core.statistics.gate import GateDesign, GateProcess, Verdict, assess_outcomes
from pilotage.core.statistics.lines import Boundary
from pilotage.core.statistics.sequence import METHOD, Band, anytime_interval, confidence_sequence, estimate_of_gate

COUNTS = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def ever_excluded(p: float, confidence: float, calls: int) -> float:
    """Compute exactly how probable it is that some interval of a run leaves the true rate out."""
    threshold = 2 / (1 - confidence)
    too_high = islice(meets_line(p, threshold), calls)
    too_low = islice(meets_line(1 - p, threshold), calls)  # the same for failures
    lines = [
        Boundary(n, many, None if failures is None else n - failures)
        for n, (many, failures) in enumerate(zip(too_high, too_low, strict=True), start=1)
    ]
    result = characteristic_of_lines(lines, p)
    return result.meets + result.fails


@pytest.mark.parametrize("p", [0.01, 0.3, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_over_all_calls_the_rate_is_left_out_no_more_often_than_said(p: float, confidence: float) -> None:
    """Exact dynamic programming over 2,000 looks, where a fixed-n interval would fail one time in four."""
    assert 0 < ever_excluded(p, confidence, 2000) <= 1 - confidence


@given(counts=COUNTS, confidence=st.floats(0.5, 0.9999))
def test_the_ends_are_where_the_e_value_reaches_its_threshold(counts: tuple[int, int], confidence: float) -> None:
    """At each end the e-value, of passes below and of failures above, is 2/(1 - confidence)."""
    passes, n = counts
    low, high = anytime_interval(passes, n, confidence)
    assert 0 <= low <= passes / n <= high <= 1
    goal = math.log(2 / (1 - confidence))
    if passes:
        assert log_e_value(low, n, passes) == pytest.approx(goal, abs=1e-6)
    if 1e-6 < high < 1:
        assert log_e_value(1 - high, n, n - passes) == pytest.approx(goal, abs=1e-6)


def run_gate(design: GateDesign, outcomes: list[bool]) -> tuple[GateProcess, list[Band]]:
    """Run a gate, and give it with its band."""
    process = assess_outcomes(design, outcomes)
    return process, confidence_sequence(outcomes[: process.n], 1 - 2 * design.attempt_alpha)


@st.composite
def finished_or_not(draw: st.DrawFn) -> tuple[GateProcess, list[Band]]:
    """Draw gates at any moment of their run."""
    p0 = draw(st.floats(0.3, 0.95))
    design = GateDesign(p0, p0 + (1 - p0) / 2, 0.1, 0.1, 150, draw(st.none() | st.integers(1, 3)))
    failing = draw(st.integers(0, 10))
    outcomes = draw(st.lists(st.integers(0, 19).map(lambda number: number >= failing), min_size=1, max_size=150))
    return run_gate(design, outcomes)


@given(gate=finished_or_not())
def test_the_interval_reaches_p0_exactly_when_the_gate_meets(gate: tuple[GateProcess, list[Band]]) -> None:
    """Verdict and interval are two views of one e-process and cannot disagree."""
    process, bands = gate
    estimate = estimate_of_gate(process, bands)
    assume(abs(estimate.low - process.design.p0) > 1e-8)
    assert (estimate.low > process.design.p0) == (process.verdict is Verdict.MEETS)
    assert estimate.point == process.passes / process.n
    assert (estimate.n, estimate.method) == (process.n, METHOD)


def test_the_estimate_of_a_first_attempt_has_the_usual_confidence() -> None:
    """With alpha .05 a first attempt may risk .025 on each side: an interval of 95 %."""
    design = GateDesign(0.8, 0.9, 0.05, 0.1, 240)
    estimate = estimate_of_gate(*run_gate(design, [True] * 240))
    assert estimate.confidence == pytest.approx(0.95)
    assert (estimate.n, estimate.point) == (24, 1)
    assert estimate.low == pytest.approx(0.802, abs=5e-4)


def test_a_gate_that_counted_nothing_has_no_estimate() -> None:
    """Nothing seen is unknown, not a rate of zero."""
    with pytest.raises(ValueError, match=r"keep it unknown \(None\)"):
        estimate_of_gate(GateProcess(GateDesign(0.8, 0.9, 0.05, 0.1, 240)), [])


def test_the_band_of_another_gate_is_refused() -> None:
    """A figure never stands beside a picture of something else."""
    process, _ = run_gate(GateDesign(0.8, 0.9, 0.05, 0.1, 240), [True] * 5)
    with pytest.raises(ValueError, match="the band ends at 4 and the gate at 5"):
        estimate_of_gate(process, confidence_sequence([True] * 4))


@given(outcomes=st.lists(st.sampled_from([True, True, True, False, None]), max_size=120))
def test_the_band_holds_the_share_and_is_within_the_interval(outcomes: list[bool | None]) -> None:
    """At each n the band holds the observed share, and is never wider than the interval at that n."""
    bands = confidence_sequence(outcomes)
    assert [band.n for band in bands] == list(range(1, len(outcomes) + 1))
    for band in bands:
        passes = sum(map(bool, outcomes[: band.n]))
        low, high = anytime_interval(passes, band.n)
        assert band.point == passes / band.n
        assert low - 1e-9 <= band.low <= band.point <= band.high <= high + 1e-9


def test_the_band_narrows_while_the_rate_is_steady() -> None:
    """Under a steady rate the running intersection never widens."""
    bands = confidence_sequence([slot % 10 != 5 for slot in range(1000)], confidence=0.9)
    for earlier, later in pairwise(bands):
        assert later.low >= earlier.low
        assert later.high <= earlier.high
    assert bands[-1].low == pytest.approx(0.8689, abs=5e-5)
    assert bands[-1].high == pytest.approx(0.9308, abs=5e-5)


def test_a_drifting_rate_starts_the_band_anew() -> None:
    """Five hundred passes and then only failures: the band follows the share instead of leaving it."""
    bands = confidence_sequence([True] * 500 + [False] * 500)
    assert bands[499].low > 0.98
    assert bands[-1].low < 0.5 < bands[-1].high


def test_no_outcome_gives_no_band() -> None:
    """Without outcomes there is nothing to draw, and every rate is possible."""
    assert confidence_sequence([]) == []
    assert anytime_interval(0, 0) == (0, 1)


def test_huge_n_gives_a_short_interval() -> None:
    """A thousand million calls are bounded as precisely as they deserve, one-sided extremes included."""
    low, high = anytime_interval(900_000_000, 10**9)
    assert 0.8999 < low < 0.9 < high < 0.9001
    assert anytime_interval(10**9, 10**9)[0] > 0.9999999
    assert anytime_interval(0, 10**9)[1] < 1e-7
    assert len(confidence_sequence([slot % 10 > 0 for slot in range(10_000)])) == 10_000


@pytest.mark.parametrize(
    ("passes", "n", "confidence", "said"),
    [(3, 2, 0.95, "3 of 2"), (1, 2, 1.0, "confidence must lie"), (1, 2, math.nan, "confidence must lie")],
)
def test_impossible_input_is_refused(passes: int, n: int, confidence: float, said: str) -> None:
    """Counts and confidences that cannot be are named."""
    with pytest.raises(ValueError, match=said):
        anytime_interval(passes, n, confidence)
