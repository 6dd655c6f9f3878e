"""Intervals for a pass rate that hold at every n at once, so that one may look, and stop, whenever one likes.

The lower end is the largest q that the gate's own e-process (the uniform mixture over the rates above q, see
`e_process`) has not refuted, and the upper end the same for failures: the one-sided beta-binomial mixture of
Howard, Ramdas, McAuliffe and Sekhon (2021, "Time-uniform, nonparametric, nonasymptotic confidence
sequences"), once for each side. So chart and verdict cannot disagree: a gate with error alpha MEETS exactly
when the lower end of the interval of confidence 1 - 2 alpha has reached p0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincc, betaln

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.e_process import check_counts, check_rate
from pilotage.core.statistics.gate import GateProcess
from pilotage.core.statistics.process import Process

METHOD = "beta-binomial-mixture-sequence"
_EVERY = 1_000  # the band is computed anew at each n up to here,
_RATIO = 1.01  # then whenever n has grown by so much
_STEPS = 100
_PRECISION = 1e-13

_Floats: TypeAlias = NDArray[np.float64]


class Band(NamedTuple):
    """What n outcomes say of the pass rate: the observed share, and a range that holds for all n at once."""

    n: int
    point: float
    low: float
    high: float


def anytime_interval(passes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Give the interval for the pass rate after n calls, whatever made one stop there; (0, 1) for n = 0.

    Raises:
        ValueError: the counts or the confidence cannot be.
    """
    check_counts(n, passes)
    check_rate("confidence", confidence)
    threshold = 2 / (1 - confidence)
    passed = np.array([passes], dtype=np.float64)
    failed = np.array([n - passes], dtype=np.float64)
    low = float(_refuted_below(passed, failed, threshold)[0])
    high = 1 - float(_refuted_below(failed, passed, threshold)[0])
    return low, max(high, passes / n) if n else high  # rounding must not push the share out of its interval


def estimate_of_gate(process: GateProcess, bands: Sequence[Band]) -> Estimate:
    """Give the pass rate that a gate has seen, with the last of its band, so that figure, picture and verdict agree.

    Args:
        process: the gate.
        bands: `confidence_sequence` over the gate's outcomes, with confidence 1 - 2 alpha/(k(k+1)) for attempt k:
            each side may be wrong as often as the attempt may, so that the lower end has reached p0 exactly when
            the gate MEETS.

    Raises:
        ValueError: the gate has counted nothing yet, so keep the rate unknown (None); or the band is of another gate.
    """
    return estimate_of_process(process, bands, METHOD)


def estimate_of_process(process: Process[Any], bands: Sequence[Band], method: str) -> Estimate:
    """Give what any gate has seen, with the last of its band, made by this method (see `estimate_of_gate`).

    Raises:
        ValueError: the gate has counted nothing yet, or the band is of another gate.
    """
    if process.n == 0:
        message = "the gate has counted nothing yet, so there is nothing to estimate; keep it unknown (None)"
        raise ValueError(message)
    last = bands[-1]
    if last.n != process.n:
        message = f"the band ends at {last.n} and the gate at {process.n}"
        raise ValueError(message)
    confidence = 1 - 2 * process.design.attempt_alpha
    return Estimate(last.point, last.low, last.high, n=process.n, confidence=confidence, method=method)


def confidence_sequence(outcomes: Iterable[bool | None], confidence: float = 0.95) -> list[Band]:
    """Give the running band over outcomes in schedule order, one entry each; not measured counts as failed.

    The band at n is the intersection of the intervals so far, which holds with the same confidence; beyond 1,000
    outcomes it is computed anew whenever n has grown by 1 %, and at the last. Where the observed share has left that
    intersection, as when the rate drifts, it starts anew at that n; under a steady rate each piece still holds
    whenever all intervals do.

    Args:
        outcomes: True passed, False failed, None not measured.
        confidence: how sure one is that the true rate lies in the band at every n.

    Raises:
        ValueError: the confidence cannot be.
    """
    check_rate("confidence", confidence)
    passed = np.array([bool(outcome) for outcome in outcomes], dtype=np.float64)
    passes = np.cumsum(passed)
    n = np.arange(1, passed.size + 1, dtype=np.float64)
    threshold = 2 / (1 - confidence)
    looks = choose_looks(passed.size, _EVERY, _RATIO)
    passes_then, failures_then = passes[looks - 1], (n - passes)[looks - 1]
    lows = _refuted_below(passes_then, failures_then, threshold)
    highs = 1 - _refuted_below(failures_then, passes_then, threshold)
    return join_bands((passes / n).tolist(), looks, lows, highs)


