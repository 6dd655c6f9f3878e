"""Tests of the front page as a value."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.portal import sample

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment
from pilotage.metering.totals import UsageTotals
from pilotage.portal.month import plan_month
from pilotage.portal.pages.frame import plan_frame
from pilotage.portal.pages.front import FrontPage, plan_front_page
from pilotage.portal.render import render_page
from pilotage.registry.catalog import Catalog

NOW = sample.NOW
NOTHING = "0" * 71


def entry(body: Assessment) -> Entry[Assessment]:
    """Put an assessment at a place in a chain."""
    return Entry(1, NOTHING, NOTHING, NOW, body, ())


def front(
    catalog: Catalog | None,
    *bodies: Assessment,
    usage: dict[str, UsageTotals | None] | None = None,
    leaf: int = 1,
) -> FrontPage:
    """Plan a front page."""
    frame = plan_frame(catalog, head="h", banner=None, assets="a", now=NOW)
    assessments = {body.use_case: entry(body) for body in bodies}
    return plan_front_page(frame, catalog, assessments, usage or {}, NOW, leaf)


def test_an_empty_installation_says_what_to_do() -> None:
    """Without a catalog the page names the three commands to begin with."""
    page = front(None)

    html = render_page(page)
    assert "catalog" == page.empty
    assert all(command in html for command in ("pilotage init", "pilotage check", "pilotage up"))
    assert "use-cases" == front(sample.catalog()).empty


def test_the_headline_is_stage_days_turn_and_obstacle() -> None:
    """A card says the stage, the days stuck, whose turn it is, what holds it back, and the cheapest next step."""
    (card,) = front(sample.catalog(sample.use_case()), sample.assessment()).cards

    standing = card.standing
    assert ("pilot", 143, True) == (standing.stage, standing.days, standing.stuck)
    assert "noor-haddad, bridge builder" == standing.turn
    assert "Have people who do the work seen its errors?" == standing.held_by
    assert standing.next_step.startswith("Show ten answers")
    assert "2 more things" in standing.more
    assert ("Claims department", "noor-haddad") == (card.owner, card.bridge_builder)


def test_the_most_stuck_stand_first_and_the_retired_last() -> None:
    """Pilots come first, the longest stuck before the others; the lead names the worst."""
    cases = [sample.use_case(name, title=name) for name in ("a-retired", "b-limited", "c-short", "d-long")]
    stages = (
        ("a-retired", "retired", 1),
        ("b-limited", "limited", 1),
        ("c-short", "pilot", 20),
        ("d-long", "pilot", 1),
    )
    bodies = [
        sample.assessment(use_case=name, stage=stage, stage_since=datetime(2026, 7, day, tzinfo=UTC))
        for name, stage, day in stages
    ]
    page = front(sample.catalog(*cases), *bodies)

    assert ["d-long", "c-short", "b-limited", "a-retired"] == [card.name for card in page.cards]
    assert page.lead.startswith("d-long has been stuck at pilot for 144 days.")


def test_days_count_as_stuck_only_at_pilot() -> None:
    """Days at another stage are told, but nobody is called stuck."""
    (card,) = front(sample.catalog(sample.use_case()), sample.assessment(stage="limited")).cards

    assert (143, False) == (card.standing.days, card.standing.stuck)


def test_without_an_assessment_every_level_is_zero() -> None:
    """A use case that nobody assessed stands at level 0, and the next step is to assess it."""
    (card,) = front(sample.catalog(sample.use_case())).cards

    assert card.standing.stage is None
    assert [0, 0, 0] == [level.level for level in card.standing.levels]
    assert "pilotage assess claims-inbox" in card.standing.next_step


def test_evidence_that_waits_for_a_person_is_said() -> None:
    """Where the evidence allows more than the stage, the turn is with who may promote."""
    body = sample.assessment(blockers=(), eligible="limited")
    (card,) = front(sample.catalog(sample.use_case()), body).cards

    assert "rita-lopes, owner" == card.standing.turn
    assert "the evidence allows limited" in card.standing.held_by


def test_unknown_money_is_unknown() -> None:
    """Calls without a price show as unknown, unread usage too, and no call as none."""
    usage = {
        "claims-inbox": UsageTotals(calls=9, unknown_cost=9, unknown_energy=9),
        "letters": None,
        "minutes": UsageTotals(),
        "": sample.usage(),
    }
    cases = [sample.use_case(name) for name in ("claims-inbox", "letters", "minutes")]
    lines = {card.name: card.spending.line for card in front(sample.catalog(*cases), usage=usage).cards}

    assert "9 calls this month · money unknown · energy unknown" == lines["claims-inbox"]
    assert "Usage could not be read" == lines["letters"]
    assert "No calls this month" == lines["minutes"]


@pytest.mark.parametrize(("leaf", "shown"), [(1, 20), (2, 20), (3, 5), (99, 5), (0, 20)])
def test_a_long_list_is_cut_into_leaves(leaf: int, shown: int) -> None:
    """Twenty use cases stand on one leaf; a leaf beyond the last is the last."""
    page = front(sample.catalog(*(sample.use_case(f"case-{k}") for k in range(45))), leaf=leaf)

    assert (shown, 3) == (len(page.cards), page.leaves)


def test_hostile_names_stay_text() -> None:
    """Mark-up in a title, a purpose or a banner is shown, not run."""
    case = sample.use_case(title="<script>alert(1)</script>", purpose="<img src=x onerror=alert(1)> `<b>`")
    page = front(sample.catalog(case))
    html = render_page(replace(page, frame=replace(page.frame, banner="<script>alert(2)</script>")))

    assert not re.search(r"<script>|<img src=x|<b>`", html)
    assert "&lt;script&gt;alert(1)" in html


def test_the_month_begins_in_the_organisations_time_zone() -> None:
    """A month begins at local midnight; an unknown time zone counts as UTC."""
    assert datetime(2026, 10, 31, 23, tzinfo=UTC) == plan_month(NOW, "Europe/Berlin")[0]
    assert datetime(2026, 11, 1, tzinfo=UTC) == plan_month(NOW, "No/Where")[0]
