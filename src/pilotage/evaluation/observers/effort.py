"""Effort: how long an answer took, and what the gateway's meter says that it cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from pilotage.evaluation.scorers.observation import Effort
from pilotage.evaluation.targets.target import Answer
from pilotage.registry.items import Item

CostReader = Callable[[str], Awaitable[float | None]]
"""Reads what a call cost at most, by its id; None where that is unknown."""


class EffortObserver:
    """Reads off what is known already; it asks no model."""

    def __init__(self, read_cost: CostReader | None = None) -> None:
        """Take the meter; without one the cost of every answer is unknown."""
        self._read_cost = read_cost

    async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> Effort:
        """Give the seconds until there was an answer, tries that failed included, and its cost; see `Observer`."""
        del item, run, repeat
        if self._read_cost is None or answer.call is None:
            return Effort(answer.seconds)
        return Effort(answer.seconds, await self._read_cost(answer.call))
