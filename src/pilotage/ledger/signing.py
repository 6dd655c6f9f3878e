"""The private key that signs records: an Ed25519 key in a file that only its owner may read."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner  # pyright: ignore[reportPrivateImportUsage] - public door

from pilotage.core.errors import LedgerError
from pilotage.ledger.envelope import PAYLOAD_TYPE, PublicKey, write_envelope
from pilotage.storage.private_file import read_private_file, write_private_file


class SigningKey:
    """A private key, with the file it came from.

    Attributes:
        public: the public key that checks its signatures.
        path: its file; None where it lives in memory alone.
    """

    def __init__(self, private: Ed25519PrivateKey, path: Path | None = None) -> None:
        """Use a private key."""
        self._private = private
        self.path = path
        self.public = PublicKey.of(private.public_key())
        self._signer = CryptoSigner(private, self.public.for_dsse)

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a new key that lives in memory alone."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> SigningKey | None:
        """Read a key from its file; None where there is none.

        Raises:
            LedgerError: the file holds no Ed25519 private key.
            StorageError: others may read the file, or we may not.
        """
        text = read_private_file(path)
        if text is None:
            return None
        try:
            private = load_pem_private_key(text, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            message = f"{path} holds no private key in PEM"
            raise LedgerError(message, "restore it from a backup") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise LedgerError(f"{path} holds a key of another kind than Ed25519", "restore it from a backup")
        return cls(private, path)

    @classmethod
    def open(cls, path: Path) -> SigningKey:
        """Read a key from its file; the first caller creates it with mode 0600.

        Raises:
            LedgerError: the file holds no Ed25519 private key.
            StorageError: others may read the file, or the folder cannot be written.
        """
        found = cls.load(path)
        if found is None:
            write_private_file(path, cls.generate().to_pem())
            found = cls.load(path)  # another process may have been first
        if found is None:
            raise LedgerError(f"{path} vanished while it was made", "try again")
        return found

    @property
    def key_id(self) -> str:
        """The id of the public key."""
        return self.public.key_id

    def to_pem(self) -> bytes:
        """Give the private key as PKCS #8 in PEM."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def add_signature(self, envelope: Envelope) -> None:
        """Sign an envelope's payload with this key as well."""
        envelope.sign(self._signer)


def sign_statement(payload: bytes, *keys: SigningKey) -> bytes:
    """Give the stored form of a statement signed by these keys."""
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    for key in keys:
        key.add_signature(envelope)
    return write_envelope(envelope)
