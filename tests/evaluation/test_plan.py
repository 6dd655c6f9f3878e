"""Plans: the order of the schedule, what to ask next, when to stop, and how repeats are read."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.samples import CLAIM, items, plan

from pilotage.core.errors import EvidenceError
from pilotage.core.statistics.gate import Verdict, assess_outcomes
from pilotage.evaluation.outcome import PASS, Outcome, State
from pilotage.evaluation.plan import (
    Ask,
    Plan,
    Progress,
    Recorded,
    assess_disagreement,
    digest_of_outcomes,
    plan_progress,
    plan_run,
)
from pilotage.registry.kinds.evaluation import Claim

STATES: tuple[State, ...] = ("pass", "fail", "not-measured")


def recorded(of: Plan, slot: int, state: State = "pass", answer: str | None = "x") -> Recorded:
    """Make a recorded outcome for a slot."""
    return Recorded(of.schedule[slot].id, Outcome(state), answer, 0.1, 1)


def test_the_schedule_is_a_shuffle_without_replacement() -> None:
    """Every item stands in the schedule once; the seed alone decides where, not the order of lines in the file."""
    there = plan_run(items(50), CLAIM, attempt=1, repeats=1, seed=3)
    back = plan_run(items(50)[::-1], CLAIM, attempt=1, repeats=1, seed=3)
    other = plan_run(items(50), CLAIM, attempt=1, repeats=1, seed=4)

    assert there == back
    assert there.schedule != other.schedule
    assert set(there.schedule) == set(other.schedule) == set(items(50))


def test_the_order_is_the_same_for_ever() -> None:
    """The shuffle is a published function of seed and id, so a later version or another language repeats it."""
    assert [item.id for item in plan(6, seed=1).schedule] == ["i3", "i4", "i0", "i1", "i5", "i2"]


def test_the_cap_cuts_the_schedule() -> None:
    """No more items are scheduled than the claim allows."""
    claim = Claim(text="x", p0=0.8, p1=0.9, cap=10)

    assert len(plan(50, claim=claim).schedule) == 10
    assert len(plan(5, claim=claim).schedule) == 5
    assert plan(5, claim=claim).can_meet is False
    assert plan(50).can_meet is True


@given(st.lists(st.sampled_from(STATES), min_size=1, max_size=60), st.randoms(use_true_random=False))
def test_arrival_order_changes_nothing(states: list[State], chance: random.Random) -> None:
    """Outcomes in whatever order give the gate of schedule order."""
    of = plan(len(states))
    order = list(range(len(states)))
    chance.shuffle(order)
    progress = Progress(of)
    for slot in order:
        progress.accept(Ask(slot, 0), recorded(of, slot, states[slot]))

    assert progress.process == assess_outcomes(of.design, [Outcome(state).gate_value for state in states])


def test_slots_are_asked_in_order_and_no_further_ahead_than_is_safe() -> None:
    """A gate needs several answers whatever comes: so far, or by the concurrency if more, one may ask ahead."""
    of = plan(100, claim=Claim(text="x", p0=0.9, p1=0.95, cap=100))
    needed = Progress(of).process.surely_needed
    progress, pending = Progress(of), set[Ask]()
    while (ask := progress.next_ask(pending, concurrency=2)) is not None:
        pending.add(ask)

    assert needed > 2
    assert sorted(pending) == [Ask(slot, 0) for slot in range(needed)]
    assert progress.next_ask(pending, concurrency=needed + 3) == Ask(needed, 0)
    assert progress.next_ask(pending, concurrency=2, held=1) == Ask(needed, 0)


@given(st.integers(1, 20), st.floats(0.3, 1), st.randoms(use_true_random=False))
def test_no_more_than_concurrency_less_one_answers_are_in_vain(
    concurrency: int, rate: float, chance: random.Random
) -> None:
    """However answers overtake each other, those behind the decision number at most the concurrency less one."""
    of = plan(120)
    progress, flying = Progress(of), set[Ask]()
    while True:
        while len(flying) < concurrency and (ask := progress.next_ask(flying, concurrency=concurrency)) is not None:
            flying.add(ask)
        if not flying:
            break
        ask = chance.choice(sorted(flying))
        flying.remove(ask)
        progress.accept(ask, recorded(of, ask.slot, "pass" if chance.random() < rate else "fail"))

    assert progress.finished
    assert len(progress.recorded) - progress.process.n <= concurrency - 1


def test_repeats_follow_the_decision_and_only_for_what_counts() -> None:
    """Once the gate has decided, the prompts that it counted are asked again, and no others."""
    of = plan(100, repeats=3)
    progress = Progress(of)
    while (ask := progress.next_ask(set(), concurrency=1)) is not None and ask.repeat == 0:
        progress.accept(ask, recorded(of, ask.slot))
    n = progress.process.n
    assert progress.process.verdict is Verdict.MEETS

    asked: list[Ask] = []
    while (ask := progress.next_ask(set(), concurrency=1)) is not None:
        asked.append(ask)
        progress.accept(ask, recorded(of, ask.slot, "fail"))

    assert asked == [Ask(slot, repeat) for slot in range(n) for repeat in (1, 2)]
    assert progress.finished
    assert (progress.process.n, progress.process.verdict) == (n, Verdict.MEETS)


def test_running_out_of_items_ends_undecided() -> None:
    """With too few items the gate stays undecided, and the run is over all the same."""
    of = plan(3)
    progress = plan_progress(of, {Ask(slot, 0): recorded(of, slot) for slot in range(3)})

    assert progress.finished
    assert (progress.process.n, progress.process.verdict) == (3, Verdict.UNDECIDED)


def test_another_schedule_is_refused() -> None:
    """Outcomes that were recorded for other items are never counted."""
    of = plan(3)

    with pytest.raises(EvidenceError, match="another schedule"):
        plan_progress(of, {Ask(0, 0): Recorded("someone else", PASS, None, 0, 1)})
    with pytest.raises(EvidenceError, match="another schedule"):
        plan_progress(of, {Ask(3, 0): Recorded("i3", PASS, None, 0, 1)})


def test_disagreement_is_the_share_of_prompts_with_differing_answers() -> None:
    """Prompts with one answer, or none, say nothing; of the others each counts once however often it was asked."""
    of = plan(4, repeats=3)
    progress = Progress(of)
    answers: list[list[str | None]] = [["a", "a", "a"], ["a", "b", "c"], ["a", None, "b"], ["a", None, None]]
    for slot, given_answers in enumerate(answers):
        for repeat, answer in enumerate(given_answers):
            progress.accept(Ask(slot, repeat), recorded(of, slot, answer=answer))

    found = assess_disagreement(progress)

    assert found is not None
    assert (found.n, found.point) == (3, pytest.approx(2 / 3))
    assert found.low < found.point < found.high


def test_disagreement_is_unknown_where_nothing_was_asked_twice() -> None:
    """Asked once, a target cannot disagree with itself: unknown, not 0."""
    of = plan(1)

    assert assess_disagreement(plan_progress(of, {Ask(0, 0): recorded(of, 0)})) is None


def test_the_digest_covers_items_and_states_in_order() -> None:
    """Swapping two outcomes, or changing one, gives another digest; times and tries do not."""
    of = plan(2)
    first, second = recorded(of, 0), recorded(of, 1, "fail")
    slower = Recorded(first.item, first.outcome, None, 9.0, 3)

    assert digest_of_outcomes([first, second]) == digest_of_outcomes([slower, second])
    assert digest_of_outcomes([first, second]) != digest_of_outcomes([second, first])
    assert digest_of_outcomes([first]) != digest_of_outcomes([first, second])
