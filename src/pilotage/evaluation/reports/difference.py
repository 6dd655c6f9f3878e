"""Two runs side by side: what became of the items that both asked, with an interval for the difference.

Each pair gives one value, (second - first + 1) / 2, as at a gate that compares. The interval is that of the gate's own
bettors (`wagers`; Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting"): the means
that their wealth has not refuted. It needs only how often each value came, so that a database can count, and it holds
wherever the runs stopped, provided that both asked the same items in the same order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.wagers import FRACTIONS
from pilotage.evaluation.reports.report import RunLine

METHOD = "paired-betting"
DESCRIPTIVE = (
    "Nobody declared this comparison before the runs, so it describes and decides nothing; an evaluation whose claim "
    "names a baseline decides."
)
OTHER_ORDER = (
    "The runs asked in different orders, and each stopped where its own gate decided, so the interval is a rough guide."
)
OTHER_DATA = (
    "The runs asked different versions of the data, so items are paired by their ids; where a question changed under "
    "the same id, the pair compares two questions."
)
OTHER_PLAN = "The runs differ in target, scorer, claim, repeats or seed, and so may what a pass means."

_STEPS = 40  # halvings of the bracket: the mean's logarithm is then known to a billionth
_Floats: TypeAlias = NDArray[np.float64]
_FRACTIONS: _Floats = np.array([fraction for fraction, _ in FRACTIONS])[:, None]
_WEIGHTS: _Floats = np.array([weight for _, weight in FRACTIONS]) / sum(weight for _, weight in FRACTIONS)


@dataclass(frozen=True, slots=True)
class Pairs:
    """What became of the items that two runs both asked; not measured counts as failed, as at a gate.

    Attributes:
        both_pass: passed both times.
        both_fail: failed both times.
        better: failed in the first run and passed in the second.
        worse: passed in the first run and failed in the second.
        grades: how often each paired value of grades came; empty where passes alone were given.
    """

    both_pass: int
    both_fail: int
    better: int
    worse: int
    grades: Mapping[float, int]

    @property
    def n(self) -> int:
        """How many items were asked in both."""
        return self.both_pass + self.both_fail + self.better + self.worse


@dataclass(frozen=True, slots=True)
class Difference:
    """Two runs compared on the items that both asked.

    Attributes:
        first: the run that is compared with.
        second: the run that is compared.
        pairs: what became of the items.
        share: the share passed in the second less that in the first; None where nothing was asked in both.
        grade: the same of the mean grade; None where no grades were given.
        notes: what a reader must know.
    """

    first: RunLine
    second: RunLine
    pairs: Pairs
    share: Estimate | None
    grade: Estimate | None
    notes: tuple[str, ...]


def plan_difference(first: RunLine, second: RunLine, pairs: Pairs) -> Difference:
    """Compare two runs, given what became of the items that both asked."""
    notes = [DESCRIPTIVE]
    if first.dataset_digest != second.dataset_digest:
        notes.append(OTHER_DATA)
    elif not same_order(first, second):
        notes.append(OTHER_ORDER)
    if (first.evaluation, first.plan) != (second.evaluation, second.plan):
        notes.append(OTHER_PLAN)
    passes = {1.0: pairs.better, 0.0: pairs.worse, 0.5: pairs.both_pass + pairs.both_fail}
    share, grade = assess_difference(passes), assess_difference(pairs.grades)
    return Difference(first, second, pairs, share, grade, tuple(notes))


def same_order(first: RunLine, second: RunLine) -> bool:
    """Tell whether two runs asked the same items in the same order."""
    return (first.dataset_digest, first.seed) == (second.dataset_digest, second.seed) and first.seed is not None


def assess_difference(counts: Mapping[float, int], confidence: float = 0.95) -> Estimate | None:
    """Estimate the mean of second - first with an interval that holds at every n at once; None for no pair.

    Args:
        counts: how often each paired value (second - first + 1) / 2 came.
        confidence: how sure one is that the true difference lies in the interval at every n.

    Raises:
        ValueError: a value does not lie between 0 and 1, a count is negative, or the confidence cannot be.
    """
    if not 0 < confidence < 1:
        message = f"confidence must lie between 0 and 1, not {confidence}"
        raise ValueError(message)
    if any(not 0 <= value <= 1 or count < 0 for value, count in counts.items()):
        message = "a paired value lies between 0 and 1, and comes a number of times"
        raise ValueError(message)
    values = np.array([value for value, count in counts.items() if count], dtype=np.float64)
    times = np.array([count for count in counts.values() if count], dtype=np.float64)
    n = sum(counts.values())
    if n == 0:
        return None
    goal = math.log(2 / (1 - confidence))
    mean = float(values @ times) / n
    low = min(_refuted_below(values, times, goal), mean)
    high = max(1 - _refuted_below(1 - values, times, goal), mean)
    return Estimate(2 * mean - 1, 2 * low - 1, 2 * high - 1, n, confidence, METHOD)


def _refuted_below(values: _Floats, times: _Floats, goal: float) -> float:
    """Find by bisection the mean against which the bettors' wealth equals the goal; 0 where none is refuted."""
    total = float(values @ times)
    if total == 0:
        return 0.0
    high = math.log(total / float(times.sum()))
    low = high - 1.0
    while _log_wealth(values, times, low) < goal:
        low = high - 2 * (high - low)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _log_wealth(values, times, middle) >= goal else (low, middle)
    return math.exp(low)


def _log_wealth(values: _Floats, times: _Floats, log_mean: float) -> float:
    """Give the logarithm of the mixture's wealth against a mean; it falls as the mean rises."""
    with np.errstate(divide="ignore"):
        logs = np.log(1 - _FRACTIONS + _FRACTIONS * values * math.exp(-log_mean)) @ times
    top = float(logs.max())
    return top + math.log(float(_WEIGHTS @ np.exp(logs - top)))
