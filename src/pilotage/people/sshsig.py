"""SSH signatures as `ssh-keygen -Y sign` makes them: one way to sign that every developer's key already has.

Source: PROTOCOL.sshsig of OpenSSH. Made with ed25519; checked with ed25519, ECDSA, RSA (SHA-2, 2048 bits or more) and
ed25519 security keys, which must have been touched. The namespace keeps a signature for us from being used elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from pilotage.core.errors import EvidenceError
from pilotage.people.ssh_wire import Reader, WireError, write_string

NAMESPACE = "pilotage"
MAGIC = b"SSHSIG"
VERSION = 1
LEAST_RSA_BITS = 2048
TOUCHED = 0x01
ED25519 = b"ssh-ed25519"
SECURITY_KEY = b"sk-ssh-ed25519@openssh.com"
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_RSA_HASHES: dict[bytes, hashes.HashAlgorithm] = {b"rsa-sha2-256": hashes.SHA256(), b"rsa-sha2-512": hashes.SHA512()}
_EC_HASHES: dict[bytes, hashes.HashAlgorithm] = {
    b"ecdsa-sha2-nistp256": hashes.SHA256(),
    b"ecdsa-sha2-nistp384": hashes.SHA384(),
    b"ecdsa-sha2-nistp521": hashes.SHA512(),
}
_ARMOUR = re.compile(
    r"\s*-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END SSH SIGNATURE-----\s*", re.ASCII
)
_LONGEST_ARMOUR = 32_768
_LINE = 70
_REMEDY = "sign again with `pilotage attest` or `ssh-keygen -Y sign -n pilotage`"


@dataclass(frozen=True, slots=True)
class _Signature:
    """An SSHSIG message taken apart."""

    public_key: bytes
    namespace: bytes
    reserved: bytes
    hash_name: bytes
    signature: bytes


def sign_message(message: bytes, key: ed25519.Ed25519PrivateKey, namespace: str = NAMESPACE) -> str:
    """Sign a message and give the armoured text that `ssh-keygen -Y verify` takes."""
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    public = write_string(ED25519) + write_string(raw)
    parts = _Signature(public, namespace.encode(), b"", b"sha512", b"")
    signature = write_string(ED25519) + write_string(key.sign(_signed_data(parts, message)))
    blob = (
        MAGIC
        + VERSION.to_bytes(4, "big")
        + b"".join(map(write_string, (public, parts.namespace, parts.reserved, parts.hash_name, signature)))
    )
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])


def verify_message(message: bytes, signature: str, namespace: str = NAMESPACE) -> str:
    """Check a signature and give the fingerprint (`SHA256:…`) of the key that made it.

    Whose key that is, is for the caller to know: an unknown key signs validly too.

    Raises:
        EvidenceError: it is no SSH signature, is for another namespace, or does not fit the message.
    """
    try:
        parts = _read_signature(signature)
        _verify(parts, message, namespace)
    except InvalidSignature as error:
        raise EvidenceError("the signature does not fit the statement", _REMEDY) from error
    except (WireError, UnsupportedAlgorithm, ValueError) as error:
        raise EvidenceError(f"the signature cannot be used: {error}", _REMEDY) from error
    return fingerprint_of_blob(parts.public_key)


def fingerprint_of_blob(public_key: bytes) -> str:
    """Give the fingerprint of a public key in wire format, as `ssh-keygen -l` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(public_key).digest()).decode().rstrip("=")


def fingerprint_of_line(line: str) -> str:
    """Give the fingerprint of a public key as it stands in authorized_keys.

    Raises:
        EvidenceError: the line is no public key.
    """
    try:
        algorithm, text = line.split()[:2]
        blob = base64.b64decode(text, validate=True)
        if Reader(blob).read_string() != algorithm.encode():
            raise WireError("it names another algorithm than it holds")
    except (ValueError, binascii.Error) as error:
        raise EvidenceError(f"this is no SSH public key: {error}", "copy the line of the `.pub` file") from error
    return fingerprint_of_blob(blob)


def public_line(key: ed25519.Ed25519PrivateKey) -> str:
    """Give a key's public half as a line of authorized_keys."""
    form = serialization.PublicFormat.OpenSSH
    return key.public_key().public_bytes(serialization.Encoding.OpenSSH, form).decode()


