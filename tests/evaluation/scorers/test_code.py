"""What an item has to say of code, and the verdict on what the sandbox found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.canonical import Json
from pilotage.evaluation.outcome import PASS, fail
from pilotage.evaluation.scorers.code import count_checks, lacking_for_code, score_code
from pilotage.evaluation.scorers.observation import SandboxReport
from pilotage.registry.kinds.scorer import CodeScorer

_SCORER = CodeScorer(type="code")
_EXAMPLES: list[Json] = [{"args": [1], "gives": 2}, {"args": [-1], "kwargs": {"strict": True}, "raises": "ValueError"}]
_SOURCE = "def twice(n):\n    return f(f(n))\n\ndef test_a():\n    assert twice(1) == 3\n"
_EXPECTED: Json = {"function": "f", "examples": _EXAMPLES, "properties": _SOURCE}


@pytest.mark.parametrize(
    "expected",
    [
        _EXPECTED,
        {"function": "f", "examples": [{"gives": None}]},
        {"function": "größe", "properties": "def test_a(): assert größe()"},
        {"function": "f", "examples": [{"args": [{"$tuple": []}], "gives": {"$float": "nan"}}]},
    ],
)
def test_fit(expected: Json) -> None:
    """Examples, properties, or both make an expected value that code can be checked by."""
    assert lacking_for_code(expected) is None


@pytest.mark.parametrize(
    ("expected", "lacking"),
    [
        (None, "an object"),
        ("def f(): pass", "an object"),
        ({"function": "f", "tests": []}, "alone"),
        ({"examples": _EXAMPLES}, "`function`"),
        ({"function": "f()", "examples": _EXAMPLES}, "`function`"),
        ({"function": "import", "examples": _EXAMPLES}, "`function`"),
        ({"function": "f"}, "`examples` or `properties`"),
        ({"function": "f", "examples": []}, "`examples` or `properties`"),
        ({"function": "f", "examples": {"args": []}}, "a list"),
        ({"function": "f", "examples": [{"gives": 1}] * 1_001}, "at most 1000"),
        ({"function": "f", "examples": [1]}, "example 1"),
        ({"function": "f", "examples": [{"gives": 1}, {"give": 1}]}, "example 2"),
        ({"function": "f", "examples": [{"args": []}]}, "either `gives` or `raises`"),
        ({"function": "f", "examples": [{"gives": 1, "raises": "E"}]}, "either `gives` or `raises`"),
        ({"function": "f", "examples": [{"raises": "not a name"}]}, "exception"),
        ({"function": "f", "examples": [{"args": 1, "gives": 1}]}, "`args`"),
        ({"function": "f", "examples": [{"kwargs": [], "gives": 1}]}, "`kwargs`"),
        ({"function": "f", "examples": [{"gives": {"$tuples": []}}]}, "tags"),
        ({"function": "f", "properties": 1}, "source"),
        ({"function": "f", "examples": _EXAMPLES, "properties": ""}, "source"),
        ({"function": "f", "properties": "#" * 65_537}, "65536"),
        ({"function": "f", "properties": "a = (\n"}, "line 1"),
        ({"function": "f", "properties": "a = '\0'"}, "Python"),
        ({"function": "f", "properties": "f(1)"}, "test_"),
        ({"function": "f", "properties": "async def test_a(): f()"}, "async"),
        ({"function": "f", "properties": "def test_a(): f()\ndef test_a(): f()"}, "different names"),
        ({"function": "f", "properties": "def test_a(): g()"}, "call f"),
    ],
)
def test_unfit(expected: Json, lacking: str) -> None:
    """Whatever is missing or superfluous is said, before anything is asked."""
    assert lacking in (lacking_for_code(expected) or "")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["function", "examples", "properties", "args", "kwargs", "gives", "raises"]), inner
            )
        ),
    )
)
def test_any_value(expected: Json) -> None:
    """Any value is either fit, and can be counted, or something is said to be lacking."""
    lacking = lacking_for_code(expected)

    assert lacking or count_checks(expected) > 0


def test_counts() -> None:
    """Each example and each test counts once; what helps the tests does not."""
    assert count_checks(_EXPECTED) == 3


def test_scores() -> None:
    """An answer passes when every check was tried and none failed; a failure tells the first and how many more."""
    assert score_code(_SCORER, _EXPECTED, SandboxReport(ran=True, checks=3)) == PASS
    assert score_code(_SCORER, _EXPECTED, SandboxReport(ran=True, failures=("a",), checks=3)) == fail("a")
    assert score_code(_SCORER, _EXPECTED, SandboxReport(ran=True, failures=("a", "b", "c"), checks=3)) == fail(
        "a (and 2 more)"
    )


@pytest.mark.parametrize("report", [SandboxReport(ran=False), SandboxReport(ran=False, checks=3)])
def test_unfinished(report: SandboxReport) -> None:
    """Checks that did not come to their end pass nothing."""
    assert score_code(_SCORER, _EXPECTED, report).state == "fail"


def test_fewer_checks_than_expected() -> None:
    """A report of fewer checks than the item has passes nothing."""
    assert score_code(_SCORER, _EXPECTED, SandboxReport(ran=True, checks=2)).state == "fail"
