"""A run's page: the verdict in the claim's words, what stands behind it, earlier runs, and items, failures first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup

from pilotage.core.estimate import Estimate
from pilotage.evaluation.outcome import State
from pilotage.evaluation.reports.item_lines import ItemPage, Texts
from pilotage.evaluation.reports.report import (
    JUDGE_ALONE,
    SEALED_WHY,
    RunLine,
    RunReport,
    calls_in_words,
    claim_in_words,
    corrected_in_words,
    cost_per_item,
    figure_text,
    found_in_words,
    state_in_words,
    took_text,
)
from pilotage.ledger.records.measurement import LabelFigures, Measurement
from pilotage.portal.charts import BandAt, GateFigures, RunAt, RunsFigures, draw_gate, draw_runs
from pilotage.portal.figures import (
    NARROW,
    THIN,
    count_text,
    dated,
    energy_text,
    estimate_text,
    exact_text,
    money_text,
    share_text,
    short_digest,
)
from pilotage.portal.pages.frame import Fact, Frame, Pill, Tile, state_pill
from pilotage.portal.pages.items import ItemView, Pager, plan_items, plan_pager
from pilotage.registry.catalog import Catalog

MOST_COMPARED = 8
"""Earlier runs that a page offers to compare with."""
_STATES: tuple[State, ...] = ("fail", "not-measured", "pass")


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several ways to look at the items."""

    label: str
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RunPage:
    """Everything that a run's page shows."""

    template: ClassVar[str] = "run.html"

    frame: Frame
    title: str
    run: str
    use_case: str
    use_case_label: str
    claim: str
    verdict: Pill
    tags: tuple[Pill, ...]
    point: str
    unit: str
    interval: str
    claimed: str
    about: str
    turn: tuple[Fact, ...]
    tiles: tuple[Tile, ...]
    evidence: str | None
    chart: Markup
    runs: Markup
    compared: tuple[Fact, ...]
    behind: tuple[Fact, ...]
    judge: tuple[Fact, ...]
    cost: tuple[Fact, ...]
    sealed_why: str
    choices: tuple[Choice, ...]
    items: tuple[ItemView, ...]
    empty: str
    pager: Pager


def plan_run_page(
    frame: Frame,
    catalog: Catalog | None,
    report: RunReport,
    page: ItemPage,
    texts: Mapping[int, Texts],
    now: datetime,
) -> RunPage:
    """Plan the page of a run.

    Args:
        frame: what surrounds it.
        catalog: what is declared.
        report: what the run found.
        page: the items to show.
        texts: what these asked and what was answered, by slot; empty for sealed data.
        now: the present moment.
    """
    line, found = report.line, report.finding
    case = None if catalog is None else catalog.use_cases.get(line.use_case)
    address = f"/runs/{line.run}"
    return RunPage(
        frame=frame,
        title=report.title,
        run=line.run,
        use_case=line.use_case if case is not None else "",
        use_case_label=line.use_case if case is None else case.label,
        claim=line.claim.text,
        verdict=state_pill(line.verdict) if line.verdict else Pill(_STANDINGS[report.standing], "open"),
        tags=tuple(_tags(report)),
        point="no verdict yet" if line.estimate is None else big_figure(line.claim.form, line.estimate.point),
        unit="" if line.estimate is None else small_unit(line.claim.form, found_in_words(line.claim)),
        interval="" if line.estimate is None else _interval(line.claim.form, line.estimate),
        claimed=held(claim_in_words(line.claim)),
        about=held(report.about),
        turn=() if report.turn is None else (Fact("Whose turn", report.turn.who), Fact("Next step", report.turn.step)),
        tiles=_tiles(report),
        evidence=line.evidence,
        chart=Markup() if found is None else _chart(found),
        runs=_runs_chart(report),
        compared=_compared(report, now),
        behind=tuple(_behind(report, now)),
        judge=tuple(_judge(report)),
        cost=tuple(_cost(report)),
        sealed_why=SEALED_WHY if report.sealed else "",
        choices=_choices(report, page, address),
        items=plan_items(page.lines, texts, line.claim.form),
        empty=_empty(report, page),
        pager=plan_pager(page.page, page.pages, f"{address}?{_query(page.state)}page="),
    )


