"""An evaluation that is killed with -9 goes on where it was: no outcome is lost, none is doubled."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.evaluation.evaluate_endpoint import CLAIM, now
from tests.evaluation.http_fake import Request, response, serving
from tests.evaluation.samples import ids, lines, plan
from tests.ledger.samples import fixed_key

from pilotage.ledger.ledger import Ledger
from pilotage.ledger.records.measurement import DatasetOpened, Measurement
from pilotage.storage.engine import open_engine
from pilotage.storage.tables import artefact, outcome

Row = tuple[int, int, str, str, str, str]


@dataclass
class Killer:
    """An endpoint that kills whoever asks it: at a given request, before it answers, so that calls are in flight."""

    victim: subprocess.Popen[bytes] | None = None
    requests_left: int = 0
    kills: int = 0
    asked: list[str] = field(default_factory=list[str])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, request: Request) -> bytes | None:
        """Answer rightly but for one item in twenty-five, or kill."""
        text = str(request.body["input"])
        with self.lock:
            self.asked.append(text)
            self.requests_left -= 1
            if self.requests_left == 0 and self.victim is not None:
                self.victim.kill()
                return None
        return response({"output": "no" if int(text.removeprefix("question ")) % 25 == 0 else "yes"})


def read_rows(path: Path) -> set[Row]:
    """Read the outcomes recorded so far."""
    engine = open_engine(f"sqlite:///{path}")
    columns = outcome.c
    query = sa.select(columns.slot, columns.repeat, columns.item, columns.state, columns.answer, columns.at)
    with engine.connect() as connection:
        rows: set[Row] = {tuple(row) for row in connection.execute(query)}  # pyright: ignore[reportAssignmentType]
    engine.dispose()
    return rows


def measure_with_kills(folder: Path, template: Path, kills: Sequence[int | float]) -> tuple[Measurement, int]:
    """Start the program once for each kill, and once more; check after each that nothing was lost or asked again.

    Gives what was found, and how many kills came before the end.

    Args:
        folder: where its state lies.
        template: a database with tables.
        kills: when to kill: a whole number counts requests, any other seconds from the start.
    """
    folder.mkdir(exist_ok=True)
    database = folder / "evaluation.db"
    shutil.copyfile(template, database)
    (folder / "items.jsonl").write_bytes(lines(120))
    killer = Killer()
    program = Path(__file__).with_name("evaluate_endpoint.py")
    environment = os.environ | {"PYTHONPATH": str(program.parents[2])}
    with serving(killer.reply) as fake:
        command = [sys.executable, str(program), str(folder), f"{fake.address}/ask"]
        for moment in (*kills, 0):
            kept, asked_before = read_rows(database), len(killer.asked)
            killer.requests_left = moment if isinstance(moment, int) else 0
            with subprocess.Popen(command, env=environment) as process:
                killer.victim = process
                with suppress(subprocess.TimeoutExpired):
                    process.wait(moment if isinstance(moment, float) else None)
                if isinstance(moment, float):
                    process.kill()
            assert process.returncode in ({0} if moment == 0 else {0, -signal.SIGKILL})
            killer.kills += process.returncode == -signal.SIGKILL
            asked = Counter(killer.asked[asked_before:])
            assert kept <= read_rows(database)
            for item, count in Counter(item for _, _, item, *_ in kept).items():
                assert asked[f"question {item[1:]}"] <= 2 - count
    return read_finding(database, killer), killer.kills


def read_finding(database: Path, killer: Killer) -> Measurement:
    """Check that ledger, journal and answers agree, and give what was found."""
    engine = open_engine(f"sqlite:///{database}")
    ledger = Ledger(engine, fixed_key(1), now)
    (opening,) = ledger.read(kinds=(DatasetOpened,))
    (finding,) = ledger.read(kinds=(Measurement,))
    with engine.connect() as connection:
        kept = set(connection.scalars(sa.select(artefact.c.digest)))
    rows = read_rows(database)
    engine.dispose()
    schedule = ids(plan(120, claim=CLAIM, repeats=2, seed=opening.body.seed))
    assert opening.body.run == finding.body.run
    assert {answer for *_, answer, _ in rows} <= kept
    assert {(slot, item) for slot, _, item, *_ in rows} == {(row[0], schedule[row[0]]) for row in rows}
    assert {(slot, repeat) for slot, repeat, *_ in rows} >= {
        (slot, repeat) for slot in range(finding.body.n) for repeat in (0, 1)
    }
    assert finding.body.spent.calls <= len(killer.asked)
    return finding.body


def verdict(found: Measurement) -> tuple[str, int, int, str]:
    """Give what must not depend on kills."""
    return found.verdict, found.n, found.passes, found.outcomes


def test_a_killed_evaluation_goes_on(tmp_path: Path, sqlite_template: Path) -> None:
    """Killed with calls in flight, it keeps every recorded outcome, asks none of them again, and measures once."""
    found, kills = measure_with_kills(tmp_path, sqlite_template, [17])

    assert kills == 1
    assert found.not_measured == 0
    assert found.n > 17 / 2


@pytest.mark.long
def test_kills_at_random_instants_change_nothing(tmp_path: Path, sqlite_template: Path) -> None:
    """Twenty-five kills, at random requests or random seconds, end in the verdict of an undisturbed run."""
    chance = random.Random(11)
    expected, _ = measure_with_kills(tmp_path / "undisturbed", sqlite_template, [])
    total = 0
    for number in range(12):
        moments = [chance.choice([chance.randint(1, 40), chance.uniform(0.5, 3.0)]) for _ in range(5)]
        found, kills = measure_with_kills(tmp_path / str(number), sqlite_template, moments)
        assert verdict(found) == verdict(expected)
        total += kills
        if total >= 25:
            return
    pytest.fail(f"only {total} kills came before the end")
