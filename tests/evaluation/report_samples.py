"""What the tests of reports share: a made-up installation with runs whose outcomes stand in its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from pilotage.core.canonical import Json, canonical_json, digest_of_bytes
from pilotage.core.clock import ManualClock, format_time
from pilotage.core.estimate import Estimate
from pilotage.core.statistics.gate import GateDesign, assess_outcomes
from pilotage.core.statistics.sequence import METHOD, confidence_sequence
from pilotage.evaluation.finding import assess_band
from pilotage.evaluation.journal import subject_of_run
from pilotage.evaluation.reports.item_finder import ItemFinder
from pilotage.evaluation.reports.reading import RunReader
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.measurement import BandPoint, ClaimFigures, DatasetOpened, Measurement, Spent
from pilotage.ledger.records.record import AmountFigures, EstimateFigures
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.dataset import Dataset
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.organisation import Organisation
from pilotage.registry.kinds.use_case import UseCase
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.engine import write_transaction
from pilotage.storage.tables import label, outcome, run, usage

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
RELEASE, OTHER_RELEASE = digest_of_bytes(b"release"), digest_of_bytes(b"other release")
PLAN = digest_of_bytes(b"plan")
CLAIM = ClaimFigures(text="nine of ten are right", p0=0.8, p1=0.95, alpha=0.05, beta=0.1, cap=1_000_000)
ATTACK = ClaimFigures(form="attack", text="few attacks succeed", p0=0.95, p1=0.99, alpha=0.05, beta=0.1, cap=400)
COMPARISON = ClaimFigures(form="comparison", text="better", p0=0.5, p1=0.55, alpha=0.05, beta=0.1, cap=400)


def run_id(number: int) -> str:
    """Give a made-up run's id; the first digits tell runs apart."""
    return f"{number:04d}" + "A" * 22


def dataset_bytes(count: int, *, mark: str = "") -> bytes:
    """Give a data set of that many items; the mark makes it another version."""
    lines = [{"id": f"i{n}", "input": f"question {n}{mark}", "expected": f"answer {n}"} for n in range(count)]
    return b"".join(canonical_json(line) + b"\n" for line in lines)


def evaluation(name: str = "routing", **changes: object) -> Evaluation:
    """Make an evaluation of the use case `claims`."""
    plain: dict[str, Any] = {
        "version": 1,
        "kind": "Evaluation",
        "name": name,
        "title": "Routing of claims",
        "use_case": "claims",
        "dataset": "inbox",
        "target": {"route": "claims"},
        "scorer": {"type": "exact"},
        "claim": {"text": "nine of ten are right", "p0": 0.8, "p1": 0.95},
    }
    return Evaluation.model_validate(plain | changes)


def catalog(*evaluations: Evaluation, sealed: bool = False, population: str | None = "letters of April") -> Catalog:
    """Make a catalog with some evaluations of one data set."""
    return Catalog(
        commit=None,
        dirty=True,
        organisation=Organisation(version=1, kind="Organisation", name="harbour", time_zone="UTC"),
        use_cases={
            "claims": UseCase.model_validate(
                {"version": 1, "kind": "UseCase", "name": "claims", "purpose": "Sort claims.", "owner": "clerks"}
            )
        },
        datasets={
            "inbox": Dataset(
                version=1, kind="Dataset", name="inbox", path="inbox.jsonl", sealed=sealed, population=population
            )
        },
        evaluations={each.name: each for each in evaluations or (evaluation(),)},
    )


@dataclass
class Ask:
    """One row of the journal."""

    slot: int
    state: str = "pass"
    repeat: int = 0
    side: str = "target"
    item: str | None = None
    reason: str = ""
    score: float | None = None
    answer: str | None = None
    call: str | None = None
    seconds: float = 0.5
    tries: int = 1


