"""PPI++ as ppi-python computes it, and only where labels enough bear it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import binom

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.corrected import Corrected
from pilotage.core.statistics.intervals import clopper_pearson
from pilotage.core.statistics.ppi import METHOD, corrected_estimate, ppi_plus_plus

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "golden/ppi.json").read_text())


def unpack(tenths: str) -> list[float]:
    """Read values that are written one letter each, from a for 0 to k for 1."""
    return ["abcdefghijk".index(letter) / 10 for letter in tenths]


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: f"{case['judge']}-{len(case['label'])}")
@pytest.mark.parametrize(("name", "trust"), [("tuned", None), ("plain", 1.0), ("labels alone", 0.0)])
def test_it_is_what_ppi_python_computes(case: dict[str, Any], name: str, trust: float | None) -> None:
    """Point and interval equal those of ppi-python 0.2.3 to 1e-9, power-tuned, plain, and of the labels alone."""
    labelled = list(zip(unpack(case["score"]), unpack(case["label"]), strict=True))
    found = ppi_plus_plus(unpack(case["others"]), labelled, GOLDEN["confidence"], trust=trust)
    point, low, high = case[name]
    assert [found.point, found.low, found.high] == pytest.approx(
        [min(max(end, 0), 1) for end in (point, low, high)], abs=1e-9
    )
    assert (found.n, found.method) == (len(labelled), METHOD)


class Case(NamedTuple):
    """2,000 answers at a true rate of .85: what the judge says, and whether they are good."""

    score: list[float]
    good: list[float]

    def labelled(self, labels: int) -> list[tuple[float, float]]:
        """Give score and label of the first answers."""
        return list(zip(self.score[:labels], self.good[:labels], strict=True))

    def answers(self, labels: int) -> list[Corrected]:
        """Give all answers, the first of them labelled."""
        share = labels / len(self.score)
        known = [Corrected(score, label, share) for score, label in self.labelled(labels)]
        return known + [Corrected(score, None, share) for score in self.score[labels:]]


def draw_cases(count: int, judge: tuple[float, float], seed: int) -> Iterator[Case]:
    """Draw such answers with a judge of this sensitivity and specificity."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        good = random.random(2_000) < 0.85
        right = random.random(2_000) < np.where(good, *judge)
        yield Case(np.where(right, good, ~good).astype(float).tolist(), good.astype(float).tolist())


def coverage(estimates: list[Estimate]) -> float:
    """Give the share of intervals that hold the true rate."""
    return sum(one.low <= 0.85 <= one.high for one in estimates) / len(estimates)


def mean_width(estimates: list[Estimate]) -> float:
    """Give the width of the intervals on average."""
    return sum(one.high - one.low for one in estimates) / len(estimates)


@pytest.mark.parametrize(
    ("judge", "labels", "published", "width"),
    [
        ((0.97, 0.60), 50, 86.4, 0.123),
        ((0.95, 0.80), 50, 84.2, 0.108),
        ((0.98, 0.95), 50, 84.6, 0.066),
        ((0.97, 0.60), 100, 87.5, 0.090),
        ((0.95, 0.80), 100, 88.3, 0.081),
        ((0.98, 0.95), 100, 86.7, 0.052),
        ((0.97, 0.60), 300, 89.0, 0.054),
        ((0.95, 0.80), 300, 88.8, 0.050),
    ],
)
def test_coverage_and_width_are_the_published_ones(
    judge: tuple[float, float], labels: int, published: float, width: float
) -> None:
    """Nominal 90 %, within the error of 1,000 samples here and 3,000 there; the trap is below a hundred labels.

    Widths are within 7 %: the publication tuned its trust in the judge by a formula of its own, ours is ppi-python's.
    """
    found = [
        ppi_plus_plus(case.score[labels:], case.labelled(labels), 0.9) for case in draw_cases(1_000, judge, seed=8)
    ]
    assert 100 * coverage(found) == pytest.approx(published, abs=3.2)
    assert mean_width(found) == pytest.approx(width, rel=0.07)
    if labels == 50:
        assert coverage(found) < 0.885


@pytest.mark.parametrize("judge", [(0.97, 0.60), (0.95, 0.80), (0.98, 0.95)])
def test_with_fifty_labels_ours_does_not_fall_into_the_trap(judge: tuple[float, float]) -> None:
    """It gives the labels alone, exactly, and so covers 90 % or more."""
    found = [corrected_estimate(case.answers(50), 0.9) for case in draw_cases(60, judge, seed=8)]
    assert {one.method for one in found} == {"clopper-pearson"}
    # The interval hangs on the passes among the labels alone, so its coverage is computed exactly.
    intervals = [clopper_pearson(passes, 50, 0.9) for passes in range(51)]
    assert {(one.low, one.high) for one in found} <= set(intervals)
    assert sum(binom.pmf(k, 50, 0.85) for k in range(51) if intervals[k][0] <= 0.85 <= intervals[k][1]) >= 0.9


