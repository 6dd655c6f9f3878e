"""Running totals for rate and spend: read from the database now and then, kept up in between.

One thread owns them, the one that also writes every row, so a check and the reservation that follows it cannot be
torn apart. What other replicas admit is seen at the next reading: that is the bound on overshoot.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from pilotage.core.clock import Clock, format_time
from pilotage.gateway.call import Reservation
from pilotage.gateway.limits import Limits, Totals
from pilotage.storage.engine import read_transaction
from pilotage.storage.tables import usage

READ_SECONDS = 1.0
READ_SHARE = 20
"""A reading that took long is repeated only after so many times its own duration."""

Key = tuple[str, ...]


@dataclass(slots=True)
class _Figure:
    """A total as last read, with what was added since."""

    value: int
    stale_at: float


class Books:
    """The totals that limits are checked against; for one thread."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Start empty; totals are read when first asked for."""
        self._engine = engine
        self._clock = clock
        self._figures: dict[Key, _Figure] = {}

    def turn_page(self) -> None:
        """Forget what is stale; to be called when every row counted so far is committed."""
        now = time.monotonic()
        for key in [key for key, figure in self._figures.items() if figure.stale_at <= now]:
            del self._figures[key]

    def forget(self) -> None:
        """Forget everything, after rows were counted that could not be written."""
        self._figures.clear()

    def totals(self, reservation: Reservation, limits: Limits) -> Totals:
        """Give what was used before this call.

        Raises:
            StorageError: the database cannot be read.
        """
        calls = 0
        spent = 0
        if limits.calls_per_minute is not None:
            minute_ago = format_time(self._clock() - timedelta(minutes=1))
            calls = self._figure(
                _rate_key(reservation),
                sa.select(sa.func.count())
                .select_from(usage)
                .where(
                    usage.c.use_case == reservation.use_case,
                    usage.c.release == reservation.release,
                    usage.c.audience != "assessment",
                    usage.c.at > minute_ago,
                ),
            )
        if limits.monthly_spend is not None:
            spent = self._figure(
                _spend_key(reservation, limits),
                sa.select(sa.func.sum(sa.func.coalesce(usage.c.cost_high, usage.c.reserved_cost))).where(
                    usage.c.use_case == reservation.use_case,
                    usage.c.currency == limits.currency,
                    usage.c.at >= limits.month_start,
                ),
            )
        return Totals(calls, spent)

    def add(self, reservation: Reservation) -> None:
        """Count a call that was admitted."""
        limits = reservation.limits
        if limits is None:
            return
        if limits.calls_per_minute is not None:
            self._shift(_rate_key(reservation), 1)
        self._shift(_spend_key(reservation, limits), reservation.counted_cost or 0)

    def settle(self, reservation: Reservation, cost: int) -> None:
        """Put what a call cost, at most, in the place of what it might have cost."""
        if reservation.limits is not None and reservation.counted_cost is not None:
            self._shift(_spend_key(reservation, reservation.limits), cost - reservation.counted_cost)

    def _figure(self, key: Key, query: sa.Select[Any]) -> int:
        figure = self._figures.get(key)
        if figure is None:
            began = time.monotonic()
            with read_transaction(self._engine) as connection:
                value = int(connection.execute(query).scalar() or 0)
            ended = time.monotonic()
            figure = _Figure(value, ended + max(READ_SECONDS, READ_SHARE * (ended - began)))
            self._figures[key] = figure
        return figure.value

    def _shift(self, key: Key, by: int) -> None:
        if key in self._figures:
            self._figures[key].value += by


def _rate_key(reservation: Reservation) -> Key:
    return ("calls", reservation.use_case, reservation.release)


def _spend_key(reservation: Reservation, limits: Limits) -> Key:
    return ("spend", reservation.use_case, limits.currency, limits.month_start)
