"""Tests that the shipped fake reader and the stored one give the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.portal import sample

from pilotage.core.clock import ManualClock
from pilotage.core.errors import StorageError
from pilotage.evaluation.reports.reading import ReadArtefact
from pilotage.ledger.ledger import Ledger
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.release import CatalogActivated
from pilotage.ledger.signing import SigningKey
from pilotage.metering.totals import UsageTotals
from pilotage.portal.memory import MemoryReader
from pilotage.portal.reader import PortalReader
from pilotage.portal.stored import StoredReader
from pilotage.storage.engine import open_engine
from pilotage.storage.migrate import upgrade_schema

CATALOG = sample.catalog(sample.use_case())
ARTEFACT = "sha256:" + "c" * 64


def artefacts(content: bytes) -> ReadArtefact:
    """Give a store with one artefact, the catalog."""

    def read(digest: str, *, subject: str | None = None) -> bytes:
        """Give it, whomever it belongs to."""
        return {ARTEFACT: content}[digest]

    return read


@pytest.fixture(params=["memory", "stored"])
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PortalReader]:
    """Give a reader of either kind over the same three records."""
    clock = ManualClock(sample.NOW)
    bodies = (
        CatalogActivated(commit=None, dirty=True, catalog=CATALOG.digest, artefact=ARTEFACT, documents=1),
        sample.release(),
        sample.assessment(),
    )
    if request.param == "memory":
        fake = MemoryReader(CATALOG, sample.MemoryLedger(clock), clock)
        for body in bodies:
            fake.ledger.append(body)
        yield fake
        return
    engine = open_engine(f"sqlite:///{tmp_path}/state.db")
    upgrade_schema(engine)
    ledger = Ledger(engine, SigningKey.generate(), clock)
    for body in bodies:
        ledger.append(body)
    content = CATALOG.model_dump_json(by_alias=True).encode()
    yield StoredReader(engine, ledger, artefacts(content), clock)
    engine.dispose()


def test_a_reader_gives_what_is_there(reader: PortalReader) -> None:
    """Catalog, records, usage, clock and head come as they were put in."""
    assert reader.read_catalog() == CATALOG
    assert sample.NOW == reader.now()
    assert reader.read_banner() is None
    assert ["release", "assessment"] == [
        entry.body.record_name for entry in reader.read_entries(use_case="claims-inbox")
    ]
    assert UsageTotals() == reader.read_usage(since=sample.NOW, until=sample.NOW)
    last = reader.read_entries(use_case="claims-inbox")[-1]
    assert last.digest == reader.head()


def test_a_reader_finds_single_records(reader: PortalReader) -> None:
    """The last record of a kind and the record of a digest are found; what is not there is None."""
    latest = reader.read_latest(Assessment, use_case="claims-inbox", release=sample.NEW)

    assert latest is not None
    assert latest == reader.read_entry(latest.digest)
    assert reader.read_latest(Assessment, use_case="claims-inbox", release=sample.OLD) is None
    assert reader.read_entry("sha256:" + "0" * 64) is None


def test_a_reader_without_runs(reader: PortalReader) -> None:
    """Where nothing was measured there is no report of a run."""
    assert reader.runs.read_report("0" * 26, CATALOG) is None


def test_a_catalog_of_another_version_is_told(tmp_path: Path) -> None:
    """An artefact that holds no catalog which this version reads is an error with a remedy."""
    engine = open_engine(f"sqlite:///{tmp_path}/state.db")
    try:
        upgrade_schema(engine)
        ledger = Ledger(engine, SigningKey.generate(), ManualClock(sample.NOW))
        stored = StoredReader(engine, ledger, artefacts(b'{"from": "the future"}'), ManualClock(sample.NOW))
        assert stored.read_catalog() is None
        ledger.append(CatalogActivated(commit=None, dirty=True, catalog=CATALOG.digest, artefact=ARTEFACT, documents=1))

        with pytest.raises(StorageError, match="cannot be read by this version"):
            stored.read_catalog()
    finally:
        engine.dispose()
