"""Keeps what a run found, so that a stopped or killed run goes on where it was.

An outcome's key is (run, slot, repeat, side) and the first row stands: a call that was in flight at a kill may be asked
again, yet counts once. Answers, and what observers found, are content, so they are artefacts, encrypted under the run's
own key. Outcomes are kept many at a time, with their content, in one transaction.
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from pilotage.core.canonical import canonical_json, digest_of_bytes
from pilotage.core.clock import Clock, format_time, parse_time
from pilotage.core.errors import StorageError
from pilotage.evaluation.outcome import AnswerValue, Outcome
from pilotage.evaluation.plan import Ask, Recorded
from pilotage.evaluation.scorers.observation import Observation, Opinion
from pilotage.storage.artefacts import ArtefactStore, Content
from pilotage.storage.engine import read_transaction, write_transaction
from pilotage.storage.tables import outcome as outcome_table
from pilotage.storage.tables import run as run_table
from pilotage.storage.tables import strike as strike_table

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAGE = 1_000
_KEY = (outcome_table.c.slot, outcome_table.c.repeat, outcome_table.c.side)


@dataclass(frozen=True, slots=True)
class Found:
    """What came of one question, with the content that is to be kept.

    Attributes:
        ask: the question.
        recorded: its outcome; the digests of the content are filled in by the journal.
        answer: what was answered; None where nothing was.
        observation: what an observer found; None where none was asked.
    """

    ask: Ask
    recorded: Recorded
    answer: AnswerValue | None = None
    observation: Observation = None


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

    async def append_outcomes(self, run: str, found: Sequence[Found]) -> list[Recorded]:
        """Keep outcomes with their content, all or none of them, and give those that stand: maybe earlier ones.

        The digests of answers and observations are filled in. They are durable when this returns.
        """
        ...

    def read_outcomes(self, run: str) -> AsyncIterator[tuple[Ask, Recorded]]:
        """Read every outcome of a run in the order of slot, repeat and side, without holding them all at once."""
        ...

    async def append_strikes(self, run: str, asks: Sequence[Ask]) -> None:
        """Count for each of these questions that a run stopped while it had reached nobody."""
        ...

    async def read_strikes(self, run: str) -> dict[Ask, int]:
        """Read how often a run stopped while a question had reached nobody."""
        ...

    async def append_finish(self, run: str, at: datetime) -> None:
        """Note when a run was finished; the first time stands."""
        ...


def mint_run_id(now: datetime) -> str:
    """Make a ULID: 48 bits of time in milliseconds, then 80 random bits, in Crockford's base 32."""
    number = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -5, -5))


def mint_seed() -> int:
    """Draw the seed of a shuffle at random: below 2^53, so that every JSON reader keeps it exactly."""
    return secrets.randbits(53)


def subject_of_run(run: str) -> str:
    """Name the erasable subject that a run's answers belong to."""
    return f"run/{run}"


def encode_answer(answer: AnswerValue) -> tuple[bytes, str]:
    """Give an answer's bytes and media type: text as UTF-8, anything else as canonical JSON."""
    if isinstance(answer, str):
        return answer.encode("utf-8", "backslashreplace"), "text/plain; charset=utf-8"
    return canonical_json(answer), "application/json"


def encode_observation(observation: Observation) -> tuple[bytes, str]:
    """Give an observation's bytes and media type: a judge's reply as it is, anything else as canonical JSON."""
    if isinstance(observation, Opinion):
        return encode_answer(observation.reply)
    return canonical_json(None if observation is None else dataclasses.asdict(observation)), "application/json"


