"""How far two people agree who each put the same things into any number of categories."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from scipy.special import ndtri

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.agreement import KAPPA, LabellerAgreement
from pilotage.core.statistics.e_process import check_rate
from pilotage.core.statistics.intervals import estimate_of_proportion, lower_bound


def assess_raters(pairs: Iterable[tuple[str, str]], confidence: float = 0.95) -> LabellerAgreement:
    """Compare two people by the categories that they chose.

    Args:
        pairs: for each thing, the category that the one chose and the one that the other chose.
        confidence: coverage of the intervals.

    Raises:
        ValueError: there is no pair (then agreement is unknown, so say None), or the confidence cannot be.
    """
    counts = Counter(pairs)
    same = sum(count for (one, other), count in counts.items() if one == other)
    agreement = estimate_of_proportion(same, counts.total(), confidence)
    return LabellerAgreement(agreement, _kappa(counts, same, confidence))


def _kappa(counts: Counter[tuple[str, str]], same: int, confidence: float) -> Estimate | None:
    """Give kappa (Cohen 1960) with its large-sample interval (Fleiss, Cohen and Everitt 1969).

    Where nobody disagreed that interval would have no width; then its lower end is kappa at the exact lower bound of
    the agreement. None where chance alone would agree always.
    """
    check_rate("confidence", confidence)
    n = counts.total()
    first, second = Counter[str](), Counter[str]()
    for (one, other), count in counts.items():
        first[one] += count
        second[other] += count
    chance = sum(count * second[category] for category, count in first.items()) / n**2
    if chance >= 1:
        return None
    kappa = (same / n - chance) / (1 - chance)
    if same == n:
        sure = lower_bound(n, n, (1 + confidence) / 2)
        return Estimate(kappa, min((sure - chance) / (1 - chance), kappa), kappa, n, confidence, KAPPA)
    spread = 0.0
    for (one, other), count in counts.items():
        weight = (1 - kappa) * (second[one] + first[other]) / n
        spread += count / n * ((1 - weight) if one == other else weight) ** 2
    variance = (spread - (kappa - chance * (1 - kappa)) ** 2) / (n * (1 - chance) ** 2)
    half = float(ndtri((1 + confidence) / 2)) * math.sqrt(max(variance, 0.0))
    return Estimate(kappa, max(kappa - half, -1.0), min(kappa + half, 1.0), n, confidence, KAPPA)
