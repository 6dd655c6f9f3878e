"""Attestation: a statement with its signature becomes a record; who may say what, the registry knows.

The record holds the digest of the text and the fingerprint of the key, never a name: words and person can be erased,
while the proof that somebody with these roles signed this text stays.
"""

from __future__ import annotations

from collections.abc import Mapping

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.errors import EvidenceError
from pilotage.ledger.records.attestation import Attestation
from pilotage.people.sshsig import fingerprint_of_line, verify_message
from pilotage.people.statement import Statement, read_statement, render_statement
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.team import Member, Role
from pilotage.registry.kinds.use_case import UseCase

UNKNOWN_SIGNER = "unknown"


def plan_attestation(
    catalog: Catalog, parts: Mapping[str, str], statement: Statement, signature: str | None
) -> Attestation:
    """Plan the record of a statement.

    A signature by a key that no member of a team has, or none at all, makes it `asserted`: kept and shown, and
    satisfying nothing.

    Args:
        catalog: knows members, their keys and their roles.
        parts: the configuration of the Release that the statement is about.
        statement: what is stated.
        signature: the SSHSIG text over `render_statement(statement)`, or None.

    Raises:
        EvidenceError: the use case is not declared, the signature is none or does not fit, or two members share a key.
    """
    use_case = catalog.use_cases.get(statement.use_case)
    if use_case is None:
        raise EvidenceError(f"there is no use case {statement.use_case!r}", "name one that the registry declares")
    text = render_statement(statement)
    signer = UNKNOWN_SIGNER if signature is None else verify_message(text, signature)
    member = None if signature is None else find_signer(catalog, signer)
    return Attestation(
        use_case=statement.use_case,
        release=statement.release,
        parts=dict(parts),
        criterion=statement.criterion,
        answer=statement.answer,
        statement=digest_of_bytes(text),
        signer=signer,
        roles=() if member is None else roles_of(catalog, use_case, member),
        participants=statement.participants,
        sample=statement.sample,
        assurance="asserted" if member is None else "ssh-signature",
        signature=signature,
        made=statement.made,
    )


def verify_attestation(body: Attestation, text: bytes) -> Statement:
    """Check that a record says what the signed text says, and that the signature fits; needs no registry.

    Raises:
        EvidenceError: text, record and signature do not belong together; says which does not.
    """
    if digest_of_bytes(text) != body.statement:
        raise EvidenceError("this is not the text that the record names", "restore the artefact from a backup")
    statement = read_statement(text)
    said = (statement.use_case, statement.release, statement.criterion, statement.answer)
    kept = (body.use_case, body.release, body.criterion, body.answer)
    figures = (statement.participants, statement.sample, statement.made)
    if said != kept or figures != (body.participants, body.sample, body.made):
        raise EvidenceError("the record says something else than the signed text", "do not rely on this record")
    if body.signature is not None and verify_message(text, body.signature) != body.signer:
        raise EvidenceError("another key made the signature than the record names", "do not rely on this record")
    if body.signature is None and body.assurance != "asserted":
        raise EvidenceError("the record claims a signature and holds none", "do not rely on this record")
    return statement


def find_signer(catalog: Catalog, fingerprint: str) -> str | None:
    """Give the handle of the member whose key this is; None where nobody's it is.

    Raises:
        EvidenceError: two members have the same key, so that nobody can tell who signed.
    """
    handles = sorted(
        {
            member.name
            for team in catalog.teams.values()
            for member in team.members
            if _fingerprint(member) == fingerprint
        }
    )
    if len(handles) > 1:
        message = f"{' and '.join(handles)} have the same key, so nobody can tell who signed"
        raise EvidenceError(message, "give each member a key of their own in the team documents")
    return handles[0] if handles else None


def _fingerprint(member: Member) -> str | None:
    """Give the fingerprint of a member's key; one that cannot be read is nobody's, and hinders nobody else."""
    if member.ssh_key is None:
        return None
    try:
        return fingerprint_of_line(member.ssh_key)
    except EvidenceError:
        return None


def roles_of(catalog: Catalog, use_case: UseCase, handle: str) -> tuple[Role, ...]:
    """Give the roles of a member towards a use case: those of the team, and those that the use case names.

    `owner` is towards one's own: a member of another team does not own this use case, unless it says so.
    """
    roles: set[Role] = set()
    for name, team in catalog.teams.items():
        for member in team.members:
            if member.name == handle:
                roles |= {role for role in member.roles if role != "owner" or name == use_case.owner}
    named: tuple[tuple[str | None, Role], ...] = (
        (use_case.owner_person, "owner"),
        (use_case.bridge_builder, "bridge-builder"),
        (use_case.risk_owner, "risk-owner"),
    )
    roles |= {role for person, role in named if person == handle}
    return tuple(sorted(roles))
