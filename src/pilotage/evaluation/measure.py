"""Measures a Release: declares the claim in the ledger, runs or continues its gate, and appends what was found."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.clock import Clock
from pilotage.core.errors import EvidenceError
from pilotage.core.statistics.design import fixed_design
from pilotage.core.statistics.sequence import Band, confidence_sequence, estimate_of_gate
from pilotage.evaluation.attempts import is_same_process, plan_attempt, verify_continues
from pilotage.evaluation.dataset import read_items
from pilotage.evaluation.journal import Journal, Run, mint_run_id
from pilotage.evaluation.pace import Pace
from pilotage.evaluation.plan import (
    Progress,
    assess_disagreement,
    digest_of_outcomes,
    plan_design,
    plan_progress,
    plan_run,
)
from pilotage.evaluation.runner import Watch, run_plan
from pilotage.evaluation.scorers.score import assess_baseline, check_items
from pilotage.evaluation.target import Target
from pilotage.ledger.entry import Entry
from pilotage.ledger.protocol import LedgerStore
from pilotage.ledger.records.measurement import BandPoint, ClaimFigures, DatasetOpened, Measurement, Spent
from pilotage.ledger.records.record import AmountFigures, EstimateFigures
from pilotage.metering.usage import UsageTotals
from pilotage.registry.configuration import digest_of_scorer
from pilotage.registry.items import Item
from pilotage.registry.kinds.dataset import Dataset
from pilotage.registry.kinds.evaluation import Evaluation

MOST_BAND_POINTS = 120


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
        ledger: where the look at the data and the finding are recorded.
        journal: where outcomes are kept.
        clock: the present moment.
        read_run_usage: what the gateway metered for a run, by the run's id.
    """

    ledger: LedgerStore
    journal: Journal
    clock: Clock
    read_run_usage: Callable[[str], UsageTotals]


