"""Reads of what the gateway metered: totals of a run, of a month, of a use case.

Sealed rows are read from their hourly rollup and the rest row by row, so a page costs the same after a year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pilotage.core.amount import Amount
from pilotage.core.clock import format_time
from pilotage.metering.totals import UsageTotals
from pilotage.storage.engine import read_transaction
from pilotage.storage.tables import MICRO, NANO, usage, usage_hour

WATT_HOUR = "Wh"
SERVED_AUDIENCES = ("cohort", "everyone")
FIRST_ERROR_STATUS = 400


@dataclass(frozen=True, slots=True)
class CallCost:
    """What one call cost.

    Attributes:
        settled: whether the meter knows all that it will; while not, the rest is not known either.
        highest: at its highest possible price, in the currency asked for; None where it is unknown.
    """

    settled: bool
    highest: Decimal | None = None


def _sum(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(column), 0)


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return _sum(sa.case((condition, 1), else_=0))


def totals_by_row(condition: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    """Sum up single rows of usage, one result a currency (empty where the price is unknown)."""
    currency = sa.case((usage.c.cost_low.is_(None), ""), else_=sa.func.coalesce(usage.c.currency, ""))
    return (
        sa.select(
            currency.label("currency"),
            sa.func.count().label("calls"),
            _count(sa.or_(usage.c.status.is_(None), usage.c.status >= FIRST_ERROR_STATUS)).label("errors"),
            _sum(usage.c.tokens_in).label("tokens_in"),
            _sum(usage.c.tokens_out).label("tokens_out"),
            _count(usage.c.usage_source.is_distinct_from("provider")).label("unknown_usage"),
            _sum(usage.c.cost_low).label("cost_low"),
            _sum(usage.c.cost_high).label("cost_high"),
            _count(usage.c.cost_low.is_(None)).label("unknown_cost"),
            _sum(usage.c.energy_low).label("energy_low"),
            _sum(usage.c.energy_high).label("energy_high"),
            _count(usage.c.energy_low.is_(None)).label("unknown_energy"),
        )
        .where(condition)
        .group_by(currency)
    )


def totals_by_hour(condition: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any, ...]]:
    """Sum up hourly rollups, one result a currency."""
    summed = ("calls", "errors", "tokens_in", "tokens_out", "unknown_usage", "cost_low", "cost_high")
    summed += ("unknown_cost", "energy_low", "energy_high", "unknown_energy")
    columns = [_sum(usage_hour.c[name]).label(name) for name in summed]
    return sa.select(usage_hour.c.currency, *columns).where(condition).group_by(usage_hour.c.currency)


def plan_totals(rows: list[dict[str, Any]]) -> UsageTotals:
    """Add up result rows of both kinds into one value."""
    if not rows:
        return UsageTotals()

    def total(name: str) -> int:
        return sum(int(row[name]) for row in rows)

    money: dict[str, tuple[int, int]] = {}
    for row in rows:
        if row["currency"]:
            low, high = money.get(row["currency"], (0, 0))
            money[row["currency"]] = (low + int(row["cost_low"]), high + int(row["cost_high"]))
    known_energy = total("calls") > total("unknown_energy")
    energy = Amount(Decimal(total("energy_low")) / MICRO, Decimal(total("energy_high")) / MICRO, WATT_HOUR)
    return UsageTotals(
        calls=total("calls"),
        errors=total("errors"),
        tokens_in=total("tokens_in"),
        tokens_out=total("tokens_out"),
        unknown_usage=total("unknown_usage"),
        money=tuple(
            Amount(Decimal(low) / NANO, Decimal(high) / NANO, currency)
            for currency, (low, high) in sorted(money.items())
        ),
        unknown_cost=total("unknown_cost"),
        energy=energy if known_energy else None,
        unknown_energy=total("unknown_energy"),
    )


def read_run_usage(engine: sa.Engine, run: str, use_case: str) -> UsageTotals:
    """Read what one evaluation run cost so far, each call counted, retried and repeated ones too."""
    with read_transaction(engine) as connection:
        rows = (
            connection.execute(totals_by_row(sa.and_(usage.c.run == run, usage.c.use_case == use_case)))
            .mappings()
            .all()
        )
    return plan_totals([dict(row) for row in rows])


def count_open_calls(engine: sa.Engine, run: str, use_case: str) -> int:
    """Count the calls of a use case's run that were admitted and are not settled yet."""
    mine = sa.and_(usage.c.run == run, usage.c.use_case == use_case)
    query = sa.select(sa.func.count()).where(mine, usage.c.state == "reserved")
    with read_transaction(engine) as connection:
        return connection.execute(query).scalar_one()


def read_call_cost(engine: sa.Engine, call: str, use_case: str, currency: str) -> CallCost:
    """Read what one call cost at most.

    Args:
        engine: the database.
        call: its id, which the gateway's reply names.
        use_case: whose it must be.
        currency: in which the cost is wanted; in any other it is unknown.
    """
    query = sa.select(usage.c.state, usage.c.currency, usage.c.cost_high).where(
        usage.c.call == call, usage.c.use_case == use_case
    )
    with read_transaction(engine) as connection:
        row = connection.execute(query).one_or_none()
    if row is None or row.state == "reserved":
        return CallCost(settled=False)
    if row.state != "settled" or row.currency != currency or row.cost_high is None:
        return CallCost(settled=True)
    return CallCost(settled=True, highest=Decimal(row.cost_high) / NANO)


def read_usage(
    engine: sa.Engine, *, since: datetime, until: datetime, use_case: str | None = None, served: bool = False
) -> UsageTotals:
    """Read what calls cost between two moments, `until` left out; sealed hours count from their beginning.

    Args:
        engine: the database.
        since: first moment; taken at its full hour for sealed rows.
        until: first moment that is left out.
        use_case: only calls of this use case.
        served: only calls that served users (audiences cohort and everyone), not builders or assessment.
    """
    row_terms = [usage.c.seal.is_(None), usage.c.at >= format_time(since), usage.c.at < format_time(until)]
    hour_terms = [usage_hour.c.hour >= format_time(since)[:13], usage_hour.c.hour < format_time(until)[:13]]
    if until.minute or until.second or until.microsecond:
        hour_terms[1] = usage_hour.c.hour <= format_time(until)[:13]
    if use_case is not None:
        row_terms.append(usage.c.use_case == use_case)
        hour_terms.append(usage_hour.c.use_case == use_case)
    if served:
        row_terms.append(usage.c.audience.in_(SERVED_AUDIENCES))
        hour_terms.append(usage_hour.c.audience.in_(SERVED_AUDIENCES))
    with read_transaction(engine) as connection:
        rows = connection.execute(totals_by_row(sa.and_(*row_terms))).mappings().all()
        hours = connection.execute(totals_by_hour(sa.and_(*hour_terms))).mappings().all()
    return plan_totals([dict(row) for row in (*rows, *hours)])


def read_served(engine: sa.Engine, use_case: str, release: str) -> tuple[int, int]:
    """Count what a Release did for real users: days on which it served any, and settled calls that succeeded."""
    query = sa.select(sa.func.count(sa.distinct(sa.func.substr(usage.c.at, 1, 10))), sa.func.count()).where(
        usage.c.use_case == use_case,
        usage.c.release == release,
        usage.c.audience.in_(SERVED_AUDIENCES),
        usage.c.state == "settled",
        usage.c.status < FIRST_ERROR_STATUS,
    )
    with read_transaction(engine) as connection:
        days, calls = connection.execute(query).one()
    return int(days), int(calls)
