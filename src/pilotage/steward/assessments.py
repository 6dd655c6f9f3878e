"""Keeps assessments and permits current: reads evidence, assesses, and appends only what says something new."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pilotage.ledger.entry import Entry
from pilotage.ledger.protocol import B, LedgerStore
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.attestation import Attestation
from pilotage.ledger.records.measurement import Measurement
from pilotage.ledger.records.permit import Permit
from pilotage.ledger.records.record import Body
from pilotage.ledger.records.release import Release
from pilotage.readiness.assess import assess
from pilotage.readiness.operation import OperationFacts
from pilotage.readiness.permit import plan_permit
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import Configuration
from pilotage.registry.kinds.risk_tier import RiskTier

EVIDENCE: tuple[type[Body], ...] = (Measurement, Attestation)
TRIES = 3
SERVING = frozenset({"limited", "production"})

ReadOperation = Callable[[str, str], OperationFacts]
"""Reads what the gateway saw of a use case's Release (name, root digest)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What keeping one Release current came to.

    Attributes:
        appended: names of the records that were appended.
        due: the next moment at which time alone may change something; None when it never does.
        settled: whether it is current; not where other processes kept coming in between.
    """

    appended: tuple[str, ...]
    due: datetime | None
    settled: bool


class Assessments:
    """Assesses Releases from the ledger and keeps their permits."""

    def __init__(self, ledger: LedgerStore) -> None:
        """Use a ledger."""
        self._ledger = ledger

    def append_current(
        self, catalog: Catalog, configuration: Configuration, operation: OperationFacts, now: datetime
    ) -> Outcome:
        """Assess a Release; append its Assessment and its Permit where they say something new.

        Nothing is appended on top of what another process appended meanwhile: the assessment is made anew instead.

        Raises:
            EvidenceError: the ledger cannot be used.
        """
        appended: list[str] = []
        for _ in range(TRIES):
            permit = self._append_once(catalog, configuration, operation, now, appended)
            if permit is not None:
                assessment, body = permit
                due = _due(assessment, body, catalog.risk_tiers[assessment.tier], now)
                return Outcome(tuple(appended), due, settled=True)
        return Outcome(tuple(appended), None, settled=False)

    def _append_once(
        self,
        catalog: Catalog,
        configuration: Configuration,
        operation: OperationFacts,
        now: datetime,
        appended: list[str],
    ) -> tuple[Assessment, Permit] | None:
        """Try once; None where evidence or another's assessment came in between."""
        use_case, release = configuration.use_case, configuration.root
        seen = self._ledger.head().seq
        evidence = self._ledger.read(kinds=EVIDENCE, use_case=use_case)
        before = self._ledger.latest(Assessment, use_case=use_case, release=release)
        earlier = before or self._of_release_before(configuration)
        body = assess(catalog, use_case, configuration, evidence, operation, earlier, now)
        assessment = self._append_new(body, before, "at", seen, appended)
        if assessment is None:
            return None
        held = self._ledger.latest(Permit, use_case=use_case, release=release)
        permit_body = plan_permit(assessment, catalog, held or self._ledger.latest(Permit, use_case=use_case), now)
        permit = self._append_new(permit_body, held, "assessment", seen, appended)
        return None if permit is None else (assessment.body, permit.body)

    def releases_served(self, use_case: str, current: str, now: datetime) -> tuple[str, ...]:
        """Give the earlier Release that still serves users by a live Permit, if any, latest first.

        Raises:
            EvidenceError: the ledger cannot be used.
        """
        latest: dict[str, Permit] = {}
        for entry in self._ledger.read(kinds=(Permit,), use_case=use_case):
            latest.pop(entry.body.release, None)
            latest[entry.body.release] = entry.body
        live = [
            release
            for release, permit in reversed(latest.items())
            if release != current and permit.stage in SERVING and permit.until > now
        ]
        return tuple(live[:1])

    def _of_release_before(self, configuration: Configuration) -> Entry[Assessment] | None:
        """Give the last Assessment of the Release that came before this one, from which the stage's days carry on."""
        use_case = configuration.use_case
        earlier = [
            entry.body.release
            for entry in self._ledger.read(kinds=(Release,), use_case=use_case)
            if entry.body.release != configuration.root
        ]
        return self._ledger.latest(Assessment, use_case=use_case, release=earlier[-1]) if earlier else None

    def _append_new(
        self, body: B, before: Entry[B] | None, ignored: str, seen: int, appended: list[str]
    ) -> Entry[B] | None:
        """Append a body unless the one before says the same, one field aside; None where something came in between."""
        if before is not None and _plain(before.body, ignored) == _plain(body, ignored):
            return before

        def plan() -> B | None:
            """Look once more, now that nobody else appends."""
            about = {"use_case": body.about_use_case, "release": body.about_release}
            latest = self._ledger.latest(type(body), **about)
            if (latest and latest.seq) != (before and before.seq):
                return None
            fresh = self._ledger.read(after=seen, kinds=EVIDENCE, use_case=body.about_use_case, limit=1)
            return None if fresh else body

        entry = self._ledger.append_if(plan)
        if entry is not None:
            appended.append(body.record_name)
        return entry


def _plain(body: Body, ignored: str) -> dict[str, object]:
    """Give a body as it is stored, one field left out."""
    return body.model_dump(mode="json", exclude={ignored})


def _due(assessment: Assessment, permit: Permit, tier: RiskTier, now: datetime) -> datetime | None:
    """Give the next moment to look again: evidence expires, a permit ends, is renewed, or changes its mode."""
    renewal = permit.until - timedelta(days=tier.permit_days) / 2
    moments = (assessment.changes_at, permit.until, permit.next_mode_on, renewal)
    return min((moment for moment in moments if moment is not None and moment > now), default=None)
