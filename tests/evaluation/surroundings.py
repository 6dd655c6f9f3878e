"""What a measurement works with, kept in memory: ledger, journal, looks, labels, and a meter that reads nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.evaluation.samples import CATALOG

from pilotage.core.clock import ManualClock
from pilotage.evaluation.journal import MemoryJournal
from pilotage.evaluation.labels.store import MemoryLabels
from pilotage.evaluation.measure import Question, Subject, Workbench, measure
from pilotage.evaluation.openings import MemoryOpenings
from pilotage.evaluation.targets.fake_target import FakeTarget, Reaction, answering_with
from pilotage.evaluation.targets.target import Target
from pilotage.ledger.entry import Entry
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.measurement import Measurement
from pilotage.metering.totals import UsageTotals

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def read_nothing(_run: str) -> UsageTotals:
    """Read a meter that counted nothing."""
    return UsageTotals()


@dataclass
class Surroundings:
    """Everything around a measurement, empty at first."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    openings: MemoryOpenings = field(default_factory=MemoryOpenings)
    seed: int = 7
    ledger: MemoryLedger = field(init=False)
    labels: MemoryLabels = field(init=False)

    def __post_init__(self) -> None:
        """Begin with an empty ledger."""
        self.ledger = MemoryLedger(self.clock)
        self.labels = MemoryLabels(self.clock)

    @property
    def bench(self) -> Workbench:
        """Give what a measurement works with."""
        return Workbench(
            CATALOG,
            self.ledger,
            self.journal,
            self.openings,
            self.labels,
            self.clock,
            read_nothing,
            lambda: self.seed,
        )

    def kinds(self) -> list[str]:
        """Give the names of the records, in order."""
        return [entry.body.record_name for entry in self.ledger.read()]

    async def find(self, question: Question, subject: Subject, target: Target, **more: Any) -> Measurement:  # noqa: ANN401 - arguments of `measure`
        """Measure, and give what was found, which does not wait for labels."""
        entry = await measure(question, subject, target, more.pop("bench", self.bench), **more)
        assert isinstance(entry, Entry)
        return entry.body


def right(**answers: Reaction | tuple[Reaction, ...]) -> FakeTarget:
    """Make a target that is right but for these items."""
    return FakeTarget(answering_with(answers))
