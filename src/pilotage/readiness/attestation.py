"""How attestations answer a criterion: signed by somebody whose role it is, on this configuration, not long ago.

Separation of duties: what is asked of risk owners, security or privacy alone cannot be answered by somebody who also
owns or builds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from pilotage.ledger.records.attestation import Attestation
from pilotage.readiness.basis import Answer, Basis, sooner
from pilotage.readiness.freshness import assess_freshness
from pilotage.registry.kinds.scale import Attested, Criterion

CONTROL_ROLES = frozenset({"risk-owner", "security", "privacy"})
INTERESTED_ROLES = frozenset({"owner", "builder"})


def assess_attestations(criterion: Criterion, wanted: Attested, basis: Basis) -> Answer:
    """Answer a criterion that asks for a person's statement, from the latest sufficient one."""
    lacking: Answer | None = None
    coming: datetime | None = None
    for record in basis.attestations:
        body = record.body
        if body.criterion != criterion.id:
            continue
        freshness = assess_freshness(criterion, body.parts, body.made, basis, "the statement")
        insufficient = freshness.stale or _insufficient(wanted, body)
        if insufficient is not None:
            coming = sooner(coming, freshness.until if freshness.stale else None)
            lacking = lacking or Answer("UNKNOWN", insufficient, until=freshness.until)
            continue
        role = ", ".join(sorted(set(body.roles) & set(wanted.roles)))
        word = "said yes" if body.answer else "said no"
        reason = f"{role} {word} on {body.made:%Y-%m-%d}" + (
            f", with {body.participants} taking part" if body.participants else ""
        )
        state = "MET" if body.answer else "NOT MET"
        until = sooner(coming, freshness.until)
        return Answer(state, reason, record.digest, sample=body.sample, until=until)
    lacking = lacking or Answer("UNKNOWN", f"nobody has signed yet ({' or '.join(wanted.roles)} may)")
    return replace(lacking, until=sooner(coming, lacking.until))


def _insufficient(wanted: Attested, body: Attestation) -> str | None:
    """Tell why a statement does not count; None when it does."""
    if body.assurance == "asserted":
        return "somebody asserted it without a signature that is known; asserted statements satisfy nothing"
    held = set(body.roles) & set(wanted.roles)
    if not held:
        return f"signed by somebody who was not {' or '.join(wanted.roles)}"
    if held <= CONTROL_ROLES and set(body.roles) & INTERESTED_ROLES:
        return f"signed by a {' and '.join(sorted(held))} who also owns or builds; another person has to sign"
    if body.answer and body.participants < wanted.participants:
        return f"{body.participants} people took part; at least {wanted.participants} are asked for"
    return None
