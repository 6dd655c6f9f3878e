"""The style guide: each component in its extremes, so that one look, and one test, sees what real data will do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from markupsafe import Markup

from pilotage.core.amount import Amount
from pilotage.ledger.records.assessment import AxisLevel
from pilotage.metering.totals import UsageTotals
from pilotage.portal.charts import (
    BandAt,
    GateFigures,
    LevelsAt,
    RunAt,
    RunsFigures,
    draw_gate,
    draw_history,
    draw_runs,
)
from pilotage.portal.figures import NARROW
from pilotage.portal.pages.frame import Fact, Frame, Pill, Tile, state_pill
from pilotage.portal.pages.ladder import CriterionLine, Ladder, Rung
from pilotage.portal.pages.process import ProcessView, plan_process
from pilotage.portal.pages.spending import plan_spending
from pilotage.portal.pages.standing import STAGES, LevelFigure, Need, StageStop, Standing, plan_level
from pilotage.portal.pages.use_case import NeedColumn
from pilotage.registry.kinds.use_case import Process, Step

LONG_WORD = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 2
HOSTILE = "<script>alert('x')</script> & \"quotes\""
_MOMENT = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NamedChart:
    """A chart with what it shows."""

    label: str
    chart: Markup


@dataclass(frozen=True, slots=True)
class StyleguidePage:
    """Each component in its extremes."""

    template: ClassVar[str] = "styleguide.html"

    frame: Frame
    title: str
    pills: tuple[Pill, ...]
    tiles: tuple[Tile, ...]
    facts: tuple[Fact, ...]
    standings: tuple[Standing, ...]
    levels: tuple[LevelFigure, ...]
    needs: tuple[NeedColumn, ...]
    processes: tuple[ProcessView, ...]
    ladder: Ladder
    charts: tuple[NamedChart, ...]


def plan_styleguide_page(frame: Frame) -> StyleguidePage:
    """Plan the style guide; it shows made-up values only."""
    huge = UsageTotals(
        calls=359_089_602,
        errors=12_345_678,
        money=(Amount(Decimal("1234567.89"), Decimal("98765432.10"), "EUR"), Amount(Decimal(7), Decimal(7), "XTS")),
        unknown_cost=99_999,
        energy=Amount(Decimal(123_456_789), Decimal(987_654_321), "Wh"),
    )
    tiny = UsageTotals(
        calls=3,
        money=(Amount(Decimal("0.0000012"), Decimal("0.0040"), "EUR"),),
        energy=Amount(Decimal("0.0012"), Decimal("0.0040"), "Wh"),
    )
    tiles = [Tile("Empty", "–"), Tile(LONG_WORD, LONG_WORD, LONG_WORD)]
    for usage in (None, UsageTotals(), UsageTotals(calls=9, unknown_cost=9, unknown_energy=9), tiny, huge):
        spending = plan_spending(usage)
        tiles += [spending.calls, spending.money, spending.energy]
    states = ("MET", "NOT MET", "UNKNOWN", "NOT APPLICABLE", "MEETS", "FAILS", "UNDECIDED")
    return StyleguidePage(
        frame=frame,
        title="Components",
        pills=(*map(state_pill, states), Pill("this Release", "info"), Pill("SAMPLE", "open"), Pill(LONG_WORD)),
        tiles=tuple(tiles),
        facts=(
            Fact("Short", "yes"),
            Fact("Link", "the front page", "/"),
            Fact(LONG_WORD, LONG_WORD),
            Fact("Hostile", HOSTILE),
        ),
        standings=tuple(
            _standing(stage, days) for stage, days in zip((*STAGES, "retired"), (0, 1_234_567, 1, 30, 2), strict=True)
        ),
        levels=(
            plan_level("TRL", None),
            plan_level("IRL", AxisLevel(level=4, upper=7, without_sample=2)),
            plan_level("HRL", AxisLevel(level=9, upper=9, without_sample=9)),
        ),
        needs=(
            NeedColumn("empty", f"30{NARROW}%", "Model and tools", (), (), "nothing is missing for the next stage"),
            NeedColumn(
                "long",
                f"70{NARROW}%",
                "People and process",
                (_need("NOT MET"), _need("UNKNOWN")),
                (_need("UNKNOWN"),),
                "2 things",
            ),
        ),
        processes=(plan_process(Process()), plan_process(_BOLTED), plan_process(_CHANGED)),
        ladder=_ladder(),
        charts=_charts(),
    )


_BOLTED = Process(
    before=(Step(step="Read the message", who="clerk", minutes=2), Step(step="Answer it", who="clerk")),
    after=(
        Step(step="Read the message", who="clerk", minutes=2),
        Step(step=LONG_WORD, who="model", minutes=0),
        Step(step="Answer it", who="clerk"),
    ),
)
_CHANGED = Process(
    before=(
        Step(step="Read", who="clerk", minutes=2),
        Step(step="Look up", who="clerk", minutes=90),
        Step(step="Answer", who="clerk", minutes=600),
    ),
    after=(Step(step="Answer", who="senior clerk", minutes=1_200), Step(step="Read", who="clerk", minutes=0.5)),
)


def _standing(stage: str, days: int) -> Standing:
    here = STAGES.index(stage) if stage in STAGES else -1
    return Standing(
        stage=stage,
        stops=tuple(
            StageStop(name, "here" if at == here else "passed" if at < here else "ahead")
            for at, name in enumerate(STAGES)
        )
        if here >= 0
        else (),
        days=days,
        days_text=f"{days:,}".replace(",", NARROW),
        stuck=stage == "pilot",
        since="2026-03-02",
        turn=f"owner: {LONG_WORD}",
        held_by=LONG_WORD,
        reason="",
        next_step="",
        effort="",
        more="",
        promotion="",
        levels=(),
        sample=False,
    )


def _need(state: str) -> Need:
    return Need(
        criterion="hrl-3-process",
        place="HRL 3",
        question=f"Does the work change, or {LONG_WORD}?",
        state=state_pill(state),
        reason=HOSTILE,
        turn="bridge-builder: nobody yet",
        next_step="Decide with those who do the work which steps go, move or change hands.",
        minutes=f"1{NARROW}200{NARROW}days",
        for_stage="production",
    )


def _ladder() -> Ladder:
    figure = plan_level("TRL", AxisLevel(level=3, upper=5, without_sample=2))
    states = ("MET", "NOT MET", "UNKNOWN", "NOT APPLICABLE")
    rungs = tuple(
        Rung(
            level=level,
            title="A rung" if level != 5 else LONG_WORD,  # noqa: PLR2004 - one of nine has the extreme
            meaning="What it means.",
            state="earned" if level <= figure.level else "next" if level == figure.level + 1 else "ahead",
            state_text="earned"
            if level <= figure.level
            else "next to earn"
            if level == figure.level + 1
            else "not yet",
            summary="1 of 3 met",
            sample=level == figure.level,
            criteria=tuple(
                CriterionLine(
                    criterion=f"c-{level}",
                    question=f"A question that is {state}?",
                    state=state_pill(state),
                    reason=HOSTILE,
                    side="people and process",
                    evidence=None,
                    evidence_short="",
                    sample=state == "MET",
                    until="2026-06-30 (in 91 days)",
                )
                for state in states
            )
            if level == figure.level + 1
            else (),
        )
        for level in range(9, 0, -1)
    )
    return Ladder("TRL", "A ladder", "nothing published", figure, rungs)


def _charts() -> tuple[NamedChart, ...]:
    def band(n: int, share: float) -> tuple[BandAt, ...]:
        return tuple(
            BandAt(at, share, max(0.0, share - 1.2 / math.sqrt(at)), min(1.0, share + 1.2 / math.sqrt(at)))
            for at in range(1, n + 1)
        )

    gates = (
        ("No item", GateFigures("g0", "nothing", "UNDECIDED", 0.8, 0.9, 240, (), None)),
        ("One item", GateFigures("g1", HOSTILE, "UNDECIDED", 0.8, 0.9, 240, band(1, 1.0), 1.0)),
        ("Fails early", GateFigures("g2", "eight of ten", "FAILS", 0.8, 0.9, 240, band(14, 0.43), 0.2)),
        ("An attack", GateFigures("g4", "few succeed", "MEETS", 0.95, 0.99, 999, band(400, 0.99), None, "attack")),
        ("A comparison", GateFigures("g5", "better", "UNDECIDED", 0.5, 0.55, 999, band(300, 0.53), None, "comparison")),
        ("Meets, close lines", GateFigures("g3", "97 %", "MEETS", 0.95, 0.97, 9_999, band(2_000, 0.985), 0.96)),
    )
    verdicts, count = ("FAILS", "UNDECIDED", "MEETS"), 10
    runs = tuple(
        RunAt(
            _MOMENT - timedelta(days=90 - 9 * k),
            verdicts[k % 3],
            0.6 + k / 40,
            0.5 + k / 40,
            0.75 + k / 50,
            240,
            k + 1 == count,
        )
        for k in range(count)
    )
    history = tuple(
        LevelsAt(_MOMENT - timedelta(days=200 - 10 * k), {"TRL": min(9, k // 2), "IRL": k // 3, "HRL": k // 3}, "pilot")
        for k in range(16)
    )
    return (
        *(NamedChart(label, draw_gate(figures)) for label, figures in gates),
        NamedChart("Run by run", draw_runs(RunsFigures("r1", "share", 0.8, runs))),
        NamedChart("One run", draw_runs(RunsFigures("r2", "comparison", -0.02, runs[:1]))),
        NamedChart("Levels over time", draw_history("h1", history, _MOMENT)),
        NamedChart("One assessment", draw_history("h2", history[:1], history[0].at)),
    )
