"""Follows a chain record by record and stops at the first one that is not what was appended.

A record is believed only when the key that signs at its place signed it, its number is the next one, and it
names the digest of the record before. A new key is believed when the old one signed the record that brings
it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from pilotage.core.errors import LedgerError
from pilotage.ledger.entry import EMPTY, Entry, Head, Link, entry_of, read_link
from pilotage.ledger.envelope import PublicKey, Signed, read_envelope
from pilotage.ledger.records.kinds import BY_PREDICATE_TYPE
from pilotage.ledger.records.seal import KeyRotated

Fault = Literal["altered", "dropped", "reordered", "repeated", "unknown-key", "malformed", "truncated"]

REMEDIES: dict[Fault, str] = {
    "altered": "restore it from a backup or an earlier export, and find out who could write here",
    "dropped": "restore it from a backup or an earlier export, and find out who could write here",
    "reordered": "put the records back into their order, or export the ledger again",
    "repeated": "take the second one away, or export the ledger again",
    "unknown-key": "check the pinned root key; if it is right, this was not written by that installation",
    "malformed": "export the ledger again, or restore it from a backup",
    "truncated": "export the ledger again; what stands before this line is sound",
}


class BrokenChainError(LedgerError):
    """The first place at which a chain does not hold.

    Attributes:
        fault: what happened to it.
        record: number of the first record that is not in its place as it was appended.
        line: line of the export, 1-based; None for a ledger in a database.
    """

    def __init__(self, fault: Fault, record: int, line: int | None, what: str) -> None:
        """Say where and what."""
        super().__init__(what if line is None else f"line {line}: {what}", REMEDIES[fault])
        self.fault: Fault = fault
        self.record = record
        self.line = line


@dataclass(frozen=True, slots=True)
class VerifiedChain:
    """What verification found to hold.

    Attributes:
        head: the last record; number 0 where there is none.
        root_key_id: id of the key that everything rests on.
        pinned: whether the caller named that key; otherwise it was taken from the ledger itself, and a forger
            who wrote everything anew would not be noticed.
        key_ids: the keys that signed, in order.
        kinds: number of records by kind.
        unknown_kinds: number of records that are sound but of kinds that only a newer version can read.
    """

    head: Head
    root_key_id: str
    pinned: bool
    key_ids: tuple[str, ...]
    kinds: dict[str, int]
    unknown_kinds: int


class Chain:
    """A chain as far as it was followed."""

    def __init__(self, root: PublicKey) -> None:
        """Start in front of the first record, which this key has to have signed."""
        self.head = EMPTY
        self.key = root
        self._keys = [root]
        self._kinds: Counter[str] = Counter()
        self._unknown = 0

    @property
    def next_seq(self) -> int:
        """The number that the next record has to have."""
        return self.head.seq + 1

    def follow(self, data: bytes, line: int | None) -> Link:
        """Check the next stored record and step onto it.

        Raises:
            BrokenChainError: it is not the one that was appended here.
        """
        signed = self._read_envelope(data, line)
        link = self._check_place(signed, line)
        if link.previous != self.head.digest:
            before = f"does not follow record {self.head.seq}" if self.head.seq else "is not the first of a chain"
            what = f"record {link.seq} {before}: another history was put in its place"
            raise BrokenChainError("altered", max(self.head.seq, 1), line, what)
        kind = BY_PREDICATE_TYPE.get(link.predicate_type)
        allowed: tuple[str, ...] = (self.key.key_id,)
        if kind is None:
            self._unknown += 1
        else:
            entry = self._read_body(signed, link, line)
            if isinstance(entry.body, KeyRotated):
                self._take_key(signed, entry.body, line)
                allowed = (entry.body.old_key, entry.body.new_key)
            self._kinds[kind.record_name] += 1
        if signed.key_ids != allowed:
            what = f"record {link.seq} carries a signature by a key that does not sign here"
            raise BrokenChainError("unknown-key", link.seq, line, what)
        self.head = Head(link.seq, link.digest)
        return link

    def verified(self, *, pinned: bool) -> VerifiedChain:
        """Say what holds so far."""
        keys = tuple(key.key_id for key in self._keys)
        return VerifiedChain(self.head, keys[0], pinned, keys, dict(self._kinds), self._unknown)

    def is_signed(self, signed: Signed) -> bool:
        """Tell whether the key that signs at this place really signed something."""
        return self.key.key_id in signed.key_ids and signed.is_signed_by(self.key)

    def _read_envelope(self, data: bytes, line: int | None) -> Signed:
        """Read the envelope."""
        try:
            return read_envelope(data)
        except LedgerError as error:
            what = f"record {self.next_seq} cannot be read: {error.message}"
            raise BrokenChainError("malformed", self.next_seq, line, what) from error

    def _check_place(self, signed: Signed, line: int | None) -> Link:
        """Check signature and number; what a record says of itself counts only once its signature holds."""
        seq, known = self.next_seq, self.key.key_id in signed.key_ids
        genuine = self.is_signed(signed)
        try:
            link = read_link(signed.payload)
        except LedgerError as error:
            fault: Fault = "altered" if known and not genuine else "malformed"
            what = f"record {seq} was altered" if fault == "altered" else f"record {seq} cannot be read"
            raise BrokenChainError(fault, seq, line, f"{what}: {error.message}") from error
        if link.seq != seq and (genuine or not known):
            raise displaced(seq, link.seq, line)
        if not known:
            what = f"record {seq} is signed by the unknown key {', '.join(signed.key_ids)[:140]}"
            raise BrokenChainError("unknown-key", seq, line, what)
        if not genuine:
            what = f"record {seq} was altered: its signature does not hold"
            raise BrokenChainError("altered", seq, line, what)
        return link

    def _read_body(self, signed: Signed, link: Link, line: int | None) -> Entry:
        """Read the body."""
        try:
            return entry_of(link, signed.key_ids)
        except LedgerError as error:
            raise BrokenChainError("malformed", link.seq, line, error.message) from error

    def _take_key(self, signed: Signed, body: KeyRotated, line: int | None) -> None:
        """Let the new key sign from the next record on, if the old and the new one signed this one."""
        seq = self.next_seq
        try:
            new = PublicKey.of_pem(body.new_public_key)
        except LedgerError as error:
            raise BrokenChainError("malformed", seq, line, f"record {seq}: {error.message}") from error
        if (body.old_key, body.new_key) != (self.key.key_id, new.key_id) or new in self._keys:
            what = f"record {seq} names other keys than those it changes"
            raise BrokenChainError("malformed", seq, line, what)
        if not signed.is_signed_by(new):
            what = f"record {seq} brings a new key that did not sign it"
            raise BrokenChainError("unknown-key", seq, line, what)
        self.key = new
        self._keys.append(new)


def displaced(wanted: int, found: int, line: int | None) -> BrokenChainError:
    """Say that another record stands where one is wanted."""
    if found < wanted:
        what = f"record {found} stands here again, where record {wanted} belongs"
        return BrokenChainError("repeated", found, line, what)
    what = f"record {wanted} was dropped: record {found} stands in its place"
    return BrokenChainError("dropped", wanted, line, what)
