"""Assess: a catalog, evidence and a moment become levels with reasons, a stage, and what blocks the next one.

The rules are those of the Technology Readiness Level of a system as its weakest part (Lavin et al. 2022, MLTRL), with
three-valued criteria: what is unknown never passes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import cast

from pilotage.core.canonical import digest_of_json
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment, Axis, AxisLevel, Blocker, CriterionAnswer, StageName
from pilotage.ledger.records.attestation import Attestation
from pilotage.ledger.records.measurement import Measurement
from pilotage.ledger.records.record import Body
from pilotage.readiness.basis import Basis
from pilotage.readiness.blockers import assess_blockers, person_blocker, sort_blockers
from pilotage.readiness.levels import AXES, Answered, assess_axes, score_axis
from pilotage.readiness.operation import OperationFacts
from pilotage.readiness.stage import GATED, ORDER, assess_eligible, assess_stage
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import Configuration
from pilotage.registry.kinds.risk_tier import RiskTier
from pilotage.registry.tier import infer_tier


def assess(
    catalog: Catalog,
    use_case: str,
    configuration: Configuration,
    evidence: Sequence[Entry[Body]],
    operation: OperationFacts,
    previous: Entry[Assessment] | None,
    now: datetime,
) -> Assessment:
    """Assess one Release of a use case.

    Args:
        catalog: what is declared, in which the use case stands.
        use_case: its name.
        configuration: the Release: part -> digest, and their root.
        evidence: records in any order; those of other kinds or use cases are left aside.
        operation: what the gateway saw of real users.
        previous: the last Assessment of this Release, or else of the use case; its stage's beginning carries over.
        now: the moment of the assessment.

    Raises:
        UsageError: the catalog holds no such use case.
    """
    basis = _gather(catalog, use_case, configuration, evidence, operation, now)
    answered = assess_axes(basis)
    levels: dict[Axis, AxisLevel] = {axis: score_axis(answered, axis) for axis in AXES}
    eligible = assess_eligible(basis.tier, levels)
    stage, waits_for = assess_stage(basis, eligible)
    next_stage = _next_stage(stage, basis.tier)
    blockers, later = _blockers(answered, basis, next_stage, waits_for)
    return Assessment(
        use_case=use_case,
        release=configuration.root,
        at=now,
        criteria=digest_of_criteria(catalog, basis.tier),
        tier=basis.tier.name,
        levels=levels,
        stage=stage,
        stage_since=_stage_since(basis, stage, previous),
        eligible=eligible,
        next_stage=next_stage,
        blockers=blockers,
        later=later,
        answers=tuple(_plain(item) for item in answered),
        changes_at=min((end for item in answered if (end := item.answer.until) is not None), default=None),
    )


def digest_of_criteria(catalog: Catalog, tier: RiskTier) -> str:
    """Give the digest of the scales and the tier: the version of the criteria."""
    scales = {axis: _digest_of_text(scale.model_dump_json()) for axis, scale in catalog.scales_by_axis().items()}
    return digest_of_json({"scales": scales, "tier": tier.model_dump(mode="json")})


@lru_cache(maxsize=64)
def _digest_of_text(text: str) -> str:
    """Give the digest of a scale written as JSON; kept, because a scale is large and seldom changes."""
    return digest_of_json(json.loads(text))


def _gather(
    catalog: Catalog,
    use_case: str,
    configuration: Configuration,
    evidence: Iterable[Entry[Body]],
    operation: OperationFacts,
    now: datetime,
) -> Basis:
    """Sort the evidence by kind, newest first, and find the tier."""
    tier = infer_tier(catalog, use_case).tier
    newest = sorted(evidence, key=lambda entry: entry.seq, reverse=True)
    own = [entry for entry in newest if entry.body.about_use_case == use_case]
    return Basis(
        catalog=catalog,
        use_case=catalog.use_cases[use_case],
        tier=tier,
        parts=configuration.parts,
        release=configuration.root,
        measurements=tuple(cast("Entry[Measurement]", entry) for entry in own if isinstance(entry.body, Measurement)),
        attestations=tuple(cast("Entry[Attestation]", entry) for entry in own if isinstance(entry.body, Attestation)),
        operation=operation,
        now=now,
    )


def _next_stage(stage: StageName, tier: RiskTier) -> StageName | None:
    """Give the stage after this one; None at the end of the way."""
    if stage in {"production", "retired"}:
        return None
    following = GATED[ORDER.index(stage)]
    return following if following in tier.stages else None


def _blockers(
    answered: Sequence[Answered], basis: Basis, next_stage: StageName | None, waits_for: str | None
) -> tuple[tuple[Blocker, ...], tuple[Blocker, ...]]:
    """Give what is missing for the next stage, and what is missing for the stages beyond it."""
    if next_stage is None:
        return (), ()
    ahead = GATED[ORDER.index(next_stage) - 1 :]
    now = assess_blockers(answered, basis, ahead[0])
    if waits_for is not None:
        now.append(person_blocker(waits_for, basis, next_stage))
    blockers = sort_blockers(now)
    beyond = [blocker for stage in ahead[1:] for blocker in assess_blockers(answered, basis, stage)]
    asked = {blocker.question for blocker in blockers}
    later = sort_blockers(_first_of_each(blocker for blocker in beyond if blocker.question not in asked))
    return blockers, later


def _first_of_each(blockers: Iterable[Blocker]) -> list[Blocker]:
    """Keep each criterion once, with the first stage that needs it."""
    kept: dict[str, Blocker] = {}
    for blocker in blockers:
        kept.setdefault(blocker.criterion, blocker)
    return list(kept.values())


def _stage_since(basis: Basis, stage: StageName, previous: Entry[Assessment] | None) -> datetime:
    """Give when the stage began: it carries over while unchanged, and a pilot counts from its declared start."""
    if previous is not None and previous.body.stage == stage:
        return previous.body.stage_since
    began_as_idea = previous is None or previous.body.stage == "idea"
    if stage == "pilot" and began_as_idea and basis.use_case.started is not None:
        return min(datetime.fromisoformat(basis.use_case.started).replace(tzinfo=UTC), basis.now)
    return basis.now


def _plain(item: Answered) -> CriterionAnswer:
    """Write an answer down as the record holds it."""
    return CriterionAnswer(
        axis=item.axis,
        level=item.level,
        criterion=item.criterion.id,
        state=item.answer.state,
        reason=item.answer.reason,
        evidence=item.answer.evidence,
        sample=item.answer.sample,
        until=item.answer.until,
        side=item.criterion.side,
    )
