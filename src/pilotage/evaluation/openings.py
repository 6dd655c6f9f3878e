"""Remembers which items were looked at, by the digest of what each asks, so that no look at one is forgotten.

The items of a run are noted before the ledger is told of the look, so whoever opens the same items at the same moment
finds them. What a run noted that was killed before its look stood in the ledger counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pilotage.storage.engine import read_transaction, write_transaction
from pilotage.storage.tables import opened_item

AT_ONCE = 5_000
"""Items written in one transaction: others may write in between, and memory stays small."""
LOOKED_UP_AT_ONCE = 1_000
"""Items looked up in one question to the database."""


class Openings(Protocol):
    """Where looks at items are kept; each call is durable when it returns."""

    def append_items(self, use_case: str, run: str, asked: Sequence[str]) -> None:
        """Keep that a run looks at items; what stands already stays.

        Args:
            use_case: the use case that the run measures.
            run: its id.
            asked: digests of what the items ask.
        """
        ...

    def erase_items(self, use_case: str, run: str) -> None:
        """Forget what a run noted that never came to look."""
        ...

    def read_sharing(self, use_case: str, asked: Sequence[str]) -> frozenset[str]:
        """Read which runs of the use case looked at one of these items or more."""
        ...


class DatabaseOpenings:
    """Looks in the table `opened_item`."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use a database."""
        self._engine = engine

    def append_items(self, use_case: str, run: str, asked: Sequence[str]) -> None:
        """Keep a look; see `Openings`."""
        for first in range(0, len(asked), AT_ONCE):
            rows = [{"use_case": use_case, "run": run, "item": item} for item in asked[first : first + AT_ONCE]]
            with write_transaction(self._engine) as connection:
                insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
                connection.execute(insert(opened_item).on_conflict_do_nothing(), rows)

    def erase_items(self, use_case: str, run: str) -> None:
        """Forget a look; see `Openings`."""
        mine = sa.and_(opened_item.c.use_case == use_case, opened_item.c.run == run)
        with write_transaction(self._engine) as connection:
            connection.execute(sa.delete(opened_item).where(mine))

    def read_sharing(self, use_case: str, asked: Sequence[str]) -> frozenset[str]:
        """Read who looked; see `Openings`."""
        columns = opened_item.c
        runs: set[str] = set()
        with read_transaction(self._engine) as connection:
            for first in range(0, len(asked), LOOKED_UP_AT_ONCE):
                these = asked[first : first + LOOKED_UP_AT_ONCE]
                query = sa.select(columns.run).distinct().where(columns.use_case == use_case, columns.item.in_(these))
                runs.update(connection.scalars(query))
        return frozenset(runs)


@dataclass(slots=True)
class MemoryOpenings:
    """Keeps looks in memory: the fake for tests and simulations."""

    looks: dict[tuple[str, str], set[str]] = field(default_factory=dict[tuple[str, str], set[str]])

    def append_items(self, use_case: str, run: str, asked: Sequence[str]) -> None:
        """Keep a look; see `Openings`."""
        self.looks.setdefault((use_case, run), set()).update(asked)

    def erase_items(self, use_case: str, run: str) -> None:
        """Forget a look; see `Openings`."""
        self.looks.pop((use_case, run), None)

    def read_sharing(self, use_case: str, asked: Sequence[str]) -> frozenset[str]:
        """Read who looked; see `Openings`."""
        mine = set(asked)
        return frozenset(
            run for (about, run), seen in self.looks.items() if about == use_case and not mine.isdisjoint(seen)
        )
