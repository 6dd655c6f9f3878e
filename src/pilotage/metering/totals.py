"""Totals of what the gateway metered, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from pilotage.core.amount import Amount


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """What some calls cost together; the `unknown` counts are calls that are in no total.

    Attributes:
        calls: admitted calls, failed ones included.
        errors: calls that the upstream did not answer with success.
        tokens_in: tokens read by models, of calls whose usage is known.
        tokens_out: tokens written by models, of calls whose usage is known.
        unknown_usage: calls whose tokens are unknown.
        money: totals, one for each currency, of calls whose price is known.
        unknown_cost: calls whose price is unknown.
        energy: total of calls whose energy is known; None where none is.
        unknown_energy: calls whose energy is unknown.
    """

    calls: int = 0
    errors: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    unknown_usage: int = 0
    money: tuple[Amount, ...] = ()
    unknown_cost: int = 0
    energy: Amount | None = None
    unknown_energy: int = 0
