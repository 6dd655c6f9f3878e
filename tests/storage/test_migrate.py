"""The schema is made by its revisions, is that of the tables, and any other is refused."""

from __future__ import annotations

import multiprocessing

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from tests.storage_fixtures import DatabaseMaker

from pilotage.core.errors import StorageError
from pilotage.storage.engine import open_engine
from pilotage.storage.migrate import check_schema, schema_revision, upgrade_schema
from pilotage.storage.tables import METADATA


def test_revisions_make_the_declared_tables(engine: sa.Engine) -> None:
    """A database that went through every revision has just the tables, columns and indexes of tables.py."""
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    assert differences == []


def test_upgrading_again_changes_nothing(engine: sa.Engine) -> None:
    """Upgrading is idempotent, so every start can do it, and afterwards the check passes."""
    upgrade_schema(engine)
    check_schema(engine)


def test_a_database_without_tables_is_refused(databases: DatabaseMaker, backend: str) -> None:
    """Start refuses an empty database and says which command prepares it."""
    engine = databases.make(backend, tables=False)
    assert schema_revision(engine) is None
    with pytest.raises(StorageError, match="no tables yet; prepare it with `pilotage up`"):
        check_schema(engine)


def test_a_newer_schema_is_refused(engine: sa.Engine) -> None:
    """A database that a newer version upgraded is neither used nor upgraded."""
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for use in (check_schema, upgrade_schema):
        with pytest.raises(StorageError, match="9999, which this version does not know; use the newer version"):
            use(engine)


def upgrade_at(url: str) -> None:
    """Upgrade in a process of its own."""
    engine = open_engine(url)
    upgrade_schema(engine)
    engine.dispose()


def test_two_processes_upgrade_at_once(databases: DatabaseMaker, backend: str) -> None:
    """Replicas that start together do not trip over each other's tables."""
    engine = databases.make(backend, tables=False)
    url = engine.url.render_as_string(hide_password=False)
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=upgrade_at, args=(url,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    check_schema(engine)
