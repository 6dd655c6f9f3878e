"""Imports results of other tools as Measurements of the current Release."""

from __future__ import annotations

import platform as machine
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.metadata import version

from pilotage.app.platform import Platform
from pilotage.core.canonical import digest_of_json
from pilotage.core.clock import format_time
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.core.statistics.design import fixed_design
from pilotage.evaluation.imports.outside import OutsideFinding, assess_imported, digest_of_units, mean_of_results
from pilotage.evaluation.imports.read import read_results
from pilotage.evaluation.imports.results import Choice, ImportedResults
from pilotage.evaluation.journal import mint_run_id
from pilotage.evaluation.openings import DatabaseOpenings
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.measurement import BandPoint, ClaimFigures, Measurement, SourceFigures, Spent
from pilotage.ledger.records.record import AmountFigures, EstimateFigures
from pilotage.ledger.records.release import Release
from pilotage.metering.totals import UsageTotals
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import plan_configuration
from pilotage.registry.kinds.outside_evaluation import OutsideEvaluation

CLOCK_SKEW = timedelta(minutes=5)
DATASET = "outside"
READER_VERSION = 1
"""Raised whenever a reader comes to read some file differently, so that a file read anew is a new look."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found.

    Attributes:
        measurement: the record's body.
        digest: digest of the record; None where nothing was recorded (a dry run).
        standing: whether the same file had been imported before, so that its record stands.
        proof: of an attack, what so many prompts can prove; else None.
    """

    measurement: Measurement
    digest: str | None
    standing: bool
    proof: str | None


def import_results(
    platform: Platform,
    name: str,
    data: bytes,
    choice: Choice,
    *,
    dry_run: bool = False,
    run: str | None = None,
    usage: UsageTotals | None = None,
) -> Imported:
    """Read the results of another tool, decide the claim of an OutsideEvaluation by them, and record the Measurement.

    Each import is a look at the claim: the first is attempt 1, and every other file, choice or Release is one more.
    The same file with the same choice for the same Release is given back as it stands.

    Args:
        platform: the installation.
        name: the OutsideEvaluation.
        data: the whole file.
        choice: what is picked where the file holds several results.
        dry_run: record nothing.
        run: id under which the gateway metered the run's calls, where it did; None makes one.
        usage: what the gateway metered; None: it saw nothing of it, so what it cost is unknown.

    Raises:
        UsageError: there is no such OutsideEvaluation.
        EvidenceError: the file cannot be read, or is no evidence; nothing is recorded.
    """
    catalog = platform.load_catalog()
    evaluation = require_outside(catalog, name)
    results = read_results(data, choice)
    assess_imported(evaluation, results, 1)  # what cannot be assessed is told before anything is recorded
    steward = platform.steward(alone=True)
    if not dry_run:
        steward.tick(platform.clock())
    root = plan_configuration(catalog, evaluation.use_case).root
    results = _with_marks(platform, evaluation, root, results)
    look = _Look(platform, catalog, evaluation, results, run or mint_run_id(platform.clock()), usage)
    if dry_run:
        return look.find()
    entry, found = _append(look)
    if entry is None:
        return found
    steward.tick(platform.clock())
    return replace(found, digest=entry.digest)


def _append(look: _Look) -> tuple[Entry[Measurement] | None, Imported]:
    """Record the look unless it stands already; its prompts are noted first, so that another at this moment sees it."""
    openings, use_case = DatabaseOpenings(look.platform.engine), look.evaluation.use_case
    found: list[Imported] = []

    def plan_finding() -> Measurement | None:
        found.append(look.find())
        return None if found[-1].standing else found[-1].measurement

    entry: Entry[Measurement] | None = None
    try:
        openings.append_items(use_case, look.run, look.asked)
        entry = look.platform.ledger.append_if(plan_finding)
    finally:
        if entry is None:
            openings.erase_items(use_case, look.run)
    return entry, found[-1]


def require_outside(catalog: Catalog, name: str) -> OutsideEvaluation:
    """Give an OutsideEvaluation.

    Raises:
        UsageError: it is not declared; lists those that are.
    """
    if name not in catalog.outside_evaluations:
        known = ", ".join(sorted(catalog.outside_evaluations)) or "none"
        remedy = f"the registry declares: {known}; write a document of `kind: OutsideEvaluation`"
        raise UsageError(f"there is no OutsideEvaluation {name!r}", remedy)
    return catalog.outside_evaluations[name]


def read_imported(platform: Platform, use_case: str | None = None) -> list[Entry[Measurement]]:
    """Give all imported Measurements, in the order of the ledger."""
    entries = platform.ledger.read(kinds=(Measurement,), use_case=use_case)
    return [entry for entry in entries if entry.body.source is not None]


def _with_marks(
    platform: Platform, evaluation: OutsideEvaluation, root: str, results: ImportedResults
) -> ImportedResults:
    """Add what the file's dates tell: a run before its Release may have asked another one, and no date is no proof.

    Raises:
        EvidenceError: the file is dated in the future.
    """
    ended = results.finished or results.started
    if ended is None:
        return replace(results, marks=(*results.marks, "undated"))
    if ended > platform.clock() + CLOCK_SKEW:
        message = f"the file is dated {format_time(ended)}, which is still to come"
        raise EvidenceError(message, "set the clock of the machine that wrote it, and run the tool again")
    releases = platform.ledger.read(kinds=(Release,), use_case=evaluation.use_case, release=root, limit=1)
    began = results.started or ended
    if not releases or began < releases[0].recorded_at:
        return replace(results, marks=(*results.marks, "before-release"))
    return results


