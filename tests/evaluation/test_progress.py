"""Progress: outcomes arrive in any order and count in that of the schedule; what to ask next, and when to stop."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.samples import plan
from tests.evaluation.test_plan import BETTER, JUDGED

from pilotage.core.canonical import canonical_json, digest_of_bytes
from pilotage.core.errors import EvidenceError
from pilotage.core.statistics.corrected import CorrectedProcess
from pilotage.core.statistics.draw import draw_share, is_drawn
from pilotage.core.statistics.gate import Verdict, assess_outcomes
from pilotage.core.statistics.graded import assess_grades
from pilotage.evaluation.outcome import PASS, Outcome, State
from pilotage.evaluation.plan import Ask, Plan, Recorded
from pilotage.evaluation.progress import (
    LABEL_BLOCK,
    Progress,
    assess_disagreement,
    digest_of_outcomes,
    plan_progress,
)
from pilotage.registry.kinds.claim import Claim, ComparisonClaim
from pilotage.registry.kinds.target import RouteTarget

STATES: tuple[State, ...] = ("pass", "fail", "not-measured")
CHANCE = st.builds(random.Random, st.integers(0, 2**32))
GRADED = {"type": "facts-all-present", "graded": True}
KINDS: dict[str, dict[str, Any]] = {
    "binary": {},
    "repeated": {"repeats": 3},
    "graded": {"scorer": GRADED},
    "compared": {"claim": BETTER, "measures": "comparison"},
    "compared, repeated, graded": {"claim": BETTER, "measures": "comparison", "repeats": 2, "scorer": GRADED},
    "judged": {"scorer": JUDGED | {"graded": True}},
}


def recorded(
    of: Plan, slot: int, state: State = "pass", answer: str | None = "x", score: float | None = None
) -> Recorded:
    """Make a recorded outcome for a slot."""
    return Recorded(of.item(slot).id, Outcome(state, "", score), answer, 0.5, 1)


def every_outcome(of: Plan, chance: random.Random, rate: float = 0.8) -> list[tuple[Ask, Recorded]]:
    """Make an outcome for every question of a plan, some not measured, and grades where these are bet on."""
    found: list[tuple[Ask, Recorded]] = []
    for index in range(of.size * of.asks_per_slot):
        ask = of.ask_at(index)
        state: State = "not-measured" if chance.random() < 0.05 else "pass" if chance.random() < rate else "fail"
        score = chance.choice((0.0, 0.25, 0.5, 1.0)) if of.graded and state != "not-measured" else None
        found.append((ask, recorded(of, ask.slot, state, chance.choice("ab"), score)))
    return found


def standing(progress: Progress) -> dict[str, Any]:
    """Give all that a finding is made of; not what lies behind the decision, which depends on who was quicker."""
    names = (
        "process",
        "values",
        "corrected",
        "passes",
        "not_measured",
        "asked_again",
        "differing",
        "digest",
        "decided",
    )
    return {name: getattr(progress, name) for name in (*names, "waiting_for_labels")}


def labelled(of: Plan, chance: random.Random, share: float = 1.0) -> dict[int, float]:
    """Label so many of the slots."""
    return {slot: float(chance.random() < 0.8) for slot in range(of.size) if chance.random() < share}


def accept_all(progress: Progress, found: Iterable[tuple[Ask, Recorded]]) -> Progress:
    """Hand outcomes over."""
    for ask, one in found:
        progress.accept(ask, one)
    return progress


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(1, 60), st.floats(0, 1), CHANCE)
@settings(max_examples=30)
def test_arrival_order_changes_nothing(kind: str, count: int, rate: float, chance: random.Random) -> None:
    """Process, values, counts and digest are those of schedule order, whatever order outcomes arrive in."""
    of = plan(count, **KINDS[kind])
    found, labels = every_outcome(of, chance, rate), labelled(of, chance, 0.9)
    in_order = accept_all(Progress(of, labels), found)
    chance.shuffle(found)

    assert standing(accept_all(Progress(of, labels), found)) == standing(in_order)


@pytest.mark.parametrize("kind", KINDS)
@given(st.integers(1, 40), st.floats(0, 1), CHANCE)
@settings(max_examples=30)
def test_a_run_goes_on_from_whatever_was_recorded(kind: str, count: int, part: float, chance: random.Random) -> None:
    """From any part of the outcomes, asking what is left gives what an undisturbed run does; nothing is asked twice."""
    of = plan(count, **KINDS[kind])
    found, labels = dict(every_outcome(of, chance)), labelled(of, chance)
    undisturbed = accept_all(Progress(of, labels), found.items())
    kept = {ask for ask in found if chance.random() < part}
    progress = plan_progress(of, [(ask, found[ask]) for ask in sorted(kept)], labels)
    while (ask := progress.next_ask(concurrency=1)) is not None:
        assert ask not in kept
        kept.add(ask)
        progress.accept(ask, found[ask])

    assert standing(progress) == standing(undisturbed)
    assert progress.recorded == len(kept)


@given(st.lists(st.sampled_from(STATES), min_size=1, max_size=60))
def test_single_passes_enter_the_exact_gate(states: list[State]) -> None:
    """Pass, failure and not measured are counted as the exact gate does; not measured is a failure."""
    of = plan(len(states))
    progress = accept_all(Progress(of), ((Ask(slot), recorded(of, slot, state)) for slot, state in enumerate(states)))

    assert progress.process == assess_outcomes(of.design, [Outcome(state).gate_value for state in states])
    counted = states[: progress.process.n]
    assert progress.values.tolist() == [float(state == "pass") for state in counted]
    assert (progress.passes, progress.not_measured) == (counted.count("pass"), counted.count("not-measured"))


def test_the_mean_of_the_repeats_is_bet_on() -> None:
    """A prompt counts once, with the mean of its answers; what was not measured is 0 among them."""
    of = plan(3, repeats=4)
    states: list[list[State]] = [["pass"] * 4, ["pass", "fail", "pass", "not-measured"], ["not-measured"] * 4]
    progress = Progress(of)
    for slot, given_states in enumerate(states):
        for repeat, state in enumerate(given_states):
            assert progress.process.n == slot
            progress.accept(Ask(slot, repeat), recorded(of, slot, state))

    assert progress.values.tolist() == [1, 0.5, 0]
    assert progress.process == assess_grades(of.design, [1, 0.5, 0])
    assert (progress.passes, progress.not_measured) == (1, 2)


def test_grades_are_bet_on_only_where_the_scorer_says_so() -> None:
    """A scorer may give grades beside its passes; unless it is `graded`, the pass alone counts."""
    for of, value in ((plan(1, scorer=GRADED), 0.75), (plan(1), 0.0)):
        progress = accept_all(Progress(of), [(Ask(0), recorded(of, 0, "fail", score=0.75))])

        assert progress.values.tolist() == [value]


@pytest.mark.parametrize(
    ("target", "baseline", "value"),
    [("pass", "fail", 1), ("pass", "pass", 0.5), ("fail", "fail", 0.5), ("fail", "pass", 0),
     ("pass", "not-measured", 0.5), ("fail", "not-measured", 0), ("not-measured", "fail", 0.5),
     ("not-measured", "not-measured", 0)],
)  # fmt: skip
@pytest.mark.parametrize("target_first", [True, False])
def test_a_comparison_takes_what_is_missing_for_the_worst(
    target: State, baseline: State, value: float, *, target_first: bool
) -> None:
    """An unmeasured target counts as 0 and an unmeasured baseline as 1; the slot waits until both are there."""
    of = plan(1, claim=BETTER, measures="comparison")
    sides = [(Ask(0), recorded(of, 0, target)), (Ask(0, 0, "baseline"), recorded(of, 0, baseline))]
    progress = accept_all(Progress(of), sides if target_first else sides[::-1])
    alone = accept_all(Progress(of), sides[:1])

    assert progress.values.tolist() == [value]
    assert progress.passes == (target == "pass")
    assert (alone.process.n, alone.decided) == (0, False)


@given(st.integers(1, 60), st.floats(0, 1), CHANCE)
def test_a_drawn_answer_never_counts_without_its_label(count: int, share: float, chance: random.Random) -> None:
    """The gate stops before the first drawn slot without label, and bets on the label where there is one."""
    of = plan(count, scorer=JUDGED | {"graded": True})
    found, labels = every_outcome(of, chance), labelled(of, chance, share)
    chance.shuffle(found)
    progress = accept_all(Progress(of, labels), found)
    scores = {ask.slot: one.outcome.grade for ask, one in found}
    shares = {slot: draw_share(score, 0.25) for slot, score in scores.items() if score is not None}
    drawn = {slot for slot, part in shares.items() if is_drawn(of.run, of.item(slot).id, part)}

    assert isinstance(progress.process, CorrectedProcess)
    assert all(slot in labels for slot in drawn if slot < progress.process.n)
    for slot, known in enumerate(progress.corrected):
        assert (known is None) == (scores[slot] is None)
        if known is not None:
            expected = (scores[slot], labels[slot] if slot in drawn else None, shares[slot])
            assert (known.score, known.label, known.share) == expected
    if not progress.decided:
        assert progress.waiting_for_labels == tuple(sorted(drawn - set(labels)))
        assert progress.process.n == progress.waiting_for_labels[0]


def test_a_judged_run_goes_on_by_a_block_while_labels_are_missing() -> None:
    """Past the first slot that waits for a label a sitting's worth is asked and no more; with labels it goes on."""
    claim = Claim(text="x", p0=0.5, p1=0.6, cap=500)
    of = plan(500, claim=claim, scorer=JUDGED)

    def ask_all(progress: Progress) -> None:
        while (ask := progress.next_ask(concurrency=4)) is not None:
            progress.accept(ask, recorded(of, ask.slot))

    first = Progress(of)
    ask_all(first)
    waiting = first.waiting_for_labels
    assert waiting
    assert first.process.n == waiting[0]
    assert first.recorded == waiting[0] + LABEL_BLOCK
    assert not first.decided

    second = Progress(of, dict.fromkeys(waiting, 1.0))
    ask_all(second)
    assert second.waiting_for_labels[0] > waiting[-1]


