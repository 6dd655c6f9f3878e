"""Keeps what a run found, outcome by outcome, so that a stopped or killed run goes on where it was.

An outcome's key is (run, slot, repeat) and the first row stands: a call that was in flight at a kill may be asked
again, yet counts once. Answers are content, so they are artefacts, encrypted under the run's own key.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pilotage.core.canonical import canonical_json, digest_of_bytes
from pilotage.core.clock import Clock, format_time, parse_time
from pilotage.core.errors import StorageError
from pilotage.evaluation.outcome import AnswerValue, Outcome
from pilotage.evaluation.plan import Ask, Recorded
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.engine import read_transaction, write_transaction
from pilotage.storage.tables import outcome as outcome_table
from pilotage.storage.tables import run as run_table

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Run:
    """One gate on its way: a Release, an evaluation and the version of its data set.

    Attributes:
        id: 26 characters, a ULID.
        use_case: name of the use case.
        release: root digest of the Release.
        evaluation: name of the evaluation.
        dataset_digest: digest of the data set's file.
        attempt: which attempt at the claim.
        started: when it was opened first.
    """

    id: str
    use_case: str
    release: str
    evaluation: str
    dataset_digest: str
    attempt: int
    started: datetime


class Journal(Protocol):
    """Where runs and outcomes are kept."""

    async def append_run(self, run: Run) -> Run:
        """Keep a run, and give the one that stands for its Release, evaluation and data set: maybe an earlier one."""
        ...

    async def append_outcome(self, run: str, ask: Ask, recorded: Recorded, answer: AnswerValue | None) -> Recorded:
        """Keep an outcome with its answer, and give the one that stands: maybe an earlier one.

        The digest of the answer is filled in.
        """
        ...

    async def read_outcomes(self, run: str) -> dict[Ask, Recorded]:
        """Read every outcome of a run."""
        ...

    async def append_finish(self, run: str, at: datetime) -> None:
        """Note when a run was finished; the first time stands."""
        ...


def mint_run_id(now: datetime) -> str:
    """Make a ULID: 48 bits of time in milliseconds, then 80 random bits, in Crockford's base 32."""
    number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -5, -5))


def subject_of_run(run: str) -> str:
    """Name the erasable subject that a run's answers belong to."""
    return f"run/{run}"


def encode_answer(answer: AnswerValue) -> tuple[bytes, str]:
    """Give an answer's bytes and media type: text as UTF-8, anything else as canonical JSON."""
    if isinstance(answer, str):
        return answer.encode("utf-8", "backslashreplace"), "text/plain; charset=utf-8"
    return canonical_json(answer), "application/json"


