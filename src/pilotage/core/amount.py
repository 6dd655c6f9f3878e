"""Amounts that come as ranges: money with its currency, and energy; unknown stays unknown and is never 0."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Amount:
    """A range of one quantity in one unit.

    Attributes:
        low: the least it can be.
        high: the most it can be.
        unit: an ISO 4217 currency (`EUR`) or a physical unit (`Wh`).
    """

    low: Decimal
    high: Decimal
    unit: str

    def __post_init__(self) -> None:
        """Refuse a range that is upside down or negative."""
        if not Decimal(0) <= self.low <= self.high:
            message = f"an amount needs 0 <= low <= high, not {self.low} to {self.high} {self.unit}"
            raise ValueError(message)

    def __add__(self, other: Amount) -> Amount:
        """Add two ranges of the same unit."""
        if other.unit != self.unit:
            message = f"cannot add {other.unit} to {self.unit}"
            raise ValueError(message)
        return Amount(self.low + other.low, self.high + other.high, self.unit)

    def times(self, factor: Decimal | int) -> Amount:
        """Scale the range by a factor that is not negative."""
        return Amount(self.low * factor, self.high * factor, self.unit)


def sum_amounts(parts: list[Amount | None]) -> Amount | None:
    """Add up amounts; one unknown part makes the sum unknown, and so does no part at all."""
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    total = known[0]
    for part in known[1:]:
        total = total + part
    return total
