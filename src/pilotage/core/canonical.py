"""One byte string for one JSON value (RFC 8785, JSON Canonicalization Scheme), and its SHA-256 digest.

Digests and signatures are taken over these bytes, so any language can check them with a standard of its own.
"""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from pilotage.core.errors import EvidenceError

Json = Any  # a JSON value; recursive aliases need Python 3.12


def canonical_json(value: Json) -> bytes:
    """Give the canonical bytes of a JSON value.

    Raises:
        EvidenceError: the value holds what JSON cannot (NaN, bytes, an integer beyond 2^53, a key that is no string).
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, ValueError, TypeError) as error:
        message = f"a value cannot be written as canonical JSON: {error}"
        raise EvidenceError(message, "use strings for money and large numbers, and no NaN or infinity") from error


def digest_of_bytes(data: bytes) -> str:
    """Give `sha256:<hex>` of some bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_of_json(value: Json) -> str:
    """Give `sha256:<hex>` of a JSON value in canonical form."""
    return digest_of_bytes(canonical_json(value))
