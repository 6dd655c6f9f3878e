"""What a gate will cost before a call is made: expected and most calls, and how it ends, at several true rates.

The gate on outcomes is computed exactly up to 5,000 calls. All else is simulated with a fixed seed, so that the same
question has the same answer: 400 walks a rate, looked at after each of the first 500 values and then whenever one in a
hundred more has come, so that a later decision is seen up to 1 % late.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc, betaln

from pilotage.core.statistics.corrected import FEWEST_LABELS
from pilotage.core.statistics.corrected import bets_of as corrected_bets
from pilotage.core.statistics.design import fixed_design, operating_characteristic
from pilotage.core.statistics.draw import check_floor
from pilotage.core.statistics.gate import GateDesign, boundaries
from pilotage.core.statistics.graded import bets_of as graded_bets
from pilotage.core.statistics.paired import fixed_size
from pilotage.core.statistics.wagers import Bets, Bettors

GateKind = Literal["binary", "graded", "corrected"]
MOST_EXACT = 5_000
"""The largest cap at which the gate on outcomes is computed exactly."""
LIKELY_JUDGE = (0.95, 0.80)
"""Sensitivity and specificity that are assumed of a judge nobody has measured yet."""
_WALKS = 400
_FIRST_LOOKS = 500
_MOST_LOOKS = 1_500
_SEED = 20

_Floats: TypeAlias = NDArray[np.float64]
_Flags: TypeAlias = NDArray[np.bool_]
_Decide: TypeAlias = Callable[[int, _Floats], tuple[_Flags, _Flags]]


@dataclass(frozen=True, slots=True)
class CostAtRate:
    """What a gate does when the true mean is `rate`.

    Attributes:
        rate: the true mean of what the gate bets on.
        meets: probability of MEETS.
        fails: probability of FAILS.
        undecided: probability of reaching the cap undecided.
        expected_n: prompts on average; times the repeats they are calls.
        expected_labels: answers labelled on average; None where no judge is corrected.
    """

    rate: float
    meets: float
    fails: float
    undecided: float
    expected_n: float
    expected_labels: float | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a gate will cost.

    Attributes:
        rates: what it does at each true rate.
        most_n: prompts at worst: the cap, or fewer where the gate's lines close before it.
        fixed_n: prompts of a design of fixed size with the same errors; None where more than 200,000 are needed.
        exact: whether the figures are computed, not simulated.
        assumption: what they assume, in words.
    """

    rates: tuple[CostAtRate, ...]
    most_n: int
    fixed_n: int | None
    exact: bool
    assumption: str


def assess_cost(
    design: GateDesign,
    rates: Iterable[float],
    *,
    kind: GateKind = "binary",
    spread: float | None = None,
    floor: float = 1.0,
    judge: tuple[float, float] = LIKELY_JUDGE,
    fewest_labels: int = FEWEST_LABELS,
) -> Cost:
    """Say what a gate will cost at several true rates, in less than two seconds for seven of them.

    Args:
        design: the claim; its cap should be no more than there are items.
        rates: true means of what the gate bets on.
        kind: outcomes, grades (also cluster means and paired values), or a judge's scores corrected by labels.
        spread: of grades, their standard deviation; None assumes the most there can be, as if all were 0 or 1.
        floor: of a judge's scores, the share of answers labelled.
        judge: of a judge's scores, sensitivity and specificity assumed.
        fewest_labels: of a judge's scores, labels below which the gate never MEETS.

    Raises:
        ValueError: a rate, the spread, the floor or the judge cannot be.
    """
    asked = list(rates)
    for share in (*asked, *judge):
        if not 0 <= share <= 1:
            message = f"a rate lies between 0 and 1, not {share}"
            raise ValueError(message)
    if spread is not None and not 0 < spread <= 0.5:  # noqa: PLR2004 - the most for values between 0 and 1
        message = f"the spread of grades lies between 0 and 0.5, not {spread}"
        raise ValueError(message)
    if kind == "binary":
        return _binary_cost(design, asked)
    if kind == "graded":
        return _graded_cost(design, asked, spread)
    check_floor(floor)
    return _corrected_cost(design, asked, floor, judge, fewest_labels)


