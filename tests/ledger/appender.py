"""Appends records until it is killed, and says each one only after it was acknowledged; a process of its own.

Arguments: the database's address, the file of the signing key, and how many records to append.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from pilotage.ledger.ledger import Ledger
from pilotage.ledger.records.release import CatalogActivated
from pilotage.ledger.signing import SigningKey
from pilotage.storage.engine import open_engine

LONGEST_PAUSE = 0.02  # seconds


def now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


def append_many(url: str, key: Path, number: int) -> None:
    """Append records and print the number and digest of each."""
    engine = open_engine(url)
    ledger = Ledger(engine, SigningKey.open(key), now)
    digest = "sha256:" + "a" * 64
    body = CatalogActivated(commit=None, dirty=True, catalog=digest, artefact=digest, documents=1)
    chance = random.Random(number)
    for _ in range(number):
        time.sleep(chance.uniform(0, LONGEST_PAUSE))  # or the ledger of a test would grow beyond what it can verify
        entry = ledger.append(body)
        sys.stdout.write(f"{entry.seq} {entry.digest}\n")
        sys.stdout.flush()
    engine.dispose()


if __name__ == "__main__":
    append_many(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
