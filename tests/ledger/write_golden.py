"""Writes golden files for kinds or versions that have none yet: `python -m tests.ledger.write_golden`.

A file that exists is never written over: envelopes of that version lie in ledgers and have to stay readable.
Who changes a stored shape gives the kind a new version and keeps the reader of the old one.
"""

from __future__ import annotations

from pathlib import Path

from tests.ledger.samples import SAMPLES, golden_name, write_golden

GOLDEN = Path(__file__).with_name("golden")

if __name__ == "__main__":
    for body in SAMPLES.values():
        path = GOLDEN / golden_name(body)
        if not path.exists():
            path.write_bytes(write_golden(body) + b"\n")
