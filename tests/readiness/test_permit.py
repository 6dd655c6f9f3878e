"""Permits: whom a stage lets in, within which limits, how strictly, and never longer than its evidence and grace."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.readiness.declared import BARE, FULL, NOW, Case, catalog_of, entry, measurement, repaired

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.permit import Permit
from pilotage.readiness.permit import plan_permit

DAY = timedelta(days=1)


def permit(case: Case, now: datetime = NOW, previous: Permit | None = None) -> Permit:
    """Assess a case and plan its permit at a moment."""
    held: Entry[Permit] | None = None if previous is None else entry(8, previous)
    return plan_permit(entry(9, case.assess(now)), case.catalog, held, now)


def with_tier(case: Case, **changes: Any) -> Case:  # noqa: ANN401 - any field may change
    """Change the low tier."""
    tier = case.catalog.risk_tiers["low"].model_copy(update=changes)
    case.catalog = case.catalog.model_copy(update={"risk_tiers": case.catalog.risk_tiers | {"low": tier}})
    return case


def test_each_stage_lets_in_whom_its_terms_name() -> None:
    """Builders and assessment may always call until retirement; the cohort from `limited` on."""
    pilot = permit(Case(catalog_of(BARE)))
    assert (pilot.stage, pilot.audiences) == ("pilot", ("assessment", "builders"))
    idea = permit(Case(catalog_of().model_copy(update={"scales": {}})))
    assert (idea.stage, idea.audiences) == ("idea", ("assessment", "builders"))
    limited = permit(repaired())
    assert (limited.stage, limited.audiences) == ("limited", ("assessment", "builders", "cohort"))
    retired = permit(Case(catalog_of(FULL.replace("target_stage: production", "target_stage: retired"))))
    assert (retired.stage, retired.audiences) == ("retired", ())


def test_the_lower_of_tier_and_budget_limits_the_money() -> None:
    """The tier's limit holds where the use case sets none lower; money is exact, in the organisation's currency."""
    assert permit(repaired()).monthly_spend == Decimal(1000)
    cheap = Case(catalog_of(FULL + "monthly_budget: 20.1\n"))
    found = permit(cheap)
    assert (found.monthly_spend, found.currency) == (Decimal("20.1"), "EUR")
    assert permit(Case(catalog_of(FULL + "monthly_budget: 5000\n"))).monthly_spend == Decimal(100)


def test_a_permit_ends_with_the_evidence_and_its_grace() -> None:
    """The first evidence to expire, plus the tier's grace, ends a permit; without expiring evidence the tier does."""
    case = repaired()
    until = case.assess().changes_at
    assert until is not None
    assert permit(with_tier(repaired(), permit_days=365)).until == until + 14 * DAY
    assert permit(case).until == NOW + 90 * DAY
    assert permit(Case(catalog_of(BARE))).until == NOW + 90 * DAY


def test_looking_again_renews_nothing_until_half_the_life_is_over() -> None:
    """A permit keeps its end while more than half of its life is left, and is renewed afterwards."""
    case = Case(catalog_of(BARE))
    first = permit(case)
    assert permit(case, NOW + 44 * DAY, first).until == first.until
    assert permit(case, NOW + 46 * DAY, first).until == NOW + 136 * DAY


def test_an_end_that_comes_nearer_is_taken_over() -> None:
    """New evidence that expires earlier shortens the permit at once."""
    case = repaired()
    first = permit(case)
    case.bodies.append(measurement(case.catalog, finished=NOW - 80 * DAY))
    assert permit(case, NOW, first).until == NOW + 10 * DAY + 14 * DAY


def test_stale_evidence_leaves_the_permit_its_grace() -> None:
    """When evidence expires the level drops; the permit stays until its end, which never moves, and then narrows."""
    case = with_tier(repaired(), permit_days=365)
    first = permit(case)
    expired = case.assess().changes_at
    assert expired is not None
    assert case.assess(expired).stage == "pilot"
    graced = permit(case, expired, first)
    assert (graced.stage, graced.audiences, graced.until) == ("limited", first.audiences, expired + 14 * DAY)
    last = permit(case, expired + 13 * DAY, graced)
    assert (last.stage, last.until) == ("limited", expired + 14 * DAY)
    over = permit(case, expired + 14 * DAY, last)
    assert (over.stage, over.audiences) == ("pilot", ("assessment", "builders"))


def test_refuted_evidence_narrows_at_once() -> None:
    """A FAILS takes the cohort out without any grace."""
    case = repaired()
    first = permit(case)
    case.bodies.append(measurement(case.catalog, verdict="FAILS"))
    assert permit(case, NOW, first).stage == "pilot"


def test_a_tier_without_grace_narrows_at_once() -> None:
    """Where the tier gives no grace, stale evidence ends the stage at that moment."""
    case = with_tier(repaired(), grace_days=0, permit_days=365)
    first = permit(case)
    expired = case.assess().changes_at
    assert expired is not None
    assert first.until == expired
    assert permit(case, expired, first).stage == "pilot"


def test_a_lowered_target_narrows_at_once() -> None:
    """Taking a use case back to `pilot` is a decision, and no grace delays it."""
    case = repaired()
    first = permit(case)
    use_case = case.catalog.use_cases["inbox"].model_copy(update={"target_stage": "pilot"})
    case.catalog = case.catalog.model_copy(update={"use_cases": {"inbox": use_case}})
    assert permit(case, NOW, first).stage == "pilot"


def test_another_release_starts_without_the_grace_of_the_last() -> None:
    """A new Release gets what its own evidence earns, whatever the one before may still do."""
    case = repaired()
    first = permit(case).model_copy(update={"release": "sha256:" + "5" * 64})
    case.bodies = []
    assert permit(case, NOW, first).stage == "pilot"


def test_the_mode_becomes_stricter_on_the_date_that_was_told() -> None:
    """A use case observes first; the date of `enforce` is set once and holds over assessments and releases."""
    case = repaired()
    first = permit(case)
    assert (first.mode, first.next_mode, first.next_mode_on) == ("observe", "enforce", NOW + 30 * DAY)
    other = first.model_copy(update={"release": "sha256:" + "5" * 64})
    second = permit(case, NOW + 10 * DAY, other)
    assert second.next_mode_on == NOW + 30 * DAY
    third = permit(case, NOW + 30 * DAY, second)
    assert (third.mode, third.next_mode, third.next_mode_on) == ("enforce", None, None)
    assert permit(case, NOW + 31 * DAY, third).mode == "enforce"


@pytest.mark.parametrize("mode", ["observe", "warn", "enforce"])
def test_a_tier_may_begin_in_any_mode(mode: str) -> None:
    """Without a next mode the tier's own holds for ever."""
    found = permit(with_tier(repaired(), mode=mode, next_mode=None, next_mode_after_days=None))
    assert (found.mode, found.next_mode) == (mode, None)


def test_a_permit_names_the_assessment_that_it_follows_from() -> None:
    """Whoever reads a permit finds the reasons by the digest in it."""
    assert permit(repaired()).assessment == f"sha256:{9:064x}"
