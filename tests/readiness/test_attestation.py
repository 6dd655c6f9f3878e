"""Statements as evidence: signed by whom it concerns, by enough people, on this configuration, and not long ago."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.readiness.declared import NOW, Case, attestation, catalog_of

from pilotage.ledger.records.attestation import Attestation

USABILITY = "hrl-5-usability"


def answered(criterion: str, *bodies: Attestation) -> tuple[str, str]:
    """Give state and reason of a criterion on these statements alone."""
    return Case(bodies=list(bodies)).state(criterion)


def test_yes_is_met_and_no_is_not_met() -> None:
    """A signed yes satisfies, a signed no refutes, and the reason tells the role, never a person."""
    catalog = catalog_of()
    assert answered(USABILITY)[0] == "UNKNOWN"
    state, reason = answered(USABILITY, attestation(catalog, USABILITY, "user-lead"))
    assert (state, reason) == ("MET", "user-lead said yes on 2026-04-30, with 5 taking part")
    assert answered(USABILITY, attestation(catalog, USABILITY, "user-lead", answer=False))[0] == "NOT MET"


@pytest.mark.parametrize(
    ("roles", "changes", "why"),
    [
        (("user-lead",), {"assurance": "asserted"}, "asserted statements satisfy nothing"),
        (("user-lead",), {"participants": 4}, "4 people took part; at least 5"),
        (("builder",), {}, "signed by somebody who was not"),
        ((), {}, "signed by somebody who was not"),
        (("user-lead",), {"made": NOW - timedelta(days=180)}, "expired on 2026-05-01, after 180 days"),
        (("user-lead",), {"made": NOW + timedelta(seconds=1)}, "has not come yet"),
    ],
)
def test_insufficient_statements_leave_it_unknown(roles: tuple[str, ...], changes: dict[str, Any], why: str) -> None:
    """What is unsigned, too small, signed in no fitting role, expired or dated ahead does not count."""
    state, reason = answered(USABILITY, attestation(catalog_of(), USABILITY, *roles, **changes))
    assert state == "UNKNOWN"
    assert why in reason


def test_a_no_needs_no_participants() -> None:
    """To say that it went wrong, nobody needs five people."""
    body = attestation(catalog_of(), USABILITY, "user-lead", answer=False, participants=0)
    assert answered(USABILITY, body)[0] == "NOT MET"


@pytest.mark.parametrize("interested", ["owner", "builder"])
def test_who_owns_or_builds_cannot_sign_for_risk(interested: str) -> None:
    """Somebody with both roles cannot accept the risk of what is theirs; a risk owner who is neither can."""
    catalog = catalog_of()
    both = attestation(catalog, "trl-8-risk", "risk-owner", interested)
    state, reason = answered("trl-8-risk", both)
    assert (state, "another person has to sign" in reason) == ("UNKNOWN", True)
    assert answered("trl-8-risk", both, attestation(catalog, "trl-8-risk", "risk-owner"))[0] == "MET"


def test_an_insufficient_statement_undoes_nothing() -> None:
    """A newer assertion without a known signature leaves the signed one standing."""
    catalog = catalog_of()
    signed = attestation(catalog, USABILITY, "user-lead")
    loose = attestation(catalog, USABILITY, "user-lead", answer=False, assurance="asserted")
    assert answered(USABILITY, signed, loose)[0] == "MET"


def test_the_latest_signed_word_holds() -> None:
    """A later no withdraws a yes, and the reverse."""
    catalog = catalog_of()
    yes = attestation(catalog, USABILITY, "user-lead")
    no = attestation(catalog, USABILITY, "bridge-builder", answer=False)
    assert answered(USABILITY, yes, no)[0] == "NOT MET"
    assert answered(USABILITY, no, yes)[0] == "MET"


def test_only_the_parts_that_matter_make_a_statement_stale() -> None:
    """What users tried changes with application and prompt, and not with the model's parameters."""
    body = attestation(catalog_of(), USABILITY, "user-lead")
    for part, state in (("application", "UNKNOWN"), ("prompt", "UNKNOWN"), ("parameters", "MET")):
        other = body.model_copy(update={"parts": body.parts | {part: "sha256:" + "3" * 64}})
        assert answered(USABILITY, other)[0] == state


def test_one_dated_ahead_is_looked_at_when_its_time_comes() -> None:
    """A statement from a clock that runs fast counts once its moment has come, and `changes_at` foretells it."""
    catalog = catalog_of()
    ahead = NOW + timedelta(seconds=30)
    older = attestation(catalog, USABILITY, "user-lead", answer=False)
    case = Case(catalog, [older, attestation(catalog, USABILITY, "user-lead", made=ahead)])
    assert case.assess().changes_at == ahead
    assert case.state(USABILITY)[0] == "NOT MET"
    assert case.state(USABILITY, ahead)[0] == "MET"
