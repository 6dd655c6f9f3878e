"""Gates for show: what was claimed, what was found after how many items, and what finding it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from pilotage.core.statistics.proof import words_of_proof
from pilotage.evaluation.finding import say_reach
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.measurement import ClaimFigures, Measurement
from pilotage.ledger.records.record import EstimateFigures
from pilotage.portal.charts import BandAt, GateFigures, draw_gate
from pilotage.portal.figures import (
    NARROW,
    UNKNOWN,
    counted,
    dated,
    energy_text,
    estimate_text,
    exact_text,
    interval_text,
    money_text,
    seconds_text,
    share_text,
    short_digest,
)
from pilotage.portal.pages.frame import Fact, Pill, state_pill
from pilotage.registry.catalog import Catalog

MOST_SHOWN = 4
"""Gates with a chart on one page; the others stand in a table."""


@dataclass(frozen=True, slots=True)
class GateCard:
    """One gate with its chart."""

    key: str
    label: str
    run: str
    evidence: str
    claim: str
    verdict: Pill
    headline: str
    point: str
    unit: str
    interval: str
    tags: tuple[Pill, ...]
    facts: tuple[Fact, ...]
    saved: str
    chart: Markup


@dataclass(frozen=True, slots=True)
class GateRow:
    """One earlier gate in a line of the table."""

    evidence: str
    run: str
    label: str
    verdict: Pill
    estimate: str
    attempt: int
    release: str
    when: str


@dataclass(frozen=True, slots=True)
class Gates:
    """The last gate of each evaluation in full, newest first, and the others in a table."""

    cards: tuple[GateCard, ...]
    earlier: tuple[GateRow, ...]


def plan_gates(
    measurements: Sequence[Entry[Measurement]], catalog: Catalog, release: str | None, now: datetime
) -> Gates:
    """Plan the gates of a use case; `release` is the digest of its present Release."""
    newest = list(reversed(measurements))
    seen: set[str] = set()
    shown: list[Entry[Measurement]] = []
    rest: list[Entry[Measurement]] = []
    for entry in newest:
        first = entry.body.evaluation not in seen
        seen.add(entry.body.evaluation)
        (shown if first and len(shown) < MOST_SHOWN else rest).append(entry)
    return Gates(
        cards=tuple(plan_gate(entry, catalog, release, now) for entry in shown),
        earlier=tuple(
            GateRow(
                evidence=entry.digest,
                run=f"/runs/{entry.body.run}",
                label=_label(entry.body, catalog),
                verdict=state_pill(entry.body.verdict),
                estimate=_estimate_text(entry.body.claim, entry.body.estimate),
                attempt=entry.body.attempt,
                release=short_digest(entry.body.release),
                when=dated(entry.body.finished, now),
            )
            for entry in rest
        ),
    )


def plan_gate(entry: Entry[Measurement], catalog: Catalog, release: str | None, now: datetime) -> GateCard:
    """Plan one gate in full, in the words of its claim's form."""
    body = entry.body
    claim, spent = body.claim, body.spent
    tags = [Pill("this Release", "info") if body.release == release else Pill("an earlier Release")]
    if body.sample:
        tags.append(Pill("SAMPLE", "open"))
    tags.append(Pill("sealed data" if body.sealed else "development data"))
    passed = "resisted" if claim.form == "attack" else "passed"
    headline = f"{body.verdict} after {counted(body.n, 'item')}: {exact_text(body.passes)} {passed}"
    if body.not_measured:
        headline += f", {counted(body.not_measured, 'item')} not measured and counted as the worst"
    fixed = spent.calls_fixed_design
    chart = draw_gate(
        GateFigures(
            key=f"gate-{entry.seq}",
            claim=claim.text,
            verdict=body.verdict,
            p0=claim.p0,
            p1=claim.p1,
            cap=claim.cap,
            band=tuple(BandAt(at.n, at.point, at.low, at.high) for at in body.band),
            baseline=None if body.baseline is None else body.baseline.point,
            form=claim.form,
        )
    )
    baseline = "there is none" if body.baseline is None else _estimate_text(claim, body.baseline)
    disagreement = (
        "each prompt was asked once" if body.disagreement is None else estimate_text(body.disagreement.value())
    )
    return GateCard(
        key=f"gate-{entry.seq}",
        label=_label(body, catalog),
        run=f"/runs/{body.run}",
        evidence=entry.digest,
        claim=claim.text,
        verdict=state_pill(body.verdict),
        headline=headline,
        point=_figure(claim, body.estimate.point),
        unit=_UNITS[claim.form],
        interval=_interval_text(claim, body.estimate),
        tags=tuple(tags),
        facts=(
            Fact("Attempt", f"{exact_text(body.attempt)} at this claim"),
            Fact(_BOUNDS[claim.form], _figure(claim, claim.p0)),
            Fact("Believed (p1)", _figure(claim, claim.p1)),
            Fact("Decided by", _GATES[body.gate]),
            Fact("Accepted errors", f"alpha {share_text(claim.alpha)}, beta {share_text(claim.beta)}"),
            Fact("Most items", exact_text(claim.cap)),
            Fact("Trivial baseline", baseline),
            Fact("Disagreement with itself", disagreement),
            *_facts_of_form(body),
            Fact("Data", f"{body.dataset}, {counted(body.dataset_items, 'item')}"),
            Fact("What it is about", _about(body, catalog)),
            Fact("Model calls", exact_text(spent.calls)),
            Fact("Tokens", _tokens(spent.tokens_in, spent.tokens_out)),
            Fact("Money", money_text(None if spent.money is None else spent.money.value())),
            Fact("Energy", energy_text(None if spent.energy is None else spent.energy.value())),
            Fact("Time", seconds_text(spent.seconds)),
            Fact("Finished", dated(body.finished, now)),
        ),
        saved=_saved(body.n, fixed, decided=body.verdict != "UNDECIDED"),
        chart=chart,
    )


