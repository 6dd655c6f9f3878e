"""An access key `pk_<public id>_<secret>`: its form, and whether a text opens it; pure.

A secret has 256 random bits, so a plain SHA-256 keeps it: there is nothing to guess, and checking costs a
microsecond.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime

from pilotage.registry.kinds.document import Audience

PUBLIC_LENGTH = 12
SECRET_LENGTH = 43
LOWER = "0123456789abcdefghijklmnopqrstuvwxyz"
ALPHABET = LOWER + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
KEY_TEXT = re.compile(rf"pk_([0-9a-z]{{{PUBLIC_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH}}})")


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key as it is stored: everything but its secret."""

    public_id: str
    secret_digest: str = field(repr=False)
    use_case: str
    audience: Audience
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def split_key(text: str) -> tuple[str, str] | None:
    """Split a key's text into public id and secret; None where it does not have the form of a key."""
    match = KEY_TEXT.fullmatch(text)
    return (match[1], match[2]) if match else None


def digest_of_secret(secret: str) -> str:
    """Give what is stored of a secret."""
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()


def verify_secret(secret: str, digest: str) -> bool:
    """Tell whether a digest is this secret's, in the same time whatever the secret is."""
    return hmac.compare_digest(digest_of_secret(secret), digest)
