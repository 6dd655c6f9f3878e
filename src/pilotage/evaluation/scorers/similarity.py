"""Similarity: an answer that means nearly the same as the expected text, by the cosine of their embeddings."""

from __future__ import annotations

import math

from pilotage.evaluation.outcome import AnswerValue, Outcome
from pilotage.evaluation.scorers.observation import Nearness
from pilotage.evaluation.scorers.text import NOT_TEXT
from pilotage.registry.kinds.scorer import SimilarityScorer

_TINY = 1e-9  # what rounding may take from the cosine of a text with itself


def score_similarity(scorer: SimilarityScorer, answer: AnswerValue, nearness: Nearness) -> Outcome:
    """Pass when the cosine is at least what the scorer asks for; the grade is the cosine, none below 0.

    Meaning is compared as the model embeds it: an answer that says the opposite in the same words lies near, too.
    """
    if not isinstance(answer, str):
        return NOT_TEXT
    if not math.isfinite(nearness.cosine):
        return Outcome("not-measured", "the embeddings have no angle")
    grade = min(1.0, max(0.0, nearness.cosine)) if scorer.graded else None
    if nearness.cosine >= scorer.at_least - _TINY:
        return Outcome("pass", score=grade)
    return Outcome("fail", "the answer does not mean nearly the same as the expected text", grade)
