"""Equality of plain values: by type, order where it counts, and a small tolerance for floating-point numbers."""

from __future__ import annotations

import math
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.sandbox.test_wire import PLAIN

from pilotage.evaluation.sandbox.inside.compare import is_same

_SAME = [
    (0.1 + 0.2, 0.3),
    (2, 2.0),
    (math.nan, math.nan),
    (math.inf, math.inf),
    (0.0, 1e-15),
    ({1, 2.0}, frozenset({2, 1})),
    ({0.3, 5}, {0.1 + 0.2, 5}),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({1: "x"}, {1.0: "x"}),
    ({(1, 2): [True]}, {(1, 2): [True]}),
    (10**400, 10**400),
]
_OTHER = [
    (1, True),
    (0, None),
    ([1], (1,)),
    ("a", b"a"),
    ([], {}),
    (1.0, 1.0 + 1e-6),
    (10**400, 1.5),
    (10**400, 10**400 + 1),
    (math.nan, 0.0),
    ({1}, {True}),
    ({1: "x"}, {True: "x"}),
    ([1, 2], [2, 1]),
    ([1], [1, 1]),
    ({"a": 1}, {"a": 1, "b": 2}),
    (set[int](), ()),
]


@pytest.mark.parametrize(("expected", "given_value"), _SAME)
def test_same(expected: object, given_value: object) -> None:
    """These are the same, whichever is expected."""
    assert is_same(expected, given_value)
    assert is_same(given_value, expected)


@pytest.mark.parametrize(("expected", "given_value"), _OTHER)
def test_other(expected: object, given_value: object) -> None:
    """These are not, whichever is expected."""
    assert not is_same(expected, given_value)
    assert not is_same(given_value, expected)


@given(PLAIN)
def test_same_as_itself(value: object) -> None:
    """A value is the same as a copy of it, and not the same as a list around it."""
    assert is_same(value, deepcopy(value))
    assert not is_same(value, [value])


@given(PLAIN, PLAIN)
def test_symmetric(one: object, other: object) -> None:
    """Which of two values is expected makes no difference."""
    assert is_same(one, other) == is_same(other, one)


@given(st.sets(st.integers() | st.text(max_size=3)), st.sets(st.integers() | st.text(max_size=3)))
def test_sets_as_python(one: set[object], other: set[object]) -> None:
    """Sets of whole numbers and texts are compared as Python compares them."""
    assert is_same(one, other) == (one == other)
