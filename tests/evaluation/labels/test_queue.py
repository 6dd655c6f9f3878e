"""The queue of labels: only what the lot drew, torn first, and in an order that does not tell the judge's verdict."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pilotage.evaluation.labels.label import Label
from pilotage.evaluation.labels.queue import Judged, Lot, plan_labels

NOW = datetime(2026, 3, 3, tzinfo=UTC)
ALL = Lot(run="r0", floor=1)
HALF = Lot(run="r3", floor=0.5)


def judged(*scores: float) -> list[Judged]:
    """Give answers from slot 0 on, by what the judge gave them."""
    return [Judged(slot, f"i{slot}", score) for slot, score in enumerate(scores)]


def label(slot: int, labeller: str) -> Label:
    """Give a label."""
    return Label(slot, labeller, 1, NOW)


def test_torn_answers_come_first_whichever_way_the_judge_leant() -> None:
    """The distance from one half decides, then the schedule; passes and failures are mixed as they were asked."""
    queue = plan_labels(judged(1, 0, 0.25, 0.5, 0.75, 0.4, 0, 1), [], ALL, labeller="eva", block=40)

    assert queue == (3, 5, 2, 4, 0, 1, 6, 7)


def test_a_sure_judge_leaves_the_order_of_the_schedule() -> None:
    """A judge that only passes or fails gives no order of its own, or the order would tell its verdicts."""
    scores = [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]
    flipped = [1 - score for score in scores]

    assert plan_labels(judged(*scores), [], ALL, labeller="eva", block=40) == (0, 1, 2, 3, 4, 5)
    assert plan_labels(judged(*flipped), [], ALL, labeller="eva", block=40) == (0, 1, 2, 3, 4, 5)


def test_the_block_that_the_gate_waits_for_comes_first() -> None:
    """However torn the judge is further on, the gate can use nothing there before this block is done."""
    queue = plan_labels(judged(1, 0, 0.5, 0.5), [], ALL, labeller="eva", block=2)
    later = plan_labels(judged(1, 0, 0.5, 0.5), [label(0, "eva")], ALL, labeller="eva", block=2)

    assert queue == (0, 1, 2, 3)
    assert later == (2, 1, 3)


def test_nobody_is_asked_twice_nor_for_what_others_labelled() -> None:
    """Two people who label at once share the work."""
    labels = [label(0, "eva"), label(1, "tom")]

    assert plan_labels(judged(1, 1, 1), labels, ALL, labeller="eva", block=40) == (2,)


def test_a_second_labeller_gets_what_a_first_one_labelled() -> None:
    """Torn answers first; what the second labelled already, or nobody did, is not asked for."""
    labels = [label(0, "eva"), label(1, "eva"), label(2, "eva"), label(0, "tom")]

    assert plan_labels(judged(1, 1, 0.5, 1), labels, ALL, labeller="tom", block=40, second=True) == (2, 1)


@given(
    st.lists(st.floats(0, 1), max_size=60),
    st.sets(st.tuples(st.integers(0, 59), st.sampled_from(["eva", "tom"]))),
    st.sampled_from(["eva", "tom"]),
    st.booleans(),
)
def test_only_what_was_drawn_is_asked_for(
    scores: list[float],
    given_labels: set[tuple[int, str]],
    labeller: str,
    second: bool,  # noqa: FBT001 - drawn
) -> None:
    """Each drawn answer waits once for its first label; second opinions change nothing of what is drawn."""
    answers = judged(*scores)
    drawn = {one.slot for one in answers if HALF.draws(one)}
    labels = [label(slot, who) for slot, who in sorted(given_labels)]
    own = {slot for slot, who in given_labels if who == labeller}
    others = {slot for slot, who in given_labels if who != labeller}

    queue = plan_labels(answers, labels, HALF, labeller=labeller, block=10, second=second)

    assert len(queue) == len(set(queue))
    assert set(queue) == ((drawn & others) - own if second else drawn - others - own)


@given(st.permutations(range(30)), st.lists(st.floats(0, 1), min_size=30, max_size=30))
def test_the_order_of_arrival_does_not_matter(order: list[int], scores: list[float]) -> None:
    """The same answers give the same queue, whichever came first."""
    answers = judged(*scores)

    assert plan_labels([answers[slot] for slot in order], [], HALF, labeller="eva", block=5) == plan_labels(
        answers, [], HALF, labeller="eva", block=5
    )
