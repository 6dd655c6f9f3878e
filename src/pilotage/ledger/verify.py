"""Verifies a whole chain from an export or from stored records, and needs nothing but one pinned key.

An export is JSON Lines: a header with the root key, one envelope per record, and a checkpoint with the number
and digest of the last record, signed by the key that signed it. The checkpoint is what makes a missing tail
visible; a caller who remembers an older `Head` can pass it, so that a whole export put back in time is
noticed too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pilotage.core.canonical import canonical_json
from pilotage.core.clock import format_time
from pilotage.core.errors import LedgerError
from pilotage.ledger.chain import BrokenChainError, Chain, VerifiedChain
from pilotage.ledger.entry import STATEMENT_TYPE, Head, Link
from pilotage.ledger.envelope import LONGEST, PublicKey, Signed, read_envelope
from pilotage.ledger.records.record import PREDICATE_ROOT
from pilotage.ledger.strict_json import read_json

FORMAT = "pilotage-ledger"
VERSION = 1
CHECKPOINT_TYPE = f"{PREDICATE_ROOT}checkpoint/v1"
EXPORT_REMEDY = "export the ledger again with `pilotage ledger export`"
NEWER_REMEDY = "use the newer version of Pilotage that wrote it"


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as a database holds it: the envelope, and the columns that look-ups go by."""

    seq: int
    digest: str
    predicate_type: str
    use_case: str | None
    release: str | None
    recorded_at: str
    envelope: str


def write_header(root: PublicKey) -> bytes:
    """Give the first line of an export."""
    plain = {"format": FORMAT, "version": VERSION, "root": {"key_id": root.key_id, "public_key": root.pem}}
    return canonical_json(plain)


def write_checkpoint(head: Head, made_at: datetime) -> bytes:
    """Give the statement that is signed at the end of an export."""
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": "ledger", "digest": {"sha256": head.digest.removeprefix("sha256:")}}],
            "predicateType": CHECKPOINT_TYPE,
            "predicate": {"seq": head.seq, "digest": head.digest, "made_at": format_time(made_at)},
        }
    )


def verify_export(
    lines: Iterable[bytes], root_key_id: str | None = None, at_least: Head | None = None
) -> VerifiedChain:
    """Verify an export, given as its lines with their line ends.

    Args:
        lines: as iterating over a file opened in binary mode gives them; see `export.read_lines` for a
            bounded way.
        root_key_id: the pinned id of the key that signed the first record; without it the header's word is
            taken.
        at_least: a head seen earlier, which has to be in this chain.

    Raises:
        BrokenChainError: names the first record that was altered, dropped, reordered, repeated or signed by
            an unknown key, with its line.
        LedgerError: the header is not that of an export, or another root key is pinned.
    """
    numbered = enumerate(lines, 1)
    chain = Chain(_read_header(numbered, root_key_id))
    for line, raw in numbered:
        data = _whole_line(raw, line, chain.next_seq)
        checkpoint = _find_checkpoint(data)
        if checkpoint is not None:
            _check_end(chain, checkpoint, line, numbered)
            _check_remembered_end(chain, at_least)
            return chain.verified(pinned=root_key_id is not None)
        try:
            link = chain.follow(data, line)
        except BrokenChainError as error:
            raise _look_ahead(error, numbered) from error
        _check_remembered(link, at_least, line)
    what = f"the export ends after record {chain.head.seq} without its signed checkpoint: record "
    what += f"{chain.next_seq} and what follows were dropped, or the file is half written"
    raise BrokenChainError("truncated", chain.next_seq, None, what)


def verify_records(
    records: Iterable[StoredRecord],
    root: PublicKey,
    *,
    root_key_id: str | None = None,
    at_least: Head | None = None,
) -> VerifiedChain:
    """Verify the records of a database, in the order of their numbers.

    A missing tail shows only against a head that the caller remembers (`at_least`), from an export for
    instance.

    Raises:
        BrokenChainError: names the first record that does not hold.
        LedgerError: another root key is pinned.
    """
    _check_pin(root, root_key_id)
    chain = Chain(root)
    for stored in records:
        link = chain.follow(stored.envelope.encode(), None)
        _check_columns(link, stored)
        _check_remembered(link, at_least, None)
    _check_remembered_end(chain, at_least)
    return chain.verified(pinned=root_key_id is not None)


def _read_header(numbered: Iterator[tuple[int, bytes]], root_key_id: str | None) -> PublicKey:
    """Read the first line and give the key that everything rests on."""
    _, raw = next(numbered, (1, b""))
    try:
        header = cast("object", read_json(raw.removesuffix(b"\n")))
    except ValueError as error:
        raise LedgerError(f"line 1: this is no export of a ledger: {error}", EXPORT_REMEDY) from error
    match header:
        case {"format": str(form), "version": int(version)} if form == FORMAT and version > VERSION:
            raise LedgerError(f"line 1: the export is of format {version}", NEWER_REMEDY)
        case {"format": str(form), "root": {"public_key": str(pem)}} if form == FORMAT:
            root = PublicKey.of_pem(pem)
        case _:
            raise LedgerError("line 1: this is no export of a ledger", EXPORT_REMEDY)
    if raw != write_header(root) + b"\n":
        raise LedgerError("line 1: the header was altered", EXPORT_REMEDY)
    _check_pin(root, root_key_id)
    return root


