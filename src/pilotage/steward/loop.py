"""The loop that lets a steward tick: it survives every error, waits longer after each, and shows that it lives."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pilotage.core.clock import Clock
from pilotage.steward.steward import Tick

_LOG = logging.getLogger(__name__)


class Ticking(Protocol):
    """What the loop drives."""

    def tick(self, now: datetime) -> Tick:
        """Do what is due."""
        ...


@dataclass(frozen=True, slots=True)
class Beat:
    """The last sign of life, for `/readyz`.

    Attributes:
        at: when the loop last tried; None before its first try.
        done: when a tick last went through, even one that left problems.
        errors: tries in a row that failed.
        trouble: what is wrong, one line each; empty when all is well.
    """

    at: datetime | None = None
    done: datetime | None = None
    errors: int = 0
    trouble: tuple[str, ...] = ()

    def is_alive(self, now: datetime, patience: timedelta) -> bool:
        """Tell whether a tick went through not too long ago."""
        return self.done is not None and now - self.done <= patience


class Pulse:
    """Where the loop leaves its last sign of life for others to read."""

    def __init__(self) -> None:
        """Begin before the first beat."""
        self.last = Beat()


def run_forever(
    steward: Ticking,
    *,
    stop: threading.Event,
    clock: Clock,
    pulse: Pulse,
    every: timedelta = timedelta(seconds=1),
    longest: timedelta = timedelta(minutes=1),
) -> None:
    """Tick until told to stop; after an error wait twice as long as before, at most `longest`, and go on.

    Args:
        steward: what ticks.
        stop: ends the loop, at once where it waits.
        clock: gives the moment of each tick.
        pulse: takes each sign of life.
        every: the pause between ticks that went well.
        longest: the longest pause after errors.
    """
    errors = 0
    while not stop.is_set():
        now = clock()
        try:
            tick = steward.tick(now)
        except Exception as error:  # noqa: BLE001 - a loop that keeps permits alive must outlive any fault
            errors += 1
            _LOG.exception("the steward's tick failed, %d in a row; it goes on", errors)
            trouble = (f"{type(error).__name__}: {error}",)
            pulse.last = Beat(now, pulse.last.done, errors, trouble)
        else:
            errors = 0
            pulse.last = Beat(now, now, 0, tick.problems)
        pause = min(every * 2 ** min(errors, 20), longest) if errors else every
        stop.wait(pause.total_seconds())
