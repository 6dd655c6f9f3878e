"""Thousands of gates at once: the same steps as the shipped processes, over arrays (a test holds them together)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pilotage.core.statistics.corrected import bets_of as corrected_bets
from pilotage.core.statistics.design import OperatingCharacteristic
from pilotage.core.statistics.gate import GateDesign
from pilotage.core.statistics.graded import bets_of as graded_bets
from pilotage.core.statistics.lines import Boundary
from pilotage.core.statistics.wagers import Bets, Bettors

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Answers(NamedTuple):
    """One answer of each gate: the value that is bet on, and whether it was labelled."""

    value: Floats
    labelled: Flags


Draw = Callable[[np.random.Generator, int], Answers]


class Ends(NamedTuple):
    """How each of many gates ended."""

    met: Flags
    failed: Flags
    n: Floats
    labels: Floats


def run_bets(bets: Bets, draw: Draw, cap: int, runs: int, seed: int, *, fewest_labels: int = 0) -> Ends:
    """Run many gates on values already brought to 0..1, until decided or at the cap."""
    random = np.random.default_rng(seed)
    above, below = (np.tile(np.array(side.weights), (runs, 1)) for side in bets)
    ends = Ends(np.zeros(runs, bool), np.zeros(runs, bool), np.full(runs, float(cap)), np.zeros(runs))
    reached = np.zeros(runs, bool)
    open_ = np.arange(runs)
    for n in range(1, cap + 1):
        value, labelled = draw(random, open_.size)
        ends.labels[open_] += labelled
        above = _stepped(bets.up, above, value)
        below = _stepped(bets.down, below, 1 - value)
        reached |= above.sum(axis=1) >= bets.up.goal
        above[reached] = 0.0  # as the process, it bets no more once it has won
        met = reached & (ends.labels[open_] >= fewest_labels)
        failed = ~met & (below.sum(axis=1) >= bets.down.goal)
        ended = met | failed
        if ended.any():
            ends.met[open_[met]] = True
            ends.failed[open_[failed]] = True
            ends.n[open_[ended]] = n
            above, below, reached, open_ = above[~ended], below[~ended], reached[~ended], open_[~ended]
            if open_.size == 0:
                break
    return ends


def _stepped(bettors: Bettors, wealth: Floats, value: Floats) -> Floats:
    """Bet once more in every run."""
    return wealth * (np.array(bettors.kept) + np.array(bettors.gained) * value[:, None])


def run_graded(design: GateDesign, draw: Callable[[np.random.Generator, int], Floats], runs: int, seed: int) -> Ends:
    """Run many gates on grades."""

    def answers(random: np.random.Generator, size: int) -> Answers:
        return Answers(draw(random, size), np.zeros(size, bool))

    return run_bets(graded_bets(design), answers, design.cap, runs, seed)


class SimulatedJudge(NamedTuple):
    """A judge of answers of which a share is good: it passes the good and fails the bad with these probabilities."""

    sensitivity: float
    specificity: float

    def draw(self, rate: float, floor: float) -> Draw:
        """Draw answers, verdicts and lots; the value is brought from its range to 0..1."""
        low, wide = 1 - 1 / floor, 2 / floor - 1

        def draw(random: np.random.Generator, size: int) -> Answers:
            label = random.random(size) < rate
            right = random.random(size) < np.where(label, self.sensitivity, self.specificity)
            score = np.where(right, label, ~label).astype(float)
            drawn = random.random(size) < floor
            phi = np.where(drawn, score + (label - score) / floor, score)
            return Answers((phi - low) / wide, drawn)

        return draw


def run_corrected(
    design: GateDesign,
    judge: SimulatedJudge,
    rate: float,
    floor: float,
    runs: int,
    seed: int,
    *,
    fewest_labels: int = 30,
) -> Ends:
    """Run many gates on a judge's scores, corrected by labels drawn with probability `floor`."""
    bets = corrected_bets(design, floor)
    return run_bets(bets, judge.draw(rate, floor), design.cap, runs, seed, fewest_labels=fewest_labels)


def draw_clusters(rate: float, repeats: int, correlation: float) -> Callable[[np.random.Generator, int], Floats]:
    """Draw means of several answers to one prompt whose outcomes are correlated (beta-binomial)."""

    def draw(random: np.random.Generator, size: int) -> Floats:
        if correlation == 0:
            return random.binomial(repeats, rate, size) / repeats
        strength = (1 - correlation) / correlation
        return random.binomial(repeats, random.beta(rate * strength, (1 - rate) * strength, size)) / repeats

    return draw


def walk_lines(lines: Sequence[Boundary], outcomes: Flags) -> Ends:
    """Walk rows of outcomes between two lines, to the first crossing or the end of the rows."""
    never = len(lines) + 1
    meets_at = np.array([never if line.meets_at is None else line.meets_at for line in lines])
    fails_at = np.array([-1 if line.fails_at is None else line.fails_at for line in lines])
    passes = outcomes[:, : len(lines)].cumsum(axis=1)
    size = passes.shape[1]
    first_met = _first(passes >= meets_at[:size])
    first_failed = _first(passes <= fails_at[:size])
    n = np.minimum(np.minimum(first_met, first_failed), size).astype(float)
    return Ends(first_met < first_failed, first_failed < first_met, n, np.zeros(n.size))


def _first(flags: Flags) -> NDArray[np.int64]:
    """Give the n of the first flag in each row; one more than there are where there is none."""
    return np.where(flags.any(axis=1), flags.argmax(axis=1), flags.shape[1]) + 1


def lines_of_bets(bets: Bets, cap: int) -> list[Boundary]:
    """Give the two lines of a betting gate whose values are all 0 or 1, so that its errors can be computed exactly."""
    meets = _line(bets.up, cap)
    fails = [None if line is None else n - line for n, line in enumerate(_line(bets.down, cap), start=1)]
    found: list[Boundary] = []
    for n, (meets_at, fails_at) in enumerate(zip(meets, fails, strict=True), start=1):
        found.append(Boundary(n, meets_at, fails_at))
        if meets_at is not None and fails_at is not None and meets_at <= fails_at + 1:
            break
    return found


def _line(bettors: Bettors, cap: int) -> list[int | None]:
    """Give for n = 1, 2, ... the fewest values of 1 that carry the bettors to their goal; None where n do not."""
    kept, gained = np.array(bettors.kept), np.array(bettors.gained)
    with np.errstate(divide="ignore"):
        of_zero, of_one = np.log(kept), np.log(kept + gained)
    begun = np.log(np.array(bettors.weights)) - np.log(bettors.goal)

    def reached(n: int, ones: int) -> bool:
        lost = 0.0 if n == ones else (n - ones) * of_zero
        return float(np.logaddexp.reduce(begun + ones * of_one + lost)) >= 0

    line: int | None = None
    found: list[int | None] = []
    for n in range(1, cap + 1):
        if line is None:
            line = n if reached(n, n) else None
        elif not reached(n, line):
            line += 1
        found.append(line)
    return found


def mean_of_six(results: Sequence[OperatingCharacteristic]) -> float:
    """Average the expected calls over the six true rates of the published comparison, the null left out."""
    six = [result.expected_n for result in results if result.p != 0.90]
    return sum(six) / len(six)
