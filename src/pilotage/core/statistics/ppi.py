"""A judge's scores corrected by few labels, for reports: PPI++, or the labels alone where they are too few for it.

Prediction-powered inference adds to the judge's mean what the labelled answers show it to be wrong by; PPI++ trusts
the judge only as far as that narrows the interval (Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023,
"Prediction-powered inference"; Angelopoulos, Duchi and Zrnic 2023, "PPI++: efficient prediction-powered inference").
Its interval leans on the normal approximation, so it covers too little with few labels and holds at a fixed n only:
no gate uses it (see `corrected`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.corrected import METHOD as BETTING
from pilotage.core.statistics.corrected import Corrected, corrected_sequence
from pilotage.core.statistics.e_process import check_rate
from pilotage.core.statistics.intervals import estimate_of_proportion

METHOD = "ppi++"
FEWEST_LABELS = 100
"""Labels from which PPI++ is used: with 50 its 90 % interval covers 84 to 87 %."""

_Floats: TypeAlias = NDArray[np.float64]


def ppi_plus_plus(
    judged: Sequence[float],
    labelled: Sequence[tuple[float, float]],
    confidence: float = 0.95,
    *,
    trust: float | None = None,
) -> Estimate:
    """Estimate the mean label from many scores and few labels, each answer as likely to be labelled as any other.

    Args:
        judged: the judge's scores of the answers that nobody labelled.
        labelled: (score, label) of the others.
        confidence: nominal coverage of the interval.
        trust: how far the judge is trusted, from 0 (labels alone) to 1 (plain PPI); None chooses what narrows the
            interval most.

    Raises:
        ValueError: no answer or fewer than two labels are there, or the confidence cannot be.
    """
    check_rate("confidence", confidence)
    if len(judged) == 0 or len(labelled) < 2:  # noqa: PLR2004 - of one value no spread is known
        message = f"prediction-powered inference needs answers and two labels, not {len(judged)} and {len(labelled)}"
        raise ValueError(message)
    others = np.asarray(judged, dtype=np.float64)
    scores, labels = np.asarray(labelled, dtype=np.float64).T
    share = _trust(others, scores, labels) if trust is None else trust
    wrong = labels - share * scores
    point = share * float(others.mean()) + float(wrong.mean())
    variance = float((share * others).var()) / others.size + float(wrong.var()) / wrong.size
    return _normal(point, variance, len(labelled), confidence)


def corrected_estimate(answers: Iterable[Corrected | None], confidence: float = 0.95) -> Estimate:
    """Estimate the share of answers that people would pass, in the way that so many labels bear.

    From 100 labels on by PPI++ (weighted by 1/share where the lot favoured some answers), before that from the labels
    alone and exactly (Clopper and Pearson), as also where judge and labels never differ, which the normal
    approximation takes for certainty. Where few labels are there and the lot favoured some answers, by the gate's
    band, which needs no such assumption. Answers that could not be measured count as bad.

    Args:
        answers: what is known of each answer; None was not measured.
        confidence: coverage of the interval at a fixed n.

    Raises:
        ValueError: no answer is labelled (then the share is unknown, so say None), or the confidence cannot be.
    """
    everyone = list(answers)
    known = [answer for answer in everyone if answer is not None]
    measured = len(known) / len(everyone) if everyone else 0.0
    labelled = [(answer.score, answer.label) for answer in known if answer.label is not None]
    if not labelled:
        message = "no answer is labelled, so the share that people would pass is unknown; say None"
        raise ValueError(message)
    even = len({answer.share for answer in known}) == 1
    differing = any(score != label for score, label in labelled)
    unlabelled = [answer.score for answer in known if answer.label is None]
    if even and (len(labelled) < FEWEST_LABELS or not differing or not unlabelled) and _are_truths(labelled):
        passes = sum(label == 1 for _, label in labelled)
        found = estimate_of_proportion(passes, len(labelled), confidence)
    elif len(labelled) < FEWEST_LABELS or not differing:
        last = corrected_sequence(known, min(answer.share for answer in known), confidence)[-1]
        found = Estimate(last.point, last.low, last.high, len(labelled), confidence, BETTING)
    elif even and unlabelled:
        found = ppi_plus_plus(unlabelled, labelled, confidence)
    else:
        found = _weighted(known, confidence)
    ends = (measured * found.point, measured * found.low, measured * found.high)
    return Estimate(*ends, n=found.n, confidence=confidence, method=found.method)


def _are_truths(labelled: Sequence[tuple[float, float]]) -> bool:
    return all(label in {0, 1} for _, label in labelled)


def _trust(others: _Floats, scores: _Floats, labels: _Floats) -> float:
    """Give the trust in the judge that makes the variance of the estimate least, as PPI++ estimates it."""
    together = float(np.concatenate([scores, others]).var(ddof=1))
    if together == 0:
        return 0.0
    covariance = float(((labels - labels.mean()) * (scores - scores.mean())).mean())
    return min(max(covariance / ((1 + scores.size / others.size) * together), 0.0), 1.0)


def _weighted(answers: Sequence[Corrected], confidence: float) -> Estimate:
    """Estimate by PPI++ where each answer was drawn with a probability of its own (Zrnic and Candes 2024).

    The mean of trust * score over all answers, and the weighted mean of label - trust * score over the labelled; its
    variance is that of the linearised estimate.
    """
    scores = np.array([answer.score for answer in answers])
    weights = np.array([0.0 if answer.label is None else 1 / answer.share for answer in answers])
    labels = np.array([answer.label or 0.0 for answer in answers])
    weights /= weights.mean()
    mean_label, mean_score = float((weights * labels).mean()), float((weights * scores).mean())
    of_labels = weights * (labels - mean_label)
    of_scores = scores - scores.mean() - weights * (scores - mean_score)
    spread = float((of_scores**2).mean())
    trust = min(max(-float((of_labels * of_scores).mean()) / spread, 0.0), 1.0) if spread else 0.0
    point = mean_label + trust * (float(scores.mean()) - mean_score)
    variance = float(((of_labels + trust * of_scores) ** 2).mean()) / scores.size
    return _normal(point, variance, int(np.count_nonzero(weights)), confidence)


def _normal(point: float, variance: float, n: int, confidence: float) -> Estimate:
    """Give the normal interval about a share, both kept between 0 and 1."""
    half = float(ndtri((1 + confidence) / 2)) * variance**0.5
    low, middle, high = (min(max(end, 0.0), 1.0) for end in (point - half, point, point + half))
    return Estimate(middle, low, high, n, confidence, METHOD)
