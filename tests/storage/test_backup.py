"""A backup holds all that is needed to go on, moves between databases, and refuses what it cannot trust."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.storage_fixtures import BACKENDS, DatabaseMaker

from pilotage.core.clock import ManualClock
from pilotage.core.errors import PilotageError, StorageError
from pilotage.storage import backup
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.backup import write_backup
from pilotage.storage.manifest import TablePart
from pilotage.storage.migrate import check_schema
from pilotage.storage.private_file import write_private_file
from pilotage.storage.restore import read_backup, restore_backup
from pilotage.storage.state import StateFolder
from pilotage.storage.tables import METADATA, refusal, usage_hour

CLOCK = ManualClock(datetime(2026, 3, 3, tzinfo=UTC))
REFUSED = {"at": "2026-03-03T00:00:00.000000Z", "replica": "r", "rule": "no_key", "status": 401}


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    """Give a state folder with both keys."""
    folder = StateFolder(tmp_path / "state")
    folder.master_key()
    write_private_file(folder.signing_key_path, b"a signing key")
    return folder


def fill(engine: sa.Engine, state: StateFolder) -> str:
    """Put an artefact and a few rows into a database; gives the artefact's digest."""
    store = ArtefactStore(engine, state.master_key(), CLOCK)
    with engine.begin() as connection:
        for number in range(300):
            row = REFUSED | {"route": f"Straße \u2028 {number}" if number % 2 else None}
            connection.execute(sa.insert(refusal).values(row))
    return store.append_artefact(b"\x00\xffcontent", subject="run-1", media_type="application/octet-stream")


def rows_of(engine: sa.Engine) -> dict[str, list[Any]]:
    """Give every row of every table."""
    with engine.connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            ]
            for table in METADATA.sorted_tables
        }


@pytest.mark.parametrize("source", BACKENDS)
@pytest.mark.parametrize("target", BACKENDS)
def test_everything_comes_back_on_either_database(
    databases: DatabaseMaker, tmp_path: Path, state: StateFolder, source: str, target: str
) -> None:
    """Rows, keys and artefacts come back the same, whichever kinds of database are on both sides, and work goes on."""
    old, new = databases.make(source), databases.make(target, tables=False)
    digest = fill(old, state)
    file = tmp_path / "all.backup"
    manifest = write_backup(old, state, file, CLOCK)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_backup(file) == manifest
    fresh = StateFolder(tmp_path / "fresh")
    assert restore_backup(file, new, fresh) == manifest
    check_schema(new)
    assert rows_of(new) == rows_of(old)
    assert ArtefactStore(new, fresh.master_key(), CLOCK).read_artefact(digest) == b"\x00\xffcontent"
    assert fresh.signing_key_path.read_bytes() == b"a signing key"
    assert stat.S_IMODE(fresh.signing_key_path.stat().st_mode) == 0o600
    with new.begin() as connection:
        added = connection.execute(sa.insert(refusal).values(REFUSED).returning(refusal.c.id)).scalar_one()
    assert added == 301


