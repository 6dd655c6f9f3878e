"""Writes everything that an installation needs to go on into one file, from one consistent snapshot.

The file is a zip of JSON Lines and says nothing of the kind of database, so SQLite moves to PostgreSQL and back by it.
It holds the keys as well: whoever has it can read every artefact and sign records, hence mode 0600. Its digests find
damage; against a forger who has the file stands the chain of the ledger with a root key pinned elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from pilotage.core.clock import Clock, format_time
from pilotage.core.errors import StorageError
from pilotage.storage.engine import read_transaction
from pilotage.storage.manifest import MANIFEST, KeyName, Manifest, Part, TablePart, key_member, table_member
from pilotage.storage.migrate import check_schema, schema_revision
from pilotage.storage.private_file import read_private_file, sync_folder
from pilotage.storage.state import StateFolder
from pilotage.storage.tables import METADATA

ROWS_AT_ONCE = 200
KEY_NAMES: tuple[KeyName, ...] = ("master.key", "signing.key", "signing.key.next")
OWNER_ONLY = 0o600 << 16  # where a zip keeps the file mode


def write_backup(engine: sa.Engine, state: StateFolder, file: Path, clock: Clock) -> Manifest:
    """Write a backup; others may go on writing to the database meanwhile.

    Args:
        engine: the database, with tables of this version.
        state: the folder with the keys.
        file: the file to make; it appears complete or not at all.
        clock: for the time of the backup.

    Raises:
        StorageError: the file exists, a key is missing or was changed meanwhile, or something cannot be read or
            written.
    """
    check_schema(engine)
    revision = schema_revision(engine) or ""
    keys = read_keys(state)
    missing = {"master.key", "signing.key"} - set(keys)
    if missing:
        message = f"the state folder {state.path} lacks {' and '.join(sorted(missing))}"
        raise StorageError(message, "name the state folder of this installation")

    def write(target: IO[bytes]) -> Manifest:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive, read_transaction(engine) as connection:
            tables = {table.name: _write_table(archive, connection, table) for table in METADATA.sorted_tables}
            if read_keys(state) != keys:
                raise StorageError("a key was changed while the backup was made", "make the backup again")
            manifest = Manifest(
                made_at=format_time(clock()),
                schema_revision=revision,
                tables=tables,
                keys={name: _write_member(archive, key_member(name), [key])[0] for name, key in keys.items()},
            )
            _write_member(archive, MANIFEST, [manifest.model_dump_json(indent=1).encode()])
        return manifest

    return _write_new(file, write)


def read_keys(state: StateFolder) -> dict[KeyName, bytes]:
    """Read the keys that a state folder holds.

    Raises:
        StorageError: others may read one, or we may not.
    """
    found: dict[KeyName, bytes] = {}
    for name in KEY_NAMES:
        key = read_private_file(state.path / name)
        if key is not None:
            found[name] = key
    return found


def _write_new(file: Path, write: Callable[[IO[bytes]], Manifest]) -> Manifest:
    """Let a private draft be written, and give it its name once it is on the disk."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    try:
        try:
            descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w+b") as target:
                manifest = write(target)
                target.flush()
                os.fsync(target.fileno())
            os.link(draft, file)  # fails where the name is taken, unlike a renaming
            sync_folder(file.parent)
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError as error:
        raise StorageError(f"{file} exists", "name another file; a backup is never written over") from error
    except OSError as error:
        message = f"{file} cannot be written ({error.strerror})"
        raise StorageError(message, "check the folder, its permissions and the free space") from error
    return manifest


def _write_table(archive: zipfile.ZipFile, connection: sa.Connection, table: sa.Table) -> TablePart:
    """Write the rows of one table in the order of its key."""
    columns = list(table.columns)
    binary = [column.name for column in columns if isinstance(column.type, sa.LargeBinary)]
    query = sa.select(*columns).order_by(*table.primary_key.columns)
    options: dict[str, Any] = {"yield_per": ROWS_AT_ONCE}
    with connection.execute(query, execution_options=options) as rows:
        part, count = _write_member(archive, table_member(table.name), (_line_of(row) for row in rows))
    names = [column.name for column in columns]
    return TablePart(sha256=part.sha256, size=part.size, columns=names, binary=binary, rows=count)


def _line_of(row: sa.Row[*tuple[Any, ...]]) -> bytes:
    """Write one row as a JSON list."""
    values = [base64.b64encode(value).decode() if isinstance(value, bytes) else value for value in row]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _write_member(archive: zipfile.ZipFile, name: str, pieces: Iterable[bytes]) -> tuple[Part, int]:
    """Write one member of the file; gives what the manifest says of it, and the number of pieces."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = OWNER_ONLY
    digest, size, count = hashlib.sha256(), 0, 0
    with archive.open(entry, "w", force_zip64=True) as member:
        for piece in pieces:
            member.write(piece)
            digest.update(piece)
            size += len(piece)
            count += 1
    return Part(sha256=digest.hexdigest(), size=size), count
