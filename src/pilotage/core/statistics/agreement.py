"""How far a judge agrees with people, and people with each other: shares with exact intervals, and kappa."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from scipy.special import ndtri

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.intervals import estimate_of_proportion, lower_bound

KAPPA = "cohen-kappa"
_NO_WIDTH = 1e-12  # a variance of 0, as rounding leaves it


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a judge's verdicts compare with people's labels.

    Attributes:
        agreement: share of the labelled answers on which both say the same.
        sensitivity: share of the answers good by label that the judge passes; None where no answer was good.
        specificity: share of the answers bad by label that the judge fails; None where no answer was bad.
        kappa: agreement beyond chance; None, unknown, where one of the two never varied, or no interval has a width.
    """

    agreement: Estimate
    sensitivity: Estimate | None
    specificity: Estimate | None
    kappa: Estimate | None


@dataclass(frozen=True, slots=True)
class LabellerAgreement:
    """How two people's labels of the same things compare.

    Attributes:
        agreement: share of the things that both labelled the same.
        kappa: agreement beyond chance; None, unknown, where one of the two never varied, or no interval has a width.
    """

    agreement: Estimate
    kappa: Estimate | None


def assess_agreement(pairs: Iterable[tuple[bool, bool]], confidence: float = 0.95) -> Agreement:
    """Compare a judge with people.

    Args:
        pairs: for each labelled answer, whether the judge passes it and whether people do.
        confidence: coverage of the intervals.

    Raises:
        ValueError: there is no pair (then agreement is unknown, so say None), or the confidence cannot be.
    """
    counts = Counter(pairs)
    good, bad = counts[True, True] + counts[False, True], counts[True, False] + counts[False, False]
    alike = assess_labellers(counts.elements(), confidence)
    return Agreement(
        agreement=alike.agreement,
        sensitivity=estimate_of_proportion(counts[True, True], good, confidence) if good else None,
        specificity=estimate_of_proportion(counts[False, False], bad, confidence) if bad else None,
        kappa=alike.kappa,
    )


def assess_labellers(pairs: Iterable[tuple[Hashable, Hashable]], confidence: float = 0.95) -> LabellerAgreement:
    """Compare two people who labelled the same things, good or bad or with any other categories.

    Args:
        pairs: for each thing, what the one and what the other said.
        confidence: coverage of the intervals.

    Raises:
        ValueError: there is no pair (then agreement is unknown, so say None), or the confidence cannot be.
    """
    counts = Counter(pairs)
    same = sum(count for (one, other), count in counts.items() if one == other)
    agreement = estimate_of_proportion(same, counts.total(), confidence)
    return LabellerAgreement(agreement, _kappa(counts, same, confidence))


def _kappa(counts: Counter[tuple[Hashable, Hashable]], same: int, confidence: float) -> Estimate | None:
    """Give kappa (Cohen 1960) with its large-sample interval (Fleiss, Cohen and Everitt 1969).

    Where nobody disagreed that interval would have no width; then its lower end is kappa at the exact lower bound of
    the agreement. None, unknown, where one of them said the same of everything, and where there was disagreement and
    the interval would have no width all the same: neither few nor many such answers make a figure sure.
    """
    n = counts.total()
    first, second = Counter[Hashable](), Counter[Hashable]()
    for (one, other), count in counts.items():
        first[one] += count
        second[other] += count
    chance = sum(count * second[category] for category, count in first.items()) / n**2
    if min(len(first), len(second)) == 1:  # who never varied shows nothing beyond chance
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
    if variance <= _NO_WIDTH:
        return None
    half = float(ndtri((1 + confidence) / 2)) * math.sqrt(variance)
    return Estimate(kappa, max(kappa - half, -1.0), min(kappa + half, 1.0), n, confidence, KAPPA)
