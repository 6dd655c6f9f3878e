"""Reads what calls took so far: the tokens and the time of a route's last calls, by which further ones are reckoned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from pilotage.metering.usage import FIRST_ERROR_STATUS
from pilotage.storage.engine import read_transaction
from pilotage.storage.tables import usage

MOST_CALLS = 1_000
"""The latest calls that are looked at: those of last year tell little of tomorrow's."""


@dataclass(frozen=True, slots=True)
class PastCalls:
    """What the latest calls of a route took on average.

    Attributes:
        calls: calls whose usage the provider told; with 0 the rest says nothing.
        tokens_in: tokens read.
        tokens_out: tokens written.
        seconds: time until the whole answer was there.
    """

    calls: int = 0
    tokens_in: float = 0.0
    tokens_out: float = 0.0
    seconds: float = 0.0


def read_past_calls(engine: sa.Engine, *, use_case: str, route: str, model: str) -> PastCalls:
    """Read what the latest successful calls of a route took while this model answered them."""
    columns = usage.c
    latest = (
        sa.select(columns.tokens_in, columns.tokens_out, columns.milliseconds)
        .where(
            columns.use_case == use_case,
            columns.route == route,
            columns.model == model,
            columns.state == "settled",
            columns.status < FIRST_ERROR_STATUS,
            columns.usage_source == "provider",
            columns.milliseconds.is_not(None),
        )
        .order_by(columns.id.desc())
        .limit(MOST_CALLS)
        .subquery()
    )
    means = [sa.func.avg(latest.c[name]) for name in ("tokens_in", "tokens_out", "milliseconds")]
    with read_transaction(engine) as connection:
        row = connection.execute(sa.select(sa.func.count(), *means)).one()
    calls, *found = (float(value or 0) for value in tuple[Any, ...](row))
    return PastCalls(int(calls), found[0], found[1], found[2] / 1_000)
