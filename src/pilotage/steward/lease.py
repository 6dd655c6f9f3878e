"""Lease: of many processes one leads, for as long as it comes back; a dead leader is followed when its time is over.

It only saves work: two leaders for a moment would append nothing twice, because each append looks first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pilotage.core.clock import format_time
from pilotage.storage.engine import write_transaction
from pilotage.storage.tables import lease


class Lease(Protocol):
    """Leadership that runs out unless it is held anew."""

    def hold(self, now: datetime) -> bool:
        """Take or keep the lead; False while another holds it."""
        ...

    def release(self) -> None:
        """Let another lead at once."""
        ...


class TableLease:
    """A lease in the database, for processes that share it."""

    def __init__(self, engine: sa.Engine, name: str, holder: str, life: timedelta) -> None:
        """Use a row of its own.

        Args:
            engine: the shared database.
            name: what is led, such as `steward`.
            holder: who we are; unique to the process.
            life: how long leadership lasts after each `hold`; longer than the longest pause between two.
        """
        self._engine = engine
        self._name = name
        self._holder = holder
        self._life = life

    def hold(self, now: datetime) -> bool:
        """Take or keep the lead in one statement each, so that two can never both succeed.

        Raises:
            StorageError: the database cannot be used.
        """
        values = {"holder": self._holder, "until": format_time(now + self._life)}
        with write_transaction(self._engine) as connection:
            kept = connection.execute(
                sa.update(lease)
                .where(
                    lease.c.name == self._name,
                    sa.or_(lease.c.holder == self._holder, lease.c.until <= format_time(now)),
                )
                .values(**values)
            )
            if kept.rowcount == 1:
                return True
            insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            # RETURNING tells on every driver whether a row was inserted; a row count does not.
            taken = connection.execute(
                insert(lease)
                .values(name=self._name, **values)
                .on_conflict_do_nothing(index_elements=["name"])
                .returning(lease.c.name)
            )
            return taken.first() is not None

    def release(self) -> None:
        """Let another lead at once; nothing happens where another leads already.

        Raises:
            StorageError: the database cannot be used.
        """
        with write_transaction(self._engine) as connection:
            connection.execute(sa.delete(lease).where(lease.c.name == self._name, lease.c.holder == self._holder))


class SoleLease:
    """The lease of a process that is alone, and the fake for tests: the lead is ours unless `held_by_another`."""

    def __init__(self, *, held_by_another: bool = False) -> None:
        """Say whether somebody else leads."""
        self.held_by_another = held_by_another

    def hold(self, now: datetime) -> bool:  # noqa: ARG002 - part of the Protocol
        """Lead unless another does."""
        return not self.held_by_another

    def release(self) -> None:
        """Nobody else waits."""
