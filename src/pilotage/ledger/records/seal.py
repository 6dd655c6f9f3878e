"""UsageSeal and KeyRotated: rows of usage bound into the chain, and a new signing key vouched for by the old."""

from __future__ import annotations

from typing import ClassVar

from pilotage.ledger.records.record import AmountFigures, Body, Digest


class UsageSeal(Body):
    """A replica's batch of settled usage rows, as a Merkle root, a count and totals."""

    record_name: ClassVar[str] = "usage-seal"

    replica: str
    first: int
    """Lowest row number of the batch."""
    last: int
    rows: int
    root: Digest
    calls: int
    tokens_in: int
    tokens_out: int
    unknown_usage: int
    """Rows whose tokens are unknown; they are in no total."""
    money: tuple[AmountFigures, ...]
    """Totals of the rows whose price is known, one per currency."""
    energy: AmountFigures | None

    def subject_digests(self) -> dict[str, str]:
        """The batch."""
        return {"usage": self.root}


class KeyRotated(Body):
    """From the next record on the new key signs; this record carries signatures of both."""

    record_name: ClassVar[str] = "key-rotated"

    old_key: str
    """Key id: `sha256` hex of the public key's DER (SubjectPublicKeyInfo)."""
    new_key: str
    new_public_key: str
    """The new public key in PEM."""
    reason: str
