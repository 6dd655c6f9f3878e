"""Reads the Snapshot that admission goes by, from the ledger's records, the artefacts and the table of keys.

Neither git nor YAML is needed, so a replica runs anywhere the database is. Reading is incremental: when the ledger's
head, the keys and the outside values are as before, it costs two short queries.
"""

from __future__ import annotations

import logging
import threading

import sqlalchemy as sa
from pydantic import ValidationError

from pilotage.core.errors import EvidenceError, PilotageError, StorageError
from pilotage.gateway.access import AccessKey
from pilotage.gateway.admission import USERS
from pilotage.gateway.keys import list_keys
from pilotage.gateway.standing import (
    EMPTY,
    CompileTariff,
    Deployment,
    ReadValue,
    Snapshot,
    Standing,
    plan_deployment,
)
from pilotage.ledger.entry import Entry
from pilotage.ledger.protocol import LedgerStore
from pilotage.ledger.records.permit import Permit
from pilotage.ledger.records.record import Body
from pilotage.ledger.records.release import CatalogActivated, Release
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.document import FromEnvironment
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.engine import read_transaction
from pilotage.storage.tables import access_key

logger = logging.getLogger(__name__)


class SnapshotReader:
    """Follows the ledger and gives the same Snapshot object as long as nothing changed; for one thread."""

    def __init__(
        self,
        engine: sa.Engine,
        ledger: LedgerStore,
        artefacts: ArtefactStore,
        *,
        compile_tariff: CompileTariff,
        read_value: ReadValue,
    ) -> None:
        """Take what is read from; nothing is read yet."""
        self._engine = engine
        self._ledger = ledger
        self._artefacts = artefacts
        self._compile_tariff = compile_tariff
        self._read_value = read_value
        self._start_over()

    def read(self) -> Snapshot:
        """Read what changed.

        Raises:
            StorageError: the database cannot be read; the last Snapshot holds on.
        """
        changed = self._follow_ledger()
        changed |= self._follow_keys()
        changed |= self._follow_outside()
        if changed or self._incomplete:  # what could not be loaded may load now
            self._snapshot = self._build()
        return self._snapshot

    def _start_over(self) -> None:
        self._seq = 0
        self._digest = ""
        self._activated: CatalogActivated | None = None
        self._candidates: dict[str, Release] = {}
        self._promoted: dict[str, str] = {}
        self._releases: dict[str, Release] = {}
        self._permits: dict[str, Permit] = {}
        self._catalogs: dict[str, Catalog] = {}
        self._keys: dict[str, AccessKey] = {}
        self._keys_mark: tuple[object, ...] | None = None
        self._outside: dict[FromEnvironment, str | None] = {}
        self._active: tuple[str, Catalog] | None = None
        self._used: set[str] = set()
        self._incomplete = True
        self._snapshot = EMPTY

    def _follow_ledger(self) -> bool:
        head = self._ledger.head()
        if head.digest == self._digest:
            return False
        if head.seq <= self._seq:
            self._start_over()  # another history: a backup was restored
        entries: list[Entry[Body]] = self._ledger.read(after=self._seq, kinds=(CatalogActivated, Release, Permit))
        for entry in entries:
            self._take(entry.body)
        self._seq, self._digest = head.seq, head.digest
        return bool(entries)

    def _take(self, body: Body) -> None:
        match body:
            case CatalogActivated():
                self._activated = body
            case Release():
                self._candidates[body.use_case] = body
                self._releases[body.release] = body
            case Permit():
                self._permits[body.release] = body
                if USERS & set(body.audiences):
                    self._promoted[body.use_case] = body.release
            case _:
                pass

    def _follow_keys(self) -> bool:
        columns = access_key.c
        mark_query = sa.select(
            sa.func.count(),
            sa.func.count(columns.revoked_at),
            sa.func.max(columns.created_at),
            sa.func.max(columns.revoked_at),
        ).select_from(access_key)
        with read_transaction(self._engine) as connection:
            mark = tuple(connection.execute(mark_query).one())
        if mark == self._keys_mark:
            return False
        self._keys = {key.public_id: key for key in list_keys(self._engine)}
        self._keys_mark = mark
        return True

    def _follow_outside(self) -> bool:
        now = {location: self._read_value(location) for location in self._outside}
        changed = now != self._outside
        self._outside = now
        return changed

    def _build(self) -> Snapshot:
        problems: list[str] = []
        self._outside = {}
        self._incomplete = False
        self._used = set()
        self._load_active(problems)
        if self._active is None:
            return Snapshot(
                keys=self._keys,
                standings={},
                route_owners={},
                catalog=None,
                time_zone="UTC",
                platform_team=None,
                problems=tuple(problems) or EMPTY.problems,
            )
        digest, active = self._active
        standings = {
            name: Standing(
                use_case=name,
                owner=use_case.owner,
                promoted=self._deploy(self._promoted_release(name), name, problems),
                candidate=self._deploy(self._candidates.get(name), name, problems),
            )
            for name, use_case in active.use_cases.items()
        }
        self._catalogs = {name: catalog for name, catalog in self._catalogs.items() if name in self._used}
        return Snapshot(
            keys=self._keys,
            standings=standings,
            route_owners={
                route: name
                for name, standing in standings.items()
                for deployment in (standing.candidate, standing.promoted)
                if deployment is not None
                for route in deployment.routes
            },
            catalog=digest,
            time_zone=active.organisation.time_zone,
            platform_team=active.organisation.platform_team,
            problems=tuple(dict.fromkeys(problems)),
        )

    def _load_active(self, problems: list[str]) -> None:
        """Load the active catalog; one that cannot be loaded leaves the last one in force."""
        if self._activated is None:
            return
        loaded = self._load(self._activated.artefact, problems)
        if loaded is not None:
            self._active = self._activated.catalog, loaded

    def _promoted_release(self, use_case: str) -> Release | None:
        digest = self._promoted.get(use_case)
        return None if digest is None else self._releases.get(digest)

    def _deploy(self, release: Release | None, use_case: str, problems: list[str]) -> Deployment | None:
        if release is None:
            return None
        catalog = self._load(release.catalog_artefact, problems)
        if catalog is None:
            return self._deployed_before(use_case, release.release)
        deployment = plan_deployment(
            release.release,
            use_case,
            catalog,
            self._permits.get(release.release),
            compile_tariff=self._compile_tariff,
            read_value=self._read_outside,
        )
        problems += [route.problem for route in deployment.routes.values() if route.problem is not None]
        return deployment

    def _deployed_before(self, use_case: str, release: str) -> Deployment | None:
        standing = self._snapshot.standings.get(use_case)
        both = (standing.promoted, standing.candidate) if standing else ()
        return next((before for before in both if before is not None and before.release == release), None)

    def _load(self, artefact: str, problems: list[str]) -> Catalog | None:
        self._used.add(artefact)
        if artefact not in self._catalogs:
            try:
                data = self._artefacts.read_artefact(artefact)
                self._catalogs[artefact] = Catalog.model_validate_json(data)
            except StorageError:
                raise
            except EvidenceError as error:
                self._incomplete = True
                problems.append(f"the catalog {artefact[:19]} cannot be loaded: {error.message}")
                return None
            except ValidationError:
                self._incomplete = True
                problems.append(f"the catalog {artefact[:19]} is of a shape that this version does not know")
                return None
        return self._catalogs[artefact]

    def _read_outside(self, location: FromEnvironment) -> str | None:
        value = self._read_value(location)
        self._outside[location] = value
        return value


