"""One of k: the expected label is among the first k that were answered."""

from __future__ import annotations

import json
import re
from itertools import islice

from pilotage.core.canonical import Json
from pilotage.evaluation.json_shape import is_list
from pilotage.evaluation.outcome import PASS, AnswerValue, Outcome, fail
from pilotage.evaluation.scorers.text import fold_text
from pilotage.registry.kinds.scorer import OneOfScorer

_NO_LABELS = fail("the answer is no list of labels")
_ENUMERATION = re.compile(r"^\s*(?:[-*\u2022]|\d{1,3}[.)])\s+")


def score_labels(scorer: OneOfScorer, expected: str, answer: AnswerValue) -> Outcome:
    """Pass when the expected label is among the first k answered; labels are compared with case and space folded.

    An answer is a list of labels, a JSON list as text, or text with a label on each line (bullets and numbers in
    front are dropped). A label given twice takes two places.
    """
    labels = read_labels(answer, scorer.k)
    if labels is None:
        return _NO_LABELS
    if fold_text(expected) in {fold_text(label) for label in labels}:
        return PASS
    return fail(f"the expected label is not among the first {scorer.k} answered")


def read_labels(answer: AnswerValue, most: int) -> tuple[str, ...] | None:
    """Give the first labels of an answer; None when it is no list of labels."""
    if isinstance(answer, dict):
        return None
    parts: Json = answer
    if isinstance(answer, str):
        parts = _parse_list(answer) if answer.lstrip().startswith("[") else None
        if parts is None:
            lines = (_ENUMERATION.sub("", line).strip() for line in answer.splitlines())
            return tuple(islice(filter(None, lines), most))
    if not all(isinstance(part, str) for part in parts):
        return None
    return tuple(islice((part for part in parts if part.strip()), most))


def _parse_list(text: str) -> list[Json] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if is_list(value) else None
