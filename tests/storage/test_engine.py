"""The database opens with the guarantees that the ledger needs, and what is wrong with it is said clearly."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import exc
from tests.storage_fixtures import DatabaseMaker

from pilotage.core.errors import StorageError, UsageError
from pilotage.storage.engine import open_engine, read_transaction, write_transaction
from pilotage.storage.tables import lease

ROW = {"name": "steward", "holder": "a", "until": "2026-03-03T00:00:00.000000Z"}


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("nonsense", "cannot be read; use sqlite:///path"),
        ("", "cannot be read"),
        ("mysql+pymysql://h/d", "mysql is no database that is supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("nosuch://x", "nosuch is no database|cannot be read"),
    ],
)
def test_a_wrong_address_is_the_fault_of_who_set_it(url: str, complaint: str) -> None:
    """An address that names no supported database is refused with an example of a good one."""
    with pytest.raises(UsageError, match=complaint) as caught:
        open_engine(url)
    assert "postgresql+psycopg://" in caught.value.remedy


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A SQLite file in a folder that does not exist gives the command that makes the folder."""
    with pytest.raises(StorageError, match=r"does not exist; create it with mkdir -p"):
        open_engine(f"sqlite:///{tmp_path}/missing/x.db")


def test_sqlite_writes_survive_a_power_cut(sqlite_engine: sa.Engine) -> None:
    """The pragmas that durability, erasure and waiting rest on are set on each connection."""
    names = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 30_000}
    with sqlite_engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names}
    assert found == names


def test_a_writing_transaction_commits_as_a_whole(engine: sa.Engine) -> None:
    """What was written stays; what was written before an error does not."""
    with write_transaction(engine) as connection:
        connection.execute(sa.insert(lease).values(ROW))

    def fail_after_writing() -> None:
        with write_transaction(engine) as connection:
            connection.execute(sa.update(lease).values(holder="b"))
            raise KeyError("holder")

    with pytest.raises(KeyError):
        fail_after_writing()
    with engine.connect() as connection:
        assert connection.execute(sa.select(lease.c.holder)).scalars().all() == ["a"]


def test_writers_that_read_first_queue(engine: sa.Engine) -> None:
    """Threads that read a counter and write it back lose no step and see no lock error, on SQLite too."""
    with write_transaction(engine) as connection:
        connection.execute(sa.insert(lease).values(ROW | {"holder": "0"}))

    def count() -> None:
        for _ in range(10):
            with write_transaction(engine) as connection:
                held = connection.execute(sa.select(lease.c.holder).with_for_update()).scalar_one()
                connection.execute(sa.update(lease).values(holder=str(int(held) + 1)))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert connection.execute(sa.select(lease.c.holder)).scalar_one() == "40"


def test_a_reading_transaction_sees_one_moment(engine: sa.Engine) -> None:
    """What others commit meanwhile is not seen before the next transaction."""
    count = sa.select(sa.func.count()).select_from(lease)
    with read_transaction(engine) as reader:
        assert reader.scalar(count) == 0
        with write_transaction(engine) as writer:
            writer.execute(sa.insert(lease).values(ROW))
        assert reader.scalar(count) == 0
    with read_transaction(engine) as reader:
        assert reader.scalar(count) == 1


def test_a_lock_that_is_never_freed_is_told(sqlite_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that holds the database for ever does not make others wait for ever."""
    monkeypatch.setattr("pilotage.storage.engine.PRAGMAS", ("PRAGMA busy_timeout = 1",))
    other = open_engine(str(sqlite_engine.url))
    with write_transaction(sqlite_engine), pytest.raises(StorageError, match="holds the database; end the process"):
        write_transaction(other).__enter__()
    other.dispose()


def test_a_database_without_tables_says_how_to_prepare_it(databases: DatabaseMaker, backend: str) -> None:
    """Reading or writing too early names the command, on both kinds of database."""
    bare = databases.make(backend, tables=False)
    for transaction in (read_transaction, write_transaction):
        with pytest.raises(StorageError, match="lacks tables; prepare it with `pilotage up`"), transaction(bare) as one:
            one.execute(sa.select(lease))


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    """Another file in the place of the database gives a clear error."""
    (tmp_path / "x.db").write_bytes(b"no database, but long enough to look at it. " * 100)
    engine = open_engine(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(StorageError, match="no SQLite database"), read_transaction(engine):
        pass
    engine.dispose()


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A PostgreSQL that does not answer gives a clear error."""
    engine = open_engine(f"postgresql+psycopg://nobody@/none?host={tmp_path}")
    with (
        pytest.raises(StorageError, match=r"cannot be used: .*; check that the database runs"),
        read_transaction(engine),
    ):
        pass


def test_a_doubled_key_stays_what_it_is(engine: sa.Engine) -> None:
    """A violated constraint is for the caller to understand, so it passes as it is."""
    with write_transaction(engine) as connection:
        connection.execute(sa.insert(lease).values(ROW))
    with pytest.raises(exc.IntegrityError), write_transaction(engine) as connection:
        connection.execute(sa.insert(lease).values(ROW))
