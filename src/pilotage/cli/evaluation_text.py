"""Runs as people read them on a terminal: the verdict in the claim's words, what stands behind it, failures first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console

from pilotage.core.clock import format_time
from pilotage.core.estimate import Estimate
from pilotage.evaluation.reports.difference import Difference
from pilotage.evaluation.reports.item_lines import ItemLine, ItemPage, PairPage, Texts, visible_text
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
    percent,
    state_in_words,
    took_text,
)
from pilotage.ledger.records.measurement import LabelFigures, Measurement
from pilotage.portal.figures import energy_text, money_text

MOST_TEXT = 400
"""Characters of an input or an answer that are printed."""
_TAKEN_AWAY = "(the file of the data set is not the one that was asked any more)"


def print_lines(console: Console, lines: Sequence[RunLine]) -> None:
    """Print runs in short, one a line, oldest first."""
    for line in lines:
        verdict = line.verdict or "going"
        when = format_time(line.finished or line.started)[:16].replace("T", " ")
        found = "" if line.estimate is None else range_text(line.claim.form, line.estimate)
        console.print(f"{line.run}  {when}  {verdict:<9}  {line.evaluation}  {found}", markup=False)
    if not lines:
        console.print("Nothing was measured yet.")


def print_report(console: Console, report: RunReport) -> None:
    """Print all that is told about a run but its items."""
    line = report.line
    sample = ", SAMPLE data" if report.finding is not None and report.finding.sample else ""
    console.print(f"\n{report.title} ({line.use_case}), attempt {line.attempt}{sample}", style="bold", markup=False)
    for label, text in (*_statements(report), *_surroundings(report)):
        console.print(f"  {label:<14} {text}", markup=False)


def _statements(report: RunReport) -> Iterator[tuple[str, str]]:
    """Give what was claimed and found, in the claim's own words."""
    line, found = report.line, report.finding
    counts = report.counts
    yield "verdict", f"{line.verdict or report.standing}: “{visible_text(line.claim.text)}”"
    yield "claimed", claim_in_words(line.claim)
    if line.estimate is not None:
        yield "found", range_text(line.claim.form, line.estimate, f" {found_in_words(line.claim)}")
    if report.decided_by:
        yield "decided by", report.decided_by
    yield "about", report.about
    if report.turn is not None:
        yield "whose turn", f"{report.turn.who}; {report.turn.step}"
    failed, passed = (state_in_words(line.claim.form, state) for state in ("fail", "pass"))
    items = (
        f"{counts.failed} {failed}, {counts.not_measured} not measured (counted among these), {counts.passed} {passed}"
    )
    yield "items", items + (f"; {counts.ahead} asked ahead, which do not count" if counts.ahead else "")
    yield from _form_statements(report)
    if report.labelling is not None:
        yield "labels", f"{report.labelling.labelled} of {report.labelling.drawn} answers drawn by lot are labelled"
    if found is not None:
        yield from _found_statements(found)


def _form_statements(report: RunReport) -> Iterator[tuple[str, str]]:
    """Give what belongs to attacks and comparisons alone."""
    if report.proof:
        yield "proof", report.proof
    if report.benign:
        yield "beside it", report.benign
    if report.discordant is not None:
        both = report.discordant
        yield "discordant", f"{both.better_only} better only (baseline failed), {both.worse_only} worse only"


def _found_statements(found: Measurement) -> Iterator[tuple[str, str]]:
    """Give what only a verdict tells."""
    if found.labels is not None:
        yield from _labels(found.labels)
    if found.baseline is not None:
        yield "trivial answer", f"{range_text('share', found.baseline.value())} would pass"
    if found.disagreement is not None:
        yield (
            "disagreement",
            f"{range_text('share', found.disagreement.value())} of prompts answered differently when asked again",
        )


def _labels(labels: LabelFigures) -> Iterator[tuple[str, str]]:
    """Give how labels bear out a judge."""
    yield "labels", f"{labels.labels} by {labels.labellers} people, {percent(labels.share)} drawn by lot"
    yield "corrected", f"{range_text('share', labels.corrected.value())}, {corrected_in_words(labels)}"
    yield "agreement", range_text("share", labels.agreement.value())
    for name, figures in (("sensitivity", labels.sensitivity), ("specificity", labels.specificity)):
        yield name, "no such answer was labelled" if figures is None else range_text("share", figures.value())
    yield "judge alone", f"{range_text('share', labels.judged.value())}; {JUDGE_ALONE}"


