"""What calls cost, for show: counts, and money and energy as ranges beside what is unknown."""

from __future__ import annotations

from dataclasses import dataclass

from pilotage.metering.totals import UsageTotals
from pilotage.portal.figures import THIN, UNKNOWN, count_text, counted, energy_text, exact_text, money_text
from pilotage.portal.pages.frame import Fact, Tile


@dataclass(frozen=True, slots=True)
class Spending:
    """Calls, money and energy of a month; each note says what is in no total, and `line` is all in one line."""

    calls: Tile
    money: Tile
    energy: Tile
    line: str
    details: tuple[Fact, ...]


def plan_spending(usage: UsageTotals | None) -> Spending:
    """Plan the figures of a month; usage that could not be read is unknown, never 0."""
    if usage is None:
        unknown = "could not be read"
        return Spending(
            Tile("Calls", UNKNOWN, unknown),
            Tile("Money", UNKNOWN, unknown),
            Tile("Energy", UNKNOWN, unknown),
            "Usage could not be read",
            (),
        )
    errors = f"{counted(usage.errors, 'call')} failed" if usage.errors else ""
    return Spending(
        calls=Tile("Calls", count_text(usage.calls), errors),
        money=_tile("Money", [money_text(amount) for amount in usage.money], usage.calls, usage.unknown_cost, "price"),
        energy=_tile(
            "Energy",
            [] if usage.energy is None else [energy_text(usage.energy)],
            usage.calls,
            usage.unknown_energy,
            "energy",
        ),
        line=_line(usage),
        details=(
            Fact("Calls", exact_text(usage.calls)),
            Fact("Failed", exact_text(usage.errors)),
            Fact("Tokens read", exact_text(usage.tokens_in)),
            Fact("Tokens written", exact_text(usage.tokens_out)),
            Fact("Calls whose tokens are unknown", exact_text(usage.unknown_usage)),
            Fact("Calls whose price is unknown", exact_text(usage.unknown_cost)),
            Fact("Calls whose energy is unknown", exact_text(usage.unknown_energy)),
        ),
    )


def _line(usage: UsageTotals) -> str:
    if not usage.calls:
        return "No calls this month"
    money = f"{THIN}+{THIN}".join(money_text(amount) for amount in usage.money)
    parts = [
        f"{counted(usage.calls, 'call')} this month",
        money or "money unknown",
        energy_text(usage.energy) if usage.energy is not None else "energy unknown",
    ]
    if usage.unknown_cost and money:
        parts.append(f"{counted(usage.unknown_cost, 'call')} of unknown price")
    if usage.unknown_energy and usage.energy is not None:
        parts.append(f"{counted(usage.unknown_energy, 'call')} of unknown energy")
    return " · ".join(parts)


def _tile(label: str, texts: list[str], calls: int, unknown: int, what: str) -> Tile:
    if not calls:
        return Tile(label, "–", "no calls yet")
    if not texts:
        return Tile(label, UNKNOWN, f"{counted(unknown, 'call')} of unknown {what}")
    return Tile(
        label, f"{THIN}+{THIN}".join(texts), f"and {counted(unknown, 'call')} of unknown {what}" if unknown else ""
    )
