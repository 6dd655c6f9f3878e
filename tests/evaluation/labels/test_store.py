"""Labels: the first one counts, nothing moves it, and each store keeps them alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.samples import RUN
from tests.storage_fixtures import BACKENDS, DatabaseMaker

from pilotage.core.clock import ManualClock
from pilotage.evaluation.labels.label import Label, labels_for_gate, pairs_of_labellers
from pilotage.evaluation.labels.store import DatabaseLabels, LabelStore, MemoryLabels

START = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
OTHER = "Z" * 26


@pytest.fixture
def clock() -> ManualClock:
    """Give a clock."""
    return ManualClock(START)


@pytest.fixture(params=["memory", *BACKENDS])
def store(request: pytest.FixtureRequest, databases: DatabaseMaker, clock: ManualClock) -> LabelStore:
    """Give each kind of store in turn: the fake, and the one in a database on each kind of database."""
    return MemoryLabels(clock) if request.param == "memory" else DatabaseLabels(databases.make(request.param), clock)


def give(store: LabelStore, clock: ManualClock, slot: int, labeller: str, value: float) -> Label:
    """Keep a label a second after the one before."""
    clock.advance(timedelta(seconds=1))
    return store.append_label(RUN, slot, labeller=labeller, value=value)


def test_labels_come_back_in_the_order_in_which_they_were_given(store: LabelStore, clock: ManualClock) -> None:
    """Slot, labeller, value and time are kept for each run by itself; a run without labels has none."""
    given_labels = [give(store, clock, 7, "eva", 1), give(store, clock, 2, "tom", 0), give(store, clock, 2, "eva", 0.5)]

    assert store.read_labels(RUN) == tuple(given_labels)
    assert given_labels[0] == Label(7, "eva", 1, START + timedelta(seconds=1))
    assert store.read_labels(OTHER) == ()


def test_a_labellers_first_word_stands(store: LabelStore, clock: ManualClock) -> None:
    """Two windows, or a key pressed twice, cannot change a label: the one that stands is given back."""
    first = give(store, clock, 7, "eva", 1)

    assert give(store, clock, 7, "eva", 0) == first
    assert store.read_labels(RUN) == (first,)


def test_a_slip_is_taken_back(store: LabelStore, clock: ManualClock) -> None:
    """Taking back erases one's own label of one answer alone; where there is none nothing happens."""
    kept = [give(store, clock, 7, "tom", 0), give(store, clock, 8, "eva", 0)]
    give(store, clock, 7, "eva", 1)

    store.erase_label(RUN, 7, labeller="eva")
    store.erase_label(RUN, 9, labeller="eva")
    store.erase_label(OTHER, 7, labeller="tom")

    assert store.read_labels(RUN) == tuple(kept)
    assert give(store, clock, 7, "eva", 0).value == 0


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf")])
def test_what_is_no_label_is_refused(store: LabelStore, value: float) -> None:
    """A label is a number from 0 to 1; anything else would spoil every bet that follows."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        store.append_label(RUN, 1, labeller="eva", value=value)

    assert store.read_labels(RUN) == ()


def label(slot: int, labeller: str, value: float, second: int) -> Label:
    """Give a label at a second."""
    return Label(slot, labeller, value, START + timedelta(seconds=second))


def test_the_first_label_counts_at_the_gate() -> None:
    """Whoever came first counts, whatever others say later; one moment for two is settled by their handles."""
    labels = [label(1, "tom", 0, 9), label(1, "eva", 1, 5), label(2, "tom", 0, 1)]
    labels += [label(3, "z", 0, 2), label(3, "a", 1, 2)]

    assert labels_for_gate(labels) == {1: 1, 2: 0, 3: 1}
    assert labels_for_gate([]) == {}


def test_two_labels_of_an_answer_are_a_pair() -> None:
    """The first two of each answer are compared, in slot order; what one person labelled alone is no pair."""
    labels = [
        label(5, "tom", 0, 3),
        label(5, "eva", 1, 1),
        label(5, "z", 1, 9),
        label(2, "tom", 0, 2),
        label(2, "eva", 0, 8),
        label(9, "eva", 1, 4),
    ]

    assert pairs_of_labellers(labels) == ((False, False), (True, False))


LABELS = st.lists(
    st.builds(label, st.integers(0, 5), st.sampled_from("abc"), st.sampled_from([0.0, 1.0]), st.integers(0, 50)),
    unique_by=(lambda one: (one.slot, one.labeller), lambda one: one.at),
)


@given(LABELS, st.sampled_from("abc"), st.integers(0, 5), st.sampled_from([0.0, 1.0]))
def test_no_later_label_moves_what_counts(labels: list[Label], labeller: str, slot: int, value: float) -> None:
    """What the gate counted stays when anybody labels later, so nobody can wait for the gate and then mend it."""
    before = labels_for_gate(labels)
    after = labels_for_gate([*labels, label(slot, labeller, value, 99)])

    assert after | before == after
    assert after.keys() == before.keys() | {slot}