_BOUNDS = {
    "share": "To exceed (p0)",
    "attack": "To stay below (1 − p0)",
    "comparison": "To exceed (difference)",
}
_UNITS = {"share": "passed", "attack": "of the attacks succeeded", "comparison": "over the baseline"}
_GATES = {
    "binary": "passes and failures, exactly",
    "graded": "bets on grades or means of repeats",
    "corrected": "bets on a judge's scores as labels correct them",
    "fixed-n": "an exact test at a size fixed beforehand",
}


def _facts_of_form(body: Measurement) -> tuple[Fact, ...]:
    """Give what only some gates have: attacks, repeats, a judge, another tool."""
    facts: list[Fact] = []
    if body.claim.form == "attack":
        facts.append(Fact("What so many can prove", words_of_proof(body.n - body.passes, body.n)))
    if body.repeats > 1:
        facts.append(Fact("Times each was asked", exact_text(body.repeats)))
    if body.labels is not None:
        agreement = estimate_text(body.labels.agreement.value())
        facts.append(
            Fact("Labels", f"{exact_text(body.labels.labels)} by {counted(body.labels.labellers, 'person', 'people')}")
        )
        facts.append(Fact("Judge agrees with people", agreement))
    if body.source is not None:
        marks = "".join(f", {mark}" for mark in body.source.marks)
        facts.append(Fact("Results of", f"{body.source.tool} {body.source.tool_version}{marks}"))
    return tuple(facts)


def _about(body: Measurement, catalog: Catalog) -> str:
    """Say what the claim is about, as far as the registry still tells."""
    if body.source is not None:
        outside = catalog.outside_evaluations.get(body.evaluation)
        stands = None if outside is None else outside.population
        return stands or "whatever the samples of the other tool stand for, which nobody declared"
    dataset = catalog.datasets.get(body.dataset)
    population = None if dataset is None else dataset.population
    return say_reach(population=population, dataset=body.dataset, n=body.n, items=body.dataset_items)


def _figure(claim: ClaimFigures, mean: float) -> str:
    """Write a mean that the gate bets on as its claim's form tells it."""
    plain = claim.plain(mean)
    return f"{100 * plain:+.1f} points" if claim.form == "comparison" else share_text(plain)


def _interval_text(claim: ClaimFigures, figures: EstimateFigures) -> str:
    """Write an interval with its confidence and n, in the words of the claim's form."""
    shown = claim.plain_estimate(figures.value())
    if claim.form != "comparison":
        return interval_text(shown)
    ends = f"{100 * shown.low:+.1f} to {100 * shown.high:+.1f} points"
    return f"{ends}, {share_text(shown.confidence)} sure, n{NARROW}{exact_text(shown.n)}"


def _estimate_text(claim: ClaimFigures, figures: EstimateFigures) -> str:
    """Write a figure with its interval, which never stand apart."""
    return f"{_figure(claim, figures.point)} ({_interval_text(claim, figures)})"


def _saved(n: int, fixed: int, *, decided: bool) -> str:
    """Compare the items asked with what a fixed design would have asked."""
    text = f"{exact_text(n)} asked; a fixed design would have asked {exact_text(fixed)}"
    if decided and fixed > n > 0:
        text += f" (−{share_text(round(1 - n / fixed, 2))})"
    return text


def _tokens(read: int | None, written: int | None) -> str:
    if read is None or written is None:
        return UNKNOWN
    return f"{exact_text(read)} read, {exact_text(written)} written"


def _label(body: Measurement, catalog: Catalog) -> str:
    evaluation = catalog.evaluations.get(body.evaluation)
    return body.evaluation if evaluation is None else evaluation.label
