"""Whole assessments: the states that a use case passes through on its way, and what each says about the next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.readiness.declared import (
    BARE,
    FULL,
    NOW,
    USE_CASE,
    Case,
    attestation,
    catalog_of,
    configuration_of,
    entries,
    entry,
    measurement,
    papers,
    repaired,
)

from pilotage.core.errors import UsageError
from pilotage.readiness.assess import assess
from pilotage.readiness.operation import UNSEEN, OperationFacts

SERVED = OperationFacts(days=20, calls=500)


def levels(case: Case, now: datetime = NOW) -> dict[str, tuple[int, int, int]]:
    """Give level, upper and level without SAMPLE by axis."""
    return {axis: (found.level, found.upper, found.without_sample) for axis, found in case.assess(now).levels.items()}


def test_a_bare_pilot_is_stuck_on_people_and_on_technology() -> None:
    """A pilot whose promise fails, without owner, bridge builder or changed process, has blockers in both columns."""
    catalog = catalog_of(BARE)
    found = Case(catalog, [measurement(catalog, verdict="FAILS")]).assess()
    assert (found.stage, found.eligible, found.next_stage) == ("pilot", "pilot", "limited")
    assert {axis: level.level for axis, level in found.levels.items()} == {"TRL": 1, "IRL": 1, "HRL": 0}
    state = {blocker.criterion: (blocker.side, blocker.state) for blocker in found.blockers}
    assert state["trl-6-sealed"] == ("technology", "NOT MET")
    assert state["hrl-2-owner"] == state["hrl-2-bridge"] == state["hrl-3-process"] == ("people", "UNKNOWN")
    assert state["hrl-5-usability"] == ("people", "UNKNOWN")
    assert {blocker.for_stage for blocker in found.blockers} == {"limited"}
    assert {blocker.for_stage for blocker in found.later} == {"production"}


def test_blockers_come_cheapest_first_with_whose_turn_it_is() -> None:
    """The first blocker costs the fewest minutes; roles are told with the team or handle behind them."""
    found = Case(catalog_of(BARE)).assess()
    minutes = [blocker.minutes for blocker in found.blockers]
    assert minutes == sorted(minutes)
    turns = {blocker.criterion: blocker.turn for blocker in found.blockers}
    assert turns["hrl-2-owner"] == "owner: claims"
    assert turns["hrl-3-process"] == "bridge-builder"
    assert turns["irl-5-control"] == "platform: platform"
    assert turns["trl-4-data"] == "risk-owner: risk"
    full = {blocker.criterion: blocker.turn for blocker in repaired().assess().blockers}
    assert (full["trl-8-owner"], full["trl-8-risk"]) == ("owner: ada", "risk-owner: rik")


def test_what_only_time_can_bring_comes_last() -> None:
    """Waiting costs nobody a minute, and is still not what to do next."""
    turns = [blocker.turn == "time" for blocker in repaired().assess().blockers]
    assert any(turns)
    assert turns == sorted(turns)


def test_no_question_is_asked_twice() -> None:
    """Each question stands once over blockers and later."""
    for case in (Case(catalog_of(BARE)), repaired()):
        found = case.assess()
        questions = [blocker.question for blocker in (*found.blockers, *found.later)]
        assert len(questions) == len(set(questions))


def test_the_repaired_use_case_reaches_limited_and_not_production() -> None:
    """A full declaration, one sealed claim that MEETS and five statements reach `limited`, and much is left."""
    case = repaired()
    found = case.assess()
    assert (found.stage, found.eligible, found.next_stage) == ("limited", "limited", "production")
    assert levels(case) == {"TRL": (6, 9, 6), "IRL": (5, 9, 5), "HRL": (6, 9, 6)}
    lacking = {blocker.criterion for blocker in found.blockers}
    assert {"trl-7-attack", "trl-7-load", "trl-7-operation", "hrl-7-training", "trl-8-owner", "trl-8-risk"} <= lacking
    assert found.later == ()


@pytest.mark.parametrize("left_out", ["trl-4-data", "trl-6-environment", "irl-5-control", "hrl-5-usability"])
def test_every_statement_is_needed(left_out: str) -> None:
    """Leaving out any one of the five statements keeps the use case at `pilot`, and the blocker names it."""
    case = repaired()
    case.bodies = [body for body in case.bodies if getattr(body, "criterion", None) != left_out]
    found = case.assess()
    assert found.stage == "pilot"
    assert [blocker.criterion for blocker in found.blockers] == [left_out]


def test_sample_evidence_reaches_limited_and_never_production() -> None:
    """SAMPLE evidence counts for `limited` where the tier allows it; blockers of production say otherwise."""
    case = repaired(sample=True)
    found = case.assess()
    assert found.stage == "limited"
    assert {axis: level.without_sample for axis, level in found.levels.items()} == {"TRL": 2, "IRL": 3, "HRL": 3}
    sealed = next(blocker for blocker in found.blockers if blocker.criterion == "trl-6-sealed")
    assert sealed.state == "UNKNOWN"
    assert sealed.reason.startswith("it rests on SAMPLE evidence, which cannot permit production")


def test_days_at_a_stage_carry_over_while_it_is_unchanged() -> None:
    """A pilot counts from its declared start; a new stage counts from now; an unchanged one from where it began."""
    catalog = catalog_of(BARE)
    first = Case(catalog).assess()
    assert first.stage_since == datetime(2026, 3, 2, tzinfo=UTC)
    case = repaired()
    case.previous = entry(1, first)
    reached = case.assess()
    assert (reached.stage, reached.stage_since) == ("limited", NOW)
    case.previous = entry(2, reached)
    later = NOW + timedelta(days=3)
    assert case.assess(later).stage_since == NOW


def test_a_start_that_lies_ahead_counts_from_now() -> None:
    """Nobody has been stuck for a negative number of days."""
    found = Case(catalog_of(BARE.replace("2026-03-02", "2027-01-01"))).assess()
    assert found.stage_since == NOW


def test_time_alone_lowers_a_level_at_the_moment_foretold() -> None:
    """`changes_at` is when the assessment first says something else; a moment before it says the same."""
    case = repaired()
    found = case.assess()
    assert found.changes_at is not None
    just_before = case.assess(found.changes_at - timedelta(microseconds=1))
    assert just_before.answers == found.answers
    after = case.assess(found.changes_at)
    assert after.answers != found.answers
    assert (after.stage, after.levels["TRL"].level) == ("pilot", 3)
    expired = next(answer for answer in after.answers if answer.criterion == "trl-4-end-to-end")
    assert expired.state == "UNKNOWN"
    assert "expired on 2026-07-29, after 90 days" in expired.reason


def test_medium_risk_asks_for_more() -> None:
    """What brings low risk to `limited` leaves medium risk at `pilot`, for want of numbers, tests and real evidence."""
    catalog = catalog_of(FULL.replace("data_classes: [internal]", "data_classes: [personal]"))
    found = Case(catalog, [measurement(catalog, "trial"), measurement(catalog), *papers(catalog)]).assess()
    assert (found.tier, found.stage) == ("medium", "pilot")
    assert {"trl-6-sealed-full", "trl-6-attack", "irl-4-contract"} <= {item.criterion for item in found.blockers}
    low = next(answer for answer in found.answers if answer.criterion == "trl-6-sealed")
    assert low.state == "NOT APPLICABLE"


def test_what_never_calls_us_is_held_too() -> None:
    """A bought product has no route; its interface is named, and its operation stays unknown instead of 0."""
    text = (
        FULL.replace("name: inbox", "name: bought") + "outside: {product: Letterbox 9, contract: C-1, owner: claims}\n"
    )
    base = catalog_of()
    bought = (
        catalog_of(text.replace("name: bought", "name: inbox"))
        .use_cases["inbox"]
        .model_copy(update={"name": "bought", "application": None})
    )
    catalog = base.model_copy(update={"use_cases": base.use_cases | {"bought": bought}})
    configuration = configuration_of(catalog)
    found = assess(catalog, "bought", configuration, (), UNSEEN, None, NOW)
    answers = {answer.criterion: answer for answer in found.answers}
    assert answers["irl-1-interface"].state == "MET"
    assert answers["trl-4-application"].state == "UNKNOWN"
    assert "never calls the gateway" in answers["trl-7-operation"].reason


def test_an_unknown_use_case_is_refused() -> None:
    """Assessing what is not declared says so."""
    catalog = catalog_of()
    with pytest.raises(UsageError, match="no use case"):
        assess(catalog, "nobody", configuration_of(catalog), (), UNSEEN, None, NOW)


def test_evidence_of_another_use_case_is_left_aside() -> None:
    """Nobody is promoted on somebody else's evidence."""
    case = repaired()
    foreign = [body.model_copy(update={"use_case": "other"}) for body in case.bodies]
    assert Case(case.catalog, foreign).assess().answers == Case(case.catalog).assess().answers


