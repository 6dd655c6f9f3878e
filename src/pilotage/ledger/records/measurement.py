"""DatasetOpened and Measurement: a claim is declared before sealed data are looked at; then what was found."""

from __future__ import annotations

from typing import ClassVar, Literal

from pilotage.ledger.records.record import AmountFigures, Body, Digest, EstimateFigures, Figures, Moment


class ClaimFigures(Figures):
    """A declared claim with the share of alpha that this attempt has."""

    text: str
    p0: float
    p1: float
    alpha: float
    beta: float
    cap: int


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
    scorer: Digest
    claim: ClaimFigures
    attempt: int
    seed: int

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


class Measurement(Body):
    """What a tool found: the verdict of a gate, the estimate behind it, and what it cost."""

    record_name: ClassVar[str] = "measurement"

    run: str
    use_case: str
    release: Digest
    parts: dict[str, Digest]
    """The configuration that was measured: evidence is stale when a part that a criterion depends on changes."""
    evaluation: str
    measures: Literal["critical-function", "promise", "integration", "attack", "load"]
    dataset: str
    dataset_digest: Digest
    dataset_items: int
    sealed: bool
    sample: bool
    scorer: Digest
    claim: ClaimFigures
    attempt: int
    verdict: Literal["MEETS", "FAILS", "UNDECIDED"]
    n: int
    """Items in schedule order that the verdict rests on."""
    passes: int
    not_measured: int
    """Items among the n that gave no answer; they count as failures."""
    estimate: EstimateFigures
    """Share passed among the n, with an interval that holds at any stopping time."""
    baseline: EstimateFigures | None
    """The share that the trivial answer (always the most frequent one) would pass; None where there is none."""
    disagreement: EstimateFigures | None
    """Share of prompts answered differently when asked again; None when each was asked once."""
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
