"""Plain values cross as JSON and come back as they were; nothing else crosses."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.evaluation.sandbox.inside.compare import is_same
from pilotage.evaluation.sandbox.inside.wire import MOST_DEPTH, Json, NotPlainError, decode, encode

_HASHABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)
PLAIN = st.recursive(
    _HASHABLE | st.just(math.nan) | st.sets(_HASHABLE, max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(_HASHABLE, inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "$set", "$"]), inner)
    ),
    max_leaves=12,
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$tuple", "$set", "$dict", "$bytes", "$float", "$int", "a"]), inner)
    ),
    max_leaves=8,
)


@given(PLAIN)
def test_crosses_whole(value: object) -> None:
    """Every plain value comes back the same, of the same type, through text."""
    back = decode(json.loads(json.dumps(encode(value))))

    assert type(back) is type(value)
    assert is_same(value, back)


@given(_JSON)
def test_decodes_or_refuses(value: Json) -> None:
    """Whatever JSON arrives is a plain value or is refused; nothing else is raised."""
    try:
        decode(value)
    except NotPlainError:
        return


@pytest.mark.parametrize("value", [object(), print, iter([1]), range(3), 1j, {1: print}, [[object()]], NotImplemented])
def test_refuses_others(value: object) -> None:
    """Functions, generators and objects of classes do not cross."""
    with pytest.raises(NotPlainError):
        encode(value)


def test_refuses_depth() -> None:
    """A value that holds itself, or is nested deeper than the bound, is refused on either side."""
    ring: list[object] = []
    ring.append(ring)
    deep: Json = []
    for _ in range(MOST_DEPTH):
        deep = [deep]

    with pytest.raises(NotPlainError):
        encode(ring)
    with pytest.raises(NotPlainError):
        decode(deep)


def test_strips_classes() -> None:
    """What inherits from a plain type crosses as that type, without what its class adds."""

    class Evil(list[int]):
        """Says that it equals everything."""

        __hash__ = None

        def __eq__(self, other: object) -> bool:
            return True

    back = decode(encode(Evil([1])))

    assert type(back) is list
    assert back != [2]


@pytest.mark.parametrize(
    "tagged",
    [
        {"$tuple": 1},
        {"$set": [[]]},
        {"$dict": [[1]]},
        {"$bytes": "?"},
        {"$float": "1e400"},
        {"$int": "x"},
        {"$eval": "1"},
        {"$tuple": [], "a": 1},
    ],
)
def test_refuses_tags(tagged: Json) -> None:
    """A tag that is unknown, not alone, or holds what it cannot is refused."""
    with pytest.raises(NotPlainError):
        decode(tagged)
