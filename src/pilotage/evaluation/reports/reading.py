"""Reads runs: which there are, the report of one, its items with their texts, and what differs between two."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, cast

import sqlalchemy as sa

from pilotage.core.errors import EvidenceError, UsageError
from pilotage.evaluation.journal import subject_of_run
from pilotage.evaluation.labels.queue import Judged, Lot
from pilotage.evaluation.outcome import State
from pilotage.evaluation.reports.difference import Difference, plan_difference, same_order
from pilotage.evaluation.reports.item_lines import (
    ERASED,
    MISSING,
    NO_ANSWER,
    ItemLine,
    ItemPage,
    PairLine,
    PairPage,
    Texts,
    text_of_json,
)
from pilotage.evaluation.reports.item_reading import (
    Span,
    read_calls,
    read_counts,
    read_discordant,
    read_every_line,
    read_item_lines,
    read_pacing,
    read_pair_slots,
    read_pairs,
    read_prefix,
    read_slots,
)
from pilotage.evaluation.reports.report import (
    Counts,
    Labelling,
    RunFacts,
    RunLine,
    RunReport,
    plan_line,
    plan_report,
)
from pilotage.ledger.entry import Entry
from pilotage.ledger.protocol import LedgerStore
from pilotage.ledger.records.measurement import DatasetOpened, Measurement
from pilotage.registry.catalog import Catalog
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import JudgedScorer
from pilotage.storage.engine import read_transaction
from pilotage.storage.tables import artefact_key
from pilotage.storage.tables import label as label_table
from pilotage.storage.tables import outcome as outcome_table
from pilotage.storage.tables import run as run_table

PAGE_SIZE = 25
"""Items on one page."""
MOST_HELD = 256
"""Finished runs of which counts are kept at hand."""
MOST_EARLIER = 60
"""Runs of the same evaluation that a report holds, the newest."""

_BACK = re.compile(r"(?P<name>[a-z0-9-]+)(?:~(?P<back>[0-9]{1,4}))?")
_RUN = re.compile(r"[0-9A-Z]{1,26}")
_MOST_NAMED = 8

ReadItems = Callable[[str, str, Iterable[str]], Mapping[str, Item]]
"""Gives items of a data set by name, digest of its file, and ids; those that are not there any more are left out."""


class ReadArtefact(Protocol):
    """Gives the content of a digest that belongs to a subject (`ArtefactStore.read_artefact`)."""

    def __call__(self, digest: str, *, subject: str | None = None) -> bytes:
        """Read one artefact.

        Raises:
            EvidenceError: it is not there, or was erased.
        """
        ...


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger says of one run."""

    opened: DatasetOpened | None
    finding: Entry[Measurement] | None
    started: datetime

    @property
    def line(self) -> RunLine:
        return plan_line(self.opened, self.finding, self.started)


