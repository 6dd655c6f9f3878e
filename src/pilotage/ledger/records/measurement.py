"""DatasetOpened and Measurement: a claim is declared before sealed data are looked at; then what was found."""

from __future__ import annotations

from typing import ClassVar, Literal

from pilotage.core.estimate import Estimate
from pilotage.ledger.records.record import AmountFigures, Body, Digest, EstimateFigures, Figures, Moment

Measures = Literal["critical-function", "promise", "integration", "attack", "load", "comparison"]
"""What an evaluation is evidence of."""


class ClaimFigures(Figures):
    """A declared claim with the share of alpha that this attempt has.

    Whatever its form, the gate bets on a mean between p0 and p1: the share answered well, the share of attacks
    resisted, or (target - baseline + 1) / 2 of a comparison. `plain` gives such a mean in the form's own words.
    """

    form: Literal["share", "attack", "comparison"] = "share"
    text: str
    p0: float
    p1: float
    alpha: float
    beta: float
    cap: int

    def plain(self, mean: float) -> float:
        """Give a mean as people read it: the share, the success rate of attacks, or the difference to the baseline."""
        return {"share": mean, "attack": 1 - mean, "comparison": 2 * mean - 1}[self.form]

    def plain_estimate(self, estimate: Estimate) -> Estimate:
        """Give an estimate of the mean as people read it."""
        ends = sorted((self.plain(estimate.low), self.plain(estimate.high)))
        point = min(max(self.plain(estimate.point), ends[0]), ends[1])
        return Estimate(point, ends[0], ends[1], estimate.n, estimate.confidence, estimate.method)


class DatasetOpened(Body):
    """A look at a data set, recorded before the first item is asked: attempt k of one claim."""

    record_name: ClassVar[str] = "dataset-opened"

    run: str
    use_case: str
    release: Digest
    evaluation: str
    dataset: str
    dataset_digest: Digest
    sealed: bool
    items: Digest
    """Digest over the digests of what each item asks: data sets that share items are one set of data."""
    measures: Measures
    """What it is evidence of: of sealed items, each look for the same counts as an attempt."""
    plan: Digest
    """Digest of target, scorer, claim, repeats and patience: all that the outcome's meaning depends on."""
    scorer: Digest
    claim: ClaimFigures
    attempt: int
    seed: int
    """Of the order in which the items are asked: drawn at random where they are sealed."""

    def subject_digests(self) -> dict[str, str]:
        """The Release asked and the data set opened."""
        return {self.use_case: self.release, f"dataset/{self.dataset}": self.dataset_digest}


class Spent(Figures):
    """What a run cost; None where it is unknown, never 0."""

    calls: int
    """Model calls that the gateway admitted for this run, repeats and retries included."""
    calls_fixed_design: int
    """Items that a fixed-n design of the same claim would have asked."""
    tokens_in: int | None
    tokens_out: int | None
    money: AmountFigures | None
    energy: AmountFigures | None
    seconds: float


class BandPoint(Figures):
    """The confidence band after n items, for the gate's chart."""

    n: int
    point: float
    low: float
    high: float


class LabelFigures(Figures):
    """How people's labels bear out a judge, on the answers drawn by lot."""

    judge: Digest
    """The judge with all that its verdicts depend on: these figures end when it changes."""
    share: float
    """Share of the answers that was drawn to be labelled."""
    labels: int
    """Answers labelled among those that count."""
    labellers: int
    agreement: EstimateFigures
    """Share of the labelled answers on which judge and people agree."""
    sensitivity: EstimateFigures | None
    """Share of the answers good by label that the judge passes; None where no answer was."""
    specificity: EstimateFigures | None
    """Share of the answers bad by label that the judge fails; None where no answer was."""
    judged: EstimateFigures
    """What the judge alone says of the share passed: shown for contrast, never bet on."""
    corrected: EstimateFigures
    """The share passed as labels correct it: PPI++ from 100 labels on, before that the labels alone, exactly."""


class SourceFigures(Figures):
    """Where results of another tool came from."""

    tool: str
    tool_version: str
    file: Digest
    task: str
    marks: tuple[str, ...] = ()
    """What a reader must know: such as `summary`, where the file has no outcome per sample."""


class Measurement(Body):
    """What a tool found: the verdict of a gate, the estimate behind it, and what it cost."""

    record_name: ClassVar[str] = "measurement"

    run: str
    use_case: str
    release: Digest
    parts: dict[str, Digest]
    """The configuration that was measured: evidence is stale when a part that a criterion depends on changes."""
    evaluation: str
    measures: Measures
    dataset: str
    dataset_digest: Digest
    dataset_items: int
    sealed: bool
    sample: bool
    scorer: Digest
    plan: Digest
    """Digest of target, scorer, claim, repeats and seed: evidence is stale when any of them is declared anew."""
    claim: ClaimFigures
    gate: Literal["binary", "graded", "corrected", "fixed-n"]
    """What decided: the exact mixture, betting on grades or cluster means, betting on label-corrected scores, or an
    exact test at a size fixed beforehand (results of another tool)."""
    repeats: int = 1
    """Times each prompt was asked; the prompt is the unit, its mean what is bet on."""
    attempt: int
    verdict: Literal["MEETS", "FAILS", "UNDECIDED"]
    n: int
    """Items in schedule order that the verdict rests on."""
    passes: int
    """Items among the n that passed; by the judge where there is one, at every repeat where there are several."""
    not_measured: int
    """Items among the n that gave no answer; they count as failures."""
    estimate: EstimateFigures
    """The mean that the gate bets on, with an interval that holds at any stopping time (see `ClaimFigures.plain`)."""
    baseline: EstimateFigures | None
    """The share that the trivial answer (always the most frequent one) would pass; None where there is none."""
    disagreement: EstimateFigures | None
    """Share of prompts answered differently when asked again; None when each was asked once."""
    labels: LabelFigures | None = None
    """How labels bear out the judge; None where no judge decides."""
    source: SourceFigures | None = None
    """Where the results came from; None where we asked ourselves."""
    band: tuple[BandPoint, ...]
    spent: Spent
    environment: dict[str, str]
    """Tool and version, platform, target: who tested, and how the environment differed."""
    outcomes: Digest
    """Digest over (item id, outcome) in schedule order."""
    started: Moment
    finished: Moment

    def subject_digests(self) -> dict[str, str]:
        """The Release measured and the data set it was measured on."""
        return {self.use_case: self.release, f"dataset/{self.dataset}": self.dataset_digest}
