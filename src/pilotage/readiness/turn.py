"""Whose turn it is: a role, with the team or handle that the registry names behind it."""

from __future__ import annotations

from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.team import Role
from pilotage.registry.kinds.use_case import UseCase


def assess_turn(role: str, use_case: UseCase, catalog: Catalog) -> str:
    """Resolve a role for a use case, as `owner: ada`; the role alone where nobody stands behind it."""
    who = _who(role, use_case, catalog)
    return role if who is None else f"{role}: {who}"


def _who(role: str, use_case: UseCase, catalog: Catalog) -> str | None:
    """Give the handle or team behind a role."""
    behind = {
        "team": use_case.owner,
        "owner": use_case.owner_person or use_case.owner,
        "bridge-builder": use_case.bridge_builder,
        "risk-owner": use_case.risk_owner or _team_with("risk-owner", catalog),
        "platform": catalog.organisation.platform_team or _team_with("platform", catalog),
        "users": _team_with("user-lead", catalog),
    }
    return behind.get(role)


def _team_with(role: Role, catalog: Catalog) -> str | None:
    """Give the first team, by name, that has a member with a role."""
    for name, team in sorted(catalog.teams.items()):
        if any(role in member.roles for member in team.members):
            return name
    return None
