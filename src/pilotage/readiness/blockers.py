"""Blockers: what stands between a use case and a stage, whose turn it is, and the cheapest thing to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pilotage.ledger.records.assessment import Blocker, StageName
from pilotage.readiness.basis import Basis
from pilotage.readiness.levels import AXES, Answered
from pilotage.readiness.stage import GatedStage, needs_real_evidence
from pilotage.readiness.turn import assess_turn

TIME = "time"
"""The turn of nobody: only waiting helps."""


def assess_blockers(answered: Sequence[Answered], basis: Basis, stage: GatedStage) -> list[Blocker]:
    """Give what the evidence lacks for one stage."""
    terms = basis.tier.stages.get(stage)
    if terms is None:
        return []
    real = needs_real_evidence(stage, terms)
    found: list[Blocker] = []
    for item in answered:
        if item.level > terms.levels.get(item.axis, 0):
            continue
        if item.is_met_without_sample or (item.is_met and not real):
            continue
        found.append(_blocker(item, basis, stage))
    return found


def _blocker(item: Answered, basis: Basis, stage: GatedStage) -> Blocker:
    """Write down one criterion that stands in the way."""
    criterion, answer = item.criterion, item.answer
    reason = answer.reason
    if item.is_met:
        reason = f"it rests on SAMPLE evidence, which cannot permit {stage}: {reason}"
    return Blocker(
        axis=item.axis,
        level=item.level,
        criterion=criterion.id,
        state="NOT MET" if answer.state == "NOT MET" else "UNKNOWN",
        side=criterion.side,
        question=criterion.question,
        reason=reason,
        turn=assess_turn(criterion.turn, basis.use_case, basis.catalog),
        next_step=criterion.next_step,
        minutes=criterion.minutes,
        for_stage=stage,
    )


def person_blocker(waits_for: str, basis: Basis, stage: StageName) -> Blocker:
    """Write down that the evidence suffices and a person has to act: to promote, or to aim further."""
    promotes = waits_for != "target"
    return Blocker(
        axis="HRL",
        level=0,
        criterion=waits_for if promotes else "target-stage",
        state="UNKNOWN",
        side="people",
        question=f"Does the owner want it at stage {stage}?",
        reason=f"the evidence allows {stage}; "
        + ("nobody has promoted this Release yet" if promotes else f"`target_stage` is {basis.use_case.target_stage}"),
        turn=assess_turn("owner", basis.use_case, basis.catalog),
        next_step=f"Read the assessment and sign `{waits_for}`."
        if promotes
        else f"Set `target_stage` to {stage}, or leave it where it is.",
        minutes=5,
        for_stage=stage,
    )


def sort_blockers(blockers: Iterable[Blocker]) -> tuple[Blocker, ...]:
    """Order by people's time, cheapest first, what only time can bring last; of those that ask the same, keep one."""
    ordered = sorted(
        blockers, key=lambda item: (item.turn == TIME, item.minutes, AXES.index(item.axis), item.level, item.criterion)
    )
    seen: set[str] = set()
    kept: list[Blocker] = []
    for item in ordered:
        if item.question not in seen:
            seen.add(item.question)
            kept.append(item)
    return tuple(kept)