def _binary_cost(design: GateDesign, rates: Sequence[float]) -> Cost:
    fixed_n = _fixed_n(design)
    if design.cap <= MOST_EXACT:
        found = [operating_characteristic(design, rate) for rate in rates]
        at_rates = tuple(CostAtRate(one.p, one.meets, one.fails, one.undecided, one.expected_n) for one in found)
        most_n = len(boundaries(design))
        return Cost(at_rates, most_n, fixed_n, exact=True, assumption="prompts are answered independently")
    looks = _looks(design.cap)
    meets_at, fails_at = _coarse_lines(design, looks)

    def decide(look: int, counts: _Floats) -> tuple[_Flags, _Flags]:
        return counts[:, 1] >= meets_at[look], counts[:, 1] <= fails_at[look]

    at_rates = tuple(_simulate(rate, [1 - rate, rate], looks, decide) for rate in rates)
    closed = np.flatnonzero(meets_at <= fails_at + 1)
    most_n = int(looks[closed[0]]) if closed.size else design.cap
    return Cost(at_rates, most_n, fixed_n, exact=False, assumption="prompts are answered independently")


def _graded_cost(design: GateDesign, rates: Sequence[float], spread: float | None) -> Cost:
    looks = _looks(design.cap)
    bets = graded_bets(design)
    at_rates: list[CostAtRate] = []
    for rate in rates:
        most = (rate * (1 - rate)) ** 0.5
        varying = 1.0 if spread is None or spread >= most else (spread / most) ** 2
        shares = [varying * (1 - rate), 1 - varying, varying * rate]
        decide = _decide_by_bets(bets, np.array([0.0, rate, 1.0]), np.zeros(3), 0)
        at_rates.append(_simulate(rate, shares, looks, decide))
    if spread is None:
        fixed_n = _fixed_n(design)
        assumption = "grades vary as much as they can, as if all were 0 or 1"
    else:
        fixed_n = fixed_size(design.p1 - design.p0, spread**2, design.attempt_alpha, design.beta)
        assumption = f"grades have a standard deviation of {spread:g}"
    return Cost(tuple(at_rates), design.cap, fixed_n, exact=False, assumption=assumption)


def _corrected_cost(
    design: GateDesign, rates: Sequence[float], floor: float, judge: tuple[float, float], fewest_labels: int
) -> Cost:
    looks = _looks(design.cap)
    bets = corrected_bets(design, floor)
    sensitivity, specificity = judge
    low, wide = 1 - 1 / floor, 2 / floor - 1
    at_rates: list[CostAtRate] = []
    kinds = [(score, label, drawn) for score in (0, 1) for label in (0, 1) for drawn in (0, 1)]
    values = np.array([(score + drawn * (label - score) / floor - low) / wide for score, label, drawn in kinds])
    labelled = np.array([float(drawn) for _, _, drawn in kinds])
    for rate in rates:
        shares = [
            (rate if label else 1 - rate)
            * (sensitivity if label else 1 - specificity) ** score
            * (1 - sensitivity if label else specificity) ** (1 - score)
            * (floor if drawn else 1 - floor)
            for score, label, drawn in kinds
        ]
        decide = _decide_by_bets(bets, np.clip(values, 0, 1), labelled, fewest_labels)
        at_rates.append(_simulate(rate, shares, looks, decide, labelled))
    assumption = (
        f"the judge passes {sensitivity:.0%} of the good answers and fails {specificity:.0%} of the bad, "
        f"and {floor:.0%} of the answers are labelled"
    )
    return Cost(tuple(at_rates), design.cap, _fixed_n(design), exact=False, assumption=assumption)


