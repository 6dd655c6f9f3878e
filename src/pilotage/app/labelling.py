"""One person's turn at labelling the answers of a judged run: what waits, what is shown of it, and what was said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pilotage.app.platform import Platform
from pilotage.core.canonical import Json
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.core.statistics.agreement import LabellerAgreement, assess_labellers
from pilotage.evaluation.dataset import read_items
from pilotage.evaluation.journal import read_page, subject_of_run
from pilotage.evaluation.labels.label import Label, labels_for_gate, pairs_of_labellers
from pilotage.evaluation.labels.queue import Judged, Lot, plan_labels
from pilotage.evaluation.labels.store import DatabaseLabels
from pilotage.evaluation.plan import Ask, Recorded, plan_run
from pilotage.evaluation.progress import LABEL_BLOCK, plan_progress
from pilotage.ledger.records.measurement import DatasetOpened
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import digest_of_plan, plan_configuration
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.scorer import JudgedScorer


@dataclass(frozen=True, slots=True)
class Shown:
    """What a labeller sees of an answer: nothing of who wrote it, nor of what anybody made of it.

    Attributes:
        question: what was asked.
        reference: what was expected; None where the item says nothing of it.
        answer: what was answered.
    """

    question: Json
    reference: Json
    answer: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the labels of a run are.

    Attributes:
        drawn: answers so far that are drawn by lot to be labelled.
        labelled: of these, how many are.
        waiting: answers that wait for this labeller.
        decided: whether the gate needs no more of them.
        agreement: how far two labellers agree; None where no answer has two labels.
    """

    drawn: int
    labelled: int
    waiting: int
    decided: bool
    agreement: LabellerAgreement | None


def require_labeller(catalog: Catalog, handle: str | None) -> str:
    """Give the handle of who labels: the one that is named, else that of the only person there is.

    Raises:
        UsageError: nobody has it, or there are several people and none is named.
    """
    people = sorted(member.name for team in catalog.teams.values() for member in team.members)
    if handle is None and len(people) == 1:
        return people[0]
    if handle in people:
        return handle
    known = f"the teams' members are: {', '.join(people)}" if people else "add yourself under `members:` of a Team"
    if handle is None:
        raise UsageError("it must be said who labels", f"add --by HANDLE; {known}")
    raise UsageError(f"no team has a member {handle!r}", known)


