"""Tests of the report of a run: figures in the claim's own words, what n can prove, whose turn, and texts made safe."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation import report_samples as sample

from pilotage.core.amount import Amount
from pilotage.core.canonical import digest_of_bytes
from pilotage.evaluation.outcome import Outcome, State
from pilotage.evaluation.reports.files import items_as_csv, report_as_json
from pilotage.evaluation.reports.item_lines import AskRow, ItemLine, plan_items, visible_text
from pilotage.evaluation.reports.report import (
    Calls,
    Counts,
    Labelling,
    RunFacts,
    RunReport,
    assess_proof,
    calls_in_words,
    claim_in_words,
    corrected_in_words,
    failure_in_words,
    figure_text,
    plan_line,
    plan_report,
)
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.measurement import ClaimFigures, DatasetOpened, LabelFigures, Measurement, SourceFigures
from pilotage.ledger.records.record import EstimateFigures
from pilotage.registry.catalog import Catalog


def opening(**changes: object) -> DatasetOpened:
    """Make the record that opened a run."""
    plain: dict[str, Any] = {
        "run": sample.run_id(1), "use_case": "claims", "release": sample.RELEASE, "evaluation": "routing",
        "dataset": "inbox", "dataset_digest": digest_of_bytes(b"data"), "sealed": False,
        "items": digest_of_bytes(b"items"), "measures": "promise", "plan": sample.PLAN,
        "scorer": digest_of_bytes(b"scorer"),
        "claim": sample.CLAIM, "attempt": 1, "seed": 7,
    }  # fmt: skip
    return DatasetOpened.model_validate(plain | changes)


def found(opened: DatasetOpened, **changes: object) -> Measurement:
    """Make a verdict over 30 items of which 27 passed."""
    plain: dict[str, Any] = {
        **opened.model_dump(exclude={"items", "seed"}),
        "parts": {}, "measures": {"share": "promise"}.get(opened.claim.form, opened.claim.form),
        "dataset_items": 120, "sample": False, "gate": "binary", "verdict": "UNDECIDED", "n": 30, "passes": 27,
        "not_measured": 1, "baseline": None, "disagreement": None, "band": (), "environment": {},
        "estimate": {"point": 0.9, "low": 0.7, "high": 0.98, "n": 30, "confidence": 0.9, "method": "m"},
        "spent": {
            "calls": 31, "calls_fixed_design": 60, "tokens_in": None, "tokens_out": None, "energy": None,
            "seconds": 9.0, "money": {"low": "0.30", "high": "0.60", "unit": "EUR"},
        },
        "outcomes": digest_of_bytes(b"outcomes"), "started": sample.NOW, "finished": sample.NOW + timedelta(hours=1),
    }  # fmt: skip
    return Measurement.model_validate(plain | changes)


def report(
    opened: DatasetOpened, finding: Measurement | None = None, catalog: Catalog | None = None, **changes: object
) -> RunReport:
    """Make the report of a run from what its records say."""
    ledger = MemoryLedger(sample.ManualClock(sample.NOW))
    entry = None if finding is None else ledger.append(finding)
    facts = replace(RunFacts(opened=opened, finding=entry, counts=Counts(2, 1, 27)), **changes)
    return plan_report(facts, plan_line(opened, entry, sample.NOW), catalog or sample.catalog())


def test_a_share_is_told_as_it_is() -> None:
    """The estimate of a share is the share that passed, and the claim names what must be exceeded."""
    made = report(opening(), found(opening()))

    assert made.line.estimate is not None
    assert (0.9, 0.7, 0.98) == (made.line.estimate.point, made.line.estimate.low, made.line.estimate.high)
    assert "more than 80 % pass (95 % believed)" == claim_in_words(made.line.claim)
    assert ("finished", None, "Routing of claims") == (made.standing, made.turn, made.title)


def test_an_attack_is_told_as_success_rate() -> None:
    """The gate bets on the share resisted; the report tells the share that succeeded."""
    opened = opening(claim=sample.ATTACK)
    made = report(opened, found(opened))

    assert made.line.estimate is not None
    assert made.line.estimate.point == pytest.approx(0.1)
    assert made.line.estimate.low == pytest.approx(0.02)
    assert "fewer than 5 % of the attacks succeed (1 % believed)" == claim_in_words(made.line.claim)
    assert made.proof
    assert "false refusals are unknown" in made.benign


def test_a_comparison_is_told_as_difference() -> None:
    """The gate bets on (difference + 1) / 2; the report tells the difference in points."""
    opened = opening(claim=sample.COMPARISON)
    made = report(opened, found(opened))
    allowed = sample.COMPARISON.model_copy(update={"p0": 0.49, "p1": 0.5})

    assert made.line.estimate is not None
    assert "+80 points" == figure_text("comparison", made.line.estimate.point)
    assert "better than the baseline on the same items (+10 points believed)" == claim_in_words(made.line.claim)
    assert "at most 2 points worse than the baseline on the same items (0 points believed)" == claim_in_words(allowed)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(0, 0, 59), "0 of 59: under 5 %"),
        (Counts(0, 0, 299), "0 of 299: under 1 %"),
    ],
)
def test_an_attack_says_what_n_can_prove(counts: Counts, words: str) -> None:
    """No success in 59 attacks proves under 5 %, none in 299 under 1 %."""
    assert words in assess_proof(counts)


def test_an_attack_that_gave_no_answer_counts_as_success() -> None:
    """What was not measured is not resisted, so it is among the successes; without any attack nothing is proven."""
    assert assess_proof(Counts(2, 1, 56)).startswith("3 of 59")
    assert "nothing is proven" in assess_proof(Counts(0, 0, 0))


def test_false_refusals_stand_beside_an_attack() -> None:
    """The refusal rate of the named benign evaluation is told with its interval, and whether it is of this Release."""
    opened = opening(claim=sample.ATTACK)
    attack = sample.evaluation(
        measures="attack", benign="benign", claim={"text": "x", "success_below": 0.05, "believed": 0.01}
    )
    named = sample.catalog(attack, sample.evaluation("benign"))
    benign = found(opening(evaluation="benign"), evaluation="benign")

    same = report(opened, None, named, benign=benign)
    other = report(opened, None, named, benign=benign.model_copy(update={"release": sample.OTHER_RELEASE}))
    none = report(opened, None, named)

    assert same.refusals is not None
    assert same.refusals.point == pytest.approx(0.1)
    assert same.refusals.high == pytest.approx(0.3)
    assert "10 %" in same.benign
    assert "this Release" in same.benign
    assert "an earlier Release" in other.benign
    assert "pilotage evaluation run benign" in none.benign


def test_the_report_says_what_the_claim_is_about() -> None:
    """The population is named where it is declared, and its absence where it is not."""
    named = report(opening(), found(opening()))
    nameless = report(opening(), found(opening()), sample.catalog(population=None))
    going = report(opening())

    assert "letters of April" in named.about
    assert "30 of the 120 items" in named.about
    assert "nobody declared" in nameless.about
    assert "letters of April" in going.about


def test_results_of_another_tool_are_told_as_such() -> None:
    """Imported results name no shuffle that nobody made."""
    source = SourceFigures(tool="garak", tool_version="1", file=digest_of_bytes(b"f"), task="t", marks=("summary",))
    ledger = MemoryLedger(sample.ManualClock(sample.NOW))
    entry = ledger.append(found(opening(), source=source, gate="fixed-n"))
    made = plan_report(
        RunFacts(opened=None, finding=entry, counts=Counts(3, 0, 27)), plan_line(None, entry, sample.NOW), None
    )

    assert "another tool" in made.about
    assert "shuffle" not in made.about
    assert made.line.seed is None


def test_it_says_whose_turn_it_is() -> None:
    """A run that waits for labels names who labels and how many are missing; one that can go on says how."""
    waiting = report(opening(), labelling=Labelling(12, 5))
    going = report(opening(), labelling=Labelling(12, 12))

    assert waiting.turn is not None
    assert ("waiting", "team: clerks") == (waiting.standing, waiting.turn.who)
    assert "7 answers wait" in waiting.turn.step
    assert going.turn is not None
    assert "going" == going.standing
    assert "pilotage evaluation run routing" in going.turn.step


def test_the_corrected_share_says_how_it_was_found() -> None:
    """From 100 labels on it is PPI++; before that the labels alone."""
    estimate = EstimateFigures(point=0.9, low=0.8, high=0.95, n=99, confidence=0.95, method="m")
    plain: dict[str, Any] = {
        "judge": digest_of_bytes(b"judge"), "share": 0.5, "labellers": 2, "agreement": estimate,
        "sensitivity": estimate, "specificity": None, "judged": estimate, "corrected": estimate,
    }  # fmt: skip

    assert "alone" in corrected_in_words(LabelFigures(labels=99, **plain))
    assert "PPI++" in corrected_in_words(LabelFigures(labels=100, **plain))
    for count in (99, 100):
        assert "right at a fixed n; the gate's own" in corrected_in_words(LabelFigures(labels=count, **plain))


def test_a_report_needs_a_record() -> None:
    """Without any record of the run there is nothing to report."""
    with pytest.raises(ValueError, match="neither"):
        plan_line(None, None, sample.NOW)


def test_machines_read_the_claims_own_figures() -> None:
    """The JSON holds the estimate in the claim's words, why sealed texts are missing, and no band upside down."""
    opened = opening(claim=sample.ATTACK, sealed=True)
    band = ({"n": 1, "point": 0.9, "low": 0.7, "high": 0.98},)
    value = report_as_json(report(opened, found(opened, band=band)))

    assert value["found"]["point"] == pytest.approx(0.1)
    assert "spoil" in value["sealed_why"] or "tune" in value["sealed_why"]
    assert value["band"][0]["low"] <= value["band"][0]["point"] <= value["band"][0]["high"]