class DatabaseJournal:
    """Runs and outcomes in the tables `run` and `outcome`; each append is durable when it returns."""

    def __init__(self, engine: sa.Engine, artefacts: ArtefactStore, clock: Clock) -> None:
        """Use a database, the store of answers, and a clock."""
        self._engine = engine
        self._artefacts = artefacts
        self._clock = clock

    async def append_run(self, run: Run) -> Run:
        """Keep a run; see `Journal`."""
        return await asyncio.to_thread(self._append_run, run)

    async def append_outcome(self, run: str, ask: Ask, recorded: Recorded, answer: AnswerValue | None) -> Recorded:
        """Keep an outcome; see `Journal`."""
        return await asyncio.to_thread(self._append_outcome, run, ask, recorded, answer)

    async def read_outcomes(self, run: str) -> dict[Ask, Recorded]:
        """Read outcomes; see `Journal`."""
        return await asyncio.to_thread(self._read_outcomes, run)

    async def append_finish(self, run: str, at: datetime) -> None:
        """Note the end; see `Journal`."""
        await asyncio.to_thread(self._append_finish, run, at)

    def _append_run(self, run: Run) -> Run:
        row = {
            "id": run.id,
            "use_case": run.use_case,
            "release": run.release,
            "evaluation": run.evaluation,
            "dataset_digest": run.dataset_digest,
            "attempt": run.attempt,
            "started_at": format_time(run.started),
        }
        columns = run_table.c
        with write_transaction(self._engine) as connection:
            _insert_new(connection, run_table, row)
            found = connection.execute(
                sa.select(columns.id, columns.use_case, columns.attempt, columns.started_at).where(
                    columns.release == run.release,
                    columns.evaluation == run.evaluation,
                    columns.dataset_digest == run.dataset_digest,
                )
            ).one_or_none()
        if found is None:
            raise StorageError(f"run {run.id} exists for something else", "restore the database from a backup")
        started = parse_time(found.started_at)
        return Run(found.id, found.use_case, run.release, run.evaluation, run.dataset_digest, found.attempt, started)

    def _append_outcome(self, run: str, ask: Ask, recorded: Recorded, answer: AnswerValue | None) -> Recorded:
        digest = None
        if answer is not None:
            data, media_type = encode_answer(answer)
            digest = self._artefacts.append_artefact(data, subject=subject_of_run(run), media_type=media_type)
        row = {
            "run": run,
            "slot": ask.slot,
            "repeat": ask.repeat,
            "item": recorded.item,
            "state": recorded.outcome.state,
            "reason": recorded.outcome.reason,
            "answer": digest,
            "seconds": recorded.seconds,
            "tries": recorded.tries,
            "at": format_time(self._clock()),
        }
        with write_transaction(self._engine) as connection:
            _insert_new(connection, outcome_table, row)
            found = connection.execute(
                sa.select(outcome_table).where(
                    outcome_table.c.run == run,
                    outcome_table.c.slot == ask.slot,
                    outcome_table.c.repeat == ask.repeat,
                )
            )
            return _recorded(found.mappings().one())

    def _read_outcomes(self, run: str) -> dict[Ask, Recorded]:
        query = sa.select(outcome_table).where(outcome_table.c.run == run)
        with read_transaction(self._engine) as connection:
            return {Ask(row["slot"], row["repeat"]): _recorded(row) for row in connection.execute(query).mappings()}

    def _append_finish(self, run: str, at: datetime) -> None:
        unfinished = sa.and_(run_table.c.id == run, run_table.c.finished_at.is_(None))
        with write_transaction(self._engine) as connection:
            connection.execute(sa.update(run_table).where(unfinished).values(finished_at=format_time(at)))


def _recorded(row: sa.RowMapping) -> Recorded:
    return Recorded(
        item=row["item"],
        outcome=Outcome(row["state"], row["reason"]),
        answer=row["answer"],
        seconds=row["seconds"],
        tries=row["tries"],
    )


def _insert_new(connection: sa.Connection, table: sa.Table, row: Mapping[str, object]) -> None:
    """Insert a row unless its key is taken."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(table).values(row).on_conflict_do_nothing())


@dataclass(slots=True)
class MemoryJournal:
    """Keeps runs and outcomes in memory: the fake for tests and simulations; answers are kept as digests alone."""

    runs: dict[tuple[str, str, str], Run] = field(default_factory=dict[tuple[str, str, str], Run])
    outcomes: dict[str, dict[Ask, Recorded]] = field(default_factory=dict[str, dict[Ask, Recorded]])
    finished: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def append_run(self, run: Run) -> Run:
        """Keep a run; see `Journal`."""
        return self.runs.setdefault((run.release, run.evaluation, run.dataset_digest), run)

    async def append_outcome(self, run: str, ask: Ask, recorded: Recorded, answer: AnswerValue | None) -> Recorded:
        """Keep an outcome; see `Journal`."""
        digest = None if answer is None else digest_of_bytes(encode_answer(answer)[0])
        kept = Recorded(recorded.item, recorded.outcome, digest, recorded.seconds, recorded.tries)
        return self.outcomes.setdefault(run, {}).setdefault(ask, kept)

    async def read_outcomes(self, run: str) -> dict[Ask, Recorded]:
        """Read outcomes; see `Journal`."""
        return dict(self.outcomes.get(run, {}))

    async def append_finish(self, run: str, at: datetime) -> None:
        """Note the end; see `Journal`."""
        self.finished.setdefault(run, at)
