"""The tier is the higher of what the facts infer and what is declared, and says why."""

from collections.abc import Callable

import pytest

from pilotage.core.errors import UsageError
from pilotage.registry.catalog import Catalog
from pilotage.registry.tier import infer_tier

Change = Callable[..., Catalog]


def test_without_facts_the_lowest_tier_holds(catalog: Catalog) -> None:
    """What is not declared leads nowhere, and the choice says so."""
    choice = infer_tier(catalog, "triage")
    assert (choice.tier.name, choice.inferred, choice.declared) == ("low", "low", None)
    assert "does not say which classes of data" in " ".join(choice.reasons)


@pytest.mark.parametrize(
    ("facts", "tier", "reason"),
    [
        ("data_classes: [internal, personal]", "medium", "it handles personal data"),
        ("autonomy: acts", "high", "its autonomy is `acts`"),
        ("users: {who: x, count: 1, outside_organisation: true}", "high", "people outside the organisation"),
        ("data_classes: [public]", "low", "nothing that the use case declares"),
    ],
)
def test_facts_infer_the_tier(changed: Change, facts: str, tier: str, reason: str) -> None:
    """Data, autonomy and users lead to the highest tier that any of them triggers."""
    choice = infer_tier(changed("risk_owner: eva", facts), "triage")
    assert (choice.tier.name, choice.inferred) == (tier, tier)
    assert reason in " ".join(choice.reasons)


def test_a_declared_tier_only_raises(changed: Change) -> None:
    """A team may hold itself to more, never to less."""
    raised = infer_tier(changed("risk_owner: eva", "tier: high"), "triage")
    assert (raised.tier.name, raised.inferred, raised.declared) == ("high", "low", "high")
    lowered = infer_tier(changed("risk_owner: eva", "tier: low\nautonomy: acts"), "triage")
    assert (lowered.tier.name, lowered.inferred, lowered.declared) == ("high", "high", "low")
    assert "the declared tier low is lower" in " ".join(lowered.reasons)


def test_unknown_use_cases_are_usage_errors(catalog: Catalog) -> None:
    """Whoever typed the name is told which there are."""
    with pytest.raises(UsageError, match="use one of: triage"):
        infer_tier(catalog, "absent")
    with pytest.raises(UsageError, match="no risk tiers"):
        infer_tier(catalog.model_copy(update={"risk_tiers": {}}), "triage")
