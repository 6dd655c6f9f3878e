"""Tests of usage totals: sealed or not, what was metered adds up to the same, and unknown is told apart from 0."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.metering.rows import START, hours_later, insert_rows, read_days, unknown_row, usage_row

from pilotage.core.clock import ManualClock
from pilotage.ledger.memory import MemoryLedger
from pilotage.metering.sealing import seal_all_usage
from pilotage.metering.totals import UsageTotals
from pilotage.metering.usage import CallCost, count_open_calls, read_call_cost, read_run_usage, read_served, read_usage
from pilotage.storage.engine import write_transaction
from pilotage.storage.tables import usage, usage_hour

MAYBE_COUNT = st.none() | st.integers(0, 10**9)

CALLS = st.fixed_dictionaries(
    {
        "replica": st.sampled_from(["one", "two"]),
        "at": st.sampled_from([hours_later(hours) for hours in (0, 0.4, 1, 5)]),
        "use_case": st.sampled_from(["claims-inbox", "letters"]),
        "route": st.sampled_from(["a", "b"]),
        "audience": st.sampled_from(["builders", "cohort", "everyone"]),
        "status": st.sampled_from([None, 200, 429, 502]),
        "tokens_in": MAYBE_COUNT,
        "cost_low": MAYBE_COUNT,
        "energy_low": MAYBE_COUNT,
        "currency": st.sampled_from(["EUR", "USD"]),
    }
)


def row_of(call: dict[str, object]) -> dict[str, object]:
    """Turn a drawn call into a row whose columns agree with each other."""
    known = call["tokens_in"] is not None
    money = call["cost_low"]
    return usage_row(
        **call
        | {
            "tokens_out": call["tokens_in"],
            "usage_source": "provider" if known else "none",
            "cost_high": money,
            "energy_high": call["energy_low"],
        }
    )


def empty(engine: sa.Engine) -> None:
    """Take all usage away: Hypothesis runs many examples in one test's database."""
    with write_transaction(engine) as connection:
        connection.execute(sa.delete(usage))
        connection.execute(sa.delete(usage_hour))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(CALLS, max_size=12), sealed=st.integers(0, 12))
def test_totals_are_the_same_however_much_is_sealed(
    engine: sa.Engine, calls: list[dict[str, object]], sealed: int
) -> None:
    """Rolled up by the hour, row by row, or some of each: the totals are equal."""
    empty(engine)
    rows = [row_of(call) for call in calls]
    ledger = MemoryLedger(ManualClock(START))
    insert_rows(engine, *rows[:sealed])
    insert_rows(engine, *rows[sealed:])
    by_row = [read_days(engine, name, served=True) for name in ("claims-inbox", "letters")]
    everything = read_days(engine)
    empty(engine)
    insert_rows(engine, *rows[:sealed])
    assert seal_all_usage(engine, ledger) == len(rows[:sealed])
    insert_rows(engine, *rows[sealed:])

    mixed = [read_days(engine, name, served=True) for name in ("claims-inbox", "letters")]

    assert mixed == by_row
    assert read_days(engine) == everything
    assert seal_all_usage(engine, ledger) == len(rows[sealed:])
    assert read_days(engine) == everything
    assert everything.calls == len(rows)


def test_unknown_is_counted_and_never_added_as_nothing(engine: sa.Engine) -> None:
    """Calls of unknown cost stand beside the total of the known ones; where all are unknown there is no total."""
    insert_rows(engine, unknown_row(), unknown_row(use_case="letters"), usage_row(use_case="letters"))

    alone = read_days(engine, "claims-inbox")
    mixed = read_days(engine, "letters")

    assert alone == UsageTotals(calls=1, unknown_usage=1, unknown_cost=1, unknown_energy=1)
    assert (alone.money, alone.energy) == ((), None)
    assert (mixed.calls, mixed.unknown_usage, mixed.unknown_cost, mixed.unknown_energy) == (2, 1, 1, 1)
    assert [(one.low, one.high, one.unit) for one in mixed.money] == [(Decimal("2e-8"), Decimal("4e-8"), "EUR")]


