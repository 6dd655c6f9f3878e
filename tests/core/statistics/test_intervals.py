"""Fixed-n intervals agree with statsmodels and with the figures that everybody knows."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.proportion import proportion_confint

from pilotage.core.statistics.intervals import (
    bound_without_failures,
    clopper_pearson,
    estimate_of_proportion,
    lower_bound,
    upper_bound,
    wilson,
)

COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CONFIDENCES = st.floats(0.5, 0.999)


@given(counts=COUNTS, confidence=CONFIDENCES)
def test_intervals_agree_with_statsmodels(counts: tuple[int, int], confidence: float) -> None:
    """Both intervals are those of an independent implementation."""
    passes, n = counts
    for ours, theirs in ((clopper_pearson, "beta"), (wilson, "wilson")):
        expected = proportion_confint(passes, n, alpha=1 - confidence, method=theirs)
        assert ours(passes, n, confidence) == pytest.approx(expected, abs=1e-9)


@given(counts=COUNTS, confidence=CONFIDENCES)
def test_the_share_lies_in_its_intervals(counts: tuple[int, int], confidence: float) -> None:
    """Every interval holds the observed share and stays within 0 and 1, as an estimate must."""
    passes, n = counts
    for method in ("clopper-pearson", "wilson"):
        estimate = estimate_of_proportion(passes, n, confidence, method)
        assert 0 <= estimate.low <= estimate.point <= estimate.high <= 1
        assert (estimate.n, estimate.confidence, estimate.method) == (n, confidence, method)


@pytest.mark.parametrize("p", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [10, 59, 240])
def test_the_exact_bound_is_wrong_no_more_often_than_said(p: float, n: int) -> None:
    """Summed over all that can be seen, the lower bound exceeds the true rate with at most 5 %."""
    wrong = sum(float(binom.pmf(k, n, p)) for k in range(n + 1) if lower_bound(k, n) > p)
    assert wrong <= 0.05


def test_what_no_failure_proves() -> None:
    """59 calls without a failure still allow a failure rate of 4.95 %, 299 one of 1.0 %."""
    assert bound_without_failures(59) == pytest.approx(0.0495, abs=5e-5)
    assert bound_without_failures(299) == pytest.approx(0.00997, abs=5e-6)
    assert bound_without_failures(299) == pytest.approx(1 - 0.05 ** (1 / 299))
    assert bound_without_failures(0) == 1


def test_nothing_seen_leaves_everything_possible() -> None:
    """With n = 0 the interval is the whole range, and there is no estimate."""
    assert clopper_pearson(0, 0) == (0, 1)
    assert wilson(0, 0) == (0, 1)
    with pytest.raises(ValueError, match=r"keep it unknown \(None\)"):
        estimate_of_proportion(0, 0)


def test_huge_n_stays_exact() -> None:
    """A thousand million calls give a short interval around the share, and none gives no surprise."""
    low, high = clopper_pearson(900_000_000, 10**9)
    assert 0.8999 < low < 0.9 < high < 0.9001
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(0.09 / 1e9), rel=1e-3)
    assert wilson(10**9, 10**9)[1] == 1


@pytest.mark.parametrize(
    ("passes", "n", "confidence", "said"),
    [
        (5, 4, 0.95, "5 of 4"),
        (-1, 4, 0.95, "-1 of 4"),
        (1, 4, 1.0, "confidence must lie between 0 and 1"),
        (1, 4, 95, "confidence must lie between 0 and 1"),
        (1, 4, math.nan, "confidence must lie between 0 and 1"),
    ],
)
def test_impossible_counts_are_refused(passes: int, n: int, confidence: float, said: str) -> None:
    """Every interval names the count or the confidence that cannot be."""
    for interval in (clopper_pearson, wilson, lower_bound, upper_bound, estimate_of_proportion):
        with pytest.raises(ValueError, match=said):
            interval(passes, n, confidence)


def test_an_unknown_method_is_refused() -> None:
    """The methods that exist are named."""
    with pytest.raises(ValueError, match="use one of clopper-pearson, wilson"):
        estimate_of_proportion(1, 2, method="wald")  # pyright: ignore[reportArgumentType] - what is tested
