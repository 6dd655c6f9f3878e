"""Tests of sealing: each settled row is bound into the ledger exactly once, whatever happens in between."""

from __future__ import annotations

import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.metering.rows import START, insert_rows, read_days, read_rows, unknown_row, usage_row

from pilotage.core.amount import Amount
from pilotage.core.clock import ManualClock
from pilotage.ledger.ledger import Ledger
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.merkle import merkle_root
from pilotage.ledger.protocol import LedgerStore
from pilotage.ledger.records.seal import UsageSeal
from pilotage.ledger.signing import SigningKey
from pilotage.metering import sealing
from pilotage.metering.sealing import leaf_of_row, seal_all_usage, seal_usage
from pilotage.storage.engine import write_transaction
from pilotage.storage.tables import usage


class KilledError(Exception):
    """Stands for a kill at this very place."""


class CrashingLedger(MemoryLedger):
    """Appends a record, and is then killed as often as told."""

    def __init__(self, crashes: int) -> None:
        """Begin empty."""
        super().__init__(ManualClock(START))
        self.crashes = crashes

    def append(self, body: Any) -> Any:  # noqa: ANN401 - as the ledger's own
        """Append, then die."""
        entry = super().append(body)
        if self.crashes > 0:
            self.crashes -= 1
            raise KilledError
        return entry


def seals_of(ledger: LedgerStore) -> list[UsageSeal]:
    """Give all seals of a ledger in order."""
    return [entry.body for entry in ledger.read(kinds=(UsageSeal,))]


def assert_sealed_once(engine: sa.Engine, ledger: LedgerStore) -> None:
    """Every row that bears a seal is in that seal alone, and each seal's root and count are those of its rows."""
    rows = read_rows(engine)
    entries = ledger.read(kinds=(UsageSeal,))
    assert sum(entry.body.rows for entry in entries) == sum(row["seal"] is not None for row in rows)
    for entry in entries:
        mine = [row for row in rows if row["seal"] == entry.seq]
        assert entry.body.rows == len(mine)
        assert (entry.body.first, entry.body.last) == (mine[0]["id"], mine[-1]["id"])
        assert {row["replica"] for row in mine} == {entry.body.replica}
        assert entry.body.root == merkle_root(leaf_of_row(row) for row in mine)
        assert entry.body.tokens_in == sum(row["tokens_in"] or 0 for row in mine)


@pytest.fixture
def ledger(engine: sa.Engine, tmp_path: Path) -> Ledger:
    """Give a signed ledger in the test's database."""
    return Ledger(engine, SigningKey.open(tmp_path / "signing.key"), ManualClock(START))


def test_settled_rows_are_sealed_exactly_once(engine: sa.Engine, ledger: Ledger) -> None:
    """A seal holds count, totals and a root that anyone can recompute; sealing again finds nothing to do."""
    insert_rows(engine, usage_row(), unknown_row(), usage_row(status=500))

    assert seal_usage(engine, ledger, "one") == 3
    assert seal_usage(engine, ledger, "one") == 0

    (seal,) = seals_of(ledger)
    assert (seal.calls, seal.rows, seal.unknown_usage, seal.tokens_out) == (3, 3, 1, 10)
    assert [one.value() for one in seal.money] == [Amount(Decimal("4e-8"), Decimal("8e-8"), "EUR")]
    assert_sealed_once(engine, ledger)


def test_a_row_that_is_altered_later_no_longer_fits_its_root(engine: sa.Engine, ledger: Ledger) -> None:
    """Whoever makes a sealed call cheaper is found out by the ledger."""
    insert_rows(engine, usage_row(), usage_row())
    seal_usage(engine, ledger, "one")
    with write_transaction(engine) as connection:
        connection.execute(sa.update(usage).values(cost_low=0, cost_high=0))

    with pytest.raises(AssertionError):
        assert_sealed_once(engine, ledger)


