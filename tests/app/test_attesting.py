"""Tests of recording a person's statement: who signed is known by key, and what nobody asks is refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.app.installation import USE_CASE, Installation, give_key

from pilotage.app.attesting import append_attestation, question_of
from pilotage.app.platform import Platform
from pilotage.core.errors import DocumentError, UsageError
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.attestation import Attestation
from pilotage.people.attestation import verify_attestation

CRITERION = "trl-4-data"


def attest(
    platform: Platform, key: Ed25519PrivateKey | None, criterion: str = CRITERION, use_case: str = USE_CASE
) -> Entry[Attestation]:
    """Say yes."""
    return append_attestation(
        platform, use_case, criterion, key=key, answer=True, participants=0, sample=False, note="as talked over"
    )


def test_a_signed_statement_is_recorded_with_its_roles(platform: Platform, installation: Installation) -> None:
    """A member's signature counts with the member's roles, and its text verifies from the artefact; no name is kept."""
    entry = attest(platform, give_key(installation, "eva"))

    body = entry.body
    assert (body.assurance, body.roles) == ("ssh-signature", ("privacy", "risk-owner"))
    statement = verify_attestation(body, platform.artefacts.read_artefact(body.statement))
    assert (statement.note, statement.criterion) == ("as talked over", CRITERION)
    assert "eva" not in body.model_dump_json()


def test_a_statement_counts_at_once(platform: Platform, installation: Installation) -> None:
    """The use case is assessed anew with the statement: what it answers is MET afterwards."""
    attest(platform, give_key(installation, "eva"))

    entry = platform.read_assessment(USE_CASE)
    assert entry is not None
    answers = {answer.criterion: answer.state for answer in entry.body.answers}
    assert answers[CRITERION] == "MET"


@pytest.mark.parametrize("signed", [False, True])
def test_an_unknown_signer_only_asserts(platform: Platform, installation: Installation, *, signed: bool) -> None:
    """Without a key, or with one that no team names, a statement is kept and satisfies nothing."""
    entry = attest(platform, Ed25519PrivateKey.generate() if signed else None)

    assert (entry.body.assurance, entry.body.roles) == ("asserted", ())
    assessed = platform.read_assessment(USE_CASE)
    assert assessed is not None
    assert {answer.criterion: answer.state for answer in assessed.body.answers}[CRITERION] != "MET"


def test_a_shared_key_signs_for_nobody(platform: Platform, installation: Installation) -> None:
    """Where two members have one key nobody can tell who signed: the registry does not load, and there is no record."""
    key = give_key(installation, "eva")
    line = installation.registry.joinpath("teams.yaml").read_text().split('ssh_key: "')[1].split('"')[0]
    installation.edit("teams.yaml", "  - name: ana\n", f'  - name: ana\n    ssh_key: "{line}"\n')

    with pytest.raises(DocumentError, match="same ssh_key"):
        attest(platform, key)

    assert platform.ledger.read(kinds=(Attestation,)) == []


@pytest.mark.parametrize(
    ("criterion", "told"),
    [("trl-4-dat", "trl-4-data"), ("", "trl-4-data"), ("no-such-thing-at-all", "trl-4-data"), ("x" * 5_000, "trl-")],
)
def test_a_criterion_that_nobody_is_asked_suggests_others(platform: Platform, criterion: str, told: str) -> None:
    """A mistyped criterion is answered with those that are near, and nothing is recorded."""
    with pytest.raises(UsageError, match=f"no person is asked about .*{told}"):
        attest(platform, None, criterion)

    assert platform.ledger.read(kinds=(Attestation,)) == []


def test_a_use_case_that_is_not_declared_is_told(platform: Platform) -> None:
    """A mistyped use case is answered with those that there are."""
    with pytest.raises(UsageError, match="claims-triage"):
        attest(platform, None, use_case="claims")


def test_a_promotion_is_a_statement_too(platform: Platform) -> None:
    """Promotions are asked in words that name the use case and the stage."""
    question = question_of(platform.load_catalog(), USE_CASE, "promote-limited")

    assert question == f"May {platform.load_catalog().use_cases[USE_CASE].label} be promoted to limited?"
