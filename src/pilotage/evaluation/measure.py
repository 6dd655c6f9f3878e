"""Measures a Release: declares the claim in the ledger, runs or continues its gate, and appends what was found."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.clock import Clock
from pilotage.core.errors import EvidenceError
from pilotage.core.estimate import Estimate
from pilotage.core.statistics.design import fixed_design
from pilotage.evaluation.attempts import (
    digest_of_items,
    digests_of_asked,
    is_same_process,
    plan_attempt,
    verify_continues,
)
from pilotage.evaluation.dataset import read_items
from pilotage.evaluation.finding import assess_band, assess_bands, assess_estimate, assess_spent, claim_figures
from pilotage.evaluation.journal import Journal, Run, mint_run_id, mint_seed
from pilotage.evaluation.labels.calibration import assess_labels
from pilotage.evaluation.labels.label import Label, labels_for_gate
from pilotage.evaluation.labels.store import LabelStore
from pilotage.evaluation.observers.observer import Observer
from pilotage.evaluation.openings import Openings
from pilotage.evaluation.pace import Pace
from pilotage.evaluation.plan import plan_design, plan_run
from pilotage.evaluation.progress import Progress, assess_disagreement
from pilotage.evaluation.runner import Watch, read_progress, run_plan
from pilotage.evaluation.scorers.score import assess_baseline, check_items
from pilotage.evaluation.targets.target import Target
from pilotage.ledger.entry import Entry
from pilotage.ledger.protocol import LedgerStore
from pilotage.ledger.records.measurement import ClaimFigures, DatasetOpened, LabelFigures, Measurement
from pilotage.ledger.records.record import EstimateFigures
from pilotage.metering.totals import UsageTotals
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import digest_of_plan, digest_of_scorer
from pilotage.registry.items import Items
from pilotage.registry.kinds.claim import ComparisonClaim
from pilotage.registry.kinds.dataset import Dataset
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.scorer import JudgedScorer, is_graded


@dataclass(frozen=True, slots=True)
class Question:
    """What is put: an evaluation, its data set's document, and the bytes of the data set's file."""

    evaluation: Evaluation
    dataset: Dataset
    data: bytes


@dataclass(frozen=True, slots=True)
class Subject:
    """What is measured: the Release of a use case, with the digests of its parts."""

    use_case: str
    release: str
    parts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Workbench:
    """What a measurement works with.

    Attributes:
        catalog: what is declared: the plan's digest depends on routes, models and judges.
        ledger: where the look at the data and the finding are recorded.
        journal: where outcomes are kept.
        openings: where the items that were looked at are kept.
        labels: where people's labels are kept.
        clock: the present moment.
        read_run_usage: what the gateway metered for a run, by the run's id.
        draw_seed: gives the seed of the order in which sealed items are asked. At random, or whoever knows which items
            fail could look for an order in which they come late.
    """

    catalog: Catalog
    ledger: LedgerStore
    journal: Journal
    openings: Openings
    labels: LabelStore
    clock: Clock
    read_run_usage: Callable[[str], UsageTotals]
    draw_seed: Callable[[], int] = mint_seed


@dataclass(frozen=True, slots=True)
class Waiting:
    """A judged run that goes on only once people have labelled answers; nothing is recorded as found.

    Attributes:
        run: id of the run.
        evaluation: name of the evaluation.
        slots: answers that were drawn and wait for a label, in schedule order.
        drawn: answers drawn so far.
        labelled: those of them that have a label.
    """

    run: str
    evaluation: str
    slots: tuple[int, ...]
    drawn: int
    labelled: int


async def measure(
    question: Question,
    subject: Subject,
    target: Target,
    bench: Workbench,
    *,
    baseline: Target | None = None,
    observer: Observer | None = None,
    environment: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> Entry[Measurement] | Waiting:
    """Run the gate of an evaluation for a Release to its end, or continue it, and give the record of what was found.

    One Release, evaluation and version of a data set are one process: measuring again continues it, and a finished
    one is given back without a call. The look at the data is in the ledger before the first call.

    Args:
        question: what is put.
        subject: the Release that the target serves.
        target: whom to ask.
        bench: catalog, ledger, journal, labels, clock and meter.
        baseline: what the target is compared with; None where the claim compares nothing.
        observer: finds out what the scorer has to know of an answer; None where it needs nothing.
        environment: more about who tested and how the surroundings differ, for the record.
        watch: told after each outcome.

    Returns:
        The record of the finding, or that labels are needed before there can be one.

    Raises:
        EvidenceError: the data set, claim or scorer cannot be used, the terms changed after the data were opened, or
            the target is away; nothing false is recorded, and measuring again goes on.
    """
    items = _read_checked(question)
    opened = await asyncio.to_thread(_open, question, subject, bench, items)
    standing = await asyncio.to_thread(_find_finding, bench, opened)
    if standing is not None:
        # A kill right after the finding may have left the run without its end.
        await bench.journal.append_finish(opened.run, standing.body.finished)
        return standing
    run = await _append_run(bench, opened)
    given = await asyncio.to_thread(bench.labels.read_labels, run.id)
    evaluation = question.evaluation
    plan = plan_run(items, evaluation, attempt=opened.attempt, run=opened.run, seed=opened.seed)
    progress = await read_progress(plan, run=run.id, journal=bench.journal, labels=labels_for_gate(given))
    await run_plan(
        progress,
        run=run.id,
        scorer=evaluation.scorer,
        target=target,
        baseline=baseline,
        observer=observer,
        journal=bench.journal,
        pace=Pace(evaluation.concurrency, evaluation.calls_per_second, evaluation.timeout_seconds, evaluation.retries),
        watch=watch,
    )
    if not progress.decided:
        waiting, labelled = progress.waiting_for_labels, len(progress.labels)
        return Waiting(run.id, evaluation.name, waiting, labelled + len(waiting), labelled)
    names = {"target": target.name} | ({} if baseline is None else {"baseline": baseline.name})
    found = _Found(
        progress=progress,
        usage=await asyncio.to_thread(bench.read_run_usage, run.id),
        labels=_calibrate(evaluation, progress, given, bench.catalog),
        environment={**_surroundings(), **names, **(environment or {})},
        started=run.started,
        finished=bench.clock(),
    )
    entry = await asyncio.to_thread(_append_finding, bench, _finding(question, subject, opened, found))
    await bench.journal.append_finish(run.id, entry.body.finished)
    return entry


def find_attempt(question: Question, subject: Subject, bench: Workbench) -> tuple[int, Items]:
    """Tell which attempt at its claim a measurement is, or would be, and give the items; opens nothing.

    Raises:
        EvidenceError: the data set, claim or scorer cannot be used, or the terms changed after the data were opened.
    """
    items = _read_checked(question)
    asked = digests_of_asked(items)
    draft = _draft_opening(question, subject, bench, digest_of_items(asked))
    if (mine := _find_opening(question, bench, draft)) is not None:
        return mine.attempt, items
    return plan_attempt(draft, _looks(bench, draft), bench.openings.read_sharing(draft.use_case, asked)), items


@dataclass(frozen=True, slots=True)
class _Found:
    """What a decided run came to, from which its record is made."""

    progress: Progress
    usage: UsageTotals
    labels: LabelFigures | None
    environment: Mapping[str, str]
    started: datetime
    finished: datetime


def _finding(question: Question, subject: Subject, opened: DatasetOpened, found: _Found) -> Measurement:
    evaluation, progress = question.evaluation, found.progress
    bands = assess_bands(progress)
    disagreement = assess_disagreement(progress)
    baseline = _trivial_baseline(evaluation, progress)
    return Measurement(
        run=opened.run,
        use_case=subject.use_case,
        release=subject.release,
        parts=dict(subject.parts),
        evaluation=evaluation.name,
        measures=evaluation.measures,
        dataset=question.dataset.name,
        dataset_digest=opened.dataset_digest,
        dataset_items=len(progress.plan.items),
        sealed=question.dataset.sealed,
        sample=question.dataset.sample,
        scorer=opened.scorer,
        plan=opened.plan,
        claim=opened.claim,
        gate=progress.plan.gate,
        repeats=evaluation.repeats,
        attempt=opened.attempt,
        verdict=progress.process.verdict.value,
        n=progress.process.n,
        passes=progress.passes,
        not_measured=progress.not_measured,
        estimate=EstimateFigures.of(assess_estimate(progress, bands)),
        baseline=None if baseline is None else EstimateFigures.of(baseline),
        disagreement=None if disagreement is None else EstimateFigures.of(disagreement),
        labels=found.labels,
        band=assess_band(bands),
        spent=assess_spent(progress, found.usage),
        environment=dict(found.environment),
        outcomes=progress.digest,
        started=found.started,
        finished=found.finished,
    )


def _trivial_baseline(evaluation: Evaluation, progress: Progress) -> Estimate | None:
    """Give the share that the trivial answer passes; None where the gate bets on something else than passes."""
    if is_graded(evaluation.scorer) or isinstance(evaluation.claim, ComparisonClaim):
        return None
    return assess_baseline(evaluation.scorer, progress.plan.items)


def _calibrate(
    evaluation: Evaluation, progress: Progress, given: Sequence[Label], catalog: Catalog
) -> LabelFigures | None:
    if not isinstance(evaluation.scorer, JudgedScorer):
        return None
    return assess_labels(progress, given, catalog=catalog, judge=evaluation.scorer.judge)


def _read_checked(question: Question) -> Items:
    """Read the items, and refuse what would spoil the run before anybody has looked at the data."""
    evaluation, dataset = question.evaluation, question.dataset
    if evaluation.dataset != dataset.name:
        message = f"evaluation {evaluation.name!r} asks for data set {evaluation.dataset!r}, not {dataset.name!r}"
        raise EvidenceError(message, "give it the one that it names")
    found = digest_of_bytes(question.data)
    if dataset.sealed and dataset.digest is None:
        raise EvidenceError(f"data set {dataset.name!r} is sealed without a digest", f"add `digest: {found}`")
    if dataset.digest not in {None, found}:
        message = f"the file of data set {dataset.name!r} is not the declared one: its digest is {found}"
        raise EvidenceError(message, "put the file back, or declare the new digest as a new version")
    items = read_items(question.data)
    check_items(evaluation.scorer, items)
    return items


def _open(question: Question, subject: Subject, bench: Workbench, items: Items) -> DatasetOpened:
    """Declare the look at the data, or find the one that this run continues.

    The items are noted before the ledger is asked, so that of two runs which open the same items at the same moment
    the one that comes second there finds the other.
    """
    asked = digests_of_asked(items)
    draft = _draft_opening(question, subject, bench, digest_of_items(asked))
    if (mine := _find_opening(question, bench, draft)) is not None:
        return mine
    standing: list[DatasetOpened] = []

    def plan_opening() -> DatasetOpened | None:
        if (mine := _find_opening(question, bench, draft)) is not None:
            standing.append(mine)
            return None
        sharing = bench.openings.read_sharing(draft.use_case, asked)
        attempt = plan_attempt(draft, _looks(bench, draft), sharing)
        return draft.model_copy(update={"attempt": attempt, "claim": _claim_at(question.evaluation, attempt)})

    try:
        bench.openings.append_items(draft.use_case, draft.run, asked)
        entry = bench.ledger.append_if(plan_opening)
    except EvidenceError:
        bench.openings.erase_items(draft.use_case, draft.run)
        raise
    if entry is not None:
        return entry.body
    bench.openings.erase_items(draft.use_case, draft.run)
    return standing[0]


def _looks(bench: Workbench, draft: DatasetOpened) -> list[DatasetOpened]:
    return [entry.body for entry in bench.ledger.read(kinds=(DatasetOpened,), use_case=draft.use_case)]


def _find_opening(question: Question, bench: Workbench, draft: DatasetOpened) -> DatasetOpened | None:
    """Find the look that this one continues, and make sure that it does so under the terms declared then."""
    for look in _looks(bench, draft):
        if is_same_process(look, draft):
            claim = _claim_at(question.evaluation, look.attempt)
            verify_continues(look, draft.model_copy(update={"claim": claim}))
            return look
    return None


def _draft_opening(question: Question, subject: Subject, bench: Workbench, items: str) -> DatasetOpened:
    """Give the look as it would be recorded, were it the first."""
    evaluation, catalog = question.evaluation, bench.catalog
    return DatasetOpened(
        run=mint_run_id(bench.clock()),
        use_case=subject.use_case,
        release=subject.release,
        evaluation=evaluation.name,
        dataset=question.dataset.name,
        dataset_digest=digest_of_bytes(question.data),
        sealed=question.dataset.sealed,
        items=items,
        measures=evaluation.measures,
        plan=digest_of_plan(catalog, evaluation),
        scorer=digest_of_scorer(catalog, evaluation.scorer),
        claim=_claim_at(evaluation, 1),
        attempt=1,
        seed=bench.draw_seed() if question.dataset.sealed else evaluation.seed,
    )


def _claim_at(evaluation: Evaluation, attempt: int) -> ClaimFigures:
    """Give the claim at an attempt, and refuse one that no number of items could decide."""
    try:
        design = plan_design(evaluation.claim, attempt)
        fixed_design(design.p0, design.p1, design.attempt_alpha, design.beta)
    except ValueError as error:
        message = f"the claim of evaluation {evaluation.name!r} cannot be tested at attempt {attempt}: {error}"
        raise EvidenceError(message, "mend the claim's p0, p1, alpha, beta or cap") from error
    return claim_figures(evaluation.claim, design)


async def _append_run(bench: Workbench, opened: DatasetOpened) -> Run:
    """Give the run that the journal keeps for an opening."""
    wanted = Run(
        opened.run,
        opened.use_case,
        opened.release,
        opened.evaluation,
        opened.dataset_digest,
        opened.attempt,
        bench.clock(),
    )
    run = await bench.journal.append_run(wanted)
    if run.id != opened.run:
        message = f"the ledger calls this run {opened.run} and the database {run.id}"
        raise EvidenceError(message, "restore the database and the ledger from the same backup")
    return run


def _find_finding(bench: Workbench, opened: DatasetOpened) -> Entry[Measurement] | None:
    entries = bench.ledger.read(kinds=(Measurement,), use_case=opened.use_case, release=opened.release)
    return next((entry for entry in entries if entry.body.run == opened.run), None)


def _append_finding(bench: Workbench, finding: Measurement) -> Entry[Measurement]:
    """Append the finding unless another process that carried out the same run was first."""
    standing: list[Entry[Measurement]] = []

    def plan_finding() -> Measurement | None:
        entries = bench.ledger.read(kinds=(Measurement,), use_case=finding.use_case, release=finding.release)
        standing.extend(entry for entry in entries if entry.body.run == finding.run)
        return None if standing else finding

    entry = bench.ledger.append_if(plan_finding)
    return standing[0] if entry is None else entry


def _surroundings() -> dict[str, str]:
    return {
        "tool": f"pilotage {version('pilotage')}",
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
    }
