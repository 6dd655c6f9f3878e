"""Changes the signing key of an installation, so that a kill at any moment leaves a key that signs."""

from __future__ import annotations

from pathlib import Path

from pilotage.core.errors import LedgerError
from pilotage.ledger.ledger import NEXT_KEY_SUFFIX, Ledger
from pilotage.ledger.signing import SigningKey
from pilotage.storage.engine import read_transaction
from pilotage.storage.private_file import sync_folder


def rotate_key_file(ledger: Ledger, path: Path, reason: str) -> SigningKey:
    """Make a new key, record it in the ledger, and put it in the place of the old one, which is gone then.

    The new key waits in a file beside the old one until its record is stored; called again after a kill, this
    goes on where it stopped. Other processes that sign take the new key from the file at their next record.

    Raises:
        LedgerError: the file does not hold the key that signs this ledger.
        StorageError: the file or the database cannot be used.
    """
    waiting = path.with_name(path.name + NEXT_KEY_SUFFIX)
    new = SigningKey.open(waiting)
    with read_transaction(ledger.engine) as connection:
        current = ledger.current_key(connection)
    if current.path not in {path, waiting}:
        raise LedgerError(f"{path} does not hold the key that signs", "name the file of this installation")
    if current.key_id != new.key_id:
        ledger.rotate_key(new, reason)
    waiting.replace(path)
    sync_folder(path.parent)
    new.path = path
    return new
