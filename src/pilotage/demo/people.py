"""The sample people of a story: their keys are made at the first start and stay in the demonstration's folder."""

from __future__ import annotations

import re
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PLACEHOLDER = re.compile(rb"\$\{key:([a-z0-9-]{1,64})\}")


def private_key_of(name: str, folder: Path) -> Ed25519PrivateKey:
    """Read a sample person's key, made at the first call."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.pem"
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_bytes(text)
        draft.replace(path)  # whole or not at all, so that a kill here leaves no half key
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        message = f"{path} holds no Ed25519 key"
        raise TypeError(message)
    return key


def public_key_of(name: str, folder: Path) -> bytes:
    """Give a sample person's public key as it stands in authorized_keys."""
    public = private_key_of(name, folder).public_key()
    return public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)


def fill_in_keys(document: bytes, folder: Path) -> bytes:
    """Put the public keys of sample people where a document says `${key:NAME}`."""
    return PLACEHOLDER.sub(lambda found: public_key_of(found[1].decode(), folder), document)
