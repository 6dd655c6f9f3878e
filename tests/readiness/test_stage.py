"""Stages: how far evidence allows a use case to go, and how far people have let it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.readiness.declared import Case, attestation, catalog_of, repaired

from pilotage.ledger.records.attestation import Attestation
from pilotage.registry.catalog import Catalog


def with_use_case(case: Case, **changes: Any) -> Case:  # noqa: ANN401 - any field may change
    """Change the use case's document."""
    use_case = case.catalog.use_cases["inbox"].model_copy(update=changes)
    case.catalog = case.catalog.model_copy(update={"use_cases": {"inbox": use_case}})
    return case


def promoted_by_person(catalog: Catalog) -> Catalog:
    """Let `limited` need a person."""
    tier = catalog.risk_tiers["low"]
    terms = tier.stages["limited"].model_copy(update={"promotion": "person"})
    changed = tier.model_copy(update={"stages": tier.stages | {"limited": terms}})
    return catalog.model_copy(update={"risk_tiers": catalog.risk_tiers | {"low": changed}})


def waiting() -> Case:
    """Give a case that waits for a person to promote it to `limited`."""
    case = repaired()
    case.catalog = promoted_by_person(case.catalog)
    return case


def test_what_fails_even_the_pilots_terms_is_an_idea() -> None:
    """Below the terms of `pilot` a use case is an idea; the pilot is its next stage."""
    case = Case(catalog_of().model_copy(update={"scales": {}}))
    found = case.assess()
    assert (found.stage, found.eligible, found.next_stage) == ("idea", "idea", "pilot")


def test_a_retired_use_case_stays_retired_whatever_its_evidence() -> None:
    """Retirement is declared, ends the way, and asks nobody for anything."""
    found = with_use_case(repaired(), target_stage="retired").assess()
    assert (found.stage, found.eligible, found.next_stage) == ("retired", "limited", None)
    assert (found.blockers, found.later) == ((), ())


def test_a_use_case_goes_no_further_than_it_aims() -> None:
    """Evidence for `limited` leaves a use case that aims at `pilot` there, and says what would move it."""
    found = with_use_case(repaired(), target_stage="pilot").assess()
    assert (found.stage, found.eligible) == ("pilot", "limited")
    assert [(item.criterion, item.turn) for item in found.blockers] == [("target-stage", "owner: ada")]


def test_where_the_tier_asks_for_a_person_evidence_alone_does_not_promote() -> None:
    """The evidence allows `limited`; until the owner signs, it stays at `pilot` and shows the owner's turn."""
    case = waiting()
    found = case.assess()
    assert (found.stage, found.eligible) == ("pilot", "limited")
    assert [(item.criterion, item.turn) for item in found.blockers] == [("promote-limited", "owner: ada")]
    case.bodies.append(attestation(case.catalog, "promote-limited", "owner"))
    assert case.assess().stage == "limited"


@pytest.mark.parametrize(
    "changes",
    [
        {"roles": ("builder",)},
        {"assurance": "asserted"},
        {"release": "sha256:" + "4" * 64},
        {"answer": False},
        {"criterion": "promote-production"},
    ],
)
def test_a_promotion_by_the_wrong_person_or_of_another_release_promotes_nothing(changes: dict[str, Any]) -> None:
    """Only the signed yes of an owner or risk owner to this very Release and stage promotes."""
    case = waiting()
    body: Attestation = attestation(case.catalog, "promote-limited", "owner").model_copy(update=changes)
    case.bodies.append(body)
    assert case.assess().stage == "pilot"


def test_a_promotion_can_be_withdrawn() -> None:
    """A later no takes the Release back at once."""
    case = waiting()
    case.bodies += [
        attestation(case.catalog, "promote-limited", "owner"),
        attestation(case.catalog, "promote-limited", "risk-owner", answer=False),
    ]
    assert case.assess().stage == "pilot"


def test_a_promotion_does_not_replace_evidence() -> None:
    """Signing a promotion moves nothing that the evidence does not allow."""
    case = Case(promoted_by_person(catalog_of()))
    case.bodies.append(attestation(case.catalog, "promote-limited", "owner"))
    assert case.assess().stage == "pilot"
