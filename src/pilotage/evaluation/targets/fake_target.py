"""A target that answers from a script: the fake for tests, and for trying an evaluation out without a model."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pilotage.evaluation.outcome import AnswerValue
from pilotage.evaluation.targets.target import Answer, CallError
from pilotage.registry.items import Item

Reaction = AnswerValue | CallError
Script = Callable[[Item, int, int], Reaction]
"""From item, repeat, and the number of earlier calls with both, to an answer or a trouble."""


class Call(NamedTuple):
    """One call that reached the fake."""

    item: str
    run: str
    repeat: int


def no_latency(_item: Item, _repeat: int) -> float:
    """Answer at once."""
    return 0.0


@dataclass(slots=True)
class FakeTarget:
    """Answers by script after a latency, and remembers each call.

    Attributes:
        script: what it answers; `answering_with` makes one from answers alone.
        latency: seconds until the answer to an item and repeat, slept on the running loop.
        name: what it is, for errors and records.
        calls: calls in the order in which they arrived.
        completed: calls in the order in which they were answered or failed.
        in_flight: calls that are being answered.
        busiest: most calls at once so far.
    """

    script: Script
    latency: Callable[[Item, int], float] = no_latency
    name: str = "fake"
    calls: list[Call] = field(default_factory=list[Call])
    completed: list[Call] = field(default_factory=list[Call])
    in_flight: int = 0
    busiest: int = 0
    _made: Counter[Call] = field(default_factory=Counter[Call], repr=False)

    async def fetch_answer(self, item: Item, *, run: str, repeat: int) -> Answer:
        """Answer by script."""
        call = Call(item.id, run, repeat)
        reaction = self.script(item, repeat, self._made[call])
        seconds = self.latency(item, repeat)
        self._made[call] += 1
        self.calls.append(call)
        self.in_flight += 1
        self.busiest = max(self.busiest, self.in_flight)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.in_flight -= 1
        self.completed.append(call)
        if isinstance(reaction, CallError):
            raise reaction
        return Answer(reaction, seconds)


def always(reaction: Reaction) -> Script:
    """Make a script that reacts to everything in one way."""

    def script(_item: Item, _repeat: int, _earlier: int) -> Reaction:
        return reaction

    return script


def answering_with(answers: Mapping[str, Reaction | tuple[Reaction, ...]]) -> Script:
    """Make a script from answers by item id.

    A tuple gives one reaction for each call of the same item and repeat, the last one from then on; an item without
    an entry is answered with its expected value as text.
    """

    def script(item: Item, _repeat: int, earlier: int) -> Reaction:
        reaction = answers.get(item.id, str(item.expected))
        if isinstance(reaction, tuple):
            return reaction[min(earlier, len(reaction) - 1)]
        return reaction

    return script
