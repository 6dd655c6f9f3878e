"""Stages: how far the levels allow a use case to go, and how far it goes once people have promoted it.

Production never rests on SAMPLE evidence, whatever a tier says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Axis, AxisLevel, StageName
from pilotage.ledger.records.attestation import Attestation
from pilotage.readiness.basis import Basis
from pilotage.registry.kinds.risk_tier import RiskTier, StageTerms
from pilotage.registry.kinds.team import Role

GatedStage = Literal["pilot", "limited", "production"]
GATED: tuple[GatedStage, ...] = ("pilot", "limited", "production")
ORDER: tuple[StageName, ...] = ("idea", *GATED)
PROMOTERS: tuple[Role, ...] = ("owner", "risk-owner")
"""Who may promote where a tier asks for a person."""


def promotion_criterion(stage: StageName) -> str:
    """Give the name under which a promotion to a stage is attested."""
    return f"promote-{stage}"


def needs_real_evidence(stage: StageName, terms: StageTerms) -> bool:
    """Tell whether SAMPLE evidence is left out at a stage."""
    return stage == "production" or not terms.sample_evidence


def assess_eligible(tier: RiskTier, levels: Mapping[Axis, AxisLevel]) -> StageName:
    """Give the furthest stage of which the terms, and those of all stages before, hold."""
    reached: StageName = "idea"
    for stage in GATED:
        terms = tier.stages.get(stage)
        if terms is None or not _hold(stage, terms, levels):
            break
        reached = stage
    return reached


def _hold(stage: StageName, terms: StageTerms, levels: Mapping[Axis, AxisLevel]) -> bool:
    """Tell whether each axis reaches what a stage demands."""
    real = needs_real_evidence(stage, terms)
    return all(
        (levels[axis].without_sample if real else levels[axis].level) >= demanded
        for axis, demanded in terms.levels.items()
    )


def assess_stage(basis: Basis, eligible: StageName) -> tuple[StageName, str | None]:
    """Give the stage that is reached, and what besides evidence keeps it from the eligible one.

    Returns:
        The stage, and `promote-<stage>` where a person has still to promote, `target` where the use case does not
        aim further, or None.
    """
    if basis.use_case.target_stage == "retired":
        return "retired", None
    reached: StageName = "idea"
    for stage in GATED[: ORDER.index(eligible)]:
        if ORDER.index(stage) > ORDER.index(basis.use_case.target_stage):
            return reached, "target"
        if basis.tier.stages[stage].promotion == "person" and promotion_of(basis, stage) is None:
            return reached, promotion_criterion(stage)
        reached = stage
    return reached, None


def promotion_of(basis: Basis, stage: GatedStage) -> Entry[Attestation] | None:
    """Give the standing promotion of the Release to a stage; a later No from a promoter withdraws it."""
    for entry in basis.attestations:
        body = entry.body
        if (
            body.criterion == promotion_criterion(stage)
            and body.release == basis.release
            and body.assurance != "asserted"
            and set(body.roles) & set(PROMOTERS)
            and not (body.sample and needs_real_evidence(stage, basis.tier.stages[stage]))
        ):
            return entry if body.answer else None
    return None
