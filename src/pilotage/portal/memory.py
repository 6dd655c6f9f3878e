"""A portal reader over values in memory: the shipped fake, for tests and for looking at pages without a database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from pilotage.core.clock import Clock
from pilotage.evaluation.outcome import State
from pilotage.evaluation.reports.difference import Difference, Pairs, plan_difference
from pilotage.evaluation.reports.item_lines import ItemLine, ItemPage, PairPage, Texts
from pilotage.evaluation.reports.report import RunLine, RunReport
from pilotage.ledger.entry import Entry
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.protocol import B
from pilotage.ledger.records.record import Body
from pilotage.metering.totals import UsageTotals
from pilotage.portal.reader import Runs
from pilotage.registry.catalog import Catalog


class NoRuns:
    """The runs of an installation that never measured anything."""

    def read_lines(self, *, use_case: str | None = None) -> tuple[RunLine, ...]:  # noqa: ARG002 - there is none
        """Give no run; see `Runs`."""
        return ()

    def read_report(self, run: str, catalog: Catalog | None) -> RunReport | None:  # noqa: ARG002 - there is none
        """Give no report; see `Runs`."""
        return None

    def read_page(self, report: RunReport, state: State | None = None, page: int = 1) -> ItemPage:  # noqa: ARG002 - as above
        """Give an empty page; see `Runs`."""
        return ItemPage((), state, 1, 1, 0)

    def read_every_item(self, report: RunReport) -> Iterator[tuple[ItemLine, Texts | None]]:  # noqa: ARG002 - as above
        """Give no item; see `Runs`."""
        return iter(())

    def read_texts(self, report: RunReport, lines: Sequence[ItemLine]) -> dict[int, Texts]:  # noqa: ARG002 - as above
        """Give no texts; see `Runs`."""
        return {}

    def read_difference(self, first: RunReport, second: RunReport) -> Difference:
        """Compare nothing; see `Runs`."""
        return plan_difference(first.line, second.line, Pairs(0, 0, 0, 0, {}))

    def read_pair_page(self, first: RunReport, second: RunReport, difference: Difference, page: int = 1) -> PairPage:  # noqa: ARG002 - as above
        """Give an empty page; see `Runs`."""
        return PairPage((), 1, 1, 0)


class MemoryReader:
    """Gives what it was made with; usage is held per use case, whatever the month."""

    def __init__(
        self,
        catalog: Catalog | None,
        ledger: MemoryLedger,
        clock: Clock,
        *,
        usage: Mapping[str, UsageTotals | None] | None = None,
        banner: str | None = None,
        runs: Runs | None = None,
    ) -> None:
        """Hold a catalog, a ledger, usage by name of the use case (`""` for the whole installation), and runs."""
        self.runs: Runs = NoRuns() if runs is None else runs
        self.catalog = catalog
        self.ledger = ledger
        self.usage = dict(usage or {})
        self.banner = banner
        self._clock = clock

    def now(self) -> datetime:
        """Give the clock's moment."""
        return self._clock()

    def head(self) -> str:
        """Give the digest of the ledger's last record."""
        return self.ledger.head().digest

    def read_banner(self) -> str | None:
        """Give the banner."""
        return self.banner

    def read_catalog(self) -> Catalog | None:
        """Give the catalog."""
        return self.catalog

    def read_entries(self, *, use_case: str) -> Sequence[Entry]:
        """Give the records about a use case."""
        return self.ledger.read(use_case=use_case)

    def read_latest(self, kind: type[B], *, use_case: str, release: str | None = None) -> Entry[B] | None:
        """Give the last record of a kind."""
        return self.ledger.latest(kind, use_case=use_case, release=release)

    def read_entry(self, digest: str) -> Entry[Body] | None:
        """Find a record by its digest."""
        return next((entry for entry in self.ledger.read() if entry.digest == digest), None)

    def read_usage(self, *, since: datetime, until: datetime, use_case: str | None = None) -> UsageTotals | None:  # noqa: ARG002 - whatever the month
        """Give the usage that was set for a use case, none where nothing was set."""
        return self.usage.get(use_case or "", UsageTotals())
