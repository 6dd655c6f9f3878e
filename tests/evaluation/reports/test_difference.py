"""Tests of two runs side by side: the interval agrees with the gate's own, and holds wherever one stops."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.statistics.betting import betting_sequence
from pilotage.evaluation.reports.difference import assess_difference

COUNTS = st.dictionaries(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.integers(0, 60))


def test_the_interval_is_that_of_the_bettors() -> None:
    """Counted values give the same ends as the gate's own band over one constant value after another."""
    for n in (1, 2, 7, 40):
        band = betting_sequence([1.0] * n, 0.95)[-1]
        found = assess_difference({1.0: n})

        assert found is not None
        assert found.low == pytest.approx(2 * band.low - 1, abs=1e-9)
        assert found.high == 1


@given(st.lists(st.sampled_from([0.0, 0.3, 0.5, 1.0]), min_size=1, max_size=80))
def test_the_interval_holds_the_running_one(values: list[float]) -> None:
    """The interval at the last n is never narrower than the running intersection that the gate's band gives."""
    band = betting_sequence(values, 0.95)[-1]
    found = assess_difference({value: values.count(value) for value in set(values)})

    assert found is not None
    assert found.point == pytest.approx(2 * sum(values) / len(values) - 1)
    assert found.low <= 2 * band.low - 1 + 1e-9 or band.low == pytest.approx(sum(values) / len(values))
    assert found.high >= 2 * band.high - 1 - 1e-9 or band.high == pytest.approx(sum(values) / len(values))


@given(COUNTS)
def test_the_interval_mirrors(counts: dict[float, int]) -> None:
    """Comparing the other way round turns the interval round, and nothing asked is no estimate."""
    found = assess_difference(counts)
    mirrored = assess_difference({1 - value: count for value, count in counts.items()})

    if sum(counts.values()) == 0:
        assert found is None
        return
    assert found is not None
    assert mirrored is not None
    assert -1 <= found.low <= found.point <= found.high <= 1
    assert (found.low, found.high) == pytest.approx((-mirrored.high, -mirrored.low), abs=1e-9)


def test_the_interval_covers_wherever_one_stops() -> None:
    """Over 150 seeded pairs of runs, the true difference leaves the interval at any look in at most 5 of 100."""
    missed = 0
    for seed in range(150):
        chance = random.Random(seed)
        better = worse = 0
        for n in range(1, 241):
            drawn = chance.random()
            better += drawn < 0.12
            worse += 0.12 <= drawn < 0.17
            if n % 40 == 0:
                found = assess_difference({1.0: better, 0.0: worse, 0.5: n - better - worse})
                assert found is not None
                if not found.low <= 0.07 <= found.high:
                    missed += 1
                    break
    assert missed <= 7


@pytest.mark.parametrize("counts", [{1.5: 1}, {-0.1: 1}, {0.5: -1}])
def test_what_cannot_be_is_refused(counts: dict[float, int]) -> None:
    """A value outside 0 to 1 and a negative count are refused."""
    with pytest.raises(ValueError, match="paired value"):
        assess_difference(counts)


@pytest.mark.parametrize("confidence", [0, 1, float("nan")])
def test_a_confidence_that_cannot_be_is_refused(confidence: float) -> None:
    """Confidence lies strictly between 0 and 1."""
    with pytest.raises(ValueError, match="confidence"):
        assess_difference({0.5: 1}, confidence)
