"""Reads the JSON that promptfoo writes, `results.version` 3.

A repeat is a row of its own with a test number of its own, so rows are joined by the prompt that was sent. An answer
from promptfoo's cache is a copy of an earlier one: of another repeat, or of a run that may have asked another Release.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pilotage.core.canonical import Json, digest_of_json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports.json_text import JsonObject, as_count, as_object, as_objects
from pilotage.evaluation.imports.results import (
    Choice,
    ImportedResults,
    join_units,
    listed,
    malformed,
    not_independent,
    plain_word,
    read_moment,
    task_word,
)

_VERSION = 3
_ERROR = 2  # failureReason: 0 none, 1 an assertion, 2 an error
_PASSED = "passed"
_CHOSEN_BY_OUTCOME = ("filterFailing", "filterFailingOnly", "filterErrorsOnly", "retryErrors", "resume")
_PART = ("filterFirstN", "filterSample", "filterPattern", "filterRange", "filterMetadata")


@dataclass(frozen=True, slots=True)
class _Column:
    """One prompt template with one provider: a column of promptfoo's table."""

    number: int
    provider: str
    provider_id: str
    template: str


def read_promptfoo(document: JsonObject, digest: str, choice: Choice) -> ImportedResults:
    """Read a file, parsed already.

    Raises:
        EvidenceError: it is damaged, from another version, or no independent evidence at a fixed number.
    """
    choice.verify_for("promptfoo", takes=("--score", "--provider", "--prompt"))
    results = as_object(document.get("results"), "results")
    if results.get("version") != _VERSION:
        raise malformed(f"results.version is {plain_word(results.get('version'))}, not {_VERSION}")
    rows = as_objects(results.get("results"), "results.results")
    if not rows:
        raise malformed("it holds no rows", "run promptfoo eval with -o results.json")
    _verify_whole(results, rows)
    options = as_object(document.get("runtimeOptions") or {}, "runtimeOptions")
    marks = _verify_options(options)
    column = _pick(rows, choice)
    chosen = [row for row in rows if row.get("promptIdx") == column.number]
    _verify_column(rows, chosen)
    _verify_fresh(chosen)
    outcomes = [(digest_of_json(["promptfoo", _asked(row)]), _value(row, choice.score)) for row in chosen]
    metadata = as_object(document.get("metadata") or {}, "metadata")
    described = as_object(document.get("config") or {}, "config").get("description")
    task = f"{described or 'eval'}, {column.provider}, prompt {column.number}, score {choice.score or _PASSED}"
    return ImportedResults(
        tool="promptfoo",
        tool_version=plain_word(metadata.get("promptfooVersion", "unknown")),
        task=task_word(task),
        units=join_units(outcomes),
        summary=None,
        digest=digest,
        marks=marks,
        started=read_moment(metadata.get("evaluationCreatedAt") or results.get("timestamp")),
        finished=read_moment(metadata.get("exportedAt")),
    )


def _verify_whole(results: JsonObject, rows: Sequence[JsonObject]) -> None:
    """Refuse a file whose own totals say that rows were added or taken away."""
    stats = as_object(results.get("stats") or {}, "results.stats")
    told = {name: as_count(stats.get(name), f"results.stats.{name}") for name in ("successes", "failures", "errors")}
    if sum(told.values()) != len(rows):
        raise malformed(f"it holds {len(rows)} rows, and its totals count {sum(told.values())}")
    found = Counter(map(_end, rows))
    for name, count in told.items():
        if found[name] != count:
            raise malformed(f"{found[name]} of its rows are {name}, and its totals count {count}")
    cells = Counter((row.get("testIdx"), row.get("promptIdx")) for row in rows)
    for (test, prompt), count in cells.items():
        as_count(test, "testIdx")
        as_count(prompt, "promptIdx")
        if count > 1:
            raise malformed(f"the row of test {test} and prompt {prompt} stands {count} times")


def _end(row: JsonObject) -> str:
    """Tell under which of the totals promptfoo counts a row."""
    passed = row.get("success")
    if not isinstance(passed, bool):
        raise malformed("a row does not say whether it passed")
    if not passed:
        return "errors" if row.get("failureReason") == _ERROR else "failures"
    if as_object(row.get("gradingResult") or {}, "gradingResult").get("pass") is False:
        raise malformed("a row says that it passed, and its gradingResult says that it did not")
    return "successes"


