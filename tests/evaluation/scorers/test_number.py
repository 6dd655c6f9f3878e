"""Numbers: read from how people write them, and compared within a tolerance."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.evaluation.scorers.number import expected_number, read_number, score_number
from pilotage.registry.kinds.scorer import NumberScorer

EXACT = NumberScorer(type="number")


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("42", ["42"]),
        ("about 42 kg, maybe 43", ["42"]),
        ("-5", ["-5"]),
        ("\u22125.5 degrees", ["-5.5"]),
        ("+7", ["7"]),
        ("claim CL-123", ["123"]),
        ("5-10", ["5"]),
        ("-\u20ac5", ["-5"]),
        ("\u20ac -5", ["-5"]),
        ("1,234.56 EUR", ["1234.56"]),
        ("1.234,56 EUR", ["1234.56"]),
        ("1'234'567.80", ["1234567.80"]),
        ("1\u202f234,5", ["1234.5"]),
        ("12 345,60 EUR", ["12345.60", "12"]),
        ("1,234,567", ["1234567"]),
        ("1,234", ["1234", "1.234"]),
        ("1.234", ["1234", "1.234"]),
        ("0.123", ["0.123"]),
        ("3.5.", ["3.5"]),
        (".5", ["0.5"]),
        ("1.5e3", ["1500"]),
        ("12 %", ["12", "0.12"]),
        ("\uff11\uff12", ["12"]),
        ("\u0664\u0662", ["42"]),
    ],
)
def test_the_first_number_is_read_as_people_write_it(text: str, readings: list[str]) -> None:
    """Thousands, decimals, signs, currencies, percent and other digits; what can be read two ways gives both."""
    assert read_number(text) == tuple(Decimal(reading) for reading in readings)


@pytest.mark.parametrize("text", ["", "none", "a dozen", "-", "."])
def test_text_without_digits_holds_no_number(text: str) -> None:
    """Words for numbers are not read."""
    assert read_number(text) is None


@pytest.mark.parametrize("text", ["9" * 1_000_000, "1e999", "1," * 500_000 + "1"])
def test_an_absurd_number_fails_at_once(text: str) -> None:
    """A number that nobody can mean is neither parsed at length nor taken for one."""
    assert score_number(EXACT, 1, text).state == "fail"


@pytest.mark.parametrize(
    ("scorer", "expected", "answer", "state"),
    [
        (EXACT, 0.3, "0.3", "pass"),
        (EXACT, 0.3, "0.30000001", "fail"),
        (EXACT, "0.30", "0.3", "pass"),
        (NumberScorer(type="number", absolute=0.5), 10, "10.5", "pass"),
        (NumberScorer(type="number", absolute=0.5), 10, "10.51", "fail"),
        (NumberScorer(type="number", relative=0.1), -200, "-180", "pass"),
        (NumberScorer(type="number", relative=0.1), -200, "180", "fail"),
        (NumberScorer(type="number", relative=0.1, absolute=50), -200, "-150", "pass"),
    ],
)
def test_the_wider_tolerance_holds(scorer: NumberScorer, expected: float | str, answer: str, state: str) -> None:
    """Both ends of a tolerance pass, exactly, without errors of binary fractions."""
    assert score_number(scorer, expected, answer).state == state


@pytest.mark.parametrize("value", [True, None, "twelve", "1,2", "NaN", [1], "", "1e5"])
def test_what_is_no_plain_number_is_not_expected(value: object) -> None:
    """An item's expected number must be unmistakable."""
    assert expected_number(value) is None


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    """Whatever is answered ends in pass or fail."""
    assert score_number(EXACT, 1, text).state in {"pass", "fail"}


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_every_number_is_found_in_its_english_and_german_writing(number: Decimal) -> None:
    """With two decimals, both ways of setting thousands apart give the number back."""
    english = f"{number:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))

    assert read_number(f"It is {english} EUR") == (number,)
    assert read_number(f"Es sind {german} EUR") == (number,)
