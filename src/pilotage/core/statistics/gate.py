"""A gate: a claim about a pass rate, tested call by call until it MEETS, FAILS or, at the cap, is UNDECIDED.

It MEETS when the e-process against "the rate is at most p0" reaches 1/alpha, and FAILS when the likelihood
ratio of p0 against p1 reaches 1/beta. Both depend on (n, passes) alone, so a gate is two lines that a walk
crosses. Only a pass can cross the upper and only a failure the lower, so both can never be crossed by the
same call.

Order matters: answers that take longer when they fail arrive late, and a gate that reads them as they
complete takes the early passes for the whole. Therefore outcomes count in the order of the schedule
(`ScheduleBuffer`), and an outcome that could not be measured counts as a failure at its slot.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from pilotage.core.errors import EvidenceError
from pilotage.core.statistics.e_process import check_rate, fewest_passes
from pilotage.core.statistics.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST_CAP = 1_000_000
_SMALLEST_ERROR = 1e-12
_LARGEST_ATTEMPT = 1_000_000


class Verdict(StrEnum):
    """What a gate says of its claim."""

    MEETS = "MEETS"
    FAILS = "FAILS"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True, slots=True)
class GateDesign:
    """A claim and the errors that are accepted in testing it.

    Attributes:
        p0: the pass rate that must be exceeded; at p0 or below, MEETS is a false pass.
        p1: the pass rate at which the claim should be recognised.
        alpha: the most that all attempts at this claim together may risk of a false pass.
        beta: the most that FAILS may be risked at p1 or above.
        cap: the most calls that are spent.
        attempt: which attempt at the same claim this is, from 1; attempt k is given alpha/(k(k+1)), and these
            shares add up to alpha over endlessly many attempts. None spends the whole of alpha at once: right
            only where the claim will never be tested again.
    """

    p0: float
    p1: float
    alpha: float
    beta: float
    cap: int
    attempt: int | None = 1

    def __post_init__(self) -> None:
        """Refuse a design that cannot be, naming the field and what would do."""
        check_rate("p0", self.p0)
        check_rate("p1", self.p1)
        if not self.p0 < self.p1:
            message = f"p1 must lie above p0, but p0 is {self.p0} and p1 is {self.p1}"
            raise ValueError(message)
        for name, error in (("alpha", self.alpha), ("beta", self.beta)):
            if not _SMALLEST_ERROR <= error < 0.5:  # noqa: PLR2004 - beyond one half a coin would do better
                message = f"{name} must lie between {_SMALLEST_ERROR:g} and 0.5 (0.05 is usual), not {error}"
                raise ValueError(message)
        _check_whole("cap", self.cap, LARGEST_CAP)
        if self.attempt is not None:
            _check_whole("attempt", self.attempt, _LARGEST_ATTEMPT)

    @property
    def attempt_alpha(self) -> float:
        """The share of alpha that this attempt may risk: alpha/(k(k+1)), so half of alpha at the first."""
        if self.attempt is None:
            return self.alpha
        return self.alpha / (self.attempt * (self.attempt + 1))

    @property
    def fewest_calls(self) -> int:
        """The number of calls at which MEETS is possible at the earliest: when all of them pass."""
        return fewest_passes(self.p0, 1 / self.attempt_alpha)

    @property
    def can_meet(self) -> bool:
        """Whether the cap leaves room for MEETS at all."""
        return self.fewest_calls <= self.cap

    def is_trivial(self, baseline: float) -> bool:
        """Tell whether something that does no work, with this pass rate, would already hold the claim."""
        return baseline > self.p0

    def for_attempt(self, attempt: int | None) -> GateDesign:
        """Give the same claim at another attempt, or undivided (None)."""
        return replace(self, attempt=attempt)


def _check_whole(name: str, number: object, most: int) -> None:
    if not isinstance(number, int) or not 1 <= number <= most:
        message = f"{name} must be a whole number from 1 to {most}, not {number}"
        raise ValueError(message)


@lru_cache(maxsize=16)
def boundaries(design: GateDesign) -> Lines:
    """Give the two lines of a gate for n = 1, 2, ... to the cap or to where they close, computed as they are read."""
    return Lines(design.p0, design.p1, design.attempt_alpha, design.beta, design.cap)


@dataclass(frozen=True, slots=True)
class GateProcess:
    """A gate on its way: what was counted so far and what it says.

    Attributes:
        design: the claim under test.
        n: outcomes counted, in schedule order; never beyond the decision or the cap.
        passes: passes among them.
        verdict: MEETS or FAILS once decided, until then UNDECIDED.
        decided_at: n at the decision, or None.
    """

    design: GateDesign
    n: int = 0
    passes: int = 0
    verdict: Verdict = Verdict.UNDECIDED
    decided_at: int | None = None
    _lines: Lines | None = field(default=None, repr=False, compare=False)

    @property
    def total(self) -> float:
        """Sum of the values counted, a pass being 1."""
        return float(self.passes)

    @property
    def finished(self) -> bool:
        """Whether no further outcome can count: decided, or at the cap."""
        return self.verdict is not Verdict.UNDECIDED or self.n >= self.design.cap

    @property
    def surely_needed(self) -> int:
        """How many further calls no continuation can spare: with no more in flight, none is wasted."""
        if self.finished:
            return 0
        return boundaries(self.design).first_n(self.n, self.passes) - self.n

    def after(self, outcome: bool | None) -> GateProcess:  # noqa: FBT001 - an outcome is a truth value
        """Count the next outcome in schedule order: True passed, False failed, None not measured.

        Not measured counts as failed. A finished process stays as it is.

        Raises:
            ValueError: the outcome is none of the three, such as a score.
        """
        if outcome not in (True, False, None):
            message = f"an outcome is True, False or None (not measured), not {outcome!r}; give a score a limit"
            raise ValueError(message)
        if self.finished:
            return self
        n = self.n + 1
        passes = self.passes + bool(outcome)
        lines = self._lines or boundaries(self.design)
        verdict = Verdict.UNDECIDED
        if outcome and n - passes <= lines.spare_at(n):
            verdict = Verdict.MEETS
        elif not outcome and passes <= lines.fatal_at(n):
            verdict = Verdict.FAILS
        return GateProcess(self.design, n, passes, verdict, None if verdict is Verdict.UNDECIDED else n, lines)


def assess_outcomes(design: GateDesign, outcomes: Iterable[bool | None]) -> GateProcess:
    """Run a gate over outcomes in schedule order, without gaps; what follows its end does not count.

    Args:
        design: the claim under test.
        outcomes: True passed, False failed, None not measured, which counts as failed.

    Raises:
        ValueError: an outcome that counts is none of the three.
    """
    process = GateProcess(design)
    for outcome in outcomes:
        if process.finished:
            break
        process = process.after(outcome)
    return process


@dataclass(slots=True)
class ScheduleBuffer:
    """Puts outcomes that arrive in any order back into schedule order, and runs the gate over them.

    Only the contiguous beginning counts: an outcome waits until every earlier slot has one. What belongs to
    slots after the decision is kept as overshoot, since it was paid for, and changes nothing.

    Attributes:
        process: the gate over the slots that count so far.
    """

    design: GateDesign
    process: GateProcess = field(init=False)
    _outcomes: dict[int, bool | None] = field(init=False, repr=False, default_factory=dict[int, bool | None])

    def __post_init__(self) -> None:
        """Start with no outcome."""
        self.process = GateProcess(self.design)

    def accept(self, slot: int, outcome: bool | None) -> GateProcess:  # noqa: FBT001 - an outcome is a truth value
        """Take the outcome of one slot (from 0) and give the gate as it then stands.

        The same outcome for a slot may come twice, as after a resumed run.

        Raises:
            ValueError: the slot is negative, or the outcome is neither True, False nor None.
            EvidenceError: the slot already has another outcome.
        """
        if slot < 0:
            message = f"slots count from 0, so {slot} cannot be"
            raise ValueError(message)
        GateProcess(self.design).after(outcome)
        if slot in self._outcomes and self._outcomes[slot] != outcome:
            message = f"slot {slot} already has the outcome {self._outcomes[slot]}, now {outcome} came"
            raise EvidenceError(message, "keep the first answer to a slot; a slot counts once")
        self._outcomes[slot] = outcome
        while not self.process.finished and self.process.n in self._outcomes:
            self.process = self.process.after(self._outcomes[self.process.n])
        return self.process

    @property
    def waiting(self) -> tuple[int, ...]:
        """Slots whose outcome is here but waits for an earlier one; none once the gate is finished."""
        return () if self.process.finished else self._after_the_count()

    @property
    def overshoot(self) -> tuple[int, ...]:
        """Slots that were answered but do not count, because the gate had finished before them."""
        return self._after_the_count() if self.process.finished else ()

    def _after_the_count(self) -> tuple[int, ...]:
        return tuple(sorted(slot for slot in self._outcomes if slot >= self.process.n))
