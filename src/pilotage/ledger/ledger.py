"""The stored ledger: many processes append to one chain, and what was acknowledged is never lost.

Appends queue on the database's own lock (SQLite's write lock, a transaction-level advisory lock on
PostgreSQL), so the chain has no gaps and no forks, and a process killed in the middle leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

import sqlalchemy as sa

from pilotage.core.clock import Clock, format_time
from pilotage.core.errors import LedgerError
from pilotage.ledger.entry import EMPTY, Entry, Head, entry_of, read_link, write_statement
from pilotage.ledger.envelope import read_envelope
from pilotage.ledger.protocol import B, K
from pilotage.ledger.records.record import Body
from pilotage.ledger.records.seal import KeyRotated
from pilotage.ledger.signing import SigningKey, sign_statement
from pilotage.storage.engine import read_transaction, write_transaction
from pilotage.storage.tables import record, signing_key

APPEND_LOCK = 7_306_602
"""PostgreSQL advisory lock under which one process at a time appends."""
NEXT_KEY_SUFFIX = ".next"
"""Ends the name of a new key's file until the record of its rotation is stored."""

CHECK_REMEDY = "run `pilotage ledger verify` to see which record was altered, and restore a backup"


class Ledger:
    """Appends to and reads from the chain in a database."""

    def __init__(self, engine: sa.Engine, key: SigningKey, clock: Clock) -> None:
        """Use a database with tables, the key that signs, and a clock."""
        self._engine = engine
        self._key = key
        self._clock = clock

    @property
    def engine(self) -> sa.Engine:
        """The database."""
        return self._engine

    def now(self) -> datetime:
        """Give the present moment by the ledger's clock."""
        return self._clock()

    def append(self, body: B) -> Entry[B]:
        """Append a record; when this returns, it is on the disk.

        Raises:
            LedgerError: another key than ours signs this ledger.
            EvidenceError: the body holds what canonical JSON cannot.
            StorageError: the database cannot be used.
        """
        with write_transaction(self._engine) as connection:
            self._lock(connection)
            return self._append(connection, body)

    def append_if(self, plan: Callable[[], B | None]) -> Entry[B] | None:
        """Append what `plan` gives, or nothing where it gives None; nobody else appends in between.

        `plan` may read this ledger. It holds up every other writer, so it should be quick.

        Raises:
            LedgerError: another key than ours signs this ledger.
            EvidenceError: the body holds what canonical JSON cannot.
            StorageError: the database cannot be used.
        """
        with write_transaction(self._engine) as connection:
            self._lock(connection)
            body = plan()
            return None if body is None else self._append(connection, body)

    def rotate_key(self, new: SigningKey, reason: str) -> Entry[KeyRotated]:
        """Record that a new key signs from the next record on; this record carries signatures of both.

        Raises:
            LedgerError: another key than ours signs this ledger, or the new key has signed it before.
            StorageError: the database cannot be used.
        """
        with write_transaction(self._engine) as connection:
            self._lock(connection)
            known = connection.scalar(sa.select(signing_key.c.since).where(signing_key.c.key_id == new.key_id))
            if known is not None or new.key_id == self._key.key_id:
                raise LedgerError("this key has signed the ledger before", "make a new one")
            body = KeyRotated(
                old_key=self.current_key(connection).key_id,
                new_key=new.key_id,
                new_public_key=new.public.pem,
                reason=reason,
            )
            entry = self._append(connection, body, new)
            _write_key(connection, entry.seq + 1, new)
        self._key = new
        return entry

    def read(
        self,
        *,
        after: int = 0,
        kinds: tuple[type[K], ...] = (),
        use_case: str | None = None,
        release: str | None = None,
        limit: int | None = None,
    ) -> list[Entry[K]]:
        """Give records in order; checks each one's digest, while signatures are `verify_ledger`'s business.

        Raises:
            LedgerError: a record is altered, or of a kind that this version does not know.
            StorageError: the database cannot be used.
        """
        query = _about(kinds, use_case, release).where(record.c.seq > after).order_by(record.c.seq)
        with read_transaction(self._engine) as connection:
            rows = connection.execute(query if limit is None else query.limit(limit)).all()
        return [cast("Entry[K]", _entry_of_row(row.seq, row.digest, row.envelope)) for row in rows]

    def latest(self, kind: type[B], *, use_case: str | None = None, release: str | None = None) -> Entry[B] | None:
        """Give the last record of a kind.

        Raises:
            LedgerError: the record is altered.
            StorageError: the database cannot be used.
        """
        query = _about((kind,), use_case, release).order_by(record.c.seq.desc()).limit(1)
        with read_transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else cast("Entry[B]", _entry_of_row(row.seq, row.digest, row.envelope))

    def head(self) -> Head:
        """Give the number and digest of the last record.

        Raises:
            StorageError: the database cannot be used.
        """
        with read_transaction(self._engine) as connection:
            return read_head(connection)

    def current_key(self, connection: sa.Connection) -> SigningKey:
        """Give our key, once it is clear that it is the one that signs this ledger now.

        Where another process rotated the key meanwhile, the new one is taken from our key's file.

        Raises:
            LedgerError: another key than ours signs this ledger.
        """
        newest = sa.select(signing_key.c.key_id).order_by(signing_key.c.since.desc()).limit(1)
        current = connection.scalar(newest)
        if current in {None, self._key.key_id}:
            return self._key
        path = self._key.path
        for candidate in () if path is None else (path, path.with_name(path.name + NEXT_KEY_SUFFIX)):
            found = SigningKey.load(candidate)
            if found is not None and found.key_id == current:
                self._key = found
                return found
        message = f"this ledger is signed by key {current}, ours is {self._key.key_id}"
        raise LedgerError(message, "use the signing key of this installation, or restore it from a backup")

    def _append(self, connection: sa.Connection, body: B, *more: SigningKey) -> Entry[B]:
        """Append under the lock that the caller holds, signed by our key and any more."""
        key = self.current_key(connection)
        head = read_head(connection)
        if head == EMPTY:
            _write_key(connection, 1, key)
        payload = write_statement(head, self._clock(), body)
        entry = entry_of(read_link(payload), (key.key_id, *(other.key_id for other in more)))
        connection.execute(
            sa.insert(record).values(
                seq=entry.seq,
                digest=entry.digest,
                predicate_type=body.predicate_type(),
                use_case=body.about_use_case,
                release=body.about_release,
                recorded_at=format_time(entry.recorded_at),
                envelope=sign_statement(payload, key, *more).decode(),
            )
        )
        return cast("Entry[B]", entry)

    def _lock(self, connection: sa.Connection) -> None:
        """Wait until nobody else appends; SQLite's transaction has done so already."""
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(APPEND_LOCK)))


