"""The journal: what is appended stands, comes back as it was, and is never doubled."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.evaluation.samples import RUN
from tests.storage_fixtures import BACKENDS, DatabaseMaker

from pilotage.core.clock import ManualClock
from pilotage.core.errors import EvidenceError, StorageError
from pilotage.evaluation.journal import (
    DatabaseJournal,
    Journal,
    MemoryJournal,
    Run,
    encode_answer,
    mint_run_id,
    subject_of_run,
)
from pilotage.evaluation.outcome import PASS, AnswerValue, Outcome
from pilotage.evaluation.plan import Ask, Recorded
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.tables import run as run_table

START = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
D = "sha256:" + "d" * 64
OPENED = Run(RUN, "inbox", "sha256:" + "c" * 64, "routing", D, 1, START)

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


async def test_outcomes_come_back_as_they_were(journal: Journal) -> None:
    """State, reason, time and tries are kept for each slot and repeat; a run that recorded nothing has none."""
    await journal.append_run(OPENED)
    failed = Recorded("item \u00e9", Outcome("fail", "the answer is not the expected text"), None, 1.25, 3)
    missed = Recorded("item 2", Outcome("not-measured", "too slow"), None, 30.0, 3)
    kept = await journal.append_outcome(RUN, Ask(0, 1), failed, "no")
    await journal.append_outcome(RUN, Ask(1, 0), missed, None)

    found = await journal.read_outcomes(RUN)

    assert found == {Ask(0, 1): kept, Ask(1, 0): missed}
    assert (kept.outcome, kept.seconds, kept.tries) == (failed.outcome, 1.25, 3)
    assert kept.answer is not None
    assert await journal.read_outcomes("Z" * 26) == {}


async def test_the_first_outcome_of_a_question_stands(journal: Journal) -> None:
    """Asked again after a kill, a question still counts once: what was recorded first is given back."""
    await journal.append_run(OPENED)
    first = await journal.append_outcome(RUN, Ask(0, 0), Recorded("i", PASS, None, 1, 1), "yes")
    second = await journal.append_outcome(RUN, Ask(0, 0), Recorded("i", Outcome("fail", "x"), None, 2, 1), "no")

    assert second == first
    assert await journal.read_outcomes(RUN) == {Ask(0, 0): first}


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
    kept = await journal.append_outcome(RUN, Ask(0, 0), Recorded("i", PASS, None, 1, 1), answer)
    assert kept.answer is not None
    assert artefacts.read_artefact(kept.answer, subject=subject_of_run(RUN)) == encode_answer(answer)[0]

    artefacts.erase_subject(subject_of_run(RUN))

    with pytest.raises(EvidenceError, match="erased"):
        artefacts.read_artefact(kept.answer)
    assert await journal.read_outcomes(RUN) == {Ask(0, 0): kept}


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
