"""A gate on a judge's scores, corrected by labels drawn by lot: valid whatever the judge does.

An answer with the judge's score s that was drawn with probability `share` counts as s + (y - s)/share when drawn and
labelled y, and as s when not. Over the lot that is y on average, however wrong the judge is; a good judge only makes
it vary less. The gate bets on these values as `graded` does, within the range that they can have (Csillag, Struchiner
and Goedert 2025, "Prediction-powered e-values"; Waudby-Smith and Ramdas 2024).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.betting import bands_of_bets
from pilotage.core.statistics.draw import check_floor
from pilotage.core.statistics.gate import GateDesign, Verdict
from pilotage.core.statistics.sequence import Band, estimate_of_process
from pilotage.core.statistics.wagers import Bets, Bettors, Wealth, fractions_from

METHOD = "corrected-betting-sequence"
FEWEST_LABELS = 30


class Corrected(NamedTuple):
    """What is known of one answer.

    Attributes:
        score: what the judge says, from 0 (bad) to 1 (good).
        label: what people say, from 0 to 1; None when the answer was not drawn.
        share: the probability with which it was drawn: at most 1, at least the run's floor.
    """

    score: float
    label: float | None
    share: float

    @property
    def value(self) -> float:
        """The score, corrected by the label where there is one: on average over the lot, the label."""
        return self.score if self.label is None else self.score + (self.label - self.score) / self.share


def check_answer(answer: Corrected, floor: float) -> None:
    """Refuse an answer that cannot be: a score or label outside 0 to 1, or a share below the floor.

    Raises:
        ValueError: names what cannot be.
    """
    if not 0 <= answer.score <= 1:
        message = f"a judge's score lies between 0 and 1, not {answer.score!r}"
        raise ValueError(message)
    if answer.label is not None and not 0 <= answer.label <= 1:
        message = f"a label lies between 0 and 1, not {answer.label!r}"
        raise ValueError(message)
    if not floor <= answer.share <= 1:
        message = f"an answer is drawn with a probability from {floor:g} (the floor) to 1, not {answer.share!r}"
        raise ValueError(message)


WORST = Corrected(0.0, 0.0, 1.0)
"""What an answer counts as that could not be measured."""


@lru_cache(maxsize=64)
def bets_of(design: GateDesign, floor: float) -> Bets:
    """Set up the bets of a design on values between 1 - 1/floor and 1/floor, brought to a range from 0 to 1."""
    low, wide = 1 - 1 / floor, 2 / floor - 1
    # Of a judge who tells nothing the values vary by p (1 - p)/floor: what is best to bet then is a good beginning.
    variance = max(rate * (1 - rate) for rate in (design.p0, design.p1)) / floor
    likely = (design.p1 - design.p0) * (1 / floor - design.p1) / variance
    first = max(1 - design.p0 / design.p1, min(likely, 0.5))
    down = Bettors.against(1 - (design.p1 - low) / wide, design.beta, fractions_from(first))
    return Bets(Bettors.against((design.p0 - low) / wide, design.attempt_alpha), down)


@dataclass(frozen=True, slots=True)
class CorrectedProcess:
    """A gate on corrected scores on its way.

    Attributes:
        design: the claim under test: about the share that people would pass.
        floor: the least probability with which an answer is drawn to be labelled, above 0 and at most 1.
        fewest_labels: labels below which it never MEETS, however good the bets stand.
        n: answers counted, in schedule order; never beyond the decision or the cap.
        total: sum of their corrected values.
        labels: answers labelled among them.
        verdict: MEETS or FAILS once decided, until then UNDECIDED.
        decided_at: n at the decision, or None.
        reached: whether the bets on MEETS have reached their goal; it then holds as soon as the labels are enough.
    """

    design: GateDesign
    floor: float
    fewest_labels: int = FEWEST_LABELS
    n: int = 0
    total: float = 0.0
    labels: int = 0
    verdict: Verdict = Verdict.UNDECIDED
    decided_at: int | None = None
    reached: bool = False
    _above: Wealth | None = field(default=None, repr=False)
    _below: Wealth | None = field(default=None, repr=False)
    _bets: Bets | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a floor that cannot be."""
        check_floor(self.floor)

    @property
    def finished(self) -> bool:
        """Whether no further answer can count: decided, or at the cap."""
        return self.verdict is not Verdict.UNDECIDED or self.n >= self.design.cap

    @property
    def surely_needed(self) -> int:
        """How many further answers no continuation can spare: with no more in flight, none is wasted."""
        if self.finished:
            return 0
        up, down = bets_of(self.design, self.floor)
        most = self.design.cap - self.n
        labels = min(max(self.fewest_labels - self.labels, 1), most)
        meets = labels if self.reached else max(labels, up.fewest_to_goal(self._above or up.weights, most))
        return down.fewest_to_goal(self._below or down.weights, meets)

    def after(self, value: Corrected | None) -> CorrectedProcess:
        """Count the next answer in schedule order; None was not measured and counts as bad by judge and label.

        A finished process stays as it is.

        Raises:
            ValueError: the score, the label or the share cannot be.
        """
        if self.finished:
            return self
        answer = WORST if value is None else value
        check_answer(answer, self.floor)
        phi = answer.value
        z = min(max((phi - 1 + 1 / self.floor) / (2 / self.floor - 1), 0.0), 1.0)  # rounding must not leave the range
        bets = self._bets or bets_of(self.design, self.floor)
        up, down = bets
        above = None if self.reached else up.after(self._above or up.weights, z)
        below = down.after(self._below or down.weights, 1 - z)
        n = self.n + 1
        labels = self.labels + (value is not None and value.label is not None)  # what nobody saw, nobody labelled
        reached = above is None or sum(above) >= up.goal
        verdict, decided_at = Verdict.UNDECIDED, None
        if reached and labels >= self.fewest_labels:
            verdict, decided_at = Verdict.MEETS, n
        elif sum(below) >= down.goal:
            verdict, decided_at = Verdict.FAILS, n
        return CorrectedProcess(
            self.design,
            self.floor,
            self.fewest_labels,
            n,
            self.total + phi,
            labels,
            verdict,
            decided_at,
            reached,
            above,
            below,
            bets,
        )


def corrected_sequence(values: Iterable[Corrected | None], floor: float, confidence: float = 0.95) -> list[Band]:
    """Give the running band over corrected scores in schedule order, one entry each.

    Args:
        values: what is known of each answer; None was not measured and counts as bad.
        floor: the least probability with which an answer was drawn.
        confidence: how sure one is that the true share lies in the band at every n.

    Raises:
        ValueError: the floor or the confidence cannot be.
    """
    check_floor(floor)
    answers = [WORST if value is None else value for value in values]
    for answer in answers:
        check_answer(answer, floor)
    return bands_of_bets([answer.value for answer in answers], 1 - 1 / floor, 1 / floor, confidence)


def estimate_of_corrected(process: CorrectedProcess, bands: Sequence[Band]) -> Estimate:
    """Give the share that a gate has seen, with the last of its band, so that figure, picture and verdict agree.

    Raises:
        ValueError: the gate has counted nothing yet, so keep the share unknown (None); or the band is of another gate.
    """
    return estimate_of_process(process, bands, METHOD)
