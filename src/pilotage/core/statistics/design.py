"""What a gate design promises, computed exactly: how often it MEETS or FAILS at a rate, after how many calls.

A walk through (n, passes) is followed by dynamic programming between the gate's two lines, so no figure here
is simulated. A fixed-n design of the same errors stands beside it as the yardstick for the calls that are
saved.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, ndtri

from pilotage.core.statistics.e_process import check_rate
from pilotage.core.statistics.gate import GateDesign, boundaries
from pilotage.core.statistics.lines import Boundary

_LARGEST_FIXED_N = 200_000
_NOTHING = 1e-14


@dataclass(frozen=True, slots=True)
class OperatingCharacteristic:
    """What a gate does when the true pass rate is p.

    Attributes:
        p: the true pass rate.
        meets: probability of MEETS.
        fails: probability of FAILS.
        undecided: probability of reaching the cap undecided.
        expected_n: calls on average.
    """

    p: float
    meets: float
    fails: float
    undecided: float
    expected_n: float


def operating_characteristic(design: GateDesign, p: float) -> OperatingCharacteristic:
    """Compute what a gate does when every call passes with probability p, independently.

    Raises:
        ValueError: p is not a probability.
    """
    return characteristic_of_lines(boundaries(design), p)


def characteristic_of_lines(lines: Iterable[Boundary], p: float) -> OperatingCharacteristic:
    """Compute the same for any pair of lines, given for n = 1, 2, ... without gaps.

    Raises:
        ValueError: p is not a probability.
    """
    if not 0 <= p <= 1:
        message = f"a pass rate lies between 0 and 1, not {p}"
        raise ValueError(message)
    meets = fails = expected_n = 0.0
    last = 0
    fewest = 0  # passes that the first cell stands for
    mass = np.ones(1)
    for n, meets_at, fails_at in lines:
        last = n
        step = np.empty(mass.size + 1)
        step[:-1] = mass * (1 - p)
        step[-1] = 0.0
        step[1:] += mass * p
        below = 0 if fails_at is None else min(max(fails_at + 1 - fewest, 0), step.size)
        above = step.size if meets_at is None else min(max(meets_at - fewest, below), step.size)
        failed, met = float(step[:below].sum()), float(step[above:].sum())
        fails += failed
        meets += met
        expected_n += n * (failed + met)
        mass = step[below:above]
        fewest += below
        if float(mass.sum()) < _NOTHING:
            break  # what follows changes no figure that anybody reads
    undecided = float(mass.sum())
    return OperatingCharacteristic(p, meets, fails, undecided, expected_n + last * undecided)


def false_pass_over_attempts(design: GateDesign, attempts: int = 20) -> float:
    """Compute how probable it is that one of the attempts 1..k at a claim MEETS although the rate is only p0.

    Each attempt is a new Release with fresh outcomes. At a rate below p0 the probability is smaller still,
    and it never exceeds alpha, since the shares alpha/(k(k+1)) add up to less.

    Raises:
        ValueError: there is not at least one attempt.
    """
    if attempts < 1:
        message = f"attempts count from 1, not {attempts}"
        raise ValueError(message)
    never = 1.0
    for attempt in range(1, attempts + 1):
        never *= 1 - operating_characteristic(design.for_attempt(attempt), design.p0).meets
    return 1 - never


def minimum_passes(p0: float, alpha: float) -> int:
    """Give the fewest calls with which any method at all can show a rate above p0, when all of them pass.

    The smallest n with p0^n <= alpha. A gate that may be looked at after every call needs more:
    `GateDesign.fewest_calls`.

    Raises:
        ValueError: p0 or alpha does not lie between 0 and 1.
    """
    check_rate("p0", p0)
    check_rate("alpha", alpha)
    return max(1, math.ceil(math.log(alpha) / math.log(p0) - 1e-9))


@dataclass(frozen=True, slots=True)
class FixedDesign:
    """The classical test of the same claim: n calls, all of them made, judged once at the end.

    Attributes:
        n: calls.
        passes_needed: the fewest passes whose exact lower bound (Clopper and Pearson) reaches p0.
        size: exact probability of passing at p0.
        power: exact probability of passing at p1.
    """

    n: int
    passes_needed: int
    size: float
    power: float

    @property
    def curtailed_lines(self) -> tuple[Boundary, ...]:
        """The lines of the same test stopped once its result is certain: the fair thing to compare with."""
        spare = self.n - self.passes_needed
        return tuple(
            Boundary(n, self.passes_needed, n - spare - 1 if n > spare else None) for n in range(1, self.n + 1)
        )


def fixed_design(p0: float, p1: float, alpha: float, beta: float) -> FixedDesign:
    """Find the smallest fixed n that exactly passes at p0 with at most alpha and at p1 with 1 - beta or more.

    Raises:
        ValueError: the rates or errors cannot be, or p0 and p1 lie so close that more than 200,000 calls are
            needed.
    """
    for name, rate in (("p0", p0), ("p1", p1), ("alpha", alpha), ("beta", beta)):
        check_rate(name, rate)
    if not p0 < p1:
        message = f"p1 must lie above p0, but p0 is {p0} and p1 is {p1}"
        raise ValueError(message)
    spread = -float(ndtri(alpha)) * math.sqrt(p0 * (1 - p0)) - float(ndtri(beta)) * math.sqrt(p1 * (1 - p1))
    too_many = f"p0 {p0} and p1 {p1} lie so close that more than {_LARGEST_FIXED_N} calls are needed"
    fewest = minimum_passes(p0, alpha)
    if max(spread, 0.0) > (p1 - p0) * math.sqrt(2 * _LARGEST_FIXED_N) or fewest > _LARGEST_FIXED_N:
        raise ValueError(too_many)
    needed = fewest
    for n in range(fewest, _LARGEST_FIXED_N + 1):
        if _tail(needed, n, p0) > alpha:
            needed += 1  # the number needed rises by 0 or 1 with each call
        power = _tail(needed, n, p1)
        if power >= 1 - beta:
            return FixedDesign(n, needed, _tail(needed, n, p0), power)
    raise ValueError(too_many)


def _tail(passes: int, n: int, p: float) -> float:
    """Give the probability of at least so many passes among n."""
    return float(betainc(passes, n - passes + 1, p))
