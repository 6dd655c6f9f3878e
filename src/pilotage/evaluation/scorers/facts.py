"""Facts all present: every expected fact stands in the answer, however its numbers and dates are punctuated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pilotage.evaluation.outcome import AnswerValue, Outcome
from pilotage.evaluation.scorers.text import NOT_TEXT, fold_text
from pilotage.registry.kinds.scorer import FactsScorer

_JOINT = "\u00b7"  # stands for whatever sets groups of digits apart
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_QUOTES = re.compile("[\u2018\u2019\u201b\u02bc\u00b4`]")
_GAPS = "\u00a0\u2007\u2009\u202f"  # no-break, figure, thin and narrow no-break space
_THOUSANDS = re.compile(rf"(?<=\d)(?<!\d{{4}})[.,'_{_GAPS}](?=\d{{3}}(?!\d))")
_SEPARATOR = re.compile(rf"(?<=\d)[.,'_/\-:{_GAPS}](?=\d)")


def score_facts(scorer: FactsScorer, expected: Iterable[str], answer: AnswerValue) -> Outcome:
    """Pass when each fact stands in the answer, as words and numbers of its own; the grade is the share that does.

    Case, white space, dashes and quotation marks are folded. Within numbers and dates the separators are: `1,234.50`
    is `1.234,50` and `2026-11-22` is `2026/11/22`, but neither is reordered nor rounded, so `22.11.2026` is another
    writing. A number is not found inside a longer one, nor a word inside a longer word.
    """
    if not isinstance(answer, str):
        return NOT_TEXT
    text = fold_fact(answer)
    facts = [fold_fact(fact) for fact in expected]
    absent = sum(find_fact(fact, text) < 0 for fact in facts)
    grade = 1 - absent / len(facts) if scorer.graded else None
    if not absent:
        return Outcome("pass", score=grade)
    return Outcome("fail", f"{absent} of {len(facts)} facts are missing", grade)


def fold_fact(text: str) -> str:
    """Give text in the form in which facts are compared."""
    plain = _QUOTES.sub("'", _DASHES.sub("-", text))
    # Before NFKC, which makes a thin space an ordinary one: only the former sets thousands apart.
    plain = _SEPARATOR.sub(_JOINT, _THOUSANDS.sub("", plain))
    return fold_text(unicodedata.normalize("NFKC", plain))


def find_fact(fact: str, text: str, start: int = 0) -> int:
    """Give where a folded fact ends that stands in a folded text as words and numbers of its own; -1 where none does.

    Args:
        fact: not empty.
        text: what is searched.
        start: from here on.
    """
    at = text.find(fact, start)
    while at >= 0:
        end = at + len(fact)
        before, after = text[max(0, at - 2) : at], text[end : end + 2]
        if not _joined(before[::-1], fact[0]) and not _joined(after, fact[-1]):
            return end
        at = text.find(fact, at + 1)
    return -1


def _joined(neighbours: str, edge: str) -> bool:
    """Tell whether the text beside a fact continues its outermost word or number."""
    if not neighbours:
        return False
    if edge.isdigit() and neighbours[0] == _JOINT:
        return neighbours[1:].isdigit()
    if edge.isdigit():
        return neighbours[0].isdigit()
    # Scripts without case, such as Chinese, set no spaces between words.
    return _is_cased(edge) and _is_cased(neighbours[0])


def _is_cased(character: str) -> bool:
    return character.upper() != character.lower()
