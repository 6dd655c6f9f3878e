"""Tests of `assess` and `attest`: exit codes that scripts can rely on, and words that people can act on."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from tests.cli.conftest import Pilotage

from pilotage.models.fake import Behaviour, FakeUpstream
from pilotage.models.loopback import serve
from pilotage.people.sshsig import public_line

HERE = ("--registry", "registry")
ASSESS = ("assess", "claims-triage", *HERE)
ATTEST = ("attest", "claims-triage", "trl-4-data", *HERE)
REACHED = """\
kind: UseCase
version: 1
name: meeting-notes
purpose: Draft notes of meetings, so that nobody has to write instead of listening.
owner: claims
target_stage: idea
"""


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Generator[FakeUpstream]:
    """Serve the model of the starter registry; it always says "motor"."""
    upstream = FakeUpstream(Behaviour(content="motor"))
    with serve(upstream, lifespan=False) as url:
        monkeypatch.setenv("SMALL_CHAT_URL", url + "/v1")
        monkeypatch.setenv("SMALL_CHAT_KEY", "secret")
        yield upstream


def write_key(path: Path, key: Ed25519PrivateKey, passphrase: bytes | None = None) -> Path:
    """Write a private key as ssh-keygen does."""
    secrecy = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, secrecy))
    return path


def test_assess_measures_and_tells_what_is_missing(pilotage: Pilotage, registry: Path, fake: FakeUpstream) -> None:
    """Not there yet is 3; the gate, the stage, both columns and whose turn it is are printed."""
    ended = pilotage(*ASSESS)

    assert ended.code == 3
    for words in ("FAILS", "stage ", "30 %", "70 %", "min:", "trivial answer"):
        assert words in ended.out
    assert len(fake.seen) > 0


def test_assess_tells_machines(pilotage: Pilotage, registry: Path, fake: FakeUpstream) -> None:
    """`--json` prints one document with stage, blockers and gates; progress goes to standard error."""
    ended = pilotage(*ASSESS, "--json")

    assert ended.code == 3
    assert ended.json["target"] == "limited"
    assert [gate["verdict"] for gate in ended.json["gates"]] == ["FAILS"]
    assert ended.json["blockers"]
    assert "asking" in ended.err


def test_assess_without_measuring_asks_no_model(pilotage: Pilotage, registry: Path, fake: FakeUpstream) -> None:
    """`--no-measure` judges the evidence that there is."""
    ended = pilotage(*ASSESS, "--no-measure")

    assert (ended.code, fake.seen) == (3, [])


def test_a_target_that_is_reached_ends_with_0(pilotage: Pilotage, registry: Path) -> None:
    """The shortest use case that wants to be no more than it is has reached its target."""
    (registry / "notes.yaml").write_text(REACHED)

    assert pilotage("assess", "meeting-notes", *HERE).code == 0


def test_a_model_that_is_away_ends_with_1(pilotage: Pilotage, registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken surrounding is 1, with what to mend, and standard output stays empty for machines."""
    document = registry / "use_cases" / "claims-triage.yaml"
    document.write_text(document.read_text().replace("scorer: {type: exact}", "scorer: {type: exact}\nretries: 0"))
    monkeypatch.setattr("pilotage.evaluation.runner.AWAY_AFTER", 1)
    monkeypatch.setenv("SMALL_CHAT_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("SMALL_CHAT_KEY", "secret")

    ended = pilotage(*ASSESS, "--json")

    assert (ended.code, ended.out) == (1, "")
    assert "mend: " in ended.err


@pytest.mark.parametrize("command", ["assess", "attest"])
def test_an_unknown_use_case_suggests(command: str, pilotage: Pilotage, registry: Path) -> None:
    """A mistyped use case is wrong use, and those that there are are listed."""
    more = ("trl-4-data",) if command == "attest" else ()

    ended = pilotage(command, "claim-triage", *more, *HERE)

    assert (ended.code, ended.out) == (2, "")
    assert "claims-triage" in ended.err


@pytest.mark.parametrize("command", [("assess", "x"), ("attest", "x", "y"), ("key", "create", "x")])
def test_a_missing_registry_is_told(command: tuple[str, ...], pilotage: Pilotage) -> None:
    """A registry that is not there is named, with what to do."""
    ended = pilotage(*command, "--registry", "nowhere")

    assert (ended.code, ended.out) == (2, "")
    assert "nowhere" in ended.err
    assert "mend: " in ended.err


def test_a_registry_that_does_not_load_lists_its_problems(pilotage: Pilotage, registry: Path) -> None:
    """Every problem is told as `check` tells it, on standard error, and nothing is assessed."""
    (registry / "more.yaml").write_text("kind: Team\nversion: 1\nname: t\ncolour: red\nshape: round\n")

    ended = pilotage(*ASSESS)

    assert (ended.code, ended.out) == (1, "")
    assert "more.yaml:4:" in ended.err
    assert "more.yaml:5:" in ended.err


def test_a_signed_statement(pilotage: Pilotage, registry: Path, tmp_path: Path) -> None:
    """A member's key signs with the member's roles."""
    key = Ed25519PrivateKey.generate()
    teams = registry / "teams.yaml"
    teams.write_text(teams.read_text().replace("- name: eva\n", f'- name: eva\n    ssh_key: "{public_line(key)}"\n'))

    ended = pilotage(*ATTEST, "--key", write_key(tmp_path / "id", key), "--sample", "--json")

    assert ended.code == 0
    assert (ended.json["assurance"], ended.json["sample"], ended.json["answer"]) == ("ssh-signature", True, True)


def test_a_statement_without_key_is_only_asserted(pilotage: Pilotage, registry: Path) -> None:
    """Without a key it is kept, and the person is told that it satisfies nothing; no is an answer too."""
    ended = pilotage(*ATTEST, "--no")

    assert ended.code == 0
    assert "trl-4-data: no, asserted" in ended.out
    assert "satisfies no criterion" in ended.err


def test_a_passphrase_is_asked(
    pilotage: Pilotage, registry: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key with a passphrase asks for it; a wrong one is told, and no statement is recorded."""
    path = write_key(tmp_path / "id", Ed25519PrivateKey.generate(), b"right")
    typed = iter(["right", "wrong"])
    asked: list[str] = []

    def type_passphrase(prompt: str) -> str:
        asked.append(prompt)
        return next(typed)

    monkeypatch.setattr("pilotage.cli.readiness.getpass", type_passphrase)
    codes = [pilotage(*ATTEST, "--key", path).code for _ in range(2)]

    assert (codes, asked) == ([0, 1], ["Passphrase: "] * 2)

    made = [row for row in pilotage("ledger", "show", "--json").json if row["record"] == "attestation"]
    assert len(made) == 1


@pytest.mark.parametrize("kind", ["missing", "folder", "text", "binary", "public", "rsa"])
def test_a_wrong_key_file_is_told(kind: str, pilotage: Pilotage, registry: Path, tmp_path: Path) -> None:
    """What is no Ed25519 private key is named and signs nothing."""
    path = tmp_path / "id"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("not a key")
    elif kind == "binary":
        path.write_bytes(bytes(range(256)) * 4_000)
    elif kind == "public":
        path.write_text(public_line(Ed25519PrivateKey.generate()))
    elif kind == "rsa":
        key = generate_private_key(65_537, 2_048)
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        path.write_bytes(key.private_bytes(*form))

    ended = pilotage(*ATTEST, "--key", path)

    assert ended.code in {1, 2}
    assert ended.out == ""
    assert "mend: " in ended.err
    assert not [row for row in pilotage("ledger", "show", "--json").json if row["record"] == "attestation"]


def test_a_criterion_that_nobody_is_asked_suggests(pilotage: Pilotage, registry: Path) -> None:
    """A mistyped criterion is wrong use, and near ones are suggested."""
    ended = pilotage("attest", "claims-triage", "trl-4-dat", *HERE)

    assert (ended.code, ended.out) == (2, "")
    assert "trl-4-data" in ended.err
