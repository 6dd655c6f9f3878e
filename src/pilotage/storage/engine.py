"""Opens the database, SQLite or PostgreSQL, so that what is acknowledged survives a kill and writers queue.

SQLite begins transactions lazily by itself, and a reader that then writes fails at once when another process
wrote in between; so every writing transaction takes the write lock at its beginning, by `write_transaction`.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.pool import ConnectionPoolEntry

from pilotage.core.errors import StorageError, UsageError

BUSY_SECONDS = 30
LOCK_TRIES = 4
WRITES = "pilotage_writes"
UNDEFINED_TABLE = "42P01"

URL_REMEDY = "use sqlite:///path/to/file.db or postgresql+psycopg://user@host/database"
REACH_REMEDY = "check that the database runs, that its address is right, and that this user may read and write it"
LOCK_REMEDY = "end the process that holds it, or try again"
SCHEMA_REMEDY = "prepare it with `pilotage up`, which creates or upgrades the tables"

PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",  # first, so that the others wait for a lock too
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # an acknowledged record survives a power cut
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # an erased key leaves no bytes behind in free pages
)


def open_engine(url: str) -> sa.Engine:
    """Open the database at an address; nothing is created but, for SQLite, the empty file at first use.

    Args:
        url: `sqlite:///path` (an absolute path has four slashes) or `postgresql+psycopg://…`.

    Raises:
        UsageError: the address cannot be read, names another database, or its driver is not installed.
        StorageError: the folder of the SQLite file does not exist.
    """
    try:
        parsed = sa.make_url(url)
        backend = parsed.get_backend_name()
    except (exc.ArgumentError, ValueError) as error:
        raise UsageError("the address of the database cannot be read", URL_REMEDY) from error
    if backend == "sqlite":
        return _open_sqlite(parsed)
    if backend != "postgresql":
        raise UsageError(f"{backend} is no database that is supported", URL_REMEDY)
    try:
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    except ImportError as error:
        raise UsageError("the driver for PostgreSQL is missing", "run pip install 'pilotage[postgres]'") from error


def _open_sqlite(url: sa.URL) -> sa.Engine:
    """Open a SQLite file with a write-ahead log, full synchronisation, and transactions begun by us."""
    if url.database is None or url.database in {"", ":memory:"} or url.database.startswith("file:"):
        raise UsageError("a SQLite database needs a file", URL_REMEDY)
    path = Path(url.database)
    if not path.parent.is_dir():
        raise StorageError(f"the folder {path.parent} does not exist", f"create it with mkdir -p {path.parent}")
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(dbapi: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401 - whatever the driver gives
    """Take transaction control from the driver and set the pragmas of a new connection."""
    dbapi.isolation_level = None
    cursor = dbapi.cursor()
    try:
        for pragma in PRAGMAS:
            cursor.execute(pragma)
    finally:
        cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """Begin a transaction; one that writes takes the write lock now."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def write_transaction(engine: sa.Engine) -> Generator[sa.Connection]:
    """Give a connection inside a transaction that may write; commits at the end, rolls back on any error.

    On SQLite the write lock is taken at the beginning, and waiting for it lasts at most two minutes. On
    PostgreSQL it is an ordinary transaction.

    Raises:
        StorageError: the database cannot be reached, has no tables, or is held too long by another process.
    """
    with translated_errors():
        connection, transaction = _begin_writing(engine)
        with connection, transaction:
            yield connection


def _begin_writing(engine: sa.Engine) -> tuple[sa.Connection, sa.RootTransaction]:
    """Begin a writing transaction, trying again while another process holds the lock."""
    for _ in range(LOCK_TRIES):
        connection = engine.connect().execution_options(**{WRITES: True})
        try:
            return connection, connection.begin()
        except exc.OperationalError as error:
            connection.close()
            if not _is_locked(error):
                raise
        except BaseException:
            connection.close()
            raise
    raise StorageError("another process holds the database", LOCK_REMEDY)


@contextmanager
def read_transaction(engine: sa.Engine) -> Generator[sa.Connection]:
    """Give a connection that sees one consistent snapshot for as long as it is open, and writes nothing.

    Raises:
        StorageError: the database cannot be reached or has no tables.
    """
    with translated_errors(), engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            yield connection


@contextmanager
def translated_errors() -> Generator[None]:
    """Turn the driver's complaints that an operator can mend into a StorageError; others pass as they are."""
    try:
        yield
    except (exc.IntegrityError, exc.DataError):
        raise
    except exc.DBAPIError as error:
        cause = " ".join(str(error.orig).split())
        if _is_locked(error):
            raise StorageError("another process holds the database", LOCK_REMEDY) from error
        if "no such table" in cause or getattr(error.orig, "sqlstate", None) == UNDEFINED_TABLE:
            raise StorageError("the database lacks tables", SCHEMA_REMEDY) from error
        if "not a database" in cause or "malformed" in cause:
            remedy = "name another file, or restore a backup with `pilotage restore`"
            raise StorageError(f"the file is no SQLite database, or a damaged one ({cause})", remedy) from error
        if isinstance(error, (exc.OperationalError, exc.InterfaceError)):
            raise StorageError(f"the database cannot be used: {cause}", REACH_REMEDY) from error
        raise


def _is_locked(error: exc.DBAPIError) -> bool:
    """Tell whether SQLite gave up waiting for a lock."""
    return "database is locked" in str(error.orig) or "database table is locked" in str(error.orig)
