"""Two systems on the same items: one value an item, and the fixed sizes that a comparison would need otherwise.

The gate bets on (target - baseline + 1)/2, whose mean is one half where both do equally well. The sizes are those of
the normal test of a difference, one-sided, as in textbooks (for pairs: Connor 1987); they stand beside the gate's
expected cost and decide nothing.
"""

from __future__ import annotations

import math

from scipy.special import ndtri

from pilotage.core.statistics.e_process import check_rate


def paired_value(target: float | None, baseline: float | None) -> float:
    """Give (target - baseline + 1)/2: one half where both do equally well, 1 where only the target does.

    None was not measured and counts as the worst for the claim: 0 for the target, 1 for the baseline.

    Raises:
        ValueError: a score does not lie between 0 and 1.
    """
    scores = (0.0 if target is None else target, 1.0 if baseline is None else baseline)
    for score in scores:
        if not 0 <= score <= 1:
            message = f"a score lies between 0 and 1, not {score!r}"
            raise ValueError(message)
    return (scores[0] - scores[1] + 1) / 2


def paired_size(target_only: float, baseline_only: float, alpha: float, beta: float, margin: float = 0.0) -> int:
    """Give the items that a fixed-size paired comparison needs.

    Args:
        target_only: share of items on which only the target passes.
        baseline_only: share of items on which only the baseline passes.
        alpha: probability of finding the target better (by -margin) where it is not.
        beta: probability of missing the difference that these shares make.
        margin: how much worse counts as no worse; 0 asks for better.

    Raises:
        ValueError: the shares or errors cannot be, or there is no difference to be found.
    """
    if min(target_only, baseline_only) < 0 or not 0 < target_only + baseline_only <= 1:
        message = f"shares of items on which one passes and the other not cannot be {target_only} and {baseline_only}"
        raise ValueError(message)
    difference = target_only - baseline_only
    return fixed_size(difference + margin, target_only + baseline_only - difference**2, alpha, beta)


def unpaired_size(target: float, baseline: float, alpha: float, beta: float, margin: float = 0.0) -> int:
    """Give the items that each of two systems needs when they are asked different ones.

    Args:
        target: the rate at which the target passes.
        baseline: the rate at which the baseline passes.
        alpha: probability of finding the target better (by -margin) where it is not.
        beta: probability of missing the difference of these rates.
        margin: how much worse counts as no worse; 0 asks for better.

    Raises:
        ValueError: the rates or errors cannot be, or there is no difference to be found.
    """
    check_rate("the target's rate", target)
    check_rate("the baseline's rate", baseline)
    variance = target * (1 - target) + baseline * (1 - baseline)
    return fixed_size(target - baseline + margin, variance, alpha, beta)


def fixed_size(difference: float, variance: float, alpha: float, beta: float) -> int:
    """Give the fewest values of this variance whose mean shows a difference, by the normal approximation.

    Raises:
        ValueError: the errors cannot be, or there is no difference to be found.
    """
    check_rate("alpha", alpha)
    check_rate("beta", beta)
    if not difference > 0:
        message = f"the target must be better than what is to be refuted, but the difference is {difference:g}"
        raise ValueError(message)
    quantiles = float(ndtri(1 - alpha)) + float(ndtri(1 - beta))
    return max(1, math.ceil(quantiles**2 * variance / difference**2 - 1e-9))