def test_a_backup_is_one_snapshot(
    engine: sa.Engine, tmp_path: Path, state: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written while a backup runs is in it as a whole or not at all."""
    hour = dict.fromkeys((column.name for column in usage_hour.columns), 0)
    names = {"hour": "2026-03-03T09", "use_case": "u", "route": "r", "audience": "a", "currency": "EUR"}

    original = backup._write_table

    def write_table(archive: zipfile.ZipFile, connection: sa.Connection, table: sa.Table) -> TablePart:
        part = original(archive, connection, table)
        if table is METADATA.sorted_tables[0]:
            with engine.begin() as other:
                other.execute(sa.insert(usage_hour).values(hour | names))
        return part

    monkeypatch.setattr(backup, "_write_table", write_table)
    manifest = write_backup(engine, state, tmp_path / "all.backup", CLOCK)
    assert manifest.tables["usage_hour"].rows == 0


def test_nothing_is_written_over(sqlite_engine: sa.Engine, tmp_path: Path, state: StateFolder) -> None:
    """An existing file is no target of a backup, and no draft is left behind."""
    file = tmp_path / "mine.txt"
    file.write_text("mine")
    with pytest.raises(StorageError, match="exists; name another file"):
        write_backup(sqlite_engine, state, file, CLOCK)
    assert file.read_text() == "mine"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".mine")]


def test_a_backup_without_keys_is_refused(sqlite_engine: sa.Engine, tmp_path: Path) -> None:
    """A state folder without keys is the wrong one: such a backup could not be gone on from."""
    with pytest.raises(StorageError, match=r"lacks master\.key and signing\.key"):
        write_backup(sqlite_engine, StateFolder(tmp_path / "other"), tmp_path / "all.backup", CLOCK)


def test_a_target_with_rows_is_refused(engine: sa.Engine, tmp_path: Path, state: StateFolder) -> None:
    """Restoring never mixes with what is there already."""
    fill(engine, state)
    write_backup(engine, state, tmp_path / "all.backup", CLOCK)
    before = rows_of(engine)
    with pytest.raises(StorageError, match=r"not empty: table .* has rows; restore into a new database"):
        restore_backup(tmp_path / "all.backup", engine, StateFolder(tmp_path / "fresh"))
    assert rows_of(engine) == before


def test_a_state_folder_with_other_keys_is_refused(
    databases: DatabaseMaker, tmp_path: Path, state: StateFolder
) -> None:
    """Another installation's keys are not written over, and no row is restored beside them."""
    write_backup(databases.make("sqlite"), state, tmp_path / "all.backup", CLOCK)
    other = StateFolder(tmp_path / "other")
    key = other.master_key()
    target = databases.make("sqlite")
    with pytest.raises(StorageError, match=r"holds another master\.key"):
        restore_backup(tmp_path / "all.backup", target, other)
    assert other.master_key() == key
    assert not any(rows_of(target).values())


def test_a_failing_check_takes_everything_back(
    databases: DatabaseMaker, backend: str, tmp_path: Path, state: StateFolder
) -> None:
    """When the rows do not pass the caller's check, neither rows nor keys are left in the target."""
    source, target = databases.make(backend), databases.make(backend)
    fill(source, state)
    write_backup(source, state, tmp_path / "all.backup", CLOCK)

    def refuse(connection: sa.Connection) -> None:
        assert connection.scalar(sa.select(sa.func.count()).select_from(refusal)) == 300
        raise StorageError("the chain does not hold")

    fresh = StateFolder(tmp_path / "fresh")
    with pytest.raises(StorageError, match="the chain does not hold"):
        restore_backup(tmp_path / "all.backup", target, fresh, check=refuse)
    assert not any(rows_of(target).values())
    assert list(fresh.path.iterdir()) == []


Change = Callable[[dict[str, bytes]], object]


def put(name: str, content: bytes) -> Change:
    """Add a member or change it."""
    return lambda parts: parts.update({name: content})


def take(name: str) -> Change:
    """Take a member away."""
    return lambda parts: parts.pop(name)


def change_manifest(**fields: object) -> Change:
    """Change fields of the manifest."""
    return lambda parts: parts.update(
        {"manifest.json": json.dumps(json.loads(parts["manifest.json"]) | fields).encode()}
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        pytest.param(take("manifest.json"), "no manifest", id="no manifest"),
        pytest.param(change_manifest(format="other"), "manifest of the backup cannot be read", id="foreign"),
        pytest.param(change_manifest(version=2), "format 2; use the newer version", id="newer format"),
        pytest.param(change_manifest(schema_revision="9999"), "schema 9999, which this version", id="newer schema"),
        pytest.param(change_manifest(tables=[]), r"\(tables: ", id="wrong type"),
        pytest.param(put("manifest.json", b"{"), "cannot be read", id="no JSON"),
        pytest.param(put("../../etc/passwd", b"x"), r"holds '\.\./\.\./etc/passwd'", id="up"),
        pytest.param(put("/etc/passwd", b"x"), "holds '/etc/passwd'", id="absolute"),
        pytest.param(take("keys/master.key"), "lacks a part", id="part dropped"),
        pytest.param(put("tables/lease.jsonl", b"[]\n"), "was altered", id="rows altered"),
        pytest.param(put("keys/signing.key", b"A signing key"), "was altered", id="key altered"),
        pytest.param(put("keys/signing.key", b""), "was altered", id="key emptied"),
    ],
)
def test_an_unsound_file_is_refused(
    databases: DatabaseMaker, tmp_path: Path, state: StateFolder, change: Change, complaint: str
) -> None:
    """Foreign, tampered and newer files are refused before anything is written, with a reason."""
    write_backup(databases.make("sqlite"), state, tmp_path / "all.backup", CLOCK)
    with zipfile.ZipFile(tmp_path / "all.backup") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(tmp_path / "bad.backup", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    target, fresh = databases.make("sqlite", tables=False), StateFolder(tmp_path / "fresh")
    with pytest.raises(StorageError, match=complaint):
        restore_backup(tmp_path / "bad.backup", target, fresh)
    assert list(fresh.path.iterdir()) == []


@pytest.mark.parametrize("row", [b"{}\n", b"[1]\n", b"[null,null,null]\n", b'["a","b","c","d"]\n', b"[" * 100_000])
def test_rows_that_do_not_fit_are_refused(
    databases: DatabaseMaker, backend: str, tmp_path: Path, state: StateFolder, row: bytes
) -> None:
    """A file whose digests were made to fit but whose rows do not gives an error and changes nothing."""
    write_backup(databases.make("sqlite"), state, tmp_path / "all.backup", CLOCK)
    with zipfile.ZipFile(tmp_path / "all.backup") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts["manifest.json"])
    manifest["tables"]["lease"] |= {"rows": 1, "size": len(row), "sha256": hashlib.sha256(row).hexdigest()}
    parts |= {"tables/lease.jsonl": row, "manifest.json": json.dumps(manifest).encode()}
    with zipfile.ZipFile(tmp_path / "bad.backup", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    target = databases.make(backend)
    with pytest.raises(StorageError):
        restore_backup(tmp_path / "bad.backup", target, StateFolder(tmp_path / "fresh"))
    assert not any(rows_of(target).values())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_is_found(sqlite_engine: sa.Engine, tmp_path: Path, state: StateFolder, data: st.DataObject) -> None:
    """A backup that was cut off or had a byte changed is refused, or still holds exactly what it held."""
    file = tmp_path / "all.backup"
    if not file.exists():
        fill(sqlite_engine, state)
        write_backup(sqlite_engine, state, file, CLOCK)
    whole, sound = file.read_bytes(), read_backup(file)
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        broken = whole[:place]
    else:
        broken = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    (tmp_path / "broken.backup").write_bytes(broken)
    try:
        found = read_backup(tmp_path / "broken.backup")
    except PilotageError as error:
        found = error.remedy and sound
    assert found == sound


@pytest.mark.parametrize("name", ["missing.backup", "."])
def test_no_file_is_an_error_of_the_operator(tmp_path: Path, name: str) -> None:
    """A backup that is not there, or is a folder, gives a clear error."""
    with pytest.raises(StorageError, match="cannot be read"):
        read_backup(tmp_path / name)
