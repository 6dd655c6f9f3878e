"""What the stages see of the ledger: they append and read, and know nothing of databases or keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from typing_extensions import TypeVar as TypeVarWithDefault

from pilotage.ledger.entry import Entry, Head
from pilotage.ledger.records.record import Body

B = TypeVar("B", bound=Body)
K = TypeVarWithDefault("K", bound=Body, default=Body)


class LedgerStore(Protocol):
    """An append-only chain of records."""

    def append(self, body: B) -> Entry[B]:
        """Append a record; when this returns, it is on the disk."""
        ...

    def append_if(self, plan: Callable[[], B | None]) -> Entry[B] | None:
        """Append what `plan` gives, or nothing where it gives None; nobody else appends in between."""
        ...

    def read(
        self,
        *,
        after: int = 0,
        kinds: tuple[type[K], ...] = (),
        use_case: str | None = None,
        release: str | None = None,
        limit: int | None = None,
    ) -> list[Entry[K]]:
        """Give records in order: after a number, of some kinds (no kind named means all), about something."""
        ...

    def latest(self, kind: type[B], *, use_case: str | None = None, release: str | None = None) -> Entry[B] | None:
        """Give the last record of a kind, about something."""
        ...

    def head(self) -> Head:
        """Give the number and digest of the last record."""
        ...
