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
    """

    state: State
    reason: str = ""

    @property
    def gate_value(self) -> bool | None:
        """How a gate takes it: True passed, False failed, None not measured."""
        return None if self.state == "not-measured" else self.state == "pass"


PASS = Outcome("pass")


def fail(reason: str) -> Outcome:
    """Give a failure with its reason."""
    return Outcome("fail", reason)
