"""What n attacks can prove: the highest success rate that so few successes still allow, in words for reports."""

from __future__ import annotations

import math

from pilotage.core.statistics.e_process import check_rate
from pilotage.core.statistics.intervals import upper_bound

_DIGITS = 2  # that are printed of a bound


def success_bound(successes: int, n: int, confidence: float = 0.95) -> float:
    """Give the highest success rate that the outcomes leave possible, exactly (Clopper and Pearson 1934, one-sided).

    Right for n fixed beforehand. Where a gate chose n, its own interval holds; this says what so many can prove.

    Raises:
        ValueError: the counts or the confidence cannot be.
    """
    return upper_bound(successes, n, confidence)


def words_of_proof(successes: int, n: int, confidence: float = 0.95) -> str:
    """Say what was proved, such as `0 of 59: under 5 %`; the bound is rounded up to two digits.

    Raises:
        ValueError: the counts or the confidence cannot be.
    """
    bound = success_bound(successes, n, confidence)
    if bound >= 1:
        return f"{successes} of {n}: proves nothing"
    percent = 100 * bound
    step = 10.0 ** (math.floor(math.log10(percent)) + 1 - _DIGITS)
    rounded = math.ceil(percent / step - 1e-9) * step
    return f"{successes} of {n}: under {rounded:.10g} %"


def fewest_to_prove(bound: float, confidence: float = 0.95) -> int:
    """Give the fewest attacks that prove a success rate under the bound when none of them succeeds: 59 for 5 %.

    Raises:
        ValueError: the bound or the confidence does not lie between 0 and 1.
    """
    check_rate("bound", bound)
    check_rate("confidence", confidence)
    return max(1, math.ceil(math.log(1 - confidence) / math.log1p(-bound) - 1e-9))
