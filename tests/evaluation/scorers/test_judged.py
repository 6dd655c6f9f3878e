"""What a judge's reply says: the last line rules, and what cannot be told for sure is not measured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.scorers.judged import UNREADABLE, read_grade, score_judged
from pilotage.evaluation.scorers.observation import Opinion
from pilotage.registry.kinds.judge import Parser, ScaleParser, WordParser
from pilotage.registry.kinds.scorer import JudgedScorer

WORDS = WordParser(type="word")
SCALE = ScaleParser(type="scale")
JUDGED = JudgedScorer(type="judged", judge="tone")
GRADED = JudgedScorer(type="judged", judge="tone", graded=True)
GOOD, BAD = (True, 1.0), (False, 0.0)


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("PASS", GOOD),
        ("It cites the policy.\n\n**Verdict: pass.**\n```\n---\n", GOOD),
        ("PASS\nOn reflection:\nFAIL", BAD),
        ("FAIL, not PASS", BAD),
        ("the answer is PASSABLE", None),
        ("bypass", None),
        ("I cannot tell.", None),
        ("PASS\nI hope this helps!", None),
        ("", None),
        (" \n***\n", None),
        ("PASS" + " really" * 10_000, None),
    ],
)
def test_words(reply: str, found: tuple[bool, float] | None) -> None:
    """The listed word that stands first in the last line that says anything, as a whole word in any case."""
    assert read_grade(WORDS, reply) == found


@pytest.mark.parametrize(("reply", "found"), [("not ok", BAD), ("OK", GOOD), ("ok, not ok", GOOD), ("maybe", None)])
def test_words_that_hold_each_other(reply: str, found: tuple[bool, float] | None) -> None:
    """Where one word is part of another, the longer one at a place is meant; a word listed for both says nothing."""
    parser = WordParser(type="word", passes=("ok", "maybe"), fails=("not ok", "maybe"))

    assert read_grade(parser, reply) == found


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ("4", (True, 0.75)),
        ("Reasons: 1, 2 and 3.\nGrade: **5**", (True, 1.0)),
        ("3/5", (False, 0.5)),
        ("3 out of 5", (False, 0.5)),
        ("1 of 5.", (False, 0.0)),
        ("5/5", (True, 1.0)),
        ("4, so 4", (True, 0.75)),
        ("4 or 5", None),
        ("On a scale from 1 to 5: 4", None),
        ("4.5", None),
        ("4/10", None),
        ("6", None),
        ("-4", None),
        ("\u22124", None),
        ("four", None),
        ("9" * 5_000, None),
        ("", None),
    ],
)
def test_scales(reply: str, found: tuple[bool, float] | None) -> None:
    """One whole number of the scale in the last line; two different ones, or one off the scale, are not guessed at."""
    assert read_grade(SCALE, reply) == found


def test_a_scale_may_begin_below_zero() -> None:
    """The place on the scale runs from 0 at its low end to 1 at its high end."""
    parser = ScaleParser(type="scale", low=-2, high=2, passes_from=1)

    assert [read_grade(parser, str(number)) for number in (-2, 0, 1)] == [(False, 0.0), (False, 0.5), (True, 0.75)]


@pytest.mark.parametrize(
    ("scorer", "parser", "reply", "outcome"),
    [
        (JUDGED, WORDS, "PASS", Outcome("pass")),
        (JUDGED, SCALE, "3", Outcome("fail", "the judge fails the answer")),
        (GRADED, SCALE, "3", Outcome("fail", "the judge fails the answer", 0.5)),
        (GRADED, SCALE, "4", Outcome("pass", score=0.75)),
        (GRADED, WORDS, "fail", Outcome("fail", "the judge fails the answer", 0.0)),
        (JUDGED, SCALE, "good", UNREADABLE),
        (GRADED, WORDS, "", UNREADABLE),
    ],
)
def test_outcomes(scorer: JudgedScorer, parser: Parser, reply: str, outcome: Outcome) -> None:
    """The grade is kept where it is bet on; a reply without verdict is not measured, which no gate takes for a pass."""
    assert score_judged(scorer, Opinion(reply, parser)) == outcome


@given(st.text(), st.sampled_from([WORDS, SCALE]))
def test_any_reply_can_be_read(reply: str, parser: Parser) -> None:
    """Whatever a judge replies, it passes, fails, or is not measured, and quotes nothing of the reply."""
    outcome = score_judged(GRADED, Opinion(reply, parser))

    assert outcome.reason in {"", "the judge fails the answer", UNREADABLE.reason}
    assert outcome.grade is None or 0 <= outcome.grade <= 1


@given(st.integers(-50, 50), st.integers(1, 50), st.data())
def test_every_grade_of_a_scale_is_read(low: int, steps: int, data: st.DataObject) -> None:
    """A judge that answers with a number of the scale is always understood, and passes from the least one on."""
    high = low + steps
    passes_from = data.draw(st.integers(low + 1, high))
    number = data.draw(st.integers(low, high))
    parser = ScaleParser(type="scale", low=low, high=high, passes_from=passes_from)

    assert read_grade(parser, f"Grade: {number}") == (number >= passes_from, pytest.approx((number - low) / steps))
