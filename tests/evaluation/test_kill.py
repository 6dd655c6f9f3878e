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
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa

from pilotage.evaluation.plan import plan_run
from pilotage.ledger.records.measurement import DatasetOpened, Measurement
from pilotage.ledger.ledger import Ledger
from pilotage.storage.engine import open_engine
from pilotage.storage.tables import artefact, outcome
from tests.evaluation.evaluate_endpoint import CLAIM, now
from tests.evaluation.http_fake import Request, response, serving
from tests.evaluation.samples import items, lines
from tests.ledger.samples import fixed_key

Row = tuple[int, int, str, str, str, str]


@dataclass
class Killer:
    """An endpoint that kills whoever asks it at some requests: before it answers, so that the call is in flight."""

    kill_at: set[int]
    victim: int = 0
    asked: list[str] = field(default_factory=list[str])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, request: Request) -> bytes | None:
        """Answer rightly but for one item in nine, or kill."""
        with self.lock:
            self.asked.append(str(request.body["input"]))
            if len(self.asked) in self.kill_at:
                os.kill(self.victim, signal.SIGKILL)
                return None
        number = int(str(request.body["input"]).removeprefix("question "))
        return response({"output": "no" if number % 25 == 0 else "yes"})


def read_rows(path: Path) -> set[Row]:
    """Read the outcomes recorded so far."""
    engine = open_engine(f"sqlite:///{path}")
    columns = outcome.c
    query = sa.select(columns.slot, columns.repeat, columns.item, columns.state, columns.answer, columns.at)
    with engine.connect() as connection:
        rows: set[Row] = {tuple(row) for row in connection.execute(query)}  # pyright: ignore[reportAssignmentType]
    engine.dispose()
    return rows


def measure_with_kills(folder: Path, template: Path, kill_at: Sequence[int]) -> Measurement:
    """Run the program until it ends by itself, killed at these requests, and check after each kill."""
    database = folder / "evaluation.db"
    shutil.copyfile(template, database)
    (folder / "items.jsonl").write_bytes(lines(120))
    killer = Killer(set(kill_at))
    program = Path(__file__).with_name("evaluate_endpoint.py")
    environment = os.environ | {"PYTHONPATH": str(program.parents[2])}
    deaths, code = 0, -signal.SIGKILL
    with serving(killer.reply) as fake:
        while code == -signal.SIGKILL:
            kept, asked_before = read_rows(database), len(killer.asked)
            command = [sys.executable, str(program), str(folder), f"{fake.address}/ask"]
            with subprocess.Popen(command, env=environment) as process:
                killer.victim = process.pid
                code = process.wait()
            deaths += code == -signal.SIGKILL
            questions = Counter(killer.asked[asked_before:])
            assert kept <= read_rows(database)
            repeats_kept = Counter(item for _, _, item, *_ in kept)
            for item, count in repeats_kept.items():
                assert questions[f"question {item[1:]}"] <= 2 - count
    assert (code, deaths) == (0, len(kill_at))
    return read_finding(database, killer)


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
    schedule = plan_run(items(120), CLAIM, attempt=1, repeats=2, seed=0).schedule
    assert opening.body.run == finding.body.run
    assert {answer for *_, answer, _ in rows} <= kept
    assert {(slot, item) for slot, _, item, *_ in rows} == {(row[0], schedule[row[0]].id) for row in rows}
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
    found = measure_with_kills(tmp_path, sqlite_template, [17])

    assert found.verdict in {"MEETS", "FAILS", "UNDECIDED"}
    assert found.not_measured == 0


@pytest.mark.long
def test_kills_at_random_instants_change_nothing(tmp_path: Path, sqlite_template: Path) -> None:
    """Twenty kills at random requests, in runs of one to six, end in the verdict of an undisturbed run."""
    chance = random.Random(11)
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    expected = verdict(measure_with_kills(undisturbed, sqlite_template, []))
    left = 20
    while left > 0:
        kills = min(left, chance.randint(1, 6))
        left -= kills
        folder = tmp_path / f"left-{left}"
        folder.mkdir()
        found = measure_with_kills(folder, sqlite_template, sorted(chance.sample(range(1, 70), kills)))
        assert verdict(found) == expected
