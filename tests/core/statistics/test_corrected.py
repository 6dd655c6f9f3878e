"""The gate on a judge's scores: right on average whatever the judge does, and never passed without labels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.core.statistics.simulate import SimulatedJudge, run_corrected

from pilotage.core.statistics.corrected import (
    METHOD,
    WORST,
    Corrected,
    CorrectedProcess,
    bets_of,
    corrected_sequence,
    estimate_of_corrected,
)
from pilotage.core.statistics.design import operating_characteristic
from pilotage.core.statistics.gate import GateDesign, Verdict
from pilotage.core.statistics.graded import GradedProcess
from pilotage.core.statistics.intervals import upper_bound

DESIGN = GateDesign(p0=0.9, p1=0.95, alpha=0.05, beta=0.1, cap=1000, attempt=None)
FLATTERING = SimulatedJudge(0.97, 0.60)


@st.composite
def answer_lists(draw: st.DrawFn, floor: float, most: int = 60) -> list[Corrected | None]:
    """Draw answers of any kind: judged, some of them labelled, some not measured."""
    unit = st.floats(0, 1) | st.sampled_from([0.0, 1.0])
    answer = st.builds(Corrected, unit, unit | st.none(), st.floats(floor, 1))
    return draw(st.lists(answer | st.none(), max_size=most))


def feed(process: CorrectedProcess, answers: Sequence[Corrected | None]) -> CorrectedProcess:
    """Run a gate over answers."""
    for answer in answers:
        process = process.after(answer)
    return process


@given(score=st.floats(0, 1), label=st.floats(0, 1), share=st.floats(0.01, 1))
def test_over_the_lot_the_value_is_the_label(score: float, label: float, share: float) -> None:
    """Drawn with its share or not, the value is the label on average, whatever the judge says; and it has bounds."""
    drawn, not_drawn = Corrected(score, label, share).value, Corrected(score, None, share).value
    assert share * drawn + (1 - share) * not_drawn == pytest.approx(label, abs=1e-9)
    for value in (drawn, not_drawn):
        assert 1 - 1 / share - 1e-9 <= value <= 1 / share + 1e-9


@given(data=st.data(), floor=st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_the_verdict_is_the_first_crossing_of_the_definition(data: st.DataObject, floor: float) -> None:
    """Bets 1 + lambda (value - p0) and 1 + lambda (p1 - value), written out, give the verdict answer by answer."""
    design = GateDesign(0.6, 0.8, 0.2, 0.2, 50, None)
    answers = data.draw(answer_lists(floor))
    up, down = bets_of(design, floor)
    least, most = 1 - 1 / floor, 1 / floor
    expected: tuple[Verdict, int | None] = (Verdict.UNDECIDED, None)
    above, below, labels, reached = list(up.weights), list(down.weights), 0, False
    for n, answer in enumerate(answers[: design.cap], start=1):
        value = (answer or WORST).value
        labels += answer is not None and answer.label is not None
        stakes = [(1 - kept) / (design.p0 - least) for kept in up.kept]
        above = [held * (1 + stake * (value - design.p0)) for held, stake in zip(above, stakes, strict=True)]
        stakes = [(1 - kept) / (most - design.p1) for kept in down.kept]
        below = [held * (1 + stake * (design.p1 - value)) for held, stake in zip(below, stakes, strict=True)]
        assume(abs(sum(above) * design.alpha - 1) > 1e-6)
        assume(abs(sum(below) * design.beta - 1) > 1e-6)
        reached = reached or sum(above) * design.alpha > 1
        if reached and labels >= 5:
            expected = (Verdict.MEETS, n)
            break
        if sum(below) * design.beta > 1:
            expected = (Verdict.FAILS, n)
            break
    process = feed(CorrectedProcess(design, floor, fewest_labels=5), answers)
    assert (process.verdict, process.decided_at) == expected


@given(data=st.data())
def test_with_every_answer_labelled_it_is_the_gate_on_grades(data: st.DataObject) -> None:
    """At a floor of 1 the judge counts for nothing: the labels decide, as grades would."""
    design = GateDesign(0.6, 0.8, 0.1, 0.1, 80, 2)
    labels = data.draw(st.lists(st.floats(0, 1) | st.sampled_from([0.0, 1.0]), max_size=80))
    scores = data.draw(st.lists(st.floats(0, 1), min_size=len(labels), max_size=len(labels)))
    judged = CorrectedProcess(design, 1.0, fewest_labels=0)
    graded = GradedProcess(design)
    for score, label in zip(scores, labels, strict=True):
        judged, graded = judged.after(Corrected(score, label, 1.0)), graded.after(label)
    assert (judged.verdict, judged.n, judged.decided_at) == (graded.verdict, graded.n, graded.decided_at)
    assert judged.total == pytest.approx(graded.total)


def test_an_uncalibrated_judge_never_passes_a_gate() -> None:
    """However often it says PASS: without thirty labels the gate stays undecided to its cap."""
    process = feed(CorrectedProcess(DESIGN, 0.25), [Corrected(1.0, None, 0.25)] * 1000)
    assert (process.verdict, process.n, process.labels, process.reached) == (Verdict.UNDECIDED, 1000, 0, True)
    few = feed(CorrectedProcess(DESIGN, 0.25), [Corrected(1.0, 1.0, 0.25)] * 29 + [Corrected(1.0, None, 0.25)] * 971)
    assert (few.verdict, few.labels) == (Verdict.UNDECIDED, 29)
    enough = feed(CorrectedProcess(DESIGN, 0.25), [Corrected(1.0, None, 0.25)] * 300 + [Corrected(1.0, 1.0, 0.25)] * 40)
    assert (enough.verdict, enough.decided_at, enough.labels) == (Verdict.MEETS, 330, 30)


def test_what_was_not_measured_is_no_label() -> None:
    """Answers that never came count as bad and bring no judge nearer to being calibrated."""
    process = feed(CorrectedProcess(DESIGN, 0.25, fewest_labels=30), [None] * 3)
    assert (process.n, process.labels, process.total) == (3, 0, 0.0)


def test_a_gate_that_waits_for_labels_may_still_fail() -> None:
    """What speaks against the claim counts while labels are missing."""
    process = feed(CorrectedProcess(DESIGN, 0.25, fewest_labels=500), [Corrected(1.0, None, 0.25)] * 600)
    assert process.reached
    process = feed(process, [Corrected(1.0, 0.0, 0.25)] * 400)
    assert process.verdict is Verdict.FAILS


@given(data=st.data(), floor=st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_answers_that_are_surely_needed_are_never_wasted(data: st.DataObject, floor: float) -> None:
    """No continuation is decided before so many more answers."""
    design = GateDesign(0.6, 0.8, 0.2, 0.2, 50, None)
    process = feed(CorrectedProcess(design, floor, fewest_labels=4), data.draw(answer_lists(floor, most=20)))
    needed = process.surely_needed
    assert (needed == 0) == process.finished
    worst_and_best = (Corrected(1.0, 0.0, floor), Corrected(0.0, 1.0, floor), *data.draw(answer_lists(floor, most=2)))
    for answer in worst_and_best:
        ahead = feed(process, [answer] * (needed - 1))
        assert ahead.finished == process.finished


@given(data=st.data())
def test_the_band_reaches_p0_exactly_when_the_bets_do(data: st.DataObject) -> None:
    """The lower end has reached p0 exactly when the bets on MEETS have; the labels may still be too few."""
    design = GateDesign(0.6, 0.8, 0.2, 0.2, 60, 1)
    good = data.draw(st.integers(0, 8))
    tenth = st.integers(0, 9).map(lambda number: float(number >= good))
    answers = data.draw(st.lists(st.builds(Corrected, tenth, tenth | st.none(), st.just(0.5)), min_size=1, max_size=60))
    process = feed(CorrectedProcess(design, 0.5, fewest_labels=8), answers)
    bands = corrected_sequence(answers[: process.n], 0.5, 1 - 2 * design.attempt_alpha)
    estimate = estimate_of_corrected(process, bands)
    assert max(band.low for band in bands) <= 1
    reached = any(abs(band.low - design.p0) < 1e-7 for band in bands)
    assume(not reached)
    assert any(band.low > design.p0 for band in bands) == process.reached
    assert (estimate.n, estimate.method) == (process.n, METHOD)
    assert 0 <= estimate.low <= estimate.point <= estimate.high <= 1


def test_many_gates_at_once_are_the_shipped_gate_step_by_step() -> None:
    """The simulations of these tests give, gate by gate, what the process gives, label counts included."""
    design = GateDesign(0.7, 0.8, 0.1, 0.1, 300, None)
    rate, floor, runs = 0.78, 0.25, 30
    ends = run_corrected(design, FLATTERING, rate, floor, runs, seed=4)
    random = np.random.default_rng(4)
    processes = [CorrectedProcess(design, floor)] * runs
    alive = list(range(runs))
    while alive:
        size = len(alive)
        label = random.random(size) < rate
        right = random.random(size) < np.where(label, FLATTERING.sensitivity, FLATTERING.specificity)
        drawn = random.random(size) < floor
        for place, run in enumerate(alive):
            score = float(label[place]) if right[place] else 1.0 - float(label[place])
            known = float(label[place]) if drawn[place] else None
            processes[run] = processes[run].after(Corrected(score, known, floor))
        alive = [run for run in alive if not processes[run].finished]
    assert [process.verdict is Verdict.MEETS for process in processes] == ends.met.tolist()
    assert [process.verdict is Verdict.FAILS for process in processes] == ends.failed.tolist()
    assert [process.n for process in processes] == ends.n.tolist()
    assert [process.labels for process in processes] == ends.labels.tolist()
    assert 0 < ends.met.sum() < runs


@pytest.mark.parametrize("floor", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("p0", [0.90, 0.85])
def test_a_judge_that_flatters_passes_no_false_claim(p0: float, floor: float) -> None:
    """It passes four of ten bad answers. At a rate just under p0, 2,000 gates: the 99 % bound is under alpha + .01."""
    design = GateDesign(p0, p0 + 0.05, 0.05, 0.1, 1000, None)
    ends = run_corrected(design, FLATTERING, p0 - 0.001, floor, 2000, seed=11)
    assert upper_bound(int(ends.met.sum()), 2000, 0.99) <= design.alpha + 0.01


@pytest.mark.parametrize(
    ("judge", "name"),
    [
        (SimulatedJudge(1.0, 0.0), "always PASS"),
        (SimulatedJudge(0.0, 1.0), "always FAIL"),
        (SimulatedJudge(0.5, 0.5), "random"),
        (SimulatedJudge(0.0, 0.0), "inverted"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_judge_whatever_passes_false_claims_more_often_than_said(judge: SimulatedJudge, name: str) -> None:
    """Whether it praises all, damns all, throws a coin or lies: at p0 itself the error holds, over 2,000 gates."""
    ends = run_corrected(DESIGN, judge, 0.9, 0.25, 2000, seed=12)
    assert upper_bound(int(ends.met.sum()), 2000, 0.99) <= DESIGN.alpha + 0.01, name


def test_the_judge_alone_falls_into_the_trap() -> None:
    """A system of .80 looks like .856 to the flattering judge, whose word alone passes "more than .80" nearly always.

    The gate on outcomes with the judge's word for them is computed exactly; ours is simulated 4,000 times.
    """
    reported = 0.97 * 0.80 + (1 - 0.60) * (1 - 0.80)
    design = GateDesign(0.80, 0.85, 0.05, 0.1, 1000, None)
    assert reported == pytest.approx(0.856)
    assert operating_characteristic(design, reported).meets > 0.9
    corrected = run_corrected(design, FLATTERING, 0.80, 0.5, 4000, seed=5)
    assert upper_bound(int(corrected.met.sum()), 4000, 0.99) <= 0.06


@pytest.mark.parametrize("floor", [0.0, -0.1, 1.1, math.nan])
def test_a_floor_that_cannot_be_is_refused(floor: float) -> None:
    """An answer that is never drawn cannot be weighed."""
    with pytest.raises(ValueError, match="the least share of answers to be labelled must lie"):
        CorrectedProcess(DESIGN, floor)
    with pytest.raises(ValueError, match="the least share of answers to be labelled must lie"):
        corrected_sequence([], floor)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Corrected(1.2, None, 0.5), "a judge's score lies between 0 and 1, not 1.2"),
        (Corrected(math.nan, None, 0.5), "a judge's score lies"),
        (Corrected(1.0, -1.0, 0.5), "a label lies between 0 and 1, not -1.0"),
        (Corrected(1.0, 1.0, 0.2), "from 0.25"),
        (Corrected(1.0, 1.0, 1.5), "to 1, not 1.5"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(answer: Corrected, said: str) -> None:
    """A score, a label or a share outside its range is named, at the gate and for the band."""
    with pytest.raises(ValueError, match=said):
        CorrectedProcess(DESIGN, 0.25).after(answer)
    with pytest.raises(ValueError, match=said):
        corrected_sequence([answer], 0.25)


def test_a_gate_that_counted_nothing_has_no_estimate() -> None:
    """Nothing seen is unknown, and a finished gate stays as it is."""
    with pytest.raises(ValueError, match=r"keep it unknown \(None\)"):
        estimate_of_corrected(CorrectedProcess(DESIGN, 0.25), [])
    finished = feed(CorrectedProcess(DESIGN, 0.25), [None] * 100)
    assert finished.verdict is Verdict.FAILS
    assert finished.after(Corrected(1.0, 1.0, 0.25)) is finished
