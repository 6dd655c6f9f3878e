"""Verifies the ledger in a database, as it stands."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

import sqlalchemy as sa

from pilotage.core.errors import LedgerError
from pilotage.ledger.chain import BrokenChainError, VerifiedChain
from pilotage.ledger.entry import EMPTY, Head
from pilotage.ledger.export import ROWS_AT_ONCE, read_root
from pilotage.ledger.ledger import read_head
from pilotage.ledger.verify import StoredRecord, verify_records
from pilotage.storage.engine import read_transaction
from pilotage.storage.tables import record, signing_key


def verify_ledger(engine: sa.Engine, root_key_id: str | None = None, at_least: Head | None = None) -> VerifiedChain:
    """Verify every record of a database; others may append meanwhile.

    Args:
        engine: the database.
        root_key_id: the pinned id of the key that signed the first record; without it the database's word is
            taken.
        at_least: a head seen earlier, which has to be in this chain; without it a missing tail does not show.

    Raises:
        BrokenChainError: names the first record that does not hold.
        LedgerError: the list of keys is not that of the chain, or another root key is pinned.
        StorageError: the database cannot be used.
    """
    with read_transaction(engine) as connection:
        return verify_connection(connection, root_key_id, at_least)


def verify_connection(
    connection: sa.Connection, root_key_id: str | None = None, at_least: Head | None = None
) -> VerifiedChain:
    """Verify as `verify_ledger` does, on a connection that is open: before a restore commits, for instance.

    Raises:
        BrokenChainError: names the first record that does not hold.
        LedgerError: the list of keys is not that of the chain, or another root key is pinned.
    """
    listed = connection.scalars(sa.select(signing_key.c.key_id).order_by(signing_key.c.since)).all()
    if read_head(connection) == EMPTY and not listed:
        if at_least not in {None, EMPTY}:
            raise BrokenChainError("dropped", 1, None, "every record was dropped")
        return VerifiedChain(EMPTY, root_key_id or "", root_key_id is not None, (), {}, 0)
    remedy = "restore a backup, and find out who could write here"
    if not listed:
        raise LedgerError("the list of the ledger's public keys is empty", remedy)
    root = read_root(connection)
    with closing(_read_stored(connection)) as stored:  # a broken record ends the reading before the connection ends
        found = verify_records(stored, root, root_key_id=root_key_id, at_least=at_least)
    if found.key_ids != tuple(listed):
        raise LedgerError("the list of the ledger's public keys was altered", remedy)
    return found


def _read_stored(connection: sa.Connection) -> Generator[StoredRecord]:
    """Give every record in order, a few at a time."""
    query = sa.select(
        record.c.seq,
        record.c.digest,
        record.c.predicate_type,
        record.c.use_case,
        record.c.release,
        record.c.recorded_at,
        record.c.envelope,
    ).order_by(record.c.seq)
    with connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query) as rows:
        for row in rows:
            yield StoredRecord(*row)
