"""Time as an argument: what reads the clock takes a `Clock`, so a test can hold it still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def format_time(moment: datetime) -> str:
    """Write an aware moment as RFC 3339 in UTC with microseconds, so that texts sort as times do."""
    if moment.tzinfo is None:
        message = "a moment without a time zone is ambiguous"
        raise ValueError(message)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """Read an RFC 3339 time; refuses one without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        message = f"{text!r} has no time zone"
        raise ValueError(message)
    return moment.astimezone(UTC)


class ManualClock:
    """A clock that moves only when told to: the fake for tests and replays."""

    def __init__(self, start: datetime) -> None:
        """Start at an aware moment."""
        self.now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        """Give the present moment."""
        return self.now

    def advance(self, by: timedelta) -> datetime:
        """Move on and give the new moment."""
        self.now += by
        return self.now