def row(state: State = "pass", **changes: Any) -> AskRow:  # noqa: ANN401 - fields by name
    """Make one question of slot 0."""
    plain: dict[str, Any] = {
        "slot": 0, "repeat": 0, "side": "target", "item": "i0", "outcome": Outcome(state, "why" * (state != "pass")),
        "answer": "a", "call": None, "seconds": 1.0, "tries": 1,
    }  # fmt: skip
    return AskRow(**(plain | changes))


def only(rows: list[AskRow], costs: dict[str, Amount] | None = None) -> ItemLine:
    """Give the one line of some questions."""
    (line,) = plan_items(rows, {}, costs or {})
    return line


def test_an_item_is_as_good_as_its_worst_repeat() -> None:
    """One failure among repeats fails the item, with its reason; figures are summed, the grade is the mean."""
    line = only([row(), row("fail", repeat=1, answer="b"), row("not-measured", repeat=2, answer=None)])

    assert ("fail", "why", "different", 3.0, 3, 0.5) == (
        line.state, line.reason, line.answers, line.seconds, line.tries, line.score,
    )  # fmt: skip
    assert ("a", "b", None) == line.digests
    assert "equal" == only([row(), row(repeat=1)]).answers
    assert "once" == only([row()]).answers


def test_the_baseline_stands_beside_and_not_within() -> None:
    """What the baseline did is told apart, and its time and cost are not the target's."""
    line = only([row("fail", side="baseline"), row()])

    assert ("pass", "fail", 1.0, "once") == (line.state, line.baseline, line.seconds, line.answers)


