"""A ledger in memory: the shipped fake for tests and for trying things out. It chains but does not sign."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

from pilotage.core.clock import Clock
from pilotage.ledger.entry import EMPTY, Entry, Head, entry_of, read_link, write_statement
from pilotage.ledger.protocol import B, K


class MemoryLedger:
    """Keeps entries in a list, in the same form and with the same digests as a stored ledger."""

    def __init__(self, clock: Clock) -> None:
        """Start empty."""
        self._clock = clock
        self._entries: list[Entry] = []
        self._appending = threading.RLock()

    def append(self, body: B) -> Entry[B]:
        """Append a record.

        Raises:
            EvidenceError: the body holds what canonical JSON cannot.
        """
        with self._appending:
            # Through bytes and back, so that what cannot be stored fails here too.
            entry = entry_of(read_link(write_statement(self.head(), self._clock(), body)), ())
            self._entries.append(entry)
            return cast("Entry[B]", entry)

    def append_if(self, plan: Callable[[], B | None]) -> Entry[B] | None:
        """Append what `plan` gives, or nothing where it gives None."""
        with self._appending:
            body = plan()
            return None if body is None else self.append(body)

    def read(
        self,
        *,
        after: int = 0,
        kinds: tuple[type[K], ...] = (),
        use_case: str | None = None,
        release: str | None = None,
        limit: int | None = None,
    ) -> list[Entry[K]]:
        """Give records in order."""
        found = [
            entry
            for entry in tuple(self._entries)
            if entry.seq > after
            and (not kinds or type(entry.body) in kinds)
            and (use_case is None or entry.body.about_use_case == use_case)
            and (release is None or entry.body.about_release == release)
        ]
        return cast("list[Entry[K]]", found if limit is None else found[:limit])

    def latest(self, kind: type[B], *, use_case: str | None = None, release: str | None = None) -> Entry[B] | None:
        """Give the last record of a kind."""
        found = self.read(kinds=(kind,), use_case=use_case, release=release)
        return found[-1] if found else None

    def head(self) -> Head:
        """Give the number and digest of the last record."""
        return Head(self._entries[-1].seq, self._entries[-1].digest) if self._entries else EMPTY
