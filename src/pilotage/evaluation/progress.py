"""Where a run stands: outcomes arrive in any order, and count slot by slot in the order of the schedule.

What was counted is dropped; the figures that a finding needs are kept running, so that a run of a hundred thousand
prompts takes hardly more memory than one of a thousand.
"""

from __future__ import annotations

import hashlib
import heapq
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from pilotage.core.canonical import canonical_json
from pilotage.core.errors import EvidenceError
from pilotage.core.estimate import Estimate
from pilotage.core.statistics.corrected import Corrected, CorrectedProcess
from pilotage.core.statistics.draw import draw_share, is_drawn
from pilotage.core.statistics.gate import GateProcess
from pilotage.core.statistics.graded import GradedProcess
from pilotage.core.statistics.paired import paired_value
from pilotage.core.statistics.sequence import METHOD, anytime_interval
from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.plan import Ask, Plan, Recorded

LABEL_BLOCK = 40
"""Slots that are asked past the first one that waits for a label: enough for a sitting, few enough to be spared."""

AnyProcess: TypeAlias = GateProcess | GradedProcess | CorrectedProcess


@dataclass(slots=True)
class Progress:
    """Where a run stands: the gate over the contiguous beginning of its schedule, and what waits ahead of it.

    Attributes:
        plan: what is asked.
        labels: slot -> what people say of its answer, from 0 to 1; used where the answer is drawn.
        process: the gate as it stands.
        values: what each slot that counts came down to, in schedule order: the pass (1 or 0), the grade, the mean of
            the repeats, or (target - baseline + 1) / 2; of a judged run the judge's score. Not measured is the worst.
        corrected: of a judged run, what is known of each answer that counts; None where it was not measured.
        passes: slots among these that the target passed at every repeat.
        not_measured: slots among these that lack an answer, the baseline's or a repeat's included.
        asked_again: slots among these at which the target gave two answers or more.
        differing: slots among these at which the answers differ.
        recorded: outcomes recorded, those ahead of the gate or behind its decision included.
        seconds: time that the calls for all of these took.
        tries: calls made for all of these.
    """

    plan: Plan
    labels: Mapping[int, float] = field(default_factory=dict[int, float])
    process: AnyProcess = field(init=False)
    values: array[float] = field(init=False, repr=False)
    corrected: list[Corrected | None] = field(init=False, repr=False, default_factory=list[Corrected | None])
    passes: int = field(init=False, default=0)
    not_measured: int = field(init=False, default=0)
    asked_again: int = field(init=False, default=0)
    differing: int = field(init=False, default=0)
    recorded: int = field(init=False, default=0)
    seconds: float = field(init=False, default=0.0)
    tries: int = field(init=False, default=0)
    _ahead: dict[int, dict[int, Recorded]] = field(
        init=False, repr=False, default_factory=dict[int, dict[int, Recorded]]
    )
    _waiting: set[int] = field(init=False, repr=False, default_factory=set[int])
    _given_back: list[int] = field(init=False, repr=False, default_factory=list[int])
    _per_slot: int = field(init=False, repr=False)
    _size: int = field(init=False, repr=False)
    _next: int = field(init=False, repr=False, default=0)
    _safe_at: int = field(init=False, repr=False, default=-1)
    _safe: int = field(init=False, repr=False, default=0)
    _digest: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Start with nothing recorded."""
        design = self.plan.design
        self._per_slot, self._size = self.plan.asks_per_slot, self.plan.size
        if self.plan.label_share is not None:
            self.process = CorrectedProcess(design, self.plan.label_share)
        else:
            self.process = GateProcess(design) if self.plan.gate == "binary" else GradedProcess(design)
        self.values = array("d")
        self._digest = hashlib.sha256()

    @property
    def decided(self) -> bool:
        """Whether no further slot can change the verdict: it is decided, at the cap, or out of items."""
        return self.process.finished or self.process.n >= self._size

    @property
    def waiting_for_labels(self) -> tuple[int, ...]:
        """Slots whose answer is drawn to be labelled and is not, in schedule order; none once decided."""
        return () if self.decided else tuple(sorted(self._waiting))

    @property
    def digest(self) -> str:
        """Digest over the outcomes that count, in schedule order (see `digest_of_outcomes`)."""
        return "sha256:" + self._digest.hexdigest()

    def accept(self, ask: Ask, recorded: Recorded) -> None:
        """Take an outcome; arrival order does not matter.

        Raises:
            EvidenceError: the plan has no such question, or it has another outcome already.
        """
        if not self.plan.has(ask):
            message = f"slot {ask.slot} of the run was recorded for another schedule"
            raise EvidenceError(message, _OTHER_SCHEDULE)
        if ask.slot < self.process.n:
            return  # it counted already, and a question counts once
        here = self._ahead.setdefault(ask.slot, {})
        within = self.plan.index_of(ask) - ask.slot * self._per_slot
        if (known := here.get(within)) is not None:
            if known.outcome != recorded.outcome:
                message = f"slot {ask.slot} already has the outcome {known.outcome.state}, now another came"
                raise EvidenceError(message, "keep the first answer to a question; it counts once")
            return
        here[within] = recorded
        self.recorded += 1
        self.seconds += recorded.seconds
        self.tries += recorded.tries
        if len(here) == self._per_slot:
            if self._lacks_label(ask.slot, recorded):
                self._waiting.add(ask.slot)
            self._count_on()

    def restore(self, ask: Ask, recorded: Recorded) -> None:
        """Take an outcome that was recorded before, as after a kill.

        Raises:
            EvidenceError: it belongs to a slot that the plan does not have, or to another item.
        """
        if not self.plan.has(ask) or self.plan.item(ask.slot).id != recorded.item:
            message = f"slot {ask.slot} of the run was recorded for another schedule"
            raise EvidenceError(message, _OTHER_SCHEDULE)
        self.accept(ask, recorded)

    def next_ask(self, *, concurrency: int, held: int = 0) -> Ask | None:
        """Give out the next question, or None when there is none to ask now; each is given out once.

        Questions are asked at most `concurrency` ahead of the gate, and further only where the gate will need them
        whatever comes; so at most concurrency - 1 answers are ever paid for in vain. Each held question, of which
        nobody knows yet whether it will have an outcome, lets one more be asked. A judged run goes on for at most
        `LABEL_BLOCK` slots while a slot waits for its label.

        Args:
            concurrency: most questions in flight.
            held: how many of those given out are held.
        """
        if self.decided:
            return None
        if self._given_back:
            return self.plan.ask_at(heapq.heappop(self._given_back))
        index = self._next = self._next_unrecorded()
        if index >= self._size * self._per_slot or not self._may_ask(index - held, concurrency):
            return None
        self._next = index + 1
        return self.plan.ask_at(index)

    def give_back(self, ask: Ask) -> None:
        """Let a question be given out again, since nothing was recorded for it."""
        heapq.heappush(self._given_back, self.plan.index_of(ask))

    def _next_unrecorded(self) -> int:
        per_slot = self._per_slot
        index = max(self._next, self.process.n * per_slot)
        while index % per_slot in self._ahead.get(index // per_slot, ()):
            index += 1
        return index

    def _may_ask(self, index: int, concurrency: int) -> bool:
        process, per_slot = self.process, self._per_slot
        if (
            self.plan.label_share is not None
            and index >= (min(self._waiting, default=process.n) + LABEL_BLOCK) * per_slot
        ):
            return False
        if self._waiting or index < process.n * per_slot + concurrency:
            return True
        if index >= self._safe and self._safe_at != process.n:
            # What is surely needed at some n stays so at a later one; looking it up anew walks along the gate's lines.
            self._safe_at, self._safe = process.n, (process.n + process.surely_needed) * per_slot
        return index < self._safe

    def _lacks_label(self, slot: int, recorded: Recorded) -> bool:
        floor = self.plan.label_share
        if floor is None or slot in self.labels or (score := self._worth(recorded.outcome)) is None:
            return False
        return is_drawn(self.plan.run, recorded.item, draw_share(score, floor))

    def _count_on(self) -> None:
        while not self.decided:
            slot = self.process.n
            here = self._ahead.get(slot)
            if here is None or len(here) < self._per_slot or slot in self._waiting:
                return
            del self._ahead[slot]
            self._count([here[within] for within in range(self._per_slot)])

    def _count(self, asked: Sequence[Recorded]) -> None:
        """Count a slot of which everything is there, in the order of its questions."""
        for one in asked:
            self._digest.update(_line(one))
        sides = len(self.plan.sides)
        own, theirs = asked[::sides], asked[1::2] if sides > 1 else ()
        if len(own) > 1:
            answers = [one.answer for one in own if one.answer is not None]
            self.asked_again += len(answers) > 1
            self.differing += len(set(answers)) > 1
        self.passes += all(one.outcome.state == "pass" for one in own)
        self.not_measured += any(one.outcome.state == "not-measured" for one in asked)
        match self.process:
            case GateProcess():
                self.process = self.process.after(own[0].outcome.gate_value)
                self.values.append(own[0].outcome.state == "pass")
            case GradedProcess():
                value = self._mean(own, missing=0.0)
                if theirs:
                    value = paired_value(value, self._mean(theirs, missing=1.0))
                self.process = self.process.after(value)
                self.values.append(value)
            case CorrectedProcess():
                known = self._correct(self.process.n, own[0])
                self.process = self.process.after(known)
                self.values.append(0.0 if known is None else known.score)
                self.corrected.append(known)

    def _mean(self, answered: Sequence[Recorded], *, missing: float) -> float:
        worths = [self._worth(one.outcome) for one in answered]
        return sum(missing if worth is None else worth for worth in worths) / len(worths)

    def _worth(self, outcome: Outcome) -> float | None:
        """Give what an outcome is worth to the gate; None where it was not measured."""
        if self.plan.graded or outcome.state == "not-measured":
            return outcome.grade
        return float(outcome.state == "pass")

    def _correct(self, slot: int, recorded: Recorded) -> Corrected | None:
        score, floor = self._worth(recorded.outcome), self.plan.label_share
        if score is None or floor is None:
            return None
        share = draw_share(score, floor)
        drawn = is_drawn(self.plan.run, recorded.item, share)
        return Corrected(score, self.labels[slot] if drawn else None, share)


_OTHER_SCHEDULE = "put the data set and the seed back as they were, or measure a new Release"


def plan_progress(
    plan: Plan, recorded: Iterable[tuple[Ask, Recorded]] = (), labels: Mapping[int, float] | None = None
) -> Progress:
    """Give the progress of a run from what was recorded of it, in any order, and from the labels given since.

    Raises:
        EvidenceError: an outcome belongs to a slot that the plan does not have, or to another item.
    """
    progress = Progress(plan, labels or {})
    for ask, one in recorded:
        progress.restore(ask, one)
    return progress


def assess_disagreement(progress: Progress, confidence: float = 0.95) -> Estimate | None:
    """Estimate the share of prompts whose answers differ when asked again.

    Only prompts with at least two answers count; any difference in the answer counts, a comma's too. None where no
    prompt has two. The interval holds at any stopping time, for the gate decides how many prompts are asked.
    """
    n, differing = progress.asked_again, progress.differing
    if n == 0:
        return None
    low, high = anytime_interval(differing, n, confidence)
    point = differing / n
    return Estimate(point, min(low, point), max(high, point), n, confidence, METHOD)


def digest_of_outcomes(counted: Iterable[Recorded]) -> str:
    """Give the digest over the outcomes that count, in schedule order and, at a slot, in the order of its questions.

    It is that of lines of canonical JSON, [item, state] or [item, state, score], each ended by a line feed.
    """
    digest = hashlib.sha256()
    for one in counted:
        digest.update(_line(one))
    return "sha256:" + digest.hexdigest()


def _line(recorded: Recorded) -> bytes:
    outcome = recorded.outcome
    if outcome.score is None:  # for texts alone the quick encoder writes canonical JSON too
        return msgspec.json.encode((recorded.item, outcome.state)) + b"\n"
    return canonical_json([recorded.item, outcome.state, outcome.score]) + b"\n"