def read_snapshot(
    engine: sa.Engine,
    ledger: LedgerStore,
    artefacts: ArtefactStore,
    *,
    compile_tariff: CompileTariff,
    read_value: ReadValue,
) -> Snapshot:
    """Read a Snapshot once.

    Raises:
        StorageError: the database cannot be read.
    """
    return SnapshotReader(engine, ledger, artefacts, compile_tariff=compile_tariff, read_value=read_value).read()


class Refresher:
    """Reads the Snapshot again and again in a thread; what goes wrong leaves the last one in force.

    Attributes:
        snapshot: the last that could be read.
        problem: why the last reading failed; None when it did not.
    """

    def __init__(self, reader: SnapshotReader, seconds: float) -> None:
        """Take a reader and the pause between readings."""
        self.snapshot = EMPTY
        self.problem: str | None = "nothing was read yet"
        self._reader = reader
        self._seconds = seconds
        self._reading = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pilotage-snapshot", daemon=True)

    def start(self) -> None:
        """Read once, then go on in the thread."""
        self.refresh()
        self._thread.start()

    def close(self) -> None:
        """Stop the thread."""
        self._stop.set()
        self._thread.join()

    def refresh(self) -> Snapshot:
        """Read now."""
        with self._reading:
            try:
                self.snapshot = self._reader.read()
            except Exception as error:
                # The thread must live: whatever went wrong is said in /readyz and tried again.
                wrong = error.message if isinstance(error, PilotageError) else type(error).__name__
                if wrong != self.problem:
                    logger.exception("the catalog and the keys cannot be read")
                self.problem = wrong
            else:
                self.problem = None
            return self.snapshot

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            self.refresh()
