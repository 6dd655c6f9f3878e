"""What the gateway knows when a call comes: keys, and for each use case the Releases that serve it; pure.

Everything that can be worked out before a call is worked out here: the encoded prompt and parameters, the tariff,
the address. What depends on the moment (a key's or a permit's end, a mode that changes) is left to admission.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_FLOOR
from typing import Protocol

import msgspec

from pilotage.core.amount import Amount
from pilotage.gateway.access import AccessKey
from pilotage.ledger.records.permit import AudienceName, ModeName, Permit
from pilotage.models.dialects.openai import Surface, encode_part, encode_system_message
from pilotage.models.endpoint import Endpoint
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.document import FromEnvironment
from pilotage.registry.kinds.model import Model
from pilotage.registry.kinds.route import Route
from pilotage.storage.tables import NANO

SHORT_RELEASE = 12
HTTP_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
HEADER_SAFE = re.compile(r"[\x21-\x7e]+")

ReadValue = Callable[[FromEnvironment], str | None]
"""Reads a variable or file of the machine; None where it is not there."""


class Tariff(Protocol):
    """What one call costs and consumes; None where that is unknown."""

    @property
    def currency(self) -> str | None:
        """ISO 4217 code; None where the price is unknown."""
        ...

    def price_of(self, tokens_in: int, tokens_out: int) -> Amount | None:
        """Price one call."""
        ...

    def energy_of(self, tokens_in: int, tokens_out: int) -> Amount | None:
        """Estimate the energy of one call, in Wh."""
        ...


CompileTariff = Callable[[Model], Tariff]


@dataclass(frozen=True, slots=True)
class PermitTerms:
    """What a Permit allows, as whole numbers ready to compare.

    Attributes:
        monthly_spend: in billionths of the currency; None where nothing limits it.
    """

    audiences: frozenset[AudienceName]
    calls_per_minute: int | None
    monthly_spend: int | None
    currency: str
    mode: ModeName
    next_mode: ModeName | None
    next_mode_on: datetime | None
    until: datetime

    @classmethod
    def of(cls, permit: Permit) -> PermitTerms:
        """Read the terms of a Permit."""
        spend = permit.monthly_spend
        return cls(
            audiences=frozenset(permit.audiences),
            calls_per_minute=permit.calls_per_minute,
            monthly_spend=None if spend is None else int((spend * NANO).to_integral_value(ROUND_FLOOR)),
            currency=permit.currency,
            mode=permit.mode,
            next_mode=permit.next_mode,
            next_mode_on=permit.next_mode_on,
            until=permit.until,
        )

    def mode_at(self, now: datetime) -> ModeName:
        """The mode that holds now."""
        if self.next_mode is not None and self.next_mode_on is not None and now >= self.next_mode_on:
            return self.next_mode
        return self.mode


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """A route, ready to be called.

    Attributes:
        endpoint: where its model listens; None where that cannot be told, and then `problem` says why.
        output_limit: the route's own limit of output tokens; None where it sets none.
    """

    route: str
    model: str
    task: Surface
    upstream_model: str
    endpoint: Endpoint | None
    problem: str | None
    timeout_seconds: float
    context_tokens: int | None
    output_limit: int | None
    tariff: Tariff
    system_message: bytes | None = field(repr=False)
    parameters: Mapping[str, msgspec.Raw] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Deployment:
    """One Release as the gateway serves it; without a Permit it stands at level 0."""

    release: str
    routes: Mapping[str, RoutePlan]
    permit: PermitTerms | None

    @property
    def short(self) -> str:
        """The Release's digest, shortened for people."""
        return self.release.removeprefix("sha256:")[:SHORT_RELEASE]


@dataclass(frozen=True, slots=True)
class Standing:
    """A use case at the gateway: what users get, what builders try, and who answers for it."""

    use_case: str
    owner: str
    promoted: Deployment | None
    candidate: Deployment | None

    @property
    def serving(self) -> Deployment | None:
        """What a route without `@candidate` calls."""
        return self.promoted or self.candidate


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that admission goes by.

    Attributes:
        catalog: digest of the active catalog; None where none was activated.
        problems: what could not be loaded, for the operator; holds no secret.
    """

    keys: Mapping[str, AccessKey] = field(repr=False)
    standings: Mapping[str, Standing]
    route_owners: Mapping[str, str]
    catalog: str | None
    time_zone: str
    platform_team: str | None
    problems: tuple[str, ...]


EMPTY = Snapshot(
    keys={},
    standings={},
    route_owners={},
    catalog=None,
    time_zone="UTC",
    platform_team=None,
    problems=("no catalog was activated yet",),
)


def plan_deployment(
    release: str,
    use_case: str,
    catalog: Catalog,
    permit: Permit | None,
    *,
    compile_tariff: CompileTariff,
    read_value: ReadValue,
) -> Deployment:
    """Make a Release ready to be called, from the catalog that it was pinned in."""
    routes = {
        route.name: plan_route(route, catalog.models[route.model], compile_tariff, read_value)
        for route in catalog.routes_of(use_case)
    }
    return Deployment(release, routes, None if permit is None else PermitTerms.of(permit))


def plan_route(route: Route, model: Model, compile_tariff: CompileTariff, read_value: ReadValue) -> RoutePlan:
    """Make one route ready to be called."""
    endpoint, problem = _resolve_endpoint(model, read_value)
    chat = model.task == "chat"
    parameters = route.parameters.model_dump(mode="json", exclude_none=True) if chat else {}
    return RoutePlan(
        route=route.name,
        model=model.name,
        task=model.task,
        upstream_model=model.upstream_model,
        endpoint=endpoint,
        problem=problem,
        timeout_seconds=model.timeout_seconds,
        context_tokens=model.context_tokens,
        output_limit=route.parameters.max_tokens,
        tariff=compile_tariff(model),
        system_message=encode_system_message(route.prompt) if chat and route.prompt else None,
        parameters={name: encode_part(value) for name, value in parameters.items()},
    )


def _resolve_endpoint(model: Model, read_value: ReadValue) -> tuple[Endpoint | None, str | None]:
    """Find where a model listens; a problem names the variable or file, never what stands in it."""
    base_url = model.base_url
    if isinstance(base_url, FromEnvironment):
        where = f"{base_url.source} {base_url.name}"
        found = (read_value(base_url) or "").strip()
        if not found:
            return None, f"the address of model {model.name} is missing: {where} is not set"
        if not HTTP_URL.fullmatch(found):
            return None, f"the address of model {model.name} is no http(s) address: see {where}"
        base_url = found
    if model.credential is None:
        return Endpoint(base_url.rstrip("/")), None
    where = f"{model.credential.source} {model.credential.name}"
    credential = (read_value(model.credential) or "").strip()
    if not credential:
        return None, f"the credential of model {model.name} is missing: {where} is not set"
    if not HEADER_SAFE.fullmatch(credential):
        return None, f"the credential of model {model.name} cannot be sent in a header: see {where}"
    return Endpoint(base_url.rstrip("/"), credential), None
