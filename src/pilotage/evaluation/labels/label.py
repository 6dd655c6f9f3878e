"""What one person says of an answer that a judge judged, and which label of an answer counts.

A label is a fixed number from 0 (bad) to 1 (good), given without sight of what the judge or anybody else said. The one
that was given first counts at the gate, so that nothing that is learned later can change what counts; further ones
tell how far people agree with each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Label:
    """What one person said of one answer.

    Attributes:
        slot: the place of the answer in its run's schedule.
        labeller: the person's handle; it stands in this table alone, never in a record.
        value: 1 good, 0 bad.
        at: when it was given.
    """

    slot: int
    labeller: str
    value: float
    at: datetime

    def __post_init__(self) -> None:
        """Refuse what is no label."""
        if not 0 <= self.value <= 1:
            message = f"a label lies between 0 and 1, not at {self.value}"
            raise ValueError(message)


def labels_for_gate(labels: Iterable[Label]) -> dict[int, float]:
    """Give the label of each slot that counts at the gate: the one that was given first.

    A mean over labellers would move when somebody labels again, and whether somebody does may depend on how the gate
    stands. The first label cannot move.
    """
    return {slot: label.value for slot, label in first_labels(labels).items()}


def first_labels(labels: Iterable[Label]) -> dict[int, Label]:
    """Give the label of each slot that was given first."""
    found: dict[int, Label] = {}
    for label in sorted(labels, key=given_order):
        found.setdefault(label.slot, label)
    return found


def pairs_of_labellers(labels: Iterable[Label]) -> tuple[tuple[bool, bool], ...]:
    """Give, for each slot that two people labelled, whether each called it good: the first two, in slot order."""
    by_slot: dict[int, list[Label]] = {}
    for label in sorted(labels, key=given_order):
        by_slot.setdefault(label.slot, []).append(label)
    doubled = (given for _, given in sorted(by_slot.items()) if len(given) > 1)
    return tuple((is_good(first.value), is_good(second.value)) for first, second, *_ in doubled)


def is_good(value: float) -> bool:
    """Tell whether a label calls an answer good."""
    return value >= 0.5  # noqa: PLR2004 - the middle of the scale


def given_order(label: Label) -> tuple[datetime, str]:
    """Give what labels are put in order by: when they were given; one moment for two is settled by their handles."""
    return label.at, label.labeller
