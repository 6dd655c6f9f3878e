"""How items fared in runs so far: it says who is asked first, and reads no answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from pilotage.core.clock import ManualClock
from pilotage.evaluation.journal import DatabaseJournal, Found, Run
from pilotage.evaluation.labels.expected_file import ItemRecord
from pilotage.evaluation.labels.past_runs import read_item_records
from pilotage.evaluation.outcome import PASS, Outcome, fail
from pilotage.evaluation.plan import Ask, Recorded
from pilotage.storage.artefacts import ArtefactStore

START = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
D = "sha256:" + "d" * 64
WRONG = fail("the answer is not the expected text")

pytestmark = pytest.mark.anyio


async def append(
    journal: DatabaseJournal, run: str, evaluation: str, asked: dict[Ask, tuple[str, Outcome, str]]
) -> None:
    """Keep a run with these outcomes: question -> item, outcome, answer."""
    await journal.append_run(Run(run * 26, "inbox", "sha256:" + run.lower() * 64, evaluation, D, 1, START))
    found = [Found(ask, Recorded(item, outcome, None, 1, 1), answer) for ask, (item, outcome, answer) in asked.items()]
    await journal.append_outcomes(run * 26, found)


async def test_runs_tell_which_items_are_in_doubt(engine: sa.Engine) -> None:
    """Answered differently when asked again, or right once and wrong once, differs; always wrong only failed."""
    journal = DatabaseJournal(engine, ArtefactStore(engine, b"k" * 32, ManualClock(START)), ManualClock(START))
    await append(
        journal,
        "A",
        "routing",
        {
            Ask(0, 0): ("wavers", PASS, "yes"),
            Ask(0, 1): ("wavers", PASS, "yes, gladly"),
            Ask(1, 0): ("sure", PASS, "yes"),
            Ask(1, 1): ("sure", PASS, "yes"),
            Ask(2, 0): ("wrong", WRONG, "no"),
            Ask(3, 0): ("mixed", PASS, "yes"),
            Ask(4, 0): ("elsewhere", PASS, "yes"),
        },
    )
    await append(
        journal,
        "B",
        "tone",
        {
            Ask(0): ("mixed", Outcome("not-measured", "too slow"), "yes"),
            Ask(1): ("wrong", WRONG, "never"),
            Ask(2): ("sure", PASS, "of course"),
        },
    )
    await append(journal, "C", "other", {Ask(0): ("elsewhere", WRONG, "no"), Ask(1): ("unknown", WRONG, "no")})

    found = read_item_records(engine, ["routing", "tone"])

    assert found == {
        "wavers": ItemRecord(differs=True),
        "sure": ItemRecord(),
        "wrong": ItemRecord(failed=True),
        "mixed": ItemRecord(differs=True, failed=True),
        "elsewhere": ItemRecord(),
    }
    assert read_item_records(engine, []) == {}