def test_a_cost_that_is_unknown_in_part_is_unknown() -> None:
    """One call without a price, or two currencies, make an item's cost unknown and never too low."""
    euro, dollar = (Amount(Decimal(1), Decimal(2), unit) for unit in ("EUR", "USD"))
    two = [row(call="c1"), row(call="c2", repeat=1)]

    assert Amount(Decimal(2), Decimal(4), "EUR") == only(two, costs={"c1": euro, "c2": euro}).cost
    assert only(two, costs={"c1": euro}).cost is None
    assert only(two, costs={"c1": euro, "c2": dollar}).cost is None
    assert only([row()], costs={"c1": euro}).cost is None


@given(st.text(max_size=200))
def test_nothing_invisible_reaches_a_screen(text: str) -> None:
    """Whatever was answered, what is shown holds no control, direction or other invisible character but line ends."""
    shown = visible_text(text)
    hidden = {
        character
        for character in shown
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} and character not in "\n\u200c\u200d"
    }

    assert set() == hidden


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\tb", "a\\tb"),
        ("a\r\nb", "a\nb"),
        ("\u202egnp", "\\u202egnp"),
        ("\x7f\x9b", "\\x7f\\x9b"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_signs_stand_for_what_cannot_be_seen(text: str, shown: str) -> None:
    """Each kind of invisible character has its sign."""
    assert shown == visible_text(text)


def test_a_long_text_is_cut_with_a_note() -> None:
    """A text beyond the limit is cut, and the note says how long it was."""
    assert "aaaa… (cut: 4 of 9 characters)" == visible_text("a" * 9, 4)
    assert "aaaa" == visible_text("aaaa", 4)


@given(st.text(max_size=30), st.sampled_from("=+-@\t\r\n"))
def test_no_cell_is_a_formula(text: str, first: str) -> None:
    """A cell that begins like a formula gets an apostrophe before it, whatever follows."""
    line = only([row(item=first + text)])
    cells = "".join(items_as_csv([(line, None)])).split("\r\n", 1)[1]

    assert cells.removeprefix("0,").removeprefix('"').startswith("'")


@pytest.mark.parametrize(
    ("claim", "truth"),
    [
        (sample.CLAIM, "Where 95 % or more pass"),
        (sample.ATTACK, "Where 1 % or fewer of the attacks succeed"),
        (sample.COMPARISON, "Where the difference is +10 points or more"),
    ],
)
def test_what_decided_a_failure_is_said(claim: ClaimFigures, truth: str) -> None:
    """FAILS errs with beta, which no interval beside it shows, so a sentence says it in the claim's words."""
    told = failure_in_words(claim)

    assert told.startswith(truth)
    assert "so many failures have a chance of at most 10 % (beta)" in told


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        (Calls(128, 100), "128 calls for 100 answers"),
        (Calls(1, 1), "1 call for 1 answer, none made again"),
        (Calls(2_000, 0), "2,000 calls for 0 answers"),
    ],
)
def test_calls_are_told_against_answers(calls: Calls, words: str) -> None:
    """What was called again shows as calls beyond the answers."""
    assert calls_in_words(calls) == words
