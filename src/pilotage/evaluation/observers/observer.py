"""Observers: what a scorer has to know of an answer beyond its text is observed at the edge, and then judged purely.

A judge is asked, an embedding computed, code run in its sandbox: that is an observer's work, and it may fail as a call
to a target may. `score_answer` gets the observation as a value.
"""

from __future__ import annotations

from typing import Protocol

from pilotage.evaluation.scorers.observation import Observation
from pilotage.evaluation.targets.target import Answer
from pilotage.registry.items import Item


class Observer(Protocol):
    """Observes answers for one scorer."""

    async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> Observation:
        """Find out what the scorer has to know of an answer.

        Args:
            item: what was asked.
            answer: what was answered.
            run: id of the run, so that what the observation costs is counted with it.
            repeat: how often this item was asked before.

        Raises:
            CallError: it could not be observed; treated as a call to the target that failed in this way.
        """
        ...
