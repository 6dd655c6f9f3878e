"""Assessment: levels at a moment, why, what blocks, whose turn it is, and the cheapest next evidence."""

from __future__ import annotations

from typing import ClassVar, Literal

from pilotage.ledger.records.record import Body, Digest, Figures, Moment

Axis = Literal["TRL", "IRL", "HRL"]
StageName = Literal["idea", "pilot", "limited", "production", "retired"]


class AxisLevel(Figures):
    """A level on one axis: what is earned, what were all unknowns met, and what without SAMPLE evidence."""

    level: int
    upper: int
    without_sample: int
    """The level that remains when SAMPLE evidence is left out."""


class CriterionAnswer(Figures):
    """How one criterion was answered, by what, and until when."""

    axis: Axis
    level: int
    criterion: str
    state: Literal["MET", "NOT MET", "UNKNOWN", "NOT APPLICABLE"]
    reason: str
    evidence: Digest | None
    """Digest of the record that answered it; None for declarations and for no evidence."""
    sample: bool
    until: Moment | None
    side: Literal["technology", "people"]


class Blocker(Figures):
    """One thing between the use case and its next stage."""

    axis: Axis
    level: int
    criterion: str
    state: Literal["NOT MET", "UNKNOWN"]
    side: Literal["technology", "people"]
    question: str
    reason: str
    turn: str
    """Whose turn it is: a role, and the team or handle behind it where the registry names one (`owner: claims`)."""
    next_step: str
    minutes: float
    """People's time for the next step."""
    for_stage: StageName


class Assessment(Body):
    """How ready one Release is. No Assessment means level 0."""

    record_name: ClassVar[str] = "assessment"

    use_case: str
    release: Digest
    at: Moment
    criteria: Digest
    """Digest over the scales and the tier: the version of the criteria."""
    tier: str
    levels: dict[Axis, AxisLevel]
    stage: StageName
    stage_since: Moment
    eligible: StageName
    """The furthest stage that the evidence allows; `stage` may wait for a person's promotion."""
    next_stage: StageName | None
    blockers: tuple[Blocker, ...]
    """What is missing for the next stage, cheapest first."""
    later: tuple[Blocker, ...]
    """What is missing for production beyond the next stage."""
    answers: tuple[CriterionAnswer, ...]
    changes_at: Moment | None
    """The next moment at which time alone changes this assessment."""

    def subject_digests(self) -> dict[str, str]:
        """The Release assessed."""
        return {self.use_case: self.release}