@dataclass(slots=True)
class _Look:
    """One import on its way: what is read, for which claim, and under which run's id."""

    platform: Platform
    catalog: Catalog
    evaluation: OutsideEvaluation
    results: ImportedResults
    run: str
    usage: UsageTotals | None

    @property
    def asked(self) -> tuple[str, ...]:
        """Digests of the prompts, each once."""
        return tuple(sorted({unit.id for unit in self.results.units}))

    def find(self) -> Imported:
        """Give the record that stands for this very import, or draft one as the next attempt."""
        entries = read_imported(self.platform, self.evaluation.use_case)
        draft, finding = _draft(self, 1)
        for entry in entries:
            if _identity(entry.body) == _identity(draft):
                finding = assess_imported(self.evaluation, self.results, entry.body.attempt)
                return Imported(entry.body, entry.digest, standing=True, proof=finding.proof)
        sharing = DatabaseOpenings(self.platform.engine).read_sharing(self.evaluation.use_case, self.asked)
        attempt = 1 + sum(_is_same_claim(entry.body, draft, sharing) for entry in entries)
        if attempt > 1:
            draft, finding = _draft(self, attempt)
        return Imported(draft, None, standing=False, proof=finding.proof)


def _identity(body: Measurement) -> tuple[object, ...]:
    """What makes two imports the same look."""
    source = body.source
    return (body.evaluation, body.release, body.plan, body.scorer, source and (source.file, source.task))


def _is_same_claim(body: Measurement, draft: Measurement, sharing: AbstractSet[str]) -> bool:
    """Tell whether an earlier import was an attempt at the same claim; renaming the evaluation makes no new one."""
    return (
        body.evaluation == draft.evaluation
        or body.dataset_digest == draft.dataset_digest
        or (body.scorer == draft.scorer and body.run in sharing)
    )


def _draft(look: _Look, attempt: int) -> tuple[Measurement, OutsideFinding]:
    """Write down what was found, as a certain attempt.

    Raises:
        EvidenceError: the claim cannot be tested at so late an attempt.
    """
    evaluation, results = look.evaluation, look.results
    finding = assess_imported(evaluation, results, attempt)
    configuration = plan_configuration(look.catalog, evaluation.use_case)
    claim, design, now = evaluation.claim, finding.design, look.platform.clock()
    finished = results.finished or results.started or now
    started = results.started or finished
    try:
        yardstick = fixed_design(design.p0, design.p1, design.attempt_alpha, design.beta).n
    except ValueError as error:
        message = f"the claim of {evaluation.name} cannot be tested at attempt {attempt}: {error}"
        raise EvidenceError(message, "mend the claim's p0, p1, alpha or beta") from error
    estimate = finding.estimate
    declared = evaluation.model_dump(mode="json", include={"use_case", "tool", "claim", "measures", "population"})
    measurement = Measurement(
        run=look.run,
        use_case=evaluation.use_case,
        release=configuration.root,
        parts=configuration.parts,
        evaluation=evaluation.name,
        measures=evaluation.measures,
        dataset=DATASET,
        dataset_digest=results.digest,
        dataset_items=results.n,
        sealed=False,
        sample=False,
        scorer=digest_of_json({"tool": results.tool, "task": results.task, "reader": READER_VERSION}),
        plan=digest_of_json({"outside": declared}),
        claim=ClaimFigures(
            form=claim.form,
            text=claim.text,
            p0=claim.p0,
            p1=claim.p1,
            alpha=design.attempt_alpha,
            beta=claim.beta,
            cap=claim.cap,
        ),
        gate="fixed-n",
        repeats=results.repeats,
        attempt=attempt,
        verdict=finding.verdict.value,
        n=results.n,
        passes=finding.passes,
        not_measured=results.not_measured,
        estimate=EstimateFigures.of(estimate),
        baseline=None,
        disagreement=None,
        source=SourceFigures(
            tool=results.tool,
            tool_version=results.tool_version,
            file=results.digest,
            task=results.task,
            marks=results.marks,
        ),
        band=(BandPoint(n=results.n, point=mean_of_results(results), low=estimate.low, high=estimate.high),),
        spent=_spent(look, yardstick, (finished - started).total_seconds()),
        environment={
            "tool": f"{results.tool} {results.tool_version}",
            "imported with": f"pilotage {version('pilotage')}",
            "platform": f"{machine.system()} {machine.machine()}",
        },
        outcomes=digest_of_units(results),
        started=min(started, finished),
        finished=finished,
    )
    return measurement, finding


def _spent(look: _Look, yardstick: int, seconds: float) -> Spent:
    """Say what the run cost: what the gateway metered of it; else the calls that the file tells of, and no more."""
    usage = look.usage or UsageTotals()
    known_money = usage.calls > 0 and usage.unknown_cost == 0 and len(usage.money) == 1
    known_tokens = usage.calls > 0 and usage.unknown_usage == 0
    return Spent(
        calls=usage.calls or look.results.asked,
        calls_fixed_design=yardstick,
        tokens_in=usage.tokens_in if known_tokens else None,
        tokens_out=usage.tokens_out if known_tokens else None,
        money=AmountFigures.of(usage.money[0]) if known_money else None,
        energy=None if usage.energy is None or usage.unknown_energy else AmountFigures.of(usage.energy),
        seconds=round(max(seconds, 0.0), 3),
    )
