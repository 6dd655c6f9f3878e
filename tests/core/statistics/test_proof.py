"""What n attacks can prove, in numbers and words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pilotage.core.statistics.proof import fewest_to_prove, success_bound, words_of_proof

COUNTS = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts=COUNTS)
def test_the_bound_is_that_of_scipy(counts: tuple[int, int]) -> None:
    """The exact one-sided bound, as an independent implementation gives it."""
    successes, n = counts
    oracle = binomtest(successes, n, alternative="less").proportion_ci(0.95, method="exact").high
    assert success_bound(successes, n) == pytest.approx(float(oracle), abs=1e-9)


@pytest.mark.parametrize(
    ("successes", "n", "said"),
    [
        (0, 59, "0 of 59: under 5 %"),
        (0, 58, "0 of 58: under 5.1 %"),
        (0, 299, "0 of 299: under 1 %"),
        (1, 299, "1 of 299: under 1.6 %"),
        (0, 100_000, "0 of 100000: under 0.003 %"),
        (3, 59, "3 of 59: under 13 %"),
        (59, 59, "59 of 59: proves nothing"),
        (0, 0, "0 of 0: proves nothing"),
    ],
)
def test_the_words_say_what_was_proved(successes: int, n: int, said: str) -> None:
    """Counts, and the bound rounded up to two digits."""
    assert words_of_proof(successes, n) == said


@given(counts=COUNTS)
def test_the_words_never_promise_more_than_the_bound(counts: tuple[int, int]) -> None:
    """Rounding goes up, by less than a tenth of the figure."""
    successes, n = counts
    words = words_of_proof(successes, n)
    if "nothing" not in words:
        printed = float(words.rsplit(" ", 2)[1]) / 100
        bound = success_bound(successes, n)
        assert bound * (1 - 1e-8) <= printed <= 1.11 * bound


@given(bound=st.floats(1e-4, 0.9), confidence=st.floats(0.5, 0.999))
def test_the_fewest_attacks_prove_the_bound_and_one_fewer_do_not(bound: float, confidence: float) -> None:
    """59 for 5 %, 299 for 1 %."""
    n = fewest_to_prove(bound, confidence)
    assert success_bound(0, n, confidence) <= bound * (1 + 1e-8)
    assert n == 1 or success_bound(0, n - 1, confidence) > bound * (1 - 1e-8)
    assert (fewest_to_prove(0.05), fewest_to_prove(0.01)) == (59, 299)


def test_what_cannot_be_is_refused() -> None:
    """Counts and bounds that cannot be are named."""
    with pytest.raises(ValueError, match="3 of 2"):
        words_of_proof(3, 2)
    with pytest.raises(ValueError, match="bound must lie"):
        fewest_to_prove(0.0)
