"""Which risk tier holds for a use case: the higher of what its facts infer and what its document declares. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pilotage.core.errors import UsageError
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.risk_tier import RiskTier
from pilotage.registry.kinds.use_case import UseCase


@dataclass(frozen=True, slots=True)
class TierChoice:
    """The tier that holds.

    Attributes:
        tier: the higher of inferred and declared.
        inferred: name of the tier that the facts of the use case lead to.
        declared: name of the tier that its document declares, or None.
        reasons: in sentences, what led to it.
    """

    tier: RiskTier
    inferred: str
    declared: str | None
    reasons: tuple[str, ...]


def infer_tier(catalog: Catalog, use_case: str) -> TierChoice:
    """Give the tier that holds for a use case of the catalog.

    Raises:
        UsageError: the catalog has no such use case, or no tier at all.
    """
    if use_case not in catalog.use_cases:
        raise UsageError(f"there is no use case `{use_case}`", f"use one of: {', '.join(sorted(catalog.use_cases))}")
    if not catalog.risk_tiers:
        raise UsageError("the catalog has no risk tiers", "load it with the shipped defaults")
    return choose_tier(catalog.use_cases[use_case], catalog.risk_tiers.values())


def choose_tier(use_case: UseCase, tiers: Iterable[RiskTier]) -> TierChoice:
    """Give the tier that holds for a use case among some tiers, at least one."""
    by_rank = sorted(tiers, key=lambda tier: (tier.rank, tier.name))
    inferred, reasons = by_rank[0], ["nothing that the use case declares leads to a higher tier"]
    for tier in reversed(by_rank):
        if found := _triggers(use_case, tier):
            inferred, reasons = tier, found
            break
    if not use_case.data_classes:
        reasons.append("the use case does not say which classes of data it handles, so nothing is inferred from them")
    declared = next((tier for tier in by_rank if tier.name == use_case.tier), None)
    if declared is None:
        return TierChoice(inferred, inferred.name, use_case.tier, tuple(reasons))
    if declared.rank > inferred.rank:
        reasons.append(f"the use case declares the tier {declared.name}, which is higher than {inferred.name}")
        return TierChoice(declared, inferred.name, declared.name, tuple(reasons))
    if declared.rank < inferred.rank:
        reasons.append(f"the declared tier {declared.name} is lower, so {inferred.name} holds")
    return TierChoice(inferred, inferred.name, declared.name, tuple(reasons))


def _triggers(use_case: UseCase, tier: RiskTier) -> list[str]:
    facts = tier.inferred_from
    reasons = [
        f"it handles {data_class} data, which leads to the tier {tier.name}"
        for data_class in use_case.data_classes
        if data_class in facts.data_classes
    ]
    if use_case.autonomy in facts.autonomy:
        reasons.append(f"its autonomy is `{use_case.autonomy}`, which leads to the tier {tier.name}")
    if facts.users_outside_organisation and use_case.users is not None and use_case.users.outside_organisation:
        reasons.append(f"people outside the organisation use it, which leads to the tier {tier.name}")
    return reasons
