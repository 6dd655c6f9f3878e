"""Intervals for a proportion at a fixed n: right when n did not depend on what was seen.

Where one may stop on what one sees, as at a gate, use the anytime-valid interval of `sequence` instead:
looking at these after each call and stopping when they please passes a false claim one time in five.
"""

from __future__ import annotations

import math
from typing import Literal

from scipy.special import betaincinv, ndtri

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.e_process import check_counts, check_rate

IntervalMethod = Literal["clopper-pearson", "wilson"]


def clopper_pearson(passes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Give the exact two-sided interval (Clopper and Pearson 1934); (0, 1) when nothing was seen.

    Raises:
        ValueError: the counts or the confidence cannot be.
    """
    check_rate("confidence", confidence)
    tail = (1 - confidence) / 2
    return lower_bound(passes, n, 1 - tail), upper_bound(passes, n, 1 - tail)


def lower_bound(passes: int, n: int, confidence: float = 0.95) -> float:
    """Give the exact one-sided bound that the rate lies above (Clopper and Pearson 1934).

    Raises:
        ValueError: the counts or the confidence cannot be.
    """
    check_counts(n, passes)
    check_rate("confidence", confidence)
    if passes == 0:
        return 0.0
    return min(float(betaincinv(passes, n - passes + 1, 1 - confidence)), passes / n)


def upper_bound(passes: int, n: int, confidence: float = 0.95) -> float:
    """Give the exact one-sided bound that the rate lies below (Clopper and Pearson 1934).

    Raises:
        ValueError: the counts or the confidence cannot be.
    """
    check_counts(n, passes)
    check_rate("confidence", confidence)
    if passes == n:
        return 1.0
    return max(float(betaincinv(passes + 1, n - passes, confidence)), passes / n)


def wilson(passes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Give the score interval (Wilson 1927): shorter than the exact one, right on average; (0, 1) for n = 0.

    Raises:
        ValueError: the counts or the confidence cannot be.
    """
    check_counts(n, passes)
    check_rate("confidence", confidence)
    if n == 0:
        return 0.0, 1.0
    z = float(ndtri((1 + confidence) / 2))
    rate = passes / n
    weight = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / weight
    half = z * math.sqrt(rate * (1 - rate) / n + (z / (2 * n)) ** 2) / weight
    return max(0.0, min(centre - half, rate)), min(1.0, max(centre + half, rate))


def bound_without_failures(n: int, confidence: float = 0.95) -> float:
    """Give the highest failure rate that n passes out of n leave possible: 59 calls still allow 4.95 %.

    The exact form of the "rule of three" (Hanley and Lippman-Hand 1983); 1 for n = 0.

    Raises:
        ValueError: n or the confidence cannot be.
    """
    return upper_bound(0, n, confidence)


def estimate_of_proportion(
    passes: int, n: int, confidence: float = 0.95, method: IntervalMethod = "clopper-pearson"
) -> Estimate:
    """Give passes/n with its interval as one value.

    Raises:
        ValueError: nothing was seen (that is unknown, so say None), the counts or the confidence cannot be,
            or the method is not known.
    """
    intervals = {"clopper-pearson": clopper_pearson, "wilson": wilson}
    if method not in intervals:
        message = f"there is no interval called {method!r}; use one of {', '.join(intervals)}"
        raise ValueError(message)
    low, high = intervals[method](passes, n, confidence)
    if n == 0:
        message = "nothing was seen, so there is nothing to estimate; keep it unknown (None)"
        raise ValueError(message)
    return Estimate(point=passes / n, low=low, high=high, n=n, confidence=confidence, method=method)
