"""Tests of canonical JSON (RFC 8785) and the digests over it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.canonical import canonical_json, digest_of_bytes, digest_of_json
from pilotage.core.errors import EvidenceError

LARGEST = 2**53 - 1
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-LARGEST, LARGEST)
    | st.floats(-LARGEST, LARGEST)  # larger ones are written as whole numbers that JSON readers round
    | st.text(st.characters(exclude_categories=["Cs"]))
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


def test_the_published_example() -> None:
    """The sorting example of RFC 8785, section 3.2.3: keys go by their UTF-16 code units."""
    given_keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    ordered = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
    assert list(json.loads(canonical_json(given_keys))) == ordered


@given(VALUES)
def test_canonical_bytes_are_json_and_stable(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Reading canonical bytes gives the value, and writing that again gives the same bytes."""
    written = canonical_json(value)
    assert canonical_json(json.loads(written)) == written


@given(st.dictionaries(KEYS, st.integers(-LARGEST, LARGEST), min_size=2))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    """Two ways to hold the same object have one digest."""
    assert digest_of_json(value) == digest_of_json(dict(reversed(value.items())))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, {1: "x"}, b"bytes", "\ud800", {"a": {1, 2}}])
def test_what_json_cannot_carry_is_refused(value: object) -> None:
    """A value that another program would read as something else is never signed."""
    with pytest.raises(EvidenceError, match="cannot be written as canonical JSON"):
        canonical_json(value)


def test_digests_name_their_algorithm() -> None:
    """A digest is `sha256:` and the lower-case hex that any tool prints."""
    assert digest_of_bytes(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest_of_json({}) == digest_of_bytes(b"{}")