def choose_looks(size: int, every: int, ratio: float) -> NDArray[np.int64]:
    """Give the n at which a band is computed anew: each one at first, then whenever n has grown so much, and the last.

    Args:
        size: values there are.
        every: n up to which it is computed at each.
        ratio: by how much n grows from one to the next beyond.
    """
    count = 0 if size <= every else int(np.log(size / every) / np.log(ratio)) + 1
    grown = np.floor(every * ratio ** np.arange(1, count + 1))
    looks = np.unique(np.concatenate([np.arange(1, min(size, every) + 1), grown[grown < size], [size]]))
    return looks[looks > 0].astype(np.int64)


def join_bands(points: Sequence[float], looks: NDArray[np.int64], lows: _Floats, highs: _Floats) -> list[Band]:
    """Make the running band of the intervals at some n: the intersection so far, wide enough to hold the point.

    Where the point has left the intersection at one of these n, it starts anew there.

    Args:
        points: what was seen after each n = 1, 2, ...
        looks: the n at which intervals were computed, the last among them.
        lows: their lower ends.
        highs: their upper ends.
    """
    at_look = dict(zip(looks.tolist(), zip(lows.tolist(), highs.tolist(), strict=True), strict=True))
    bands: list[Band] = []
    low, high = float("-inf"), float("inf")
    for n, point in enumerate(points, start=1):
        if n in at_look:
            now_low, now_high = at_look[n]
            now_low, now_high = min(now_low, point), max(now_high, point)
            low, high = max(low, now_low), min(high, now_high)
            if not low <= point <= high:
                low, high = now_low, now_high
        bands.append(Band(n, point, min(low, point), max(high, point)))
    return bands


def _refuted_below(passes: _Floats, failures: _Floats, threshold: float) -> _Floats:
    """Solve, for each pair of counts, for the q whose e-value equals the threshold; 0 where no q is refuted.

    The e-value falls as q rises, from infinity at 0 to less than 1 at the observed share, so a Newton step
    that is kept inside a shrinking bracket always arrives.
    """
    n = passes + failures
    low = np.zeros_like(passes)
    high = np.divide(passes, n, out=np.zeros_like(passes), where=n > 0)
    goal = np.log(threshold)
    log_beta = betaln(passes + 1, failures + 1)
    active = np.flatnonzero(passes > 0)
    spread = np.sqrt(2 * np.log(threshold * np.sqrt(n + 1)) * high * (1 - high) / np.maximum(n, 1))
    q = np.where(spread < high / 2, high - spread, high / 2)  # about where the root lies in large samples
    for _ in range(_STEPS):
        if active.size == 0:
            break
        s, f, at = passes[active], failures[active], q[active]
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            log_e = log_beta[active] + np.log(betaincc(s + 1, f + 1, at)) - s * np.log(at) - (f + 1) * np.log1p(-at)
            slope = (f + 1 - np.exp(-log_e)) / (1 - at) - s / at
            step = at - (log_e - goal) / slope
        refuted = log_e >= goal
        low[active] = np.where(refuted, at, low[active])
        high[active] = np.where(refuted, high[active], at)
        inside = (step > low[active]) & (step < high[active])
        following = np.where(inside, step, (low[active] + high[active]) / 2)
        q[active] = following
        active = active[np.abs(following - at) > _PRECISION * following]
    return np.where(passes > 0, q, 0.0)
