"""Writes every call down before it is made and settles it after: no call passes unmetered, and none is lost.

One thread does all writing. Admissions that wait together are committed together, so that one disk flush serves them
all; settlements and refusals wait a moment for company. A row that a killed replica left `reserved` becomes
`unsettled` when the replica starts again, and goes on counting with what it may have cost.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from pilotage.core.clock import Clock
from pilotage.core.errors import StorageError
from pilotage.gateway.books import Books
from pilotage.gateway.call import RefusedCall, Reservation, Settlement
from pilotage.gateway.limits import assess_limits
from pilotage.gateway.rows import SETTLE, refusal_row, reservation_row, settlement_row
from pilotage.storage.engine import write_transaction
from pilotage.storage.tables import refusal, usage

LINGER_SECONDS = 0.05
RETRY_SECONDS = 0.5
LARGEST_BATCH = 512
MOST_REFUSALS = 10_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a reservation: the rules that its limits break; it was written down unless they are enforced."""

    broken: tuple[str, ...]
    refused: bool


@dataclass(slots=True)
class _Waiting:
    """A reservation and who waits for it."""

    reservation: Reservation
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Verdict]


@dataclass(slots=True)
class _Flush:
    """Asks that everything before it be written."""

    done: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class _Batch:
    """What is written in one transaction."""

    waiting: list[_Waiting] = field(default_factory=list[_Waiting])
    settlements: list[Settlement] = field(default_factory=list[Settlement])
    refusals: list[RefusedCall] = field(default_factory=list[RefusedCall])
    flushes: list[_Flush] = field(default_factory=list[_Flush])
    size: int = 0

    def add(self, item: _Item) -> None:
        """Put an item where it belongs."""
        self.size += 1
        match item:
            case _Waiting():
                self.waiting.append(item)
            case Settlement():
                self.settlements.append(item)
            case RefusedCall():
                self.refusals.append(item)
            case _Flush():
                self.flushes.append(item)

    def items(self) -> list[_Item]:
        """Give all items."""
        return [*self.waiting, *self.settlements, *self.refusals, *self.flushes]

    @classmethod
    def of(cls, item: _Item) -> _Batch:
        """Make a batch of one item."""
        batch = cls()
        batch.add(item)
        return batch


_Item = _Waiting | Settlement | RefusedCall | _Flush


