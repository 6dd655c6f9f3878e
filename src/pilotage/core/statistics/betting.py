"""Intervals for the mean of grades that hold at every n at once, made of the gate's own bets (see `wagers`).

The lower end is the largest mean that the bettors have not refuted, the upper end the same for what is missing to 1.
So chart and verdict cannot disagree: a gate with error alpha MEETS exactly when the lower end of the band of
confidence 1 - 2 alpha has reached p0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pilotage.core.statistics.e_process import check_rate
from pilotage.core.statistics.sequence import Band, choose_looks, join_bands
from pilotage.core.statistics.wagers import FRACTIONS

_Floats: TypeAlias = NDArray[np.float64]

_EVERY = 32  # the band is computed anew at each n up to here,
_RATIO = 1.04  # then whenever n has grown by so much, and at the end
_SUPPORT = 1024  # most different values that are told apart before the end
_STEPS = 100
_NOTHING = 1e-12  # values below count as 0, so that no logarithm is beyond floats
_PRECISION = 1e-8  # of a Newton step: the error left is its square


def betting_sequence(values: Iterable[float | None], confidence: float = 0.95) -> list[Band]:
    """Give the running band over values in [0, 1] in schedule order, one entry each; not measured counts as 0.

    The band at n is the intersection of the intervals so far, which holds with the same confidence. It is computed
    anew at the first n, then each time n has grown by a twenty-fifth, and at the last n; between these it stays, but
    always holds the mean so far. Where the mean has left the intersection, it starts anew.

    Args:
        values: grades, cluster means or paired values; None was not measured.
        confidence: how sure one is that the true mean lies in the band at every n.

    Raises:
        ValueError: a value or the confidence cannot be.
    """
    return bands_of_bets([0.0 if value is None else value for value in values], 0, 1, confidence)


def bands_of_bets(values: Sequence[float], least: float, most: float, confidence: float) -> list[Band]:
    """Give the running band over values between `least` and `most`, its ends and points clipped to [0, 1].

    Raises:
        ValueError: a value lies outside, or the confidence cannot be.
    """
    check_rate("confidence", confidence)
    z = (np.asarray(values, dtype=np.float64) - least) / (most - least)
    if not bool(np.all((z >= -_NOTHING) & (z <= 1 + _NOTHING))):
        message = f"a value at a gate lies between {least:g} and {most:g}"
        raise ValueError(message)
    z = np.clip(z, 0.0, 1.0)
    if z.size == 0:
        return []
    looks = choose_looks(z.size, _EVERY, _RATIO)
    goal = float(np.log(2 / (1 - confidence)))
    lows = _refuted_below(z, looks, goal)
    highs = 1 - _refuted_below(1 - z, looks, goal)
    points = np.cumsum(z) / np.arange(1, z.size + 1)

    def shown(end: float) -> float:
        return min(max(least + (most - least) * end, 0.0), 1.0)

    return [
        Band(band.n, shown(band.point), shown(band.low), shown(band.high))
        for band in join_bands(points.tolist(), looks, lows, highs)
    ]


def _refuted_below(z: _Floats, looks: NDArray[np.int64], goal: float) -> _Floats:
    """Solve, at each look, for the mean whose bettors' wealth equals the goal; 0 where none is refuted."""
    z = np.where(z < _NOTHING, 0.0, z)
    support, place = np.unique(z, return_inverse=True)
    if support.size <= _SUPPORT:
        return _solve(support, _counts(place, support.size, looks), goal)
    # Before the end values are rounded down, which can only lower the wealth and so the band's end.
    rounded = np.floor(z * (_SUPPORT - 1)).astype(np.int64)
    ends = _solve(np.arange(_SUPPORT) / (_SUPPORT - 1), _counts(rounded, _SUPPORT, looks), goal)
    if ends[-1] > 0:
        ends[-1:] = _solve(support, _counts(place, support.size, looks[-1:]), goal, ends[-1:])
    return ends


def _counts(place: NDArray[np.int64], size: int, looks: NDArray[np.int64]) -> _Floats:
    """Count, for each look, how often each value of the support stands before it."""
    counts = np.empty((looks.size, size))
    running = np.zeros(size)
    start = 0
    for row, look in enumerate(looks.tolist()):
        running += np.bincount(place[start:look], minlength=size)
        counts[row] = running
        start = look
    return counts


def _solve(support: _Floats, counts: _Floats, goal: float, start: _Floats | None = None) -> _Floats:
    """Find for each row the mean at which the mixture's wealth is exp(goal), by Newton's method in its logarithm.

    The logarithm of the wealth falls and is convex in the logarithm of the mean, so after the first step Newton's
    method comes from below and never passes the root.
    """
    n, sums = counts.sum(axis=1), counts @ support
    active = np.flatnonzero(sums > 0)
    mean = np.where(sums > 0, sums, n) / n
    spread = np.sqrt(np.maximum(counts @ support**2 / n - mean**2, 0))
    likely: _Floats = np.maximum(mean - spread * np.sqrt(2 * (goal + 1) / n), mean / 4)
    log_mean = np.log(likely if start is None else start)
    for _ in range(_STEPS):
        if active.size == 0:
            break
        wealth, slope = _log_wealth(support, counts[active], log_mean[active])
        step = np.clip((goal - wealth) / slope, -5.0, 5.0)
        log_mean[active] += step
        active = active[np.abs(step) > _PRECISION]
    return np.where(sums > 0, np.exp(log_mean), 0.0)


def _log_wealth(support: _Floats, counts: _Floats, log_mean: _Floats) -> tuple[_Floats, _Floats]:
    """Give for each row the log of the mixture's wealth against a mean, and its slope in that mean's log."""
    in_means = support[None, :] * np.exp(-log_mean)[:, None]
    whole = sum(weight for _, weight in FRACTIONS)
    logs = np.empty((len(FRACTIONS), log_mean.size))
    slopes = np.empty_like(logs)
    with np.errstate(divide="ignore", invalid="ignore"):
        for row, (fraction, weight) in enumerate(FRACTIONS):
            factor = 1 - fraction + fraction * in_means
            logs[row] = np.log(weight / whole) + np.sum(np.where(counts > 0, counts * np.log(factor), 0.0), axis=1)
            slopes[row] = -np.sum(np.where(counts > 0, counts * (fraction * in_means / factor), 0.0), axis=1)
    top = logs.max(axis=0)
    shares = np.exp(logs - top)
    total = shares.sum(axis=0)
    return top + np.log(total), np.where(shares > 0, shares * slopes, 0.0).sum(axis=0) / total
