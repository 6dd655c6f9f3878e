"""Rate and spend: what a call may cost at worst, and whether a Permit's limits still hold with it; pure.

Spend counts what settled calls cost at most and what unsettled ones may cost at worst, so it may over-count until
a call is settled and never under-counts. A call whose price is unknown adds nothing: unknown is not a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from pilotage.core.amount import Amount
from pilotage.core.clock import format_time
from pilotage.gateway.standing import RoutePlan
from pilotage.models.dialects.openai import Request
from pilotage.storage.tables import NANO

UNLIMITED_OUTPUT_TOKENS = 4096
"""What one answer is taken to have at most where neither caller, route nor model says."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a Permit limits for one call.

    Attributes:
        calls_per_minute: of the Release; None where unlimited, or where the call does not count.
        monthly_spend: of the use case, in billionths of the currency.
        month_start: RFC 3339, in the organisation's month.
        enforced: whether exceeding refuses; otherwise it is only recorded.
    """

    calls_per_minute: int | None
    monthly_spend: int | None
    currency: str
    month_start: str
    enforced: bool


@dataclass(frozen=True, slots=True)
class Totals:
    """What was used so far: calls in the last minute, and money this month in billionths."""

    calls: int
    spent: int


def assess_limits(limits: Limits, totals: Totals, reserve: int | None) -> tuple[str, ...]:
    """Name the rules that a call which may cost `reserve` would break."""
    broken: list[str] = []
    if limits.calls_per_minute is not None and totals.calls >= limits.calls_per_minute:
        broken.append("rate_exceeded")
    if limits.monthly_spend is not None:
        over = (
            totals.spent >= limits.monthly_spend if reserve is None else totals.spent + reserve > limits.monthly_spend
        )
        if over:
            broken.append("spend_exceeded")
    return tuple(broken)


def plan_reserve(route: RoutePlan, request: Request, body_bytes: int) -> int | None:
    """Say what a call may cost at worst, in billionths of the currency; None where the price is unknown.

    A token is at least one byte long, so the lengths of the body and of the route's own prompt bound the input.
    """
    context = route.context_tokens
    sent = body_bytes + len(route.system_message or b"")
    tokens_in = sent if context is None else min(sent, context)
    each = route.output_limit or request.output_limit or context or UNLIMITED_OUTPUT_TOKENS
    tokens_out = 0 if route.task == "embedding" else each * request.choices
    price = route.tariff.price_of(tokens_in, tokens_out)
    return None if price is None else whole_units(price, NANO)[1]


def whole_units(amount: Amount, scale: int) -> tuple[int, int]:
    """Give an amount in whole small units: the low end rounded down, the high end up."""
    factor = Decimal(scale)
    low = int((amount.low * factor).to_integral_value(ROUND_FLOOR))
    return low, int((amount.high * factor).to_integral_value(ROUND_CEILING))


def month_start(now: datetime, time_zone: str) -> str:
    """Say when the present month began in a time zone, as RFC 3339 in UTC."""
    local = now.astimezone(ZoneInfo(time_zone))
    return format_time(local.replace(day=1, hour=0, minute=0, second=0, microsecond=0))
