"""A gate on grades: values in [0, 1], one a slot, bet on until the claim about their mean MEETS or FAILS.

Grades, the means of several answers to one prompt, and differences of two systems on the same item all come down to
such values. MEETS when bets on a mean above p0 have reached 1/alpha, FAILS when bets on a mean below p1 have reached
1/beta (see `wagers`). Where every value is 0 or 1, `gate` decides with fewer calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.gate import GateDesign, Verdict
from pilotage.core.statistics.sequence import Band, estimate_of_process
from pilotage.core.statistics.wagers import Bets, Bettors, Wealth, fractions_from

METHOD = "betting-sequence"


@lru_cache(maxsize=64)
def bets_of(design: GateDesign) -> Bets:
    """Set up the bets of a design; those on FAILS have p0 in mind, as the likelihood ratio of `gate` has."""
    down = Bettors.against(1 - design.p1, design.beta, fractions_from(1 - design.p0 / design.p1))
    return Bets(Bettors.against(design.p0, design.attempt_alpha), down)


@dataclass(frozen=True, slots=True)
class GradedProcess:
    """A gate on grades on its way: what was counted so far and what it says.

    Attributes:
        design: the claim under test.
        n: values counted, in schedule order; never beyond the decision or the cap.
        total: their sum.
        verdict: MEETS or FAILS once decided, until then UNDECIDED.
        decided_at: n at the decision, or None.
    """

    design: GateDesign
    n: int = 0
    total: float = 0.0
    verdict: Verdict = Verdict.UNDECIDED
    decided_at: int | None = None
    _above: Wealth | None = field(default=None, repr=False)
    _below: Wealth | None = field(default=None, repr=False)
    _bets: Bets | None = field(default=None, repr=False, compare=False)

    @property
    def finished(self) -> bool:
        """Whether no further value can count: decided, or at the cap."""
        return self.verdict is not Verdict.UNDECIDED or self.n >= self.design.cap

    @property
    def surely_needed(self) -> int:
        """How many further values no continuation can spare: with no more in flight, none is wasted."""
        if self.finished:
            return 0
        up, down = bets_of(self.design)
        meets = up.fewest_to_goal(self._above or up.weights, self.design.cap - self.n)
        return down.fewest_to_goal(self._below or down.weights, meets)

    def after(self, value: float | None) -> GradedProcess:
        """Count the next value in schedule order; None was not measured and counts as 0.

        A finished process stays as it is.

        Raises:
            ValueError: the value does not lie between 0 and 1.
        """
        if value is None:
            value = 0.0
        if not 0 <= value <= 1:
            message = f"a value at a gate lies between 0 and 1, not {value!r}"
            raise ValueError(message)
        if self.finished:
            return self
        bets = self._bets or bets_of(self.design)
        up, down = bets
        above = up.after(self._above or up.weights, value)
        below = down.after(self._below or down.weights, 1 - value)
        n = self.n + 1
        verdict, decided_at = Verdict.UNDECIDED, None
        if sum(above) >= up.goal:
            verdict, decided_at = Verdict.MEETS, n
        elif sum(below) >= down.goal:
            verdict, decided_at = Verdict.FAILS, n
        return GradedProcess(self.design, n, self.total + value, verdict, decided_at, above, below, bets)


def assess_grades(design: GateDesign, values: Iterable[float | None]) -> GradedProcess:
    """Run a gate over values in schedule order, without gaps; what follows its end does not count.

    Raises:
        ValueError: a value that counts does not lie between 0 and 1.
    """
    process = GradedProcess(design)
    for value in values:
        if process.finished:
            break
        process = process.after(value)
    return process


def estimate_of_graded(process: GradedProcess, bands: Sequence[Band]) -> Estimate:
    """Give the mean that a gate has seen, with the last of its band, so that figure, picture and verdict agree.

    Args:
        process: the gate.
        bands: `betting_sequence` over the gate's values, with confidence 1 - 2 alpha/(k(k+1)) for attempt k.

    Raises:
        ValueError: the gate has counted nothing yet, so keep the mean unknown (None); or the band is of another gate.
    """
    return estimate_of_process(process, bands, METHOD)