def test_labels_of_answers_that_were_not_drawn_are_left_aside() -> None:
    """Who labels more than was drawn changes nothing: the lot, and nobody's choice, says what is bet on."""
    of = plan(60, scorer=JUDGED)
    found = [(Ask(slot), recorded(of, slot)) for slot in range(of.size)]
    drawn = {slot for slot in range(of.size) if is_drawn(of.run, of.item(slot).id, 0.25)}
    needed = accept_all(Progress(of, dict.fromkeys(drawn, 1.0)), found)
    more = accept_all(Progress(of, dict.fromkeys(drawn, 1.0) | dict.fromkeys(set(range(60)) - drawn, 0.0)), found)

    assert 0 < len(drawn) < 60
    assert standing(more) == standing(needed)


def test_slots_are_asked_in_order_and_no_further_ahead_than_is_safe() -> None:
    """A gate needs several answers whatever comes: so far, or by the concurrency if more, one may ask ahead."""
    of = plan(100, claim=Claim(text="x", p0=0.9, p1=0.95, cap=100))
    needed = Progress(of).process.surely_needed

    def given_out(concurrency: int, held: int = 0) -> list[Ask]:
        progress = Progress(of)
        return list(iter(lambda: progress.next_ask(concurrency=concurrency, held=held), None))

    assert needed > 2
    assert given_out(2) == [Ask(slot) for slot in range(needed)]
    assert given_out(needed + 3) == [Ask(slot) for slot in range(needed + 3)]
    assert given_out(2, held=1) == [Ask(slot) for slot in range(needed + 1)]


