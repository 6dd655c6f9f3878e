"""Writes the whole ledger into a file that anybody can verify without the database, and reads such a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import sqlalchemy as sa

from pilotage.ledger.entry import EMPTY, Head
from pilotage.ledger.envelope import LONGEST, PublicKey
from pilotage.ledger.ledger import Ledger, read_head
from pilotage.ledger.signing import sign_statement
from pilotage.ledger.verify import write_checkpoint, write_header
from pilotage.storage.engine import read_transaction
from pilotage.storage.tables import record, signing_key

ROWS_AT_ONCE = 500


def export_ledger(ledger: Ledger, file: BinaryIO) -> Head:
    """Write every record as JSON Lines, between a header and a signed checkpoint; gives the head exported.

    Others may append meanwhile: the export is one snapshot.

    Raises:
        LedgerError: another key than ours signs this ledger.
        StorageError: the database cannot be used.
    """
    with read_transaction(ledger.engine) as connection:
        key = ledger.current_key(connection)
        head = read_head(connection)
        root = key.public if head == EMPTY else read_root(connection)
        file.write(write_header(root) + b"\n")
        query = sa.select(record.c.envelope).order_by(record.c.seq)
        rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query)
        file.writelines(envelope.encode() + b"\n" for (envelope,) in rows)
        file.write(sign_statement(write_checkpoint(head, ledger.now()), key) + b"\n")
    return head


def read_lines(file: BinaryIO) -> Iterator[bytes]:
    """Give the lines of an export; too long ones come cut off, so that no file can fill the memory."""
    while line := file.readline(LONGEST + 1):
        yield line


def read_root(connection: sa.Connection) -> PublicKey:
    """Give the public key that the first record was signed with, as the database has it.

    Raises:
        LedgerError: the text is no public key.
    """
    query = sa.select(signing_key.c.public_key).order_by(signing_key.c.since).limit(1)
    return PublicKey.of_pem(connection.execute(query).scalar_one())
