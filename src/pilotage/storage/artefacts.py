"""Content under its digest, encrypted with a key per subject; deleting the key erases the content for ever.

AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces. A subject's key is wrapped by the master key. Digest
and subject are bound to each ciphertext as associated data, so one cannot be passed off as another.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.dialects import postgresql, sqlite

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.clock import Clock, format_time
from pilotage.core.errors import EvidenceError
from pilotage.storage.engine import read_transaction, write_transaction
from pilotage.storage.tables import artefact, artefact_key

KEY_BYTES = 32
NONCE_BYTES = 12
LARGEST = 256 * 1024 * 1024
LONGEST_SUBJECT = 200

RESTORE_REMEDY = "restore it from a backup"


@dataclass(frozen=True, slots=True)
class _Sealed:
    """An encrypted artefact with its subject's wrapped key, as they are stored."""

    subject: str
    sealed: bytes
    wrapped: bytes | None


@dataclass(frozen=True, slots=True)
class Content:
    """What is kept as one artefact: its bytes and their media type."""

    data: bytes
    media_type: str


class ArtefactStore:
    """Keeps content by digest and subject; a subject is whoever or whatever is erased as one."""

    def __init__(self, engine: sa.Engine, master_key: bytes, clock: Clock) -> None:
        """Use a database, the 32 bytes that wrap the subjects' keys, and a clock.

        Raises:
            EvidenceError: the master key has another length.
        """
        if len(master_key) != KEY_BYTES:
            message = f"the master key has {len(master_key)} bytes and needs {KEY_BYTES}"
            raise EvidenceError(message, "take the one in the state folder")
        self._engine = engine
        self._master = AESGCM(master_key)
        self._clock = clock

    def append_artefact(self, data: bytes, *, subject: str, media_type: str) -> str:
        """Keep content and give the digest of its plain form; keeping it again changes nothing.

        Raises:
            EvidenceError: the content is too large, the subject was erased or its name is too long or empty.
            StorageError: the database cannot be used.
        """
        content = Content(data, media_type)
        _check(content, subject)
        digest = digest_of_bytes(data)
        with read_transaction(self._engine) as connection:
            known = connection.scalar(
                sa.select(artefact.c.digest)
                .join(artefact_key, artefact_key.c.subject == artefact.c.subject)
                .where(artefact.c.digest == digest, artefact.c.subject == subject)
                .where(artefact_key.c.wrapped.is_not(None))
            )
        if known is not None:
            return digest
        with write_transaction(self._engine) as connection:
            self.append_within(connection, [content], subject=subject)
        return digest

    def append_within(self, connection: sa.Connection, contents: Sequence[Content], *, subject: str) -> list[str]:
        """Keep several contents of one subject within the caller's transaction, which may write; gives their digests.

        Raises:
            EvidenceError: a content is too large, the subject was erased or its name is too long or empty.
            StorageError: the database cannot be used.
        """
        digests: list[str] = []
        new: dict[str, Content] = {}
        for content in contents:
            _check(content, subject)
            digest = digest_of_bytes(content.data)
            digests.append(digest)
            new[digest] = content
        if not new:
            return digests
        cipher = AESGCM(self._subject_key(connection, subject))
        of_subject = sa.select(artefact.c.digest).where(artefact.c.subject == subject, artefact.c.digest.in_(new))
        for known in connection.scalars(of_subject).all():
            del new[known]
        at = format_time(self._clock())
        rows = [
            {
                "digest": digest,
                "subject": subject,
                "media_type": content.media_type,
                "size": len(content.data),
                "sealed": _seal(cipher, content.data, _bound_to_content(digest, subject)),
                "created_at": at,
            }
            for digest, content in new.items()
        ]
        if rows:
            _insert_new(connection, artefact, rows)
        return digests

    def read_artefact(self, digest: str, *, subject: str | None = None) -> bytes:
        """Give the content with this digest, of one subject or of any that still has it.

        Raises:
            EvidenceError: it was never kept, was erased, or was altered in the database.
            StorageError: the database cannot be used.
        """
        query = (
            sa.select(artefact.c.subject, artefact.c.sealed, artefact_key.c.wrapped)
            .join_from(artefact, artefact_key, artefact_key.c.subject == artefact.c.subject, isouter=True)
            .where(artefact.c.digest == digest)
            .order_by(artefact.c.subject)
        )
        if subject is not None:
            query = query.where(artefact.c.subject == subject)
        with read_transaction(self._engine) as connection:
            rows = [_Sealed(*row) for row in connection.execute(query)]
        if not rows:
            raise EvidenceError(f"artefact {digest} is not in the store", RESTORE_REMEDY)
        for row in rows:
            if row.wrapped is not None:
                return self._open(digest, row, row.wrapped)
        raise EvidenceError(f"artefact {digest} was erased", "nothing brings it back; the records about it stand")

    def erase_subject(self, subject: str) -> int:
        """Delete a subject's key and ciphertexts for good, and give the number of artefacts erased.

        Backups made before still hold them until they are deleted too. Erasing again erases nothing.

        Raises:
            StorageError: the database cannot be used.
        """
        now = format_time(self._clock())
        key_of_subject = artefact_key.c.subject == subject
        with write_transaction(self._engine) as connection:
            live = sa.select(artefact_key.c.subject).where(key_of_subject, artefact_key.c.wrapped.is_not(None))
            if connection.scalar(live.with_for_update()) is None:
                return 0
            connection.execute(sa.update(artefact_key).where(key_of_subject).values(wrapped=None, erased_at=now))
            emptied = sa.update(artefact).where(artefact.c.subject == subject).values(sealed=b"")
            count = connection.execute(emptied).rowcount
        self._forget_log()
        return count

    def _subject_key(self, connection: sa.Connection, subject: str) -> bytes:
        """Give a subject's key, created where it has none yet; locks the row against an erasure meanwhile."""
        bound = _bound_to_key(subject)
        query = sa.select(artefact_key.c.wrapped).where(artefact_key.c.subject == subject).with_for_update()
        found = connection.execute(query).one_or_none()
        if found is None:
            row = {
                "subject": subject,
                "wrapped": _seal(self._master, secrets.token_bytes(KEY_BYTES), bound),
                "created_at": format_time(self._clock()),
            }
            _insert_new(connection, artefact_key, [row])
            found = connection.execute(query).one()  # maybe a rival's
        wrapped: bytes | None = found[0]
        if wrapped is None:
            message = f"subject {subject!r} was erased, and nothing more is kept about it"
            raise EvidenceError(message, "use a new subject")
        return self._unwrap(wrapped, subject)

    def _unwrap(self, wrapped: bytes, subject: str) -> bytes:
        """Give a subject's key in the clear."""
        try:
            return _unseal(self._master, wrapped, _bound_to_key(subject))
        except InvalidTag as error:
            message = f"the key of subject {subject!r} does not open: another master key, or altered bytes"
            raise EvidenceError(message, "use the master key of this installation, or restore a backup") from error

    def _open(self, digest: str, row: _Sealed, wrapped: bytes) -> bytes:
        """Decrypt one artefact and check that it is what its digest says."""
        key = self._unwrap(wrapped, row.subject)
        try:
            data = _unseal(AESGCM(key), row.sealed, _bound_to_content(digest, row.subject))
        except InvalidTag as error:
            raise EvidenceError(f"artefact {digest} was altered in the store", RESTORE_REMEDY) from error
        if digest_of_bytes(data) != digest:
            raise EvidenceError(f"artefact {digest} holds other content than its digest says", RESTORE_REMEDY)
        return data

    def _forget_log(self) -> None:
        """Empty SQLite's write-ahead log, which would hold the deleted key until it is written over."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _bound_to_key(subject: str) -> bytes:
    """Give what binds a wrapped key to its subject."""
    return f"pilotage/key/v1\0{subject}".encode()


def _bound_to_content(digest: str, subject: str) -> bytes:
    """Give what binds a ciphertext to its digest and subject."""
    return f"pilotage/artefact/v1\0{digest}\0{subject}".encode()


def _seal(cipher: AESGCM, data: bytes, bound: bytes) -> bytes:
    """Encrypt under a fresh nonce, which stands in front."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, data, bound)


def _unseal(cipher: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    """Decrypt; raises InvalidTag for anything but what was sealed."""
    if len(sealed) < NONCE_BYTES:
        raise InvalidTag
    return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)


def _check(content: Content, subject: str) -> None:
    """Refuse what cannot be kept."""
    if len(content.data) > LARGEST:
        message = f"an artefact of {len(content.data)} bytes is larger than {LARGEST}"
        raise EvidenceError(message, "keep it elsewhere and record its digest")
    if not 0 < len(subject) <= LONGEST_SUBJECT:
        message = f"a subject's name has {len(subject)} characters, allowed are 1 to {LONGEST_SUBJECT}"
        raise EvidenceError(message, "name the run or the person's pseudonym")


def _insert_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows unless their keys are taken; PostgreSQL waits for a rival's transaction to end."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(table).on_conflict_do_nothing(), rows)
