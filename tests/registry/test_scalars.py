"""Scalars mean what YAML 1.2 says, and what JSON cannot carry is refused."""

import pytest

from pilotage.registry.scalars import LARGEST_INTEGER, ScalarError, checked_text, plain_value


@pytest.mark.parametrize(
    "text", ["no", "NO", "yes", "on", "off", "y", "2026-01-05", "12:30", "1_000", "=", "0b1", "v1"]
)
def test_what_older_yaml_took_for_something_else_is_text(text: str) -> None:
    """Country codes, dates and times of day stay texts."""
    assert plain_value(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("007", 7),
        ("-3", -3),
        ("0o17", 15),
        ("0xff", 255),
        ("1.10", 1.1),
        (".5", 0.5),
        ("1e3", 1000.0),
        (str(LARGEST_INTEGER), LARGEST_INTEGER),
    ],
)
def test_plain_scalars_have_their_value(text: str, value: object) -> None:
    """Numbers, truth values and null are read as such."""
    read = plain_value(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text", [".inf", "-.INF", ".NaN", "1e400", "-1e999", str(LARGEST_INTEGER + 1), "0x" + "f" * 20]
)
def test_numbers_that_json_cannot_carry_are_refused(text: str) -> None:
    """What would lose its value in canonical JSON is refused, with a way out."""
    with pytest.raises(ScalarError) as caught:
        plain_value(text)
    assert caught.value.remedy


def test_a_number_of_very_many_digits_is_refused() -> None:
    """Python's own limit on digits never shows: such a run is refused with a way out."""
    for text in ("9" * 5_000, "0." + "0" * 5_000, "-1e" + "9" * 5_000):
        with pytest.raises(ScalarError):
            plain_value(text)


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_texts_that_a_database_cannot_hold_are_refused(text: str) -> None:
    """A NUL or half a surrogate pair is refused where it is read, not where it is stored."""
    with pytest.raises(ScalarError):
        checked_text(text)
