"""What became of one item: passed, failed, or not measured, which a gate counts as failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pilotage.core.canonical import Json

State = Literal["pass", "fail", "not-measured"]

AnswerValue: TypeAlias = str | list[Json] | dict[str, Json]
"""What a target answers: text, a list or a JSON object."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One item's outcome.

    Attributes:
        state: passed, failed or not measured.
        reason: why, in words that quote neither the answer nor the expected one; empty for a pass.
        score: the grade from 0 to 1 where the scorer gives one; None: 1 for a pass and 0 for a failure.
    """

    state: State
    reason: str = ""
    score: float | None = None

    @property
    def gate_value(self) -> bool | None:
        """How a gate takes it: True passed, False failed, None not measured."""
        return None if self.state == "not-measured" else self.state == "pass"

    @property
    def grade(self) -> float | None:
        """How a gate that bets on grades takes it: from 0 to 1, or None where it was not measured."""
        if self.state == "not-measured":
            return None
        return float(self.state == "pass") if self.score is None else self.score


PASS = Outcome("pass")


def fail(reason: str) -> Outcome:
    """Give a failure with its reason."""
    return Outcome("fail", reason)
