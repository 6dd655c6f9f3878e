"""SSH signatures: the same as ssh-keygen's in both directions, and nothing forged, cut or foreign gets through."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given

from pilotage.core.errors import EvidenceError
from pilotage.people import sshsig
from pilotage.people.ssh_wire import write_string
from pilotage.people.sshsig import (
    fingerprint_of_line,
    load_private_key,
    public_line,
    sign_message,
    verify_message,
)

MESSAGE = b"Five people tried it: yes\n"
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
SIGNED = sign_message(MESSAGE, KEY)


@pytest.fixture
def ssh_keygen(require_part: Callable[..., None]) -> str:
    """Give the path of the real ssh-keygen."""
    path = shutil.which("ssh-keygen")
    require_part("ssh-keygen", present=path, remedy="install openssh-client")
    return str(path)


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run ssh-keygen."""
    return subprocess.run(arguments, input=stdin, capture_output=True, check=False)


def armour(blob: bytes) -> str:
    """Wrap the bytes of a signature."""
    text = base64.b64encode(blob).decode()
    return f"-----BEGIN SSH SIGNATURE-----\n{text}\n-----END SSH SIGNATURE-----\n"


def unwrap(text: str) -> bytes:
    """Give the bytes of a signature."""
    return base64.b64decode("".join(text.split("\n")[1:-2]))


def test_what_we_sign_we_verify() -> None:
    """A signature made here names the key that made it."""
    assert verify_message(MESSAGE, SIGNED) == fingerprint_of_line(public_line(KEY))


def test_ssh_keygen_verifies_what_we_sign(ssh_keygen: str, tmp_path: Path) -> None:
    """The real ssh-keygen accepts our signature, and its fingerprint of the key is ours."""
    (tmp_path / "allowed").write_text(f"ada {public_line(KEY)}\n")
    (tmp_path / "signature").write_text(SIGNED)
    files = ("-f", str(tmp_path / "allowed"), "-s", str(tmp_path / "signature"))
    done = run(ssh_keygen, "-Y", "verify", "-I", "ada", "-n", "pilotage", *files, stdin=MESSAGE)
    assert done.returncode == 0, done.stderr
    assert fingerprint_of_line(public_line(KEY)).encode() in done.stdout
    changed = run(ssh_keygen, "-Y", "verify", "-I", "ada", "-n", "pilotage", *files, stdin=MESSAGE + b"!")
    assert changed.returncode != 0


@pytest.mark.parametrize(
    "kind",
    [("ed25519",), ("ecdsa", "-b", "256"), ("ecdsa", "-b", "384"), ("ecdsa", "-b", "521"), ("rsa", "-b", "2048")],
    ids=" ".join,
)
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_we_verify_what_ssh_keygen_signs(ssh_keygen: str, tmp_path: Path, kind: tuple[str, ...], digest: str) -> None:
    """Signatures of every supported kind of key, with both hashes, verify here, and only for their message."""
    key = tmp_path / "key"
    assert run(ssh_keygen, "-q", "-t", *kind, "-N", "", "-C", "ada", "-f", str(key)).returncode == 0
    made = run(ssh_keygen, "-Y", "sign", "-O", f"hashalg={digest}", "-n", "pilotage", "-f", str(key), stdin=MESSAGE)
    assert made.returncode == 0, made.stderr
    signature = made.stdout.decode()
    assert verify_message(MESSAGE, signature) == fingerprint_of_line(key.with_suffix(".pub").read_text())
    with pytest.raises(EvidenceError, match="does not fit"):
        verify_message(MESSAGE + b"!", signature)


def test_a_key_file_of_ssh_keygen_can_sign_here(ssh_keygen: str, tmp_path: Path) -> None:
    """A key without passphrase signs here; one with a passphrase says that it has one, and where else to sign."""
    key, locked = tmp_path / "key", tmp_path / "locked"
    for path, passphrase in ((key, ""), (locked, "secret")):
        assert run(ssh_keygen, "-q", "-t", "ed25519", "-N", passphrase, "-f", str(path)).returncode == 0
    loaded = load_private_key(key.read_bytes())
    assert verify_message(b"x", sign_message(b"x", loaded)) == fingerprint_of_line(key.with_suffix(".pub").read_text())
    with pytest.raises(EvidenceError, match="ssh-keygen -Y sign") as found:
        load_private_key(locked.read_bytes())
    assert isinstance(found.value.__cause__, TypeError)
    with pytest.raises(EvidenceError, match="ssh-keygen -Y sign"):
        load_private_key(locked.read_bytes(), b"wrong")