def read_head(connection: sa.Connection) -> Head:
    """Give the number and digest of the last record."""
    row = connection.execute(
        sa.select(record.c.seq, record.c.digest).order_by(record.c.seq.desc()).limit(1)
    ).one_or_none()
    return EMPTY if row is None else Head(row.seq, row.digest)


def _write_key(connection: sa.Connection, since: int, key: SigningKey) -> None:
    """Keep the public key that signs from a record on."""
    connection.execute(sa.insert(signing_key).values(since=since, key_id=key.key_id, public_key=key.public.pem))


def _about(kinds: tuple[type[Body], ...], use_case: str | None, release: str | None) -> sa.Select[int, str, str]:
    """Ask for records of some kinds about something."""
    query = sa.select(record.c.seq, record.c.digest, record.c.envelope)
    if kinds:
        query = query.where(record.c.predicate_type.in_([kind.predicate_type() for kind in kinds]))
    if use_case is not None:
        query = query.where(record.c.use_case == use_case)
    if release is not None:
        query = query.where(record.c.release == release)
    return query


def _entry_of_row(seq: int, digest: str, envelope: str) -> Entry:
    """Read a stored record and check that it is the one that the row names."""
    signed = read_envelope(envelope.encode())
    link = read_link(signed.payload)
    if link.digest != digest or link.seq != seq:
        raise LedgerError(f"record {seq} is not what its digest says", CHECK_REMEDY)
    return entry_of(link, signed.key_ids)
