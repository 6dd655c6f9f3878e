"""Evidence that a pass rate lies above p0, as an e-process, and the lines where a gate decides.

The e-process averages the likelihood ratio of q against p0 uniformly over q in (p0, 1]. At p0 it is a
martingale and below p0 a supermartingale, so by Ville's inequality it ever reaches 1/alpha with probability
at most alpha, however often one looks (Robbins 1970; Ramdas, Gruenwald, Vovk, Shafer 2023, "Game-theoretic
statistics and safe anytime-valid inference"). With s passes, f failures and r = (1 - p0)/p0 it is the
truncated beta integral

    e(s, f) = 1/(1 - p0) * integral over (p0, 1] of (q/p0)^s ((1 - q)/(1 - p0))^f dq
            = integral over (0, 1) of u^f (1 + r (1 - u))^s du.

Integrating the second form by parts gives exact steps from one call to the next, with n = s + f before the
call:

    pass:     e(s + 1, f) = ((s + 1)/p0 * e + 1) / (n + 2)
    failure:  e(s, f + 1) = ((f + 1) * e - p0) / ((n + 2) (1 - p0))

The pass step adds only positive terms, and near the line (f + 1) e is far above p0, so nothing cancels and
the line to n = 100,000 costs a tenth of a second. This module needs neither numpy nor scipy, so that a
process that only reads designs and verdicts loads neither.
"""

from __future__ import annotations

import math
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A likelihood ratio that equals its threshold counts as having reached it; the slack keeps such ties from
# depending on how a platform rounds, and raises an error probability by at most a factor 1 + 1e-9.
_TIE = 1e-9
_RESCALE_AT = 1e200


def log_e_value(p0: float, n: int, passes: int) -> float:
    """Give the natural logarithm of the e-value against "the pass rate is at most p0" after n calls.

    Exact by the series 1/(f+1) * sum over j of prod over i<j of (s-i) r / (f+i+2): its terms are all
    positive, so that it holds where the incomplete beta function underflows (Gauss's hypergeometric function
    2F1(-s, 1; f+2; -r)).

    Args:
        p0: the pass rate to be refuted, between 0 and 1.
        n: calls so far.
        passes: passes among them.

    Raises:
        ValueError: p0 is no rate, or the counts cannot be.
    """
    check_rate("p0", p0)
    check_counts(n, passes)
    failures = n - passes
    ratio = (1 - p0) / p0
    term = total = 1.0
    log_scale = -math.log(failures + 1)
    for i in range(passes):
        factor = (passes - i) * ratio / (failures + i + 2)
        term *= factor
        total += term
        if factor < 1 and term < total * 1e-17 * (1 - factor):
            break
        if total > _RESCALE_AT:
            log_scale += math.log(total)
            term /= total
            total = 1.0
    return log_scale + math.log(total)


def fewest_passes(p0: float, threshold: float) -> int:
    """Give the smallest n at which n passes out of n carry the e-value to the threshold (1/alpha)."""
    goal = math.log(threshold) - _TIE

    def reached(n: int) -> bool:
        log_e = -n * math.log(p0) + math.log(-math.expm1((n + 1) * math.log(p0))) - math.log(n + 1) - math.log1p(-p0)
        return log_e >= goal

    high = 1
    while not reached(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def meets_line(p0: float, threshold: float) -> Iterator[int | None]:
    """Yield for n = 1, 2, ... the fewest passes whose e-value reaches the threshold; None where n do not.

    The line rises by 0 or 1 with each call, because a pass never lowers the e-value and a failure never
    raises it; so one step of the recurrence per call follows it.
    """
    goal = threshold * (1 - _TIE)
    e_value = 1.0
    line: int | None = None
    for n in count(1):
        if line is None:
            e_value = (n / p0 * e_value + 1) / (n + 1)
            line = n if e_value >= goal else None
        else:
            after_failure = ((n - line) * e_value - p0) / ((n + 1) * (1 - p0))
            if after_failure >= goal:
                e_value = after_failure
            else:
                line += 1
                e_value = (line / p0 * e_value + 1) / (n + 1)
        yield line


def fails_line(p0: float, p1: float, threshold: float) -> Iterator[int | None]:
    """Yield for n = 1, 2, ... the most passes whose ratio of p0 against p1 reaches the threshold.

    None where not even n failures reach it. This is the lower line of Wald's sequential probability ratio
    test (1945): at any rate of p1 or above it is ever crossed with probability at most 1/threshold.
    """
    per_pass = math.log(p0 / p1)
    per_failure = math.log1p(-p0) - math.log1p(-p1)
    log_threshold = math.log(threshold)
    for n in count(1):
        most = math.floor((n * per_failure - log_threshold) / (per_failure - per_pass) + _TIE)
        yield most if most >= 0 else None


def check_rate(name: str, rate: float) -> None:
    """Refuse what is no rate strictly between 0 and 1 (NaN included)."""
    if not 0 < rate < 1:
        message = f"{name} must lie between 0 and 1 (0.9 means nine of ten), not {rate}"
        raise ValueError(message)


def check_counts(n: int, passes: int) -> None:
    """Refuse counts that cannot be: fewer than none, or more passes than calls."""
    if not 0 <= passes <= n:
        message = f"passes must lie between 0 and n, but {passes} of {n} were given"
        raise ValueError(message)