def _surroundings(report: RunReport) -> Iterator[tuple[str, str]]:
    """Give where the run stands and what it cost."""
    line, found, pacing = report.line, report.finding, report.pacing
    yield "data", f"{report.dataset}, {'sealed' if report.sealed else 'development data'}"
    if pacing is not None:
        slow = f"95 of 100 within {took_text(pacing.slow)}, the slowest {took_text(pacing.slowest)}"
        yield "answers", f"half within {took_text(pacing.median)}, {slow}"
    if report.calls is not None:
        yield "calls", calls_in_words(report.calls)
    if found is not None:
        spent = found.spent
        money = money_text(None if spent.money is None else spent.money.value())
        energy = energy_text(None if spent.energy is None else spent.energy.value())
        yield "cost", f"{spent.calls} calls, {money} ({money_text(cost_per_item(found))} an item), energy {energy}"
        yield "fixed design", f"would have asked {spent.calls_fixed_design} items; this one asked {found.n}"
        if found.source is not None:
            marks = f" ({', '.join(found.source.marks)})" if found.source.marks else ""
            yield "from", f"{found.source.tool} {found.source.tool_version}, {found.source.task}{marks}"
    yield "run", f"{line.run} of Release {line.release[7:19]}"
    if line.evidence is not None:
        yield "evidence", line.evidence


def print_items(console: Console, page: ItemPage, texts: Mapping[int, Texts], *, sealed: bool) -> None:
    """Print a page of items; of sealed data without what was asked and answered."""
    heading = {None: "Items, failures first", "fail": "Failed", "not-measured": "Not measured", "pass": "Passed"}
    console.print(f"\n{heading[page.state]}: {page.total} (page {page.page} of {page.pages})", style="bold")
    if sealed:
        console.print(f"  {SEALED_WHY}", markup=False)
    for line in page.lines:
        console.print(f"  {line.state:<12} {line.item}  {visible_text(line.reason)}".rstrip(), markup=False)
        console.print(f"               {_figures(line)}", markup=False, style="dim")
        if line.slot in texts:
            for label, text in _texts(texts[line.slot]):
                console.print(f"               {label:<9} {text}", markup=False)


def _figures(line: ItemLine) -> str:
    parts = [took_text(line.seconds), f"{line.tries} tries" if line.tries != 1 else "1 try"]
    if line.score is not None and line.score not in {0.0, 1.0}:
        parts.append(f"grade {line.score:.3g}")
    if line.label is not None:
        parts.append(f"label {line.label:g}")
    if line.baseline is not None:
        parts.append(f"baseline: {line.baseline}")
    if line.cost is not None:
        parts.append(money_text(line.cost))
    if line.answers != "once":
        parts.append(f"repeats {line.answers}")
    return ", ".join(parts)


def _texts(texts: Texts) -> Iterator[tuple[str, str]]:
    yield "asked", _TAKEN_AWAY if texts.input is None else _short(texts.input)
    if texts.expected is not None:
        yield "expected", _short(texts.expected)
    for answer in texts.answers:
        yield "answered", _short(answer)


def print_difference(console: Console, difference: Difference, page: PairPage) -> None:
    """Print two runs compared, and the items that they treated differently, those that got worse first."""
    first, second, pairs = difference.first, difference.second, difference.pairs
    console.print(f"\n{first.evaluation} {first.run} → {second.evaluation} {second.run}", style="bold", markup=False)
    rows = [("asked in both", str(pairs.n))]
    if difference.share is not None:
        rows.append(("share passed", range_text("comparison", difference.share)))
    if difference.grade is not None:
        rows.append(("mean grade", range_text("comparison", difference.grade)))
    rows.append(("discordant", f"{pairs.better} better, {pairs.worse} worse"))
    rows.append(("alike", f"{pairs.both_pass} passed twice, {pairs.both_fail} failed twice"))
    for label, text in rows:
        console.print(f"  {label:<14} {text}", markup=False)
    for note in difference.notes:
        console.print(f"  {note}", markup=False, style="dim")
    console.print(f"\nTreated differently, worse first: {page.total} (page {page.page} of {page.pages})", style="bold")
    for pair in page.lines:
        before, after = pair.before, pair.after
        change = "worse" if before.state == "pass" else "better"
        reason = visible_text(after.reason or before.reason)
        text = f"  {change:<7} {before.item}  {before.state} → {after.state}  {reason}"
        console.print(text.rstrip(), markup=False)


def range_text(form: str, estimate: Estimate, what: str = "") -> str:
    """Write an estimate in the unit of a claim's form, what it is, its interval, confidence and n."""
    low, high = figure_text(form, estimate.low), figure_text(form, estimate.high)
    sure = f"{percent(estimate.confidence)} sure, n {estimate.n}"
    return f"{figure_text(form, estimate.point)}{what} [{low}, {high}], {sure}"


def _short(text: str) -> str:
    return visible_text(text, MOST_TEXT).replace("\n", "\n                         ")
