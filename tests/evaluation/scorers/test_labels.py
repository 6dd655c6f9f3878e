"""One of k: which labels an answer holds, and whether the expected one is among the first."""

from __future__ import annotations

import pytest

from pilotage.evaluation.outcome import AnswerValue
from pilotage.evaluation.scorers.labels import read_labels, score_labels
from pilotage.registry.kinds.scorer import OneOfScorer

TWO = OneOfScorer(type="one-of-k", k=2)


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (["motor", "household", "travel"], "pass"),
        (["motor", "travel", "household"], "fail"),
        (["motor", "motor", "household"], "fail"),
        ('["motor", "Household"]', "pass"),
        ("1. Motor\n2. Household\n3. travel", "pass"),
        ("- motor\n\n- household", "pass"),
        ("household", "pass"),
        ("I am sure that it is household", "fail"),
        ("", "fail"),
        ("[not json\nhousehold", "pass"),
        ([], "fail"),
        ([1, "household"], "fail"),
        ('[["household"]]', "fail"),
        ({"label": "household"}, "fail"),
        ("[" * 100_000, "fail"),
    ],
)
def test_the_expected_label_must_be_among_the_first_k(answer: AnswerValue, state: str) -> None:
    """Lists, JSON lists as text and lines are read; only the first k labels count, in their order."""
    assert score_labels(TWO, "Household", answer).state == state


def test_a_long_list_gives_no_more_than_k() -> None:
    """Answering everything is no trick: the labels after the k-th are not looked at."""
    assert read_labels([f"label {number}" for number in range(10_000)], 3) == ("label 0", "label 1", "label 2")
