"""Tests of reading JUnit XML: what pytest and promptfoo wrote, and hostile files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.imports.files import read_sample

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports.read import read_results
from pilotage.evaluation.imports.results import Choice

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><testsuite><testcase name="&c;"/></testsuite>"""
OUTSIDE = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&a;"/></testsuite>"""


def suite(*tests: str, attributes: str = "") -> bytes:
    """Write a suite of tests."""
    return f'<testsuites><testsuite name="s" {attributes}>{"".join(tests)}</testsuite></testsuites>'.encode()


def test_what_pytest_wrote_is_read() -> None:
    """Passed tests are 1; a skip and an error are not measured; a failure with an error at its end is one test."""
    results = read_results(read_sample("pytest.junit.xml"))

    assert (results.tool, results.task, results.summary) == ("junit", "pytest", None)
    assert (results.n, results.not_measured, sum(results.values)) == (9, 3, 6)
    assert results.started is not None


def test_what_promptfoo_wrote_is_read() -> None:
    """Its suites are columns, its tests rows."""
    results = read_results(read_sample("promptfoo.junit.xml"))

    assert (results.n, sum(results.values), results.marks) == (8, 5, ())


def test_suites_may_be_nested() -> None:
    """Tests of one name in different suites are different tests."""
    inner = '<testsuite name="{}"><testcase name="t">{}</testcase></testsuite>'
    data = suite(inner.format("a", ""), inner.format("b", "<failure/>"), '<testcase name="t"/>', attributes='tests="3"')

    assert read_results(data).values == (1, 0, 1)


def test_totals_alone_are_a_summary() -> None:
    """Suites without tests give their totals, skipped and broken ones not measured."""
    told = '<testsuite name="{}" tests="10" failures="1" errors="1" skipped="2"/>'
    results = read_results(f"<testsuites>{told.format('a')}{told.format('b')}</testsuites>".encode())

    assert results.marks == ("summary",)
    assert results.summary is not None
    assert (results.n, results.not_measured, results.summary.mean) == (20, 6, 0.6)
    assert read_results(b'<testsuites tests="4" failures="1"/>').n == 4


@pytest.mark.parametrize("word", ["flakyFailure", "flakyError", "rerunFailure", "rerunError"])
def test_reruns_are_no_independent_samples(word: str) -> None:
    """A test that was run again when it failed is refused, whatever came of it."""
    with pytest.raises(EvidenceError, match="run again when they failed") as caught:
        read_results(suite(f'<testcase name="t"><{word}/></testcase>'))

    assert "without reruns" in caught.value.remedy


def test_a_test_that_stands_twice_and_passed_is_a_rerun() -> None:
    """Two entries of one test with a pass among them are refused."""
    with pytest.raises(EvidenceError, match="stands several times"):
        read_results(suite('<testcase name="t"><failure/></testcase>', '<testcase name="t"/>'))


@pytest.mark.parametrize("data", [LAUGHS, OUTSIDE])
def test_entities_are_refused(data: bytes) -> None:
    """A DOCTYPE ends it at once: no entity grows, and none reads a file."""
    with pytest.raises(EvidenceError, match="DOCTYPE"):
        read_results(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html><body/></html>", "<html>, not JUnit"),
        (b"<promptfoo/>", "<promptfoo>, not JUnit"),
        (b"<testsuites><testsuite>", "damaged or cut off"),
        (b"<testsuite></testsuite>", "no tests"),
        (b'<testsuite tests="x"/>', "tests='x' is no count"),
        (b'<testsuite tests="99999999999"/>', "is no count"),
        (b'<testsuite tests="1" failures="2"/>', "more failures than tests"),
        (suite('<testcase name="t"/>', attributes='tests="7"'), "says 7 tests, and 1 are in it"),
        (b'<testsuites><testcase name="t"/></testsuites>', "outside a testsuite"),
        (b'<?xml version="1.0" encoding="klingon"?><testsuite/>', "encoding|damaged"),
        (b"<testsuite>" * 5_000, "nested too deeply"),
        (b"<testsuite>\xff\xfe</testsuite>", "damaged"),
    ],
)
def test_what_cannot_be_read_is_told(data: bytes, words: str) -> None:
    """Other XML, cut XML, wrong counts, encodings and depth each end in a clear error."""
    with pytest.raises(EvidenceError, match=words) as caught:
        read_results(data)

    assert caught.value.remedy


def test_other_encodings_are_read() -> None:
    """XML says its encoding itself."""
    text = '<?xml version="1.0" encoding="utf-16"?><testsuite name="s"><testcase name="ü"/></testsuite>'

    assert read_results(text.encode("utf-16")).n == 1


def test_nothing_can_be_chosen() -> None:
    """Options of other tools are refused instead of being passed over."""
    with pytest.raises(EvidenceError, match="--score means nothing for results of junit"):
        read_results(suite('<testcase name="t"/>'), Choice(score="x"))


@given(
    st.lists(
        st.sampled_from(
            [
                "<a>",
                "</a>",
                "<testcase>",
                "</testcase>",
                "<testsuite>",
                "</testsuite>",
                "<skipped/>",
                "x",
                "&amp;",
                "<failure>",
            ]
        ),
        max_size=12,
    )
)
def test_no_order_of_elements_breaks_it(parts: list[str]) -> None:
    """However elements are nested, it is read or refused."""
    data = f"<testsuites>{''.join(parts)}</testsuites>".encode()
    try:
        results = read_results(data)
    except EvidenceError:
        return
    assert results.n >= 1