def test_the_criteria_have_a_version() -> None:
    """The digest of the criteria changes with the scales and the tier, and with nothing else."""
    case = repaired()
    scale = case.catalog.scales["trl"]
    milder = scale.model_copy(
        update={"levels": (scale.levels[0].model_copy(update={"criteria": ()}), *scale.levels[1:])}
    )
    other = case.catalog.model_copy(update={"scales": case.catalog.scales | {"trl": milder}})
    assert Case(other, case.bodies).assess().criteria != case.assess().criteria
    assert Case(catalog_of(BARE)).assess().criteria == case.assess().criteria


def test_an_axis_without_a_scale_has_level_0() -> None:
    """What nobody asks about is not reached."""
    case = repaired()
    scales = {name: scale for name, scale in case.catalog.scales.items() if scale.axis != "HRL"}
    case.catalog = case.catalog.model_copy(update={"scales": scales})
    found = case.assess()
    assert (found.levels["HRL"].level, found.levels["HRL"].upper, found.stage) == (0, 0, "pilot")


def test_everything_together_reaches_production_once_promoted() -> None:
    """Real evidence for all criteria of level 8, time served and a person's promotion give production."""
    case = complete()
    found = case.assess()
    assert (found.stage, found.eligible) == ("limited", "production")
    assert [blocker.criterion for blocker in found.blockers] == ["promote-production"]
    assert found.blockers[0].turn == "owner: ada"
    case.bodies.append(attestation(case.catalog, "promote-production", "owner"))
    promoted = case.assess()
    assert (promoted.stage, promoted.next_stage, promoted.blockers, promoted.later) == ("production", None, (), ())


