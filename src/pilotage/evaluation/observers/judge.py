"""Asks a Judge's route about each answer, through the gateway, so that what it costs counts with the run."""

from __future__ import annotations

from pilotage.evaluation.observers.asking import render_judging
from pilotage.evaluation.scorers.observation import Opinion
from pilotage.evaluation.targets.target import Answer, CallError, Target, Trouble
from pilotage.registry.items import Item
from pilotage.registry.kinds.judge import Judge


class JudgeObserver:
    """Asks one judge; what it replies is content, kept as an artefact of the run."""

    def __init__(self, judge: Judge, target: Target) -> None:
        """Know the judge, and ask it at its route.

        Args:
            judge: the document: what to judge by, and how its reply is read.
            target: the judge's route.
        """
        self._judge = judge
        self._target = target

    async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> Opinion:
        """Ask the judge about an answer once; see `Observer`.

        Raises:
            CallError: the judge did not reply in words.
        """
        asked = Item(item.id, render_judging(self._judge, item, answer.value))
        reply = await self._target.fetch_answer(asked, run=run, repeat=repeat)
        if not isinstance(reply.value, str):
            raise CallError(Trouble.UNUSABLE, "the judge replied with no text")
        return Opinion(reply.value, self._judge.parser)
