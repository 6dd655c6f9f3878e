"""Text compared as people read it: Unicode composed, white space folded, and case folded unless it matters."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.outcome import PASS, AnswerValue, Outcome, fail
from pilotage.registry.kinds.scorer import ContainsScorer, ExactScorer, RegexScorer

NOT_TEXT = fail("the answer is no text")


def fold_text(text: str, *, case_sensitive: bool = False) -> str:
    """Give text with Unicode composed (NFC), runs of white space made one space, and case folded unless told."""
    composed = unicodedata.normalize("NFC", text)
    if not case_sensitive:
        # Folding case can take a composed letter apart (Unicode Standard 3.13, D145).
        composed = unicodedata.normalize("NFC", composed.casefold())
    return " ".join(composed.split())


def score_exact(scorer: ExactScorer, expected: str, answer: AnswerValue) -> Outcome:
    """Pass when the answer is the expected text."""
    if not isinstance(answer, str):
        return NOT_TEXT
    same = fold_text(answer, case_sensitive=scorer.case_sensitive) == fold_text(
        expected, case_sensitive=scorer.case_sensitive
    )
    return PASS if same else fail("the answer is not the expected text")


def score_contains(scorer: ContainsScorer, expected: str, answer: AnswerValue) -> Outcome:
    """Pass when the answer contains the expected text."""
    if not isinstance(answer, str):
        return NOT_TEXT
    inside = fold_text(expected, case_sensitive=scorer.case_sensitive) in fold_text(
        answer, case_sensitive=scorer.case_sensitive
    )
    return PASS if inside else fail("the answer does not contain the expected text")


def score_regex(scorer: RegexScorer, expected: str | None, answer: AnswerValue) -> Outcome:
    """Pass when the pattern of the scorer, or of the item where the scorer has none, occurs in the answer."""
    if not isinstance(answer, str):
        return NOT_TEXT
    pattern = scorer.pattern if scorer.pattern is not None else expected
    return PASS if pattern_occurs(pattern or "", answer) else fail("the answer does not match the pattern")


def pattern_occurs(pattern: str, text: str) -> bool:
    """Tell whether a regular expression occurs in a text, in time linear in the text.

    The engine is Rust's, which pydantic brings along: it never backtracks, so no pattern together with a hostile
    answer can stall a run. In exchange it knows neither look-around nor references back.

    Raises:
        EvidenceError: the engine does not take the pattern.
    """
    return _compile(pattern).isinstance_python(text)


@lru_cache(maxsize=256)
def _compile(pattern: str) -> SchemaValidator:
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except SchemaError as error:
        said = [line.strip() for line in str(error).splitlines() if line.strip()]
        cause = said[-1].removeprefix("SchemaError: ").removeprefix("error: ")
        remedy = "write it without look-around and references back, in the syntax of Rust's regex"
        raise EvidenceError(f"the pattern {pattern[:80]!r} cannot be used: {cause}", remedy) from error
