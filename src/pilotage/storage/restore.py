"""Reads a backup back, after checking all of it, into an empty database and a state folder without other keys.

Nothing is unpacked under a name from the file: a member that is not expected makes the file a foreign one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import exc

from pilotage.core.errors import StorageError
from pilotage.storage.backup import ROWS_AT_ONCE, read_keys
from pilotage.storage.engine import read_transaction, write_transaction
from pilotage.storage.manifest import (
    LARGEST_MANIFEST,
    MANIFEST,
    NEW_REMEDY,
    Manifest,
    Part,
    TablePart,
    key_member,
    read_manifest,
    table_member,
)
from pilotage.storage.migrate import known_revisions, schema_revision, upgrade_schema
from pilotage.storage.private_file import write_private_file
from pilotage.storage.state import StateFolder

PIECE = 1024 * 1024
LARGEST_KEY = 64 * 1024
VERSION_TABLE = "alembic_version"


def read_backup(file: Path) -> Manifest:
    """Check every byte of a backup and give what it holds.

    Raises:
        StorageError: it is half written, damaged, foreign, or of a newer version.
    """
    with _open_archive(file) as (_, manifest):
        return manifest


def restore_backup(
    file: Path,
    engine: sa.Engine,
    state: StateFolder,
    check: Callable[[sa.Connection], object] | None = None,
) -> Manifest:
    """Bring a backup into an empty database and a state folder, both or nothing, and upgrade it to this version.

    Args:
        file: the backup.
        engine: a database without rows, of either kind.
        state: a folder without keys, or with the very same ones.
        check: called on the rows before they are committed; what it raises takes everything back. The ledger's
            `verify_connection` belongs here.

    Raises:
        StorageError: the backup is unsound, the target is not empty, or it cannot be written.
    """
    with _open_archive(file) as (archive, manifest):
        _refuse_filled(engine, manifest)
        keys = {name: _read_key(archive, key_member(name)) for name in manifest.keys}
        for name, key in read_keys(state).items():
            if keys.get(name) != key:
                message = f"the state folder {state.path} holds another {name}"
                raise StorageError(message, "restore into a new state folder")
        if schema_revision(engine) is None:
            upgrade_schema(engine, manifest.schema_revision)
        try:
            with write_transaction(engine) as connection:
                for name, part in manifest.tables.items():
                    _restore_table(archive, connection, name, part)
                if check is not None:
                    check(connection)
                # Before the commit: rows without their keys would be lost, keys without rows do no harm.
                for name, key in keys.items():
                    write_private_file(state.path / name, key)
        except (exc.DBAPIError, ValueError) as error:
            message = "the rows of the backup do not fit the database"
            raise StorageError(message, NEW_REMEDY) from error
    upgrade_schema(engine)
    return manifest


@contextmanager
def _open_archive(file: Path) -> Generator[tuple[zipfile.ZipFile, Manifest]]:
    """Open a backup once all of it has been checked; turns every complaint about its bytes into one error."""
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(file))
            manifest = _check_archive(archive)
        except OSError as error:
            message = f"{file} cannot be read ({error.strerror or error})"
            raise StorageError(message, "name a backup that exists and that this user may read") from error
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
            message = f"{file} is no backup, is half written or is damaged ({error})"
            raise StorageError(message, NEW_REMEDY) from error
        yield archive, manifest


def _check_archive(archive: zipfile.ZipFile) -> Manifest:
    """Check names, sizes and digests of all members."""
    members = archive.infolist()
    names = [member.filename for member in members]
    if names.count(MANIFEST) != 1 or archive.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
        raise StorageError("the file has no manifest, so it is no backup", NEW_REMEDY)
    with archive.open(MANIFEST) as file:
        manifest = read_manifest(file.read(LARGEST_MANIFEST))
    if manifest.schema_revision not in known_revisions():
        message = f"the backup is of schema {manifest.schema_revision}, which this version does not know"
        raise StorageError(message, "use the newer version of Pilotage that wrote it")
    parts = manifest.parts()
    foreign = sorted(set(names) - set(parts) - {MANIFEST})
    if foreign or len(names) != len(parts) + 1:
        what = f"holds {foreign[0][:80]!r}" if foreign else "lacks a part, or has one twice,"
        raise StorageError(f"the file {what} that its manifest does not name so", NEW_REMEDY)
    for name, part in parts.items():
        _check_member(archive, name, part)
    return manifest


def _check_member(archive: zipfile.ZipFile, name: str, part: Part) -> None:
    """Check the size and digest of one member without holding it."""
    digest, size = hashlib.sha256(), 0
    with archive.open(name) as member:
        while size <= part.size and (piece := member.read(PIECE)):
            digest.update(piece)
            size += len(piece)
    if size != part.size or digest.hexdigest() != part.sha256:
        raise StorageError(f"{name} is not what the manifest says: the backup was altered", NEW_REMEDY)


def _read_key(archive: zipfile.ZipFile, name: str) -> bytes:
    """Read a key, which is small."""
    with archive.open(name) as member:
        key = member.read(LARGEST_KEY + 1)
    if len(key) > LARGEST_KEY:
        raise StorageError(f"{name} is too large for a key", NEW_REMEDY)
    return key


def _refuse_filled(engine: sa.Engine, manifest: Manifest) -> None:
    """Refuse a database that holds anything already, or whose tables are of another schema."""
    revision = schema_revision(engine)
    if revision not in {None, manifest.schema_revision}:
        message = f"the database has tables of schema {revision}, the backup of {manifest.schema_revision}"
        raise StorageError(message, "restore into a database without tables; they are upgraded afterwards")
    with read_transaction(engine) as connection:
        for name in sa.inspect(connection).get_table_names():
            filled = sa.select(sa.exists(sa.select(sa.literal(1)).select_from(sa.table(name))))
            if name != VERSION_TABLE and connection.scalar(filled):
                message = f"the database is not empty: table {name} has rows"
                raise StorageError(message, "restore into a new database")


def _restore_table(archive: zipfile.ZipFile, connection: sa.Connection, name: str, part: TablePart) -> None:
    """Insert the rows of one table."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(name) or {column["name"] for column in inspector.get_columns(name)} != set(part.columns):
        raise StorageError(f"the backup has other columns in {name} than the database", NEW_REMEDY)
    columns: list[sa.ColumnClause[Any]] = [sa.column(column) for column in part.columns]
    table = sa.table(name, *columns)
    rows: list[dict[str, Any]] = []
    count = 0
    for row in _read_rows(archive, name, part):
        rows.append(row)
        count += 1
        if len(rows) == ROWS_AT_ONCE:
            connection.execute(sa.insert(table), rows)
            rows = []
    if rows:
        connection.execute(sa.insert(table), rows)
    if count != part.rows:
        raise StorageError(f"{name} has {count} rows and the manifest says {part.rows}", NEW_REMEDY)
    if connection.dialect.name == "postgresql" and "id" in part.columns:
        _go_on_counting(connection, table)


def _read_rows(archive: zipfile.ZipFile, name: str, part: TablePart) -> Iterator[dict[str, Any]]:
    """Give the rows of one table as the database takes them."""
    with archive.open(table_member(name)) as member:
        for line in member:
            try:
                values = cast("object", json.loads(line))
                if not isinstance(values, list) or len(cast("list[object]", values)) != len(part.columns):
                    raise ValueError("the number of values differs from that of the columns")  # noqa: TRY301
                row = dict(zip(part.columns, cast("list[Any]", values), strict=True))
                for column in part.binary:
                    row[column] = None if row[column] is None else base64.b64decode(row[column], validate=True)
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise StorageError(f"a row of {name} in the backup cannot be read ({error})", NEW_REMEDY) from error
            yield row


def _go_on_counting(connection: sa.Connection, table: sa.TableClause) -> None:
    """Let PostgreSQL number the next row after the last one restored; SQLite does so by itself."""
    sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, "id")))
    last = connection.scalar(sa.select(sa.func.max(table.c.id)))
    if sequence is not None and last is not None:
        connection.execute(sa.select(sa.func.setval(sequence, last)))
