"""Tests of the small values that everything passes around: amounts, estimates, moments, errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.amount import Amount, sum_amounts
from pilotage.core.clock import ManualClock, format_time, parse_time
from pilotage.core.errors import DocumentError, LedgerError, PilotageError, Problem, Refusal
from pilotage.core.estimate import Estimate

CENTS = st.integers(0, 10**9).map(lambda cents: Decimal(cents) / 100)


@given(CENTS, CENTS, CENTS, CENTS)
def test_amounts_add_end_by_end(low: Decimal, width: Decimal, more: Decimal, wider: Decimal) -> None:
    """The sum of two ranges runs from the sum of the lows to the sum of the highs."""
    first, second = Amount(low, low + width, "EUR"), Amount(more, more + wider, "EUR")
    total = first + second
    assert (total.low, total.high) == (low + more, low + width + more + wider)
    assert first.times(2) == first + first


def test_unknown_amounts_make_the_sum_unknown() -> None:
    """One part that nobody knows is never taken for 0, and no part at all is no knowledge either."""
    known = Amount(Decimal(1), Decimal(2), "EUR")
    assert sum_amounts([known, known]) == Amount(Decimal(2), Decimal(4), "EUR")
    assert sum_amounts([known, None]) is None
    assert sum_amounts([]) is None


def test_currencies_are_never_mixed() -> None:
    """Euros and dollars are not added."""
    with pytest.raises(ValueError, match="cannot add USD to EUR"):
        _ = Amount(Decimal(1), Decimal(1), "EUR") + Amount(Decimal(1), Decimal(1), "USD")


@pytest.mark.parametrize(("low", "high"), [("2", "1"), ("-1", "1")])
def test_amounts_are_ranges_from_zero_up(low: str, high: str) -> None:
    """A range upside down or below zero is a mistake."""
    with pytest.raises(ValueError, match="0 <= low <= high"):
        Amount(Decimal(low), Decimal(high), "EUR")


@pytest.mark.parametrize(
    ("point", "low", "high", "n", "confidence"),
    [(0.5, 0.6, 0.7, 1, 0.95), (0.5, 0.4, 0.45, 1, 0.95), (0.5, 0.4, 0.6, -1, 0.95), (0.5, 0.4, 0.6, 1, 1.0)],
)
def test_an_estimate_holds_its_point(point: float, low: float, high: float, n: int, confidence: float) -> None:
    """A point outside its interval, a negative n or certainty cannot be made."""
    with pytest.raises(ValueError, match=r"interval|n counts|confidence"):
        Estimate(point, low, high, n, confidence, "wilson")


def test_an_estimate_is_finite() -> None:
    """NaN is not an estimate."""
    with pytest.raises(ValueError, match="finite"):
        Estimate(float("nan"), 0, 1, 1, 0.95, "wilson")


@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2900, 1, 1)),  # noqa: DTZ001 - zone follows
    st.integers(-12, 14),
)
def test_times_survive_writing_and_sort_as_texts(local: datetime, hours: int) -> None:
    """A moment in any zone is read back as the same moment, and texts sort as moments do."""
    moment = local.replace(tzinfo=timezone(timedelta(hours=hours)))
    later = moment + timedelta(microseconds=1)
    assert parse_time(format_time(moment)) == moment
    assert format_time(moment) < format_time(later)


def test_a_time_without_zone_is_refused() -> None:
    """Nobody can tell which moment it is."""
    with pytest.raises(ValueError, match="time zone"):
        format_time(datetime(2026, 1, 1))  # noqa: DTZ001 - this is the point
    with pytest.raises(ValueError, match="time zone"):
        parse_time("2026-01-01T00:00:00")


def test_the_manual_clock_moves_when_told() -> None:
    """Time in a test stands still otherwise."""
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock() == clock()
    assert clock.advance(timedelta(days=1)) == clock() == datetime(2026, 1, 2, tzinfo=UTC)


def test_errors_say_what_and_how_to_mend() -> None:
    """An error reads as one line; a reason that ends in a full stop reads well too."""
    assert str(PilotageError("the key is wrong.", "send another")) == "the key is wrong; send another"
    assert str(LedgerError("record 3 was altered")) == "record 3 was altered"
    refusal = Refusal(403, "audience_not_permitted", "not yet", "wait", owner="claims")
    assert (refusal.status, refusal.rule, refusal.owner, refusal.remedy) == (
        403,
        "audience_not_permitted",
        "claims",
        "wait",
    )


def test_every_problem_of_a_registry_is_told_in_order() -> None:
    """Problems come sorted by file and line, as compilers print them."""
    error = DocumentError((Problem("b.yaml", 2, "x", "y"), Problem("a.yaml", 9, "p", "q")))
    assert str(error).splitlines() == ["2 problems in the registry:", "a.yaml:9: p; q", "b.yaml:2: x; y"]
