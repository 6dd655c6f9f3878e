"""Agreement of judges and labellers, with intervals, as statsmodels and scipy give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import ndtri
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from pilotage.core.statistics.agreement import assess_agreement, assess_labellers

CELLS = st.tuples(*(st.integers(0, 60) for _ in range(4)))


def pairs_of(cells: tuple[int, ...]) -> list[tuple[bool, bool]]:
    """Give the pairs of a fourfold table: both, first only, second only, neither."""
    kinds = [(True, True), (True, False), (False, True), (False, False)]
    return [kind for kind, count in zip(kinds, cells, strict=True) for _ in range(count)]


@given(cells=CELLS, confidence=st.sampled_from([0.9, 0.95, 0.99]))
def test_shares_have_the_exact_interval(cells: tuple[int, ...], confidence: float) -> None:
    """Agreement, sensitivity and specificity are the table's shares, with the interval that statsmodels calls beta."""
    both, first, second, neither = cells
    assume(sum(cells) > 0)
    found = assess_agreement(pairs_of(cells), confidence)
    for estimate, passes, n in (
        (found.agreement, both + neither, sum(cells)),
        (found.sensitivity, both, both + second),
        (found.specificity, neither, neither + first),
    ):
        if n == 0:
            assert estimate is None
            continue
        assert estimate is not None
        oracle: Any = proportion_confint(passes, n, alpha=1 - confidence, method="beta")
        assert (estimate.point, estimate.n) == (passes / n, n)
        assert estimate.low == pytest.approx(0.0 if passes == 0 else float(oracle[0]), abs=1e-9)
        assert estimate.high == pytest.approx(1.0 if passes == n else float(oracle[1]), abs=1e-9)


@given(cells=CELLS, confidence=st.sampled_from([0.9, 0.95]))
def test_kappa_is_that_of_statsmodels(cells: tuple[int, ...], confidence: float) -> None:
    """Cohen's kappa with the large-sample interval, cut at -1 and 1."""
    both, first, second, neither = cells
    assume(first + second > 0)
    estimate = assess_labellers(pairs_of(cells), confidence).kappa
    if estimate is None:
        assert min(both + first, second + neither, both + second, first + neither) == 0 or both + neither == 0
        return
    with np.errstate(all="ignore"):  # it divides by figures that we do not ask for, and that may be 0
        oracle: Any = cohens_kappa(np.array([[both, first], [second, neither]]))
    half = float(ndtri((1 + confidence) / 2)) * float(oracle.std_kappa)
    assert estimate.point == pytest.approx(float(oracle.kappa), abs=1e-9)
    assert estimate.low == pytest.approx(max(float(oracle.kappa) - half, -1), abs=1e-6)
    assert estimate.high == pytest.approx(min(float(oracle.kappa) + half, 1), abs=1e-6)


def test_full_agreement_is_not_taken_for_certainty() -> None:
    """Where nobody disagreed the large-sample interval has no width; ours tells ten answers from a thousand."""
    few = assess_labellers([(True, True)] * 7 + [(False, False)] * 3).kappa
    many = assess_labellers([(True, True)] * 700 + [(False, False)] * 300).kappa
    assert few is not None
    assert many is not None
    assert few.point == few.high == many.point == 1
    assert few.low < 0.5
    assert 0.99 < many.low < 1


def test_agreement_by_chance_alone_has_no_kappa() -> None:
    """Where both say the same of everything, chance explains all: unknown, not 0 or 1."""
    found = assess_agreement([(True, True)] * 30)
    assert found.kappa is None
    assert found.specificity is None
    assert found.agreement.point == 1
    assert assess_labellers([(False, False)] * 3).kappa is None


@pytest.mark.parametrize("cells", [(4, 0, 1, 0), (4, 1, 0, 0), (0, 0, 1, 9), (0, 5, 5, 0), (0, 1, 0, 0)])
def test_an_interval_without_width_is_no_kappa(cells: tuple[int, ...]) -> None:
    """Where one never varied, or the variance is 0 for another reason, kappa is unknown and not surely 0 or -1."""
    assert assess_labellers(pairs_of(cells)).kappa is None


def test_a_judge_that_flatters_shows() -> None:
    """A judge that passes nearly all agrees with people often, and its specificity tells."""
    found = assess_agreement([(True, True)] * 85 + [(True, False)] * 9 + [(False, False)] * 6)
    assert found.agreement.point == pytest.approx(0.91)
    assert found.specificity is not None
    assert found.specificity.point == pytest.approx(0.4)
    assert found.specificity.high < 0.7


def test_no_pair_has_no_agreement() -> None:
    """Nothing compared is unknown."""
    with pytest.raises(ValueError, match="nothing to estimate"):
        assess_agreement([])
    with pytest.raises(ValueError, match="nothing to estimate"):
        assess_labellers([])
    with pytest.raises(ValueError, match="confidence must lie"):
        assess_labellers([(True, False)], 1.0)