def _check_pin(root: PublicKey, root_key_id: str | None) -> None:
    """Refuse a ledger that begins with another key than the pinned one."""
    if root_key_id is not None and root.key_id != root_key_id:
        message = f"the first record is signed by the unknown key {root.key_id}, pinned is {root_key_id}"
        raise LedgerError(message, "check the pinned key; if it is right, another installation wrote this")


def _whole_line(raw: bytes, line: int, record: int) -> bytes:
    """Give a line without its end; refuse a half-written or endless one."""
    if len(raw) > LONGEST:
        what = f"the line is longer than {LONGEST} bytes, so it is not record {record}"
        raise BrokenChainError("malformed", record, line, what)
    if not raw.endswith(b"\n"):
        what = f"the line is half written, so record {record} is missing"
        raise BrokenChainError("truncated", record, line, what)
    return raw[:-1]


def _find_checkpoint(data: bytes) -> tuple[Signed, dict[str, Any]] | None:
    """Give the checkpoint that a line claims to be; None where it claims to be something else."""
    try:
        signed = read_envelope(data)
        value = cast("object", read_json(signed.payload))
    except (LedgerError, ValueError):
        return None
    match value:
        case {"predicateType": str(kind)} if kind == CHECKPOINT_TYPE:
            return signed, cast("dict[str, Any]", value)
        case _:
            return None


def _check_end(
    chain: Chain,
    checkpoint: tuple[Signed, dict[str, Any]],
    line: int,
    rest: Iterator[tuple[int, bytes]],
) -> None:
    """Check that the chain ends where its checkpoint says, and the file with it."""
    signed, value = checkpoint
    head, record = chain.head, chain.next_seq
    known = chain.key.key_id in signed.key_ids
    match value:
        case {"predicate": {"seq": int(seq), "digest": str(digest), "made_at": str()}}:
            pass
        case _:
            raise BrokenChainError("malformed", record, line, "the checkpoint cannot be read")
    if known and (signed.key_ids != (chain.key.key_id,) or not signed.is_signed_by(chain.key)):
        raise BrokenChainError("altered", record, line, "the checkpoint was altered: its signature does not hold")
    if seq > head.seq:
        what = f"record {record} was dropped: the checkpoint stands after record {seq}"
        raise BrokenChainError("dropped", record, line, what)
    if not known:
        what = f"the checkpoint is signed by the unknown key {', '.join(signed.key_ids)[:140]}"
        raise BrokenChainError("unknown-key", record, line, what)
    if seq < head.seq:
        what = f"the checkpoint belongs after record {seq}, so record {seq + 1} was not in this export"
        raise BrokenChainError("malformed", seq + 1, line, what)
    if digest != head.digest:
        what = f"record {seq} is another one than the checkpoint names: it was altered"
        raise BrokenChainError("altered", seq, line, what)
    after, _ = next(rest, (None, b""))
    if after is not None:
        raise BrokenChainError("malformed", record, after, "something follows the checkpoint")


def _look_ahead(error: BrokenChainError, rest: Iterator[tuple[int, bytes]]) -> BrokenChainError:
    """Tell a record that was moved from one that is gone."""
    if error.fault != "dropped":
        return error
    for line, raw in rest:
        try:
            claimed = cast("object", read_json(read_envelope(raw.removesuffix(b"\n")).payload))
        except (LedgerError, ValueError):
            continue
        match claimed:
            case {"predicate": {"seq": int(seq), "body": {}}} if seq == error.record:
                what = f"record {seq} is not in its place: it stands on line {line}"
                return BrokenChainError("reordered", seq, error.line, what)
            case _:
                continue
    return error


def _check_columns(link: Link, stored: StoredRecord) -> None:
    """Check that look-ups find a record by what it says, not by a column that was altered."""
    body = link.body
    expected = StoredRecord(
        seq=link.seq,
        digest=link.digest,
        predicate_type=link.predicate_type,
        use_case=body.get("use_case"),
        release=body.get("release"),
        recorded_at=format_time(link.recorded_at),
        envelope=stored.envelope,
    )
    if stored != expected:
        what = f"record {link.seq} was altered: its columns say something else than what was signed"
        raise BrokenChainError("altered", link.seq, None, what)


def _check_remembered(link: Link, at_least: Head | None, line: int | None) -> None:
    """Check a record against the head that the caller remembers."""
    if at_least is not None and link.seq == at_least.seq and link.digest != at_least.digest:
        what = f"record {link.seq} is another one than was seen before: history was written anew"
        raise BrokenChainError("altered", link.seq, line, what)


def _check_remembered_end(chain: Chain, at_least: Head | None) -> None:
    """Check that the chain reaches as far as the caller remembers."""
    if at_least is not None and chain.head.seq < at_least.seq:
        what = f"record {chain.next_seq} was dropped: the ledger ended with record {at_least.seq} before"
        raise BrokenChainError("dropped", chain.next_seq, None, what)
