"""The front page: each use case with what holds it back, the most stuck first, and what it all costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment
from pilotage.metering.totals import UsageTotals
from pilotage.portal.figures import count_text, counted, exact_text
from pilotage.portal.pages.frame import Frame, Tile
from pilotage.portal.pages.spending import Spending, plan_spending
from pilotage.portal.pages.standing import Standing, plan_standing
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.use_case import UseCase

PER_PAGE = 20
NOBODY = "nobody yet"


@dataclass(frozen=True, slots=True)
class UseCaseCard:
    """One use case on the front page."""

    name: str
    label: str
    purpose: str
    standing: Standing
    owner: str
    bridge_builder: str
    outside: str
    spending: Spending


@dataclass(frozen=True, slots=True)
class FrontPage:
    """The front page.

    Attributes:
        lead: the one sentence to remember.
        tiles: totals of the organisation.
        cards: the use cases of this leaf, the most stuck first.
        empty: `catalog` while nothing is declared, `use-cases` while no use case is, else empty.
        leaf: number of this leaf, from 1.
        leaves: how many there are.
    """

    template: ClassVar[str] = "front.html"

    frame: Frame
    title: str
    lead: str
    tiles: tuple[Tile, ...]
    cards: tuple[UseCaseCard, ...]
    empty: str
    leaf: int
    leaves: int


def plan_front_page(
    frame: Frame,
    catalog: Catalog | None,
    assessments: Mapping[str, Entry[Assessment]],
    usage: Mapping[str, UsageTotals | None],
    now: datetime,
    leaf: int = 1,
) -> FrontPage:
    """Plan the front page.

    Args:
        frame: what surrounds it.
        catalog: what is declared; None for an installation that has just begun.
        assessments: the last Assessment by use case.
        usage: this month's usage by use case, and of the whole installation under `""`.
        now: the present moment.
        leaf: which leaf of a long list, from 1; beyond the last means the last.
    """
    if catalog is None or not catalog.use_cases:
        empty = "catalog" if catalog is None else "use-cases"
        return FrontPage(frame, "Use cases", "", (), (), empty, 1, 1)
    standings = {
        name: plan_standing(case, assessments.get(name), now) for name, case in sorted(catalog.use_cases.items())
    }
    order = sorted(standings, key=lambda name: (_rank(standings[name]), -(standings[name].days or 0), name))
    leaves = -(-len(order) // PER_PAGE)
    leaf = min(max(leaf, 1), leaves)
    shown = order[(leaf - 1) * PER_PAGE : leaf * PER_PAGE]
    return FrontPage(
        frame=frame,
        title="Use cases",
        lead=_lead(standings, order, catalog),
        tiles=_tiles(standings, usage.get("")),
        cards=tuple(_card(catalog.use_cases[name], standings[name], catalog, usage.get(name)) for name in shown),
        empty="",
        leaf=leaf,
        leaves=leaves,
    )


def _rank(standing: Standing) -> int:
    """Stuck ones first, retired ones last."""
    if standing.stuck:
        return 0
    return 2 if standing.stage == "retired" else 1


def _lead(standings: Mapping[str, Standing], order: list[str], catalog: Catalog) -> str:
    stuck = [name for name in order if standings[name].stuck]
    if stuck:
        worst = standings[stuck[0]]
        return (
            f"{catalog.use_cases[stuck[0]].label} has been stuck at pilot for {worst.days_text} "
            f"day{'' if worst.days == 1 else 's'}. Whose turn: {worst.turn}."
        )
    unassessed = sum(standing.stage is None for standing in standings.values())
    if unassessed:
        return f"{counted(unassessed, 'use case')} {'waits' if unassessed == 1 else 'wait'} for a first assessment."
    return "Nothing is stuck at pilot."


def _tiles(standings: Mapping[str, Standing], usage: UsageTotals | None) -> tuple[Tile, ...]:
    stuck = sorted(standing.days or 0 for standing in standings.values() if standing.stuck)
    serving = sum(standing.stage in {"limited", "production"} for standing in standings.values())
    spending = plan_spending(usage)
    note = f"median {exact_text(stuck[len(stuck) // 2])} days" if stuck else "none is stuck"
    return (
        Tile("Use cases", count_text(len(standings)), "declared"),
        Tile("Stuck at pilot", count_text(len(stuck)), note),
        Tile("Serving users", count_text(serving), "limited or production"),
        Tile("Calls this month", spending.calls.value, spending.calls.note),
        Tile("Money this month", spending.money.value, spending.money.note),
        Tile("Energy this month", spending.energy.value, spending.energy.note),
    )


def _card(case: UseCase, standing: Standing, catalog: Catalog, usage: UsageTotals | None) -> UseCaseCard:
    team = catalog.teams.get(case.owner)
    return UseCaseCard(
        name=case.name,
        label=case.label,
        purpose=case.purpose,
        standing=standing,
        owner=team.label if team else case.owner,
        bridge_builder=case.bridge_builder or NOBODY,
        outside="" if case.outside is None else f"{case.outside.product}, outside the gateway",
        spending=plan_spending(usage),
    )
