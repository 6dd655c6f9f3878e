"""Binds settled usage rows into the ledger: each replica seals a batch as a Merkle root, a count and totals.

A batch is the longest run of a replica's rows, in order of their numbers, in which every row is settled. The record is
appended first; a crash before the rows are marked is mended at the next look from the record itself, so no row is
sealed twice and none is left out. A batch is planned while nobody else appends, so that of two processes that seal the
same replica one finds nothing left.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from pilotage.core.canonical import canonical_json
from pilotage.ledger.entry import Entry
from pilotage.ledger.merkle import merkle_root
from pilotage.ledger.protocol import LedgerStore
from pilotage.ledger.records.record import AmountFigures
from pilotage.ledger.records.seal import UsageSeal
from pilotage.metering.usage import FIRST_ERROR_STATUS, plan_totals, totals_by_row
from pilotage.storage.engine import read_transaction, write_transaction
from pilotage.storage.tables import usage, usage_hour

OPEN = "reserved"
BATCH_ROWS = 5_000
UNSEALED_COLUMNS = ("seal",)
"""Columns that change when a row is sealed, and so are no part of what is sealed."""
SUMMED = ("tokens_in", "tokens_out", "cost_low", "cost_high", "energy_low", "energy_high")
COUNTED = ("calls", "errors", "unknown_usage", "unknown_cost", "unknown_energy", *SUMMED)


def leaf_of_row(row: dict[str, Any]) -> bytes:
    """Give the bytes that stand for one usage row in the Merkle tree."""
    return canonical_json({name: value for name, value in row.items() if name not in UNSEALED_COLUMNS})


def seal_all_usage(engine: sa.Engine, ledger: LedgerStore) -> int:
    """Seal what every replica settled since its last seal; gives the number of rows sealed."""
    query = sa.select(usage.c.replica).where(usage.c.seal.is_(None)).distinct().order_by(usage.c.replica)
    with read_transaction(engine) as connection:
        replicas = connection.execute(query).scalars().all()
    return sum(seal_usage(engine, ledger, replica) for replica in replicas)


def seal_usage(engine: sa.Engine, ledger: LedgerStore, replica: str) -> int:
    """Seal what a replica settled since its last seal, batch by batch.

    Returns:
        The number of rows sealed.
    """
    _mark_sealed(engine, ledger, replica)
    sealed = 0
    while entry := ledger.append_if(lambda: _plan_next(engine, ledger, replica)):
        _mark(engine, entry)
        sealed += entry.body.rows
    return sealed


def _plan_next(engine: sa.Engine, ledger: LedgerStore, replica: str) -> UsageSeal | None:
    """Plan the next batch; None where nothing is left, or another process has sealed it and is about to mark it."""
    unmarked = _read_unmarked(engine, ledger, replica)
    rows = _read_batch(engine, replica)
    if not rows or any(rows[0]["id"] <= entry.body.last for entry in unmarked):
        return None
    return _plan_seal(rows, replica)


def _read_batch(engine: sa.Engine, replica: str) -> list[dict[str, Any]]:
    query = (
        sa.select(usage)
        .where(usage.c.replica == replica, usage.c.seal.is_(None))
        .order_by(usage.c.id)
        .limit(BATCH_ROWS)
    )
    with read_transaction(engine) as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
    closed = next((index for index, row in enumerate(rows) if row["state"] == OPEN), len(rows))
    return rows[:closed]


def _plan_seal(rows: list[dict[str, Any]], replica: str) -> UsageSeal:
    totals = plan_totals([_counted(row) for row in rows])
    return UsageSeal(
        replica=replica,
        first=rows[0]["id"],
        last=rows[-1]["id"],
        rows=len(rows),
        root=merkle_root([leaf_of_row(row) for row in rows]),
        calls=totals.calls,
        tokens_in=totals.tokens_in,
        tokens_out=totals.tokens_out,
        unknown_usage=totals.unknown_usage,
        money=tuple(AmountFigures.of(amount) for amount in totals.money),
        energy=None if totals.energy is None else AmountFigures.of(totals.energy),
    )


def _counted(row: dict[str, Any]) -> dict[str, Any]:
    """Turn one row into the shape of a total."""
    known_cost = row["cost_low"] is not None
    return {
        "currency": row["currency"] or "" if known_cost else "",
        "calls": 1,
        "errors": int(row["status"] is None or row["status"] >= FIRST_ERROR_STATUS),
        "unknown_usage": int(row["usage_source"] != "provider"),
        "unknown_cost": int(not known_cost),
        "unknown_energy": int(row["energy_low"] is None),
        **{name: row[name] or 0 for name in SUMMED},
    }


def _mark(engine: sa.Engine, entry: Entry[UsageSeal]) -> None:
    """Mark a batch's rows and add them to the hourly rollup, in one transaction: exactly once."""
    seal = entry.body
    batch = sa.and_(usage.c.replica == seal.replica, usage.c.seal.is_(None), usage.c.id.between(seal.first, seal.last))
    with write_transaction(engine) as connection:
        keys = connection.execute(
            sa.select(sa.func.substr(usage.c.at, 1, 13), usage.c.use_case, usage.c.route, usage.c.audience)
            .where(batch)
            .distinct()
        ).all()
        for hour, use_case, route, audience in keys:
            place = sa.and_(
                batch,
                sa.func.substr(usage.c.at, 1, 13) == hour,
                usage.c.use_case == use_case,
                usage.c.route == route,
                usage.c.audience == audience,
            )
            for totals in connection.execute(totals_by_row(place)).mappings().all():
                spot = {"hour": hour, "use_case": use_case, "route": route, "audience": audience}
                _add_to_hour(connection, spot, dict(totals))
        connection.execute(sa.update(usage).where(batch).values(seal=entry.seq))


def _add_to_hour(connection: sa.Connection, spot: dict[str, str], totals: dict[str, Any]) -> None:
    spot = {**spot, "currency": totals["currency"]}
    added = {name: int(totals[name]) for name in COUNTED}
    same = sa.and_(*(usage_hour.c[name] == value for name, value in spot.items()))
    grown = {name: usage_hour.c[name] + value for name, value in added.items()}
    if connection.execute(sa.update(usage_hour).where(same).values(**grown)).rowcount == 0:
        connection.execute(sa.insert(usage_hour).values(**spot, **added))


def _mark_sealed(engine: sa.Engine, ledger: LedgerStore, replica: str) -> None:
    """Mark the rows of seals where a crash left them unmarked."""
    for entry in _read_unmarked(engine, ledger, replica):
        _mark(engine, entry)


def _read_unmarked(engine: sa.Engine, ledger: LedgerStore, replica: str) -> list[Entry[UsageSeal]]:
    """Read the replica's seals that no row bears yet; they are marked in order, so only later ones can be such."""
    query = sa.select(sa.func.max(usage.c.seal)).where(usage.c.replica == replica)
    with read_transaction(engine) as connection:
        marked = connection.execute(query).scalar_one() or 0
    return [entry for entry in ledger.read(after=marked, kinds=(UsageSeal,)) if entry.body.replica == replica]
