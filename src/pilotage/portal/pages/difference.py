"""Two runs side by side: the difference with its interval, the four kinds of pairs, and what changed, worse first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pilotage.core.estimate import Estimate
from pilotage.evaluation.reports.difference import Difference
from pilotage.evaluation.reports.item_lines import PairPage, Texts
from pilotage.evaluation.reports.report import SEALED_WHY, RunReport, figure_text, found_in_words, state_in_words
from pilotage.portal.figures import NARROW, THIN, count_text, dated, exact_text, share_text, short_digest
from pilotage.portal.pages.frame import Fact, Frame, Pill, state_pill
from pilotage.portal.pages.items import Pager, PairView, plan_pager, plan_pair
from pilotage.portal.pages.run import big_figure, held


@dataclass(frozen=True, slots=True)
class SideView:
    """One of the two runs."""

    heading: str
    title: str
    href: str
    verdict: Pill
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class DifferencePage:
    """Everything that the page of two runs shows."""

    template: ClassVar[str] = "difference.html"

    frame: Frame
    title: str
    crumb: str
    crumb_href: str
    swap_href: str
    point: str
    unit: str
    passed: str
    failed: str
    interval: str
    grade: str
    pairs: str
    both_pass: str
    worse: str
    better: str
    both_fail: str
    sides: tuple[SideView, ...]
    notes: tuple[str, ...]
    sealed_why: str
    total: str
    items: tuple[PairView, ...]
    pager: Pager


def plan_difference_page(
    frame: Frame,
    reports: tuple[RunReport, RunReport],
    difference: Difference,
    page: PairPage,
    texts: tuple[Mapping[int, Texts], Mapping[int, Texts]],
    now: datetime,
) -> DifferencePage:
    """Plan the page of two runs.

    Args:
        frame: what surrounds it.
        reports: the run that is compared with, then the one that is compared.
        difference: how they differ.
        page: the items to show.
        texts: of each run, what the items asked and what was answered, by slot.
        now: the present moment.
    """
    before, after = reports
    pairs = difference.pairs
    changed = pairs.worse + pairs.better
    form = after.line.claim.form
    passed, failed = (state_in_words(form, state) for state in ("pass", "fail"))
    return DifferencePage(
        frame=frame,
        title="Two runs compared",
        crumb=after.title,
        crumb_href=f"/runs/{after.line.run}",
        swap_href=f"/runs/{before.line.run}/against/{after.line.run}",
        point="nothing to compare" if difference.share is None else big_figure("comparison", difference.share.point),
        unit="" if difference.share is None else f"points in the share {passed}, after less before",
        passed=passed,
        failed=failed,
        interval="" if difference.share is None else _interval(difference.share),
        grade="" if difference.grade is None else _whole(difference.grade),
        pairs=exact_text(pairs.n),
        both_pass=count_text(pairs.both_pass),
        worse=count_text(pairs.worse),
        better=count_text(pairs.better),
        both_fail=count_text(pairs.both_fail),
        sides=(_side("Before", before, now), _side("After", after, now)),
        notes=difference.notes,
        sealed_why=SEALED_WHY if before.sealed or after.sealed else "",
        total=f"{exact_text(changed)} of {exact_text(pairs.n)}",
        items=tuple(
            plan_pair(line, texts[0].get(line.before.slot), texts[1].get(line.after.slot), form) for line in page.lines
        ),
        pager=plan_pager(page.page, page.pages, f"/runs/{after.line.run}/against/{before.line.run}?page="),
    )


def _side(heading: str, report: RunReport, now: datetime) -> SideView:
    line = report.line
    found = "no verdict yet"
    if line.estimate is not None:
        found = held(f"{figure_text(line.claim.form, line.estimate.point)} {found_in_words(line.claim)}, n {line.n}")
    return SideView(
        heading=heading,
        title=report.title,
        href=f"/runs/{line.run}",
        verdict=state_pill(line.verdict) if line.verdict else Pill("going", "open"),
        facts=(
            Fact("Found", found),
            Fact("Release", short_digest(line.release)),
            Fact("When", dated(line.finished or line.started, now)),
            Fact("Run", line.run),
        ),
    )


def _whole(estimate: Estimate) -> str:
    return f"{held(figure_text('comparison', estimate.point))} ({_interval(estimate)})"


def _interval(estimate: Estimate) -> str:
    low, high = big_figure("comparison", estimate.low), held(figure_text("comparison", estimate.high))
    sure = f"{share_text(estimate.confidence)} sure, n{NARROW}{exact_text(estimate.n)}"
    return f"{low}{THIN}–{THIN}{high}, {sure}"
