"""Tests of the claims inbox's classifier: it learns, ranks every queue, and is the same at each fitting."""

from __future__ import annotations

import random

import numpy as np
import pytest
from claims_inbox.classifier import fit_classifier
from hypothesis import given, settings
from hypothesis import strategies as st

CENTRES = {"home": (1.0, 0.0, 0.0), "motor": (0.0, 1.0, 0.0), "travel": (0.0, 0.0, 1.0)}


def cloud(seed: int, count: int = 12) -> tuple[list[list[float]], list[str]]:
    """Give points around three centres, with their labels."""
    chance = random.Random(seed)
    points = [
        ([chance.gauss(value, 0.1) for value in centre], queue)
        for _ in range(count)
        for queue, centre in CENTRES.items()
    ]
    return [point for point, _ in points], [queue for _, queue in points]


def test_it_ranks_the_right_queue_first() -> None:
    """On points that lie apart it puts the right queue first, for points that it has not seen."""
    classifier = fit_classifier(*cloud(1))

    for point, queue in zip(*cloud(2), strict=True):
        assert classifier.rank_queues(point)[0] == queue


def test_every_queue_is_ranked_once() -> None:
    """A ranking holds each queue once, so that one of k can be asked for any k."""
    classifier = fit_classifier(*cloud(1))

    assert sorted(classifier.rank_queues([0.3, 0.3, 0.3])) == sorted(CENTRES)


def test_fitting_again_gives_the_same_weights() -> None:
    """Nothing random is in it: the same data give the same weights to the last bit."""
    assert np.array_equal(fit_classifier(*cloud(3)).weights, fit_classifier(*cloud(3)).weights)


@settings(max_examples=15)
@given(seed=st.integers(0, 1_000))
def test_the_order_of_examples_does_not_matter(seed: int) -> None:
    """Shuffled training data give the same rankings."""
    points, labels = cloud(5)
    order = list(range(len(points)))
    random.Random(seed).shuffle(order)

    shuffled = fit_classifier([points[index] for index in order], [labels[index] for index in order])

    straight = fit_classifier(points, labels)
    assert shuffled.weights == pytest.approx(straight.weights, abs=1e-3)
    assert [shuffled.rank_queues(point) for point in cloud(6)[0]] == [
        straight.rank_queues(point) for point in cloud(6)[0]
    ]


def test_shuffled_labels_teach_nothing() -> None:
    """Fitted on labels at random it is right about as often as chance: there is nothing of the answers in it."""
    points, labels = cloud(7, count=60)
    random.Random(7).shuffle(labels)
    classifier = fit_classifier(points, labels)

    fresh, truth = cloud(8, count=60)
    right = sum(classifier.rank_queues(point)[0] == queue for point, queue in zip(fresh, truth, strict=True))

    assert right / len(fresh) < 0.75