def big_figure(form: str, figure: float) -> str:
    """Write a figure large: a difference without its unit, which stands behind it."""
    return held(figure_text(form, figure)).removesuffix(f"{NARROW}points")


def small_unit(form: str, words: str) -> str:
    """Write what stands behind the large figure."""
    return f"points {words}" if form == "comparison" else words


def held(text: str) -> str:
    """Keep figures and their units on one line."""
    return _UNIT.sub(NARROW, text)


_UNIT = re.compile(r"(?<=\d) (?=%|points|ms\b|s\b)")
_STANDINGS = {"finished": "finished", "going": "going", "waiting": "waits for labels"}


def _tags(report: RunReport) -> Iterator[Pill]:
    yield Pill("sealed data" if report.sealed else "development data")
    if report.finding is not None and report.finding.sample:
        yield Pill("SAMPLE", "open")
    if report.finding is not None and report.finding.source is not None:
        yield Pill(f"from {report.finding.source.tool}", "info")
    if report.line.attempt > 1:
        yield Pill(f"attempt {report.line.attempt}")


def _tiles(report: RunReport) -> tuple[Tile, ...]:
    counts = report.counts
    failed, passed = (state_in_words(report.line.claim.form, state) for state in ("fail", "pass"))
    ahead = f"{exact_text(counts.ahead)} asked ahead do not count" if counts.ahead else ""
    return (
        Tile(failed.capitalize(), count_text(counts.failed)),
        Tile("Not measured", count_text(counts.not_measured), f"counted as: {failed}"),
        Tile(passed.capitalize(), count_text(counts.passed), ahead),
    )


def _behind(report: RunReport, now: datetime) -> Iterator[Fact]:
    """Give what the verdict rests on beside the items."""
    line, found = report.line, report.finding
    if report.proof:
        yield Fact("What n can prove", held(report.proof))
    if report.benign:
        yield Fact("False refusals", held(report.benign))
    if report.discordant is not None:
        both = report.discordant
        yield Fact(
            "Discordant", f"{exact_text(both.better_only)} better only, {exact_text(both.worse_only)} worse only"
        )
    if found is not None:
        if found.baseline is not None:
            yield Fact("Trivial answer", estimate_text(found.baseline.value()))
        if found.disagreement is not None:
            yield Fact("Disagreement with itself", estimate_text(found.disagreement.value()))
        yield Fact("Decided by", _GATES[found.gate])
        if report.decided_by:
            yield Fact("Why it FAILS", held(report.decided_by))
    yield Fact("Attempt", f"{exact_text(line.attempt)} at this claim")
    yield Fact("Accepted errors", f"alpha {share_text(line.claim.alpha)}, beta {share_text(line.claim.beta)}")
    yield Fact("Release", short_digest(line.release))
    yield Fact("Data", report.dataset)
    if found is not None and found.source is not None:
        source = found.source
        marks = f" ({', '.join(source.marks)})" if source.marks else ""
        yield Fact("Results from", f"{source.tool} {source.tool_version}, {source.task}{marks}")
    yield Fact("Run", line.run)
    yield Fact("Begun", dated(line.started, now))
    if line.finished is not None:
        yield Fact("Verdict fell", dated(line.finished, now))


_GATES = {
    "binary": "the exact mixture over passes and failures",
    "graded": "bets on grades or means of repeats",
    "corrected": "bets on the judge’s scores as labels correct them",
    "fixed-n": "an exact test at the size that the results have",
}


def _judge(report: RunReport) -> Iterator[Fact]:
    """Give how people's labels bear out the judge."""
    if report.labelling is not None:
        yield Fact(
            "Labels", f"{exact_text(report.labelling.labelled)} of {exact_text(report.labelling.drawn)} drawn by lot"
        )
    labels = None if report.finding is None else report.finding.labels
    if labels is not None:
        yield from _labels(labels)


def _labels(labels: LabelFigures) -> Iterator[Fact]:
    people = "1 person" if labels.labellers == 1 else f"{labels.labellers} people"
    yield Fact("Labels", f"{exact_text(labels.labels)} by {people}; {share_text(labels.share)} of answers are drawn")
    yield Fact("Corrected share", f"{estimate_text(labels.corrected.value())}, {corrected_in_words(labels)}")
    yield Fact("Agreement", estimate_text(labels.agreement.value()))
    for name, figures in (("Sensitivity", labels.sensitivity), ("Specificity", labels.specificity)):
        yield Fact(name, "no such answer was labelled" if figures is None else estimate_text(figures.value()))
    yield Fact("The judge alone", f"{estimate_text(labels.judged.value())}; {JUDGE_ALONE}")


