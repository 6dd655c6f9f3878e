"""Groundedness: what an answer cites, and every number in it, stands in the passages that its item gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pilotage.core.canonical import Json, canonical_json
from pilotage.evaluation.json_shape import is_list, is_object
from pilotage.evaluation.outcome import PASS, AnswerValue, Outcome, fail
from pilotage.evaluation.scorers.facts import find_fact, fold_fact
from pilotage.evaluation.scorers.numerals import forms_in, unfounded_numerals
from pilotage.evaluation.scorers.text import NOT_TEXT
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import GroundednessScorer

SHORTEST_SPAN = 12
"""Folded characters from which on a quotation cites; a shorter one names a word, as in what is called "risk"."""
MOST_SPANS, MOST_NUMBERS = 200, 2_000
"""What an answer may hold of either; more is no answer that anybody reads, and would only cost time."""

_QUOTATION = re.compile(
    "\u201e(?P<low>[^\u201c\u201d]*)(?:[\u201c\u201d]|\\Z)"  # „German“
    "|\u201c(?P<high>[^\u201d]*)(?:\u201d|\\Z)"  # “English”
    "|\u00ab(?P<out>[^\u00bb]*)(?:\u00bb|\\Z)"  # «French»
    "|\u00bb(?P<into>[^\u00ab]*)(?:\u00ab|\\Z)"  # »Danish«
    '|(?<!\\w)"(?=\\S)(?P<plain>[^"]*)(?:"|\\Z)'  # "typewriter", and not 5"
)
_BEFORE = re.compile(r"\[\s?(\d{1,3})\s?:\s?\Z")
_LONGEST_BEFORE = 12
_MARKER = re.compile(r"\[\s?(\d{1,3}(?:\s?[,;\u2013-]\s?\d{1,3}){0,20})\s?(?:\]|:)")
_NAMED = re.compile(
    r"(?<!\w)(?=[bdfpqst])(?:passage|source|document|quelle|textstelle|dokument|fuente|pasaje|documento|fonte|passaggio|passagem|bron)"
    r"\s(\d{1,3})(?![\w.,]?\d)",
    re.IGNORECASE,
)
_NUMBERING = re.compile(r"^[ \t]*(?:[-*\u2022][ \t]+)?[*_]{0,2}\(?(\d{1,3})[.)](?=\s|[*_])", re.MULTILINE)
_ELLIPSIS = re.compile(r"[\[(]?\s?(?:\u2026|\.{3,})\s?[\])]?")
_HYPHEN = re.compile("(?<=[^\\W\\d_])[-\u2010\u2011](?:[ \\t]*\\r?\\n[ \\t]*)?(?=[^\\W\\d_])")
_MARKS = re.compile('["\u201c\u201d\u201e\u00ab\u00bb\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]')
_SINGLE = re.compile("(?<!\\w)['\u2018\u2019\u201a\u2039\u203a]|['\u2018\u2019\u201a\u2039\u203a](?!\\w)")
_EDGES = " .,;:!?"


@dataclass(frozen=True, slots=True)
class _Span:
    """A quotation: its parts, folded, in their order; and the number of the passage that it is said to be from."""

    parts: tuple[str, ...]
    passage: int | None


def passages_of(item: Item) -> tuple[str, ...]:
    """Give an item's passages: the list `passages` of its input, or else of its expected value; none where neither is.

    A passage is text that holds something.
    """
    for place in (item.input, item.expected):
        given = place.get("passages") if is_object(place) else None
        if is_list(given) and given and all(isinstance(one, str) and one.strip() for one in given):
            return tuple(str(one) for one in given)
    return ()


def lacking_passages(item: Item) -> str | None:
    """Say what an item lacks for this scorer; None where it is fit."""
    if passages_of(item):
        return None
    return 'a list of texts as "passages", in its input or as expected value {"passages": […]}'


def score_groundedness(scorer: GroundednessScorer, item: Item, answer: AnswerValue) -> Outcome:
    """Pass when every cited span and every number of the answer stands in the item's passages.

    A span is what stands in quotation marks; `[2: "…"]` must stand in the second passage, and `[2]` needs one. White
    space, case, quotation marks and hyphenation are folded, and an ellipsis leaves words of the passage out. Numbers
    may also come from the question; the numbers of lists and of passages themselves are no claims. A pass says that
    nothing cited or counted was made up, not that the answer follows from the passages.
    """
    if not isinstance(answer, str):
        return NOT_TEXT
    if not any(mark.isalnum() for mark in answer):
        return fail("the answer is empty")
    if next(islice(re.finditer(r"\d+", answer), MOST_NUMBERS, None), None):
        return fail(f"the answer holds more than {MOST_NUMBERS} numbers")
    passages = passages_of(item)
    spans, rest = _take_spans(answer)
    said = _fault_in_spans(scorer, spans, passages) or _fault_in_rest(rest, passages, _question_of(item))
    return fail(said) if said else PASS


def _fault_in_spans(scorer: GroundednessScorer, spans: list[_Span], passages: tuple[str, ...]) -> str | None:
    """Say what is wrong with the citations of an answer; None where nothing is."""
    if len(spans) > MOST_SPANS:
        return f"the answer cites more than {MOST_SPANS} spans"
    folded = [_fold(passage) for passage in passages]
    unfounded = sum(not _stands(span, folded) for span in spans)
    if unfounded:
        return f"{unfounded} of {len(spans)} cited spans stand in no passage"
    if scorer.citation == "required" and not any(_cites(span) for span in spans):
        return "the answer cites no span of a passage"
    return None


def _fault_in_rest(rest: str, passages: tuple[str, ...], question: str) -> str | None:
    """Say what is wrong with the numbers of an answer outside its citations; None where nothing is."""
    if any(not 0 < number <= len(passages) for number in _markers_in(rest)):
        return "the answer cites a passage that is not there"
    known = forms_in("\n".join((*passages, question)))
    wrong = unfounded_numerals(_without_numbering(rest, len(passages)), known)
    return f"{wrong} numbers of the answer stand in no passage" if wrong else None


def _take_spans(answer: str) -> tuple[list[_Span], str]:
    """Take the citations out of an answer; what is left is where its own numbers stand."""
    spans: list[_Span] = []
    rest: list[str] = []
    at = 0
    for match in _QUOTATION.finditer(answer):
        text = match[match.lastgroup or 0]
        parts = tuple(part for piece in _ELLIPSIS.split(text) if (part := _fold(piece).strip(_EDGES)))
        if sum(map(len, parts)) < SHORTEST_SPAN:
            continue
        if len(spans) > MOST_SPANS:
            break  # too many already
        said = _BEFORE.search(answer[max(at, match.start() - _LONGEST_BEFORE) : match.start()])
        spans.append(_Span(parts, int(said[1]) if said else None))
        rest.append(answer[at : match.start()])
        at = match.end()
    rest.append(answer[at:])
    return spans, " | ".join(rest)


def _cites(span: _Span) -> bool:
    """Tell whether a span is long enough in one piece to show where it is from."""
    return max(map(len, span.parts)) >= SHORTEST_SPAN


def _stands(span: _Span, passages: list[str]) -> bool:
    if span.passage is not None:
        passages = passages[span.passage - 1 : span.passage] if span.passage else []
    return any(_in_order(span.parts, passage) for passage in passages)


def _in_order(parts: tuple[str, ...], passage: str) -> bool:
    at = 0
    for part in parts:
        at = find_fact(part, passage, at)
        if at < 0:
            return False
    return True


def _fold(text: str) -> str:
    """Give text in the form in which a span is looked for in a passage."""
    return fold_fact(_SINGLE.sub("", _MARKS.sub("", _HYPHEN.sub("", text))))


def _markers_in(text: str) -> Iterator[int]:
    for match in _MARKER.finditer(text):
        yield from map(int, re.findall(r"\d+", match[1]))


def _without_numbering(text: str, passages: int) -> str:
    """Take out numbers that count lines or passages: 1, 2, 3 … at the beginnings of lines, `[2]`, and `passage 2`."""
    following = 1

    def count(match: re.Match[str]) -> str:
        nonlocal following
        number = int(match[1])
        if number not in {1, following}:
            return match[0]
        following = number + 1
        return " "

    plain = _NUMBERING.sub(count, _MARKER.sub(" ", text))
    return _NAMED.sub(lambda match: " " if 0 < int(match[1]) <= passages else match[0], plain)


def _question_of(item: Item) -> str:
    """Give what an item asks, its passages left out."""
    asked: Json = item.input
    if is_object(asked):
        asked = {name: value for name, value in asked.items() if name != "passages"}
    return asked if isinstance(asked, str) else canonical_json(asked).decode()
