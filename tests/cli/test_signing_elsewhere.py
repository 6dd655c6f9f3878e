"""Tests of `attest --print` and `--signature`: the private key may stay where it is, on a token for instance."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.cli.conftest import Pilotage

from pilotage.people.sshsig import public_line, sign_message

ATTEST = ("attest", "claims-triage", "trl-4-data", "--registry", "registry")


@pytest.fixture
def printed(pilotage: Pilotage, registry: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Print a statement and sign it as a member of the team would with ssh-keygen; gives both files."""
    key = Ed25519PrivateKey.generate()
    teams = registry / "teams.yaml"
    teams.write_text(teams.read_text().replace("- name: eva\n", f'- name: eva\n    ssh_key: "{public_line(key)}"\n'))
    text = pilotage(*ATTEST, "--print").out
    (tmp_path / "statement.txt").write_bytes(text.encode())
    (tmp_path / "statement.txt.sig").write_text(sign_message(text.encode(), key))
    return tmp_path / "statement.txt", tmp_path / "statement.txt.sig"


def test_printing_records_nothing(pilotage: Pilotage, printed: tuple[Path, Path]) -> None:
    """What is printed waits for its signature; the ledger knows nothing of it."""
    assert printed[0].read_text().startswith("Pilotage statement, version 1\n")
    assert not [row for row in pilotage("ledger", "show", "--json").json if row["record"] == "attestation"]


def test_a_signature_made_elsewhere_counts(pilotage: Pilotage, printed: tuple[Path, Path]) -> None:
    """The statement is recorded with the signature and the member's roles."""
    ended = pilotage(*ATTEST, "--statement", printed[0], "--signature", printed[1], "--json")

    assert (ended.code, ended.json["assurance"]) == (0, "ssh-signature")


def test_a_statement_changed_after_signing_is_refused(pilotage: Pilotage, printed: tuple[Path, Path]) -> None:
    """The signature holds for these words alone."""
    printed[0].write_text(printed[0].read_text().replace("Answer: yes", "Answer: no"))

    ended = pilotage(*ATTEST, "--statement", printed[0], "--signature", printed[1])

    assert ended.code == 1
    assert "the signature does not fit" in ended.err


def test_a_statement_on_something_else_is_refused(pilotage: Pilotage, printed: tuple[Path, Path]) -> None:
    """The criterion of the command and the one that was signed must be the same."""
    words = ("attest", "claims-triage", "irl-5-control", "--registry", "registry")

    ended = pilotage(*words, "--statement", printed[0], "--signature", printed[1])

    assert ended.code == 2
    assert "is a statement on claims-triage trl-4-data" in ended.err


def test_a_statement_on_an_older_release_is_refused(
    pilotage: Pilotage, printed: tuple[Path, Path], registry: Path
) -> None:
    """Who signed did not see what is declared now."""
    for path in registry.rglob("*.yaml"):
        path.write_text(path.read_text().replace("temperature: 0", "temperature: 1"))

    ended = pilotage(*ATTEST, "--statement", printed[0], "--signature", printed[1])

    assert ended.code == 2
    assert "another Release" in ended.err


def test_both_files_are_needed(pilotage: Pilotage, printed: tuple[Path, Path]) -> None:
    """A statement without its signature, or the other way round, is told."""
    for words in (("--statement", printed[0]), ("--signature", printed[1])):
        ended = pilotage(*ATTEST, *words)
        assert ended.code == 2
        assert "go together" in ended.err


def test_a_statement_said_before_a_later_one_cannot_be_replayed(pilotage: Pilotage, printed: tuple[Path, Path]) -> None:
    """Who said no after a yes is not overruled by the old signature."""
    handed_in = (*ATTEST, "--statement", printed[0], "--signature", printed[1])
    assert pilotage(*handed_in).code == 0
    assert pilotage(*ATTEST, "--no").code == 0

    ended = pilotage(*handed_in)

    assert ended.code == 2
    assert "is recorded already" in ended.err


def test_an_old_statement_is_refused(pilotage: Pilotage, printed: tuple[Path, Path]) -> None:
    """A statement waits a day for its signature, not longer."""
    text = printed[0].read_text()
    printed[0].write_text(re.sub(r"Made: \d{4}", "Made: 2020", text))

    ended = pilotage(*ATTEST, "--statement", printed[0], "--signature", printed[1])

    assert ended.code == 2
    assert "within a day" in ended.err