def _cost(report: RunReport) -> Iterator[Fact]:
    """Give time and cost, in whole and by item."""
    found, pacing = report.finding, report.pacing
    if pacing is not None:
        yield Fact("Half of the answers", f"within {took_text(pacing.median)}")
        yield Fact("95 of 100", f"within {took_text(pacing.slow)}, the slowest {took_text(pacing.slowest)}")
    if report.calls is not None:
        yield Fact("Calls", calls_in_words(report.calls))
    if found is not None:
        spent = found.spent
        yield Fact("An item cost", money_text(cost_per_item(found)))
        yield Fact("Money", money_text(None if spent.money is None else spent.money.value()))
        yield Fact("Energy", energy_text(None if spent.energy is None else spent.energy.value()))
        yield Fact("Model calls", exact_text(spent.calls))
        yield Fact("A fixed design", f"would have asked {exact_text(spent.calls_fixed_design)} items")


def _chart(found: Measurement) -> Markup:
    claim = found.claim
    return draw_gate(
        GateFigures(
            key="gate",
            claim=claim.text,
            verdict=found.verdict,
            p0=claim.p0,
            p1=claim.p1,
            cap=claim.cap,
            band=tuple(BandAt(at.n, at.point, at.low, at.high) for at in found.band),
            baseline=None if found.baseline is None else found.baseline.point,
            form=claim.form,
        )
    )


def _runs_chart(report: RunReport) -> Markup:
    """Draw the runs whose claim is of the same form; figures of different forms have no common axis."""
    claim = report.line.claim
    runs = tuple(
        RunAt(
            at=other.finished,
            verdict=other.verdict or "",
            point=other.estimate.point,
            low=other.estimate.low,
            high=other.estimate.high,
            n=other.n,
            here=other.run == report.line.run,
        )
        for other in report.earlier
        if other.estimate is not None and other.finished is not None and other.claim.form == claim.form
    )
    return draw_runs(RunsFigures("runs", claim.form, claim.plain(claim.p0), runs))


def _compared(report: RunReport, now: datetime) -> tuple[Fact, ...]:
    """Give the runs that this one can be compared with, newest first."""
    others = [other for other in reversed(report.earlier) if other.run != report.line.run]
    return tuple(
        Fact(_when(other, now), _found(other), f"/runs/{report.line.run}/against/{other.run}")
        for other in others[:MOST_COMPARED]
    )


def _when(line: RunLine, now: datetime) -> str:
    return dated(line.finished or line.started, now)


def _found(line: RunLine) -> str:
    figure = "" if line.estimate is None else f", {figure_text(line.claim.form, line.estimate.point)}"
    return f"compare with {line.run[-6:]}: {line.verdict or 'going'}{figure}"


def _empty(report: RunReport, page: ItemPage) -> str:
    """Say why no item is shown."""
    if page.total and report.finding is not None:
        return "The results came without their items; these stand in the file that was imported."
    return "No item is in this state." if report.counts.n else "Nothing was asked yet."


def _choices(report: RunReport, page: ItemPage, address: str) -> tuple[Choice, ...]:
    counts = report.counts
    numbers = {"fail": counts.failed, "not-measured": counts.not_measured, "pass": counts.passed}
    every = Choice(f"all {exact_text(counts.n)}", f"{address}#items", page.state is None)
    return (
        every,
        *(
            Choice(
                f"{state_in_words(report.line.claim.form, state)} {exact_text(numbers[state])}",
                f"{address}?state={state}#items",
                page.state == state,
            )
            for state in _STATES
        ),
    )


def _query(state: State | None) -> str:
    return "" if state is None else f"state={state}&"


def _interval(form: str, estimate: Estimate) -> str:
    low, high = big_figure(form, estimate.low), held(figure_text(form, estimate.high))
    sure = f"{share_text(estimate.confidence)} sure, n{NARROW}{exact_text(estimate.n)}"
    return f"{low}{THIN}–{THIN}{high}, {sure}"
