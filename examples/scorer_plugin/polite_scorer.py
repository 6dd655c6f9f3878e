"""Polite: a letter begins with a greeting and ends with a farewell, in words that each team may set."""

from __future__ import annotations

from collections.abc import Mapping

from pilotage.core.canonical import Json
from pilotage.evaluation.outcome import AnswerValue, Outcome
from pilotage.evaluation.scorers.plugin import Case
from pilotage.registry.items import Item

GREETINGS = ("dear ", "hello ", "good morning")
FAREWELLS = ("kind regards", "yours sincerely", "best wishes")
LETTER = Item("letter-1", "Write to Anna Meyer about her claim.", "Anna Meyer")


class Polite:
    """The scorer; the item expects the name of whom the letter is to."""

    owner = "Letters team, letters@example.org"
    cases = (
        Case(LETTER, "Dear Anna Meyer,\nyour claim is paid.\nKind regards\nThe insurer", "pass"),
        Case(LETTER, "Hi,\nyour claim is paid.\nKind regards\nThe insurer", "fail"),
        Case(LETTER, "Dear Anna Meyer,\nyour claim is paid.", "fail"),
        Case(LETTER, "Moin Anna Meyer,\nall paid.\nBest wishes", "pass", {"greetings": ["moin "]}),
    )

    def needs(self, expected: Json) -> str | None:
        """Say that a name is needed."""
        return None if isinstance(expected, str) and expected.strip() else "a name as expected value"

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Outcome:
        """Pass when the letter greets whom it is to, and takes leave; the grade is the share of the two."""
        del observation  # it looks at nothing outside
        if not isinstance(answer, str):
            return Outcome("fail", "the answer is no letter", 0.0)
        lines = [line.strip().casefold() for line in answer.strip().splitlines() if line.strip()]
        if not lines:
            return Outcome("fail", "the letter is empty", 0.0)
        own = settings.get("greetings")
        greetings = tuple(str(word).casefold() for word in own) if isinstance(own, list) else GREETINGS
        greets = lines[0].startswith(greetings) and str(item.expected).casefold() in lines[0]
        leaves = any(line.startswith(FAREWELLS) for line in lines[-2:])
        grade = (greets + leaves) / 2
        if greets and leaves:
            return Outcome("pass", score=grade)
        return Outcome("fail", "the letter does not take leave" if greets else "the letter does not greet", grade)


SCORER = Polite()
