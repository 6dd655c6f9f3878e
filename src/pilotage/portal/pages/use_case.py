"""A use case's page: the headline, what is missing in two columns, the work, the ladders, the gates, the permit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment, Blocker
from pilotage.ledger.records.attestation import Attestation
from pilotage.ledger.records.measurement import Measurement
from pilotage.ledger.records.permit import Permit
from pilotage.ledger.records.release import Release
from pilotage.metering.totals import UsageTotals
from pilotage.portal.charts import LevelsAt, draw_history
from pilotage.portal.figures import NARROW, counted, dated, minutes_text
from pilotage.portal.pages.frame import Fact, Frame, Pill, of_kind
from pilotage.portal.pages.front import NOBODY
from pilotage.portal.pages.gates import Gates, plan_gates
from pilotage.portal.pages.ladder import Ladder, plan_ladders
from pilotage.portal.pages.permission import PermitView, ReleaseView, plan_permit_view, plan_release_view
from pilotage.portal.pages.process import ProcessView, plan_process
from pilotage.portal.pages.spending import Spending, plan_spending
from pilotage.portal.pages.standing import Need, Standing, plan_need, plan_standing
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.use_case import UseCase

MOST_STATEMENTS = 30


@dataclass(frozen=True, slots=True)
class NeedColumn:
    """One side of what is missing.

    Attributes:
        share: `30 %` or `70 %`.
        label: what the side is about.
        now: what the next stage needs.
        later: what stands between that and production.
        summary: how many, and people's time.
    """

    key: str
    share: str
    label: str
    now: tuple[Need, ...]
    later: tuple[Need, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One person's statement."""

    evidence: str
    criterion: str
    answer: Pill
    roles: str
    assurance: str
    sample: bool
    when: str


@dataclass(frozen=True, slots=True)
class UseCasePage:
    """Everything that a use case's page shows."""

    template: ClassVar[str] = "use_case.html"

    frame: Frame
    title: str
    name: str
    purpose: str
    standing: Standing
    next_stage: str
    assessed: str
    assessment_evidence: str | None
    needs: tuple[NeedColumn, ...]
    promise: str
    not_for: tuple[str, ...]
    people: tuple[Fact, ...]
    terms: tuple[Fact, ...]
    process: ProcessView
    ladders: tuple[Ladder, ...]
    gates: Gates
    statements: tuple[Statement, ...]
    spending: Spending
    permit: PermitView | None
    release: ReleaseView | None
    history: Markup


def plan_use_case_page(
    frame: Frame,
    catalog: Catalog,
    name: str,
    entries: Sequence[Entry],
    usage: UsageTotals | None,
    now: datetime,
) -> UseCasePage:
    """Plan the page of a use case that the catalog has.

    Args:
        frame: what surrounds it.
        catalog: what is declared.
        name: the use case.
        entries: all records about it, in the ledger's order.
        usage: this month's usage; None where it is unknown.
        now: the present moment.

    Raises:
        KeyError: the catalog has no such use case.
    """
    case = catalog.use_cases[name]
    releases, permits = of_kind(entries, Release), of_kind(entries, Permit)
    release = releases[-1].body.release if releases else None
    assessments = of_kind(entries, Assessment)
    assessment = latest_assessment(assessments, release)
    body = None if assessment is None else assessment.body
    permit = next((item for item in reversed(permits) if item.body.release == release), None)
    return UseCasePage(
        frame=frame,
        title=case.label,
        name=name,
        purpose=case.purpose,
        standing=plan_standing(case, assessment, now),
        next_stage="" if body is None or body.next_stage is None else body.next_stage,
        assessed="" if body is None else dated(body.at, now),
        assessment_evidence=None if assessment is None else assessment.digest,
        needs=_needs(body),
        promise=case.promise or "",
        not_for=case.not_for,
        people=_people(case, catalog),
        terms=_terms(case, body),
        process=plan_process(case.process),
        ladders=plan_ladders(catalog.scales_by_axis(), body, now),
        gates=plan_gates(of_kind(entries, Measurement), catalog, release, now),
        statements=_statements(of_kind(entries, Attestation), now),
        spending=plan_spending(usage),
        permit=plan_permit_view(permit or (permits[-1] if permits else None), now),
        release=plan_release_view(releases, permits, now),
        history=draw_history("history", _history(assessments), now),
    )


