"""What the portal reads, behind one Protocol: a catalog, records, usage, the clock; it never writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pilotage.ledger.entry import Entry
from pilotage.ledger.protocol import B
from pilotage.ledger.records.record import Body
from pilotage.metering.usage import UsageTotals
from pilotage.registry.catalog import Catalog


class PortalReader(Protocol):
    """The portal's only way to the world; calls may block, and come from several threads at once."""

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
