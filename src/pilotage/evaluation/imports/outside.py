"""Assesses imported results: an exact test of the claim at the number of prompts that the file holds.

Where each prompt has one outcome, passed or not, the bounds are those of Clopper and Pearson. Grades and means of
repeats are bet on with the gate's own mixture, judged once at the end (see `core.statistics.wagers`), which does not
depend on the order of the file. Of a summary only the mean is known; its bounds are those of Chernoff as sharpened by
Hoeffding (1963, theorem 1), which hold for any independent values between 0 and 1.

Each bound is one-sided. All of them presume that the number of prompts was fixed before the first was asked; the
readers refuse files that show otherwise.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pilotage.core.errors import EvidenceError
from pilotage.core.estimate import Estimate
from pilotage.core.statistics.gate import GateDesign, Verdict
from pilotage.core.statistics.intervals import lower_bound, upper_bound
from pilotage.core.statistics.proof import words_of_proof
from pilotage.core.statistics.wagers import FRACTIONS
from pilotage.evaluation.imports.results import ImportedResults
from pilotage.registry.kinds.outside_evaluation import OutsideEvaluation

_HALVINGS = 60
_ROUNDING = 1e-6  # of a mean times its n
_MOST_VALUES = 4_096  # different grades that are told apart
_EXACT, _BETTING, _CHERNOFF = "clopper-pearson", "betting at a fixed n", "chernoff-hoeffding"

Bound = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class OutsideFinding:
    """What imported results say of a claim.

    Attributes:
        design: the claim, with the share of alpha that this attempt has.
        verdict: MEETS, FAILS or UNDECIDED.
        passes: prompts that passed at every repeat.
        estimate: the mean with the interval whose lower end decided, of confidence 1 - 2 alpha of the attempt.
        proof: of an attack, what so many prompts can prove; else None.
    """

    design: GateDesign
    verdict: Verdict
    passes: int
    estimate: Estimate
    proof: str | None


def assess_imported(evaluation: OutsideEvaluation, results: ImportedResults, attempt: int) -> OutsideFinding:
    """Decide a claim by results of another tool; prompts that were not measured count as failed.

    MEETS when the lower bound that errs with at most this attempt's share of alpha reaches p0, FAILS when the upper
    bound that errs with at most beta has fallen to p1, else UNDECIDED; a MEETS that is also a FAILS is a MEETS.

    Args:
        evaluation: what is claimed.
        results: what the file says.
        attempt: which attempt at the claim this is, from 1.

    Raises:
        EvidenceError: the results are of another tool than the evaluation declares, or the claim cannot be tested.
    """
    if results.tool != evaluation.tool:
        message = f"the file was written by {results.tool}, and {evaluation.name} declares {evaluation.tool}"
        raise EvidenceError(message, f"import a file of {evaluation.tool}, or declare `tool: {results.tool}`")
    claim = evaluation.claim
    try:
        design = GateDesign(claim.p0, claim.p1, claim.alpha, claim.beta, claim.cap, attempt)
        alpha, beta = design.attempt_alpha, design.beta
        lows, highs, method = _bounds(results)
    except ValueError as error:
        message = f"the claim of {evaluation.name} cannot be tested at attempt {attempt}: {error}"
        raise EvidenceError(message, "mend the claim's p0, p1, alpha or beta") from error
    verdict = Verdict.UNDECIDED
    if lows(alpha) >= design.p0:
        verdict = Verdict.MEETS
    elif highs(beta) <= design.p1:
        verdict = Verdict.FAILS
    point = mean_of_results(results)
    estimate = Estimate(
        point, min(lows(alpha), point), max(highs(alpha), point), results.n, round(1 - 2 * alpha, 12), method
    )
    passes = count_passes(results)
    proof = words_of_proof(results.n - passes, results.n) if claim.form == "attack" else None
    return OutsideFinding(design, verdict, passes, estimate, proof)


def mean_of_results(results: ImportedResults) -> float:
    """Give the mean over the prompts, not measured as 0."""
    return results.summary.mean if results.summary is not None else math.fsum(results.values) / results.n


def count_passes(results: ImportedResults) -> int:
    """Count prompts that passed at every repeat; of a summary, the most that its mean allows."""
    if results.summary is None:
        return sum(value == 1 for value in results.values)
    return math.floor(results.summary.mean * results.summary.n + _ROUNDING)


def digest_of_units(results: ImportedResults) -> str:
    """Give the digest over what came of each prompt, or over the totals where that is all there is."""
    digest = hashlib.sha256()
    summary = results.summary
    lines: Sequence[tuple[object, ...]] = [(unit.id, unit.value, unit.asked) for unit in results.units]
    if summary is not None:
        lines = [("summary", summary.n, summary.mean, summary.not_measured)]
    for line in lines:
        digest.update(json.dumps(line).encode() + b"\n")
    return f"sha256:{digest.hexdigest()}"


def _bounds(results: ImportedResults) -> tuple[Bound, Bound, str]:
    """Give the lower and the upper bound as functions of the error they may have, and their method."""
    n, summary = results.n, results.summary
    if summary is not None and not summary.binary:
        mean = summary.mean
        return (lambda e: lower_bound_of_sum(mean, n, e)), (lambda e: 1 - lower_bound_of_sum(1 - mean, n, e)), _CHERNOFF
    values = results.values
    if summary is not None or (results.repeats == 1 and all(value in {0.0, 1.0} for value in values)):
        passes = count_passes(results)
        return (lambda e: lower_bound(passes, n, 1 - e)), (lambda e: upper_bound(passes, n, 1 - e)), _EXACT
    turned = [1 - value for value in values]
    return (lambda e: lower_bound_of_mean(values, e)), (lambda e: 1 - lower_bound_of_mean(turned, e)), _BETTING


def lower_bound_of_mean(values: Sequence[float], error: float) -> float:
    """Give the largest mean that independent values in [0, 1] refute, wrongly with at most `error`.

    The wealth of the gate's bettors after all values, in any order, is an e-value against "the mean is at most m", so
    by Markov's inequality it reaches 1/error with probability at most `error`. It falls as m rises.
    """
    support, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    if support.size > _MOST_VALUES:  # rounded down, which can only lower the wealth, and so the bound
        support, inverse = np.unique(np.floor(support * _MOST_VALUES) / _MOST_VALUES, return_inverse=True)
        counts = np.bincount(inverse, weights=counts)
    fractions = np.asarray([fraction for fraction, _ in FRACTIONS])
    weights = np.asarray([weight for _, weight in FRACTIONS])
    shares = np.log(weights / weights.sum())

    def is_refuted(mean: float) -> bool:
        with np.errstate(divide="ignore"):
            growth = np.log(1 - fractions[:, None] + fractions[:, None] * support[None, :] / mean)
        return float(np.logaddexp.reduce(shares + growth @ counts)) >= -math.log(error)

    return _last_refuted(is_refuted, math.fsum(values) / max(len(values), 1))


def lower_bound_of_sum(mean: float, n: int, error: float) -> float:
    """Give the largest mean that n independent values in [0, 1] with this average refute, wrongly with at most `error`.

    Hoeffding (1963): an average of at least x has probability at most exp(-n KL(x, m)) where the mean is m <= x.
    """

    def is_refuted(candidate: float) -> bool:
        gained = mean * math.log(mean / candidate)
        lost = 0.0 if mean >= 1 else (1 - mean) * math.log((1 - mean) / (1 - candidate))
        return n * (gained + lost) >= -math.log(error)

    return _last_refuted(is_refuted, mean)


def _last_refuted(is_refuted: Callable[[float], bool], mean: float) -> float:
    """Halve (0, mean] down to the last refuted value; 0 where none is."""
    low, high = 0.0, min(mean, 1.0)
    if high <= 0:
        return 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if is_refuted(middle) else (low, middle)
    return low
