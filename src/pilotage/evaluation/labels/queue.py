"""Which answers wait for a person's label, and in which order they are shown.

Only answers drawn by lot count at the gate, so only these are asked for. What the order tells must not tell the judge's
verdict: whoever saw all that passed first would know it. So answers on which the judge is torn come first, whichever
way it leant, and the rest in the order of the schedule, which is that in which the gate needs them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pilotage.core.statistics.draw import draw_share, is_drawn
from pilotage.evaluation.labels.label import Label

_TORN = 0.5
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer that the judge judged.

    Attributes:
        slot: its place in the schedule.
        item: id of the item that was asked.
        score: what the judge gave it, from 0 to 1.
    """

    slot: int
    item: str
    score: float


@dataclass(frozen=True, slots=True)
class Lot:
    """How answers are drawn.

    Attributes:
        run: id of the run.
        floor: the least probability with which any answer is drawn.
    """

    run: str
    floor: float

    def draws(self, judged: Judged) -> bool:
        """Tell whether an answer is drawn: always the same, and before anybody labels it."""
        return is_drawn(self.run, judged.item, draw_share(judged.score, self.floor))


def plan_labels(
    judged: Iterable[Judged], labels: Iterable[Label], lot: Lot, *, labeller: str, block: int, second: bool = False
) -> tuple[int, ...]:
    """Give the slots that a labeller is asked for, the first to be shown first.

    Args:
        judged: the answers that were judged.
        labels: the labels that there are, everybody's.
        lot: how answers are drawn.
        labeller: who is asked.
        block: how many slots from the first that waits come before all others: those that the gate can use next.
        second: ask for a second opinion on answers that others labelled, instead of for a first.
    """
    own = {label.slot for label in labels if label.labeller == labeller}
    others = {label.slot for label in labels if label.labeller != labeller}
    drawn = {one.slot: one.score for one in judged if lot.draws(one)}
    if second:
        open_slots = (others & drawn.keys()) - own
        return tuple(sorted(open_slots, key=lambda slot: (_sureness(drawn[slot]), slot)))
    open_slots = drawn.keys() - own - others
    end = min(open_slots, default=0) + block
    return tuple(sorted(open_slots, key=lambda slot: (slot >= end, _sureness(drawn[slot]), slot)))


def _sureness(score: float) -> float:
    """Give how far the judge is from being torn; rounded, so that 0.25 and 0.75 are as far whatever the arithmetic."""
    return round(abs(score - _TORN), _DIGITS)