def _fixed_n(design: GateDesign) -> int | None:
    try:
        return fixed_design(design.p0, design.p1, design.attempt_alpha, design.beta).n
    except ValueError:
        return None


def _looks(cap: int) -> NDArray[np.int64]:
    """Give the n at which simulated walks are looked at: all at first, and each a little after the one before."""
    grown = np.geomspace(1, cap, _MOST_LOOKS)
    return np.unique(np.concatenate([np.arange(1, min(cap, _FIRST_LOOKS) + 1), np.ceil(grown - 1e-9)]).astype(np.int64))


def _simulate(
    rate: float, shares: Sequence[float], looks: NDArray[np.int64], decide: _Decide, labelled: _Floats | None = None
) -> CostAtRate:
    """Walk with values drawn in these shares, until decided or at the last look."""
    random = np.random.default_rng(_SEED)
    chances = np.maximum(np.array(shares), 0) / float(np.maximum(np.array(shares), 0).sum())
    counts = np.zeros((_WALKS, chances.size))
    met = failed = steps = labels = 0.0
    before = 0
    for look, n in enumerate(looks.tolist()):
        counts += random.multinomial(n - before, chances, size=counts.shape[0])
        meets, fails = decide(look, counts)
        fails &= ~meets
        ended = meets | fails
        if n == looks[-1]:
            ended = np.ones_like(ended)
        met += float(meets.sum())
        failed += float(fails.sum())
        steps += n * float(ended.sum())
        labels += 0.0 if labelled is None else float((counts[ended] @ labelled).sum())
        counts = counts[~ended]
        before = n
        if counts.shape[0] == 0:
            break
    meets_share, fails_share = met / _WALKS, failed / _WALKS
    return CostAtRate(
        rate,
        meets_share,
        fails_share,
        1 - meets_share - fails_share,
        steps / _WALKS,
        None if labelled is None else labels / _WALKS,
    )


def _decide_by_bets(bets: Bets, values: _Floats, labelled: _Floats, fewest_labels: int) -> _Decide:
    """Decide a walk by the bettors' wealth, which hangs on how often each value came and not on their order."""

    def reached(bettors: Bettors, z: _Floats) -> Callable[[_Floats], _Flags]:
        factors = np.array(bettors.kept)[None, :] + np.array(bettors.gained)[None, :] * z[:, None]
        logs = np.log(np.maximum(factors, 1e-300))
        begun = np.log(np.array(bettors.weights)) - np.log(bettors.goal)
        return lambda counts: np.exp(np.minimum(counts @ logs + begun, 1.0)).sum(axis=1) >= 1

    above, below = reached(bets.up, values), reached(bets.down, 1 - values)

    def decide(_: int, counts: _Floats) -> tuple[_Flags, _Flags]:
        return above(counts) & (counts @ labelled >= fewest_labels), below(counts)

    return decide


def _coarse_lines(design: GateDesign, looks: NDArray[np.int64]) -> tuple[_Floats, _Floats]:
    """Give the gate's two lines at some n: the fewest passes that MEET (n + 1 where none do), the most that FAIL."""
    n = looks.astype(np.float64)
    low, high = np.floor(n * design.p0), n + 1  # at p0 n passes the e-value is less than 1
    goal = -np.log(design.attempt_alpha)
    while float((high - low).max()) > 1:
        passes = np.floor((low + high) / 2)
        failures = n - passes
        with np.errstate(divide="ignore", invalid="ignore"):
            log_e = (
                betaln(passes + 1, failures + 1)
                + np.log(betaincc(passes + 1, failures + 1, design.p0))
                - passes * np.log(design.p0)
                - (failures + 1) * np.log1p(-design.p0)
            )
        met = log_e >= goal
        high, low = np.where(met, passes, high), np.where(met, low, passes)
    per_pass = np.log(design.p1 / design.p0)
    per_failure = np.log1p(-design.p0) - np.log1p(-design.p1)
    return high, np.floor((n * per_failure + np.log(design.beta)) / (per_failure + per_pass))