async def measure(
    question: Question,
    subject: Subject,
    target: Target,
    bench: Workbench,
    *,
    environment: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> Entry[Measurement]:
    """Run the gate of an evaluation for a Release to its end, or continue it, and give the record of what was found.

    One Release, evaluation and version of a data set are one process: measuring again continues it, and a finished
    one is given back without a call. The look at the data is in the ledger before the first call.

    Args:
        question: what is put.
        subject: the Release that the target serves.
        target: whom to ask.
        bench: ledger, journal, clock and meter.
        environment: more about who tested and how the surroundings differ, for the record.
        watch: told after each outcome.

    Raises:
        EvidenceError: the data set, claim or scorer cannot be used, the terms changed after the data were opened, or
            the target is away; nothing false is recorded, and measuring again goes on.
    """
    items = _read_checked(question)
    opened = await asyncio.to_thread(_open, question, subject, bench)
    standing = await asyncio.to_thread(_find_finding, bench, opened)
    if standing is not None:
        return standing
    evaluation = question.evaluation
    run = await bench.journal.append_run(
        Run(
            opened.run,
            opened.use_case,
            opened.release,
            opened.evaluation,
            opened.dataset_digest,
            opened.attempt,
            bench.clock(),
        )
    )
    if run.id != opened.run:
        message = f"the ledger calls this run {opened.run} and the database {run.id}"
        raise EvidenceError(message, "restore the database and the ledger from the same backup")
    plan = plan_run(items, evaluation.claim, attempt=opened.attempt, repeats=evaluation.repeats, seed=evaluation.seed)
    progress = plan_progress(plan, await bench.journal.read_outcomes(run.id))
    pace = Pace(evaluation.concurrency, evaluation.calls_per_second, evaluation.timeout_seconds, evaluation.retries)
    await run_plan(
        progress,
        run=run.id,
        scorer=evaluation.scorer,
        target=target,
        journal=bench.journal,
        pace=pace,
        watch=watch,
    )
    usage = await asyncio.to_thread(bench.read_run_usage, run.id)
    counted = progress.counted()
    disagreement = assess_disagreement(progress)
    baseline = assess_baseline(evaluation.scorer, items)
    bands = assess_bands(progress)
    finding = Measurement(
        run=run.id,
        use_case=subject.use_case,
        release=subject.release,
        parts=dict(subject.parts),
        evaluation=evaluation.name,
        measures=evaluation.measures,
        dataset=question.dataset.name,
        dataset_digest=opened.dataset_digest,
        dataset_items=len(items),
        sealed=question.dataset.sealed,
        sample=question.dataset.sample,
        scorer=opened.scorer,
        claim=opened.claim,
        attempt=opened.attempt,
        verdict=progress.process.verdict.value,
        n=progress.process.n,
        passes=progress.process.passes,
        not_measured=sum(one.outcome.state == "not-measured" for one in counted),
        estimate=EstimateFigures.of(estimate_of_gate(progress.process, bands)),
        baseline=None if baseline is None else EstimateFigures.of(baseline),
        disagreement=None if disagreement is None else EstimateFigures.of(disagreement),
        band=assess_band(bands),
        spent=assess_spent(progress, usage),
        environment={**_surroundings(), "target": target.name, **(environment or {})},
        outcomes=digest_of_outcomes(counted),
        started=run.started,
        finished=bench.clock(),
    )
    entry = await asyncio.to_thread(_append_finding, bench, finding)
    await bench.journal.append_finish(run.id, entry.body.finished)
    return entry


def assess_bands(progress: Progress) -> list[Band]:
    """Give the band behind the verdict after each item that counts."""
    outcomes = [one.outcome.gate_value for one in progress.counted()]
    return confidence_sequence(outcomes, confidence=1 - 2 * progress.plan.design.attempt_alpha)


def assess_band(band: Sequence[Band], most: int = MOST_BAND_POINTS) -> tuple[BandPoint, ...]:
    """Thin a band evenly for a chart; the first and the last point stay."""
    last = len(band) - 1
    kept = sorted({round(step * last / (most - 1)) for step in range(most)}) if last >= most else range(last + 1)
    return tuple(BandPoint(n=at.n, point=at.point, low=at.low, high=at.high) for at in (band[i] for i in kept))


def assess_spent(progress: Progress, usage: UsageTotals) -> Spent:
    """Say what a run cost, from what was metered; what was metered for a part of the calls only is unknown.

    A target that does not pass on the run's id leaves nothing in the meter: then the calls are those that we made,
    and the rest is unknown.
    """
    design = progress.plan.design
    recorded = progress.recorded.values()
    known_tokens = usage.calls > 0 and usage.unknown_usage == 0
    known_money = usage.calls > 0 and usage.unknown_cost == 0 and len(usage.money) == 1
    known_energy = usage.unknown_energy == 0 and usage.energy is not None
    return Spent(
        calls=usage.calls or sum(one.tries for one in recorded),
        calls_fixed_design=fixed_design(design.p0, design.p1, design.attempt_alpha, design.beta).n,
        tokens_in=usage.tokens_in if known_tokens else None,
        tokens_out=usage.tokens_out if known_tokens else None,
        money=AmountFigures.of(usage.money[0]) if known_money else None,
        energy=AmountFigures.of(usage.energy) if known_energy and usage.energy is not None else None,
        seconds=round(sum(one.seconds for one in recorded), 3),
    )


def _read_checked(question: Question) -> tuple[Item, ...]:
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


def _open(question: Question, subject: Subject, bench: Workbench) -> DatasetOpened:
    """Declare the look at the data, or find the one that this run continues."""
    run = mint_run_id(bench.clock())
    standing: list[DatasetOpened] = []

    def plan_opening() -> DatasetOpened | None:
        entries = bench.ledger.read(kinds=(DatasetOpened,), use_case=subject.use_case)
        looks = [entry.body for entry in entries]
        draft = _draft_opening(question, subject, run, attempt=1)
        mine = next((look for look in looks if is_same_process(look, draft)), None)
        if mine is None:
            return _draft_opening(question, subject, run, attempt=plan_attempt(draft, looks))
        verify_continues(mine, _draft_opening(question, subject, run, attempt=mine.attempt))
        standing.append(mine)
        return None

    entry = bench.ledger.append_if(plan_opening)
    return standing[0] if entry is None else entry.body


def _draft_opening(question: Question, subject: Subject, run: str, *, attempt: int) -> DatasetOpened:
    evaluation = question.evaluation
    claim = evaluation.claim
    try:
        design = plan_design(claim, attempt)
        fixed_design(design.p0, design.p1, design.attempt_alpha, design.beta)
    except ValueError as error:
        message = f"the claim of evaluation {evaluation.name!r} cannot be tested at attempt {attempt}: {error}"
        raise EvidenceError(message, "mend the claim's p0, p1, alpha, beta or cap") from error
    return DatasetOpened(
        run=run,
        use_case=subject.use_case,
        release=subject.release,
        evaluation=evaluation.name,
        dataset=question.dataset.name,
        dataset_digest=digest_of_bytes(question.data),
        sealed=question.dataset.sealed,
        scorer=digest_of_scorer(evaluation.scorer),
        claim=ClaimFigures(
            text=claim.text,
            p0=claim.p0,
            p1=claim.p1,
            alpha=design.attempt_alpha,
            beta=claim.beta,
            cap=claim.cap,
        ),
        attempt=attempt,
        seed=evaluation.seed,
    )


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
