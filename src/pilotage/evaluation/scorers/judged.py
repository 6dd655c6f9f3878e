"""What a judge's reply says: pass or fail by the words or the number in its last line, or nothing that can be read."""

from __future__ import annotations

import re

from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.scorers.observation import Opinion
from pilotage.registry.kinds.judge import Parser, ScaleParser, WordParser
from pilotage.registry.kinds.scorer import JudgedScorer

UNREADABLE = Outcome("not-measured", "the judge's reply gives no verdict")
_FAILED = "the judge fails the answer"
_NUMBER = re.compile(r"(?<![\w.,/])[-\u2212]?\d+(?:[.,]\d+)*(?![\w/])")
_LONGEST_LINE = 10_000


def score_judged(scorer: JudgedScorer, opinion: Opinion) -> Outcome:
    """Pass or fail as the judge says; a reply that gives no verdict is not measured, never taken for either.

    With `graded` the score is the place on the judge's scale, so that the lot draws answers on which the judge is torn
    more often. Either way the gate decides the share that people call good; the judge only spares labels.
    """
    grade = read_grade(opinion.parser, opinion.reply)
    if grade is None:
        return UNREADABLE
    passed, place = grade
    score = place if scorer.graded else None
    return Outcome("pass", score=score) if passed else Outcome("fail", _FAILED, score)


def read_grade(parser: Parser, reply: str) -> tuple[bool, float] | None:
    """Give whether a reply passes the answer, and its place from 0 to 1; None where that cannot be told.

    Only the last line that says anything counts, so a judge may reason before it rules.
    """
    line = _last_line(reply)
    if line is None:
        return None
    return _read_word(parser, line) if isinstance(parser, WordParser) else _read_scale(parser, line)


def _last_line(reply: str) -> str | None:
    """Give the last line that holds a letter or a digit; rules and fences of Markdown say nothing."""
    for line in reversed(reply.splitlines()):
        if any(mark.isalnum() for mark in line):
            return line if len(line) <= _LONGEST_LINE else None
    return None


def _read_word(parser: WordParser, line: str) -> tuple[bool, float] | None:
    """Take the listed word that stands first; of two that begin at the same place the longer one."""
    found = [
        (match.start(), -len(word), passed)
        for words, passed in ((parser.passes, True), (parser.fails, False))
        for word in words
        if (match := re.search(rf"(?<!\w){re.escape(word)}(?!\w)", line, re.IGNORECASE))
    ]
    if not found:
        return None
    place, length, passed = min(found)
    if any(other[:2] == (place, length) and other[2] != passed for other in found):
        return None  # the same word is listed for both
    return passed, float(passed)


def _read_scale(parser: ScaleParser, line: str) -> tuple[bool, float] | None:
    """Take the one whole number of the line; "4/5" and "4 out of 5" are 4, and two different numbers are none."""
    line = re.sub(rf"\s*(?:/|\bout of\b|\bof\b)\s*{parser.high}(?![\w.,]?\d|\w)", " ", line, flags=re.IGNORECASE)
    numbers = {number.replace("\u2212", "-") for number in _NUMBER.findall(line)}
    if len(numbers) != 1:
        return None
    (text,) = numbers
    if not re.fullmatch(r"-?\d{1,9}", text):
        return None
    number = int(text)
    if not parser.low <= number <= parser.high:
        return None
    return number >= parser.passes_from, (number - parser.low) / (parser.high - parser.low)
