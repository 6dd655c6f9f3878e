"""Tests of reading promptfoo's JSON: real files, and what was changed in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.imports.files import edited, read_sample

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports.read import read_results
from pilotage.evaluation.imports.results import Choice

COMPLETE = "promptfoo-complete.json"
Change = Callable[[Any], object]


CACHED: list[Change] = [
    lambda row: row["response"].update(cached=True),
    lambda row: row["tokenUsage"].update(cached=47),
    lambda row: row["response"]["tokenUsage"].update(cached=1),
]

SPOILED: list[tuple[Change, str]] = [
    (lambda document: document["results"].update(version=2), "version is 2, not 3"),
    (lambda document: rows(document).pop(), "7 rows, and its totals count 8"),
    (lambda document: rows(document)[1].update(testIdx=0), "test 0 and prompt 0 stands 2 times"),
    (lambda document: rows(document)[7].update(testIdx=9), "2 of its tests were not asked"),
    (lambda document: rows(document)[0].update(testIdx="x"), "testIdx is no count"),
    (lambda document: rows(document)[0].update(success="yes"), "does not say whether it passed"),
    (lambda document: document["runtimeOptions"].update(filterFailing="old.json"), "how they came out before"),
    (lambda document: document["results"].update(results=[]), "no rows"),
    (lambda document: document["results"]["stats"].pop("errors"), "errors is no count"),
    (
        lambda document: rows(document)[4].update(success=True, gradingResult=None),
        "7 of its rows are successes, and its totals count 6",
    ),
    (
        lambda document: document["results"]["stats"].update(failures=0, errors=2),
        "2 of its rows are failures.* count 0",
    ),
    (lambda document: rows(document)[0]["gradingResult"].update({"pass": False}), "gradingResult says that it did not"),
]


def rows(document: Any) -> list[Any]:  # noqa: ANN401 - a file of any form
    """Give the rows of a file."""
    return document["results"]["results"]


def test_a_whole_file_is_read() -> None:
    """One row a test, with version, description and dates."""
    results = read_results(read_sample(COMPLETE))

    assert (results.tool, results.tool_version) == ("promptfoo", "0.123.1")
    assert results.task == "capitals, local, prompt 0, score passed"
    assert (results.n, results.repeats, sum(results.values), results.marks) == (8, 1, 6, ())
    assert results.started is not None
    assert results.finished is not None


def test_fresh_repeats_are_one_prompt() -> None:
    """`--repeat 3 --no-cache` writes 24 rows with a test number each: eight prompts, each a mean of three."""
    results = read_results(read_sample("promptfoo-fresh-repeats.json"))

    assert (results.n, results.asked, results.repeats) == (8, 24, 3)
    assert all(round(3 * value, 9).is_integer() for value in results.values)


def test_cached_answers_are_no_evidence() -> None:
    """A run whose answers came from the cache is refused, with the option that asks anew."""
    with pytest.raises(EvidenceError, match="24 of 24 answers came from promptfoo's cache") as caught:
        read_results(read_sample("promptfoo-cached-repeats.json"))

    assert "--no-cache" in caught.value.remedy


@pytest.mark.parametrize("mark", CACHED)
def test_one_cached_answer_is_enough(mark: Change) -> None:
    """Each of the places where promptfoo tells of its cache is looked at, in every row."""
    with pytest.raises(EvidenceError, match="1 of 8 answers"):
        read_results(edited(COMPLETE, lambda document: mark(rows(document)[5])))


def test_prompts_cached_by_the_provider_are_fresh_answers() -> None:
    """Tokens that the provider read from a cache of its own were answered anew: the real file has them."""
    document = read_sample(COMPLETE)

    assert b'"cacheReadInputTokens": 27' in document or b'"cacheReadInputTokens":' in document
    assert read_results(document).n == 8


def test_several_columns_must_be_chosen_from() -> None:
    """The error lists them; provider and prompt choose; errors of a provider that is away are not measured."""
    data = read_sample("promptfoo-two-providers.json")

    with pytest.raises(EvidenceError, match="several columns") as caught:
        read_results(data)
    assert "3 (away: Name the capital" in caught.value.remedy
    with pytest.raises(EvidenceError, match="several columns"):
        read_results(data, Choice(provider="local"))
    assert read_results(data, Choice(provider="local", prompt=1)).n == 3
    away = read_results(data, Choice(provider="openai:chat:away", prompt=3))
    assert (away.n, away.not_measured, away.values) == (3, 3, (0, 0, 0))
    with pytest.raises(EvidenceError, match="no such column"):
        read_results(data, Choice(provider="elsewhere"))


def test_a_named_score_is_a_grade() -> None:
    """`--score` picks a named score, or the row's own; one that is not there is refused with those that are."""

    def grade(document: Any) -> None:  # noqa: ANN401 - a file
        for place, row in enumerate(rows(document)):
            row["namedScores"] = {"tone": place / 10}
            row["score"] = 0.5

    data = edited(COMPLETE, grade)
    assert read_results(data, Choice(score="tone")).values[:3] == (0, 0.1, 0.2)
    assert set(read_results(data, Choice(score="score")).values) == {0.5}
    with pytest.raises(EvidenceError, match="no score wit") as caught:
        read_results(data, Choice(score="wit"))
    assert "tone" in caught.value.remedy


@pytest.mark.parametrize(("change", "words"), SPOILED)
def test_what_is_no_evidence_is_refused(change: Change, words: str) -> None:
    """Doubled, missing and chosen rows are said, and so is what cannot be read."""
    with pytest.raises(EvidenceError, match=words) as caught:
        read_results(edited(COMPLETE, change))

    assert caught.value.remedy


def test_a_column_that_lacks_tests_was_stopped() -> None:
    """Where another column has more tests, the run did not come to its end."""

    def stop(document: Any) -> None:  # noqa: ANN401 - a file
        kept = [row for row in rows(document) if (row["testIdx"], row["promptIdx"]) != (2, 0)]
        document["results"]["results"] = kept
        document["results"]["stats"].update(successes=3, failures=2, errors=6)

    with pytest.raises(EvidenceError, match="1 of its tests were not asked"):
        read_results(edited("promptfoo-two-providers.json", stop), Choice(provider="local", prompt=0))


def test_a_part_of_the_tests_is_marked() -> None:
    """`--filter-first-n` asks a part; the claim is about that part."""
    data = edited(COMPLETE, lambda document: document["runtimeOptions"].update(filterFirstN=8))

    assert read_results(data).marks == ("part-of-dataset",)


@given(
    st.sampled_from(["prompt", "provider", "response", "tokenUsage", "namedScores", "score", "success", "vars"]),
    st.none() | st.integers() | st.text() | st.floats() | st.lists(st.integers()) | st.just({"raw": 1, "id": [2]}),
)
def test_no_member_of_a_row_breaks_it(member: str, value: object) -> None:
    """Whatever stands where something else is expected is read or refused, never a crash."""
    data = edited(COMPLETE, lambda document: rows(document)[3].update({member: value}))
    try:
        results = read_results(data)
    except EvidenceError:
        return
    assert results.n <= 8
