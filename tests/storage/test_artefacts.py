"""Content is kept encrypted under its digest, and is gone for ever once its subject is erased."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.storage_fixtures import DatabaseMaker

from pilotage.core.clock import ManualClock
from pilotage.core.errors import EvidenceError
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.tables import artefact, artefact_key

KEY = bytes(range(32))
CLOCK = ManualClock(datetime(2026, 3, 3, tzinfo=UTC))
SECRET = b"Dear Ms Example, your claim 4711 was settled"
DIGEST = "sha256:" + hashlib.sha256(SECRET).hexdigest()


@pytest.fixture
def store(engine: sa.Engine) -> ArtefactStore:
    """Give an empty store."""
    return ArtefactStore(engine, KEY, CLOCK)


def keep(store: ArtefactStore, data: bytes = SECRET, subject: str = "run-1") -> str:
    """Keep some text."""
    return store.append_artefact(data, subject=subject, media_type="text/plain")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(data=st.binary(max_size=5000))
def test_content_comes_back(store: ArtefactStore, data: bytes) -> None:
    """Any bytes come back under the digest of their plain form."""
    digest = keep(store, data)
    assert digest == "sha256:" + hashlib.sha256(data).hexdigest()
    assert store.read_artefact(digest) == data


def test_keeping_again_changes_nothing(store: ArtefactStore, engine: sa.Engine) -> None:
    """The same content of the same subject is stored once."""
    assert keep(store) == keep(store) == DIGEST
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(artefact)) == 1


def test_the_database_holds_no_plain_text(databases: DatabaseMaker, tmp_path: Path) -> None:
    """Neither the content nor a usable key lies in the files of the database."""
    engine = databases.make("sqlite")
    keep(ArtefactStore(engine, KEY, CLOCK))
    engine.dispose()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert SECRET not in stored
    assert SECRET[:12] not in stored
    assert KEY not in stored


def test_erasing_a_subject_leaves_the_others(store: ArtefactStore) -> None:
    """What one subject said is gone; the same content of another subject is still there."""
    keep(store)
    keep(store, b"more", "run-1")
    keep(store, SECRET, "run-2")
    assert store.erase_subject("run-1") == 2
    assert store.erase_subject("run-1") == 0
    assert store.erase_subject("never seen") == 0
    with pytest.raises(EvidenceError, match="was erased; nothing brings it back"):
        store.read_artefact(DIGEST, subject="run-1")
    assert store.read_artefact(DIGEST) == SECRET
    assert store.read_artefact(DIGEST, subject="run-2") == SECRET


def test_nothing_more_is_kept_about_an_erased_subject(store: ArtefactStore) -> None:
    """An erasure stands: a late writer cannot bring the subject back."""
    keep(store)
    store.erase_subject("run-1")
    with pytest.raises(EvidenceError, match="was erased, and nothing more is kept"):
        keep(store)
    with pytest.raises(EvidenceError, match="was erased, and nothing more is kept"):
        keep(store, b"new")


def test_erasing_leaves_no_key_bytes_in_the_files(databases: DatabaseMaker, tmp_path: Path) -> None:
    """SQLite's free pages and its write-ahead log hold the wrapped key no longer."""
    engine = databases.make("sqlite")
    store = ArtefactStore(engine, KEY, CLOCK)
    keep(store)
    with engine.connect() as connection:
        wrapped = connection.execute(sa.select(artefact_key.c.wrapped)).scalar_one()
        sealed = connection.execute(sa.select(artefact.c.sealed)).scalar_one()
    store.erase_subject("run-1")
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert wrapped not in stored
    assert sealed not in stored


def test_missing_content_is_told(store: ArtefactStore) -> None:
    """A digest that was never kept, or not for this subject, gives a clear error."""
    keep(store)
    for ask in ({"digest": "sha256:" + "0" * 64}, {"digest": DIGEST, "subject": "other"}, {"digest": "nonsense"}):
        with pytest.raises(EvidenceError, match="is not in the store; restore it from a backup"):
            store.read_artefact(**ask)


def test_altered_content_is_found(store: ArtefactStore, engine: sa.Engine) -> None:
    """A changed, cut or exchanged ciphertext is never handed out."""
    other = keep(store, b"other")
    keep(store)
    with engine.connect() as connection:
        rows = {row.digest: row.sealed for row in connection.execute(sa.select(artefact))}
    for sealed in (rows[DIGEST][:-1] + bytes([rows[DIGEST][-1] ^ 1]), b"", b"x", rows[other]):
        with engine.begin() as connection:
            connection.execute(sa.update(artefact).where(artefact.c.digest == DIGEST).values(sealed=sealed))
        with pytest.raises(EvidenceError, match="was altered in the store"):
            store.read_artefact(DIGEST)


def test_content_cannot_change_its_subject(store: ArtefactStore, engine: sa.Engine) -> None:
    """A row renamed to another subject does not open, nor does a key given to another subject."""
    keep(store)
    keep(store, b"x", "run-2")
    with engine.begin() as connection:
        connection.execute(sa.update(artefact).where(artefact.c.digest == DIGEST).values(subject="run-2"))
    with pytest.raises(EvidenceError, match="was altered"):
        store.read_artefact(DIGEST)
    with engine.begin() as connection:
        wrapped = sa.select(artefact_key.c.wrapped).where(artefact_key.c.subject == "run-1").scalar_subquery()
        connection.execute(sa.update(artefact_key).where(artefact_key.c.subject == "run-2").values(wrapped=wrapped))
    with pytest.raises(EvidenceError, match="does not open"):
        store.read_artefact(DIGEST)


def test_another_master_key_opens_nothing(store: ArtefactStore, engine: sa.Engine) -> None:
    """Without the installation's master key the content stays closed."""
    keep(store)
    stranger = ArtefactStore(engine, bytes(32), CLOCK)
    with pytest.raises(EvidenceError, match="does not open: another master key"):
        stranger.read_artefact(DIGEST)
    with pytest.raises(EvidenceError, match="does not open: another master key"):
        keep(stranger, b"new")


def test_bad_arguments_are_refused(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short master key, a nameless or endless subject and too much content are refused before anything is stored."""
    with pytest.raises(EvidenceError, match="5 bytes and needs 32"):
        ArtefactStore(engine, b"short", CLOCK)
    store = ArtefactStore(engine, KEY, CLOCK)
    for subject in ("", "x" * 201):
        with pytest.raises(EvidenceError, match="allowed are 1 to 200"):
            keep(store, subject=subject)
    monkeypatch.setattr("pilotage.storage.artefacts.LARGEST", 3)
    with pytest.raises(EvidenceError, match="larger than 3; keep it elsewhere"):
        keep(store)


def test_writers_at_once_share_one_key_per_subject(store: ArtefactStore) -> None:
    """Threads that begin a subject together do not lock each other's content out."""
    contents = [b"%d" % number for number in range(8)]
    threads = [threading.Thread(target=keep, args=(store, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    digests = ["sha256:" + hashlib.sha256(content).hexdigest() for content in contents]
    assert [store.read_artefact(digest) for digest in digests] == contents
