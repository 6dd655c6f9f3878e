"""DSSE envelopes (Dead Simple Signing Envelope 1.0.2) and the Ed25519 public keys that check them.

One statement has one envelope: it is stored in canonical JSON, and bytes that say the same in another way are
refused, so that no byte of a stored record can change unnoticed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey  # pyright: ignore[reportPrivateImportUsage] - its public door

from pilotage.core.canonical import canonical_json
from pilotage.core.errors import EvidenceError, LedgerError
from pilotage.ledger.strict_json import read_json

PAYLOAD_TYPE = "application/vnd.in-toto+json"
LONGEST = 16 * 1024 * 1024
MOST_SIGNATURES = 2
RESTORE_REMEDY = "restore the record from a backup or an earlier export"


@dataclass(frozen=True)
class PublicKey:
    """An Ed25519 public key.

    Attributes:
        key_id: SHA-256, in hex, of its DER form (SubjectPublicKeyInfo).
        pem: the key as text.
    """

    key_id: str
    pem: str
    _key: Ed25519PublicKey = field(repr=False, compare=False)

    @classmethod
    def of(cls, key: Ed25519PublicKey) -> PublicKey:
        """Name a key by its id."""
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        return cls(hashlib.sha256(der).hexdigest(), pem, key)

    @classmethod
    def of_pem(cls, pem: str) -> PublicKey:
        """Read a key from its PEM text.

        Raises:
            LedgerError: it is no Ed25519 public key in PEM as this ledger writes it.
        """
        remedy = "take the public key from the installation that wrote the ledger"
        try:
            key = load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise LedgerError("this is no public key in PEM", remedy) from error
        if not isinstance(key, Ed25519PublicKey):
            raise LedgerError("this public key is of another kind than Ed25519", remedy)
        found = cls.of(key)
        if found.pem != pem:
            raise LedgerError("this public key is not in the one form that is written here", remedy)
        return found

    @cached_property
    def for_dsse(self) -> SSlibKey:
        """The key as securesystemslib wants it."""
        return SSlibKey.from_crypto(self._key, keyid=self.key_id)


@dataclass(frozen=True, slots=True)
class Signed:
    """An envelope that was read; who signed it is claimed until `is_signed_by` says so."""

    payload: bytes
    key_ids: tuple[str, ...]
    envelope: Envelope

    def is_signed_by(self, key: PublicKey) -> bool:
        """Tell whether this key really signed the payload."""
        try:
            self.envelope.verify([key.for_dsse], 1)
        except VerificationError:
            return False
        return True


def write_envelope(envelope: Envelope) -> bytes:
    """Give the one form in which an envelope is stored."""
    return canonical_json(envelope.to_dict())  # pyright: ignore[reportUnknownMemberType] - a bare dict there


def read_envelope(data: bytes) -> Signed:
    """Read a stored envelope without believing it.

    Raises:
        LedgerError: it is no envelope in the one form that is written here; says what is wrong.
    """
    if len(data) > LONGEST:
        raise LedgerError(f"the record is longer than {LONGEST} bytes", RESTORE_REMEDY)
    try:
        envelope = _envelope_of(read_json(data))
        if write_envelope(envelope) != data:
            raise ValueError("the envelope is not in canonical form")  # noqa: TRY301 - one place gives the remedy
    except (ValueError, EvidenceError) as error:
        raise LedgerError(str(error).partition("; ")[0], RESTORE_REMEDY) from error
    return Signed(envelope.payload, tuple(envelope.signatures), envelope)


def _envelope_of(value: object) -> Envelope:
    """Make an envelope from its JSON; ValueError where the shape is another."""
    members = _object_of(value, {"payload", "payloadType", "signatures"}, "this is no DSSE envelope")
    if members["payloadType"] != PAYLOAD_TYPE:
        raise ValueError(f"the payload is not of the type {PAYLOAD_TYPE!r}")
    signatures = members["signatures"]
    if not isinstance(members["payload"], str) or not isinstance(signatures, list):
        raise ValueError("this is no DSSE envelope: payload is a text and signatures a list")  # noqa: TRY004 - as above
    found = cast("list[object]", signatures)
    if not 1 <= len(found) <= MOST_SIGNATURES:
        raise ValueError(f"the envelope has {len(found)} signatures instead of 1 or {MOST_SIGNATURES}")
    for signature in found:
        parts = _object_of(signature, {"keyid", "sig"}, "this is no DSSE signature")
        if not all(isinstance(part, str) for part in parts.values()):
            raise ValueError("this is no DSSE signature: keyid and sig are texts")
    return Envelope.from_dict(members)  # pyright: ignore[reportUnknownMemberType] - it takes a bare dict


def _object_of(value: object, names: set[str], otherwise: str) -> dict[str, object]:
    """Take a JSON object with just these members; ValueError where it is something else."""
    members = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if set(members) != names:
        raise ValueError(f"{otherwise}: it has to be an object with {', '.join(sorted(names))}")
    return members
