"""Reads how the items of a data set fared in runs so far, so that people are asked first where runs disagree."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from pilotage.evaluation.labels.expected_file import ItemRecord
from pilotage.storage.engine import read_transaction
from pilotage.storage.tables import outcome as outcome_table
from pilotage.storage.tables import run as run_table


def read_item_records(engine: sa.Engine, evaluations: Collection[str]) -> dict[str, ItemRecord]:
    """Give, by item id, whether runs of these evaluations disagree on it, and whether it failed.

    No answer is read, so it may be asked of sealed data: digests tell whether two answers differ.
    """
    asked, ran = outcome_table.c, run_table.c
    passed = sa.case((asked.state == "pass", 1), else_=0)
    query = (
        sa.select(
            asked.item,
            sa.func.count(sa.distinct(asked.answer)).label("answers"),
            sa.func.sum(passed).label("passed"),
            sa.func.count().label("asked"),
        )
        .join_from(outcome_table, run_table, asked.run == ran.id)
        .where(ran.evaluation.in_(sorted(evaluations)))
        .group_by(asked.item, asked.run, asked.side)
    )
    told: dict[str, list[tuple[bool, int, int]]] = {}
    with read_transaction(engine) as connection:
        for row in connection.execute(query):
            told.setdefault(row.item, []).append((row.answers > 1, row.passed, row.asked))
    return {item: _record(rows) for item, rows in told.items()}


def _record(rows: list[tuple[bool, int, int]]) -> ItemRecord:
    passed, asked = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return ItemRecord(differs=any(row[0] for row in rows) or 0 < passed < asked, failed=passed < asked)
