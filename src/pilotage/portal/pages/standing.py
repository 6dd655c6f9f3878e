"""Where a use case stands: stage, days stuck, whose turn, what holds it back; the headline of both pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment, AxisLevel, Blocker
from pilotage.portal.figures import counted, dated, days_between, exact_text, minutes_text
from pilotage.portal.pages.frame import Pill, state_pill
from pilotage.registry.kinds.use_case import UseCase

STAGES = ("idea", "pilot", "limited", "production")
AXES = ("TRL", "IRL", "HRL")


@dataclass(frozen=True, slots=True)
class StageStop:
    """One stop on the way: passed, here, or ahead."""

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that is missing, with all that a person needs to act on it."""

    criterion: str
    place: str
    question: str
    state: Pill
    reason: str
    turn: str
    next_step: str
    minutes: str
    for_stage: str


@dataclass(frozen=True, slots=True)
class LevelFigure:
    """A level on one axis with what it could be, in cells for the eye and in words for everybody.

    Attributes:
        axis: TRL, IRL or HRL.
        level: what is earned.
        upper: what it would be were all unknowns met.
        note: the same in words, and what rests on SAMPLE evidence.
        cells: nine words, `earned`, `possible` or `empty`.
    """

    axis: str
    level: int
    upper: int
    note: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """The headline.

    Attributes:
        stage: the stage now; None where nothing was assessed yet.
        stops: the way through the stages; empty for a retired use case.
        days: days at this stage; None where that is unknown.
        stuck: whether these days count as stuck: at `pilot`.
        since: since when, in words.
        turn: whose turn it is.
        held_by: what holds it back, as the question that nobody could answer well yet.
        reason: why that question stands open.
        next_step: the cheapest next step.
        effort: people's time for that step.
        more: what else is missing, in words; empty for nothing.
        promotion: what the evidence already allows beyond the stage; empty for nothing.
        levels: the three levels.
        sample: whether a level rests on SAMPLE evidence.
    """

    stage: str | None
    stops: tuple[StageStop, ...]
    days: int | None
    days_text: str
    stuck: bool
    since: str
    turn: str
    held_by: str
    reason: str
    next_step: str
    effort: str
    more: str
    promotion: str
    levels: tuple[LevelFigure, ...]
    sample: bool


def plan_standing(use_case: UseCase, assessment: Entry[Assessment] | None, now: datetime) -> Standing:
    """Plan the headline from the last assessment; without one, from the declaration alone."""
    if assessment is None:
        return _unassessed(use_case, now)
    body = assessment.body
    days = days_between(body.stage_since, now)
    first = body.blockers[0] if body.blockers else None
    others = body.blockers[1:]
    if first is not None:
        held_by = first.question
    elif body.stage == "retired":
        held_by = "Nothing: it is retired"
    elif _waits_for_promotion(body):
        held_by = f"A person’s decision: the evidence allows {body.eligible}"
    else:
        held_by = "Nothing that is known"
    total = sum(blocker.minutes for blocker in body.blockers)
    return Standing(
        stage=body.stage,
        stops=_stops(body.stage),
        days=days,
        days_text=exact_text(days),
        stuck=body.stage == "pilot",
        since=dated(body.stage_since, now),
        turn=turn_text(first.turn) if first else _turn_to_promote(use_case, body),
        held_by=held_by,
        reason=first.reason if first else "",
        next_step=first.next_step if first else ("Promote it, or say why not." if _waits_for_promotion(body) else ""),
        effort=minutes_text(first.minutes) if first else "",
        more=f"and {counted(len(others), 'more thing')}, {minutes_text(total)} of people’s time in all"
        if others
        else "",
        promotion=f"The evidence allows {body.eligible}." if _waits_for_promotion(body) else "",
        levels=tuple(plan_level(axis, body.levels.get(axis)) for axis in AXES),  # pyright: ignore[reportArgumentType] - the axes by their literal names
        sample=any(answer.sample for answer in body.answers),
    )


def plan_need(blocker: Blocker) -> Need:
    """Plan one line of what is missing."""
    return Need(
        criterion=blocker.criterion,
        place=f"{blocker.axis} {blocker.level}",
        question=blocker.question,
        state=state_pill(blocker.state),
        reason=blocker.reason,
        turn=turn_text(blocker.turn),
        next_step=blocker.next_step,
        minutes=minutes_text(blocker.minutes),
        for_stage=blocker.for_stage,
    )


def plan_level(axis: str, level: AxisLevel | None) -> LevelFigure:
    """Plan a level for show; no Assessment means level 0."""
    earned, upper, without_sample = (0, 9, 0) if level is None else (level.level, level.upper, level.without_sample)
    note = f"level {earned} of 9"
    if upper > earned:
        note += f"; {upper}, were all unknowns met"
    if without_sample < earned:
        note += f"; {without_sample} without SAMPLE evidence"
    cells = tuple("earned" if k <= earned else "possible" if k <= upper else "empty" for k in range(1, 10))
    return LevelFigure(axis, earned, upper, note, cells)


def _stops(stage: str) -> tuple[StageStop, ...]:
    if stage not in STAGES:
        return ()
    here = STAGES.index(stage)
    return tuple(
        StageStop(name, "here" if at == here else "passed" if at < here else "ahead") for at, name in enumerate(STAGES)
    )


def turn_text(turn: str) -> str:
    """Write whose turn it is as people say it: `noor-haddad, bridge builder`; a role alone where nobody is named."""
    role, _, who = turn.partition(": ")
    words = role.replace("-", " ")
    return words if who in {"", words} else f"{who}, {words}"


def _turn_to_promote(use_case: UseCase, body: Assessment) -> str:
    if not _waits_for_promotion(body):
        return "nobody"
    return turn_text(f"owner: {use_case.owner_person or use_case.owner}")


def _waits_for_promotion(body: Assessment) -> bool:
    if body.stage not in STAGES or body.eligible not in STAGES:
        return False
    return STAGES.index(body.eligible) > STAGES.index(body.stage)


def _unassessed(use_case: UseCase, now: datetime) -> Standing:
    started = None
    if use_case.started is not None:
        try:
            started = datetime.fromisoformat(use_case.started).replace(tzinfo=UTC)
        except ValueError:  # a day that no calendar has, such as the 31st of February
            started = None
    days = None if started is None else days_between(started, now)
    return Standing(
        stage=None,
        stops=tuple(StageStop(name, "ahead") for name in STAGES),
        days=days,
        days_text="" if days is None else exact_text(days),
        stuck=False,
        since="" if started is None else dated(started, now),
        turn=turn_text(f"owner: {use_case.owner_person or use_case.owner}"),
        held_by="Nothing was assessed yet",
        reason="Without an assessment every level is 0.",
        next_step=f"Run `pilotage assess {use_case.name}`.",
        effort=minutes_text(1),
        more="",
        promotion="",
        levels=tuple(plan_level(axis, None) for axis in AXES),
        sample=False,
    )
