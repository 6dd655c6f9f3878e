"""How far a judge agrees with people, and people with each other: shares with exact intervals, and kappa."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import ndtri

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.e_process import check_rate
from pilotage.core.statistics.intervals import estimate_of_proportion, lower_bound

KAPPA = "cohen-kappa"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a judge's verdicts compare with people's labels.

    Attributes:
        agreement: share of the labelled answers on which both say the same.
        sensitivity: share of the answers good by label that the judge passes; None where no answer was good.
        specificity: share of the answers bad by label that the judge fails; None where no answer was bad.
        kappa: agreement beyond chance; None where chance alone would agree always.
    """

    agreement: Estimate
    sensitivity: Estimate | None
    specificity: Estimate | None
    kappa: Estimate | None


@dataclass(frozen=True, slots=True)
class LabellerAgreement:
    """How two people's labels of the same answers compare.

    Attributes:
        agreement: share of the answers that both labelled the same.
        kappa: agreement beyond chance; None where chance alone would agree always.
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
    table = _Table.of(pairs)
    good, bad = table.both + table.second, table.first + table.neither
    return Agreement(
        agreement=estimate_of_proportion(table.same, table.n, confidence),
        sensitivity=estimate_of_proportion(table.both, good, confidence) if good else None,
        specificity=estimate_of_proportion(table.neither, bad, confidence) if bad else None,
        kappa=_kappa(table, confidence),
    )


def assess_labellers(pairs: Iterable[tuple[bool, bool]], confidence: float = 0.95) -> LabellerAgreement:
    """Compare two people who labelled the same answers.

    Args:
        pairs: for each answer, what the one and what the other said.
        confidence: coverage of the intervals.

    Raises:
        ValueError: there is no pair (then agreement is unknown, so say None), or the confidence cannot be.
    """
    table = _Table.of(pairs)
    return LabellerAgreement(estimate_of_proportion(table.same, table.n, confidence), _kappa(table, confidence))


@dataclass(frozen=True, slots=True)
class _Table:
    """Counts of a fourfold table: both pass, only the first, only the second, neither."""

    both: int
    first: int
    second: int
    neither: int

    @classmethod
    def of(cls, pairs: Iterable[tuple[bool, bool]]) -> _Table:
        cells = [0, 0, 0, 0]
        for one, other in pairs:
            cells[2 * (not one) + (not other)] += 1
        return cls(*cells)

    @property
    def n(self) -> int:
        return self.both + self.first + self.second + self.neither

    @property
    def same(self) -> int:
        return self.both + self.neither


def _kappa(table: _Table, confidence: float) -> Estimate | None:
    """Give kappa (Cohen 1960) with its large-sample interval (Fleiss, Cohen and Everitt 1969).

    Where nobody disagreed that interval would have no width; then its lower end is kappa at the exact lower bound of
    the agreement.
    """
    check_rate("confidence", confidence)
    n = table.n
    cells = ((table.both / n, table.first / n), (table.second / n, table.neither / n))
    firsts = (sum(cells[0]), sum(cells[1]))
    seconds = (cells[0][0] + cells[1][0], cells[0][1] + cells[1][1])
    observed = table.same / n
    chance = firsts[0] * seconds[0] + firsts[1] * seconds[1]
    if chance >= 1:
        return None
    kappa = (observed - chance) / (1 - chance)
    if table.same == n:
        sure = lower_bound(n, n, (1 + confidence) / 2)
        return Estimate(kappa, min((sure - chance) / (1 - chance), kappa), kappa, n, confidence, KAPPA)
    diagonal = sum(cells[i][i] * (1 - (firsts[i] + seconds[i]) * (1 - kappa)) ** 2 for i in (0, 1))
    aside = (1 - kappa) ** 2 * sum(cells[i][1 - i] * (seconds[i] + firsts[1 - i]) ** 2 for i in (0, 1))
    variance = (diagonal + aside - (kappa - chance * (1 - kappa)) ** 2) / (n * (1 - chance) ** 2)
    half = float(ndtri((1 + confidence) / 2)) * math.sqrt(max(variance, 0.0))
    return Estimate(kappa, max(kappa - half, -1.0), min(kappa + half, 1.0), n, confidence, KAPPA)
