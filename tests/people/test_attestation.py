"""Attestations: who signed, in which roles, and how sure that is; checked again without the registry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pilotage.core.errors import EvidenceError
from pilotage.people.attestation import plan_attestation, verify_attestation
from pilotage.people.sshsig import fingerprint_of_line, public_line, sign_message
from pilotage.people.statement import Statement, digest_of_statement, render_statement
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.organisation import Organisation
from pilotage.registry.kinds.team import Member, Role, Team
from pilotage.registry.kinds.use_case import UseCase

KEYS = {name: Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b".")) for name in ("ada", "noor", "eve")}
PARTS = {"model": "sha256:" + "b" * 64}
STATEMENT = Statement(
    use_case="inbox",
    release="sha256:" + "a" * 64,
    criterion="hrl-5-usability",
    question="Did at least five people try it?",
    answer=True,
    participants=5,
    sample=True,
    made=datetime(2026, 5, 1, 9, tzinfo=UTC),
)


def member(name: str, *roles: Role, key: str | None = None) -> Member:
    """Give a member with the key of a name."""
    return Member(name=name, roles=roles, ssh_key=public_line(KEYS[key or name]))


def catalog_of(*members: Member, **use_case: Any) -> Catalog:  # noqa: ANN401 - any field may change
    """Give a catalog with one team of members, which owns the use case, and a second team."""
    document = UseCase(kind="UseCase", version=1, name="inbox", purpose="Sort mail.", owner="claims", **use_case)
    other = Team(kind="Team", version=1, name="platform", members=(Member(name="noor", roles=("owner", "platform")),))
    return Catalog(
        commit=None,
        dirty=True,
        organisation=Organisation(kind="Organisation", version=1, name="harbour"),
        teams={"claims": Team(kind="Team", version=1, name="claims", members=members), "platform": other},
        use_cases={"inbox": document},
    )


def signed_by(name: str, statement: Statement = STATEMENT) -> str:
    """Sign a statement."""
    return sign_message(render_statement(statement), KEYS[name])


def test_a_members_signature_carries_the_roles_of_the_registry() -> None:
    """The record holds the roles that member has now, the key's fingerprint and the text's digest, and no name."""
    body = plan_attestation(catalog_of(member("ada", "owner", "user-lead")), PARTS, STATEMENT, signed_by("ada"))
    assert (body.assurance, body.roles) == ("ssh-signature", ("owner", "user-lead"))
    assert body.signer == fingerprint_of_line(public_line(KEYS["ada"]))
    assert (body.statement, body.parts) == (digest_of_statement(STATEMENT), PARTS)
    assert "ada" not in body.model_dump_json(exclude={"signature"})


def test_a_use_case_gives_roles_too() -> None:
    """Whom the use case names as owner, bridge builder or risk owner has that role towards it."""
    named = {"owner_person": "ada", "bridge_builder": "ada", "risk_owner": "noor"}
    body = plan_attestation(catalog_of(member("ada", "builder"), **named), PARTS, STATEMENT, signed_by("ada"))
    assert body.roles == ("bridge-builder", "builder", "owner")


def test_owners_of_other_use_cases_do_not_own_this_one() -> None:
    """The role `owner` holds towards the use cases of one's own team; other roles hold everywhere."""
    catalog = catalog_of()
    platform = catalog.teams["platform"].model_copy(update={"members": (member("noor", "owner", "platform"),)})
    catalog = catalog.model_copy(update={"teams": catalog.teams | {"platform": platform}})
    assert plan_attestation(catalog, PARTS, STATEMENT, signed_by("noor")).roles == ("platform",)


def test_an_unknown_key_only_asserts() -> None:
    """A valid signature by nobody the registry knows is kept with its fingerprint, without any role."""
    body = plan_attestation(catalog_of(member("ada", "owner")), PARTS, STATEMENT, signed_by("eve"))
    assert (body.assurance, body.roles) == ("asserted", ())
    assert body.signer == fingerprint_of_line(public_line(KEYS["eve"]))


def test_without_a_signature_it_is_only_asserted() -> None:
    """What nobody signed is kept as said by nobody known."""
    body = plan_attestation(catalog_of(member("ada", "owner")), PARTS, STATEMENT, None)
    assert (body.assurance, body.roles, body.signer, body.signature) == ("asserted", (), "unknown", None)


def test_a_signature_on_other_words_is_refused() -> None:
    """Signing one statement and handing in another does not work, whatever is changed."""
    for changes in ({"answer": False}, {"participants": 50}, {"sample": False}, {"release": "sha256:" + "c" * 64}):
        with pytest.raises(EvidenceError, match="does not fit"):
            plan_attestation(catalog_of(member("ada")), PARTS, replace(STATEMENT, **changes), signed_by("ada"))  # pyright: ignore[reportArgumentType] - fields of several types


def test_two_members_with_one_key_sign_for_nobody() -> None:
    """Where nobody can tell who signed, nobody did."""
    catalog = catalog_of(member("ada", "owner"), member("bob", "risk-owner", key="ada"))
    with pytest.raises(EvidenceError, match="ada and bob have the same key"):
        plan_attestation(catalog, PARTS, STATEMENT, signed_by("ada"))


def test_a_broken_key_of_somebody_else_hinders_nobody() -> None:
    """One member's unreadable key does not keep another's signature from counting."""
    broken = Member(name="bob", ssh_key="ssh-ed25519 AAAA")
    body = plan_attestation(catalog_of(broken, member("ada", "owner")), PARTS, STATEMENT, signed_by("ada"))
    assert body.assurance == "ssh-signature"


def test_a_statement_about_nothing_is_refused() -> None:
    """A use case that the registry does not declare cannot be attested."""
    with pytest.raises(EvidenceError, match="no use case 'other'"):
        plan_attestation(catalog_of(), PARTS, replace(STATEMENT, use_case="other"), None)


def test_a_record_is_checked_against_its_text_without_the_registry() -> None:
    """Years later record, text and signature still prove each other."""
    body = plan_attestation(catalog_of(member("ada", "owner")), PARTS, STATEMENT, signed_by("ada"))
    assert verify_attestation(body, render_statement(STATEMENT)) == STATEMENT


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"answer": False}, "says something else"),
        ({"participants": 6}, "says something else"),
        ({"sample": False}, "says something else"),
        ({"criterion": "trl-8-risk"}, "says something else"),
        ({"signer": "SHA256:other"}, "another key"),
        ({"signature": None}, "holds none"),
        ({"statement": "sha256:" + "d" * 64}, "not the text"),
    ],
)
def test_a_record_that_was_bent_is_found(changes: dict[str, Any], why: str) -> None:
    """A record that says other than what was signed is refused, and the error says which part."""
    body = plan_attestation(catalog_of(member("ada", "owner")), PARTS, STATEMENT, signed_by("ada"))
    with pytest.raises(EvidenceError, match=why):
        verify_attestation(body.model_copy(update=changes), render_statement(STATEMENT))


def test_a_record_with_another_text_is_found() -> None:
    """Swapping the text beside the record is seen by its digest."""
    body = plan_attestation(catalog_of(member("ada", "owner")), PARTS, STATEMENT, signed_by("ada"))
    with pytest.raises(EvidenceError, match="not the text"):
        verify_attestation(body, render_statement(replace(STATEMENT, answer=False)))
