"""Numbers, money, shares and days as people read them: one way for each, on every page.

Thin spaces group digits and surround ranges; a point never stands without its interval; unknown stays a word.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal

from pilotage.core.amount import Amount
from pilotage.core.estimate import Estimate

THIN = "\u2009"
NARROW = "\u202f"
UNKNOWN = "unknown"

_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "CHF": "CHF" + NARROW, "INR": "₹"}
_COMPACT = ((Decimal(10) ** 12, "tn"), (Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "k"))
_COMPACT_FROM = 100_000
_CENTS = 2
_WITHOUT_CENTS = 1_000
_WATT_HOURS = ((Decimal(10) ** 6, "MWh"), (Decimal(10) ** 3, "kWh"), (Decimal(1), "Wh"), (Decimal("0.001"), "mWh"))


def count_text(count: int) -> str:
    """Write a count: digits in groups, compact from a hundred thousand on (`359 M`)."""
    return _compact(Decimal(count)) if abs(count) >= _COMPACT_FROM else exact_text(count)


def exact_text(count: int) -> str:
    """Write a count with all its digits, in groups."""
    return f"{count:,}".replace(",", NARROW)


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: `1 call`, `12 calls`."""
    return f"{count_text(count)} {one if count == 1 else many or one + 's'}"


def money_text(amount: Amount | None) -> str:
    """Write money as a range in its currency (`€0.0012 – 0.0040`); a range of no width is one number."""
    if amount is None:
        return UNKNOWN
    return _SYMBOLS.get(amount.unit, amount.unit + NARROW) + _range(amount.low, amount.high, _CENTS)


def energy_text(amount: Amount | None) -> str:
    """Write energy, which is held in watt-hours, in the unit that fits its upper end."""
    if amount is None:
        return UNKNOWN
    if amount.unit != "Wh":
        return _range(amount.low, amount.high) + NARROW + amount.unit
    size, unit = next((pair for pair in _WATT_HOURS if amount.high >= pair[0]), _WATT_HOURS[-1])
    if amount.high == 0:
        size, unit = Decimal(1), "Wh"
    return _range(amount.low / size, amount.high / size) + NARROW + unit


def share_text(share: float) -> str:
    """Write a share as a percentage with one decimal, or none where it is whole."""
    percent = round(share * 100, 1)
    return (f"{percent:.0f}" if percent == round(percent) else f"{percent:.1f}") + NARROW + "%"


def interval_text(estimate: Estimate) -> str:
    """Write the interval of a share with its confidence and n: `80.2 – 90.9 %, 95 % sure, n 236`."""
    low, high = share_text(estimate.low).removesuffix(NARROW + "%"), share_text(estimate.high)
    return f"{low}{THIN}–{THIN}{high}, {share_text(estimate.confidence)} sure, n{NARROW}{exact_text(estimate.n)}"


def estimate_text(estimate: Estimate | None) -> str:
    """Write a share with its interval, confidence and n, which never stand apart."""
    return UNKNOWN if estimate is None else f"{share_text(estimate.point)} ({interval_text(estimate)})"


def minutes_text(minutes: float | None) -> str:
    """Write a length of work: minutes, hours from two on, days of eight hours from two on."""
    if minutes is None:
        return UNKNOWN
    hour, working_day = 60, 480
    if minutes >= 2 * working_day:
        return f"{_short(minutes / working_day)}{NARROW}days"
    if minutes >= 2 * hour:
        return f"{_short(minutes / hour)}{NARROW}h"
    return f"{_short(minutes)}{NARROW}min"


def seconds_text(seconds: float) -> str:
    """Write how long a machine took."""
    minute, hour = 60, 3_600
    if seconds >= 2 * hour:
        return f"{_short(seconds / hour)}{NARROW}h"
    if seconds >= 2 * minute:
        return f"{_short(seconds / minute)}{NARROW}min"
    return f"{_short(seconds)}{NARROW}s"


def date_text(moment: datetime) -> str:
    """Write the day as ISO 8601 has it, in UTC."""
    return moment.astimezone(UTC).date().isoformat()


def moment_text(moment: datetime) -> str:
    """Write day and minute, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def days_between(since: datetime, now: datetime) -> int:
    """Count whole days that have passed; 0 where `since` lies ahead."""
    return max(0, (now - since).days)


def relative_text(moment: datetime, now: datetime) -> str:
    """Write how far a moment lies from now, in days: `today`, `3 days ago`, `in 90 days`."""
    days = (moment.astimezone(UTC).date() - now.astimezone(UTC).date()).days
    if days == 0:
        return "today"
    distance = f"{exact_text(abs(days))} day{'' if abs(days) == 1 else 's'}"
    return f"in {distance}" if days > 0 else f"{distance} ago"


def dated(moment: datetime, now: datetime) -> str:
    """Write a day with its distance: `2026-11-19 (3 days ago)`."""
    return f"{date_text(moment)} ({relative_text(moment, now)})"


def short_digest(digest: str) -> str:
    """Write the first twelve hexadecimal digits of a digest, enough to tell records apart by eye."""
    return digest.removeprefix("sha256:")[:12]


def _compact(number: Decimal) -> str:
    sign = "−" if number < 0 else ""
    number = abs(number)
    for size, suffix in _COMPACT:
        # Rounded first, so that 999 999 becomes 1 M and not 1000 k.
        scaled = Decimal(f"{number / size:.3g}")
        if scaled >= 1:
            if scaled >= 1_000:  # noqa: PLR2004 - beyond the largest word there is
                return f"{sign}{scaled:,.0f}".replace(",", NARROW) + NARROW + suffix
            digits = f"{scaled:f}"
            return sign + (digits.rstrip("0").rstrip(".") if "." in digits else digits) + NARROW + suffix
    return f"{sign}{number:f}"


def _range(low: Decimal, high: Decimal, least_places: int = 0) -> str:
    """Write both ends with as many decimals as the upper one needs for two figures."""
    if high >= _COMPACT_FROM:
        texts = _compact(low), _compact(high)
    else:
        places = max(_places(high), least_places if high < _WITHOUT_CENTS else 0)
        texts = _fixed(low, places), _fixed(high, places)
    return texts[0] if texts[0] == texts[1] else f"{texts[0]}{THIN}–{THIN}{texts[1]}"


def _places(high: Decimal) -> int:
    return 0 if high == 0 else min(12, max(0, 1 - math.floor(high.log10())))


def _fixed(number: Decimal, places: int) -> str:
    text = f"{number:,.{places}f}".replace(",", NARROW)
    if number > 0 and Decimal(text.replace(NARROW, "")) == 0:
        return "<" + f"{Decimal(1).scaleb(-places):f}"
    return text


def _short(number: float) -> str:
    if 0 < number < 1:
        return "under 1"
    return exact_text(round(number)) if number >= 10 else f"{number:.1f}".removesuffix(".0")  # noqa: PLR2004 - two figures
