"""Rows of usage for tests: settled calls with known figures, unless a test says otherwise."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from pilotage.core.clock import format_time
from pilotage.metering.totals import UsageTotals
from pilotage.metering.usage import read_usage
from pilotage.storage.engine import write_transaction
from pilotage.storage.tables import usage

START = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
_NUMBERS = itertools.count(1)


def usage_row(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - any column's value
    """Give one settled call of 10 tokens in, 5 out, at 20 to 40 billionths of a euro; change what the test needs."""
    row: dict[str, Any] = {
        "call": f"{next(_NUMBERS):026d}",
        "replica": "one",
        "at": format_time(START),
        "access_key": "abcd",
        "use_case": "claims-inbox",
        "route": "letters",
        "release": "sha256:" + "a" * 64,
        "model": "small",
        "audience": "cohort",
        "surface": "chat",
        "run": None,
        "state": "settled",
        "status": 200,
        "streamed": False,
        "tokens_in": 10,
        "tokens_out": 5,
        "usage_source": "provider",
        "currency": "EUR",
        "cost_low": 20,
        "cost_high": 40,
        "energy_low": 3,
        "energy_high": 7,
        "reserved_cost": 100,
        "milliseconds": 12,
        "first_byte_milliseconds": 8,
        "would_refuse": None,
        "seal": None,
    }
    return row | changed


def unknown_row(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Give one settled call of which neither tokens nor price nor energy are known."""
    unknown = dict.fromkeys(("tokens_in", "tokens_out", "cost_low", "cost_high", "energy_low", "energy_high"))
    return usage_row(**unknown, usage_source="none", currency=None) | changed


def hours_later(hours: float) -> str:
    """Give a moment after the first row's, as the table holds it."""
    return format_time(START + timedelta(hours=hours))


def insert_rows(engine: sa.Engine, *rows: dict[str, Any]) -> None:
    """Insert rows of usage, in order."""
    with write_transaction(engine) as connection:
        for row in rows:
            connection.execute(sa.insert(usage).values(row))


def read_rows(engine: sa.Engine) -> list[dict[str, Any]]:
    """Give all rows of usage by number."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.select(usage).order_by(usage.c.id)).mappings()]


def read_days(engine: sa.Engine, use_case: str | None = None, *, served: bool = False) -> UsageTotals:
    """Give the totals of the days around the first row."""
    day = timedelta(days=1)
    return read_usage(engine, since=START - day, until=START + day, use_case=use_case, served=served)