def read_page(engine: sa.Engine, run: str, after: Ask | None = None, limit: int = _PAGE) -> list[tuple[Ask, Recorded]]:
    """Read the next outcomes of a run in the order of slot, repeat and side.

    Args:
        engine: the database.
        run: id of the run.
        after: the last question read before; None from the beginning.
        limit: most outcomes.
    """
    query = sa.select(outcome_table).where(outcome_table.c.run == run).order_by(*_KEY).limit(limit)
    if after is not None:
        query = query.where(sa.tuple_(*_KEY) > after)
    with read_transaction(engine) as connection:
        return [
            (Ask(row["slot"], row["repeat"], row["side"]), _recorded(row))
            for row in connection.execute(query).mappings()
        ]


class DatabaseJournal:
    """Runs and outcomes in the tables `run` and `outcome`; each append is durable when it returns."""

    def __init__(self, engine: sa.Engine, artefacts: ArtefactStore, clock: Clock) -> None:
        """Use a database, the store of answers in the same database, and a clock."""
        self._engine = engine
        self._artefacts = artefacts
        self._clock = clock

    async def append_run(self, run: Run) -> Run:
        """Keep a run; see `Journal`."""
        return await asyncio.to_thread(self._append_run, run)

    async def append_outcomes(self, run: str, found: Sequence[Found]) -> list[Recorded]:
        """Keep outcomes; see `Journal`."""
        return await asyncio.to_thread(self._append_outcomes, run, found) if found else []

    async def read_outcomes(self, run: str) -> AsyncIterator[tuple[Ask, Recorded]]:
        """Read outcomes; see `Journal`."""
        after: Ask | None = None
        while page := await asyncio.to_thread(read_page, self._engine, run, after):
            for ask, recorded in page:
                yield ask, recorded
            after = page[-1][0]

    async def append_strikes(self, run: str, asks: Sequence[Ask]) -> None:
        """Count strikes; see `Journal`."""
        await asyncio.to_thread(self._append_strikes, run, asks)

    async def read_strikes(self, run: str) -> dict[Ask, int]:
        """Read strikes; see `Journal`."""
        return await asyncio.to_thread(self._read_strikes, run)

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
            _insert_new(connection, run_table, [row])
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

    def _append_outcomes(self, run: str, found: Sequence[Found]) -> list[Recorded]:
        contents = [content for one in found for content in _contents(one)]
        at = format_time(self._clock())
        with write_transaction(self._engine) as connection:
            digests = self._artefacts.append_within(connection, contents, subject=subject_of_run(run))
            ours = _with_digests(found, digests)
            rows = [_row(run, one.ask, recorded, at) for one, recorded in zip(found, ours, strict=True)]
            # In one order, lest two processes on one run wait for each other.
            rows.sort(key=lambda row: (row["slot"], row["repeat"], row["side"]))
            if _insert_new(connection, outcome_table, rows) == len(rows):
                return ours
            return [self._standing(connection, run, one.ask) for one in found]

    def _standing(self, connection: sa.Connection, run: str, ask: Ask) -> Recorded:
        columns = outcome_table.c
        of_ask = sa.and_(columns.run == run, columns.slot == ask.slot, columns.repeat == ask.repeat)
        query = sa.select(outcome_table).where(of_ask, columns.side == ask.side)
        return _recorded(connection.execute(query).mappings().one())

    def _append_strikes(self, run: str, asks: Sequence[Ask]) -> None:
        columns = strike_table.c
        with write_transaction(self._engine) as connection:
            for slot, repeat, side in asks:
                row = {"run": run, "slot": slot, "repeat": repeat, "side": side}
                _insert_new(connection, strike_table, [{**row, "times": 0}])
                mine = sa.and_(*(columns[name] == value for name, value in row.items()))
                connection.execute(sa.update(strike_table).where(mine).values(times=columns.times + 1))

    def _read_strikes(self, run: str) -> dict[Ask, int]:
        query = sa.select(strike_table).where(strike_table.c.run == run)
        with read_transaction(self._engine) as connection:
            found = connection.execute(query).mappings()
            return {Ask(row["slot"], row["repeat"], row["side"]): row["times"] for row in found}

    def _append_finish(self, run: str, at: datetime) -> None:
        unfinished = sa.and_(run_table.c.id == run, run_table.c.finished_at.is_(None))
        with write_transaction(self._engine) as connection:
            connection.execute(sa.update(run_table).where(unfinished).values(finished_at=format_time(at)))


