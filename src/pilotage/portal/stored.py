"""The portal's reader over a stored installation: ledger, artefacts and the metered usage of one database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import sqlalchemy as sa
from pydantic import ValidationError

from pilotage.core.clock import Clock
from pilotage.core.errors import StorageError
from pilotage.evaluation.reports.item_finder import ItemFinder
from pilotage.evaluation.reports.reading import ReadArtefact, RunReader
from pilotage.ledger.entry import Entry
from pilotage.ledger.protocol import B, LedgerStore
from pilotage.ledger.records.record import Body
from pilotage.ledger.records.release import CatalogActivated
from pilotage.metering.totals import UsageTotals
from pilotage.metering.usage import read_usage
from pilotage.registry.catalog import Catalog
from pilotage.storage.engine import read_transaction
from pilotage.storage.tables import record


class StoredReader:
    """Reads what the other processes of an installation write."""

    def __init__(
        self,
        engine: sa.Engine,
        ledger: LedgerStore,
        read_artefact: ReadArtefact,
        clock: Clock,
        read_banner: Callable[[], str | None] = lambda: None,
        read_file: Callable[[Catalog, str], bytes | None] = lambda _catalog, _dataset: None,
    ) -> None:
        """Read from a database, its ledger and its artefacts.

        Args:
            engine: the database.
            ledger: its ledger.
            read_artefact: its artefacts (`ArtefactStore.read_artefact`).
            clock: the present moment.
            read_banner: what every page says on top.
            read_file: gives the file of a data set that a catalog declares; without it items are shown without
                what they asked.
        """
        self._engine = engine
        self._ledger = ledger
        self._read_artefact = read_artefact
        self._clock = clock
        self._read_banner = read_banner
        self._catalogs: dict[str, Catalog] = {}
        self._loading = threading.Lock()
        self._read_file = read_file
        self._runs = RunReader(engine, ledger, read_artefact, ItemFinder(self._read_dataset).find_items)

    @property
    def runs(self) -> RunReader:
        """What was measured, item by item."""
        return self._runs

    def now(self) -> datetime:
        """Give the clock's moment."""
        return self._clock()

    def head(self) -> str:
        """Give the digest of the ledger's last record."""
        return self._ledger.head().digest

    def read_banner(self) -> str | None:
        """Give what every page says on top."""
        return self._read_banner()

    def read_catalog(self) -> Catalog | None:
        """Give the catalog that was activated last, parsed once.

        Raises:
            EvidenceError: its artefact is missing, erased or altered.
            StorageError: the artefact holds no catalog that this version can read.
        """
        activated = self._ledger.latest(CatalogActivated)
        if activated is None:
            return None
        digest = activated.body.artefact
        with self._loading:
            if digest not in self._catalogs:
                try:
                    catalog = Catalog.model_validate_json(self._read_artefact(digest))
                except ValidationError as error:
                    message = f"the catalog {digest} cannot be read by this version of Pilotage"
                    raise StorageError(message, "activate the registry again with this version") from error
                self._catalogs = {digest: catalog}
            return self._catalogs[digest]

    def read_entries(self, *, use_case: str) -> Sequence[Entry]:
        """Give all records about a use case."""
        return self._ledger.read(use_case=use_case)

    def read_latest(self, kind: type[B], *, use_case: str, release: str | None = None) -> Entry[B] | None:
        """Give the last record of a kind."""
        return self._ledger.latest(kind, use_case=use_case, release=release)

    def read_entry(self, digest: str) -> Entry[Body] | None:
        """Find a record by its digest."""
        with read_transaction(self._engine) as connection:
            seq = connection.execute(sa.select(record.c.seq).where(record.c.digest == digest)).scalar()
        if seq is None:
            return None
        found: list[Entry[Body]] = self._ledger.read(after=seq - 1, limit=1)
        return found[0] if found else None

    def read_usage(self, *, since: datetime, until: datetime, use_case: str | None = None) -> UsageTotals | None:
        """Give what calls cost between two moments."""
        return read_usage(self._engine, since=since, until=until, use_case=use_case)

    def _read_dataset(self, name: str) -> bytes | None:
        catalog = self.read_catalog()
        return None if catalog is None else self._read_file(catalog, name)