class RunReader:
    """Reads the runs of one installation."""

    def __init__(
        self, engine: sa.Engine, ledger: LedgerStore, read_artefact: ReadArtefact, read_items: ReadItems
    ) -> None:
        """Read from a database, its ledger, the store of answers, and the files of data sets."""
        self._engine = engine
        self._ledger = ledger
        self._read_artefact = read_artefact
        self._read_items = read_items
        self._finished: dict[str, RunFacts] = {}

    def read_lines(self, *, use_case: str | None = None) -> tuple[RunLine, ...]:
        """Give all runs, or those of a use case, oldest first."""
        return tuple(sorted((known.line for known in self._known(use_case).values()), key=_by_start))

    def find_run(self, wanted: str) -> str:
        """Find a run by its id, the beginning of one, or its evaluation: `NAME` is the latest, `NAME~1` one before.

        Raises:
            UsageError: there is none, or there are several; those that come near are named.
        """
        lines = self.read_lines()
        named = _BACK.fullmatch(wanted)
        runs = [line for line in lines if named is not None and line.evaluation == named["name"]]
        if named is not None and runs:
            back = int(named["back"] or 0)
            if back < len(runs):
                return runs[-1 - back].run
            message = f"there are {len(runs)} runs of {named['name']}, so none is {wanted}"
            raise UsageError(message, f"use one of: {_names(runs)}")
        upper = wanted.upper()
        found = [line for line in lines if _RUN.fullmatch(upper) and line.run.startswith(upper)]
        if len(found) == 1:
            return found[0].run
        if found:
            raise UsageError(f"{len(found)} runs begin with {wanted}", f"write more of one of: {_names(found)}")
        if not lines:
            message = f"there is no run {wanted!r}, and none at all yet"
            raise UsageError(message, "measure something: `pilotage evaluation run NAME`")
        evaluations = ", ".join(sorted({line.evaluation for line in lines}))
        message = f"there is no run {wanted!r}"
        raise UsageError(message, f"name a run ({_names(lines)}) or the latest of an evaluation ({evaluations})")

    def find_latest(self, evaluation: str, release: str) -> str | None:
        """Give the latest run of an evaluation that asked a Release; None where there is none."""
        mine = [line.run for line in self.read_lines() if (line.evaluation, line.release) == (evaluation, release)]
        return mine[-1] if mine else None

    def read_report(self, run: str, catalog: Catalog | None) -> RunReport | None:
        """Give the report of a run by its full id; None where there is none."""
        use_case = self._use_case_of(run)
        if use_case is None:
            return None
        everything = self._known(use_case)
        known = everything.get(run)
        if known is None:
            return None
        span = self.span_of(known.line)
        siblings = sorted(
            (
                line
                for other in everything.values()
                if other.finding is not None and (line := other.line).evaluation == known.line.evaluation
            ),
            key=_by_end,
        )
        facts = replace(
            self._facts(span, known),
            labelling=None if known.finding is not None else self._labelling(known, catalog),
            earlier=tuple(siblings[-MOST_EARLIER:]),
            benign=_benign(known.line, everything.values(), catalog),
        )
        return plan_report(facts, known.line, catalog)

    def span_of(self, line: RunLine) -> Span:
        """Give the items of a run that count: those of its verdict, or, before that, those up to the first gap."""
        return Span(line.run, line.n if line.finished is not None else read_prefix(self._engine, line.run))

    def read_page(self, report: RunReport, state: State | None = None, page: int = 1) -> ItemPage:
        """Give one page of a run's items: failures first, then what was not measured, then what passed.

        A page beyond the last gives the last.
        """
        span = self.span_of(report.line)
        counts = report.counts
        totals: dict[State, int] = {"fail": counts.failed, "not-measured": counts.not_measured, "pass": counts.passed}
        if state is not None:
            totals = {state: totals[state]}
        total = sum(totals.values())
        page, pages = _place(page, total)
        slots: list[int] = []
        skipped = (page - 1) * PAGE_SIZE
        for each, count in totals.items():
            if skipped < count and len(slots) < PAGE_SIZE:
                limit = PAGE_SIZE - len(slots)
                slots.extend(read_slots(self._engine, span, each, offset=skipped, limit=limit))
            skipped = max(0, skipped - count)
        return ItemPage(read_item_lines(self._engine, span.run, slots), state, page, pages, total)

    def read_every_item(self, report: RunReport) -> Iterator[tuple[ItemLine, Texts | None]]:
        """Give every item that counts, in the order of the schedule, with its texts; a few are held at a time."""
        chunk: list[ItemLine] = []
        for line in read_every_line(self._engine, self.span_of(report.line)):
            chunk.append(line)
            if len(chunk) == PAGE_SIZE:
                yield from self._with_texts(report, chunk)
                chunk = []
        yield from self._with_texts(report, chunk)

    def read_texts(self, report: RunReport, lines: Sequence[ItemLine]) -> dict[int, Texts]:
        """Give what some items asked and what was answered, by slot; nothing of sealed data."""
        if report.sealed or not lines:
            return {}
        items = self._read_items(report.dataset, report.line.dataset_digest, [line.item for line in lines])
        erased = self._is_erased(report.line.run)
        texts: dict[int, Texts] = {}
        for line in lines:
            item = items.get(line.item)
            expected = None if item is None or item.expected is None else text_of_json(item.expected)
            answers = tuple(
                NO_ANSWER if digest is None else ERASED if erased else self._answer(report.line.run, digest)
                for digest in line.digests
            )
            texts[line.slot] = Texts(None if item is None else text_of_json(item.input), expected, answers)
        return texts

    def read_difference(self, first: RunReport, second: RunReport) -> Difference:
        """Compare two runs on the items that both asked; the second is the later one or the better one."""
        one, other = self._spans(first.line, second.line)
        pairs = read_pairs(self._engine, one, other, same_order=same_order(first.line, second.line))
        return plan_difference(first.line, second.line, pairs)

    def read_pair_page(self, first: RunReport, second: RunReport, difference: Difference, page: int = 1) -> PairPage:
        """Give one page of the items that two runs treated differently: those that got worse first."""
        one, other = self._spans(first.line, second.line)
        total = difference.pairs.worse + difference.pairs.better
        page, pages = _place(page, total)
        slots = read_pair_slots(
            self._engine,
            one,
            other,
            same_order=same_order(first.line, second.line),
            offset=(page - 1) * PAGE_SIZE,
            limit=PAGE_SIZE,
        )
        before = read_item_lines(self._engine, one.run, [pair.first for pair in slots])
        after = read_item_lines(self._engine, other.run, [pair.second for pair in slots])
        return PairPage(tuple(PairLine(was, now) for was, now in zip(before, after, strict=True)), page, pages, total)

    def _spans(self, first: RunLine, second: RunLine) -> tuple[Span, Span]:
        """Give what of two runs is compared: of runs in the same order only the beginning that both asked."""
        one, other = self.span_of(first), self.span_of(second)
        if same_order(first, second):
            below = min(one.below, other.below)
            return Span(one.run, below), Span(other.run, below)
        return one, other

    def _with_texts(self, report: RunReport, lines: Sequence[ItemLine]) -> Iterator[tuple[ItemLine, Texts | None]]:
        texts = self.read_texts(report, lines)
        return ((line, texts.get(line.slot)) for line in lines)

    def _known(self, use_case: str | None) -> dict[str, _Known]:
        """Read what the ledger says of all runs, by id."""
        found: dict[str, _Known] = {}
        for entry in self._ledger.read(kinds=(DatasetOpened, Measurement), use_case=use_case):
            body = entry.body
            if isinstance(body, DatasetOpened):
                found[body.run] = _Known(body, None, entry.recorded_at)
            else:
                before = found.get(body.run)
                opened = None if before is None else before.opened
                found[body.run] = _Known(opened, cast("Entry[Measurement]", entry), body.started)
        return found

    def _use_case_of(self, run: str) -> str | None:
        """Find the use case of a run: in the table of runs, or else, for results of another tool, in the ledger."""
        with read_transaction(self._engine) as connection:
            found = connection.execute(sa.select(run_table.c.use_case).where(run_table.c.id == run)).scalar()
        if found is not None:
            return str(found)
        known = self._known(None).get(run)
        return None if known is None else known.line.use_case

    def _facts(self, span: Span, known: _Known) -> RunFacts:
        """Read what the outcomes of a run come to; those of a finished run never change, so they are read once."""
        held = self._finished.get(span.run)
        if held is not None:
            return held
        facts = RunFacts(
            opened=known.opened,
            finding=known.finding,
            counts=self._counts(span, known),
            discordant=read_discordant(self._engine, span) if known.line.claim.form == "comparison" else None,
            pacing=read_pacing(self._engine, span),
            calls=read_calls(self._engine, span),
        )
        if known.finding is not None:
            if len(self._finished) >= MOST_HELD:
                self._finished.clear()
            self._finished[span.run] = facts
        return facts

    def _counts(self, span: Span, known: _Known) -> Counts:
        """Count the items; of results that came as a summary there are only the figures of the record."""
        counts = read_counts(self._engine, span)
        if counts.n or known.finding is None:
            return counts
        body = known.finding.body
        return Counts(max(0, body.n - body.passes - body.not_measured), body.not_measured, body.passes)

    def _labelling(self, known: _Known, catalog: Catalog | None) -> Labelling | None:
        """Say how many of the answers drawn are labelled; None where no judge decides."""
        evaluation = None if catalog is None else catalog.evaluations.get(known.line.evaluation)
        if evaluation is None or not isinstance(evaluation.scorer, JudgedScorer) or known.opened is None:
            return None
        lot = Lot(known.opened.run, evaluation.scorer.label_share)
        ask, given = outcome_table.c, label_table.c
        answered = (
            sa.select(ask.slot, ask.item, ask.state, ask.score)
            .where(ask.run == known.opened.run, ask.state != "not-measured")
            .order_by(ask.slot)
        )
        with read_transaction(self._engine) as connection:
            labelled = set(connection.execute(sa.select(given.slot).where(given.run == known.opened.run)).scalars())
            rows = connection.execution_options(yield_per=1_000).execute(answered)
            drawn = [
                slot
                for slot, item, state, score in rows
                if lot.draws(Judged(slot, item, float(state == "pass") if score is None else score))
            ]
        return Labelling(len(drawn), sum(slot in labelled for slot in drawn))

    def _is_erased(self, run: str) -> bool:
        """Tell whether the answers of a run were erased."""
        erased = sa.select(artefact_key.c.erased_at).where(artefact_key.c.subject == subject_of_run(run))
        with read_transaction(self._engine) as connection:
            return connection.execute(erased).scalar() is not None

    def _answer(self, run: str, digest: str) -> str:
        try:
            return self._read_artefact(digest, subject=subject_of_run(run)).decode("utf-8", "backslashreplace")
        except EvidenceError:
            return MISSING


def _place(page: int, total: int) -> tuple[int, int]:
    """Give the page that is shown, and how many there are."""
    pages = max(1, -(-total // PAGE_SIZE))
    return min(max(page, 1), pages), pages


def _benign(line: RunLine, others: Iterable[_Known], catalog: Catalog | None) -> Measurement | None:
    """Give the verdict on benign items that stands beside an attack: of the same Release, else the last of any."""
    evaluation = None if catalog is None else catalog.evaluations.get(line.evaluation)
    if evaluation is None or evaluation.benign is None:
        return None
    found = [one.finding.body for one in others if one.finding and one.finding.body.evaluation == evaluation.benign]
    mine = [body for body in found if body.release == line.release]
    return (mine or found or [None])[-1]


def _by_start(line: RunLine) -> tuple[datetime, str]:
    return line.started, line.run


def _by_end(line: RunLine) -> tuple[datetime, str]:
    return line.finished or line.started, line.run


def _names(lines: Sequence[RunLine]) -> str:
    shown = [f"{line.run} ({line.evaluation})" for line in reversed(lines[-_MOST_NAMED:])]
    return ", ".join(shown) + (f" and {len(lines) - _MOST_NAMED} older" if len(lines) > _MOST_NAMED else "")
