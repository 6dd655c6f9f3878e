"""The list of runs: what was measured, newest first, each with its verdict; nothing of any item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pilotage.evaluation.reports.report import RunLine, figure_text, found_in_words, title_of
from pilotage.portal.figures import dated, exact_text
from pilotage.portal.pages.frame import Frame, Pill, state_pill
from pilotage.portal.pages.run import held
from pilotage.registry.catalog import Catalog

PAGE_SIZE = 25
"""Runs on one page."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in the list."""

    run: str
    title: str
    use_case: str
    claim: str
    verdict: Pill
    found: str
    when: str


@dataclass(frozen=True, slots=True)
class UseCaseChoice:
    """One of the use cases whose runs can be looked at; or all."""

    label: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RunsPage:
    """Everything that the list of runs shows."""

    template: ClassVar[str] = "runs.html"

    frame: Frame
    title: str
    lead: str
    choices: tuple[UseCaseChoice, ...]
    rows: tuple[RunRow, ...]
    leaf: int
    leaves: int
    address: str


def plan_runs_page(
    frame: Frame,
    catalog: Catalog | None,
    lines: Sequence[RunLine],
    use_case: str | None,
    leaf: int,
    now: datetime,
) -> RunsPage:
    """Plan a page of the list of runs.

    Args:
        frame: what surrounds it.
        catalog: what is declared.
        lines: the runs to list, oldest first.
        use_case: the use case whose runs these are; None: of all.
        leaf: which page; beyond the last is the last.
        now: the present moment.
    """
    leaves = max(1, -(-len(lines) // PAGE_SIZE))
    leaf = min(max(leaf, 1), leaves)
    end = len(lines) - (leaf - 1) * PAGE_SIZE
    count = "1 run" if len(lines) == 1 else f"{exact_text(len(lines))} runs"
    return RunsPage(
        frame=frame,
        title="Runs",
        lead=f"{count}, newest first." if lines else "",
        choices=_choices(catalog, use_case),
        rows=tuple(_row(line, catalog, now) for line in reversed(lines[max(0, end - PAGE_SIZE) : end])),
        leaf=leaf,
        leaves=leaves,
        address="/runs?page=" if use_case is None else f"/runs?use-case={use_case}&page=",
    )


def _row(line: RunLine, catalog: Catalog | None, now: datetime) -> RunRow:
    case = None if catalog is None else catalog.use_cases.get(line.use_case)
    found = ""
    if line.estimate is not None:
        found = f"{figure_text(line.claim.form, line.estimate.point)} {found_in_words(line.claim)}, "
        found = held(f"{found}n {exact_text(line.n)}")
    return RunRow(
        run=line.run,
        title=title_of(line, catalog),
        use_case=line.use_case if case is None else case.label,
        claim=line.claim.text,
        verdict=state_pill(line.verdict) if line.verdict else Pill("going", "open"),
        found=found,
        when=dated(line.finished or line.started, now),
    )


def _choices(catalog: Catalog | None, use_case: str | None) -> tuple[UseCaseChoice, ...]:
    """Give the use cases to choose from; none where there are not two."""
    cases = {} if catalog is None else catalog.use_cases
    if len(cases) < 2 and use_case is None:  # noqa: PLR2004 - one is no choice
        return ()
    every = UseCaseChoice("all use cases", "/runs", use_case is None)
    return (
        every,
        *(
            UseCaseChoice(case.label, f"/runs?use-case={name}", name == use_case)
            for name, case in sorted(cases.items())
        ),
    )