def test_only_ed25519_keys_sign_here() -> None:
    """Another kind of key is sent to ssh-keygen; what is no key at all is named as such."""
    other = ec.generate_private_key(ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
    with pytest.raises(EvidenceError, match="ssh-keygen -Y sign"):
        load_private_key(other.private_bytes(*form))
    for junk in (b"", b"ssh-ed25519 AAAA", b"-----BEGIN OPENSSH PRIVATE KEY-----\n", b"\x00" * 100):
        with pytest.raises(EvidenceError, match="cannot be read"):
            load_private_key(junk)


def test_a_signature_for_another_purpose_does_not_count() -> None:
    """A signature on a git commit cannot be passed off as a statement."""
    with pytest.raises(EvidenceError, match="another purpose"):
        verify_message(MESSAGE, sign_message(MESSAGE, KEY, namespace="git"))


def test_the_key_inside_cannot_be_swapped() -> None:
    """Putting another public key into a signature makes it fit nothing."""
    other = ed25519.Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    form = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    mine, theirs = (key.public_key().public_bytes(*form) for key in (KEY, other))
    with pytest.raises(EvidenceError, match="does not fit"):
        verify_message(MESSAGE, armour(unwrap(SIGNED).replace(mine, theirs)))


@given(st.integers(0, len(unwrap(SIGNED)) - 1), st.integers(1, 255))
def test_no_changed_byte_goes_unseen(place: int, change: int) -> None:
    """Whichever byte of a signature is changed, it is refused with a clear error."""
    blob = bytearray(unwrap(SIGNED))
    blob[place] ^= change
    with pytest.raises(EvidenceError):
        verify_message(MESSAGE, armour(bytes(blob)))


@given(st.integers(0, len(unwrap(SIGNED)) - 1))
def test_no_cut_signature_passes(length: int) -> None:
    """A signature that was cut anywhere is refused."""
    with pytest.raises(EvidenceError):
        verify_message(MESSAGE, armour(unwrap(SIGNED)[:length]))


@given(st.one_of(st.text(max_size=300), st.binary(max_size=300).map(armour)))
def test_rubbish_gets_a_clear_error(text: str) -> None:
    """Whatever text is handed in, the answer is an EvidenceError, never a traceback."""
    with pytest.raises(EvidenceError):
        verify_message(MESSAGE, text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("x" * 40_000, "far too long"),
        ("", "no lines BEGIN"),
        (SIGNED + "more", "no lines BEGIN"),
        (SIGNED.replace("BEGIN SSH", "BEGIN PGP"), "no lines BEGIN"),
        (armour(unwrap(SIGNED) + b"\0"), "something stands after its end"),
        (armour(unwrap(SIGNED)[:20]), "cut off"),
        (armour(b"XXXSIG" + unwrap(SIGNED)[6:]), "does not begin"),
        (armour(b"SSHSIG\0\0\0\2" + unwrap(SIGNED)[10:]), "version is 2"),
        (armour(b"SSHSIG\0\0\0\1\xff\xff\xff\xff"), "cut off"),
        (armour(unwrap(SIGNED).replace(b"sha512", b"sha1\0\0")), "neither sha256 nor sha512"),
    ],
)
def test_the_error_says_what_is_wrong(text: str, why: str) -> None:
    """Each kind of fault has its own words, and a remedy."""
    with pytest.raises(EvidenceError, match=why) as found:
        verify_message(MESSAGE, text)
    assert "ssh-keygen -Y sign" in found.value.remedy


def test_white_space_around_a_signature_is_harmless() -> None:
    """Pasting through a mail or a Windows editor breaks nothing."""
    assert verify_message(MESSAGE, "\n " + SIGNED.replace("\n", "\r\n") + "\n\n")


def blob_of(public: bytes, signature: bytes, digest: bytes = b"sha512") -> bytes:
    """Compose the bytes of a signature."""
    parts = (public, b"pilotage", b"", digest, signature)
    return b"SSHSIG" + (1).to_bytes(4, "big") + b"".join(map(write_string, parts))


def test_short_rsa_keys_and_sha1_are_refused() -> None:
    """An RSA key of 1024 bits, and the old ssh-rsa algorithm, prove too little."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)  # noqa: S505 - the weakness under test
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    public = base64.b64decode(line.split()[1])
    for algorithm, why in ((b"rsa-sha2-512", "1024 bits"), (b"ssh-rsa", "do not go together")):
        signature = write_string(algorithm) + write_string(b"\1" * 128)
        with pytest.raises(EvidenceError, match=why):
            verify_message(MESSAGE, armour(blob_of(public, signature)))


@pytest.mark.parametrize(("flags", "valid"), [(b"\x01", True), (b"\x05", True), (b"\x00", False)])
def test_a_security_key_must_be_touched(flags: bytes, valid: bool) -> None:  # noqa: FBT001 - a table of cases
    """A hardware key's signature counts only when it says that a person touched it."""
    form = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    name = sshsig.SECURITY_KEY
    public = b"".join(map(write_string, (name, KEY.public_key().public_bytes(*form), b"ssh:")))
    inner = b"SSHSIG" + b"".join(map(write_string, (b"pilotage", b"", b"sha512", hashlib.sha512(MESSAGE).digest())))
    counter = b"\0\0\0\7"
    bound = hashlib.sha256(b"ssh:").digest() + flags + counter + hashlib.sha256(inner).digest()
    signature = write_string(name) + write_string(KEY.sign(bound)) + flags + counter
    text = armour(blob_of(public, signature))
    if valid:
        assert verify_message(MESSAGE, text).startswith("SHA256:")
    else:
        with pytest.raises(EvidenceError, match="not touched"):
            verify_message(MESSAGE, text)


@pytest.mark.parametrize(
    "line", ["", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-ed25519 AAAA", "ssh-rsa AAAAC3NzaC1lZDI1NTE5"]
)
def test_what_is_no_public_key_is_said_so(line: str) -> None:
    """A line that holds no key, or another than it names, gets a clear error."""
    with pytest.raises(EvidenceError, match="no SSH public key"):
        fingerprint_of_line(line)