@pytest.mark.parametrize("kind", ["binary", "repeated", "graded", "compared"])
@given(st.integers(1, 20), st.floats(0.3, 1), CHANCE)
@settings(max_examples=40)
def test_no_more_than_concurrency_less_one_answers_are_in_vain(
    kind: str, concurrency: int, rate: float, chance: random.Random
) -> None:
    """However answers overtake each other, those behind the decision number at most the concurrency less one."""
    of = plan(120, **KINDS[kind])
    outcomes = dict(every_outcome(of, chance, rate))
    progress, flying, given_out = Progress(of), list[Ask](), list[Ask]()
    while True:
        while len(flying) < concurrency and (ask := progress.next_ask(concurrency=concurrency)) is not None:
            flying.append(ask)
            given_out.append(ask)
        if not flying:
            break
        chance.shuffle(flying)
        ask = flying.pop()
        if chance.random() < 0.1:
            progress.give_back(ask)
            given_out.remove(ask)
        else:
            progress.accept(ask, outcomes[ask])

    assert progress.decided
    assert len(given_out) == len(set(given_out))
    assert sum(ask.slot >= progress.process.n for ask in given_out) <= concurrency - 1


def test_running_out_of_items_ends_undecided() -> None:
    """With too few items the gate stays undecided, and the run is over all the same."""
    of = plan(3)
    progress = plan_progress(of, [(Ask(slot), recorded(of, slot)) for slot in range(3)])

    assert progress.decided
    assert (progress.process.n, progress.process.verdict) == (3, Verdict.UNDECIDED)
    assert progress.next_ask(concurrency=5) is None


