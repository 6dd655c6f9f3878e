"""A whole gateway for tests: fake upstream, catalog, ledger, keys and database, served on loopback."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from pilotage.core.amount import Amount
from pilotage.core.canonical import digest_of_json
from pilotage.core.clock import Clock
from pilotage.gateway.application import Gateway, build_gateway
from pilotage.gateway.keys import mint_key
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.permit import AudienceName, ModeName, Permit
from pilotage.ledger.records.release import CatalogActivated, Release
from pilotage.models.fake import FakeUpstream
from pilotage.models.loopback import serve
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.document import Audience, FromEnvironment
from pilotage.registry.kinds.model import Model
from pilotage.registry.kinds.organisation import Organisation
from pilotage.registry.kinds.route import Parameters, Route
from pilotage.registry.kinds.use_case import UseCase
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.tables import refusal, usage

USE_CASE = "claims-inbox"
OTHER = "other-case"
PROMPT = "You sort claims."
PROVIDER_KEY = "provider-secret-0123456789"


@dataclass(frozen=True)
class FlatTariff:
    """A tariff that is easy to reckon: so much a token, in and out alike; a price of None is unknown."""

    price: Decimal | None = Decimal("0.001")
    currency: str | None = "EUR"

    def price_of(self, tokens_in: int, tokens_out: int) -> Amount | None:
        """Price a call: the high end is twice the low one."""
        if self.price is None or self.currency is None:
            return None
        low = self.price * (tokens_in + tokens_out)
        return Amount(low, low * 2, self.currency)

    def energy_of(self, tokens_in: int, tokens_out: int) -> Amount | None:
        """Take a thousandth of a watt-hour a token, twice that at most."""
        if self.price is None:
            return None
        return Amount(Decimal(tokens_in + tokens_out) / 1000, Decimal(2 * (tokens_in + tokens_out)) / 1000, "Wh")


@dataclass
class Values:
    """What stands outside the registry."""

    found: dict[str, str] = field(default_factory=dict[str, str])

    def __call__(self, location: FromEnvironment) -> str | None:
        """Read one value."""
        return self.found.get(location.name)


def catalog_of(
    *,
    timeout_seconds: float = 20,
    prompt: str | None = PROMPT,
    parameters: Parameters = Parameters(temperature=0),  # noqa: B008 - frozen
) -> Catalog:
    """Make a catalog with two use cases: chat, embedding and a route of the other use case."""
    base_url = FromEnvironment.model_validate({"from": "env", "name": "MODEL_URL"})
    credential = FromEnvironment.model_validate({"from": "env", "name": "MODEL_KEY"})
    chat = Model(
        kind="Model",
        version=1,
        name="small",
        base_url=base_url,
        credential=credential,
        upstream_model="small-2026-01-01",
        timeout_seconds=timeout_seconds,
    )
    vectors = Model(
        kind="Model",
        version=1,
        name="vectors",
        task="embedding",
        base_url=base_url,
        upstream_model="vectors-2026-01-01",
    )

    def route(name: str, model: str, use_case: str = USE_CASE) -> Route:
        return Route(
            kind="Route",
            version=1,
            name=name,
            use_case=use_case,
            model=model,
            prompt=prompt,
            parameters=parameters,
        )

    routes = [route("letters", "small"), route("vectors", "vectors"), route("other", "small", OTHER)]
    cases = [
        UseCase(kind="UseCase", version=1, name=name, purpose="sorts", owner="claims-team")
        for name in (USE_CASE, OTHER)
    ]
    return Catalog(
        commit=None,
        dirty=True,
        organisation=Organisation(kind="Organisation", version=1, name="acme", platform_team="platform"),
        models={"small": chat, "vectors": vectors},
        routes={route.name: route for route in routes},
        use_cases={case.name: case for case in cases},
    )


@dataclass
class World:
    """Everything that a gateway works with, and handles to move it."""

    engine: sa.Engine
    ledger: MemoryLedger
    artefacts: ArtefactStore
    fake: FakeUpstream
    values: Values
    gateway: Gateway
    clock: Clock
    url: str = ""

    def activate(self, catalog: Catalog) -> dict[str, str]:
        """Activate a catalog; gives the Release of each use case."""
        data = catalog.model_dump_json(by_alias=True).encode()
        artefact = self.artefacts.append_artefact(data, subject="catalog", media_type="application/json")
        self.ledger.append(
            CatalogActivated(commit=None, dirty=True, catalog=catalog.digest, artefact=artefact, documents=1)
        )
        releases: dict[str, str] = {}
        for name in catalog.use_cases:
            parts = {"routes": digest_of_json([name, catalog.digest])}
            releases[name] = digest_of_json(parts)
            self.ledger.append(
                Release(
                    use_case=name,
                    release=releases[name],
                    parts=parts,
                    commit=None,
                    dirty=True,
                    catalog_artefact=artefact,
                )
            )
        self.gateway.refresher.refresh()
        return releases

    def permit(
        self,
        release: str,
        audiences: tuple[AudienceName, ...],
        mode: ModeName = "enforce",
        *,
        until: datetime | None = None,
        calls_per_minute: int | None = None,
        monthly_spend: Decimal | None = None,
        next_mode: ModeName | None = None,
        next_mode_on: datetime | None = None,
    ) -> None:
        """Append a Permit and let the gateway see it."""
        self.ledger.append(
            Permit(
                use_case=USE_CASE,
                release=release,
                assessment=digest_of_json("assessment"),
                stage="limited",
                audiences=audiences,
                calls_per_minute=calls_per_minute,
                monthly_spend=monthly_spend,
                currency="EUR",
                mode=mode,
                next_mode=next_mode,
                next_mode_on=next_mode_on,
                until=until or self.clock() + timedelta(days=30),
            )
        )
        self.gateway.refresher.refresh()

    def key(
        self, audience: Audience = "builders", use_case: str = USE_CASE, *, lifetime: timedelta | None = None
    ) -> str:
        """Mint a key and let the gateway see it."""
        minted = mint_key(self.engine, use_case=use_case, audience=audience, lifetime=lifetime, clock=self.clock)
        self.gateway.refresher.refresh()
        return minted.text

    def usage(self) -> list[sa.RowMapping]:
        """Give all rows of usage once everything is written and settled; a reply may arrive before that."""
        until = time.monotonic() + 10
        while True:
            assert self.gateway.meter.flush()
            with self.engine.connect() as connection:
                rows = list(connection.execute(sa.select(usage).order_by(usage.c.id)).mappings())
            if all(row["state"] != "reserved" for row in rows):
                return rows
            assert time.monotonic() < until, rows
            time.sleep(0.01)

    def refusals(self) -> list[sa.RowMapping]:
        """Give all recorded refusals once everything is written."""
        assert self.gateway.meter.flush()
        with self.engine.connect() as connection:
            return list(connection.execute(sa.select(refusal).order_by(refusal.c.id)).mappings())


def utc_now() -> datetime:
    """Read the real clock."""
    return datetime.now(UTC)


@contextmanager
def make_world(engine: sa.Engine, *, tariff: FlatTariff | None = None, replica: str = "one") -> Generator[World]:
    """Serve a fake upstream and a gateway in front of it, with nothing activated yet."""
    fake = FakeUpstream()
    with serve(fake, lifespan=False) as upstream_url:
        ledger = MemoryLedger(utc_now)
        artefacts = ArtefactStore(engine, b"k" * 32, utc_now)
        values = Values({"MODEL_URL": upstream_url + "/v1", "MODEL_KEY": PROVIDER_KEY})
        gateway = build_gateway(
            engine=engine,
            ledger=ledger,
            artefacts=artefacts,
            compile_tariff=lambda _: tariff or FlatTariff(),
            read_value=values,
            clock=utc_now,
            replica=replica,
            refresh_seconds=0.2,
        )
        with serve(gateway) as url:
            yield World(engine, ledger, artefacts, fake, values, gateway, utc_now, url)
