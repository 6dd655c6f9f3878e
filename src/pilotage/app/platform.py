"""Opens one installation: picks database, ledger, artefact store and clock, and hands them to the stages."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from pilotage.config import Config
from pilotage.core.clock import Clock
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.evaluation.journal import mint_seed
from pilotage.gateway.keys import mint_key, revoke_key
from pilotage.ledger.entry import Entry
from pilotage.ledger.ledger import Ledger
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.signing import SigningKey
from pilotage.metering.sealing import seal_all_usage
from pilotage.metering.totals import UsageTotals
from pilotage.metering.usage import count_open_calls, read_run_usage, read_served
from pilotage.readiness.operation import OperationFacts
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import plan_configuration
from pilotage.registry.git import open_source
from pilotage.registry.kinds.document import FromEnvironment, Location
from pilotage.registry.load import Loaded, load_registry
from pilotage.steward.lease import SoleLease, TableLease
from pilotage.steward.steward import Steward
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.engine import open_engine
from pilotage.storage.migrate import upgrade_schema
from pilotage.storage.state import StateFolder

ASSESSMENT_KEY_LIFE = timedelta(hours=12)
LONGEST_SECRET = 100_000
SETTLING_LOOKS, SETTLING_PAUSE = 50, 0.1


def utc_now() -> datetime:
    """Read the system's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Platform:
    """One installation, opened: its settings, database, ledger, artefacts, clock and surroundings.

    `draw_seed` gives the seed of the order in which sealed items are asked: at random, but for a demonstration.
    """

    config: Config
    state: StateFolder
    engine: sa.Engine
    ledger: Ledger
    artefacts: ArtefactStore
    clock: Clock
    environment: Mapping[str, str]
    draw_seed: Callable[[], int] = mint_seed

    def load_registry(self) -> Loaded:
        """Load the declared registry as it stands now.

        Raises:
            DocumentError: it does not load; holds every problem.
        """
        return load_registry(open_source(self.config.registry))

    def load_catalog(self) -> Catalog:
        """Load the declared registry's catalog."""
        return self.load_registry().catalog

    def require_use_case(self, name: str) -> Catalog:
        """Load the catalog and make sure that it declares a use case.

        Raises:
            UsageError: it does not; lists those that it does.
        """
        catalog = self.load_catalog()
        if name not in catalog.use_cases:
            known = ", ".join(sorted(catalog.use_cases)) or "none"
            raise UsageError(f"there is no use case {name!r}", f"the registry declares: {known}")
        return catalog

    def read_value(self, place: FromEnvironment) -> str | None:
        """Read a value that stands outside the registry; None where it is not there."""
        if place.source == "env":
            return self.environment.get(place.name) or None
        try:
            with Path(place.name).expanduser().open(encoding="utf-8") as file:
                return file.read(LONGEST_SECRET).strip() or None
        except (OSError, UnicodeDecodeError):
            return None

    def resolve(self, location: Location) -> str:
        """Give an address.

        Raises:
            EvidenceError: it stands in a variable or file that is not there.
        """
        if isinstance(location, str):
            return location
        value = self.read_value(location)
        if value is None:
            where = "variable" if location.source == "env" else "file"
            message = f"the address in the {where} {location.name} is not there"
            raise EvidenceError(message, f"set the {where} {location.name} to the address, http://…")
        return value

    def read_operation(self, use_case: str, release: str) -> OperationFacts:
        """Read what the gateway saw of a Release's real users."""
        return OperationFacts(*read_served(self.engine, use_case, release))

    def steward(self, *, alone: bool) -> Steward:
        """Build a steward.

        Args:
            alone: it works whoever else does (each append looks first); else one of many leads.
        """
        life = timedelta(seconds=max(10.0, 5 * self.config.steward_seconds))
        holder = f"{self.config.replica}-{os.getpid()}"
        return Steward(
            ledger=self.ledger,
            artefacts=self.artefacts,
            read_catalog=_CatalogCache(self.config.registry).read,
            read_operation=self.read_operation,
            lease=SoleLease() if alone else TableLease(self.engine, "steward", holder, life),
            jobs={"seal usage": lambda _now: seal_all_usage(self.engine, self.ledger)},
        )

    def read_settled_usage(self, use_case: str, run: str) -> UsageTotals:
        """Read what a run cost once its last calls are settled; a call that stays open for long counts as unknown.

        Any caller can name any run, so only calls of the run's own use case count.
        """
        for _ in range(SETTLING_LOOKS):
            if count_open_calls(self.engine, run, use_case) == 0:
                break
            time.sleep(SETTLING_PAUSE)
        return read_run_usage(self.engine, run, use_case)

    @contextmanager
    def assessment_key(self, use_case: str) -> Generator[str]:
        """Give a key that lives as long as one measurement; it ends by itself where this process is killed."""
        minted = mint_key(
            self.engine,
            use_case=use_case,
            audience="assessment",
            label="made by an assessment",
            lifetime=ASSESSMENT_KEY_LIFE,
            clock=self.clock,
        )
        try:
            yield minted.text
        finally:
            revoke_key(self.engine, minted.public_id, self.clock)

    def read_assessment(self, use_case: str) -> Entry[Assessment] | None:
        """Give the latest Assessment of a use case's current Release."""
        root = plan_configuration(self.load_catalog(), use_case).root
        return self.ledger.latest(Assessment, use_case=use_case, release=root)


class _CatalogCache:
    """Loads the registry anew only when it may have changed, so that an idle steward costs next to nothing."""

    def __init__(self, registry: Path) -> None:
        self._registry = registry
        self._stamp: object = None
        self._catalog: Catalog | None = None

    def read(self) -> Catalog:
        """Give the declared catalog as it stands now."""
        source = open_source(self._registry)
        # A clean tree is as its commit; in any other, an edit shows in some file's time, size or place.
        stamp = source.commit if not source.dirty else (source.commit, *_file_stamps(self._registry))
        if self._catalog is None or stamp != self._stamp:
            self._catalog = load_registry(source).catalog
            self._stamp = stamp
        return self._catalog


def _file_stamps(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    """Give what tells of each visible file whether it was changed."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            with contextlib.suppress(OSError):
                found = path.stat()
                yield str(path), found.st_mtime_ns, found.st_size, found.st_ino


@contextmanager
def open_platform(
    config: Config,
    *,
    environment: Mapping[str, str] | None = None,
    clock: Clock = utc_now,
    draw_seed: Callable[[], int] = mint_seed,
) -> Generator[Platform]:
    """Open an installation; its state folder, keys and tables are made at first use.

    Raises:
        StorageError: the database or the state folder cannot be used, or is of a later version.
    """
    state = StateFolder(config.state)
    engine = open_engine(config.database or state.database_url)
    try:
        upgrade_schema(engine)
        ledger = Ledger(engine, SigningKey.open(state.signing_key_path), clock)
        artefacts = ArtefactStore(engine, state.master_key(), clock)
        surroundings = os.environ if environment is None else environment
        yield Platform(config, state, engine, ledger, artefacts, clock, surroundings, draw_seed)
    finally:
        engine.dispose()
