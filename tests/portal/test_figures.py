"""Tests of how numbers, money, shares and days are written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.amount import Amount
from pilotage.core.estimate import Estimate
from pilotage.portal import figures

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def plain(text: str) -> str:
    """Give a text with ordinary spaces."""
    return text.replace(figures.NARROW, " ").replace(figures.THIN, " ")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0"), (999, "999"), (12_345, "12 345"), (100_000, "100 k"), (999_999, "1 M"), (359_089_602, "359 M")],
)
def test_large_counts_are_compact(count: int, text: str) -> None:
    """A count keeps its digits until a hundred thousand, and three of them beyond."""
    assert text == plain(figures.count_text(count))


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        ("0.0012", "0.0040", "€0.0012 – 0.0040"),
        ("0.38", "1.21", "€0.38 – 1.21"),
        ("2", "2", "€2.00"),
        ("0.0000012", "0.0040", "€<0.0001 – 0.0040"),
        ("1234.56", "9876.5", "€1 235 – 9 876"),
        ("1234567", "98765432", "€1.23 M – 98.8 M"),
        ("0", "0", "€0.00"),
    ],
)
def test_money_is_a_range_with_its_currency(low: str, high: str, text: str) -> None:
    """Money shows both ends, with the decimals that the upper one needs, and what is not 0 never reads as 0."""
    assert text == plain(figures.money_text(Amount(Decimal(low), Decimal(high), "EUR")))


def test_unknown_is_a_word() -> None:
    """What is unknown is written as a word and never as 0."""
    assert ["unknown"] * 4 == [
        figures.money_text(None), figures.energy_text(None), figures.estimate_text(None), figures.minutes_text(None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        ("0.0012", "0.004", "1.2 – 4.0 mWh"),
        ("31", "88", "31 – 88 Wh"),
        ("1200", "2400", "1.2 – 2.4 kWh"),
        ("0", "0", "0 Wh"),
    ],
)
def test_energy_takes_the_unit_that_fits(low: str, high: str, text: str) -> None:
    """Energy held in watt-hours is shown in the unit of its upper end."""
    assert text == plain(figures.energy_text(Amount(Decimal(low), Decimal(high), "Wh")))


def test_a_share_never_stands_without_its_interval() -> None:
    """An estimate is written with its interval, confidence and n."""
    estimate = Estimate(0.861, 0.802, 0.909, 236, 0.95, "wilson")

    assert "86.1 % (80.2 – 90.9 %, 95 % sure, n 236)" == plain(figures.estimate_text(estimate))


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "2026-11-22 (today)"), (-1, "2026-11-21 (1 day ago)"), (90, "2027-02-20 (in 90 days)")],
)
def test_days_are_iso_with_their_distance(days: int, text: str) -> None:
    """A day is written as ISO has it, and how far away it lies."""
    assert text == plain(figures.dated(NOW + timedelta(days=days), NOW))


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(0, "0 min"), (0.5, "under 1 min"), (1.5, "1.5 min"), (45, "45 min"), (120, "2 h"), (960, "2 days")],
)
def test_work_is_told_in_the_unit_that_fits(minutes: float, text: str) -> None:
    """People's time is minutes, hours or days of eight hours."""
    assert text == plain(figures.minutes_text(minutes))


@given(st.decimals(min_value=0, max_value=10**15, places=9), st.decimals(min_value=0, max_value=10**15, places=9))
def test_no_amount_breaks_the_writing(one: Decimal, other: Decimal) -> None:
    """Any range can be written, short enough for a tile, and what is above 0 does not read as 0."""
    text = plain(figures.money_text(Amount(min(one, other), max(one, other), "EUR")))

    assert len(text) < 40
    if max(one, other) > 0:
        assert any(digit in text for digit in "123456789")
