"""Sets the pace of calls: at most so many a second, longer waits after trouble, and a pause when told to slow down."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

FIRST_WAIT = 0.5
LONGEST_BACKOFF = 20.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a target is asked.

    Attributes:
        concurrency: most calls in flight.
        calls_per_second: most calls started a second, retries included; None for no limit.
        timeout_seconds: longest wait for one call.
        retries: further calls after one that failed in a way that may pass.
    """

    concurrency: int = 4
    calls_per_second: float | None = None
    timeout_seconds: float = 30
    retries: int = 2


def backoff_seconds(seed: int, slot: int, repeat: int, tries: int) -> float:
    """Give the wait after a failed call: doubling from half a second, with jitter that depends on its arguments alone.

    The jitter (a factor from 0.5 to 1) keeps retries of many slots apart; taking it from a digest makes a replay wait
    the same, whatever the order of arrival.
    """
    draw = hashlib.sha256(f"{seed}\0{slot}\0{repeat}\0{tries}".encode()).digest()
    factor = 0.5 + int.from_bytes(draw[:4], "big") / 2**33
    return min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_BACKOFF) * factor


class Turnstile:
    """Lets calls start one after another, spaced by the rate limit; a pause holds back everyone."""

    def __init__(self, calls_per_second: float | None) -> None:
        """Set the rate; None lets everyone through at once."""
        self._gap = 0.0 if calls_per_second is None else 1 / calls_per_second
        self._next = 0.0
        self._paused_until = 0.0

    def claim_turn(self) -> float:
        """Take the next place and give its moment on the loop's clock."""
        turn = max(asyncio.get_running_loop().time(), self._next)
        self._next = turn + self._gap
        return turn

    def seconds_until(self, turn: float) -> float:
        """Give the wait until a place may be used; 0 or less when it is due."""
        return max(turn, self._paused_until) - asyncio.get_running_loop().time()

    def pause(self, seconds: float) -> None:
        """Let nobody through for a while."""
        until = asyncio.get_running_loop().time() + seconds
        self._paused_until = max(self._paused_until, until)
        self._next = max(self._next, until)
