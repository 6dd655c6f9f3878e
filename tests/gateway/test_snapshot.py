"""The snapshot: followed from the ledger, the keys and the outside values, and kept when reading fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

import pytest
import sqlalchemy as sa
from tests.gateway.world import USE_CASE, FlatTariff, Values, World, catalog_of, make_world, utc_now

from pilotage.core.canonical import digest_of_json
from pilotage.gateway.keys import list_keys, revoke_key
from pilotage.gateway.limits import whole_units
from pilotage.gateway.snapshot import Refresher, SnapshotReader, read_snapshot
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.release import CatalogActivated
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.route import Parameters
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.tables import NANO


@pytest.fixture
def bare(sqlite_engine: sa.Engine) -> World:
    """Give a world whose gateway is not served."""
    with make_world(sqlite_engine) as world:
        pass
    return world


def reader_of(world: World) -> SnapshotReader:
    """Make a reader of a world."""
    return SnapshotReader(
        world.engine,
        world.ledger,
        world.artefacts,
        compile_tariff=lambda _: FlatTariff(),
        read_value=world.values,
    )


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something that happens in another thread."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_same_object_until_something_changes(bare: World) -> None:
    """A reading that finds nothing new gives the very same snapshot."""
    reader = reader_of(bare)
    bare.activate(catalog_of())
    first = reader.read()

    assert reader.read() is first
    bare.key()
    second = reader.read()
    assert second is not first
    bare.values.found["MODEL_KEY"] = "rotated"
    third = reader.read()
    assert third is not second
    standing = third.standings[USE_CASE]
    assert standing.candidate is not None
    endpoint = standing.candidate.routes["letters"].endpoint
    assert endpoint is not None
    assert endpoint.credential == "rotated"
    assert "rotated" not in repr(third)


def test_promoted_is_named_by_the_permit_for_users(bare: World) -> None:
    """Users get the Release that a Permit gave them last; a newer one is the candidate until then."""
    old = bare.activate(catalog_of())[USE_CASE]
    bare.permit(old, ("assessment", "builders", "cohort"))
    new = bare.activate(catalog_of(prompt="You sort claims better."))[USE_CASE]
    bare.permit(new, ("assessment", "builders"))

    standing = reader_of(bare).read().standings[USE_CASE]

    assert standing.promoted is not None
    assert standing.candidate is not None
    assert (standing.promoted.release, standing.candidate.release) == (old, new)
    assert standing.serving is standing.promoted
    assert b"better" not in (standing.promoted.routes["letters"].system_message or b"")
    assert b"better" in (standing.candidate.routes["letters"].system_message or b"")

    bare.permit(new, ("everyone",))
    promoted = reader_of(bare).read().standings[USE_CASE].promoted
    assert promoted is not None
    assert promoted.release == new


def test_permit_that_shrinks_keeps_the_release_and_loses_the_users(bare: World) -> None:
    """When evidence goes stale the promoted Release stays the same, and its latest Permit holds."""
    release = bare.activate(catalog_of())[USE_CASE]
    bare.permit(release, ("builders", "cohort"), monthly_spend=Decimal("1.5"))
    bare.permit(release, ("builders",), calls_per_minute=7)

    promoted = reader_of(bare).read().standings[USE_CASE].promoted

    assert promoted is not None
    assert promoted.permit is not None
    assert promoted.permit.audiences == {"builders"}
    assert (promoted.permit.calls_per_minute, promoted.permit.monthly_spend) == (7, None)


def test_catalog_that_cannot_be_loaded_leaves_the_last_in_force(bare: World) -> None:
    """A replica that cannot load a new catalog keeps the old one and says so."""
    bare.activate(catalog_of())
    reader = reader_of(bare)
    before = reader.read()
    unreadable = bare.artefacts.append_artefact(b'{"shape": "of the future"}', subject="c", media_type="x/y")
    for artefact in (unreadable, digest_of_json("missing")):
        bare.ledger.append(
            CatalogActivated(commit=None, dirty=True, catalog=digest_of_json(1), artefact=artefact, documents=1)
        )
        after = reader.read()

        assert (after.catalog, set(after.standings)) == (before.catalog, set(before.standings))
        assert len(after.problems) == 1
    bare.activate(catalog_of(prompt="Again."))
    assert reader.read().problems == ()


def test_use_case_that_left_the_catalog_is_not_served(bare: World) -> None:
    """What the active catalog no longer holds answers no calls, whatever its records say."""
    catalog = catalog_of()
    bare.activate(catalog)
    kept = {name: case for name, case in catalog.use_cases.items() if name != USE_CASE}
    routes = {name: route for name, route in catalog.routes.items() if route.use_case != USE_CASE}
    bare.activate(catalog.model_copy(update={"use_cases": kept, "routes": routes}))

    assert USE_CASE not in reader_of(bare).read().standings


def test_restored_ledger_is_read_anew(sqlite_engine: sa.Engine, bare: World) -> None:
    """A ledger that is shorter than before is another history, and is read from its beginning."""
    bare.activate(catalog_of())
    bare.activate(catalog_of(prompt="Second."))
    reader = reader_of(bare)
    reader.read()
    other = MemoryLedger(utc_now)
    bare.ledger = other
    first = catalog_of(prompt="Restored.")
    bare.activate(first)
    reader._ledger = other

    assert reader.read().catalog == first.digest


def test_outside_values_that_are_missing_or_wrong(bare: World) -> None:
    """A missing or impossible address or credential makes one model unavailable and is never repeated."""
    bare.activate(catalog_of())
    for name, value, told in (
        ("MODEL_URL", "", "is missing: env MODEL_URL"),
        ("MODEL_URL", "ftp://SECRET", "is no http(s) address"),
        ("MODEL_URL", "http://user:SECRET@host/v1", "is no http(s) address"),
        ("MODEL_KEY", "SECRET\r\nx-evil: 1", "cannot be sent in a header"),
    ):
        values = Values(dict(bare.values.found) | {name: value})
        snapshot = read_snapshot(
            bare.engine,
            bare.ledger,
            bare.artefacts,
            compile_tariff=lambda _: FlatTariff(),
            read_value=values,
        )

        assert any(told in problem for problem in snapshot.problems)
        assert "SECRET" not in repr(snapshot)


def test_parameters_and_prompt_are_ready_to_send(bare: World) -> None:
    """Only parameters that the route sets are kept, and an embedding route has neither prompt nor parameters."""
    bare.activate(catalog_of(parameters=Parameters(temperature=0.5, stop=("END",))))
    candidate = reader_of(bare).read().standings[USE_CASE].candidate

    assert candidate is not None
    letters, vectors = candidate.routes["letters"], candidate.routes["vectors"]
    assert {name: bytes(value) for name, value in letters.parameters.items()} == {
        "temperature": b"0.5",
        "stop": b'["END"]',
    }
    assert (vectors.parameters, vectors.system_message) == ({}, None)


def test_reading_that_fails_keeps_the_last_snapshot(sqlite_engine: sa.Engine) -> None:
    """Without the database the last snapshot stays, the reason is told, and reading recovers by itself."""
    artefacts = ArtefactStore(sqlite_engine, b"k" * 32, utc_now)
    reader = SnapshotReader(
        sqlite_engine,
        MemoryLedger(utc_now),
        artefacts,
        compile_tariff=lambda _: FlatTariff(),
        read_value=Values(),
    )
    refresher = Refresher(reader, 0.02)
    refresher.start()
    before = refresher.snapshot
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE access_key RENAME TO away")
    wait_until(lambda: refresher.problem is not None)

    assert refresher.snapshot is before
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO access_key")
    wait_until(lambda: refresher.problem is None)
    refresher.close()


def test_revoked_key_is_noticed_by_itself(world: World) -> None:
    """A running gateway takes a revocation in within its refreshing pause, without being told."""
    world.key()
    (key,) = list_keys(world.engine)
    assert world.gateway.refresher.snapshot.keys[key.public_id].revoked_at is None

    revoke_key(world.engine, key.public_id, utc_now)

    wait_until(lambda: world.gateway.refresher.snapshot.keys[key.public_id].revoked_at is not None)


def test_spend_limit_is_read_in_whole_billionths(bare: World) -> None:
    """A limit is cut down to whole billionths and an amount is widened to them, so no rounding lets more pass."""
    release = bare.activate(catalog_of())[USE_CASE]
    bare.permit(release, ("cohort",), monthly_spend=Decimal("0.0000000019"))
    promoted = reader_of(bare).read().standings[USE_CASE].promoted
    price = FlatTariff(Decimal("0.00000000015")).price_of(1, 0)

    assert promoted is not None
    assert promoted.permit is not None
    assert price is not None
    assert promoted.permit.monthly_spend == 1
    assert whole_units(price, NANO) == (0, 1)


def test_catalog_travels_as_json() -> None:
    """What the gateway loads is the catalog as the steward wrote it, locations outside included."""
    catalog = catalog_of()

    assert Catalog.model_validate_json(catalog.model_dump_json(by_alias=True)) == catalog