@pytest.mark.parametrize("judge", [(0.97, 0.60), (0.95, 0.80)])
def test_from_a_hundred_labels_on_ours_is_ppi_plus_plus_and_shorter(judge: tuple[float, float]) -> None:
    """The same figures, and an interval shorter than that of the labels alone."""
    for case in draw_cases(20, judge, seed=9):
        found = corrected_estimate(case.answers(100), 0.9)
        assert found == ppi_plus_plus(case.score[100:], case.labelled(100), 0.9)
        low, high = clopper_pearson(int(sum(case.good[:100])), 100, 0.9)
        assert found.high - found.low < high - low


@pytest.mark.parametrize(
    ("judge", "published"), [((0.97, 0.60), (0.0, 0.2)), ((0.95, 0.80), (55.3, 56.6)), ((0.98, 0.95), (69.0, 70.3))]
)
def test_the_judge_alone_falls_into_the_trap(judge: tuple[float, float], published: tuple[float, float]) -> None:
    """Its own normal interval, of 2,000 answers, nominal 90 %, holds the true rate hardly ever to too seldom; exact."""
    reported = judge[0] * 0.85 + (1 - judge[1]) * 0.15
    passes = np.arange(2_001)
    share = passes / 2_000
    holds = np.abs(share - 0.85) <= ndtri(0.95) * np.sqrt(share * (1 - share) / 2_000)
    covered = 100 * float(binom.pmf(passes, 2_000, reported)[holds].sum())
    assert published[0] - 0.5 <= covered <= published[1] + 0.5


def test_where_the_lot_favours_the_unsure_labels_are_weighed() -> None:
    """Of a judge with grades, whose unsure answers are labelled more often, plain shares of labels would mislead."""
    random = np.random.default_rng(11)
    found: list[Estimate] = []
    plain: list[float] = []
    for _ in range(300):
        good = random.random(1_000) < 0.85
        score = np.round(np.clip(np.where(good, 0.9, 0.5) + random.normal(0, 0.15, 1_000), 0, 1), 1)
        share = 0.15 + 0.85 * 4 * score * (1 - score)
        drawn = random.random(1_000) < share
        rows = zip(score.tolist(), good.tolist(), drawn.tolist(), share.tolist(), strict=True)
        answers = [Corrected(one, float(label) if lot else None, part) for one, label, lot, part in rows]
        found.append(corrected_estimate(answers, 0.9))
        plain.append(float(good[drawn].mean()))
    assert np.mean(plain) < 0.8
    assert np.mean([one.point for one in found]) == pytest.approx(0.85, abs=0.005)
    assert 0.87 <= coverage(found) <= 0.94


def test_with_few_labels_and_an_uneven_lot_the_band_stands_in() -> None:
    """Neither the normal approximation nor a plain share of labels would do: the gate's band needs neither."""
    answers = [
        Corrected(0.5 if at % 2 else 1.0, 1.0 if at % 4 == 1 or at % 8 == 0 else None, 1.0 if at % 2 else 0.25)
        for at in range(120)
    ]
    found = corrected_estimate(answers, 0.9)
    assert found.method == "corrected-betting-sequence"
    assert found.n == 45


def test_judge_and_labels_that_never_differ_are_not_certainty() -> None:
    """A hundred and fifty labels all as the judge said: PPI++ would leave out what nobody drew; exact bounds do not."""
    answers = [Corrected(1.0, 1.0 if at < 150 else None, 0.1) for at in range(1_500)]
    found = corrected_estimate(answers)
    assert found.method == "clopper-pearson"
    assert (found.point, found.high) == (1, 1)
    assert 0.97 < found.low < 0.98


def test_answers_that_could_not_be_measured_count_as_bad() -> None:
    """One answer in ten missing takes a tenth off the share, off its interval too."""
    answers: list[Corrected | None] = [Corrected(1.0, float(at % 10 != 0), 1.0) for at in range(90)]
    whole, missing = corrected_estimate(answers), corrected_estimate([*answers, *[None] * 10])
    assert missing.point == pytest.approx(0.9 * whole.point)
    assert (missing.low, missing.high) == pytest.approx((0.9 * whole.low, 0.9 * whole.high))


@given(
    labels=st.lists(st.booleans(), min_size=1, max_size=250),
    others=st.integers(0, 300),
    confidence=st.floats(0.5, 0.99),
)
def test_every_sample_has_an_estimate(labels: list[bool], others: int, confidence: float) -> None:
    """Whatever was drawn, a point within its interval within 0 to 1 comes out."""
    share = len(labels) / (len(labels) + others)
    answers = [Corrected(float(at % 3 > 0), float(label), share) for at, label in enumerate(labels)]
    answers += [Corrected(float(at % 5 > 0), None, share) for at in range(others)]
    found = corrected_estimate(answers, confidence)
    assert 0 <= found.low <= found.point <= found.high <= 1
    assert found.n == len(labels)


def test_nothing_labelled_is_unknown() -> None:
    """Without a label there is no estimate, and PPI needs answers besides those labelled."""
    with pytest.raises(ValueError, match="no answer is labelled"):
        corrected_estimate([Corrected(1.0, None, 0.5), None])
    with pytest.raises(ValueError, match="no answer is labelled"):
        corrected_estimate([])
    with pytest.raises(ValueError, match="not 0 and 2"):
        ppi_plus_plus([], [(1.0, 1.0), (0.0, 1.0)])
    with pytest.raises(ValueError, match="not 1 and 1"):
        ppi_plus_plus([1.0], [(1.0, 1.0)])
