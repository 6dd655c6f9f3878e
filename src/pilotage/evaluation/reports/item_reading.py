"""Reads the items of runs: counted, ordered and cut in the database, so that a page costs as much as it shows.

One item is one slot. It failed where any of its repeats failed, and was not measured where none failed and any was not
measured; a gate counts both as not passed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pilotage.core.amount import Amount
from pilotage.evaluation.outcome import Outcome, State
from pilotage.evaluation.reports.difference import Pairs
from pilotage.evaluation.reports.item_lines import AskRow, ItemLine, plan_items
from pilotage.evaluation.reports.report import Calls, Counts, Discordant, Pacing
from pilotage.storage.engine import read_transaction
from pilotage.storage.tables import NANO, usage
from pilotage.storage.tables import label as label_table
from pilotage.storage.tables import outcome as outcome_table

CHUNK = 200
"""Items that are held at once while all of a run are passed on."""
SLOW_SHARE = 0.95
GRADE_STEPS = 10_000
"""Steps in which paired grades are told apart, so that counting them gives few rows."""

_STATES: tuple[State, ...] = ("fail", "not-measured", "pass")
_PASSED = _STATES.index("pass")
_ASK = outcome_table.c


@dataclass(frozen=True, slots=True)
class Span:
    """The items of a run that count: those at the slots below one.

    Attributes:
        run: id of the run.
        below: the first slot that does not count.
    """

    run: str
    below: int


def read_prefix(engine: sa.Engine, run: str) -> int:
    """Count the slots from the first on that are asked in full: those behind a gap wait for it.

    What arrived behind a gap arrived early, and quick answers are not like slow ones.
    """
    mine = _ASK.run == run
    repeats = sa.select(sa.func.max(_ASK.repeat) + 1).where(mine).scalar_subquery()
    sides = sa.select(sa.func.count(sa.distinct(_ASK.side))).where(mine).scalar_subquery()
    whole = sa.select(_ASK.slot).where(mine).group_by(_ASK.slot).having(sa.func.count() == repeats * sides).subquery()
    place = sa.func.row_number().over(order_by=whole.c.slot) - 1
    placed = sa.select(whole.c.slot, place.label("place")).subquery()
    query = sa.select(sa.func.count()).select_from(placed).where(placed.c.slot == placed.c.place)
    with read_transaction(engine) as connection:
        return int(connection.execute(query).scalar_one())


def read_counts(engine: sa.Engine, span: Span) -> Counts:
    """Count what became of the items that count, and of those asked beyond them."""
    slots = _slots(span, "target")
    counted = sa.select(slots.c.rank, sa.func.count()).group_by(slots.c.rank)
    beyond = sa.select(sa.func.count(sa.distinct(_ASK.slot))).where(_ASK.run == span.run, _ASK.slot >= span.below)
    with read_transaction(engine) as connection:
        found = {int(rank): int(count) for rank, count in connection.execute(counted)}
        ahead = int(connection.execute(beyond).scalar_one())
    return Counts(*(found.get(rank, 0) for rank in range(len(_STATES))), ahead=ahead)


def read_discordant(engine: sa.Engine, span: Span) -> Discordant:
    """Count the items of a comparison on which target and baseline differ."""
    target, baseline = _slots(span, "target"), _slots(span, "baseline")
    passed, other = target.c.rank == _PASSED, baseline.c.rank == _PASSED
    query = sa.select(_count(passed & ~other), _count(~passed & other)).select_from(
        target.join(baseline, target.c.slot == baseline.c.slot)
    )
    with read_transaction(engine) as connection:
        better, worse = connection.execute(query).one()
    return Discordant(int(better), int(worse))


def read_pacing(engine: sa.Engine, span: Span) -> Pacing | None:
    """Read how long answers took; None where nothing was answered."""
    answered = sa.and_(
        _ASK.run == span.run, _ASK.slot < span.below, _ASK.side == "target", _ASK.state != "not-measured"
    )
    with read_transaction(engine) as connection:
        count = int(connection.execute(sa.select(sa.func.count()).where(answered)).scalar_one())
        if count == 0:
            return None
        place = sa.func.row_number().over(order_by=_ASK.seconds)
        ordered = sa.select(_ASK.seconds, place.label("place")).where(answered).subquery()
        wanted = [round(share * (count - 1)) + 1 for share in (0.5, SLOW_SHARE, 1.0)]
        query = sa.select(ordered.c.place, ordered.c.seconds).where(ordered.c.place.in_(wanted))
        found = {int(at): float(seconds) for at, seconds in connection.execute(query)}
    return Pacing(*(found[at] for at in wanted))


def read_calls(engine: sa.Engine, span: Span) -> Calls | None:
    """Count the calls made for the items that count, and the answers; None where nothing was asked."""
    answered = sa.func.coalesce(sa.func.sum(sa.case((_ASK.state != "not-measured", 1), else_=0)), 0)
    made = sa.func.coalesce(sa.func.sum(_ASK.tries), 0)
    query = sa.select(made, answered).where(_ASK.run == span.run, _ASK.slot < span.below)
    with read_transaction(engine) as connection:
        calls = Calls(*(int(count) for count in connection.execute(query).one()))
    return calls if calls.made else None


def read_slots(engine: sa.Engine, span: Span, state: State, *, offset: int, limit: int) -> tuple[int, ...]:
    """Give the slots of some of the items in one state, as they were asked; the database stops where the page ends."""
    query = (
        sa.select(_ASK.slot)
        .where(_asked(span, "target"))
        .group_by(_ASK.slot)
        .having(_rank() == _STATES.index(state))
        .order_by(_ASK.slot)
        .offset(offset)
        .limit(limit)
    )
    with read_transaction(engine) as connection:
        return tuple(int(slot) for slot in connection.execute(query).scalars())


def read_item_lines(engine: sa.Engine, run: str, slots: Sequence[int]) -> tuple[ItemLine, ...]:
    """Give the items at some slots, in the order of these."""
    by_slot = {
        line.slot: line for line in _read_lines(engine, run, _ASK.slot.in_(slots), label_table.c.slot.in_(slots))
    }
    return tuple(by_slot[slot] for slot in slots)


def read_every_line(engine: sa.Engine, span: Span) -> Iterator[ItemLine]:
    """Give every item that counts in the order of the schedule, a few held at a time."""
    for first in range(0, span.below, CHUNK):
        last = min(first + CHUNK, span.below) - 1
        yield from _read_lines(
            engine, span.run, _ASK.slot.between(first, last), label_table.c.slot.between(first, last)
        )


def read_pairs(engine: sa.Engine, first: Span, second: Span, *, same_order: bool) -> Pairs:
    """Count what became of the items that two runs both asked, paired by their ids, or by slot in the same order."""
    pairs = _pairs(first, second, same_order=same_order)
    passed, later = pairs.c.first == _PASSED, pairs.c.second == _PASSED
    counted = sa.select(
        _count(passed & later), _count(~passed & ~later), _count(~passed & later), _count(passed & ~later)
    ).select_from(pairs)
    value = sa.func.round((pairs.c.second_grade - pairs.c.first_grade + 1) / 2 * GRADE_STEPS)
    graded = sa.select(value, sa.func.count()).group_by(value)
    with read_transaction(engine) as connection:
        counts = [int(count) for count in connection.execute(counted).one()]
        grades: dict[float, int] = {}
        if all(connection.execute(_any_grade(span)).scalar() is not None for span in (first, second)):
            grades = {float(step) / GRADE_STEPS: int(count) for step, count in connection.execute(graded)}
    return Pairs(*counts, grades=grades)


def _any_grade(span: Span) -> sa.Select[tuple[int]]:
    """Look for one grade that is no plain pass or failure."""
    return sa.select(_ASK.slot).where(_ASK.run == span.run, _ASK.slot < span.below, _ASK.score.is_not(None)).limit(1)


@dataclass(frozen=True, slots=True)
class PairSlots:
    """Where one item stands in the schedules of two runs."""

    first: int
    second: int


def read_pair_slots(
    engine: sa.Engine, first: Span, second: Span, *, same_order: bool, offset: int, limit: int
) -> tuple[PairSlots, ...]:
    """Give items that the runs treated differently: those that got worse first, then those that got better."""
    pairs = _pairs(first, second, same_order=same_order)
    passed, later = pairs.c.first == _PASSED, pairs.c.second == _PASSED
    query = (
        sa.select(pairs.c.first_slot, pairs.c.second_slot)
        .where(passed != later)
        .order_by(sa.case((passed, 0), else_=1), pairs.c.first_slot)
        .offset(offset)
        .limit(limit)
    )
    with read_transaction(engine) as connection:
        return tuple(PairSlots(int(one), int(other)) for one, other in connection.execute(query))


def _asked(span: Span, side: str) -> sa.ColumnElement[bool]:
    return sa.and_(_ASK.run == span.run, _ASK.slot < span.below, _ASK.side == side)


def _rank() -> sa.ColumnElement[int]:
    """Give the place of an item's state among the states, over all questions of its slot."""
    failed, missing = _count(_ASK.state == "fail"), _count(_ASK.state == "not-measured")
    return sa.case((failed > 0, 0), (missing > 0, 1), else_=_PASSED)


