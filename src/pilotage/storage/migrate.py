"""Brings the tables to the present schema, and refuses to work on any other.

Revisions stand in `migrations/versions`, the oldest first. A change first only adds (expand), and takes away
in a later release (contract), so that a replica of the version before can go on while another is upgraded.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from pilotage.core.errors import StorageError
from pilotage.storage.engine import SCHEMA_REMEDY, translated_errors, write_transaction

MIGRATION_LOCK = 7_306_601
"""PostgreSQL advisory lock under which one process at a time changes the schema."""


def upgrade_schema(engine: sa.Engine, revision: str = "head") -> None:
    """Create the tables or bring them to a revision; many processes may call it at once.

    Raises:
        StorageError: the database cannot be used, or was written by a newer version.
    """
    with write_transaction(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        _refuse_unknown(_revision_of(connection))
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)


def check_schema(engine: sa.Engine) -> None:
    """Refuse a database whose tables are not those of this version.

    Raises:
        StorageError: the tables are missing, older or newer, or the database cannot be used.
    """
    found = schema_revision(engine)
    _refuse_unknown(found)
    newest = newest_revision()
    if found is None:
        raise StorageError("the database has no tables yet", SCHEMA_REMEDY)
    if found != newest:
        raise StorageError(f"the tables are of schema {found}, this version needs {newest}", SCHEMA_REMEDY)


def schema_revision(engine: sa.Engine) -> str | None:
    """Give the schema revision that the database is at; None where it has no tables.

    Raises:
        StorageError: the database cannot be used.
    """
    with translated_errors(), engine.connect() as connection:
        return _revision_of(connection)


def newest_revision() -> str:
    """Give the schema revision that this version works with."""
    return str(_scripts().get_current_head())


def known_revisions() -> frozenset[str]:
    """Give every schema revision that this version can read and upgrade from."""
    return frozenset(script.revision for script in _scripts().walk_revisions())


def _refuse_unknown(found: str | None) -> None:
    """Refuse the tables of a version to come."""
    if found is not None and found not in known_revisions():
        message = f"the tables are of schema {found}, which this version does not know"
        raise StorageError(message, "use the newer version of Pilotage that wrote them")


def _revision_of(connection: sa.Connection) -> str | None:
    """Read the revision that Alembic keeps."""
    return MigrationContext.configure(connection).get_current_revision()


def _configuration() -> Config:
    """Point Alembic at the revisions in this package."""
    configuration = Config()
    configuration.set_main_option("script_location", "pilotage.storage:migrations")
    configuration.set_main_option("path_separator", "os")
    return configuration


def _scripts() -> ScriptDirectory:
    """Open the list of revisions."""
    return ScriptDirectory.from_config(_configuration())
