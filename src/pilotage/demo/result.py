"""What a demonstration came to, read from the ledger alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pilotage.demo.story import Story
from pilotage.ledger.protocol import LedgerStore
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.measurement import Measurement


@dataclass(frozen=True, slots=True)
class Result:
    """The gates act by act, and where the use case stands at the end."""

    gates: tuple[tuple[int, Measurement], ...]
    assessment: Assessment
    ledger_verified: bool

    def as_json(self) -> dict[str, Any]:
        """Give it as machines read it."""
        return {
            "gates": [
                {
                    "act": act,
                    "evaluation": found.evaluation,
                    "claim": found.claim.text,
                    "verdict": found.verdict,
                    "n": found.n,
                    "attempts": found.attempt,
                    "low": found.estimate.low,
                    "high": found.estimate.high,
                    "point": found.estimate.point,
                    "disagreement": None if found.disagreement is None else found.disagreement.point,
                }
                for act, found in self.gates
            ],
            "stage": self.assessment.stage,
            "blockers": [
                blocker.model_dump(mode="json") for blocker in (*self.assessment.blockers, *self.assessment.later)
            ],
            "ledger_verified": self.ledger_verified,
        }


def read_gates(ledger: LedgerStore, story: Story) -> tuple[tuple[int, Measurement], ...]:
    """Give every Measurement with the act (from 1) whose evaluation it belongs to, in the order of the acts."""
    acts: dict[str, int] = {}
    for number, act in enumerate(story.acts, start=1):
        for name in act.evaluations:
            acts.setdefault(name, number)
    found = [entry.body for entry in ledger.read(kinds=(Measurement,), use_case=story.use_case)]
    return tuple(
        sorted(((acts[body.evaluation], body) for body in found if body.evaluation in acts), key=lambda pair: pair[0])
    )