def _slots(span: Span, side: str, *more: sa.ColumnElement[Any]) -> sa.Subquery:
    """One row an item: its slot, the rank of its state, and what more is asked for."""
    columns = (_ASK.slot, _rank().label("rank"), *more)
    return sa.select(*columns).where(_asked(span, side)).group_by(_ASK.slot).subquery()


def _pairs(first: Span, second: Span, *, same_order: bool) -> sa.Subquery:
    """One row an item that both asked; of runs in the same order the slot tells the item, which is much quicker."""
    plain = sa.case((_ASK.state == "pass", 1.0), else_=0.0)
    grade = sa.case((_ASK.state == "not-measured", 0.0), else_=sa.func.coalesce(_ASK.score, plain))
    more: tuple[sa.ColumnElement[Any], ...] = (sa.func.avg(grade).label("grade"),)
    if not same_order:
        more += (sa.func.min(_ASK.item).label("item"),)
    one, other = _slots(first, "target", *more), _slots(second, "target", *more)
    key = "slot" if same_order else "item"
    return (
        sa.select(
            one.c.slot.label("first_slot"),
            other.c.slot.label("second_slot"),
            one.c.rank.label("first"),
            other.c.rank.label("second"),
            one.c.grade.label("first_grade"),
            other.c.grade.label("second_grade"),
        )
        .select_from(one.join(other, one.c[key] == other.c[key]))
        .subquery()
    )


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _read_lines(
    engine: sa.Engine, run: str, asks: sa.ColumnElement[bool], labelled: sa.ColumnElement[bool]
) -> tuple[ItemLine, ...]:
    """Read some slots with their labels and costs."""
    query = sa.select(outcome_table).where(_ASK.run == run, asks).order_by(_ASK.slot, _ASK.repeat, _ASK.side)
    given = label_table.c
    said = sa.select(given.slot, given.value).where(given.run == run, labelled).order_by(given.at, given.labeller)
    with read_transaction(engine) as connection:
        rows = [_ask(row) for row in connection.execute(query).mappings()]
        labels: dict[int, float] = {}
        for slot, value in connection.execute(said):
            labels.setdefault(int(slot), float(value))  # the first label is the one that counts
        costs = _read_costs(connection, [row.call for row in rows if row.call is not None])
    return plan_items(rows, labels, costs)


def _read_costs(connection: sa.Connection, calls: Sequence[str]) -> dict[str, Amount]:
    """Read what calls of the gateway cost; those of unknown cost are left out."""
    if not calls:
        return {}
    columns = usage.c
    query = sa.select(columns.call, columns.currency, columns.cost_low, columns.cost_high).where(
        columns.call.in_(calls), columns.cost_low.is_not(None), columns.currency.is_not(None)
    )
    return {
        str(call): Amount(Decimal(low) / NANO, Decimal(high) / NANO, str(currency))
        for call, currency, low, high in connection.execute(query)
    }


def _ask(row: sa.RowMapping | dict[str, Any]) -> AskRow:
    return AskRow(
        slot=row["slot"],
        repeat=row["repeat"],
        side=row["side"],
        item=row["item"],
        outcome=Outcome(row["state"], row["reason"], row["score"]),
        answer=row["answer"],
        call=row["call"],
        seconds=row["seconds"],
        tries=row["tries"],
    )
