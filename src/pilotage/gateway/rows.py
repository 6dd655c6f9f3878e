"""Calls, settlements and refusals as rows of their tables; unknown is NULL, never 0."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from pilotage.core.clock import format_time
from pilotage.gateway.call import RefusedCall, Reservation, Settlement
from pilotage.gateway.limits import whole_units
from pilotage.storage.tables import MICRO, NANO, usage

Row = dict[str, Any]

SETTLE = (
    sa.update(usage)
    .where(usage.c.call == sa.bindparam("of_call"), usage.c.state == "reserved")
    .values(
        state="settled",
        **{
            name: sa.bindparam(name)
            for name in (
                "status",
                "tokens_in",
                "tokens_out",
                "usage_source",
                "cost_low",
                "cost_high",
                "energy_low",
                "energy_high",
                "reserved_cost",
                "milliseconds",
                "first_byte_milliseconds",
            )
        },
    )
)
"""Settles a row once; settling it again changes nothing."""


def reservation_row(reservation: Reservation, broken: tuple[str, ...], replica: str) -> Row:
    """Give the row that is written before the upstream is asked."""
    would_refuse = reservation.would_refuse + broken
    return {
        "call": reservation.call,
        "replica": replica,
        "at": format_time(reservation.at),
        "access_key": reservation.access_key,
        "use_case": reservation.use_case,
        "route": reservation.route,
        "release": reservation.release,
        "model": reservation.model,
        "audience": reservation.audience,
        "surface": reservation.surface,
        "run": reservation.run,
        "state": "reserved",
        "streamed": reservation.streamed,
        "currency": reservation.tariff.currency,
        "reserved_cost": reservation.reserved_cost,
        "would_refuse": json.dumps(would_refuse) if would_refuse else None,
    }


def settlement_row(settlement: Settlement) -> Row:
    """Give what is known once a call has ended; the reserve stays only where the cost is still open."""
    row: Row = {
        "of_call": settlement.reservation.call,
        "status": settlement.status,
        "tokens_in": settlement.tokens_in,
        "tokens_out": settlement.tokens_out,
        "usage_source": settlement.source,
        "cost_low": None,
        "cost_high": None,
        "energy_low": None,
        "energy_high": None,
        "reserved_cost": settlement.reservation.reserved_cost if settlement.billable else None,
        "milliseconds": settlement.milliseconds,
        "first_byte_milliseconds": settlement.first_byte_milliseconds,
    }
    tokens_in, tokens_out = settlement.tokens_in, settlement.tokens_out
    if tokens_in is None or tokens_out is None:
        return row
    tariff = settlement.reservation.tariff
    price = tariff.price_of(tokens_in, tokens_out)
    if price is not None:
        row["cost_low"], row["cost_high"] = whole_units(price, NANO)
        row["reserved_cost"] = None
    energy = tariff.energy_of(tokens_in, tokens_out)
    if energy is not None:
        row["energy_low"], row["energy_high"] = whole_units(energy, MICRO)
    return row


def refusal_row(refused: RefusedCall, replica: str) -> Row:
    """Give the row of a refusal."""
    return {
        "at": format_time(refused.at),
        "replica": replica,
        "access_key": refused.access_key,
        "use_case": refused.use_case,
        "route": refused.route,
        "rule": refused.rule,
        "status": refused.status,
    }
