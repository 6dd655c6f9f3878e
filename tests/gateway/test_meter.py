"""The meter on both databases: reserve, settle, limits, recovery after a kill, and a database that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from tests.gateway.world import FlatTariff, utc_now

from pilotage.core.errors import StorageError
from pilotage.gateway.call import CROCKFORD, CallIds, RefusedCall, Reservation, Settlement
from pilotage.gateway.limits import Limits, Totals, assess_limits
from pilotage.gateway.meter import MOST_REFUSALS, Meter
from pilotage.storage.tables import NANO, refusal, usage

IDS = CallIds()
MONTH = "2000-01-01T00:00:00.000000Z"


def reservation_of(limits: Limits | None = None, cost: int | None = 5 * NANO) -> Reservation:
    """Make a call that may cost 5 euros."""
    now = utc_now()
    return Reservation(
        call=IDS.make(now),
        at=now,
        access_key="0123456789ab",
        use_case="claims-inbox",
        route="letters",
        release="sha256:" + "1" * 64,
        model="small",
        audience="cohort",
        surface="chat",
        run=None,
        streamed=False,
        tariff=FlatTariff(Decimal("0.5")),
        reserved_cost=cost,
        would_refuse=(),
        limits=limits,
    )


def settlement_of(reservation: Reservation, tokens: int | None = 1, *, billable: bool = True) -> Settlement:
    """Settle with so many tokens in and none out: half a euro each, one at most."""
    out = None if tokens is None else 0
    source = "none" if tokens is None else "provider"
    return Settlement(reservation, 200, tokens, out, source, billable, 12, 3)


@pytest.fixture
def meter(engine: sa.Engine) -> Generator[Meter]:
    """Give a running meter."""
    meter = Meter(engine, "one", utc_now)
    meter.start()
    yield meter
    meter.close()


def rows_of(engine: sa.Engine, meter: Meter) -> list[sa.RowMapping]:
    """Read all rows."""
    assert meter.flush()
    with engine.connect() as connection:
        return list(connection.execute(sa.select(usage).order_by(usage.c.id)).mappings())


@pytest.mark.anyio
async def test_reserved_before_settled_after(engine: sa.Engine, meter: Meter) -> None:
    """A reservation is in the database when it returns; settling completes the row, once."""
    reservation = reservation_of()
    await meter.reserve(reservation)
    with engine.connect() as connection:
        before = connection.execute(sa.select(usage)).mappings().one()

    meter.settle(settlement_of(reservation, tokens=4))
    meter.settle(settlement_of(reservation, tokens=400))
    (after,) = rows_of(engine, meter)

    assert (before["state"], before["reserved_cost"], before["status"]) == ("reserved", 5 * NANO, None)
    assert (after["state"], after["status"], after["reserved_cost"]) == ("settled", 200, None)
    assert (after["cost_low"], after["cost_high"]) == (2 * NANO, 4 * NANO)


@pytest.mark.anyio
async def test_unknown_stays_null(engine: sa.Engine, meter: Meter) -> None:
    """Unknown tokens or prices are NULL; a call that the provider may charge keeps its reserve."""
    reservations = [reservation_of() for _ in range(2)]
    priceless = replace(reservation_of(cost=None), tariff=FlatTariff(None, None))
    for reservation in (*reservations, priceless):
        await meter.reserve(reservation)
    meter.settle(settlement_of(reservations[0], None))
    meter.settle(settlement_of(reservations[1], None, billable=False))
    meter.settle(settlement_of(priceless, 3))

    rows = rows_of(engine, meter)

    assert [row["reserved_cost"] for row in rows] == [5 * NANO, None, None]
    assert [row["tokens_in"] for row in rows] == [None, None, 3]
    for row in rows:
        assert (row["cost_low"], row["cost_high"], row["energy_low"], row["energy_high"]) == (None,) * 4


@pytest.mark.anyio
async def test_calls_that_wait_together_are_all_written(engine: sa.Engine, meter: Meter) -> None:
    """Many calls at once are each written exactly once."""
    reservations = [reservation_of() for _ in range(200)]

    await asyncio.gather(*(meter.reserve(reservation) for reservation in reservations))
    for reservation in reservations:
        meter.settle(settlement_of(reservation))
    rows = rows_of(engine, meter)

    assert sorted(row["call"] for row in rows) == sorted(reservation.call for reservation in reservations)
    assert {row["state"] for row in rows} == {"settled"}


@pytest.mark.anyio
@pytest.mark.parametrize("enforced", [True, False])
async def test_spend_is_never_overshot(engine: sa.Engine, meter: Meter, *, enforced: bool) -> None:
    """However many calls come at once, reserved and spent money stay within what the Permit allows."""
    limits = Limits(None, 20 * NANO, "EUR", MONTH, enforced=enforced)
    reservations = [reservation_of(limits) for _ in range(30)]

    verdicts = await asyncio.gather(*(meter.reserve(reservation) for reservation in reservations))

    rows = rows_of(engine, meter)
    assert sum(verdict.broken == () for verdict in verdicts) == 4
    assert {verdict.broken for verdict in verdicts} == {(), ("spend_exceeded",)}
    assert len(rows) == (4 if enforced else 30)
    assert sum(row["would_refuse"] == '["spend_exceeded"]' for row in rows) == (0 if enforced else 26)


@pytest.mark.anyio
async def test_settling_makes_room(engine: sa.Engine, meter: Meter) -> None:
    """What a settled call did not cost may be spent again at once."""
    limits = Limits(None, 6 * NANO, "EUR", MONTH, enforced=True)
    first = reservation_of(limits)
    await meter.reserve(first)

    refused = await meter.reserve(reservation_of(limits))
    meter.settle(settlement_of(first, tokens=1))
    assert meter.flush()
    admitted = await meter.reserve(reservation_of(limits))

    assert (refused.refused, admitted.refused) == (True, False)


@pytest.mark.anyio
async def test_other_replicas_count(engine: sa.Engine, meter: Meter) -> None:
    """Money that another replica spent, and calls that it admitted, count here as well."""
    other = Meter(engine, "two", utc_now)
    other.start()
    for _ in range(2):
        await other.reserve(reservation_of())
    other.close()
    spend = Limits(None, 14 * NANO, "EUR", MONTH, enforced=True)
    rate = Limits(3, None, "EUR", MONTH, enforced=True)

    assert (await meter.reserve(reservation_of(spend))).broken == ("spend_exceeded",)
    verdicts = [(await meter.reserve(reservation_of(rate))).broken for _ in range(2)]

    assert verdicts == [(), ("rate_exceeded",)]


@pytest.mark.anyio
async def test_restart_marks_what_a_killed_replica_left(engine: sa.Engine) -> None:
    """Rows left reserved become unsettled when their replica starts again, and go on counting at their worst."""
    limits = Limits(None, 9 * NANO, "EUR", MONTH, enforced=True)
    for replica in ("one", "two"):
        dead = Meter(engine, replica, utc_now)
        dead.start()
        await dead.reserve(reservation_of())
        dead.close()

    again = Meter(engine, "one", utc_now)
    again.start()
    rows = rows_of(engine, again)
    verdict = await again.reserve(reservation_of(limits))
    again.close()

    assert [(row["replica"], row["state"], row["reserved_cost"]) for row in rows] == [
        ("one", "unsettled", 5 * NANO),
        ("two", "reserved", 5 * NANO),
    ]
    assert verdict.broken == ("spend_exceeded",)


@pytest.mark.anyio
async def test_database_that_fails_admits_nobody_and_loses_no_settlement(sqlite_engine: sa.Engine) -> None:
    """No call passes that cannot be written down; a settlement waits until the database is back."""
    meter = Meter(sqlite_engine, "one", utc_now)
    meter.start()
    reservation = reservation_of()
    await meter.reserve(reservation)
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE usage RENAME TO away")

    meter.settle(settlement_of(reservation))
    with pytest.raises(StorageError):
        await meter.reserve(reservation_of())
    problem = meter.problem
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO usage")
    meter.close()

    assert problem is not None
    with sqlite_engine.connect() as connection:
        assert [row.state for row in connection.execute(sa.select(usage))] == ["settled"]


@pytest.mark.anyio
async def test_one_bad_row_spoils_no_other(sqlite_engine: sa.Engine) -> None:
    """A row that the database will not take fails alone."""
    meter = Meter(sqlite_engine, "one", utc_now)
    meter.start()
    first = reservation_of()
    await meter.reserve(first)
    again, fine = replace(first), reservation_of()

    results = await asyncio.gather(meter.reserve(again), meter.reserve(fine), return_exceptions=True)
    rows = rows_of(sqlite_engine, meter)
    meter.close()

    assert isinstance(results[0], StorageError)
    assert not isinstance(results[1], BaseException)
    assert [row["call"] for row in rows] == [first.call, fine.call]


def test_refusals_are_recorded_within_bounds(sqlite_engine: sa.Engine) -> None:
    """Refusals are written in batches; a flood beyond the queue is dropped and counted."""
    meter = Meter(sqlite_engine, "one", utc_now)
    refused = RefusedCall(utc_now(), None, None, None, "missing_key", 401)
    for _ in range(MOST_REFUSALS + 5):
        meter.record_refusal(refused)
    meter.start()
    meter.close()

    with sqlite_engine.connect() as connection:
        written = connection.execute(sa.select(sa.func.count()).select_from(refusal)).scalar()
    assert (written, meter.dropped_refusals) == (MOST_REFUSALS, 5)


def test_unknown_price_meets_a_limit_only_once_it_is_spent() -> None:
    """A call of unknown price adds nothing to the sum, and passes until the money is gone."""
    limits = Limits(None, 10, "EUR", MONTH, enforced=True)

    assert assess_limits(limits, Totals(0, 9), None) == ()
    assert assess_limits(limits, Totals(0, 10), None) == ("spend_exceeded",)
    assert assess_limits(limits, Totals(0, 10), 0) == ()
    assert assess_limits(limits, Totals(0, 10), 1) == ("spend_exceeded",)


def test_call_ids_sort_by_time() -> None:
    """A call's id has 26 characters of Crockford's alphabet and sorts as calls came."""
    now = utc_now()
    ids = [IDS.make(now.replace(year=year)) for year in range(2026, 2100)]

    assert ids == sorted(ids)
    assert all(len(call) == 26 and set(call) <= set(CROCKFORD) for call in ids)
