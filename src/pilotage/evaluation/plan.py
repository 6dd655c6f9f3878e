"""Plans a run: which item is asked at which slot, how often and of whom, and what kind of gate reads the answers.

A slot is a place in the schedule, counted from 0. The prompt is the unit, so all that is asked at a slot, its repeats
and both sides of a comparison, comes down to one value in [0, 1], which is what the gate bets on.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pilotage.core.statistics.gate import GateDesign
from pilotage.evaluation.outcome import Outcome
from pilotage.registry.items import Item
from pilotage.registry.kinds.claim import AttackClaim, Claim, ComparisonClaim
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.scorer import JudgedScorer, is_graded

Side = Literal["target", "baseline"]
"""Who is asked: the target, or what it is compared with."""
Gate = Literal["binary", "graded", "corrected"]
"""What decides: the exact mixture, betting on grades or cluster means, or betting on label-corrected scores."""

_ALONE: tuple[Side, ...] = ("target",)
_BOTH: tuple[Side, ...] = ("target", "baseline")


class Ask(NamedTuple):
    """One question: a slot of the schedule, which repeat of its prompt (from 0), and whom."""

    slot: int
    repeat: int = 0
    side: Side = "target"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcome of one question as it was recorded.

    Attributes:
        item: id of the item asked.
        outcome: passed, failed or not measured.
        answer: digest of the answer; None where there was none.
        seconds: time that its calls took together, without the waits between them.
        tries: calls made for it.
        observed: digest of what an observer found; None where none was asked.
        call: id of the gateway's call that gave the answer; None where no gateway said.
    """

    item: str
    outcome: Outcome
    answer: str | None
    seconds: float
    tries: int
    observed: str | None = None
    call: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked, in which order, of which claim.

    Attributes:
        items: the data set, in file order.
        order: the recorded shuffle, cut at the claim's cap: the item's place in the file for each slot.
        repeats: times each prompt is asked.
        sides: who is asked: the target alone, or the baseline too.
        graded: whether grades are bet on instead of passes.
        design: the claim as a gate, at its attempt.
        gate: which kind of gate decides.
        seed: seed of the shuffle and of the waits between retries.
        run: id of the run, which the draw of labels hangs on.
        label_share: share of the answers that is drawn to be labelled; None where no judge decides.
    """

    items: Sequence[Item] = field(repr=False)
    order: array[int] = field(repr=False)
    repeats: int
    sides: tuple[Side, ...]
    graded: bool
    design: GateDesign
    gate: Gate
    seed: int
    run: str
    label_share: float | None

    @property
    def size(self) -> int:
        """Slots of the schedule."""
        return len(self.order)

    @property
    def asks_per_slot(self) -> int:
        """Questions that one slot takes."""
        return self.repeats * len(self.sides)

    def item(self, slot: int) -> Item:
        """Give the item that is asked at a slot."""
        return self.items[self.order[slot]]

    def ask_at(self, index: int) -> Ask:
        """Give a question by its place among all questions, in which those of one slot stand together."""
        slot, within = divmod(index, self.asks_per_slot)
        repeat, side = divmod(within, len(self.sides))
        return Ask(slot, repeat, self.sides[side])

    def index_of(self, ask: Ask) -> int:
        """Give the place of a question among all questions."""
        return ask.slot * self.asks_per_slot + ask.repeat * len(self.sides) + self.sides.index(ask.side)

    def has(self, ask: Ask) -> bool:
        """Tell whether a question belongs to the plan."""
        return 0 <= ask.slot < self.size and 0 <= ask.repeat < self.repeats and ask.side in self.sides


def plan_run(items: Sequence[Item], evaluation: Evaluation, *, attempt: int, run: str, seed: int) -> Plan:
    """Shuffle the items without replacement, cut the schedule at the claim's cap, and choose the gate.

    The order is that of SHA-256 over seed and id: every language and version finds the same, and the order of lines
    in the file does not matter.

    Raises:
        ValueError: the claim or the attempt cannot be (see `GateDesign`).
    """
    claim, scorer = evaluation.claim, evaluation.scorer
    return Plan(
        items=items,
        order=_shuffle(items, seed, claim.cap),
        repeats=evaluation.repeats,
        sides=_BOTH if isinstance(claim, ComparisonClaim) else _ALONE,
        graded=is_graded(scorer),
        design=plan_design(claim, attempt),
        gate=plan_gate(evaluation),
        seed=seed,
        run=run,
        label_share=scorer.label_share if isinstance(scorer, JudgedScorer) else None,
    )


def plan_design(claim: Claim | AttackClaim | ComparisonClaim, attempt: int) -> GateDesign:
    """Give a claim as a gate at its attempt."""
    return GateDesign(claim.p0, claim.p1, claim.alpha, claim.beta, claim.cap, attempt)


def plan_gate(evaluation: Evaluation) -> Gate:
    """Choose the gate: exact where each slot is one pass or failure, corrected where a judge says so."""
    scorer, claim = evaluation.scorer, evaluation.claim
    if isinstance(scorer, JudgedScorer):
        return "corrected"
    is_binary = not is_graded(scorer) and evaluation.repeats == 1 and not isinstance(claim, ComparisonClaim)
    return "binary" if is_binary else "graded"


def _shuffle(items: Sequence[Item], seed: int, cap: int) -> array[int]:
    salt = f"{seed}\0".encode()
    keys = [hashlib.sha256(salt + item.id.encode()).digest() for item in items]
    return array("L", sorted(range(len(keys)), key=keys.__getitem__)[:cap])
