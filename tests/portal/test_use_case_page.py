"""Tests of the use case's page as a value."""

from datetime import timedelta

import pytest
from tests.portal import sample

from pilotage.core.clock import ManualClock
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.record import Body
from pilotage.portal.pages.frame import plan_frame
from pilotage.portal.pages.process import plan_process
from pilotage.portal.pages.use_case import UseCasePage, plan_use_case_page
from pilotage.portal.render import render_page
from pilotage.registry.kinds.use_case import Process, Step

NOW = sample.NOW


def planned(*bodies: Body, **changes: object) -> UseCasePage:
    """Plan the page of the claims inbox over some records."""
    ledger = MemoryLedger(ManualClock(NOW))
    for body in bodies:
        ledger.append(body)
    catalog = sample.catalog(sample.use_case(**changes))  # pyright: ignore[reportArgumentType] - fields by name
    frame = plan_frame(catalog, head="h", banner=None, assets="a", now=NOW)
    return plan_use_case_page(frame, catalog, "claims-inbox", ledger.read(), sample.usage(), NOW)


def plain(text: str) -> str:
    """Give a text with ordinary spaces."""
    return text.replace("\u202f", " ").replace("\u2009", " ")


def test_what_is_missing_stands_in_two_columns() -> None:
    """Blockers are parted into model and tools, and people and process, each with what a person needs to act."""
    tools, people = planned(sample.release(), sample.assessment()).needs

    assert ("30 %", 1, 0) == (plain(tools.share), len(tools.now), len(tools.later))
    assert ("70 %", 2, 1) == (plain(people.share), len(people.now), len(people.later))
    need = people.now[0]
    assert ("HRL 4", "UNKNOWN", "noor-haddad, bridge builder", "45 min", "limited") == (
        need.place, need.state.text, need.turn, plain(need.minutes), need.for_stage,
    )  # fmt: skip


def test_ladders_stand_rung_by_rung() -> None:
    """Each axis has nine rungs, highest first; earned, next and ahead are words, and SAMPLE evidence is marked."""
    page = planned(sample.release(), sample.assessment(evidence="sha256:" + "a" * 64))

    assert ["TRL", "IRL", "HRL"] == [ladder.axis for ladder in page.ladders]
    trl = page.ladders[0]
    assert list(range(9, 0, -1)) == [rung.level for rung in trl.rungs]
    assert ["ahead"] * 5 + ["next"] + ["earned"] * 3 == [rung.state for rung in trl.rungs]
    third = trl.rungs[6]
    assert third.sample
    assert ("MET", "a" * 12, "2027-02-20 (in 90 days)") == (
        third.criteria[0].state.text, third.criteria[0].evidence_short, plain(third.criteria[0].until),
    )  # fmt: skip
    assert {"UNKNOWN"} == {line.state.text for line in trl.rungs[0].criteria}


def test_a_gate_shows_all_that_its_verdict_rests_on() -> None:
    """A gate names claim, verdict, n, attempt, interval, baseline, calls against a fixed design, money and energy."""
    page = planned(sample.release(), sample.measurement(sample.outcomes(240, 17), attempt=2))

    (card,) = page.gates.cards
    facts = {fact.label: plain(fact.value) for fact in card.facts}
    assert ("MEETS", "95.2 %") == (card.verdict.text, plain(card.point))
    assert "n 62" in plain(card.interval)
    assert "2 at this claim" == facts["Attempt"]
    assert facts["Trivial baseline"].startswith("41 % (35 – 47 %")
    assert "each prompt was asked once" == facts["Disagreement with itself"]
    assert ("€0.0012 – 0.0040", "0.8 – 2.4 Wh") == (facts["Money"], facts["Energy"])
    assert "62 asked; a fixed design would have asked 235 (−74 %)" == plain(card.saved)
    assert ["this Release", "SAMPLE", "sealed data"] == [tag.text for tag in card.tags]
    assert "MEETS at n = 62" in card.chart


