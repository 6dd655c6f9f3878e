"""The calendar month that usage is shown for, in the organisation's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def plan_month(now: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """Give the beginning of this month and now; a time zone that this machine does not know counts as UTC."""
    try:
        zone: ZoneInfo | None = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = None
    local = now.astimezone(zone or UTC)
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0).astimezone(UTC), now
