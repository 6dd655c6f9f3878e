"""RiskTier: what a wrong answer may do decides how much evidence each stage needs and what a permit allows."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pilotage.registry.kinds.document import Audience, DataClass, Document, Part, Share

Mode = Literal["observe", "warn", "enforce"]


class StageTerms(Part):
    """What one stage demands and what it then permits."""

    levels: dict[Literal["TRL", "IRL", "HRL"], Annotated[int, Field(ge=0, le=9)]] = Field(
        description="Lowest level on each axis."
    )
    audiences: tuple[Audience, ...] = Field(description="Who may call the promoted Release.")
    promotion: Literal["automatic", "person"] = Field(
        default="automatic", description="Whether the stage is reached by itself, or a person promotes."
    )
    calls_per_minute: Annotated[int, Field(ge=1)] | None = Field(default=None, description="Most calls in a minute.")
    monthly_spend: Annotated[float, Field(ge=0)] | None = Field(
        default=None,
        description="Most money a month in the organisation's currency, where the use case sets none lower.",
    )
    sample_evidence: bool = Field(default=True, description="Whether SAMPLE evidence may count; never for production.")


class ClaimFloor(Part):
    """The weakest claim that a gate of this tier may decide."""

    p0: Share = Field(default=0.5, description="Lowest share that a claim must exceed.")
    alpha: Annotated[float, Field(gt=0, le=0.2)] = Field(
        default=0.05, description="Highest error that a claim may allow itself."
    )


class Triggers(Part):
    """Facts of a use case that put it in this tier or a higher one."""

    data_classes: tuple[DataClass, ...] = Field(default=(), description="Any of these classes of data.")
    autonomy: tuple[Literal["suggests", "acts-with-approval", "acts"], ...] = Field(
        default=(), description="Any of these degrees of autonomy."
    )
    users_outside_organisation: bool = Field(default=False, description="Users outside the organisation.")


class RiskTier(Document):
    """One tier of risk; the higher of inferred and declared holds."""

    kind: Literal["RiskTier"]
    rank: int = Field(ge=1, le=9, description="Higher means more risk.")
    inferred_from: Triggers = Field(default=Triggers(), description="Facts of a use case that put it here.")
    stages: dict[Literal["pilot", "limited", "production"], StageTerms] = Field(
        description="What each stage demands and permits."
    )
    claim_floor: ClaimFloor = Field(default=ClaimFloor(), description="The weakest claim that may be gated.")
    permit_days: int = Field(default=90, ge=1, description="Longest life of a permit.")
    grace_days: int = Field(default=14, ge=0, description="Days that a permit outlives evidence that became stale.")
    mode: Mode = Field(default="observe", description="How a new permit acts at the gateway.")
    next_mode: Mode | None = Field(default=None, description="The mode that follows.")
    next_mode_after_days: int | None = Field(default=None, ge=1, description="Days after which the next mode begins.")
