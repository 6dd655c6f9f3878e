"""Permit: what a Release may do at the gateway, for whom, until when, and how strictly."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal

from pilotage.ledger.records.assessment import StageName
from pilotage.ledger.records.record import Body, Digest, Moment

ModeName = Literal["observe", "warn", "enforce"]
AudienceName = Literal["assessment", "builders", "cohort", "everyone"]


class Permit(Body):
    """The latest Permit of a Release holds; an earlier one is history."""

    record_name: ClassVar[str] = "permit"

    use_case: str
    release: Digest
    assessment: Digest
    """Digest of the Assessment record that it follows from."""
    stage: StageName
    audiences: tuple[AudienceName, ...]
    calls_per_minute: int | None
    monthly_spend: Decimal | None
    currency: str
    mode: ModeName
    next_mode: ModeName | None
    next_mode_on: Moment | None
    until: Moment

    def subject_digests(self) -> dict[str, str]:
        """The Release permitted and the Assessment it rests on."""
        return {self.use_case: self.release, "assessment": self.assessment}
