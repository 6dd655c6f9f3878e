"""Steward: one tick reads what is new, assesses what it touches, and appends what follows.

Ticking again changes nothing. What decides stands in `readiness`, what is declared comes from a callable, so this
file only says what is due.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pilotage.core.errors import PilotageError
from pilotage.ledger.protocol import LedgerStore
from pilotage.readiness.operation import OperationFacts
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import Configuration
from pilotage.steward.assessments import EVIDENCE, Assessments, ReadOperation
from pilotage.steward.catalogs import Artefacts, Catalogs
from pilotage.steward.lease import Lease

Job = Callable[[datetime], object]
"""Something that is due at each tick besides, such as sealing usage; idempotent."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick came to.

    Attributes:
        leads: whether this process leads; another one did the work when not.
        appended: names of the records that were appended, in order.
        problems: what could not be done, one line each; everything else was.
        due: the next moment at which time alone may change something.
    """

    leads: bool
    appended: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a Release was last assessed on."""

    catalog: str
    operation: OperationFacts
    due: datetime | None


class Steward:
    """Keeps catalog, releases, assessments and permits of one installation current."""

    def __init__(
        self,
        *,
        ledger: LedgerStore,
        artefacts: Artefacts,
        read_catalog: Callable[[], Catalog],
        read_operation: ReadOperation,
        lease: Lease,
        jobs: Mapping[str, Job] | None = None,
    ) -> None:
        """Use these edges.

        Args:
            ledger: read from and appended to.
            artefacts: where catalogs are kept.
            read_catalog: loads the registry; raises DocumentError while it does not load.
            read_operation: tells what the gateway saw of a Release.
            lease: lets one of many lead.
            jobs: what else is due at each tick, by name, run after the assessments.
        """
        self._ledger = ledger
        self._catalogs = Catalogs(ledger, artefacts)
        self._assessments = Assessments(ledger)
        self._read_catalog = read_catalog
        self._read_operation = read_operation
        self._lease = lease
        self._jobs = dict(jobs or {})
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._seen = 0

    def tick(self, now: datetime) -> Tick:
        """Do what is due at a moment; one thing that fails keeps nothing else from being done.

        Raises:
            EvidenceError: the ledger or the lease cannot be used at all.
        """
        if not self._lease.hold(now):
            self._kept.clear()  # another leads; what we knew will be old when we lead again
            return Tick(leads=False)
        problems: list[str] = []
        appended: list[str] = []
        catalog = self._activate(appended, problems)
        if catalog is not None:
            self._assess_all(catalog, now, appended, problems)
        for name, job in self._jobs.items():
            self._attempt(f"job {name}", lambda job=job: job(now), problems)
        ends = [kept.due for kept in self._kept.values() if kept.due is not None]
        return Tick(leads=True, appended=tuple(appended), problems=tuple(problems), due=min(ends, default=None))

    def _activate(self, appended: list[str], problems: list[str]) -> Catalog | None:
        """Activate the declared catalog with its Releases; keep to the active one while the declared does not load."""
        loaded: list[Catalog] = []
        self._attempt("the registry", lambda: loaded.append(self._read_catalog()), problems)
        if not loaded:
            return self._catalogs.read_active()
        catalog = loaded[0]
        appended.extend(self._catalogs.append_activation(catalog))
        for use_case in sorted(catalog.use_cases):
            self._attempt(
                f"the release of {use_case}",
                lambda use_case=use_case: appended.extend(self._catalogs.append_release(catalog, use_case)),
                problems,
            )
        return catalog

    def _assess_all(self, catalog: Catalog, now: datetime, appended: list[str], problems: list[str]) -> None:
        """Assess every Release that something happened to."""
        head = self._ledger.head().seq
        fresh = {entry.body.about_use_case for entry in self._ledger.read(after=self._seen, kinds=EVIDENCE)}
        digest = self._catalogs.digest_of(catalog)
        alive: set[tuple[str, str]] = set()
        failed = False
        for name in sorted(catalog.use_cases):

            def assess_one(name: str = name) -> None:
                """Assess the earlier Release that still serves, then the current one, so that this is the latest."""
                for subject, pinned in self._subjects(catalog, name, now):
                    alive.add((name, pinned.root))
                    self._keep(subject, pinned, (digest, name in fresh), now, appended)

            failed |= not self._attempt(f"use case {name}", assess_one, problems)
        self._kept = {key: kept for key, kept in self._kept.items() if key in alive}
        if not failed:
            self._seen = head

    def _subjects(self, catalog: Catalog, use_case: str, now: datetime) -> list[tuple[Catalog, Configuration]]:
        """Give the Releases of a use case to keep, each with the catalog to assess it by; the current one last."""
        current = self._catalogs.configuration_of(catalog, use_case)
        earlier = [
            pinned
            for release in self._assessments.releases_served(use_case, current.root, now)
            if (pinned := self._catalogs.read_pinned(use_case, release, catalog)) is not None
        ]
        return [*earlier, (catalog, current)]

    def _keep(
        self,
        catalog: Catalog,
        configuration: Configuration,
        news: tuple[str, bool],
        now: datetime,
        appended: list[str],
    ) -> None:
        """Keep one Release current where something happened to it: catalog, evidence, operation or time."""
        digest, has_fresh_evidence = news
        key = (configuration.use_case, configuration.root)
        operation = self._read_operation(*key)
        kept = self._kept.get(key)
        known = kept is not None and (kept.catalog, kept.operation) == (digest, operation)
        if kept is not None and known and not has_fresh_evidence and (kept.due is None or now < kept.due):
            return
        outcome = self._assessments.append_current(catalog, configuration, operation, now)
        appended.extend(outcome.appended)
        if outcome.settled:
            self._kept[key] = _Kept(digest, operation, outcome.due)
        else:
            self._kept.pop(key, None)  # somebody else was quicker: look again at the next tick

    def _attempt(self, what: str, act: Callable[[], object], problems: list[str]) -> bool:
        """Do one thing; what goes wrong is logged and reported, and the rest goes on."""
        try:
            act()
        except PilotageError as error:
            _LOG.warning("%s: %s", what, error)
            problems.append(f"{what}: {error}")
        except Exception as error:  # noqa: BLE001 - one use case's fault is no other's
            _LOG.exception("%s: an error that nobody expected", what)
            problems.append(f"{what}: {type(error).__name__}: {error}")
        else:
            return True
        return False