def complete() -> Case:
    """Give a case with real evidence for everything up to level 8."""
    case = repaired()
    declared = catalog_of(FULL + "rollback: Sort by hand.\nsupport: '#inbox'\nnot_for: [replying to customers]\n")
    wide = declared.evaluations["one-of-two"]
    more = {
        name: wide.model_copy(update={"name": name, "measures": measures})
        for name, measures in (("attacks", "attack"), ("load", "load"), ("exchange", "integration"))
    }
    case.catalog = declared.model_copy(
        update={
            "evaluations": declared.evaluations | more,
            "dataset_sizes": declared.dataset_sizes | {"april": 400},
        }
    )
    signed = {
        "trl-8-rollback": "platform",
        "trl-8-owner": "owner",
        "trl-8-risk": "risk-owner",
        "irl-7-stress": "platform",
        "irl-8-trace": "bridge-builder",
        "hrl-7-training": "user-lead",
        "hrl-8-training": "user-lead",
        "hrl-8-approval": "user-lead",
    }
    case.bodies = [
        measurement(case.catalog, "trial"),
        *(measurement(case.catalog, name) for name in ("one-of-two", *more)),
        *papers(case.catalog),
        *(attestation(case.catalog, criterion, role) for criterion, role in signed.items()),
    ]
    case.operation = SERVED
    return case


def test_evidence_may_come_in_any_order() -> None:
    """Only the records' own numbers say which is the latest."""
    case = repaired()
    forward = entries(*case.bodies)
    configuration = configuration_of(case.catalog)
    one = assess(case.catalog, USE_CASE, configuration, forward, UNSEEN, None, NOW)
    other = assess(case.catalog, USE_CASE, configuration, forward[::-1], UNSEEN, None, NOW)
    assert one == other
