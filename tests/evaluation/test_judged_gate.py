"""A judged evaluation from end to end: without people's labels no judge passes anything, however it flatters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from tests.evaluation.samples import CATALOG, RUN, lines, question, release

from pilotage.core.clock import ManualClock
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.journal import MemoryJournal
from pilotage.evaluation.labels.store import MemoryLabels
from pilotage.evaluation.measure import Question, Subject, Waiting, Workbench, measure
from pilotage.evaluation.observers.judge import JudgeObserver
from pilotage.evaluation.openings import MemoryOpenings
from pilotage.evaluation.progress import LABEL_BLOCK
from pilotage.evaluation.targets.fake_target import FakeTarget, always
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.measurement import Measurement
from pilotage.metering.totals import UsageTotals
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import digest_of_judge
from pilotage.registry.items import Item
from pilotage.registry.kinds.claim import Claim

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
ITEMS = 900
CLAIM = Claim(text="four of five are polite", p0=0.8, p1=0.95, cap=ITEMS)
POLITER = CATALOG.model_copy(
    update={"judges": {"strict": CATALOG.judges["strict"].model_copy(update={"question": "Is it polite?"})}}
)
"""The same catalog with a judge that asks otherwise."""

Share = Callable[[str], bool]


def share(word: str, part: float) -> Share:
    """Give a fixed lot over items that falls on about that part of them."""

    def falls_on(item: str) -> bool:
        return hashlib.sha256(f"{word}\0{item}".encode()).digest()[0] < 256 * part

    return falls_on


@dataclass
class Bench:
    """A use case that answers well at some rate, a judge with some sensitivity and specificity, and honest people."""

    good: Share
    sensitivity: Share = field(default_factory=lambda: share("sensitive", 0.97))
    specificity: Share = field(default_factory=lambda: share("specific", 0.9))
    catalog: Catalog = CATALOG
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    target: FakeTarget = field(default_factory=lambda: FakeTarget(always("Dear customer")))
    judge: FakeTarget = field(init=False)
    labels: MemoryLabels = field(init=False)
    ledger: MemoryLedger = field(init=False)

    def __post_init__(self) -> None:
        """Begin with an empty ledger and no label."""
        self.ledger = MemoryLedger(self.clock)
        self.labels = MemoryLabels(self.clock)
        self.judge = FakeTarget(self._judge)
        self.openings = MemoryOpenings()

    def _judge(self, item: Item, _repeat: int, _earlier: int) -> str:
        passes = self.sensitivity(item.id) if self.good(item.id) else not self.specificity(item.id)
        return f"I thought about it.\n{'PASS' if passes else 'FAIL'}"

    async def measure(self, asked: Question, subject: Subject) -> Measurement | Waiting:
        """Measure until labels are needed or there is a verdict."""
        bench = Workbench(
            self.catalog,
            self.ledger,
            self.journal,
            self.openings,
            self.labels,
            self.clock,
            lambda _: UsageTotals(),
            lambda: 7,
        )
        observer = JudgeObserver(self.catalog.judges["strict"], self.judge)
        found = await measure(asked, subject, self.target, bench, observer=observer)
        return found if isinstance(found, Waiting) else found.body

    async def measure_with_people(self, asked: Question, subject: Subject) -> Measurement:
        """Measure, and let people label honestly whatever waits, until there is a verdict."""
        for _ in range(ITEMS):
            found = await self.measure(asked, subject)
            if isinstance(found, Measurement):
                return found
            assert found.slots
            self.label(found)
        pytest.fail("a run waited for labels for ever")

    def label(self, waiting: Waiting) -> None:
        """Let people label what waits."""
        kept = {ask.slot: one.item for ask, one in self.journal.outcomes[waiting.run].items()}
        for slot in waiting.slots:
            self.clock.advance(timedelta(seconds=5))
            self.labels.append_label(waiting.run, slot, labeller="eva", value=float(self.good(kept[slot])))


def judged(**scorer: object) -> Question:
    """Put a question that a judge decides."""
    told = {"type": "judged", "judge": "strict", "label_share": 0.5} | scorer
    return question(lines(ITEMS), claim=CLAIM, scorer=told)


async def test_without_labels_there_is_never_a_verdict() -> None:
    """A judge that passes everything gets no further than the block that waits, however often it is measured."""
    bench = Bench(share("good", 1), sensitivity=share("", 1), specificity=share("", 0))

    first = await bench.measure(judged(), release(1))
    asked = len(bench.target.calls)
    again = await bench.measure(judged(), release(1))

    assert isinstance(first, Waiting)
    assert again == first
    assert first.labelled == 0
    assert asked == len(bench.target.calls) == len(bench.judge.calls) <= first.slots[0] + LABEL_BLOCK
    assert [entry.body.record_name for entry in bench.ledger.read()] == ["dataset-opened"]
    assert bench.journal.finished == {}


async def test_a_verdict_waits_for_every_label_that_was_drawn() -> None:
    """With one label missing in the block the run still waits, for that one too."""
    bench = Bench(share("good", 1))
    waiting = await bench.measure(judged(), release(1))
    assert isinstance(waiting, Waiting)
    first = waiting.slots[0]
    bench.label(waiting)
    bench.labels.erase_label(waiting.run, first, labeller="eva")

    again = await bench.measure(judged(), release(1))

    assert isinstance(again, Waiting)
    assert again.slots == (first,)


@pytest.mark.parametrize("rate", [0.5, 0.7, 0.78])
async def test_a_judge_that_flatters_passes_no_false_claim(rate: float) -> None:
    """It calls everything good; the labels say otherwise, and the gate follows the labels."""
    bench = Bench(share("good", rate), sensitivity=share("", 1), specificity=share("", 0))

    found = await bench.measure_with_people(judged(), release(1))

    assert found.verdict != "MEETS"
    assert found.passes == found.n
    assert found.estimate.point < CLAIM.p0 + 0.05
    assert found.labels is not None
    assert found.labels.judged.point == 1
    assert found.labels.corrected.high < 1
    assert found.labels.sensitivity is not None
    assert found.labels.sensitivity.point == 1
    assert found.labels.specificity is not None
    assert found.labels.specificity.point == 0


async def test_a_good_system_meets_its_claim_with_fewer_labels_than_answers() -> None:
    """An honest judge and honest people let a good system pass; the record says how far the judge is borne out."""
    bench = Bench(share("good", 0.97))

    found = await bench.measure_with_people(judged(), release(1))

    assert (found.verdict, found.gate) == ("MEETS", "corrected")
    assert found.labels is not None
    assert found.labels.judge == digest_of_judge(CATALOG, "strict")
    assert (found.labels.share, found.labels.labellers) == (0.5, 1)
    assert 30 <= found.labels.labels < 0.7 * found.n
    assert found.labels.agreement.low <= found.labels.agreement.point <= 1
    assert found.labels.agreement.n == found.labels.labels
    assert found.labels.corrected.n == found.labels.labels
    told = found.model_dump_json()
    assert "eva" not in told.replace("evaluation", "")
    assert "Dear customer" not in told


async def test_a_judge_that_is_too_strict_is_corrected_too() -> None:
    """It fails half of the good answers; people's labels carry the system over its claim all the same."""
    bench = Bench(share("good", 1), sensitivity=share("sensitive", 0.5))

    found = await bench.measure_with_people(judged(label_share=1), release(1))

    assert found.verdict == "MEETS"
    assert found.labels is not None
    assert found.labels.judged.high < CLAIM.p0
    assert found.labels.labels == found.n


