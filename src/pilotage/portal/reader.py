"""What the portal reads, behind one Protocol: a catalog, records, usage, the clock; it never writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol

from pilotage.evaluation.outcome import State
from pilotage.evaluation.reports.difference import Difference
from pilotage.evaluation.reports.item_lines import ItemLine, ItemPage, PairPage, Texts
from pilotage.evaluation.reports.report import RunLine, RunReport
from pilotage.ledger.entry import Entry
from pilotage.ledger.protocol import B
from pilotage.ledger.records.record import Body
from pilotage.metering.totals import UsageTotals
from pilotage.registry.catalog import Catalog


class Runs(Protocol):
    """The runs of an installation (`pilotage.evaluation.reports.reading.RunReader`)."""

    def read_lines(self, *, use_case: str | None = None) -> tuple[RunLine, ...]:
        """Give all runs, or those of a use case, oldest first."""
        ...

    def read_report(self, run: str, catalog: Catalog | None) -> RunReport | None:
        """Give the report of a run by its full id; None where there is none."""
        ...

    def read_page(self, report: RunReport, state: State | None = None, page: int = 1) -> ItemPage:
        """Give one page of a run's items, failures first."""
        ...

    def read_every_item(self, report: RunReport) -> Iterator[tuple[ItemLine, Texts | None]]:
        """Give every item that counts, in the order of the schedule, a few held at a time."""
        ...

    def read_texts(self, report: RunReport, lines: Sequence[ItemLine]) -> dict[int, Texts]:
        """Give what some items asked and what was answered, by slot; nothing of sealed data."""
        ...

    def read_difference(self, first: RunReport, second: RunReport) -> Difference:
        """Compare two runs on the items that both asked."""
        ...

    def read_pair_page(self, first: RunReport, second: RunReport, difference: Difference, page: int = 1) -> PairPage:
        """Give one page of the items that two runs treated differently."""
        ...


class PortalReader(Protocol):
    """The portal's only way to the world; calls may block, and come from several threads at once."""

    @property
    def runs(self) -> Runs:
        """What was measured, item by item."""
        ...

    def now(self) -> datetime:
        """Give the present moment, aware."""
        ...

    def head(self) -> str:
        """Give a text that changes exactly when the ledger does; cheap, asked by every open tab every few seconds."""
        ...

    def read_banner(self) -> str | None:
        """Give what every page says on top, such as that all of it is a SAMPLE; None for nothing."""
        ...

    def read_catalog(self) -> Catalog | None:
        """Give the catalog in force; None where none was activated yet."""
        ...

    def read_entries(self, *, use_case: str) -> Sequence[Entry]:
        """Give all records about a use case, in the ledger's order."""
        ...

    def read_latest(self, kind: type[B], *, use_case: str, release: str | None = None) -> Entry[B] | None:
        """Give the last record of a kind about a use case, or about one Release of it."""
        ...

    def read_entry(self, digest: str) -> Entry[Body] | None:
        """Give the record of a digest (`sha256:…`); None where the ledger has none."""
        ...

    def read_usage(self, *, since: datetime, until: datetime, use_case: str | None = None) -> UsageTotals | None:
        """Give what calls cost between two moments; None where that cannot be known."""
        ...
