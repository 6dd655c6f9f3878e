"""Keys live in private files, sign as DSSE says, and change without a moment in which nothing signs."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from tests.ledger.samples import MOMENT, SAMPLES, fixed_key

from pilotage.core.clock import ManualClock
from pilotage.core.errors import LedgerError, StorageError
from pilotage.ledger.audit import verify_ledger
from pilotage.ledger.envelope import PublicKey, read_envelope
from pilotage.ledger.ledger import NEXT_KEY_SUFFIX, Ledger
from pilotage.ledger.rotation import rotate_key_file
from pilotage.ledger.signing import SigningKey, sign_statement
from pilotage.storage.private_file import write_private_file

BODY = SAMPLES["permit"]
CLOCK = ManualClock(MOMENT)


def foreign_key() -> rsa.RSAPrivateKey:
    """Give a key of another kind."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_a_key_is_made_once_and_read_again(tmp_path: Path) -> None:
    """The first caller makes the file with mode 0600; everybody after gets the same key."""
    path = tmp_path / "signing.key"
    assert SigningKey.load(path) is None
    key = SigningKey.open(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKey.open(path).key_id == key.key_id
    assert key.path == path


def test_the_key_id_is_the_hash_of_the_public_key() -> None:
    """Anybody can compute the id that is pinned, from the PEM alone."""
    public = fixed_key(1).public
    key = load_pem_public_key(public.pem.encode())
    assert (
        public.key_id == hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    )
    assert PublicKey.of_pem(public.pem) == public


def test_a_signature_is_that_of_the_dsse_specification() -> None:
    """The signature holds over the pre-authentication encoding, checked here without the library that made it."""
    payload = b'{"hello":"world"}'
    signed = read_envelope(sign_statement(payload, fixed_key(1)))
    encoded = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (len(payload), payload)
    key = load_pem_public_key(fixed_key(1).public.pem.encode())
    assert isinstance(key, Ed25519PublicKey)
    key.verify(bytes.fromhex(signed.envelope.signatures[fixed_key(1).key_id].signature), encoded)
    assert signed.is_signed_by(fixed_key(1).public)
    assert not signed.is_signed_by(fixed_key(2).public)


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_damaged_key_file_is_told(tmp_path: Path, content: bytes) -> None:
    """A file without a key is never replaced by a new key."""
    write_private_file(tmp_path / "signing.key", content)
    with pytest.raises(LedgerError, match="holds no private key in PEM; restore it from a backup"):
        SigningKey.open(tmp_path / "signing.key")


def test_another_kind_of_key_is_told(tmp_path: Path) -> None:
    """An RSA key, private or public, is refused."""
    pem = foreign_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private_file(tmp_path / "signing.key", pem)
    with pytest.raises(LedgerError, match="another kind than Ed25519"):
        SigningKey.open(tmp_path / "signing.key")
    public = foreign_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(LedgerError, match="another kind than Ed25519"):
        PublicKey.of_pem(public.decode())


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """A signing key with open permissions signs nothing."""
    path = tmp_path / "signing.key"
    SigningKey.open(path)
    path.chmod(0o640)
    with pytest.raises(StorageError, match=f"run chmod 600 {path}"):
        SigningKey.open(path)


def test_another_installations_key_cannot_append(engine: sa.Engine) -> None:
    """A wrong key is refused before it breaks the chain."""
    Ledger(engine, fixed_key(1), CLOCK).append(BODY)
    with pytest.raises(LedgerError, match=f"signed by key {fixed_key(1).key_id}, ours is {fixed_key(9).key_id}"):
        Ledger(engine, fixed_key(9), CLOCK).append(BODY)
    assert verify_ledger(engine, fixed_key(1).key_id).head.seq == 1


def test_rotation_is_signed_by_both_keys(engine: sa.Engine) -> None:
    """The record of the change carries two signatures; from the next one on the new key signs alone."""
    ledger = Ledger(engine, fixed_key(1), CLOCK)
    ledger.append(BODY)
    changed = ledger.rotate_key(fixed_key(2), "yearly")
    after = ledger.append(BODY)
    assert changed.key_ids == (fixed_key(1).key_id, fixed_key(2).key_id)
    assert after.key_ids == (fixed_key(2).key_id,)
    assert [entry.key_ids for entry in ledger.read(after=1)] == [changed.key_ids, after.key_ids]
    assert verify_ledger(engine, fixed_key(1).key_id).head.seq == 3


def test_a_key_signs_for_one_time_only(engine: sa.Engine) -> None:
    """A key that signed before, or signs now, cannot come back."""
    ledger = Ledger(engine, fixed_key(1), CLOCK)
    ledger.rotate_key(fixed_key(2), "first record of all")
    for key in (fixed_key(1), fixed_key(2)):
        with pytest.raises(LedgerError, match="has signed the ledger before; make a new one"):
            ledger.rotate_key(key, "again")
    assert verify_ledger(engine, fixed_key(1).key_id).head.seq == 1


def test_the_file_changes_with_the_ledger(engine: sa.Engine, tmp_path: Path) -> None:
    """After a change the file holds the new key, and processes that hold the old one take it up by themselves."""
    path = tmp_path / "signing.key"
    root = SigningKey.open(path)
    ledger, other = Ledger(engine, root, CLOCK), Ledger(engine, SigningKey.open(path), CLOCK)
    other.append(BODY)
    new = rotate_key_file(ledger, path, "yearly")
    assert SigningKey.open(path).key_id == new.key_id != root.key_id
    assert [file.name for file in tmp_path.iterdir() if "key" in file.name] == ["signing.key"]
    for one in (other, ledger, other):
        assert one.append(BODY).key_ids == (new.key_id,)
    assert verify_ledger(engine, root.key_id).key_ids == (root.key_id, new.key_id)


def test_a_killed_change_of_key_goes_on(engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before or after its record is stored, a change of key leaves a key that signs, and can be finished."""
    path = tmp_path / "signing.key"
    root = SigningKey.open(path)
    ledger = Ledger(engine, root, CLOCK)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    for name in ("pilotage.ledger.ledger.Ledger.rotate_key", "pathlib.Path.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(name, die)
            with pytest.raises(KeyboardInterrupt):
                rotate_key_file(ledger, path, "yearly")
        ledger = Ledger(engine, SigningKey.open(path), CLOCK)  # started anew
        ledger.append(BODY)
    waiting = SigningKey.open(path.with_name(path.name + NEXT_KEY_SUFFIX))
    new = rotate_key_file(Ledger(engine, SigningKey.open(path), CLOCK), path, "yearly")
    assert new.key_id == waiting.key_id
    assert verify_ledger(engine, root.key_id).key_ids == (root.key_id, new.key_id)
    assert SigningKey.open(path).key_id == new.key_id


def test_a_file_with_another_key_is_not_replaced(engine: sa.Engine, tmp_path: Path) -> None:
    """A change of key refuses the file of another installation."""
    SigningKey.open(tmp_path / "signing.key")
    ledger = Ledger(engine, fixed_key(1), CLOCK)
    ledger.append(BODY)
    with pytest.raises(LedgerError, match="does not hold the key that signs"):
        rotate_key_file(ledger, tmp_path / "signing.key", "yearly")
