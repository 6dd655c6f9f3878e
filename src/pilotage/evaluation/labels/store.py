"""Keeps labels by run, slot and labeller: a label is durable when it is given, and a labeller's first one stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pilotage.core.clock import Clock, format_time, parse_time
from pilotage.evaluation.labels.label import Label, given_order
from pilotage.storage.engine import read_transaction, write_transaction
from pilotage.storage.tables import label as label_table


class LabelStore(Protocol):
    """Where labels are kept; each call is durable when it returns."""

    def append_label(self, run: str, slot: int, *, labeller: str, value: float) -> Label:
        """Keep a label, and give the one that stands: maybe an earlier one of the same labeller.

        Raises:
            ValueError: the value is no label.
        """
        ...

    def erase_label(self, run: str, slot: int, *, labeller: str) -> None:
        """Take back a labeller's own label, which a slip of the finger gave; nothing happens where there is none."""
        ...

    def read_labels(self, run: str) -> tuple[Label, ...]:
        """Read the labels of a run in the order in which they were given."""
        ...


class DatabaseLabels:
    """Labels in the table `label`."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Use a database and a clock."""
        self._engine = engine
        self._clock = clock

    def append_label(self, run: str, slot: int, *, labeller: str, value: float) -> Label:
        """Keep a label; see `LabelStore`."""
        label = Label(slot, labeller, value, self._clock())
        row = {"run": run, "slot": slot, "labeller": labeller, "value": value, "at": format_time(label.at)}
        with write_transaction(self._engine) as connection:
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            connection.execute(insert(label_table).values(row).on_conflict_do_nothing())
            found = connection.execute(sa.select(label_table).where(_key(run, slot, labeller)))
            return _label(found.mappings().one())

    def erase_label(self, run: str, slot: int, *, labeller: str) -> None:
        """Take back a label; see `LabelStore`."""
        with write_transaction(self._engine) as connection:
            connection.execute(sa.delete(label_table).where(_key(run, slot, labeller)))

    def read_labels(self, run: str) -> tuple[Label, ...]:
        """Read labels; see `LabelStore`."""
        columns = label_table.c
        query = sa.select(label_table).where(columns.run == run).order_by(columns.at, columns.labeller)
        with read_transaction(self._engine) as connection:
            return tuple(_label(row) for row in connection.execute(query).mappings())


def _key(run: str, slot: int, labeller: str) -> sa.ColumnElement[bool]:
    columns = label_table.c
    return sa.and_(columns.run == run, columns.slot == slot, columns.labeller == labeller)


def _label(row: sa.RowMapping) -> Label:
    return Label(row["slot"], row["labeller"], row["value"], parse_time(row["at"]))


@dataclass(slots=True)
class MemoryLabels:
    """Keeps labels in memory: the fake for tests and simulations."""

    clock: Clock
    labels: dict[str, dict[tuple[int, str], Label]] = field(default_factory=dict[str, dict[tuple[int, str], Label]])

    def append_label(self, run: str, slot: int, *, labeller: str, value: float) -> Label:
        """Keep a label; see `LabelStore`."""
        label = Label(slot, labeller, value, self.clock())
        return self.labels.setdefault(run, {}).setdefault((slot, labeller), label)

    def erase_label(self, run: str, slot: int, *, labeller: str) -> None:
        """Take back a label; see `LabelStore`."""
        self.labels.get(run, {}).pop((slot, labeller), None)

    def read_labels(self, run: str) -> tuple[Label, ...]:
        """Read labels; see `LabelStore`."""
        return tuple(sorted(self.labels.get(run, {}).values(), key=given_order))