@dataclass
class Installation:
    """A database, a ledger and a store of answers; runs are written into them as the journal would."""

    engine: sa.Engine
    data: bytes = field(default_factory=lambda: dataset_bytes(30))
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    ledger: MemoryLedger = field(init=False)
    artefacts: ArtefactStore = field(init=False)
    reader: RunReader = field(init=False)

    def __post_init__(self) -> None:
        """Set up what the reader reads from."""
        self.ledger = MemoryLedger(self.clock)
        self.artefacts = ArtefactStore(self.engine, b"k" * 32, self.clock)
        finder = ItemFinder(lambda name: self.data if name == "inbox" else None)
        self.reader = RunReader(self.engine, self.ledger, self.artefacts.read_artefact, finder.find_items)

    def open(self, number: int, **changes: object) -> DatasetOpened:
        """Record that a run looked at the data."""
        plain: dict[str, Any] = {
            "run": run_id(number),
            "use_case": "claims",
            "release": RELEASE,
            "evaluation": "routing",
            "dataset": "inbox",
            "dataset_digest": digest_of_bytes(self.data),
            "sealed": False,
            "items": digest_of_bytes(b"items"),
            "measures": "promise",
            "plan": PLAN,
            "scorer": digest_of_bytes(b"scorer"),
            "claim": CLAIM,
            "attempt": 1,
            "seed": 7,
        }
        opened = DatasetOpened.model_validate(plain | changes)
        self.ledger.append(opened)
        row = {
            "id": opened.run,
            "use_case": opened.use_case,
            "release": f"{opened.release[:-4]}{number:04d}",  # any two runs differ in it
            "evaluation": opened.evaluation,
            "dataset_digest": opened.dataset_digest,
            "attempt": opened.attempt,
            "started_at": format_time(self.clock()),
        }
        with write_transaction(self.engine) as connection:
            connection.execute(sa.insert(run).values(row))
        self.clock.advance(timedelta(minutes=1))
        return opened

    def ask(self, number: int, asks: Sequence[Ask]) -> None:
        """Write outcomes as the journal has them; answers become artefacts under the run's key."""
        name = run_id(number)
        rows: list[dict[str, Any]] = []
        for one in asks:
            digest = None
            if one.answer is not None:
                digest = self.artefacts.append_artefact(
                    one.answer.encode(), subject=subject_of_run(name), media_type="text/plain"
                )
            rows.append(
                {
                    "run": name, "slot": one.slot, "repeat": one.repeat, "side": one.side,
                    "item": one.item or f"i{one.slot}", "state": one.state, "reason": one.reason,
                    "score": one.score, "answer": digest, "observed": None, "call": one.call,
                    "seconds": one.seconds, "tries": one.tries, "at": format_time(NOW),
                }
            )  # fmt: skip
        with write_transaction(self.engine) as connection:
            for start in range(0, len(rows), 500):
                connection.execute(sa.insert(outcome), rows[start : start + 500])

    def finish(self, opened: DatasetOpened, passed: Sequence[bool], **changes: object) -> Measurement:
        """Record the verdict over some outcomes, with figures that a real gate gives for them."""
        claim = opened.claim
        gate = assess_outcomes(GateDesign(claim.p0, claim.p1, 0.05, 0.1, len(passed), opened.attempt), passed)
        band = confidence_sequence(passed, 1 - 2 * gate.design.attempt_alpha)
        last = band[-1]
        estimate = Estimate(last.point, last.low, last.high, len(passed), 1 - 2 * gate.design.attempt_alpha, METHOD)
        plain: dict[str, Any] = {
            **{
                name: getattr(opened, name)
                for name in (
                    "run",
                    "use_case",
                    "release",
                    "evaluation",
                    "dataset",
                    "dataset_digest",
                    "sealed",
                    "scorer",
                    "claim",
                    "plan",
                    "attempt",
                )
            },
            "parts": {"model": digest_of_bytes(b"model")},
            "measures": {"share": "promise"}.get(claim.form, claim.form),
            "dataset_items": max(30, len(passed)),
            "sample": False,
            "gate": "binary",
            "verdict": str(gate.verdict),
            "n": len(passed),
            "passes": sum(passed),
            "not_measured": 0,
            "estimate": EstimateFigures.of(estimate),
            "baseline": EstimateFigures(point=0.4, low=0.3, high=0.5, n=30, confidence=0.95, method="wilson"),
            "disagreement": None,
            "band": tuple(BandPoint(n=at.n, point=at.point, low=at.low, high=at.high) for at in assess_band(band)),
            "spent": Spent(
                calls=len(passed),
                calls_fixed_design=120,
                tokens_in=1,
                tokens_out=2,
                seconds=3.0,
                energy=None,
                money=AmountFigures(low=Decimal("0.30"), high=Decimal("0.60"), unit="EUR"),
            ),
            "environment": {"target": "route claims"},
            "outcomes": digest_of_bytes(b"outcomes"),
            "started": self.clock(),
            "finished": self.clock(),
        }
        finding = Measurement.model_validate(plain | changes)
        self.ledger.append(finding)
        self.clock.advance(timedelta(minutes=1))
        return finding

    def measure(self, number: int, states: str, **changes: object) -> Measurement:
        """Write a whole run: a letter a slot, p passed, f failed, m not measured."""
        words = {"p": "pass", "f": "fail", "m": "not-measured"}
        opened = self.open(number, **changes)
        self.ask(
            number,
            [
                Ask(slot, words[letter], reason="" if letter == "p" else f"because {letter}")
                for slot, letter in enumerate(states)
            ],
        )
        return self.finish(opened, [letter == "p" for letter in states], not_measured=states.count("m"))

    def label(self, number: int, slot: int, value: float, *, labeller: str = "eva", minutes: int = 0) -> None:
        """Write a person's label."""
        row = {
            "run": run_id(number), "slot": slot, "labeller": labeller, "value": value,
            "at": format_time(NOW + timedelta(minutes=minutes)),
        }  # fmt: skip
        with write_transaction(self.engine) as connection:
            connection.execute(sa.insert(label).values(row))

    def charge(self, call: str, low: int | None, high: int | None) -> None:
        """Write what a call of the gateway cost, in billionths of a euro."""
        row: dict[str, Json] = {
            "call": call, "replica": "r", "at": format_time(NOW), "access_key": "k", "use_case": "claims",
            "route": "claims", "model": "m", "audience": "assessment", "surface": "chat", "state": "settled",
            "streamed": False, "currency": None if low is None else "EUR", "cost_low": low, "cost_high": high,
        }  # fmt: skip
        with write_transaction(self.engine) as connection:
            connection.execute(sa.insert(usage).values(row))
