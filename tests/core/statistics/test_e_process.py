"""The e-process is the truncated beta integral, and its line is where that integral reaches the threshold."""

from __future__ import annotations

import math
import subprocess
import sys
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaincc, betaln

from pilotage.core.statistics.e_process import fails_line, fewest_passes, log_e_value, meets_line

RATES = st.floats(0.02, 0.98)


def incomplete_beta_form(p0: float, n: int, passes: int) -> float:
    """Compute the same integral by another way, the incomplete beta function; -inf where that underflows."""
    failures = n - passes
    share = float(betaincc(passes + 1, failures + 1, p0))
    if share < 1e-290:  # below, floats lose their digits one by one
        return -math.inf
    log_integral = betaln(passes + 1, failures + 1) + math.log(share)
    return float(log_integral - passes * math.log(p0) - (failures + 1) * math.log1p(-p0))


@given(p0=RATES, n=st.integers(0, 400), data=st.data())
def test_the_series_is_the_incomplete_beta_function(p0: float, n: int, data: st.DataObject) -> None:
    """Two ways to one integral agree wherever the incomplete beta function does not underflow."""
    passes = data.draw(st.integers(0, n))
    other = incomplete_beta_form(p0, n, passes)
    if math.isfinite(other):
        assert log_e_value(p0, n, passes) == pytest.approx(other, abs=1e-8)


@given(p0=RATES, n=st.integers(0, 200), data=st.data())
def test_at_p0_the_e_value_is_expected_to_stay(p0: float, n: int, data: st.DataObject) -> None:
    """It is a martingale at p0: averaged over the next outcome, the e-value stays what it is."""
    passes = data.draw(st.integers(0, n))
    up = math.log(p0) + log_e_value(p0, n + 1, passes + 1)
    down = math.log1p(-p0) + log_e_value(p0, n + 1, passes)
    assert float(np.logaddexp(up, down)) == pytest.approx(log_e_value(p0, n, passes), abs=1e-9)


@pytest.mark.parametrize(
    ("n", "passes"), [(100_000, 100_000), (100_000, 90_000), (100_000, 0), (10_000_000, 9_000_000)]
)
def test_huge_counts_stay_finite(n: int, passes: int) -> None:
    """Neither overflow nor underflow, where the e-value itself is beyond any float."""
    assert math.isfinite(log_e_value(0.9, n, passes))


def test_before_any_outcome_there_is_no_evidence() -> None:
    """The e-value begins at 1, and a long run of failures leaves it small but above nothing."""
    assert log_e_value(0.9, 0, 0) == pytest.approx(0)
    assert log_e_value(0.9, 100_000, 0) == pytest.approx(-math.log(100_001))


@pytest.mark.parametrize(("p0", "alpha"), [(0.9, 0.05), (0.9, 1e-6), (0.5, 0.05), (0.99, 0.01), (0.02, 0.4)])
def test_the_line_is_the_fewest_passes_that_reach_the_threshold(p0: float, alpha: float) -> None:
    """At the line the integral has reached 1/alpha, and one pass fewer does not do, far out as well."""
    threshold = math.log(1 / alpha)
    line = list(islice(meets_line(p0, 1 / alpha), 20_000))
    for n in [*range(1, 300), 999, 5_000, 20_000]:
        meets_at = line[n - 1]
        if meets_at is None:
            assert incomplete_beta_form(p0, n, n) < threshold
        else:
            assert incomplete_beta_form(p0, n, meets_at) >= threshold - 1e-8
            assert meets_at == 0 or incomplete_beta_form(p0, n, meets_at - 1) < threshold


@given(p0=RATES, alpha=st.floats(1e-9, 0.4))
def test_the_line_begins_at_the_fewest_passes(p0: float, alpha: float) -> None:
    """The closed form for "all of them passed" finds the call at which the line begins."""
    fewest = fewest_passes(p0, 1 / alpha)
    line = list(islice(meets_line(p0, 1 / alpha), fewest))
    assert line == [None] * (fewest - 1) + [fewest]


def test_fewest_passes_of_a_rate_close_to_one() -> None:
    """A claim of seven nines is answered at once, by search and not by walking there."""
    assert fewest_passes(1 - 1e-7, 20) > 40_000_000


def test_the_lower_line_is_the_likelihood_ratio() -> None:
    """With p0 .5, p1 .95 and threshold 10, one failure is a ratio of just 10: a tie counts as reached."""
    assert list(islice(fails_line(0.5, 0.95, 10), 4)) == [0, 0, 1, 2]
    assert list(islice(fails_line(0.9, 0.95, 10), 4)) == [None, None, None, 0]


@pytest.mark.parametrize(
    ("p0", "n", "passes", "said"),
    [
        (1.0, 3, 1, "p0 must lie between 0 and 1"),
        (math.nan, 3, 1, "p0 must lie between 0 and 1"),
        (0.9, 3, 4, "4 of 3"),
        (0.9, -1, 0, "0 of -1"),
    ],
)
def test_impossible_input_is_named(p0: float, n: int, passes: int, said: str) -> None:
    """A rate or a count that cannot be is refused with what was wrong."""
    with pytest.raises(ValueError, match=said):
        log_e_value(p0, n, passes)


def test_reading_designs_and_verdicts_loads_no_numerics() -> None:
    """A process that only reads gate designs and verdicts loads neither numpy nor scipy."""
    program = (
        "import sys, pilotage.core.statistics.gate; "
        "sys.exit(int(any(name in sys.modules for name in ('numpy', 'scipy'))))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
