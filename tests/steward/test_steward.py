"""The steward's tick: it activates, pins, assesses and permits what is due, once, and one fault stops nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.readiness.declared import (
    BARE,
    NOT_SERVED,
    NOW,
    PAPERS,
    USE_CASE,
    attestation,
    catalog_of,
    configuration_of,
    measurement,
    papers,
)
from tests.storage_fixtures import DatabaseMaker

from pilotage.core.clock import ManualClock
from pilotage.core.errors import DocumentError, Problem
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.protocol import LedgerStore
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.permit import Permit
from pilotage.ledger.records.record import Body
from pilotage.ledger.records.release import CatalogActivated, Release
from pilotage.readiness.operation import OperationFacts
from pilotage.registry.catalog import Catalog
from pilotage.steward.lease import Lease, SoleLease
from pilotage.steward.steward import Job, Steward, Tick
from pilotage.storage.artefacts import ArtefactStore

ACTIVATION = ("catalog-activated", "release", "assessment", "permit")


@dataclass
class Installation:
    """A ledger, an artefact store, a clock that stands still, and a declared catalog that can be changed."""

    ledger: LedgerStore
    artefacts: ArtefactStore
    clock: ManualClock
    catalog: Catalog | Exception
    operation: OperationFacts = NOT_SERVED
    stewards: list[Steward] = field(default_factory=list[Steward])

    def steward(self, lease: Lease | None = None, jobs: dict[str, Job] | None = None) -> Steward:
        """Build a steward over it."""
        return Steward(
            ledger=self.ledger,
            artefacts=self.artefacts,
            read_catalog=self.read_catalog,
            read_operation=lambda _use_case, _release: self.operation,
            lease=lease or SoleLease(),
            jobs=jobs,
        )

    def read_catalog(self) -> Catalog:
        """Give the declared catalog, or fail as the registry would."""
        if isinstance(self.catalog, Exception):
            raise self.catalog
        return self.catalog

    def tick(self) -> Tick:
        """Tick now, with the one steward of this installation."""
        if not self.stewards:
            self.stewards.append(self.steward())
        return self.stewards[0].tick(self.clock())

    def append(self, *bodies: Body) -> None:
        """Append evidence."""
        for body in bodies:
            self.ledger.append(body)

    def stage(self) -> str:
        """Give the stage of the latest permit."""
        permit = self.ledger.latest(Permit, use_case=USE_CASE)
        assert permit is not None
        return permit.body.stage

    def count(self, kind: type[Body]) -> int:
        """Count the records of a kind."""
        return len(self.ledger.read(kinds=(kind,)))


@pytest.fixture
def installation(databases: DatabaseMaker) -> Installation:
    """Give an installation whose use case is declared in full."""
    clock = ManualClock(NOW)
    artefacts = ArtefactStore(databases.make("sqlite"), b"m" * 32, clock)
    return Installation(MemoryLedger(clock), artefacts, clock, catalog_of())


def earn_limited(installation: Installation) -> Catalog:
    """Append the evidence for `limited`."""
    catalog = installation.read_catalog()
    installation.append(measurement(catalog), *papers(catalog))
    return catalog


def test_the_first_tick_activates_pins_assesses_and_permits(installation: Installation) -> None:
    """A new installation gets its catalog, each use case its Release, Assessment and Permit, in that order."""
    tick = installation.tick()
    assert (tick.leads, tick.appended, tick.problems) == (True, ACTIVATION, ())
    activated = installation.ledger.latest(CatalogActivated)
    release = installation.ledger.latest(Release)
    assessment = installation.ledger.latest(Assessment)
    permit = installation.ledger.latest(Permit)
    assert activated is not None
    assert release is not None
    assert assessment is not None
    assert permit is not None
    assert release.body.catalog_artefact == activated.body.artefact
    assert assessment.body.release == release.body.release == configuration_of(catalog_of()).root
    assert (permit.body.assessment, permit.body.stage) == (assessment.digest, "pilot")


def test_the_artefact_gives_the_catalog_back(installation: Installation) -> None:
    """What was activated can be read by another process without the registry, just as it was."""
    installation.tick()
    activated = installation.ledger.latest(CatalogActivated)
    assert activated is not None
    data = installation.artefacts.read_artefact(activated.body.artefact)
    assert Catalog.model_validate_json(data) == catalog_of()


def test_ticking_again_changes_nothing(installation: Installation) -> None:
    """Neither the same steward, nor one that starts anew, nor some hours append anything more."""
    installation.tick()
    head = installation.ledger.head()
    for _ in range(3):
        installation.clock.advance(timedelta(hours=1))
        assert installation.tick().appended == ()
        assert installation.steward().tick(installation.clock()).appended == ()
    assert installation.ledger.head() == head


def test_evidence_is_assessed_at_the_next_tick(installation: Installation) -> None:
    """The last piece of evidence brings `limited`; each piece gives an Assessment, and the Permit follows the stage."""
    installation.tick()
    catalog = installation.read_catalog()
    installation.append(measurement(catalog))
    assert installation.tick().appended == ("assessment",)
    for criterion, role in PAPERS.items():
        installation.append(attestation(catalog, criterion, role))
        installation.tick()
    assert installation.stage() == "limited"
    assert (installation.count(Assessment), installation.count(Permit)) == (7, 2)


def test_time_is_assessed_when_it_has_passed(installation: Installation) -> None:
    """Nothing happens before the moment that the tick names; at it the level drops, and after the grace the Permit."""
    installation.tick()
    earn_limited(installation)
    tick = installation.tick()
    assert tick.due is not None
    stages = {tick.due: "limited"}
    while installation.stage() == "limited":
        due = installation.tick().due
        assert due is not None
        installation.clock.now = due - timedelta(microseconds=1)
        assert installation.tick().appended == ()
        installation.clock.now = due
        installation.tick()
        stages[due] = installation.stage()
    expiry = NOW - timedelta(days=1) + timedelta(days=90)
    assert max(stages) == expiry + timedelta(days=14)
    latest = installation.ledger.latest(Assessment)
    assert latest is not None
    assert latest.body.stage == "pilot"


def test_a_changed_catalog_gives_a_new_release_and_evidence_goes_stale(installation: Installation) -> None:
    """A new prompt is a new Release with an Assessment of its own; the old one keeps what it earned."""
    installation.tick()
    catalog = earn_limited(installation)
    installation.tick()
    old = configuration_of(catalog).root
    route = catalog.routes["sort"].model_copy(update={"prompt": "Sort it well."})
    installation.catalog = catalog.model_copy(update={"routes": {"sort": route}})
    new = configuration_of(installation.catalog).root
    assert installation.tick().appended == ACTIVATION
    permits = {entry.body.release: entry.body.stage for entry in installation.ledger.read(kinds=(Permit,))}
    assert permits == {old: "limited", new: "pilot"}
    latest = installation.ledger.latest(Assessment, use_case=USE_CASE)
    assert latest is not None
    assert latest.body.release == new
    stale = next(answer for answer in latest.body.answers if answer.criterion == "hrl-5-usability")
    assert (stale.state, "another prompt" in stale.reason) == ("UNKNOWN", True)


def test_an_old_release_that_serves_is_kept_current(installation: Installation) -> None:
    """A FAILS about the old Release takes its cohort away at once, though a newer candidate is there."""
    installation.tick()
    catalog = earn_limited(installation)
    installation.tick()
    old = configuration_of(catalog).root
    route = catalog.routes["sort"].model_copy(update={"prompt": "Sort it well."})
    installation.catalog = catalog.model_copy(update={"routes": {"sort": route}})
    installation.tick()
    installation.append(measurement(catalog, verdict="FAILS"))
    installation.tick()
    permit = installation.ledger.latest(Permit, use_case=USE_CASE, release=old)
    assert permit is not None
    assert (permit.body.stage, permit.body.audiences) == ("pilot", ("assessment", "builders"))


def test_days_at_a_stage_carry_over_to_the_next_release(installation: Installation) -> None:
    """Changing the prompt does not make a stuck pilot young again."""
    installation.catalog = catalog_of(BARE)
    installation.tick()
    installation.clock.advance(timedelta(days=10))
    route = catalog_of(BARE).routes["sort"].model_copy(update={"prompt": "Sort it well."})
    installation.catalog = catalog_of(BARE).model_copy(update={"routes": {"sort": route}})
    installation.tick()
    latest = installation.ledger.latest(Assessment)
    assert latest is not None
    assert latest.body.stage_since.date().isoformat() == "2026-03-02"


def test_a_change_that_no_release_depends_on_pins_no_new_one(installation: Installation) -> None:
    """A new title activates the catalog and leaves the Release as it is."""
    installation.tick()
    use_case = catalog_of().use_cases[USE_CASE].model_copy(update={"title": "Claims inbox"})
    installation.catalog = catalog_of().model_copy(update={"use_cases": {USE_CASE: use_case}})
    assert installation.tick().appended == ("catalog-activated",)


def test_committing_what_was_dirty_pins_it(installation: Installation) -> None:
    """The same documents are recorded once more when they are committed, and not again the other way round."""
    clean = catalog_of()
    installation.catalog = clean.model_copy(update={"dirty": True, "commit": None})
    assert installation.tick().appended == ACTIVATION
    installation.catalog = clean
    assert installation.tick().appended == ("catalog-activated", "release")
    installation.catalog = clean.model_copy(update={"dirty": True})
    assert installation.tick().appended == ()


def test_a_registry_that_does_not_load_keeps_the_old_catalog(installation: Installation) -> None:
    """The problem is told, and evidence is still assessed by the catalog that was activated last."""
    installation.tick()
    earn_limited(installation)
    installation.catalog = DocumentError((Problem("use-case.yaml", 3, "`ownr` is no field", "write `owner`"),))
    tick = installation.tick()
    assert installation.stage() == "limited"
    assert len(tick.problems) == 1
    assert "use-case.yaml:3" in tick.problems[0]


def test_without_any_catalog_there_is_nothing_to_do(installation: Installation) -> None:
    """A registry that never loaded leaves an empty ledger and a problem, no traceback."""
    installation.catalog = DocumentError((Problem("a.yaml", 1, "broken", "mend it"),))
    tick = installation.tick()
    assert (tick.appended, len(tick.problems), installation.ledger.head().seq) == ((), 1, 0)


def test_one_use_case_in_trouble_stops_no_other(installation: Installation) -> None:
    """A fault with one use case, even one that nobody expected, is told, and the others are assessed."""
    catalog = catalog_of()
    other = catalog.use_cases[USE_CASE].model_copy(update={"name": "another"})
    installation.catalog = catalog.model_copy(update={"use_cases": catalog.use_cases | {"another": other}})

    def read(use_case: str, _release: str) -> OperationFacts:
        """Fail for one."""
        if use_case == "another":
            raise RuntimeError("the disk is on fire")
        return NOT_SERVED

    steward = Steward(
        ledger=installation.ledger,
        artefacts=installation.artefacts,
        read_catalog=installation.read_catalog,
        read_operation=read,
        lease=SoleLease(),
    )
    tick = steward.tick(NOW)
    assert tick.problems == ("use case another: RuntimeError: the disk is on fire",)
    assert installation.stage() == "pilot"


def test_only_the_leader_works(installation: Installation) -> None:
    """Another process leads: nothing is read, appended or run. Once it leads itself, it does all that is due."""
    lease = SoleLease(held_by_another=True)
    ran: list[datetime] = []
    steward = installation.steward(lease, {"seal usage": ran.append})
    assert steward.tick(NOW) == Tick(leads=False)
    assert installation.ledger.head().seq == 0
    lease.held_by_another = False
    assert steward.tick(NOW).appended == ACTIVATION
    assert ran == [NOW]


def test_jobs_run_at_each_tick_and_may_fail(installation: Installation) -> None:
    """A job that fails is told by its name and keeps no other from running."""
    ran: list[str] = []

    def fail(_now: datetime) -> None:
        """Fail."""
        raise RuntimeError("no room")

    jobs: dict[str, Job] = {"broken": fail, "seal usage": lambda _now: ran.append("sealed")}
    steward = installation.steward(jobs=jobs)
    assert steward.tick(NOW).problems == ("job broken: RuntimeError: no room",)
    assert ran == ["sealed"]


def test_operation_is_looked_at_anew(installation: Installation) -> None:
    """Days served change an Assessment without any record."""
    installation.tick()
    installation.operation = OperationFacts(days=3, calls=40)
    assert installation.tick().appended == ("assessment",)
    installation.operation = OperationFacts(days=3, calls=41)
    assert installation.tick().appended == ()


class Interrupting:
    """A ledger into which another process appends just before each of our own appends, some times."""

    def __init__(self, ledger: MemoryLedger, intrude: Callable[[], object], times: int) -> None:
        """Intrude so many times."""
        self._ledger = ledger
        self._intrude = intrude
        self._times = times

    def append_if(self, plan: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the ledger's own
        """Let the other be quicker."""
        if self._times > 0:
            self._times -= 1
            self._intrude()
        return self._ledger.append_if(plan)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the ledger's own
        """Do all else as the ledger does."""
        return getattr(self._ledger, name)


@pytest.mark.parametrize("times", [1, 2, 5])
def test_evidence_that_comes_in_between_is_never_overlooked(installation: Installation, times: int) -> None:
    """Evidence appended while we assess makes us assess anew, so the last Assessment always rests on all of it."""
    installation.tick()
    catalog = installation.read_catalog()
    ledger = installation.ledger
    assert isinstance(ledger, MemoryLedger)
    bodies: list[Body] = [*papers(catalog), *papers(catalog)]
    installation.append(measurement(catalog))
    installation.ledger = Interrupting(ledger, lambda: ledger.append(bodies.pop(0)), times)  # pyright: ignore[reportAttributeAccessIssue] - the other methods are passed on
    steward = installation.steward()
    steward.tick(NOW)
    while times >= 3 and steward.tick(NOW).appended:
        pass
    latest = ledger.latest(Assessment)
    assert latest is not None
    fresh = installation.steward()
    installation.ledger = ledger
    assert "assessment" not in fresh.tick(NOW).appended
    assert sum(answer.evidence is not None and answer.level > 3 for answer in latest.body.answers) >= times


def test_two_stewards_at_once_append_nothing_twice(installation: Installation) -> None:
    """Two that believe they lead take turns over the same ledger; each record stands there once."""
    one, other = installation.steward(), installation.steward()
    for steward in (one, other, one, other):
        steward.tick(NOW)
    earn_limited(installation)
    for steward in (other, one, other):
        steward.tick(NOW)
    kinds = (CatalogActivated, Release, Assessment, Permit)
    assert [installation.count(kind) for kind in kinds] == [1, 1, 2, 2]