class Meter:
    """The ledger of calls of one replica.

    Attributes:
        problem: why the last write did not succeed; None when it did.
        dropped_refusals: refusals that could not be recorded because too many came at once.
    """

    def __init__(self, engine: sa.Engine, replica: str, clock: Clock) -> None:
        """Take a database and this replica's name, which no other running replica may have."""
        self.problem: str | None = None
        self.dropped_refusals = 0
        self._engine = engine
        self._replica = replica
        self._books = Books(engine, clock)
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._owed: list[Settlement] = []
        self._refusals_waiting = 0
        self._recovered = False
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="pilotage-meter", daemon=True)

    def start(self) -> None:
        """Begin to write; rows that this replica left reserved in an earlier life become unsettled."""
        self._thread.start()
        self._queue.put(_Flush())

    def close(self) -> None:
        """Write what is left and stop."""
        self._closing = True
        self._queue.put(_Flush())
        self._thread.join()

    def flush(self, seconds: float = 10) -> bool:
        """Wait until everything handed over so far is written; tells whether it was, in time."""
        mark = _Flush()
        self._queue.put(mark)
        return mark.done.wait(seconds)

    async def reserve(self, reservation: Reservation) -> Verdict:
        """Check the limits and write the call down; returns when it is on the disk.

        A caller that stops waiting must settle all the same: the row may be written already.

        Raises:
            StorageError: it cannot be written down.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Verdict] = loop.create_future()
        self._queue.put(_Waiting(reservation, loop, answer))
        return await answer

    def settle(self, settlement: Settlement) -> None:
        """Hand over how a call ended; returns at once."""
        self._queue.put(settlement)

    def record_refusal(self, refused: RefusedCall) -> None:
        """Hand over a refusal; returns at once, and drops it when thousands wait already."""
        if self._refusals_waiting >= MOST_REFUSALS:
            self.dropped_refusals += 1
            return
        self._refusals_waiting += 1
        self._queue.put(refused)

    def _run(self) -> None:
        while True:
            batch = self._collect()
            self._refusals_waiting -= len(batch.refusals)
            self._write(batch)
            for mark in batch.flushes:
                mark.done.set()
            if self._closing and self._queue.empty():
                if self._owed:
                    logger.error("%d calls end unsettled; the next start says so in their rows", len(self._owed))
                return

    def _collect(self) -> _Batch:
        """Take what waits; what nobody waits for lingers a little, so that one flush serves more."""
        batch = _Batch()
        owed, self._owed = self._owed, []
        for settlement in owed:
            batch.add(settlement)
        if not owed:
            batch.add(self._queue.get())
        until = time.monotonic() + (RETRY_SECONDS if owed else LINGER_SECONDS)
        while batch.size < LARGEST_BATCH:
            hurry = batch.waiting or batch.flushes
            remaining = 0 if hurry else until - time.monotonic()
            try:
                batch.add(self._queue.get(timeout=remaining) if remaining > 0 else self._queue.get_nowait())
            except queue.Empty:
                return batch
        return batch

    def _write(self, batch: _Batch) -> None:
        """Write a batch; where it fails, tell who waits and keep what is owed."""
        try:
            verdicts = self._commit(batch)
        except StorageError as error:
            self._give_up(batch, error)
            self._owed += batch.settlements
        except Exception as error:
            # One bad row or a fault of ours must neither stop this thread nor take the others of the batch with it.
            if batch.size > 1:
                for item in batch.items():
                    self._write(_Batch.of(item))
                return
            logger.exception("the meter could not write a row")
            self._give_up(batch, StorageError(f"a row could not be written ({type(error).__name__})"))
        else:
            self.problem = None
            _answer([(waiting, verdict) for waiting, verdict in zip(batch.waiting, verdicts, strict=True)])

    def _commit(self, batch: _Batch) -> list[Verdict]:
        self._books.turn_page()
        verdicts = [self._judge(waiting.reservation) for waiting in batch.waiting]
        reserved = [
            reservation_row(waiting.reservation, verdict.broken, self._replica)
            for waiting, verdict in zip(batch.waiting, verdicts, strict=True)
            if not verdict.refused
        ]
        settled = [settlement_row(settlement) for settlement in batch.settlements]
        refused = [refusal_row(item, self._replica) for item in batch.refusals]
        if not (reserved or settled or refused) and self._recovered:
            return verdicts
        with write_transaction(self._engine) as connection:
            if not self._recovered:
                mine = (usage.c.replica == self._replica, usage.c.state == "reserved")
                connection.execute(sa.update(usage).where(*mine).values(state="unsettled"))
            if reserved:
                connection.execute(usage.insert(), reserved)
            if settled:
                connection.execute(SETTLE, settled)
            if refused:
                connection.execute(refusal.insert(), refused)
        self._recovered = True
        for settlement, row in zip(batch.settlements, settled, strict=True):
            self._books.settle(settlement.reservation, row["cost_high"] or row["reserved_cost"] or 0)
        return verdicts

    def _judge(self, reservation: Reservation) -> Verdict:
        limits = reservation.limits
        if limits is None:
            return Verdict((), refused=False)
        totals = self._books.totals(reservation, limits)
        broken = assess_limits(limits, totals, reservation.counted_cost)
        refused = bool(broken) and limits.enforced
        if not refused:
            self._books.add(reservation)
        return Verdict(broken, refused)

    def _give_up(self, batch: _Batch, error: StorageError) -> None:
        if self.problem is None:
            logger.error("calls cannot be written down: %s", error)
        self.problem = error.message
        self._books.forget()
        self.dropped_refusals += len(batch.refusals)
        # An error of its own for each: a raised one collects tracebacks.
        _answer([(waiting, StorageError(error.message, error.remedy)) for waiting in batch.waiting])


def _answer(answers: Sequence[tuple[_Waiting, Verdict | StorageError]]) -> None:
    """Wake who waits, with one call per event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Waiting, Verdict | StorageError]]] = {}
    for waiting, answer in answers:
        by_loop.setdefault(waiting.loop, []).append((waiting, answer))
    for loop, some in by_loop.items():
        # A loop that has ended has nobody waiting in it.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_deliver, some)


def _deliver(answers: Sequence[tuple[_Waiting, Verdict | StorageError]]) -> None:
    for waiting, answer in answers:
        if waiting.answer.done():
            continue
        if isinstance(answer, Verdict):
            waiting.answer.set_result(answer)
        else:
            waiting.answer.set_exception(answer)