def _contents(found: Found) -> list[Content]:
    contents: list[Content] = []
    if found.answer is not None:
        contents.append(Content(*encode_answer(found.answer)))
    if found.observation is not None:
        contents.append(Content(*encode_observation(found.observation)))
    return contents


def _with_digests(found: Sequence[Found], digests: Sequence[str]) -> list[Recorded]:
    """Fill the digests in, which come in the order of the contents."""
    left = iter(digests)
    return [
        replace(
            one.recorded,
            answer=None if one.answer is None else next(left),
            observed=None if one.observation is None else next(left),
        )
        for one in found
    ]


def _row(run: str, ask: Ask, recorded: Recorded, at: str) -> dict[str, Any]:
    return {
        "run": run,
        "slot": ask.slot,
        "repeat": ask.repeat,
        "side": ask.side,
        "item": recorded.item,
        "state": recorded.outcome.state,
        "reason": recorded.outcome.reason,
        "score": recorded.outcome.score,
        "answer": recorded.answer,
        "observed": recorded.observed,
        "call": recorded.call,
        "seconds": recorded.seconds,
        "tries": recorded.tries,
        "at": at,
    }


def _recorded(row: sa.RowMapping) -> Recorded:
    return Recorded(
        item=row["item"],
        outcome=Outcome(row["state"], row["reason"], row["score"]),
        answer=row["answer"],
        seconds=row["seconds"],
        tries=row["tries"],
        observed=row["observed"],
        call=row["call"],
    )


def _insert_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]) -> int:
    """Insert rows unless their keys are taken, and give how many were new."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return connection.execute(insert(table).on_conflict_do_nothing(), rows).rowcount


@dataclass(slots=True)
class MemoryJournal:
    """Keeps runs and outcomes in memory: the fake for tests and simulations; content is kept as digests alone."""

    runs: dict[tuple[str, str, str], Run] = field(default_factory=dict[tuple[str, str, str], Run])
    outcomes: dict[str, dict[Ask, Recorded]] = field(default_factory=dict[str, dict[Ask, Recorded]])
    strikes: dict[str, Counter[Ask]] = field(default_factory=dict[str, Counter[Ask]])
    finished: dict[str, datetime] = field(default_factory=dict[str, datetime])

    async def append_run(self, run: Run) -> Run:
        """Keep a run; see `Journal`."""
        return self.runs.setdefault((run.release, run.evaluation, run.dataset_digest), run)

    async def append_outcomes(self, run: str, found: Sequence[Found]) -> list[Recorded]:
        """Keep outcomes; see `Journal`."""
        kept = self.outcomes.setdefault(run, {})
        digests = [digest_of_bytes(content.data) for one in found for content in _contents(one)]
        ours = _with_digests(found, digests)
        return [kept.setdefault(one.ask, recorded) for one, recorded in zip(found, ours, strict=True)]

    async def read_outcomes(self, run: str) -> AsyncIterator[tuple[Ask, Recorded]]:
        """Read outcomes; see `Journal`."""
        for ask, recorded in sorted(self.outcomes.get(run, {}).items(), key=lambda entry: entry[0]):
            yield ask, recorded

    async def append_strikes(self, run: str, asks: Sequence[Ask]) -> None:
        """Count strikes; see `Journal`."""
        self.strikes.setdefault(run, Counter()).update(asks)

    async def read_strikes(self, run: str) -> dict[Ask, int]:
        """Read strikes; see `Journal`."""
        return dict(self.strikes.get(run, {}))

    async def append_finish(self, run: str, at: datetime) -> None:
        """Note the end; see `Journal`."""
        self.finished.setdefault(run, at)