def load_private_key(data: bytes, passphrase: bytes | None = None) -> ed25519.Ed25519PrivateKey:
    """Read an OpenSSH private key that can sign here: ed25519, with a passphrase only where bcrypt is installed.

    Raises:
        EvidenceError: it is no private key, needs another passphrase, or is not ed25519; its cause is a TypeError where
            a passphrase is needed and none was given.
    """
    remedy = "use another ed25519 key, or sign with `ssh-keygen -Y sign -n pilotage`, which asks for the passphrase"
    try:
        key = serialization.load_ssh_private_key(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise EvidenceError(f"the private key cannot be read: {error}", remedy) from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise EvidenceError("only ed25519 keys sign here", remedy)
    return key


def _read_signature(text: str) -> _Signature:
    """Take the armoured text apart."""
    if len(text) > _LONGEST_ARMOUR:
        raise WireError("it is far too long")
    match = _ARMOUR.fullmatch(text)
    if match is None:
        raise WireError("it has no lines BEGIN and END SSH SIGNATURE around base64")
    reader = Reader(base64.b64decode("".join(match[1].split()), validate=True))
    if reader.read_bytes(len(MAGIC)) != MAGIC:
        raise WireError("it does not begin as an SSH signature does")
    if (version := reader.read_number()) != VERSION:
        raise WireError(f"its version is {version}, and only {VERSION} is known")
    parts = _Signature(*(reader.read_string() for _ in range(5)))
    reader.read_end()
    return parts


def _signed_data(parts: _Signature, message: bytes) -> bytes:
    """Give the bytes that are signed: the hash of the message, bound to purpose and hash."""
    digest = _HASHES.get(parts.hash_name)
    if digest is None:
        raise WireError("its hash is neither sha256 nor sha512")
    strings = (parts.namespace, parts.reserved, parts.hash_name, digest(message).digest())
    return MAGIC + b"".join(map(write_string, strings))


def _verify(parts: _Signature, message: bytes, namespace: str) -> None:
    """Check purpose and inner signature with the key that the message carries."""
    if parts.namespace != namespace.encode():
        raise WireError(f"it was made for another purpose than {namespace}")
    signed = _signed_data(parts, message)
    reader = Reader(parts.signature)
    algorithm, raw = reader.read_string(), reader.read_string()
    kind = Reader(parts.public_key).read_string()
    if kind == SECURITY_KEY and algorithm == SECURITY_KEY:
        flags, counter = reader.read_bytes(1), reader.read_bytes(4)
        reader.read_end()
        _verify_security_key(parts.public_key, raw, flags, counter, signed)
        return
    reader.read_end()
    key = serialization.load_ssh_public_key(kind + b" " + base64.b64encode(parts.public_key))
    if isinstance(key, ed25519.Ed25519PublicKey) and kind == algorithm == ED25519:
        key.verify(raw, signed)
    elif isinstance(key, ec.EllipticCurvePublicKey) and kind == algorithm and algorithm in _EC_HASHES:
        numbers = Reader(raw)
        first, second = numbers.read_natural(), numbers.read_natural()
        numbers.read_end()
        key.verify(encode_dss_signature(first, second), signed, ec.ECDSA(_EC_HASHES[algorithm]))
    elif isinstance(key, rsa.RSAPublicKey) and algorithm in _RSA_HASHES:
        if key.key_size < LEAST_RSA_BITS:
            raise WireError(f"its RSA key has {key.key_size} bits; {LEAST_RSA_BITS} are the least")
        key.verify(raw, signed, padding.PKCS1v15(), _RSA_HASHES[algorithm])
    else:
        raise WireError("its key and its algorithm do not go together, or are not known here")


def _verify_security_key(public_key: bytes, raw: bytes, flags: bytes, counter: bytes, signed: bytes) -> None:
    """Check the signature of a touched ed25519 security key (PROTOCOL.u2f of OpenSSH)."""
    reader = Reader(public_key)
    reader.read_string()
    key, application = reader.read_string(), reader.read_string()
    reader.read_end()
    if not flags[0] & TOUCHED:
        raise WireError("the security key was not touched")
    bound = hashlib.sha256(application).digest() + flags + counter + hashlib.sha256(signed).digest()
    ed25519.Ed25519PublicKey.from_public_bytes(key).verify(raw, bound)
