"""Plans a run: which item is asked at which slot, what to ask next, and when nothing more needs to be asked.

A slot is a place in the schedule, counted from 0. The first answer of each slot enters the gate; repeats of a prompt
tell how often the target disagrees with itself and never enter it, since the prompt is the unit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from pilotage.core.canonical import digest_of_json
from pilotage.core.errors import EvidenceError
from pilotage.core.estimate import Estimate
from pilotage.core.statistics.gate import GateDesign, GateProcess, ScheduleBuffer
from pilotage.core.statistics.sequence import METHOD, anytime_interval
from pilotage.evaluation.outcome import Outcome, State
from pilotage.registry.items import Item
from pilotage.registry.kinds.evaluation import Claim


class Ask(NamedTuple):
    """One question: a slot of the schedule, and which repeat of its prompt (0 is the one that counts)."""

    slot: int
    repeat: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """The outcome of one question as it was recorded.

    Attributes:
        item: id of the item asked.
        outcome: passed, failed or not measured.
        answer: digest of the answer; None where there was none.
        seconds: time that its calls took together, without the waits between them.
        tries: calls made for it.
    """

    item: str
    outcome: Outcome
    answer: str | None
    seconds: float
    tries: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked, in which order, of which claim.

    Attributes:
        schedule: the items in the order in which their outcomes count.
        repeats: times each prompt that counts is asked.
        design: the claim as a gate, at its attempt.
        seed: seed of the shuffle and of the waits between retries.
    """

    schedule: tuple[Item, ...]
    repeats: int
    design: GateDesign
    seed: int

    @property
    def can_meet(self) -> bool:
        """Whether there are items enough for the gate to MEET at all, were every answer right."""
        return self.design.fewest_calls <= len(self.schedule)


def plan_run(items: Sequence[Item], claim: Claim, *, attempt: int, repeats: int, seed: int) -> Plan:
    """Shuffle the items without replacement and cut the schedule at the claim's cap.

    The order is that of SHA-256 over seed and id: every language and version finds the same, and the order of lines
    in the file does not matter.

    Raises:
        ValueError: the claim or the attempt cannot be (see `GateDesign`).
    """
    shuffled = sorted(items, key=lambda item: hashlib.sha256(f"{seed}\0{item.id}".encode()).digest())
    return Plan(tuple(shuffled[: claim.cap]), repeats, plan_design(claim, attempt), seed)


def plan_design(claim: Claim, attempt: int) -> GateDesign:
    """Give a claim as a gate at its attempt."""
    return GateDesign(claim.p0, claim.p1, claim.alpha, claim.beta, claim.cap, attempt)


@dataclass(slots=True)
class Progress:
    """Where a run stands: its recorded outcomes and the gate over their contiguous beginning.

    Attributes:
        plan: what is asked.
        recorded: every outcome so far, overshoot included.
    """

    plan: Plan
    recorded: dict[Ask, Recorded] = field(init=False, default_factory=dict[Ask, Recorded])
    _buffer: ScheduleBuffer = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Start with nothing recorded."""
        self._buffer = ScheduleBuffer(self.plan.design)

    def accept(self, ask: Ask, recorded: Recorded) -> None:
        """Take an outcome; arrival order does not matter.

        Raises:
            EvidenceError: the slot already has another outcome.
        """
        if ask.repeat == 0:
            self._buffer.accept(ask.slot, recorded.outcome.gate_value)
        self.recorded[ask] = recorded

    @property
    def process(self) -> GateProcess:
        """The gate as it stands."""
        return self._buffer.process

    @property
    def decided(self) -> bool:
        """Whether no further slot can change the verdict: it is decided, at the cap, or out of items."""
        return self.process.finished or self.process.n >= len(self.plan.schedule)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to ask, repeats included."""
        return self.decided and next(self._missing_repeats(), None) is None

    def next_ask(self, pending: AbstractSet[Ask], *, concurrency: int, held: int = 0) -> Ask | None:
        """Give the next question, or None when there is none to ask now.

        Slots are asked at most `concurrency` ahead of the gate, and further only where the gate will need them
        whatever comes; so at most concurrency - 1 answers are ever paid for in vain. Each held slot, of which nobody
        knows yet whether it will have an outcome, lets one more be asked.

        Args:
            pending: questions in flight or held.
            concurrency: most questions in flight.
            held: how many of the pending are held.
        """
        if self.decided:
            return next((ask for ask in self._missing_repeats() if ask not in pending), None)
        process = self.process
        for slot in range(process.n, len(self.plan.schedule)):
            ask = Ask(slot, 0)
            if ask in self.recorded or ask in pending:
                continue
            ahead = slot - process.n - held
            return ask if ahead < concurrency or ahead < process.surely_needed else None
        return None

    def counted(self) -> tuple[Recorded, ...]:
        """Give the outcomes that the verdict rests on, in schedule order."""
        return tuple(self.recorded[Ask(slot, 0)] for slot in range(self.process.n))

    def _missing_repeats(self) -> Iterator[Ask]:
        for slot in range(self.process.n):
            for repeat in range(1, self.plan.repeats):
                if Ask(slot, repeat) not in self.recorded:
                    yield Ask(slot, repeat)


def assess_disagreement(progress: Progress, confidence: float = 0.95) -> Estimate | None:
    """Estimate the share of prompts whose answers differ when asked again.

    Only prompts with at least two answers count; any difference in the answer counts, a comma's too. None where no
    prompt has two. The interval holds at any stopping time, for the gate decides how many prompts are asked.
    """
    answers: dict[int, list[str]] = {}
    for ask, recorded in progress.recorded.items():
        if ask.slot < progress.process.n and recorded.answer is not None:
            answers.setdefault(ask.slot, []).append(recorded.answer)
    asked_again = [given for given in answers.values() if len(given) > 1]
    if not asked_again:
        return None
    differing = sum(len(set(given)) > 1 for given in asked_again)
    n = len(asked_again)
    low, high = anytime_interval(differing, n, confidence)
    point = differing / n
    return Estimate(point, min(low, point), max(high, point), n, confidence, METHOD)


def digest_of_outcomes(counted: Sequence[Recorded]) -> str:
    """Give the digest over (item id, state) in schedule order."""
    pairs: list[list[str | State]] = [[one.item, one.outcome.state] for one in counted]
    return digest_of_json(pairs)


def plan_progress(plan: Plan, recorded: Mapping[Ask, Recorded]) -> Progress:
    """Give the progress of a run from what was recorded of it, as after a kill.

    Raises:
        EvidenceError: an outcome belongs to a slot that the plan does not have, or to another item.
    """
    progress = Progress(plan)
    for ask in sorted(recorded):
        known = ask.slot < len(plan.schedule) and plan.schedule[ask.slot].id == recorded[ask].item
        if not known:
            message = f"slot {ask.slot} of the run was recorded for another schedule"
            raise EvidenceError(message, "put the data set and the seed back as they were, or measure a new Release")
        progress.accept(ask, recorded[ask])
    return progress
