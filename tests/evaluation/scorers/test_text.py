"""Scorers of text: exact, contains and regular expressions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.outcome import AnswerValue
from pilotage.evaluation.scorers.text import fold_text, pattern_occurs, score_contains, score_exact, score_regex
from pilotage.registry.kinds.scorer import ContainsScorer, ExactScorer, RegexScorer

EXACT = ExactScorer(type="exact")
STRICT = ExactScorer(type="exact", case_sensitive=True)


@pytest.mark.parametrize(
    ("scorer", "expected", "answer", "state"),
    [
        (EXACT, "Motor claim", " motor\n  CLAIM ", "pass"),
        (EXACT, "Straße", "STRASSE", "pass"),
        (EXACT, "caf\u00e9", "cafe\u0301", "pass"),
        (EXACT, "yes", "yes.", "fail"),
        (EXACT, "yes", "yes\x00", "fail"),
        (EXACT, "yes", ["yes"], "fail"),
        (STRICT, "Yes", "yes", "fail"),
        (STRICT, "Yes", " Yes ", "pass"),
    ],
)
def test_exact_folds_what_people_do_not_see(
    scorer: ExactScorer, expected: str, answer: AnswerValue, state: str
) -> None:
    """White space, composition and (unless told) case do not matter; everything else does."""
    assert score_exact(scorer, expected, answer).state == state


def test_contains_looks_anywhere() -> None:
    """The expected text may stand anywhere, folded in the same way."""
    scorer = ContainsScorer(type="contains")

    assert score_contains(scorer, "Queue B", "It goes to\nqueue   b, I think").state == "pass"
    assert score_contains(scorer, "Queue B", "It goes to queue A").state == "fail"
    assert score_contains(scorer, "Queue B", {"queue": "Queue B"}).state == "fail"


def test_regex_searches_with_the_scorers_pattern_or_the_items() -> None:
    """A pattern of the scorer goes before the item's."""
    own = RegexScorer(type="regex", pattern=r"(?i)^claim \d+$")

    assert score_regex(own, None, "CLAIM 42").state == "pass"
    assert score_regex(own, None, "see claim 42").state == "fail"
    assert score_regex(RegexScorer(type="regex"), r"\bB\b", "queue B it is").state == "pass"
    assert score_regex(own, None, []).state == "fail"


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "a*a*a*a*a*a*c", "(.*)*x"])
def test_no_pattern_can_stall_a_run(pattern: str) -> None:
    """Patterns that keep a backtracking engine busy for years are decided at once."""
    assert not pattern_occurs(pattern, "a" * 100_000 + "b")


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "a{1000}{1000}", "[z-a]"])
def test_a_pattern_that_the_engine_does_not_take_is_an_error(pattern: str) -> None:
    """The error says what is wrong and which syntax is meant."""
    with pytest.raises(EvidenceError, match="Rust's regex"):
        pattern_occurs(pattern, "a")


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """Folded text is a fixed point, so it does not matter which side was folded first."""
    assert fold_text(fold_text(text)) == fold_text(text)


@given(st.text(min_size=1))
def test_any_text_equals_itself(text: str) -> None:
    """An answer that is the expected text, in whatever characters, passes."""
    assert score_exact(EXACT, text, text).state == "pass"
