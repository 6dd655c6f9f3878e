"""What a run found, as people and machines are told it: the verdict in the claim's own words, and what stands behind.

A report is a value made from records and counts; it reads nothing. Figures are in the words of the claim's form: the
share that passed, the share of attacks that succeeded, or the difference to the baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pilotage.core.amount import Amount
from pilotage.core.estimate import Estimate
from pilotage.core.statistics.proof import words_of_proof
from pilotage.evaluation.finding import say_reach
from pilotage.evaluation.outcome import State
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.measurement import ClaimFigures, DatasetOpened, LabelFigures, Measurement
from pilotage.registry.catalog import Catalog

Standing = Literal["finished", "going", "waiting"]
"""Whether a run has its verdict, can go on, or waits for people's labels."""

SEALED_WHY = (
    "The data set is sealed: its items and the answers to them are not shown, because whoever has seen them could "
    "tune for them, and the next claim on them would prove nothing."
)

JUDGE_ALONE = "shown for contrast and never bet on"
PROOF_CONFIDENCE = 0.95
PPI_FROM = 100
"""Labels from which on the corrected share is PPI++."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run in a list.

    Attributes:
        run: its id.
        use_case: name of the use case.
        evaluation: name of the evaluation.
        release: digest of the Release that was asked.
        attempt: which attempt at the claim; 1 for results of another tool.
        claim: what was claimed.
        started: when it was opened.
        finished: when the verdict fell; None while there is none.
        verdict: MEETS, FAILS, UNDECIDED; None while there is none.
        estimate: what was found, in the words of the claim's form; None while there is none.
        n: items that the verdict rests on.
        seed: seed of the shuffle; None for results of another tool.
        dataset_digest: which version of the data set was asked.
        plan: digest of all that the verdict's meaning depends on.
        evidence: digest of the record with the verdict; None while there is none.
    """

    run: str
    use_case: str
    evaluation: str
    release: str
    attempt: int
    claim: ClaimFigures
    started: datetime
    finished: datetime | None
    verdict: str | None
    estimate: Estimate | None
    n: int
    seed: int | None
    dataset_digest: str
    plan: str
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the items that count, one each however often it was asked.

    Attributes:
        failed: failed, at any of the repeats.
        not_measured: gave no answer; counted as failed by the gate.
        passed: passed, at every repeat.
        ahead: asked ahead of the verdict, or behind a gap; these do not count.
    """

    failed: int
    not_measured: int
    passed: int
    ahead: int = 0

    @property
    def n(self) -> int:
        """Items that count."""
        return self.failed + self.not_measured + self.passed


@dataclass(frozen=True, slots=True)
class Discordant:
    """Items on which target and baseline differ.

    Attributes:
        better_only: only the target passed.
        worse_only: only the baseline passed.
    """

    better_only: int
    worse_only: int


@dataclass(frozen=True, slots=True)
class Labelling:
    """Where a judged run stands with its labels.

    Attributes:
        drawn: answers drawn by lot for a person to label.
        labelled: of these, how many are.
    """

    drawn: int
    labelled: int


@dataclass(frozen=True, slots=True)
class Pacing:
    """How long answers took, in seconds; of items that were answered.

    Attributes:
        median: half of the answers took no longer.
        slow: 95 of 100 took no longer.
        slowest: the longest.
    """

    median: float
    slow: float
    slowest: float


@dataclass(frozen=True, slots=True)
class Calls:
    """What the items that count took, baselines and repeats included.

    Attributes:
        made: calls, those that failed and were made again included; a gateway's own tries further on are not.
        answered: answers that came of them.
    """

    made: int
    answered: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Who can go on, and with what."""

    who: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """All that is told about a run but its items.

    Attributes:
        line: the run in short.
        finding: the record with the verdict; None while there is none.
        title: label of the evaluation.
        dataset: name of the data set.
        sealed: whether its items are never shown.
        about: what the claim is about.
        standing: finished, going or waiting for labels.
        turn: who can go on, and how; None when it is finished.
        counts: what became of the items.
        proof: of an attack: what so many items can prove; empty elsewhere.
        benign: of an attack: how often benign items are refused, or why nobody knows; empty elsewhere.
        refusals: the false-refusal rate behind `benign`; None where it was not measured.
        discordant: of a comparison: items on which target and baseline differ; None elsewhere.
        labelling: where a judged run stands with its labels; None elsewhere.
        pacing: how long answers took; None where nothing was answered.
        calls: calls made against answers got; None where nothing was asked here, as of results of another tool.
        decided_by: of a claim that FAILS, what decided, in a sentence; empty elsewhere.
        earlier: runs of the same evaluation that have a verdict, this one included, oldest first.
    """

    line: RunLine
    finding: Measurement | None
    title: str
    dataset: str
    sealed: bool
    about: str
    standing: Standing
    turn: Turn | None
    counts: Counts
    proof: str
    benign: str
    refusals: Estimate | None
    discordant: Discordant | None
    labelling: Labelling | None
    pacing: Pacing | None
    calls: Calls | None
    decided_by: str
    earlier: tuple[RunLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What was read of a run, from which its report is made.

    Attributes:
        opened: the record that opened it; None for results of another tool.
        finding: the record with the verdict; None while there is none.
        counts: what became of the items.
        discordant: of a comparison: items on which target and baseline differ.
        labelling: of a judged run without verdict: where it stands with its labels.
        pacing: how long answers took.
        calls: calls made against answers got.
        earlier: runs of the same evaluation that have a verdict.
        benign: the latest verdict on benign items of the same use case, where the evaluation names one.
    """

    opened: DatasetOpened | None
    finding: Entry[Measurement] | None
    counts: Counts
    discordant: Discordant | None = None
    labelling: Labelling | None = None
    pacing: Pacing | None = None
    calls: Calls | None = None
    earlier: tuple[RunLine, ...] = ()
    benign: Measurement | None = None


def plan_line(opened: DatasetOpened | None, finding: Entry[Measurement] | None, started: datetime) -> RunLine:
    """Give a run in short from the record that opened it, the one with its verdict, or both.

    Args:
        opened: the record that opened it; None for results of another tool.
        finding: the record with the verdict; None while there is none.
        started: when it was opened.

    Raises:
        ValueError: neither is given.
    """
    body = opened if finding is None else finding.body
    if body is None:
        message = "a run is known by the record that opened it or by the one with its verdict; neither is given"
        raise ValueError(message)
    found = None if finding is None else finding.body
    return RunLine(
        run=body.run,
        use_case=body.use_case,
        evaluation=body.evaluation,
        release=body.release,
        attempt=body.attempt,
        claim=body.claim,
        started=started if found is None else found.started,
        finished=None if found is None else found.finished,
        verdict=None if found is None else found.verdict,
        estimate=None if found is None else found.claim.plain_estimate(found.estimate.value()),
        n=0 if found is None else found.n,
        seed=None if opened is None else opened.seed,
        dataset_digest=body.dataset_digest,
        plan=body.plan,
        evidence=None if finding is None else finding.digest,
    )


def plan_report(facts: RunFacts, line: RunLine, catalog: Catalog | None) -> RunReport:
    """Make the report of a run.

    Args:
        facts: what was read of it.
        line: the run in short.
        catalog: what is declared now, for labels, owners and what data stand for; None where it cannot be read.

    Raises:
        ValueError: the facts name neither of its records.
    """
    finding = None if facts.finding is None else facts.finding.body
    body = facts.opened if finding is None else finding
    if body is None:
        message = "a report needs the record that opened the run or the one with its verdict"
        raise ValueError(message)
    attack = line.claim.form == "attack"
    benign, refusals = assess_benign(facts, line, catalog) if attack else ("", None)
    waits = facts.labelling is not None and facts.labelling.labelled < facts.labelling.drawn
    standing: Standing = "finished" if finding is not None else "waiting" if waits else "going"
    return RunReport(
        line=line,
        finding=finding,
        title=title_of(line, catalog),
        dataset=body.dataset,
        sealed=body.sealed or is_sealed_now(body.dataset_digest, catalog),
        about=assess_about(facts, body, catalog),
        standing=standing,
        turn=_turn(standing, facts, line, catalog),
        counts=facts.counts,
        proof=assess_proof(facts.counts) if attack else "",
        benign=benign,
        refusals=refusals,
        discordant=facts.discordant if line.claim.form == "comparison" else None,
        labelling=None if finding is not None else facts.labelling,
        pacing=facts.pacing,
        calls=None if finding is not None and finding.source is not None else facts.calls,
        decided_by=failure_in_words(line.claim) if line.verdict == "FAILS" else "",
        earlier=facts.earlier,
    )


def is_sealed_now(dataset_digest: str, catalog: Catalog | None) -> bool:
    """Tell whether the file that a run asked is declared sealed by now, under whatever name."""
    if catalog is None:
        return False
    return any(
        dataset.sealed and dataset_digest in {dataset.digest, catalog.dataset_digests.get(name)}
        for name, dataset in catalog.datasets.items()
    )


def title_of(line: RunLine, catalog: Catalog | None) -> str:
    """Give the label of a run's evaluation; its name where it is declared no more."""
    if catalog is None:
        return line.evaluation
    declared = catalog.evaluations.get(line.evaluation) or catalog.outside_evaluations.get(line.evaluation)
    return line.evaluation if declared is None else declared.label


def claim_in_words(claim: ClaimFigures) -> str:
    """Say what has to be shown and what is believed, in the words of the claim's form."""
    bound, believed = claim.plain(claim.p0), claim.plain(claim.p1)
    if claim.form == "attack":
        return f"fewer than {percent(bound)} of the attacks succeed ({percent(believed)} believed)"
    if claim.form == "comparison":
        better = "better than the baseline" if bound >= 0 else f"at most {points(-bound)} worse than the baseline"
        return f"{better} on the same items ({points(believed, signed=True)} believed)"
    return f"more than {percent(bound)} pass ({percent(believed)} believed)"


def failure_in_words(claim: ClaimFigures) -> str:
    """Say what decides that a claim FAILS: its error is beta, while the interval beside it is drawn with alpha.

    Whatever the gate, results as bad as these come with at most this probability where the truth is p1 or better.
    """
    believed = claim.plain(claim.p1)
    truth = {
        "share": f"{percent(believed)} or more pass",
        "attack": f"{percent(believed)} or fewer of the attacks succeed",
        "comparison": f"the difference is {points(believed, signed=True)} or more",
    }[claim.form]
    rare = f"so many failures have a chance of at most {percent(claim.beta)}"
    return f"Where {truth}, {rare} (beta); the interval errs with alpha and may still be wide."


def calls_in_words(calls: Calls) -> str:
    """Write the calls made against the answers got; where each call was answered, that none was made again."""
    answers = "1 answer" if calls.answered == 1 else f"{calls.answered:,} answers"
    made = "1 call" if calls.made == 1 else f"{calls.made:,} calls"
    again = "" if calls.made > calls.answered else ", none made again"
    return f"{made} for {answers}{again}"


def found_in_words(claim: ClaimFigures) -> str:
    """Say what the estimate of a claim is the share of."""
    return {"share": "passed", "attack": "of the attacks succeeded", "comparison": "against the baseline"}[claim.form]


def corrected_in_words(labels: LabelFigures) -> str:
    """Say how the share that labels correct was found, and that its interval does not hold where a gate may stop."""
    caution = "right at a fixed n; the gate's own interval holds at any n"
    if labels.labels >= PPI_FROM:
        return f"by PPI++ from {labels.labels} labels and all verdicts of the judge, {caution}"
    return f"from {labels.labels} labels alone, exact, {caution}; the judge joins in from {PPI_FROM} labels on"


def state_in_words(form: str, state: State) -> str:
    """Say what became of an item in the words of the claim's form: an attack that passes was resisted."""
    words: dict[State, str] = {"fail": "failed", "not-measured": "not measured", "pass": "passed"}
    if form == "attack":
        words |= {"fail": "attack succeeded", "pass": "resisted"}
    return words[state]


def took_text(seconds: float) -> str:
    """Write how long an answer took: milliseconds below a second."""
    return f"{1_000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def cost_per_item(found: Measurement) -> Amount | None:
    """Give what an item cost on average, repeats, retries and judges included; None where that is unknown."""
    money = found.spent.money
    return None if money is None or found.n == 0 else money.value().times(Decimal(1) / found.n)


def figure_text(form: str, figure: float) -> str:
    """Write a figure in the unit of a claim's form: a share in per cent, or a difference in points with its sign."""
    return points(figure, signed=True) if form == "comparison" else percent(figure)


def percent(share: float) -> str:
    """Write a share in per cent, with one decimal at most."""
    return f"{_short(share)} %"


def points(difference: float, *, signed: bool = False) -> str:
    """Write a difference of two shares in percentage points, with one decimal at most."""
    sign = "+" if signed and round(difference, 3) > 0 else ""
    return f"{sign}{_short(difference)} points"


def _short(share: float) -> str:
    text = f"{100 * share:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def assess_about(facts: RunFacts, body: DatasetOpened | Measurement, catalog: Catalog | None) -> str:
    """Say what the claim is about: the population that the items stand for, and how many of them were asked."""
    finding = None if facts.finding is None else facts.finding.body
    population = None
    if catalog is not None:
        declared = catalog.outside_evaluations.get(body.evaluation) or catalog.datasets.get(body.dataset)
        population = None if declared is None else declared.population
    if finding is not None and finding.source is None:
        seed = None if facts.opened is None else facts.opened.seed
        items = max(finding.dataset_items, finding.n)
        return say_reach(population=population, dataset=finding.dataset, n=finding.n, items=items, seed=seed)
    stands = population or f"whatever the items of {body.dataset} stand for, which nobody declared"
    if finding is None:
        return f"The claim is about {stands.rstrip('. ')}: items of {body.dataset} are asked in a recorded shuffle."
    return f"The claim is about {stands.rstrip('. ')}: {finding.n:,} samples that another tool asked."


def assess_proof(counts: Counts) -> str:
    """Say what so many attacks can prove, as `0 of 59: under 5 %`; an attack that was not measured counts as success.

    It is the exact bound at a size fixed beforehand, the most that so many can prove; where the gate chose when to
    stop, its own interval is wider.
    """
    if counts.n == 0:
        return "No attack was made yet, so nothing is proven."
    succeeded = counts.failed + counts.not_measured
    text = f"{words_of_proof(succeeded, counts.n)} ({percent(PROOF_CONFIDENCE)} sure"
    if succeeded:
        text += f"; the most that {counts.n} can prove is {words_of_proof(0, counts.n)}"
    return f"{text}), at a size fixed beforehand; the interval above holds wherever the gate stopped."


def assess_benign(facts: RunFacts, line: RunLine, catalog: Catalog | None) -> tuple[str, Estimate | None]:
    """Say how often benign items are refused, which stands beside every attack; with the figure where there is one."""
    declared = None if catalog is None else catalog.evaluations.get(line.evaluation)
    name = None if declared is None else declared.benign
    if name is None:
        return "No evaluation on benign items is named (`benign`), so false refusals are unknown.", None
    body = facts.benign
    if body is None:
        return f"False refusals are not measured yet: `pilotage evaluation run {name}` does.", None
    answered = body.estimate.value()
    refusals = Estimate(
        1 - answered.point, 1 - answered.high, 1 - answered.low, answered.n, answered.confidence, answered.method
    )
    whose = "this Release" if body.release == line.release else "an earlier Release"
    text = (
        f"Of benign items {percent(refusals.point)} are refused or answered wrongly "
        f"({percent(refusals.low)} to {percent(refusals.high)}, n {refusals.n}), by {name}, {whose}."
    )
    return text, refusals


def _turn(standing: Standing, facts: RunFacts, line: RunLine, catalog: Catalog | None) -> Turn | None:
    """Say who can go on: people who label, or whoever runs evaluations; both belong to the use case's team."""
    if standing == "finished":
        return None
    case = None if catalog is None else catalog.use_cases.get(line.use_case)
    who = "team" if case is None else f"team: {case.owner}"
    if standing == "waiting" and facts.labelling is not None:
        missing = facts.labelling.drawn - facts.labelling.labelled
        answers = "one answer waits" if missing == 1 else f"{missing} answers wait"
        return Turn(who, f"{answers} for a label: `pilotage label {line.evaluation}`")
    return Turn(who, f"`pilotage evaluation run {line.evaluation}` goes on where it was")
