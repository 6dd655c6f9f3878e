"""Who may call what: identity first, then the route, then the Permit; pure, with the moment as an argument.

Identity and well-formedness always refuse. What a Permit would refuse is refused in mode `enforce`, recorded in
`observe` and `warn`. Without a Permit in force a Release stands at level 0: builders and assessments pass,
others do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pilotage.core.errors import Refusal
from pilotage.gateway.access import AccessKey, digest_of_secret, split_key, verify_secret
from pilotage.gateway.limits import Limits, month_start
from pilotage.gateway.rules import refuse
from pilotage.gateway.standing import Deployment, RoutePlan, Snapshot
from pilotage.ledger.records.permit import ModeName
from pilotage.models.dialects.openai import Surface

LEVEL_ZERO: Final = frozenset({"assessment", "builders"})
"""Audiences that may call whatever the level."""
USERS: Final = frozenset({"cohort", "everyone"})
"""Audiences whose Permit makes a Release the promoted one."""

CANDIDATE: Final = "@candidate"
ROUTE_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?(?:@candidate)?")
_NOBODY: Final = digest_of_secret("nobody")


@dataclass(frozen=True, slots=True)
class Admitted:
    """A call that may pass, as far as rate and spend allow.

    Attributes:
        would_refuse: rules of the Permit that are broken but not enforced.
        limits: what is still to be checked when the call is written down; None where nothing limits it.
    """

    deployment: Deployment
    route: RoutePlan
    mode: ModeName
    owner: str
    would_refuse: tuple[str, ...]
    limits: Limits | None


def assess_identity(snapshot: Snapshot, authorization: str | None, now: datetime) -> AccessKey | Refusal:
    """Find out whose call it is, from the `Authorization` header alone."""
    if not authorization:
        return refuse("missing_key")
    scheme, _, text = authorization.partition(" ")
    parts = split_key(text.strip())
    if scheme.lower() != "bearer" or parts is None:
        return refuse("malformed_key")
    public_id, secret = parts
    key = snapshot.keys.get(public_id)
    # An id that does not exist takes as long, and reads the same, as a wrong secret.
    if not verify_secret(secret, _NOBODY if key is None else key.secret_digest) or key is None:
        return refuse("unknown_key", owner=snapshot.platform_team)
    if key.revoked_at is not None:
        return refuse("revoked_key", owner=_owner(snapshot, key))
    if key.expires_at is not None and now >= key.expires_at:
        return refuse("expired_key", owner=_owner(snapshot, key))
    return key


def assess_admission(
    snapshot: Snapshot, key: AccessKey, surface: Surface, model: str, now: datetime
) -> Admitted | Refusal:
    """Find the Release and route that a call means, and judge it by the Permit."""
    if snapshot.catalog is None:
        return refuse("catalog_not_loaded", owner=snapshot.platform_team)
    found = _find_route(snapshot, key, model)
    if isinstance(found, Refusal):
        return found
    deployment, route = found
    owner = _owner(snapshot, key) or ""
    if route.task != surface:
        reason = f"the model of route {route.route} does {route.task}, not {surface}"
        return refuse("wrong_task", reason, owner=owner)
    if route.endpoint is None:
        return refuse("model_unavailable", route.problem, owner=snapshot.platform_team or owner)
    return _judge_by_permit(snapshot, key, deployment, route, owner, now)


def callable_routes(snapshot: Snapshot, key: AccessKey) -> tuple[str, ...]:
    """Name what a key may give as `model`, candidates included for those who may try them."""
    standing = snapshot.standings.get(key.use_case)
    if standing is None:
        return ()
    names = sorted(standing.serving.routes) if standing.serving else []
    if standing.candidate and key.audience in LEVEL_ZERO:
        names += [name + CANDIDATE for name in sorted(standing.candidate.routes)]
    return tuple(names)


def _find_route(snapshot: Snapshot, key: AccessKey, model: str) -> tuple[Deployment, RoutePlan] | Refusal:
    owner = _owner(snapshot, key)
    # What does not have the form of a name is never repeated: a caller may have put a secret there.
    if not ROUTE_NAME.fullmatch(model):
        return refuse("unknown_route", "the field `model` does not have the form of a route's name", owner=owner)
    name = model.removesuffix(CANDIDATE)
    wants_candidate = name != model
    if wants_candidate and key.audience not in LEVEL_ZERO:
        return refuse("candidate_not_permitted", owner=owner)
    standing = snapshot.standings.get(key.use_case)
    deployment = None if standing is None else standing.candidate if wants_candidate else standing.serving
    route = None if deployment is None else deployment.routes.get(name)
    if deployment is not None and route is not None:
        return deployment, route
    other = snapshot.route_owners.get(name)
    if other is not None and other != key.use_case:
        reason = f"route {name} belongs to use case {other}, and the key to {key.use_case}"
        return refuse("route_of_other_use_case", reason, owner=snapshot.standings[other].owner)
    return refuse("unknown_route", f"use case {key.use_case} has no released route {model}", owner=owner)


def _judge_by_permit(
    snapshot: Snapshot, key: AccessKey, deployment: Deployment, route: RoutePlan, owner: str, now: datetime
) -> Admitted | Refusal:
    terms = deployment.permit
    if terms is None:
        if key.audience in LEVEL_ZERO:
            return Admitted(deployment, route, "enforce", owner, (), None)
        reason = f"Release {deployment.short} has no permit yet, so only builders and assessments may call it"
        return refuse("audience_not_permitted", reason, owner=owner)
    mode = terms.mode_at(now)
    broken: Refusal | None = None
    if now >= terms.until and key.audience not in LEVEL_ZERO:
        broken = refuse("permit_expired", f"the permit of Release {deployment.short} has run out", owner=owner)
    elif key.audience not in (terms.audiences | LEVEL_ZERO if terms.audiences else terms.audiences):  # none: retired
        reason = f"Release {deployment.short} may not serve the audience {key.audience} yet"
        broken = refuse("audience_not_permitted", reason, owner=owner)
    if broken is not None and mode == "enforce":
        return broken
    limits = Limits(
        # An assessment paces itself, and must not take calls away from the people that the rate is for.
        calls_per_minute=None if key.audience == "assessment" else terms.calls_per_minute,
        monthly_spend=terms.monthly_spend,
        currency=terms.currency,
        month_start=month_start(now, snapshot.time_zone),
        enforced=mode == "enforce",
    )
    limited = limits.calls_per_minute is not None or limits.monthly_spend is not None
    would_refuse = () if broken is None else (broken.rule,)
    return Admitted(deployment, route, mode, owner, would_refuse, limits if limited else None)


def _owner(snapshot: Snapshot, key: AccessKey) -> str | None:
    standing = snapshot.standings.get(key.use_case)
    return None if standing is None else standing.owner