def test_unknown_costs_of_a_gate_stay_unknown() -> None:
    """Money, energy and tokens that nobody knows are shown as unknown."""
    base = sample.measurement(sample.outcomes(20, 2))
    spent = base.spent.model_copy(update={"money": None, "energy": None, "tokens_in": None})
    (card,) = planned(sample.release(), base.model_copy(update={"spent": spent, "baseline": None})).gates.cards
    facts = {fact.label: fact.value for fact in card.facts}

    assert ["unknown"] * 3 == [facts[label] for label in ("Money", "Energy", "Tokens")]
    assert "there is none" == facts["Trivial baseline"]


def test_only_the_last_gate_of_each_evaluation_stands_in_full() -> None:
    """Earlier runs of an evaluation move to the table, newest first, with the Release they asked."""
    old = sample.measurement(sample.outcomes(20, 2), digest=sample.OLD)
    page = planned(old, sample.measurement(sample.outcomes(240, 17), attempt=2), sample.release())

    assert ["MEETS"] == [card.verdict.text for card in page.gates.cards]
    assert [("FAILS", 1)] == [(row.verdict.text, row.attempt) for row in page.gates.earlier]


def test_the_assessment_of_the_present_release_counts() -> None:
    """A later assessment of an earlier Release does not hide that of the present one."""
    page = planned(
        sample.release(sample.OLD),
        sample.release(),
        sample.assessment(stage="limited"),
        sample.assessment(sample.OLD),
    )

    assert "limited" == page.standing.stage


def test_users_may_get_an_earlier_release() -> None:
    """While the present Release is a candidate, the page names the one that users get."""
    served = sample.permit(sample.OLD, audiences=("assessment", "builders", "cohort"))
    page = planned(sample.release(sample.OLD), served, sample.release(), sample.permit())

    assert page.release is not None
    assert "Users get the earlier Release" in page.release.served
    assert page.permit is not None
    assert "assessment, builders" == page.permit.facts[0].value


def test_a_permit_that_ran_out_says_so() -> None:
    """A Permit whose time is over is shown as run out."""
    page = planned(sample.release(), sample.permit(until=NOW - timedelta(days=1)))

    assert page.permit is not None
    assert "ran out" == page.permit.state.text


def test_an_empty_ledger_gives_a_page_that_says_what_to_do() -> None:
    """Before anything was recorded each section says that it is empty, and no template misses a value."""
    html = render_page(planned(promise=None, process={}, not_for=[]))

    for words in (
        "Nothing was measured yet",
        "No permit yet",
        "Nothing was released yet",
        "Nobody has stated",
        "pilotage assess",
    ):
        assert words in html


@pytest.mark.parametrize(
    ("after", "bolted_on", "changes"),
    [
        ([("Read", "clerk"), ("Sort", "clerk")], True, ["", ""]),
        ([("read ", "Clerk"), ("Ask the model", "model"), ("sort", "clerk")], True, ["", ""]),
        ([("Read", "clerk")], False, ["", "removed"]),
        ([("Read", "clerk"), ("Sort", "senior clerk")], False, ["", "other hands"]),
    ],
)
def test_a_model_that_changes_no_step_is_bolted_on(
    after: list[tuple[str, str]], *, bolted_on: bool, changes: list[str]
) -> None:
    """Bolted on means that no step was removed, moved or given to somebody else, whatever was added."""
    before = (Step(step="Read", who="clerk"), Step(step="Sort", who="clerk"))
    view = plan_process(Process(before=before, after=tuple(Step(step=step, who=who) for step, who in after)))

    assert bolted_on == view.bolted_on
    assert changes == [line.change for line in view.before]


def test_a_moved_step_is_no_bolting_on() -> None:
    """Two steps that change places count as one moved."""
    steps = (Step(step="Read", who="clerk", minutes=1), Step(step="Sort", who="clerk", minutes=2))
    view = plan_process(Process(before=steps, after=steps[::-1]))

    assert not view.bolted_on
    assert 1 == [line.change for line in view.before].count("moved")
    assert "3 min" == plain(view.before_total)


def test_an_undeclared_process_is_not_called_bolted_on() -> None:
    """Where one side is not declared, the page says that nobody can tell."""
    view = plan_process(Process(before=(Step(step="Read", who="clerk"),)))

    assert not view.bolted_on
    assert "not both declared" in view.verdict
    assert "unknown" == view.before_total
