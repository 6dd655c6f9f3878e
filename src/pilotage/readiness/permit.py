"""Plan a Permit: what an Assessment allows at the gateway, for whom, how strictly, and until when.

A Permit outlives evidence that went stale by the tier's grace, so that nobody is cut off overnight for want of a
signature; what evidence refutes takes effect at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment, CriterionAnswer, StageName
from pilotage.ledger.records.permit import AudienceName, ModeName, Permit
from pilotage.readiness.stage import GATED, ORDER
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.risk_tier import RiskTier, StageTerms

ALWAYS: tuple[AudienceName, ...] = ("assessment", "builders")
"""Whom every tier lets call at level 0, so that there is something to measure."""
AUDIENCES: tuple[AudienceName, ...] = ("assessment", "builders", "cohort", "everyone")


def plan_permit(
    assessment: Entry[Assessment], catalog: Catalog, previous: Entry[Permit] | None, now: datetime
) -> Permit:
    """Plan the Permit that follows from an Assessment.

    Args:
        assessment: the record that it follows from.
        catalog: where its use case and its tier stand.
        previous: the last Permit of this Release, or else of the use case, from which the mode carries over.
        now: the moment of planning.

    Raises:
        KeyError: the catalog does not hold the use case or the tier.
    """
    body = assessment.body
    tier = catalog.risk_tiers[body.tier]
    own = previous.body if previous is not None and previous.body.release == body.release else None
    in_grace = own is not None and _is_in_grace(own, body, tier, now)
    stage = own.stage if own is not None and in_grace else body.stage
    until = _until(own, body, tier, now)
    if own is not None and in_grace:
        until = min(own.until, now + timedelta(days=tier.grace_days))
    mode = _plan_mode(tier, None if previous is None else previous.body, now)
    terms = _terms(tier, stage)
    return Permit(
        use_case=body.use_case,
        release=body.release,
        assessment=assessment.digest,
        stage=stage,
        audiences=_audiences(stage, terms),
        calls_per_minute=None if terms is None else terms.calls_per_minute,
        monthly_spend=_spend(terms, catalog.use_cases[body.use_case].monthly_budget),
        currency=catalog.organisation.currency,
        mode=mode.mode,
        next_mode=mode.next_mode,
        next_mode_on=mode.on,
        until=until,
    )


def _terms(tier: RiskTier, stage: StageName) -> StageTerms | None:
    """Give a stage's terms; what stands before `pilot` is held to the pilot's limits."""
    if stage == "retired":
        return None
    return tier.stages.get("pilot" if stage == "idea" else stage)


def _audiences(stage: StageName, terms: StageTerms | None) -> tuple[AudienceName, ...]:
    """Give who may call: nobody once retired, and always those who build and assess before that."""
    if stage == "retired":
        return ()
    more = () if terms is None or stage == "idea" else terms.audiences
    return tuple(audience for audience in AUDIENCES if audience in ALWAYS or audience in more)


def _spend(terms: StageTerms | None, budget: float | None) -> Decimal | None:
    """Give the lower of the tier's limit and the use case's budget; None where neither sets one."""
    limits = [Decimal(str(limit)) for limit in (terms.monthly_spend if terms else None, budget) if limit is not None]
    return min(limits, default=None)


def _demanded(answers: Iterable[CriterionAnswer], tier: RiskTier, stage: StageName) -> list[CriterionAnswer]:
    """Give the answers that a stage, and those before it, rest on."""
    levels: dict[str, int] = {}
    for passed in GATED[: ORDER.index(stage)] if stage in ORDER else ():
        if (terms := tier.stages.get(passed)) is not None:
            levels = {axis: max(levels.get(axis, 0), level) for axis, level in (levels | {**terms.levels}).items()}
    return [answer for answer in answers if answer.level <= levels.get(answer.axis, 0)]


def _is_in_grace(own: Permit, body: Assessment, tier: RiskTier, now: datetime) -> bool:
    """Tell whether a wider Permit still runs on, because what it rested on only went stale.

    A refuted criterion, a withdrawn promotion, a lower target and retirement all act at once.
    """
    if tier.grace_days == 0 or body.stage not in ORDER or own.stage not in ORDER or now >= own.until:
        return False
    if ORDER.index(own.stage) <= ORDER.index(body.eligible):
        return False
    return all(answer.state != "NOT MET" for answer in _demanded(body.answers, tier, own.stage))


def _until(own: Permit | None, body: Assessment, tier: RiskTier, now: datetime) -> datetime:
    """Give the end: the tier's longest, or the grace after the first evidence that the stage rests on expires.

    An end that was given before stays while it lies within that and more than half of the longest life is left, so
    that a Permit is not renewed at every look.
    """
    longest = timedelta(days=tier.permit_days)
    grace = timedelta(days=tier.grace_days)
    ends = [answer.until + grace for answer in _demanded(body.answers, tier, body.stage) if answer.until is not None]
    latest = min([now + longest, *ends])
    if own is not None and own.stage == body.stage and own.until <= latest and own.until - now > longest / 2:
        return own.until
    return latest


class _ModePlan(NamedTuple):
    """How strictly a Permit acts, and when that changes."""

    mode: ModeName
    next_mode: ModeName | None
    on: datetime | None


def _plan_mode(tier: RiskTier, previous: Permit | None, now: datetime) -> _ModePlan:
    """Give the mode; the date of the next one is set once per use case and does not begin anew with each Release."""
    if tier.next_mode is None or tier.next_mode_after_days is None:
        return _ModePlan(tier.mode, None, None)
    on = now + timedelta(days=tier.next_mode_after_days)
    if previous is not None and previous.mode == tier.next_mode:
        return _ModePlan(tier.next_mode, None, None)
    if previous is not None and previous.next_mode == tier.next_mode and previous.next_mode_on is not None:
        on = min(on, previous.next_mode_on)
    if now >= on:
        return _ModePlan(tier.next_mode, None, None)
    return _ModePlan(tier.mode, tier.next_mode, on)