def test_unknown_survives_the_rollup(engine: sa.Engine) -> None:
    """A sealed call of unknown cost is as unknown as it was before."""
    insert_rows(engine, unknown_row(), unknown_row())

    seal_all_usage(engine, MemoryLedger(ManualClock(START)))

    assert read_days(engine) == UsageTotals(calls=2, unknown_usage=2, unknown_cost=2, unknown_energy=2)


def test_no_calls_cost_nothing_known(engine: sa.Engine) -> None:
    """Without calls there are no totals in any currency, and no energy."""
    assert read_days(engine) == UsageTotals()
    assert read_run_usage(engine, "0" * 26, "claims-inbox") == UsageTotals()


def test_each_currency_has_its_total(engine: sa.Engine) -> None:
    """Money of two currencies is never added up."""
    insert_rows(engine, usage_row(), usage_row(currency="USD", cost_low=1, cost_high=1), usage_row())

    money = read_days(engine).money

    assert [(one.unit, one.low) for one in money] == [("EUR", Decimal("4e-8")), ("USD", Decimal("1e-9"))]


def test_a_period_ends_before_its_last_moment(engine: sa.Engine) -> None:
    """Rows from `since` on and before `until` count, others do not."""
    insert_rows(engine, *(usage_row(at=hours_later(hours)) for hours in (-1, 0, 1, 2)))

    found = read_usage(engine, since=START, until=START + timedelta(hours=2))

    assert found.calls == 2


def test_a_run_counts_every_call_made_for_it(engine: sa.Engine) -> None:
    """What a run cost holds failed, open and sealed calls of that run alone, and of its own use case alone."""
    mine, other = "1" * 26, "2" * 26
    insert_rows(engine, usage_row(run=mine, status=502), usage_row(run=mine), usage_row(run=other), usage_row())
    insert_rows(engine, usage_row(run=mine, use_case="letters"))  # anybody can name any run
    seal_all_usage(engine, MemoryLedger(ManualClock(START)))
    insert_rows(engine, unknown_row(run=mine, state="reserved", status=None))

    found = read_run_usage(engine, mine, "claims-inbox")

    assert (found.calls, found.errors, found.unknown_cost, found.tokens_in) == (3, 2, 1, 20)
    assert (count_open_calls(engine, mine, "claims-inbox"), count_open_calls(engine, other, "claims-inbox")) == (1, 0)


def test_served_counts_real_users_alone(engine: sa.Engine) -> None:
    """Only settled successes of a Release for cohort and everyone count as served, with the days they fell on."""
    release = "sha256:" + "b" * 64
    insert_rows(
        engine,
        usage_row(release=release),
        usage_row(release=release, audience="everyone", at=hours_later(24)),
        usage_row(release=release, audience="builders"),
        usage_row(release=release, audience="assessment"),
        usage_row(release=release, status=500),
        usage_row(release=release, state="unsettled", status=None),
        usage_row(),
    )

    assert read_served(engine, "claims-inbox", release) == (2, 2)


def test_the_cost_of_one_call_is_known_once_it_is_settled(engine: sa.Engine) -> None:
    """Its highest price in its own currency; whatever is open, unknown, another's or not there has none."""
    known = usage_row(cost_high=2_500_000_000)
    open_call = usage_row(state="reserved", cost_high=None)
    lost = usage_row(state="unsettled")
    unpriced = unknown_row()
    insert_rows(engine, known, open_call, lost, unpriced)

    def read(row: Mapping[str, object], use_case: str = "claims-inbox", currency: str = "EUR") -> CallCost:
        return read_call_cost(engine, str(row["call"]), use_case, currency)

    assert read(known) == CallCost(settled=True, highest=Decimal("2.5"))
    assert read(known, currency="USD") == CallCost(settled=True)
    assert read(known, use_case="letters") == CallCost(settled=False)
    assert [read(row) for row in (lost, unpriced)] == [CallCost(settled=True)] * 2
    assert [read(row) for row in (open_call, {"call": "no such call"})] == [CallCost(settled=False)] * 2