def test_an_open_call_holds_back_those_after_it(engine: sa.Engine, ledger: Ledger) -> None:
    """A batch ends before the first call under way, and goes on once that is settled."""
    insert_rows(engine, usage_row(), usage_row(state="reserved", status=None), usage_row())

    assert seal_usage(engine, ledger, "one") == 1
    with write_transaction(engine) as connection:
        connection.execute(sa.update(usage).where(usage.c.state == "reserved").values(state="settled", status=200))
    assert seal_usage(engine, ledger, "one") == 2

    assert_sealed_once(engine, ledger)


def test_a_call_that_was_never_settled_is_sealed_too(engine: sa.Engine, ledger: Ledger) -> None:
    """Once a crash has left a call unsettled for good, it holds nobody back."""
    insert_rows(engine, unknown_row(state="unsettled", status=None), usage_row())

    assert seal_usage(engine, ledger, "one") == 2

    assert_sealed_once(engine, ledger)


def test_each_replica_seals_its_own_rows(engine: sa.Engine, ledger: Ledger) -> None:
    """Rows of two replicas lie mixed, and an open call of one does not hold back the other."""
    insert_rows(
        engine,
        usage_row(replica="one"),
        usage_row(replica="two", state="reserved"),
        usage_row(replica="one"),
        usage_row(replica="two"),
    )

    assert seal_all_usage(engine, ledger) == 2

    assert [seal.replica for seal in seals_of(ledger)] == ["one"]
    assert_sealed_once(engine, ledger)


def test_many_rows_are_sealed_in_batches(engine: sa.Engine, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than one batch becomes several seals, without gap or overlap."""
    monkeypatch.setattr(sealing, "BATCH_ROWS", 3)
    insert_rows(engine, *(usage_row() for _ in range(8)))

    assert seal_usage(engine, ledger, "one") == 8

    assert [seal.rows for seal in seals_of(ledger)] == [3, 3, 2]
    assert_sealed_once(engine, ledger)


def test_a_crash_between_record_and_mark_is_mended(engine: sa.Engine) -> None:
    """After a kill between the two, the next look marks the rows of the seal that stands, and seals none twice."""
    ledger = CrashingLedger(crashes=1)
    insert_rows(engine, usage_row(), usage_row())
    with pytest.raises(KilledError):
        seal_usage(engine, ledger, "one")
    before = read_days(engine)
    insert_rows(engine, usage_row())

    assert seal_usage(engine, ledger, "one") == 1

    assert [seal.rows for seal in seals_of(ledger)] == [2, 1]
    assert_sealed_once(engine, ledger)
    assert (before.calls, read_days(engine).calls) == (2, 3)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["call", "open", "settle", "seal", "crash"]), max_size=25))
def test_any_course_of_events_seals_each_row_once(sqlite_engine: sa.Engine, steps: list[str]) -> None:
    """However calls, settlements, seals and kills follow each other, in the end each row is sealed exactly once."""
    with write_transaction(sqlite_engine) as connection:
        connection.execute(sa.delete(usage))
    ledger = CrashingLedger(crashes=0)
    for step in [*steps, "settle", "seal"]:
        match step:
            case "call":
                insert_rows(sqlite_engine, usage_row())
            case "open":
                insert_rows(sqlite_engine, usage_row(state="reserved"))
            case "settle":
                with write_transaction(sqlite_engine) as connection:
                    connection.execute(sa.update(usage).where(usage.c.state == "reserved").values(state="settled"))
            case _:
                ledger.crashes = int(step == "crash")
                try:
                    seal_all_usage(sqlite_engine, ledger)
                except KilledError:
                    continue

    ledger.crashes = 0
    seal_all_usage(sqlite_engine, ledger)
    assert all(row["seal"] is not None for row in read_rows(sqlite_engine))
    assert_sealed_once(sqlite_engine, ledger)


def test_two_processes_seal_no_row_twice(engine: sa.Engine, ledger: Ledger) -> None:
    """Where `assess` and the steward of `up` seal at the same moment, each row is in one seal."""
    insert_rows(engine, *(usage_row() for _ in range(20)))
    start = threading.Barrier(4)
    sealed: list[int] = []

    def seal() -> None:
        start.wait()
        sealed.append(seal_usage(engine, ledger, "one"))

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(sealed) == 20
    assert_sealed_once(engine, ledger)
