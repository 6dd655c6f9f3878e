"""The gate: one verdict, fixed by the outcomes in schedule order, whatever the order in which they arrive."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pilotage.core.errors import EvidenceError
from pilotage.core.statistics.e_process import log_e_value
from pilotage.core.statistics.gate import (
    LARGEST_CAP,
    GateDesign,
    GateProcess,
    ScheduleBuffer,
    Verdict,
    assess_outcomes,
    boundaries,
)

UNDIVIDED = GateDesign(p0=0.9, p1=0.95, alpha=0.05, beta=0.1, cap=1000, attempt=None)
QUICK = GateDesign(p0=0.5, p1=0.8, alpha=0.1, beta=0.1, cap=40)
ORDER = [Verdict.FAILS, Verdict.UNDECIDED, Verdict.MEETS]


@st.composite
def designs(draw: st.DrawFn) -> GateDesign:
    """Draw designs of every kind that decide within a short run."""
    p0 = draw(st.floats(0.05, 0.95))
    p1 = p0 + (1 - p0) * draw(st.floats(0.05, 0.95))
    errors = st.floats(0.01, 0.45)
    return GateDesign(
        p0, p1, draw(errors), draw(errors), draw(st.integers(1, 120)), draw(st.none() | st.integers(1, 5))
    )


@st.composite
def outcome_lists(draw: st.DrawFn, max_size: int = 150) -> list[bool | None]:
    """Draw runs of outcomes from mostly failed to all passed, some of them not measured."""
    passing = draw(st.integers(0, 20))
    outcome = st.integers(0, 19).map(lambda number: number < passing) | st.sampled_from([True, True, False, None])
    return draw(st.lists(outcome, max_size=max_size))


def seen(process: GateProcess) -> tuple[Verdict, int, int, int | None]:
    """Give what must not depend on the order of arrival."""
    return process.verdict, process.n, process.passes, process.decided_at


def test_all_passing_meets_as_early_as_the_design_allows() -> None:
    """With p0 .90 and the whole of alpha .05, forty-three passes in a row are the least that meets."""
    process = assess_outcomes(UNDIVIDED, [True] * 1000)
    assert seen(process) == (Verdict.MEETS, 43, 43, 43)
    assert UNDIVIDED.fewest_calls == 43
    assert UNDIVIDED.for_attempt(1).fewest_calls == 51


def test_all_failing_fails_at_once() -> None:
    """Four failures in a row are enough to give up a rate of .95 against .90."""
    assert seen(assess_outcomes(UNDIVIDED, [False] * 9)) == (Verdict.FAILS, 4, 0, 4)


def test_at_the_cap_the_gate_stays_undecided() -> None:
    """Neither line crossed within the cap: undecided, finished, and nothing counts afterwards."""
    design = GateDesign(0.9, 0.95, 0.05, 0.1, cap=20)
    process = assess_outcomes(design, [True] * 30)
    assert seen(process) == (Verdict.UNDECIDED, 20, 20, None)
    assert process.finished
    assert process.after(outcome=True) is process
    assert not design.can_meet


def test_not_measured_counts_as_failed() -> None:
    """An outcome that could not be measured moves the gate exactly as a failure does."""
    assert seen(assess_outcomes(QUICK, [True, None, None, True, None])) == seen(
        assess_outcomes(QUICK, [True, False, False, True, False])
    )


@given(design=designs(), outcomes=outcome_lists())
def test_the_verdict_is_the_first_crossing_of_the_definition(design: GateDesign, outcomes: list[bool | None]) -> None:
    """The lines give the verdict that the e-value and the likelihood ratio give call by call."""
    expected: tuple[Verdict, int | None] = (Verdict.UNDECIDED, None)
    for n, passes in enumerate(accumulate(map(bool, outcomes[: design.cap])), start=1):
        evidence = log_e_value(design.p0, n, passes) + math.log(design.attempt_alpha)
        futility = (
            passes * math.log(design.p0 / design.p1)
            + (n - passes) * math.log((1 - design.p0) / (1 - design.p1))
            + math.log(design.beta)
        )
        assume(min(abs(evidence), abs(futility)) > 1e-7)
        assert not (evidence > 0 and futility > 0)
        if evidence > 0 or futility > 0:
            expected = (Verdict.MEETS if evidence > 0 else Verdict.FAILS, n)
            break
    process = assess_outcomes(design, outcomes)
    assert (process.verdict, process.decided_at) == expected


@given(design=designs(), outcomes=outcome_lists(), data=st.data())
def test_any_order_of_arrival_gives_the_verdict_of_the_schedule(
    design: GateDesign, outcomes: list[bool | None], data: st.DataObject
) -> None:
    """Whatever arrives first: verdict, n, passes and the deciding call are those of schedule order."""
    arrival = data.draw(st.permutations(range(len(outcomes))))
    buffer = ScheduleBuffer(design)
    for slot in arrival:
        buffer.accept(slot, outcomes[slot])
    assert seen(buffer.process) == seen(assess_outcomes(design, outcomes))
    counted = buffer.process.n
    assert buffer.waiting == ()
    assert buffer.overshoot == tuple(range(counted, len(outcomes)))


@given(design=designs(), outcomes=outcome_lists(), data=st.data())
def test_a_gap_holds_everything_behind_it_back(
    design: GateDesign, outcomes: list[bool | None], data: st.DataObject
) -> None:
    """While a slot is missing, the gate stands where the slots before it leave it."""
    assume(outcomes)
    gap = data.draw(st.integers(0, len(outcomes) - 1))
    buffer = ScheduleBuffer(design)
    for slot in data.draw(st.permutations([slot for slot in range(len(outcomes)) if slot != gap])):
        buffer.accept(slot, outcomes[slot])
    before = assess_outcomes(design, outcomes[:gap])
    assert seen(buffer.process) == seen(before)
    if not before.finished:
        assert buffer.waiting == tuple(range(gap + 1, len(outcomes)))


@given(design=designs(), outcomes=outcome_lists(), data=st.data())
def test_a_pass_never_harms_and_not_measuring_never_helps(
    design: GateDesign, outcomes: list[bool | None], data: st.DataObject
) -> None:
    """An outcome turned into a pass never worsens the verdict; one lost or added unmeasured never helps."""
    assume(outcomes)
    at = data.draw(st.integers(0, len(outcomes) - 1))

    def rank(changed: list[bool | None]) -> int:
        return ORDER.index(assess_outcomes(design, changed).verdict)

    now = rank(outcomes)
    assert rank([*outcomes[:at], True, *outcomes[at + 1 :]]) >= now
    assert rank([*outcomes[:at], None, *outcomes[at + 1 :]]) <= now
    assert rank([*outcomes[:at], None, *outcomes[at:]]) <= now


@given(design=designs(), outcomes=outcome_lists(), data=st.data())
def test_a_run_that_is_continued_ends_as_one_that_was_not_stopped(
    design: GateDesign, outcomes: list[bool | None], data: st.DataObject
) -> None:
    """A gate is one process: stopping after any call and going on changes nothing."""
    at = data.draw(st.integers(0, len(outcomes)))
    process = assess_outcomes(design, outcomes[:at])
    for outcome in outcomes[at:]:
        process = process.after(outcome)
    assert seen(process) == seen(assess_outcomes(design, outcomes))


@given(design=designs(), outcomes=outcome_lists())
def test_calls_that_are_surely_needed_are_never_wasted(design: GateDesign, outcomes: list[bool | None]) -> None:
    """However they turn out, the calls said to be needed all count, and the last of them may decide."""
    process = assess_outcomes(design, outcomes)
    needed = process.surely_needed
    assert (needed == 0) == process.finished
    ends: list[GateProcess] = []
    for outcome in (True, False):
        ahead = process
        for _ in range(needed - 1):
            ahead = ahead.after(outcome)
        assert ahead.finished == process.finished
        ends.append(ahead.after(outcome))
    assert any(end.finished for end in ends)


def test_early_answers_of_a_slow_run_decide_nothing() -> None:
    """Failures that take longer arrive last: sixty early passes do not meet while earlier slots are open."""
    buffer = ScheduleBuffer(UNDIVIDED)
    for slot in range(4, 64):
        buffer.accept(slot, outcome=True)
    assert seen(buffer.process) == (Verdict.UNDECIDED, 0, 0, None)
    for slot in range(4):
        buffer.accept(slot, outcome=False)
    assert seen(buffer.process) == (Verdict.FAILS, 4, 0, 4)
    assert len(buffer.overshoot) == 60


def test_an_outcome_that_comes_twice_counts_once() -> None:
    """A call repeated after a resumed run counts once; a second, different outcome is refused."""
    buffer = ScheduleBuffer(QUICK)
    buffer.accept(0, outcome=True)
    assert buffer.accept(0, outcome=True).n == 1
    with pytest.raises(EvidenceError, match=r"slot 0 already has the outcome True.*keep the first answer"):
        buffer.accept(0, outcome=False)
    with pytest.raises(EvidenceError, match="slot 0 already"):
        buffer.accept(0, None)
    with pytest.raises(ValueError, match="slots count from 0"):
        buffer.accept(-1, outcome=True)
    assert seen(buffer.process) == (Verdict.UNDECIDED, 1, 1, None)


@pytest.mark.parametrize("outcome", [0.97, "yes", 2, math.nan])
def test_a_score_is_not_an_outcome(outcome: Any) -> None:  # noqa: ANN401 - wrong types are what is tested
    """What is neither passed, failed nor not measured is refused, by the process and by the buffer."""
    takers: list[Callable[[Any], object]] = [
        GateProcess(QUICK).after,
        lambda wrong: ScheduleBuffer(QUICK).accept(0, wrong),
        lambda wrong: assess_outcomes(QUICK, [wrong]),
    ]
    for take in takers:
        with pytest.raises(ValueError, match="an outcome is True, False or None"):
            take(outcome)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"p0": 0.0}, "p0 must lie between 0 and 1"),
        ({"p0": 90}, "p0 must lie between 0 and 1"),
        ({"p1": 1.0}, "p1 must lie between 0 and 1"),
        ({"p1": math.nan}, "p1 must lie between 0 and 1"),
        ({"p1": 0.9}, "p1 must lie above p0"),
        ({"alpha": 0.0}, "alpha must lie between"),
        ({"alpha": 0.5}, "alpha must lie between"),
        ({"beta": math.nan}, "beta must lie between"),
        ({"cap": 0}, "cap must be a whole number from 1 to"),
        ({"cap": LARGEST_CAP + 1}, "cap must be a whole number from 1 to"),
        ({"cap": 10.5}, "cap must be a whole number"),
        ({"attempt": 0}, "attempt must be a whole number from 1"),
        ({"attempt": math.inf}, "attempt must be a whole number from 1"),
    ],
)
def test_a_design_that_cannot_be_is_refused(changed: dict[str, Any], said: str) -> None:
    """Each impossible field is named, with what would do."""
    fields: dict[str, Any] = {"p0": 0.9, "p1": 0.95, "alpha": 0.05, "beta": 0.1, "cap": 100}
    with pytest.raises(ValueError, match=said):
        GateDesign(**(fields | changed))


def test_attempts_share_alpha() -> None:
    """Attempt k may risk alpha/(k(k+1)): half at first, and all attempts together never more than alpha."""
    shares = [QUICK.for_attempt(attempt).attempt_alpha for attempt in range(1, 1000)]
    assert shares[0] == pytest.approx(QUICK.alpha / 2)
    assert sum(shares) < QUICK.alpha
    assert QUICK.for_attempt(None).attempt_alpha == QUICK.alpha


def test_a_claim_that_an_idle_baseline_holds_is_trivial() -> None:
    """Whoever always names the commonest queue with .93 would hold a claim of more than .90."""
    assert UNDIVIDED.is_trivial(0.93)
    assert not UNDIVIDED.is_trivial(0.90)


@given(design=designs())
def test_the_lines_rise_and_leave_a_way_between_them(design: GateDesign) -> None:
    """Each line rises by at most one per call, and the two end early only where they have closed."""
    lines = boundaries(design)
    assert [line.n for line in lines] == list(range(1, len(lines) + 1))
    for earlier, later in pairwise(lines):
        if earlier.meets_at is not None:
            assert later.meets_at in (earlier.meets_at, earlier.meets_at + 1)
        if earlier.fails_at is not None:
            assert later.fails_at in (earlier.fails_at, earlier.fails_at + 1)
    last = lines[-1]
    if last.n < design.cap:
        assert last.meets_at is not None
        assert last.fails_at is not None
        assert last.meets_at <= last.fails_at + 1
    assert design.can_meet == any(line.meets_at is not None for line in boundaries(design)) or last.n < design.cap


@pytest.mark.long
def test_the_largest_cap_is_walked_through() -> None:
    """A million calls at p0 itself, between lines far apart, are counted to the end."""
    design = GateDesign(0.9, 0.9001, 0.05, 0.1, LARGEST_CAP)
    process = assess_outcomes(design, (slot % 10 > 0 for slot in range(LARGEST_CAP)))
    assert seen(process) == (Verdict.UNDECIDED, LARGEST_CAP, 900_000, None)
    assert process.finished