def latest_assessment(assessments: Sequence[Entry[Assessment]], release: str | None) -> Entry[Assessment] | None:
    """Give the last Assessment of the present Release; while it has none, the last of any."""
    of_release = [entry for entry in assessments if entry.body.release == release]
    if of_release:
        return of_release[-1]
    return assessments[-1] if assessments else None


def _needs(body: Assessment | None) -> tuple[NeedColumn, ...]:
    sides = (
        ("technology", f"30{NARROW}%", "Model and tools"),
        ("people", f"70{NARROW}%", "People and process"),
    )
    columns: list[NeedColumn] = []
    for side, share, label in sides:
        now = [] if body is None else [blocker for blocker in body.blockers if blocker.side == side]
        later = [] if body is None else [blocker for blocker in body.later if blocker.side == side]
        columns.append(
            NeedColumn(side, share, label, tuple(map(plan_need, now)), tuple(map(plan_need, later)), _effort(body, now))
        )
    return tuple(columns)


def _effort(body: Assessment | None, blockers: Sequence[Blocker]) -> str:
    if body is None:
        return "not assessed yet"
    if not blockers:
        return "nothing is missing for the next stage"
    minutes = sum(blocker.minutes for blocker in blockers)
    return f"{counted(len(blockers), 'thing')} missing, {minutes_text(minutes)} of people’s time"


def _people(case: UseCase, catalog: Catalog) -> tuple[Fact, ...]:
    team = catalog.teams.get(case.owner)
    users = "not declared"
    if case.users is not None:
        outside = ", outside the organisation" if case.users.outside_organisation else ""
        users = f"{case.users.who} ({counted(case.users.count, 'person', 'people')}{outside})"
    facts = [
        Fact("Owner", f"{team.label if team else case.owner}, {case.owner_person or 'no person named'}"),
        Fact("Bridge builder", case.bridge_builder or NOBODY),
        Fact("Deputy", case.deputy or NOBODY),
        Fact("Risk owner", case.risk_owner or NOBODY),
        Fact("Users", users),
    ]
    if case.cohort:
        facts.append(Fact("Cohort", ", ".join(case.cohort)))
    if case.support:
        facts.append(Fact("Support", case.support))
    return tuple(facts)


def _terms(case: UseCase, body: Assessment | None) -> tuple[Fact, ...]:
    facts = [
        Fact("Risk tier", body.tier if body is not None else case.tier or "not assessed yet"),
        Fact("Autonomy", case.autonomy.replace("-", " ")),
        Fact("Data", ", ".join(case.data_classes) or "not declared"),
        Fact("Target", case.target_stage),
    ]
    optional = (
        ("A wrong answer costs", case.wrong_answer_cost),
        ("Done today", case.baseline),
        ("Oversight", case.oversight),
        ("Way back", case.rollback),
    )
    facts.extend(Fact(label, text) for label, text in optional if text)
    if case.outside is not None:
        facts.append(Fact("Outside the gateway", case.outside.product))
    return tuple(facts)


def _statements(attestations: Sequence[Entry[Attestation]], now: datetime) -> tuple[Statement, ...]:
    return tuple(
        Statement(
            evidence=entry.digest,
            criterion=entry.body.criterion,
            answer=Pill("yes", "good") if entry.body.answer else Pill("no", "bad"),
            roles=", ".join(entry.body.roles) or "no role",
            assurance="signed" if entry.body.assurance == "ssh-signature" else "asserted, satisfies nothing",
            sample=entry.body.sample,
            when=dated(entry.body.made, now),
        )
        for entry in list(reversed(attestations))[:MOST_STATEMENTS]
    )


def _history(assessments: Sequence[Entry[Assessment]]) -> tuple[LevelsAt, ...]:
    return tuple(
        LevelsAt(entry.body.at, {axis: figure.level for axis, figure in entry.body.levels.items()}, entry.body.stage)
        for entry in assessments
    )
