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


CONTRADICTING = [
    (suite('<testcase name="t"/>', attributes='tests="1" failures="1"'), "says 1 failures, and 0 show"),
    (suite('<testcase name="t"/>', attributes='errors="3"'), "says 3 errors, and 0 show"),
    (suite('<testcase name="t"/>', attributes='skipped="1"'), "says 1 skipped, and 0 show"),
    (suite('<testcase name="t"><failure/></testcase>', attributes='failures="0"'), "says 0 failures, and 1 show"),
    (
        b'<testsuites failures="1"><testsuite name="s"><testcase name="t"/></testsuite></testsuites>',
        "the whole says 1 failures, and 0 show",
    ),
    (
        b'<testsuites><testsuite><testcase name="t"/></testsuite><testsuite tests="9" failures="9"/></testsuites>',
        "of others only that there were 9",
    ),
    (b'<testsuites failures="4"><testsuite tests="9" failures="0"/></testsuites>', "says 4 failures, .* say 0"),
    (
        suite(
            '<testsuite name="a"><testcase name="t"/></testsuite>', '<testcase name="u"/>', attributes='failures="2"'
        ),
        "suite s says 2 failures, and 0 show",
    ),
]


@pytest.mark.parametrize(("data", "words"), CONTRADICTING)
def test_totals_that_are_not_those_of_the_tests_are_refused(data: bytes, words: str) -> None:
    """Failures, errors and skips of a suite and of the whole are held against the tests; both figures are told."""
    with pytest.raises(EvidenceError, match=words) as caught:
        read_results(data)

    assert caught.value.remedy


def test_sixty_tests_without_the_failures_that_their_suite_counts_are_refused() -> None:
    """Failures that were cut out of the tests alone make no passes."""
    tests = [f'<testcase name="t{place}"/>' for place in range(60)]
    with pytest.raises(EvidenceError, match="suite s says 7 failures, and 0 show in it"):
        read_results(suite(*tests, attributes='tests="60" failures="7"'))


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ('status="failed"', 0),
        ('status="FAIL"', 0),
        ('result="failure"', 0),
        ('status="run" result="failed"', 0),
        ('status="error"', None),
        ('result="skipped"', None),
        ('status="notrun"', None),
        ('status="run" result="completed"', 1),
        ('status="passed"', 1),
    ],
)
def test_what_a_test_says_of_itself_counts(attribute: str, value: float | None) -> None:
    """`status` and `result` count as a child element would; words that say nothing leave a test passed."""
    [unit] = read_results(suite(f'<testcase name="t" {attribute}/>')).units

    assert unit.value == value


def test_a_failure_outweighs_a_kind_status() -> None:
    """A child that says failed stands, whatever the attribute says."""
    data = suite('<testcase name="t" status="passed"><failure/></testcase>', attributes='failures="1"')

    assert read_results(data).values == (0,)


def test_ways_of_counting_that_tools_have_are_no_contradiction() -> None:
    """A skip that broke at its end is both for pytest; two failures of one test are one or two."""
    both = '<testcase name="t"><skipped/><error/></testcase>'
    assert read_results(suite(both, attributes='tests="1" errors="1" skipped="1"')).not_measured == 1
    twice = '<testcase name="t"><failure/><failure/></testcase>'
    for told in (1, 2):
        assert read_results(suite(twice, attributes=f'failures="{told}"')).values == (0,)
    nested = '<testsuite name="a" failures="1"><testcase name="t"><failure/></testcase></testsuite>'
    for told in (0, 1):
        found = read_results(suite(nested, '<testcase name="u"/>', attributes=f'failures="{told}"'))
        assert sorted(found.values) == [0, 1]


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
