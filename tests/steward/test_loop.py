"""The loop: it outlives every error, waits longer after each, stops at once when told, and shows that it lives."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest

from pilotage.core.clock import ManualClock
from pilotage.core.errors import StorageError
from pilotage.steward.loop import Pulse, run_forever
from pilotage.steward.steward import Tick

START = datetime(2026, 5, 1, 9, tzinfo=UTC)


class Watched(threading.Event):
    """An event that never waits: it notes each pause, moves the clock on, and stops after so many."""

    def __init__(self, clock: ManualClock, pauses: int) -> None:
        """Stop after some pauses."""
        super().__init__()
        self.pauses: list[float] = []
        self._clock = clock
        self._left = pauses

    def wait(self, timeout: float | None = None) -> bool:
        """Note the pause."""
        self.pauses.append(timeout or 0)
        self._clock.advance(timedelta(seconds=timeout or 0))
        self._left -= 1
        if self._left == 0:
            self.set()
        return self.is_set()


class Scripted:
    """A steward whose ticks come from a list; an error in it is raised."""

    def __init__(self, *script: Tick | Exception) -> None:
        """Follow a script, and repeat its last line."""
        self._script = list(script)
        self.moments: list[datetime] = []

    def tick(self, now: datetime) -> Tick:
        """Do the next thing."""
        self.moments.append(now)
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(step, Exception):
            raise step
        return step


def run(steward: Scripted, pauses: int) -> tuple[Watched, Pulse, ManualClock]:
    """Run the loop for some pauses."""
    clock = ManualClock(START)
    stop, pulse = Watched(clock, pauses), Pulse()
    run_forever(steward, stop=stop, clock=clock, pulse=pulse)
    return stop, pulse, clock


def test_it_ticks_at_its_pace() -> None:
    """Ticks that go well follow each other by the pause, and the pulse tells the last one."""
    steward = Scripted(Tick(leads=True))
    stop, pulse, _ = run(steward, 3)
    assert stop.pauses == [1, 1, 1]
    assert steward.moments == [START + timedelta(seconds=step) for step in range(3)]
    assert (pulse.last.done, pulse.last.errors, pulse.last.trouble) == (START + timedelta(seconds=2), 0, ())


def test_errors_make_it_wait_longer_and_never_end_it(caplog: pytest.LogCaptureFixture) -> None:
    """After each error the pause doubles up to a minute; a tick that goes well brings the pace back."""
    trouble = [StorageError("no database")] * 4 + [RuntimeError("a fault of ours")] * 5
    with caplog.at_level(logging.ERROR):
        stop, pulse, _ = run(Scripted(*trouble, Tick(leads=True)), 10)
    assert stop.pauses == [2, 4, 8, 16, 32, 60, 60, 60, 60, 1]
    assert pulse.last.errors == 0
    assert len(caplog.records) == 9


def test_the_pulse_tells_trouble() -> None:
    """While ticks fail the pulse says what is wrong and since when nothing was done."""
    _, pulse, clock = run(Scripted(Tick(leads=True), StorageError("no database")), 3)
    assert (pulse.last.done, pulse.last.errors) == (START, 2)
    assert pulse.last.trouble == ("StorageError: no database",)
    assert not pulse.last.is_alive(clock(), timedelta(seconds=2))
    assert pulse.last.is_alive(clock(), timedelta(seconds=20))


def test_problems_of_a_tick_are_told_and_are_no_errors() -> None:
    """A registry that does not load leaves the steward alive, with its trouble shown."""
    stop, pulse, clock = run(Scripted(Tick(leads=True, problems=("the registry: 1 problem",))), 2)
    assert stop.pauses == [1, 1]
    assert pulse.last.trouble == ("the registry: 1 problem",)
    assert pulse.last.is_alive(clock(), timedelta(seconds=5))


def test_a_steward_that_never_ticked_is_not_alive() -> None:
    """Before the first beat nobody can rely on it."""
    assert not Pulse().last.is_alive(START, timedelta(days=1))


def test_it_stops_at_once_when_told() -> None:
    """A stop that was set before lets nothing begin; one set while it waits ends the wait."""
    stop = threading.Event()
    stop.set()
    steward = Scripted(Tick(leads=True))
    run_forever(steward, stop=stop, clock=ManualClock(START), pulse=Pulse())
    assert steward.moments == []
    stop.clear()
    loop = threading.Thread(
        target=run_forever,
        args=(steward,),
        kwargs={"stop": stop, "clock": ManualClock(START), "pulse": Pulse(), "every": timedelta(hours=1)},
    )
    loop.start()
    stop.set()
    loop.join(30)
    assert not loop.is_alive()
