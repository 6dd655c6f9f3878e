"""Tests of a demonstration's result: it is what the ledger says, act by act."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.samples import MOMENT, SAMPLES

from pilotage.core.clock import ManualClock
from pilotage.demo.result import Result, read_gates
from pilotage.demo.story import read_story
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.measurement import Measurement

STORY = read_story(Path(__file__).parents[2] / "examples" / "claims_inbox")
ASSESSED = SAMPLES["assessment"]
FOUND = SAMPLES["measurement"]


def ledger_with(*evaluations: str) -> MemoryLedger:
    """Give a ledger that holds a Measurement of each evaluation, in this order."""
    ledger = MemoryLedger(ManualClock(MOMENT))
    for name in evaluations:
        ledger.append(FOUND.model_copy(update={"evaluation": name, "use_case": STORY.use_case}))
    return ledger


def test_gates_come_in_the_order_of_the_acts() -> None:
    """However the Measurements stand in the ledger, each is told with its act, and those of no act are left out."""
    ledger = ledger_with("routing-one-of-two", "somebody-elses", "letters-hold-facts", "pitch-routing")

    gates = read_gates(ledger, STORY)

    assert [(act, found.evaluation) for act, found in gates] == [
        (1, "pitch-routing"),
        (2, "letters-hold-facts"),
        (3, "routing-one-of-two"),
    ]


def test_machines_read_what_was_recorded() -> None:
    """The JSON holds the figures of the records themselves; nothing is rounded, renamed away or made up."""
    assert isinstance(ASSESSED, Assessment)
    assert isinstance(FOUND, Measurement)
    printed = Result(read_gates(ledger_with("pitch-routing"), STORY), ASSESSED, ledger_verified=True).as_json()

    (gate,) = printed["gates"]
    estimate = FOUND.estimate
    assert (gate["act"], gate["verdict"], gate["n"], gate["attempts"]) == (1, FOUND.verdict, FOUND.n, FOUND.attempt)
    assert (gate["low"], gate["high"], gate["claim"]) == (estimate.low, estimate.high, FOUND.claim.text)
    assert printed["stage"] == ASSESSED.stage
    assert len(printed["blockers"]) == len(ASSESSED.blockers) + len(ASSESSED.later)
    assert printed["ledger_verified"] is True