def test_another_schedule_is_refused() -> None:
    """Outcomes that were recorded for other items, or questions that the plan does not ask, are never counted."""
    of = plan(3)
    one = Recorded("i3", PASS, None, 0, 1)

    for ask in (Ask(0), Ask(3), Ask(0, 1), Ask(0, 0, "baseline")):
        with pytest.raises(EvidenceError, match="another schedule"):
            plan_progress(of, [(ask, one)])
    with pytest.raises(EvidenceError, match="another schedule"):
        Progress(of).accept(Ask(3), one)


def test_a_question_counts_once() -> None:
    """The same outcome twice is one; another one for the same question is refused while it could still be either."""
    of = plan(3)
    progress = accept_all(Progress(of), [(Ask(1), recorded(of, 1))] * 2)

    assert progress.recorded == 1
    with pytest.raises(EvidenceError, match="already has the outcome pass"):
        progress.accept(Ask(1), recorded(of, 1, "fail"))
    accept_all(progress, [(Ask(0), recorded(of, 0)), (Ask(0), recorded(of, 0))])
    assert (progress.recorded, progress.process.n, progress.tries, progress.seconds) == (2, 2, 2, 1.0)


def test_what_counted_is_dropped() -> None:
    """However long a run, only outcomes ahead of the gate are held."""
    of = plan(120, claim=Claim(text="x", p0=0.5, p1=0.51, cap=120))
    states: tuple[State, ...] = ("pass", "fail")
    progress = accept_all(Progress(of), ((Ask(slot), recorded(of, slot, states[slot % 2])) for slot in range(50)))

    assert (progress.process.n, progress._ahead) == (50, {})


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


def test_the_baselines_answers_are_no_disagreement() -> None:
    """That another system answers differently does not make the target disagree with itself."""
    of = plan(2, claim=ComparisonClaim(text="x", baseline=RouteTarget(route="old")), measures="comparison")
    found = [(Ask(0), recorded(of, 0, answer="a")), (Ask(0, 0, "baseline"), recorded(of, 0, answer="b"))]

    assert assess_disagreement(accept_all(Progress(of), found)) is None


def test_disagreement_is_unknown_where_nothing_was_asked_twice() -> None:
    """Asked once, a target cannot disagree with itself: unknown, not 0."""
    of = plan(1)

    assert assess_disagreement(plan_progress(of, [(Ask(0), recorded(of, 0))])) is None


def test_the_digest_covers_items_states_and_grades_in_order() -> None:
    """Swapping two outcomes, or changing one, gives another digest; times and tries do not."""
    of = plan(2)
    first, second = recorded(of, 0), recorded(of, 1, "fail")
    slower = Recorded(first.item, first.outcome, None, 9.0, 3)
    progress = accept_all(Progress(of), [(Ask(1), second), (Ask(0), first)])

    assert digest_of_outcomes([first, second]) == digest_of_outcomes([slower, second]) == progress.digest
    assert digest_of_outcomes([first, second]) != digest_of_outcomes([second, first])
    assert digest_of_outcomes([first]) != digest_of_outcomes([first, second])
    assert digest_of_outcomes([first]) != digest_of_outcomes([recorded(of, 0, score=0.5)])


@given(st.text(), st.sampled_from(STATES), st.none() | st.floats(0, 1))
def test_the_digest_is_over_canonical_json(item: str, state: State, score: float | None) -> None:
    """Whatever the id and the grade, each line is canonical JSON."""
    told = [item, state] if score is None else [item, state, score]
    expected = digest_of_bytes(canonical_json(told) + b"\n")

    assert digest_of_outcomes([Recorded(item, Outcome(state, "", score), None, 0, 1)]) == expected


def test_the_digest_is_the_same_for_ever() -> None:
    """It is SHA-256 over lines of canonical JSON, which any language can write."""
    found = [Recorded("a", PASS, None, 0, 1), Recorded("b", Outcome("fail", "why", 0.5), None, 0, 1)]

    # printf '["a","pass"]\n["b","fail",0.5]\n' | sha256sum
    expected = "sha256:4a6f7a3d472d957c1b6357e84b3754d6770699a428b9b89b6621f2f84408eb38"
    assert digest_of_outcomes(found) == expected
