"""Facts: all present, as words and numbers of their own, however they are punctuated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.evaluation.scorers.facts import score_facts
from pilotage.registry.kinds.scorer import FactsScorer

FACTS = FactsScorer(type="facts-all-present")


@pytest.mark.parametrize(
    ("fact", "answer"),
    [
        ("Anna M\u00fcller", "Dear ANNA  Mu\u0308ller,"),
        ("1234.50", "the sum of 1,234.50 EUR"),
        ("1.234,50", "the sum of 1'234.50 EUR"),
        ("1 234.50", "the sum of 1 234.50 EUR"),
        ("2026-11-22", "on 2026/11/22."),
        ("22.11.2026", "on 22/11/2026"),
        ("22.11.2026", "on 22\u201311\u20132026"),
        ("10:30", "at 10.30 sharp"),
        ("CL-204", "claim cl\u2011204"),
        ("12", "12kg"),
        ("12", "in 12, or 13"),
        ("12", "no. 12."),
        ("it's late", "It\u2019s late"),
        ("\u6c34", "\u98f2\u6c34\u6a5f"),
    ],
)
def test_a_fact_is_found_however_it_is_written(fact: str, answer: str) -> None:
    """Case, composition, white space, dashes, quotation marks and separators in numbers do not matter."""
    assert score_facts(FACTS, [fact], answer).state == "pass"


@pytest.mark.parametrize(
    ("fact", "answer"),
    [
        ("12", "in 2012"),
        ("12", "12.5 kg"),
        ("12", "5,12 kg"),
        ("12.34", "1234"),
        ("1234.50", "1234.5"),
        ("2026-11-22", "22.11.2026"),
        ("Meyer", "Mr Meyers"),
        ("ant", "important"),
        ("x", ""),
    ],
)
def test_a_fact_is_not_found_in_something_else(fact: str, answer: str) -> None:
    """A number inside a longer number, a word inside a longer word, another amount: none of them is the fact."""
    assert score_facts(FACTS, [fact], answer).state == "fail"


def test_the_reason_counts_and_quotes_nothing() -> None:
    """How many facts are missing is told; which ones is content, and stays out of the journal."""
    outcome = score_facts(FACTS, ["Anna", "Berlin", "42"], "Anna has 43")

    assert outcome.reason == "2 of 3 facts are missing"


def test_only_text_holds_facts() -> None:
    """A list or an object is no letter."""
    assert score_facts(FACTS, ["a"], ["a"]).state == "fail"


def test_a_long_hostile_answer_is_searched_at_once() -> None:
    """A million near-hits take no quadratic time."""
    assert score_facts(FACTS, ["12"], "112 " * 250_000).state == "fail"


@given(st.text(st.characters(categories=("L", "N", "P", "Z"))), st.text())
def test_any_text_is_judged_without_an_error(fact: str, answer: str) -> None:
    """Whatever is answered ends in pass or fail."""
    if fact.strip():
        assert score_facts(FACTS, [fact], answer).state in {"pass", "fail"}