async def test_a_reply_that_gives_no_verdict_counts_against_the_claim() -> None:
    """An unreadable judge cannot pass: not measured is the worst, and no label can mend it."""
    bench = Bench(share("good", 1))
    bench.judge = FakeTarget(always("Well, it depends."))

    found = await bench.measure(judged(), release(1))

    assert isinstance(found, Measurement)
    assert (found.verdict, found.not_measured, found.labels) == ("FAILS", found.n, None)


async def test_another_judge_needs_labels_of_its_own() -> None:
    """A changed judge cannot go on with the run, and the run that it opens begins without a label."""
    bench = Bench(share("good", 0.97))
    first = await bench.measure_with_people(judged(), release(1))
    bench.catalog = POLITER

    with pytest.raises(EvidenceError, match="changed"):
        await bench.measure(judged(), release(1))
    second = await bench.measure(judged(), release(2))

    assert isinstance(second, Waiting)
    assert (second.run == first.run, second.labelled) == (False, 0)
    assert bench.labels.read_labels(second.run) == ()


async def test_labels_of_other_slots_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only answers that the lot drew count; labels that somebody gave to others, all good, are not looked at."""

    def one_id(_now: datetime) -> str:
        return RUN  # the lot hangs on the run's id

    monkeypatch.setattr("pilotage.evaluation.measure.mint_run_id", one_id)
    plain, stuffed = Bench(share("good", 0.7)), Bench(share("good", 0.7))
    waiting = await stuffed.measure(judged(), release(1))
    assert isinstance(waiting, Waiting)
    drawn = set(waiting.slots)
    found = await plain.measure_with_people(judged(), release(1))
    for slot in range(LABEL_BLOCK):
        if slot not in drawn:
            stuffed.labels.append_label(waiting.run, slot, labeller="tom", value=1)

    again = await stuffed.measure_with_people(judged(), release(1))

    assert (again.verdict, again.n, again.estimate, again.labels) == (
        found.verdict,
        found.n,
        found.estimate,
        found.labels,
    )
