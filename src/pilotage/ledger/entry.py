"""One entry of the chain: a body at its place, as an in-toto Statement v1 in canonical JSON.

The digest of an entry is the SHA-256 of the statement's bytes, and each statement holds the digest of the one
before. See https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md for the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, cast

from pydantic import ValidationError
from typing_extensions import TypeVar

from pilotage.core.canonical import canonical_json, digest_of_bytes, digest_of_json
from pilotage.core.clock import format_time, parse_time
from pilotage.core.errors import LedgerError
from pilotage.ledger.records.kinds import BY_PREDICATE_TYPE
from pilotage.ledger.records.record import Body
from pilotage.ledger.strict_json import read_json

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
DIGEST_LENGTH = 71
NO_DIGEST = "sha256:" + "0" * 64
"""What the first entry names as the one before it."""

BodyT_co = TypeVar("BodyT_co", bound=Body, covariant=True, default=Body)


@dataclass(frozen=True, slots=True)
class Entry(Generic[BodyT_co]):
    """One record with its place in the chain.

    Attributes:
        seq: its number, from 1 without gaps.
        digest: `sha256:…` of the signed statement; this is how other records name it.
        previous: digest of the entry before it.
        recorded_at: when it was appended.
        body: what it says.
        key_ids: ids of the keys that signed it.
    """

    seq: int
    digest: str
    previous: str
    recorded_at: datetime
    body: BodyT_co
    key_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain; number 0 and zeros where it is empty."""

    seq: int
    digest: str


EMPTY = Head(0, NO_DIGEST)
_Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """A statement read back, whether or not this version knows the kind of its body."""

    seq: int
    digest: str
    previous: str
    recorded_at: datetime
    predicate_type: str
    body: Mapping[str, Any]


def write_statement(after: Head, recorded_at: datetime, body: Body) -> bytes:
    """Give the canonical bytes of the statement that follows a head.

    Raises:
        EvidenceError: the body holds what canonical JSON cannot.
    """
    plain = body.model_dump(mode="json")
    about = body.subject_digests() or {"body": digest_of_json(plain)}
    subjects = [{"name": name, "digest": {"sha256": about[name].removeprefix("sha256:")}} for name in sorted(about)]
    return canonical_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": body.predicate_type(),
            "predicate": {
                "seq": after.seq + 1,
                "previous": after.digest,
                "recorded_at": format_time(recorded_at),
                "body": plain,
            },
        }
    )


def read_link(payload: bytes) -> Link:
    """Read a statement's place in the chain.

    Raises:
        LedgerError: it is no statement of this ledger; says what is wrong.
    """
    try:
        match read_json(payload):
            case {
                "_type": str(form),
                "predicateType": str(predicate_type),
                "predicate": {
                    "seq": int(seq),
                    "previous": str(previous),
                    "recorded_at": str(recorded_at),
                    "body": body,
                },
            } if form == STATEMENT_TYPE and type(seq) is int and seq > 0 and isinstance(cast("object", body), dict):
                moment = parse_time(recorded_at)
            case _:
                raise ValueError("this is no in-toto statement with seq, previous, recorded_at and body")  # noqa: TRY301 - one place says which file to mend
    except ValueError as error:
        raise LedgerError(str(error), "restore the record from a backup or an earlier export") from error
    return Link(seq, digest_of_bytes(payload), previous, moment, predicate_type, cast("_Plain", body))


def read_body(link: Link) -> Body:
    """Read the body of a link.

    Raises:
        LedgerError: this version does not know the kind, or the body does not fit it.
    """
    kind = BY_PREDICATE_TYPE.get(link.predicate_type)
    if kind is None:
        message = f"record {link.seq} is of the kind {link.predicate_type!r}, which this version does not know"
        raise LedgerError(message, "read it with the newer version of Pilotage that wrote it")
    try:
        return kind.model_validate(link.body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        message = f"record {link.seq} does not fit its kind {kind.record_name!r}: {place}: {first['msg']}"
        raise LedgerError(message, "read it with the version of Pilotage that wrote it") from error


def entry_of(link: Link, key_ids: tuple[str, ...]) -> Entry:
    """Give the entry that a link holds.

    Raises:
        LedgerError: this version does not know the kind, or the body does not fit it.
    """
    return Entry(link.seq, link.digest, link.previous, link.recorded_at, read_body(link), key_ids)