def _verify_options(options: JsonObject) -> tuple[str, ...]:
    """Refuse a run whose tests were chosen by how they had come out before; mark one of a part of the tests."""
    chosen_by = [name for name in _CHOSEN_BY_OUTCOME if options.get(name)]
    if chosen_by:
        raise not_independent(
            f"its tests were chosen by how they came out before ({chosen_by[0]})", "run all tests, and import that file"
        )
    return ("part-of-dataset",) if any(options.get(name) for name in _PART) else ()


def _pick(rows: Sequence[JsonObject], choice: Choice) -> _Column:
    """Choose the column: the one there is, or the one that was named."""
    columns = {column.number: column for column in map(_column, rows)}
    found = [
        column
        for _, column in sorted(columns.items())
        if choice.provider in {None, column.provider, column.provider_id} and choice.prompt in {None, column.number}
    ]
    if len(found) == 1:
        return found[0]
    several = listed(
        f"{column.number} ({column.provider}: {column.template[:40]})" for column in found or columns.values()
    )
    what = "it holds several columns of results" if found else "it has no such column of results"
    raise malformed(what, f"choose one with --provider NAME and --prompt NUMBER: {several}")


def _column(row: JsonObject) -> _Column:
    provider = row.get("provider")
    named = as_object(provider, "provider") if isinstance(provider, dict) else {"id": provider}
    label, name = str(named.get("label") or named.get("id")), str(named.get("id"))
    prompt = as_object(row.get("prompt") or {}, "prompt")
    return _Column(as_count(row.get("promptIdx"), "promptIdx"), label, name, str(prompt.get("label") or ""))


def _verify_column(rows: Sequence[JsonObject], chosen: Sequence[JsonObject]) -> None:
    """Refuse a column that lacks tests which others have: its run was stopped."""
    tests = {row["testIdx"] for row in rows}
    missing = len(tests) - len(chosen)
    gaps = max(tests) + 1 - len(tests)
    if missing or gaps:
        raise not_independent(
            f"{missing or gaps} of its tests were not asked", "run it to its end, and import that file"
        )


def _verify_fresh(rows: Sequence[JsonObject]) -> None:
    """Refuse answers from the cache."""
    cached = sum(_is_cached(row) for row in rows)
    if cached:
        raise not_independent(
            f"{cached} of {len(rows)} answers came from promptfoo's cache: copies of another repeat, or of an earlier "
            "run, perhaps of another Release",
            "run it with --no-cache, and import that file",
        )


def _is_cached(row: JsonObject) -> bool:
    response = as_object(row.get("response") or {}, "response")
    counters = (row.get("tokenUsage"), response.get("tokenUsage"))
    spent = [as_object(counter or {}, "tokenUsage").get("cached") for counter in counters]
    return response.get("cached") is True or any(isinstance(tokens, int | float) and tokens > 0 for tokens in spent)


def _asked(row: JsonObject) -> Json:
    """What tells a prompt from the others: the words sent, or the variables where these are not kept."""
    raw = as_object(row.get("prompt") or {}, "prompt").get("raw")
    return raw if isinstance(raw, str) and raw else ["vars", repr(row.get("vars"))]


def _value(row: JsonObject, score: str | None) -> float | None:
    """Give a row's value; an error was not measured."""
    if row.get("failureReason") == _ERROR:
        return None
    if score is None or score == _PASSED:
        return float(row.get("success") is True)
    named = as_object(row.get("namedScores") or {}, "namedScores")
    given = row.get("score") if score == "score" else named.get(score)
    if given is None:
        raise _unknown_score(score, named)
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise malformed(f"score {plain_word(score)} has a value that is no grade")
    if isinstance(given, float) and math.isnan(given):
        return None
    if not 0 <= given <= 1:
        raise malformed(f"score {plain_word(score)} has the value {plain_word(given)}", "choose one between 0 and 1")
    return float(given)


def _unknown_score(score: str, named: JsonObject) -> EvidenceError:
    return malformed(f"a row has no score {plain_word(score)}", f"choose one of: {listed([_PASSED, 'score', *named])}")
