"""Gates for show: what was claimed, what was found after how many items, and what finding it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.measurement import Measurement
from pilotage.portal.charts import BandAt, GateFigures, draw_gate
from pilotage.portal.figures import (
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
    evidence: str
    claim: str
    verdict: Pill
    headline: str
    point: str
    interval: str
    tags: tuple[Pill, ...]
    facts: tuple[Fact, ...]
    saved: str
    chart: Markup


@dataclass(frozen=True, slots=True)
class GateRow:
    """One earlier gate in a line of the table."""

    evidence: str
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
        cards=tuple(plan_gate(entry, _label(entry.body, catalog), release, now) for entry in shown),
        earlier=tuple(
            GateRow(
                evidence=entry.digest,
                label=_label(entry.body, catalog),
                verdict=state_pill(entry.body.verdict),
                estimate=estimate_text(entry.body.estimate.value()),
                attempt=entry.body.attempt,
                release=short_digest(entry.body.release),
                when=dated(entry.body.finished, now),
            )
            for entry in rest
        ),
    )


def plan_gate(entry: Entry[Measurement], label: str, release: str | None, now: datetime) -> GateCard:
    """Plan one gate in full."""
    body = entry.body
    claim, spent = body.claim, body.spent
    estimate = body.estimate.value()
    tags = [Pill("this Release", "info") if body.release == release else Pill("an earlier Release")]
    if body.sample:
        tags.append(Pill("SAMPLE", "open"))
    tags.append(Pill("sealed data" if body.sealed else "development data"))
    headline = f"{body.verdict} after {counted(body.n, 'item')}: {exact_text(body.passes)} passed"
    if body.not_measured:
        headline += f", {counted(body.not_measured, 'item')} not measured and counted as failed"
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
        )
    )
    baseline = "there is none" if body.baseline is None else estimate_text(body.baseline.value())
    disagreement = (
        "each prompt was asked once" if body.disagreement is None else estimate_text(body.disagreement.value())
    )
    return GateCard(
        key=f"gate-{entry.seq}",
        label=label,
        evidence=entry.digest,
        claim=claim.text,
        verdict=state_pill(body.verdict),
        headline=headline,
        point=share_text(estimate.point),
        interval=interval_text(estimate),
        tags=tuple(tags),
        facts=(
            Fact("Attempt", f"{exact_text(body.attempt)} at this claim"),
            Fact("To exceed (p0)", share_text(claim.p0)),
            Fact("Believed (p1)", share_text(claim.p1)),
            Fact("Accepted errors", f"alpha {share_text(claim.alpha)}, beta {share_text(claim.beta)}"),
            Fact("Most items", exact_text(claim.cap)),
            Fact("Trivial baseline", baseline),
            Fact("Disagreement with itself", disagreement),
            Fact("Data", f"{body.dataset}, {counted(body.dataset_items, 'item')}"),
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
