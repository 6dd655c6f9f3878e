"""A scale rung by rung: what each level asks, how it was answered, by which evidence, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pilotage.ledger.records.assessment import Assessment, CriterionAnswer
from pilotage.portal.figures import dated, short_digest
from pilotage.portal.pages.frame import Pill, state_pill
from pilotage.portal.pages.standing import AXES, LevelFigure, plan_level
from pilotage.registry.kinds.scale import Level, Scale

NOT_ASSESSED = "This was not assessed yet."


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """One question of a rung with its answer."""

    criterion: str
    question: str
    state: Pill
    reason: str
    side: str
    evidence: str | None
    evidence_short: str
    sample: bool
    until: str


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of a ladder.

    Attributes:
        level: 1 to 9.
        title: what it is called.
        meaning: what it means.
        state: `earned`, `next` or `ahead`.
        summary: how many criteria are met, in words.
        criteria: its questions.
    """

    level: int
    title: str
    meaning: str
    state: str
    state_text: str
    summary: str
    sample: bool
    criteria: tuple[CriterionLine, ...]


@dataclass(frozen=True, slots=True)
class Ladder:
    """A scale, highest rung first, as ladders stand."""

    axis: str
    title: str
    source: str
    figure: LevelFigure
    rungs: tuple[Rung, ...]


def plan_ladders(scales: Mapping[str, Scale], assessment: Assessment | None, now: datetime) -> tuple[Ladder, ...]:
    """Plan the ladders of the axes that have a scale, in the order TRL, IRL, HRL."""
    answers = {} if assessment is None else {(answer.axis, answer.criterion): answer for answer in assessment.answers}
    ladders: list[Ladder] = []
    for axis in AXES:
        if (scale := scales.get(axis)) is None:
            continue
        figure = plan_level(axis, None if assessment is None else assessment.levels.get(scale.axis))
        rungs = tuple(_rung(axis, level, figure.level, answers, now) for level in reversed(scale.levels))
        ladders.append(Ladder(axis, scale.label, scale.source, figure, rungs))
    return tuple(ladders)


def _rung(
    axis: str,
    level: Level,
    earned: int,
    answers: Mapping[tuple[str, str], CriterionAnswer],
    now: datetime,
) -> Rung:
    lines: list[CriterionLine] = []
    for criterion in level.criteria:
        answer = answers.get((axis, criterion.id))
        evidence = None if answer is None else answer.evidence
        lines.append(
            CriterionLine(
                criterion=criterion.id,
                question=criterion.question,
                state=state_pill("UNKNOWN" if answer is None else answer.state),
                reason=NOT_ASSESSED if answer is None else answer.reason,
                side="people and process" if criterion.side == "people" else "model and tools",
                evidence=evidence,
                evidence_short="" if evidence is None else short_digest(evidence),
                sample=answer is not None and answer.sample,
                until="" if answer is None or answer.until is None else dated(answer.until, now),
            )
        )
    states = [line.state.text for line in lines if line.state.text != "NOT APPLICABLE"]
    met = states.count("MET")
    state = "earned" if level.level <= earned else "next" if level.level == earned + 1 else "ahead"
    words = {"earned": "earned", "next": "next to earn", "ahead": "not yet"}
    return Rung(
        level=level.level,
        title=level.title,
        meaning=level.meaning,
        state=state,
        state_text=words[state],
        summary=f"{met} of {len(states)} met" if states else "nothing asked",
        sample=any(line.sample for line in lines),
        criteria=tuple(lines),
    )
