"""The journal: what is appended stands, comes back as it was, and is never doubled."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from tests.evaluation.samples import RUN
from tests.storage_fixtures import BACKENDS, DatabaseMaker

from pilotage.core.canonical import digest_of_bytes
from pilotage.core.clock import ManualClock
from pilotage.core.errors import EvidenceError, StorageError
from pilotage.evaluation.journal import (
    DatabaseJournal,
    Found,
    Journal,
    MemoryJournal,
    Run,
    encode_answer,
    encode_observation,
    mint_run_id,
    read_page,
    subject_of_run,
)
from pilotage.evaluation.outcome import PASS, AnswerValue, Outcome
from pilotage.evaluation.plan import Ask, Recorded, Side
from pilotage.evaluation.scorers.observation import Effort, Nearness, Observation, Opinion, PluginFinding, SandboxReport
from pilotage.registry.kinds.judge import WordParser
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.tables import run as run_table

START = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
D = "sha256:" + "d" * 64
OPENED = Run(RUN, "inbox", "sha256:" + "c" * 64, "routing", D, 1, START)
WORDS = WordParser(type="word")

pytestmark = pytest.mark.anyio


@pytest.fixture
def artefacts(engine: sa.Engine) -> ArtefactStore:
    """Give a store of answers."""
    return ArtefactStore(engine, b"k" * 32, ManualClock(START))


@pytest.fixture(params=["memory", *BACKENDS])
def journal(request: pytest.FixtureRequest, databases: DatabaseMaker) -> Journal:
    """Give each kind of journal in turn: the fake, and the one in a database on each kind of database."""
    if request.param == "memory":
        return MemoryJournal()
    engine = databases.make(request.param)
    return DatabaseJournal(engine, ArtefactStore(engine, b"k" * 32, ManualClock(START)), ManualClock(START))


async def test_a_run_is_one_for_its_release_evaluation_and_data(journal: Journal) -> None:
    """The first run for the three stands; opening it again, with another id and time, gives it back."""
    again = Run("Z" * 26, "inbox", OPENED.release, "routing", D, 2, START + timedelta(days=1))
    other = Run("Y" * 26, "inbox", OPENED.release, "tone", D, 1, START)

    assert await journal.append_run(OPENED) == OPENED
    assert await journal.append_run(again) == OPENED
    assert await journal.append_run(other) == other


async def read_all(journal: Journal, run: str = RUN) -> list[tuple[Ask, Recorded]]:
    """Read every outcome of a run."""
    return [entry async for entry in journal.read_outcomes(run)]


async def append(journal: Journal, ask: Ask, recorded: Recorded, answer: AnswerValue | None = None) -> Recorded:
    """Keep one outcome."""
    (stands,) = await journal.append_outcomes(RUN, [Found(ask, recorded, answer)])
    return stands


async def test_outcomes_come_back_as_they_were(journal: Journal) -> None:
    """Every field is kept for each slot, repeat and side, and read in that order; other runs have none of it."""
    await journal.append_run(OPENED)
    missed = Recorded("item 2", Outcome("not-measured", "too slow"), None, 30.0, 3)
    failed = Recorded("item \u00e9", Outcome("fail", "too short", 0.25), None, 1.25, 3, call="C" * 26)
    (late, second, first) = await journal.append_outcomes(
        RUN,
        [
            Found(Ask(7), missed),
            Found(Ask(0, 1), failed, "no", Opinion("bad", WORDS)),
            Found(Ask(0, 1, "baseline"), failed, ["no"]),
        ],
    )

    assert await read_all(journal) == [(Ask(0, 1, "baseline"), first), (Ask(0, 1), second), (Ask(7), late)]
    assert late == missed
    assert replace(second, answer=None, observed=None) == replace(first, answer=None) == failed
    assert second.answer == digest_of_bytes(b"no")
    assert second.observed == digest_of_bytes(b"bad")
    assert await journal.append_outcomes(RUN, []) == []
    assert await read_all(journal, "Z" * 26) == []


async def test_the_first_outcome_of_a_question_stands(journal: Journal) -> None:
    """Asked again after a kill, a question still counts once: what was recorded first is given back."""
    await journal.append_run(OPENED)
    first = await append(journal, Ask(0), Recorded("i", PASS, None, 1, 1), "yes")
    new = Found(Ask(1), Recorded("j", PASS, None, 1, 1), "yes")
    again = Found(Ask(0), Recorded("i", Outcome("fail", "x"), None, 2, 1), "no")
    stands, kept = await journal.append_outcomes(RUN, [again, new])

    assert stands == first
    assert (kept.item, kept.answer) == ("j", first.answer)
    assert await read_all(journal) == [(Ask(0), first), (Ask(1), kept)]


@pytest.mark.parametrize("backend", BACKENDS)
async def test_two_processes_on_one_run_agree(databases: DatabaseMaker, backend: str) -> None:
    """Both keep the same questions at once, in opposite orders: neither waits for ever, and one outcome stands."""
    engine, clock = databases.make(backend), ManualClock(START)
    one, other = (DatabaseJournal(engine, ArtefactStore(engine, b"k" * 32, clock), clock) for _ in range(2))
    await one.append_run(OPENED)

    def batch(answer: str, number: int) -> list[Found]:
        slots = range(number * 20, number * 20 + 20)
        return [Found(Ask(slot), Recorded(f"i{slot}", PASS, None, 1, 1), f"{answer} {slot}") for slot in slots]

    for number in range(5):
        ours, theirs = await asyncio.gather(
            one.append_outcomes(RUN, batch("yes", number)), other.append_outcomes(RUN, batch("no", number)[::-1])
        )
        assert ours == theirs[::-1]
    assert len(await read_all(one)) == 100


async def test_a_long_run_is_read_page_by_page(engine: sa.Engine, artefacts: ArtefactStore) -> None:
    """Pages cut anywhere, between repeats and sides too, give every outcome once and in order."""
    journal = DatabaseJournal(engine, artefacts, ManualClock(START))
    await journal.append_run(OPENED)
    sides: tuple[Side, ...] = ("baseline", "target")
    asks = [Ask(slot, repeat, side) for slot in range(5) for repeat in range(2) for side in sides]
    await journal.append_outcomes(RUN, [Found(ask, Recorded("i", PASS, None, 1, 1)) for ask in reversed(asks)])

    found: list[Ask] = []
    while page := read_page(engine, RUN, found[-1] if found else None, limit=3):
        assert len(page) <= 3
        found.extend(ask for ask, _ in page)
    assert found == asks


async def test_outcomes_are_kept_all_or_none(engine: sa.Engine, artefacts: ArtefactStore) -> None:
    """When one of many cannot be kept, none of them is, nor any of their answers."""
    journal = DatabaseJournal(engine, artefacts, ManualClock(START))
    await journal.append_run(OPENED)
    good, impossible = Recorded("i", PASS, None, 1, 1), Recorded(None, PASS, None, 1, 1)  # type: ignore[arg-type]

    with pytest.raises(IntegrityError):
        await journal.append_outcomes(RUN, [Found(Ask(0), good, "yes"), Found(Ask(1), impossible, "no")])
    assert await read_all(journal) == []
    with pytest.raises(EvidenceError, match="not in the store"):
        artefacts.read_artefact(digest_of_bytes(b"yes"))


async def test_the_end_is_noted_once(engine: sa.Engine, artefacts: ArtefactStore) -> None:
    """When a run was finished first is kept, however often it is told."""
    journal = DatabaseJournal(engine, artefacts, ManualClock(START))
    await journal.append_run(OPENED)
    await journal.append_finish(RUN, START + timedelta(hours=1))
    await journal.append_finish(RUN, START + timedelta(hours=2))

    with engine.connect() as connection:
        assert connection.scalar(sa.select(run_table.c.finished_at)) == "2026-03-03T10:30:00.000000Z"


@pytest.mark.parametrize("answer", ["", "y\x00s \u00e9 \U0001f600", "x" * 1_000_000, ["a", 1, None], {"b": {"a": 0.5}}])
async def test_answers_are_kept_encrypted_and_erasable(
    engine: sa.Engine, artefacts: ArtefactStore, answer: AnswerValue
) -> None:
    """Whatever was answered can be read by its digest until the run is erased; the outcome outlives it."""
    journal = DatabaseJournal(engine, artefacts, ManualClock(START))
    await journal.append_run(OPENED)
    kept = await append(journal, Ask(0), Recorded("i", PASS, None, 1, 1), answer)
    assert kept.answer is not None
    assert artefacts.read_artefact(kept.answer, subject=subject_of_run(RUN)) == encode_answer(answer)[0]

    artefacts.erase_subject(subject_of_run(RUN))

    with pytest.raises(EvidenceError, match="erased"):
        artefacts.read_artefact(kept.answer)
    assert await read_all(journal) == [(Ask(0), kept)]


@pytest.mark.parametrize(
    "observation",
    [
        Nearness(0.5),
        Opinion("\u00e9\x00", WORDS),
        Effort(1.5),
        SandboxReport(ran=True, failures=("f",), checks=3),
        PluginFinding(Outcome("fail", "odd", 0.5)),
    ],
)
async def test_observations_are_kept_as_answers_are(
    engine: sa.Engine, artefacts: ArtefactStore, observation: Observation
) -> None:
    """What an observer found can be read by its digest, and is erased with the run's answers."""
    journal = DatabaseJournal(engine, artefacts, ManualClock(START))
    await journal.append_run(OPENED)
    found = Found(Ask(0), Recorded("i", PASS, None, 1, 1), "yes", observation)
    (kept,) = await journal.append_outcomes(RUN, [found])
    assert kept.observed is not None
    assert artefacts.read_artefact(kept.observed) == encode_observation(observation)[0]

    artefacts.erase_subject(subject_of_run(RUN))

    with pytest.raises(EvidenceError, match="erased"):
        artefacts.read_artefact(kept.observed)


async def test_a_run_id_that_is_taken_is_refused(engine: sa.Engine, artefacts: ArtefactStore) -> None:
    """An id that belongs to another run is never shared, since costs are told by it."""
    journal = DatabaseJournal(engine, artefacts, ManualClock(START))
    await journal.append_run(OPENED)

    with pytest.raises(StorageError, match="exists for something else"):
        await journal.append_run(Run(RUN, "inbox", OPENED.release, "tone", D, 1, START))


async def test_run_ids_sort_by_time_and_differ() -> None:
    """Ids have the form that the gateway accepts in its header, sort as their times do, and never repeat."""
    early, late = mint_run_id(START), mint_run_id(START + timedelta(milliseconds=1))

    assert re.fullmatch(r"[0-9A-Z]{26}", early)
    assert early < late
    assert len({mint_run_id(START) for _ in range(1_000)}) == 1_000
