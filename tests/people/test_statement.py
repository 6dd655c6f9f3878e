"""Statements: readable, the same bytes for the same words, and nothing between the lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import hypothesis.strategies as st
import pytest
from hypothesis import given

from pilotage.core.errors import EvidenceError
from pilotage.people.statement import Statement, digest_of_statement, read_statement, render_statement

STATEMENT = Statement(
    use_case="inbox",
    release="sha256:" + "a" * 64,
    criterion="hrl-5-usability",
    question="Did at least five people try it?",
    answer=True,
    participants=5,
    sample=False,
    made=datetime(2026, 5, 1, 9, tzinfo=UTC),
    note="Two of five looked for the switch.",
)

lines = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=60)


def test_the_text_is_for_reading() -> None:
    """What is signed is what a person can read, in a fixed order of labelled lines."""
    assert render_statement(STATEMENT).decode() == (
        "Pilotage statement, version 1\n"
        "Use case: inbox\n"
        f"Release: sha256:{'a' * 64}\n"
        "Criterion: hrl-5-usability\n"
        "Question: Did at least five people try it?\n"
        "Answer: yes\n"
        "Taking part: 5\n"
        "Sample: no, real evidence\n"
        "Note: Two of five looked for the switch.\n"
        "Made: 2026-05-01T09:00:00.000000Z\n"
    )


@given(
    question=lines,
    note=lines.filter(lambda text: text != "-"),
    answer=st.booleans(),
    sample=st.booleans(),
    participants=st.integers(0, 9_999),
    made=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - the strategy adds the zone
)
def test_what_is_written_is_read_back(
    question: str,
    note: str,
    answer: bool,  # noqa: FBT001 - drawn
    sample: bool,  # noqa: FBT001 - drawn
    participants: int,
    made: datetime,
) -> None:
    """Every statement comes back as it was, and has one digest."""
    statement = replace(
        STATEMENT, question=question, note=note, answer=answer, sample=sample, participants=participants, made=made
    )
    again = read_statement(render_statement(statement))
    assert again == statement
    assert digest_of_statement(again) == digest_of_statement(statement)


@pytest.mark.parametrize(
    "text", ["two\nlines", "a\rb", "bell\x07", " padded", "padded ", "x" * 2_001, "\u2028", "\u202etxt"]
)
def test_nothing_hides_between_the_lines(text: str) -> None:
    """A line break, a control character, a text that runs backwards or an endless line cannot be stated."""
    for name in ("question", "note", "use_case", "criterion"):
        with pytest.raises(EvidenceError, match="one printable line"):
            replace(STATEMENT, **{name: text})  # pyright: ignore[reportArgumentType] - the names are of text fields


def test_fewer_than_nobody_cannot_take_part() -> None:
    """A negative number of people is refused."""
    with pytest.raises(EvidenceError, match="cannot take part"):
        replace(STATEMENT, participants=-1)


@given(st.binary(max_size=200))
def test_rubbish_is_no_statement(data: bytes) -> None:
    """Whatever bytes come, the answer is an EvidenceError, never a traceback."""
    with pytest.raises(EvidenceError):
        read_statement(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Answer: yes", "Answer: maybe"),
        ("Answer: yes", "Answer: yes "),
        ("Taking part: 5", "Taking part: 05"),
        ("Taking part: 5", "Taking part: five"),
        ("Taking part: 5", "Taking part: 5\nTaking part: 50"),
        ("version 1", "version 2"),
        ("000000Z", "000000+00:00"),
        ("Criterion: ", "Criteria: "),
        ("\nMade", "\n\nMade"),
    ],
)
def test_a_changed_line_is_no_statement(old: str, new: str) -> None:
    """Other words, another spelling or another order than ours are refused, so that one text has one reading."""
    with pytest.raises(EvidenceError, match="no statement"):
        read_statement(render_statement(STATEMENT).decode().replace(old, new).encode())
