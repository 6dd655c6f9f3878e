"""What every ledger promises, stored or in memory: the same behaviour is asked of both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.ledger.samples import MOMENT, SAMPLES, digest, fixed_key
from tests.storage_fixtures import BACKENDS, DatabaseMaker

from pilotage.core.clock import ManualClock
from pilotage.core.errors import EvidenceError
from pilotage.ledger.entry import EMPTY, NO_DIGEST, Entry
from pilotage.ledger.ledger import Ledger
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.protocol import LedgerStore
from pilotage.ledger.records.measurement import DatasetOpened, Measurement
from pilotage.ledger.records.record import Body
from pilotage.ledger.records.release import CatalogActivated, Release
from pilotage.ledger.records.seal import UsageSeal

CATALOG = CatalogActivated(commit=None, dirty=True, catalog=digest("a"), artefact=digest("b"), documents=3)


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock that stands still."""
    return ManualClock(datetime(2026, 3, 3, 9, 30, tzinfo=UTC))


@pytest.fixture(params=["memory", *BACKENDS])
def ledger(request: pytest.FixtureRequest, clock: ManualClock, databases: DatabaseMaker) -> LedgerStore:
    """Give an empty ledger of each kind."""
    if request.param == "memory":
        return MemoryLedger(clock)
    return Ledger(databases.make(request.param), fixed_key(1), clock)


def release_of(use_case: str, letter: str) -> Release:
    """Give a Release of a use case."""
    at = digest(letter)
    return Release(use_case=use_case, release=at, parts={}, commit=None, dirty=False, catalog_artefact=at)


def test_an_empty_ledger_has_a_head_of_zeros(ledger: LedgerStore) -> None:
    """Before the first record there is number 0, and nothing to read."""
    assert ledger.head() == EMPTY
    assert ledger.read() == []
    assert ledger.latest(Release) is None


def test_records_follow_each_other(ledger: LedgerStore, clock: ManualClock) -> None:
    """Each record has the next number, names the digest of the one before, and holds the moment of its appending."""
    first = ledger.append(CATALOG)
    later = clock.advance(timedelta(seconds=1))
    second = ledger.append(CATALOG)
    assert (first.seq, first.previous) == (1, NO_DIGEST)
    assert (second.seq, second.previous, second.recorded_at) == (2, first.digest, later)
    assert (ledger.head().seq, ledger.head().digest) == (2, second.digest)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_reads_back_as_it_was_appended(ledger: LedgerStore, name: str) -> None:
    """A body of any kind comes back equal, with the digest that append gave."""
    entry = ledger.append(SAMPLES[name])
    assert ledger.read() == [entry]
    assert entry.body == SAMPLES[name]
    assert ledger.latest(type(SAMPLES[name])) == entry


def test_reading_selects_by_kind_use_case_release_and_place(ledger: LedgerStore) -> None:
    """A reader asks for what it needs, and gets it in order."""
    entries: list[Entry] = [
        ledger.append(body)
        for body in (
            CATALOG,
            release_of("one", "1"),
            release_of("two", "2"),
            release_of("one", "3"),
            SAMPLES["measurement"],
        )
    ]
    assert ledger.read() == entries
    assert ledger.read(after=3) == entries[3:]
    assert ledger.read(after=99) == []
    assert ledger.read(kinds=(Release,)) == entries[1:4]
    assert ledger.read(kinds=(CatalogActivated, Measurement)) == [entries[0], entries[4]]
    assert ledger.read(kinds=(UsageSeal,)) == []
    assert ledger.read(use_case="one") == [entries[1], entries[3]]
    assert ledger.read(release=digest("2")) == [entries[2]]
    assert ledger.read(kinds=(Release,), use_case="one", after=2, limit=1) == [entries[3]]
    assert ledger.read(limit=2) == entries[:2]
    assert ledger.read(limit=0) == []


def test_latest_gives_the_last_of_its_kind(ledger: LedgerStore) -> None:
    """The latest record answers, within a use case or a Release where one is named."""
    one, two = ledger.append(release_of("one", "1")), ledger.append(release_of("two", "2"))
    ledger.append(CATALOG)
    assert ledger.latest(Release) == two
    assert ledger.latest(Release, use_case="one") == one
    assert ledger.latest(Release, use_case="one", release=digest("2")) is None
    assert ledger.latest(DatasetOpened) is None


def test_append_if_decides_under_the_lock(ledger: LedgerStore) -> None:
    """A plan that sees nothing to do appends nothing; it may read the ledger to see that."""

    def plan() -> Body | None:
        return CATALOG if ledger.latest(CatalogActivated) is None else None

    first = ledger.append_if(plan)
    assert first is not None
    assert first.body == CATALOG
    assert ledger.append_if(plan) is None
    assert ledger.head().seq == 1


def test_a_body_that_json_cannot_hold_is_refused(ledger: LedgerStore) -> None:
    """A number that other languages would read as another one is refused, and the chain goes on without a gap."""
    with pytest.raises(EvidenceError, match="canonical JSON"):
        ledger.append(CATALOG.model_copy(update={"documents": 2**60}))
    assert ledger.append(CATALOG).seq == 1


def test_both_kinds_give_the_same_digests(databases: DatabaseMaker) -> None:
    """The fake chains as the stored ledger does, so digests in tests are those of real life."""
    clock = ManualClock(MOMENT)
    ledgers: list[LedgerStore] = [MemoryLedger(clock)]
    ledgers.append(Ledger(databases.make("sqlite"), fixed_key(1), clock))
    digests = [[ledger.append(body).digest for body in SAMPLES.values()] for ledger in ledgers]
    assert digests[0] == digests[1]