class Labelling:
    """A labeller's turn; each label is durable when it is given, so that a turn can end at any moment."""

    def __init__(self, platform: Platform, evaluation: str, *, labeller: str, second: bool) -> None:
        """Find the run that asks the current Release under the terms that are declared now.

        Args:
            platform: the installation.
            evaluation: name of the judged evaluation.
            labeller: the handle of who labels.
            second: give a second opinion on what others labelled.

        Raises:
            UsageError: there is no such evaluation, or no judge decides it.
            EvidenceError: nothing was asked yet.
        """
        loaded = platform.load_registry()
        self.evaluation, self._scorer = _require_judged(loaded.catalog, evaluation)
        self.labeller = labeller
        self._second = second
        self._platform = platform
        self._store = DatabaseLabels(platform.engine, platform.clock)
        opened = _find_opening(platform, loaded.catalog, self.evaluation)
        self.run = opened.run
        items = read_items(loaded.datasets[self.evaluation.dataset])
        self._plan = plan_run(items, self.evaluation, attempt=opened.attempt, run=opened.run, seed=opened.seed)

    def plan_queue(self) -> tuple[int, ...]:
        """Give the slots that wait for this labeller, the first to be shown first; none once the gate has decided.

        A second opinion is asked for after the decision too: it changes nothing that counted.
        """
        return self._read().queue

    def read_standing(self) -> Standing:
        """Read how far the labels are."""
        read = self._read()
        pairs = pairs_of_labellers(read.labels)
        return Standing(
            drawn=len(read.drawn),
            labelled=len(read.drawn & labels_for_gate(read.labels).keys()),
            waiting=len(read.queue),
            decided=read.decided,
            agreement=assess_labellers(pairs) if pairs else None,
        )

    def read_shown(self, slot: int) -> Shown:
        """Read what a labeller sees of the answer at a slot.

        Raises:
            EvidenceError: the answers of the run were erased.
        """
        item = self._plan.item(slot)
        return Shown(item.input, item.expected, self._read_answer(slot))

    def give(self, slot: int, *, good: bool) -> None:
        """Keep this labeller's label of an answer."""
        self._store.append_label(self.run, slot, labeller=self.labeller, value=float(good))

    def take_back(self, slot: int) -> None:
        """Take this labeller's label of an answer back."""
        self._store.erase_label(self.run, slot, labeller=self.labeller)

    def _read(self) -> _Read:
        labels = self._store.read_labels(self.run)
        recorded = list(self._read_outcomes())
        progress = plan_progress(self._plan, recorded, labels_for_gate(labels))
        judged = [
            Judged(ask.slot, one.item, grade) for ask, one in recorded if (grade := one.outcome.grade) is not None
        ]
        lot = Lot(self.run, self._scorer.label_share)
        queue: tuple[int, ...] = ()
        if self._second or not progress.decided:
            queue = plan_labels(judged, labels, lot, labeller=self.labeller, block=LABEL_BLOCK, second=self._second)
        drawn = frozenset(one.slot for one in judged if lot.draws(one))
        return _Read(labels, drawn, queue, progress.decided)

    def _read_outcomes(self) -> Iterator[tuple[Ask, Recorded]]:
        after: Ask | None = None
        while page := read_page(self._platform.engine, self.run, after):
            yield from page
            after = page[-1][0]

    def _read_answer(self, slot: int) -> str:
        before = Ask(slot - 1, self._plan.repeats)
        ((_, recorded), *_) = read_page(self._platform.engine, self.run, before, limit=1)
        if recorded.answer is None:
            raise EvidenceError(f"the answer at slot {slot} was not kept", "measure the Release again")
        data = self._platform.artefacts.read_artefact(recorded.answer, subject=subject_of_run(self.run))
        return data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a run, all at one moment."""

    labels: tuple[Label, ...]
    drawn: frozenset[int]
    queue: tuple[int, ...]
    decided: bool


def _require_judged(catalog: Catalog, name: str) -> tuple[Evaluation, JudgedScorer]:
    judged = sorted(each.name for each in catalog.evaluations.values() if isinstance(each.scorer, JudgedScorer))
    known = f"those that a judge decides: {', '.join(judged) or 'none'}"
    if name not in catalog.evaluations:
        raise UsageError(f"there is no evaluation {name!r}", known)
    evaluation = catalog.evaluations[name]
    if not isinstance(evaluation.scorer, JudgedScorer):
        message = f"no judge decides the evaluation {name!r}; its scorer is {evaluation.scorer.type}"
        raise UsageError(message, f"labels correct a judge; {known}")
    return evaluation, evaluation.scorer


def _find_opening(platform: Platform, catalog: Catalog, evaluation: Evaluation) -> DatasetOpened:
    """Find the run of the current Release under the declared plan: another judge's run has labels of its own."""
    release = plan_configuration(catalog, evaluation.use_case).root
    plan, data = digest_of_plan(catalog, evaluation), catalog.dataset_digests[evaluation.dataset]
    for entry in platform.ledger.read(kinds=(DatasetOpened,), use_case=evaluation.use_case, release=release):
        opened = entry.body
        if (opened.evaluation, opened.plan, opened.dataset_digest) == (evaluation.name, plan, data):
            return opened
    message = f"nothing was asked for {evaluation.name!r} as it is declared now, so no answer waits for a label"
    raise EvidenceError(message, f"run `pilotage assess {evaluation.use_case}`, then label what it asks for")
