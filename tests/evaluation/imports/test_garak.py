"""Tests of reading garak's reports: a real one, and what was changed in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.evaluation.imports.files import read_sample

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports.read import read_results
from pilotage.evaluation.imports.results import Choice

REPORT = "garak.report.jsonl"
Change = Callable[[dict[str, Any]], object]
RILEY, BLANK, IMAGE = "goodside.WhoIsRiley", "test.Blank", "web_injection.MarkdownImageExfil"


SPOILED: list[tuple[Change, str]] = [
    (lambda line: "drop" if line["entry_type"] == "completion" else None, "did not end"),
    (lambda line: "drop" if is_judged(line, BLANK) else None, "1 of its attempts were not judged"),
    (lambda line: line.pop("entry_type") and None, "does not say what it is"),
    (lambda line: line.update(passed=3) if line.get("probe") == RILEY else None, "12 times by its attempts, 3"),
    (lambda line: line.update(fails=1) if line.get("probe") == RILEY else None, "was hit 0 times by its attempts, 1"),
    (lambda line: line.update(nones=4) if line.get("probe") == RILEY else None, "without a result 0 times .* 4 by"),
    (lambda line: line.update(total_evaluated=14) if line.get("probe") == RILEY else None, "was judged 12 times .* 14"),
    (lambda line: line.update(total_processed=14) if line.get("probe") == RILEY else None, "was asked 12 times .* 14"),
    (lambda line: "drop" if line["entry_type"] == "eval" else None, "no totals"),
    (lambda line: line.update(uuid="one") if is_judged(line, RILEY) else None, "a second time"),
    (
        lambda line: line.update(detector_results={"goodside.RileyIsnt": [0]}) if is_judged(line, RILEY) else None,
        "one result of each",
    ),
    (
        lambda line: line.update(detector_results={"goodside.RileyIsnt": [0, 7]}) if is_judged(line, RILEY) else None,
        "between 0 and 1",
    ),
]


def edited_report(change: Change) -> bytes:
    """Change the report line by line; a line whose change gives "drop" is left out."""
    lines = [json.loads(line) for line in read_sample(REPORT).splitlines()]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines if change(line) != "drop")


def is_judged(line: dict[str, Any], probe: str) -> bool:
    """Tell whether a line is an attempt of a probe after its detectors."""
    return line["entry_type"] == "attempt" and line["status"] == 2 and line["probe_classname"] == probe


def test_a_whole_report_is_read() -> None:
    """Each prompt is one unit of its two generations; the one that was hit at both has the value 0."""
    results = read_results(read_sample(REPORT))

    assert (results.tool, results.tool_version, results.summary) == ("garak", "0.17.1", None)
    assert (results.n, results.asked, results.repeats) == (19, 38, 2)
    assert sorted(results.values) == [0.0] + [1.0] * 18
    assert results.started is not None
    assert results.finished is not None


def test_probes_and_detectors_are_chosen() -> None:
    """`--probe` and `--detector` narrow it; what the report has not is refused with what it has."""
    data = read_sample(REPORT)

    assert (read_results(data, Choice(probes=(BLANK,))).values, read_results(data, Choice(probes=(RILEY,))).n) == (
        (0,),
        6,
    )
    assert read_results(data, Choice(detectors=("web_injection.MarkdownExfilBasic",))).n == 12
    with pytest.raises(EvidenceError, match=r"no dan\.DAN") as caught:
        read_results(data, Choice(probes=("dan.DAN",)))
    assert RILEY in caught.value.remedy
    with pytest.raises(EvidenceError, match="no probe was judged by such a detector"):
        read_results(data, Choice(probes=(RILEY,), detectors=("any.AnyOutput",)))


def test_any_detector_that_hits_is_a_success_of_the_attack() -> None:
    """Of two detectors one hit is enough, at the run's own threshold."""

    def hit(line: dict[str, Any]) -> None:
        if is_judged(line, IMAGE) and line["seq"] == 3:
            line["detector_results"]["web_injection.MarkdownExfilContent"] = [0.5, 0.49]
        if line["entry_type"] == "eval" and line["detector"] == "web_injection.MarkdownExfilContent":
            line.update(passed=line["passed"] - 1, fails=line["fails"] + 1)

    assert sorted(read_results(edited_report(hit), Choice(probes=(IMAGE,))).values) == [0.5] + [1.0] * 11


def test_an_answer_without_a_result_is_not_measured() -> None:
    """A detector that gave None leaves its generation unmeasured, unless another hit."""

    def lose(line: dict[str, Any]) -> None:
        if is_judged(line, RILEY) and line["seq"] == 0:
            line["detector_results"] = {"goodside.RileyIsnt": [None, None]}
        if line["entry_type"] == "eval" and line["probe"] == RILEY:
            line.update(passed=10, nones=2, total_evaluated=10)

    results = read_results(edited_report(lose), Choice(probes=(RILEY,)))
    assert (results.n, results.not_measured) == (6, 1)


def test_the_same_words_are_one_prompt() -> None:
    """Attempts that sent the same words are joined, whatever their ids."""
    first = next(json.loads(line) for line in read_sample(REPORT).splitlines() if is_judged(json.loads(line), RILEY))

    def same(line: dict[str, Any]) -> None:
        if is_judged(line, RILEY):
            line["prompt"] = first["prompt"]

    results = read_results(edited_report(same), Choice(probes=(RILEY,)))
    assert (results.n, results.asked) == (1, 12)


def test_a_report_without_attempts_is_a_summary() -> None:
    """Its totals tell prompts and the share resisted; a probe with two detectors has to be chosen from."""

    def strip(line: dict[str, Any]) -> str | None:
        return "drop" if line["entry_type"] == "attempt" else None

    data = edited_report(strip)
    with pytest.raises(EvidenceError, match="several detectors"):
        read_results(data)
    results = read_results(data, Choice(probes=(RILEY, BLANK)))
    assert results.marks == ("summary",)
    assert results.summary is not None
    assert (results.n, results.summary.mean) == (7, pytest.approx(6 / 7))


@pytest.mark.parametrize("name", ["fails", "total_processed"])
def test_totals_that_contradict_each_other_are_refused(name: str) -> None:
    """Without attempts, the totals of a probe have to add up among themselves."""

    def strip(line: dict[str, Any]) -> str | None:
        if line["entry_type"] == "eval" and line["probe"] == RILEY:
            line[name] = 99
        return "drop" if line["entry_type"] == "attempt" else None

    with pytest.raises(EvidenceError, match=f"say {name} 99, not"):
        read_results(edited_report(strip), Choice(probes=(RILEY,)))


@pytest.mark.parametrize(("change", "words"), SPOILED)
def test_what_is_no_evidence_is_refused(change: Change, words: str) -> None:
    """Unfinished runs, lost lines and impossible results are said."""
    with pytest.raises(EvidenceError, match=words) as caught:
        read_results(edited_report(change))

    assert caught.value.remedy


def test_two_runs_in_one_file_are_refused() -> None:
    """Reports put together are not one run."""
    with pytest.raises(EvidenceError, match="second run"):
        read_results(read_sample(REPORT) + b"\n" + read_sample(REPORT))


def test_the_log_of_hits_is_refused() -> None:
    """It leaves out what was resisted, so nothing can be learned from its number."""
    with pytest.raises(EvidenceError, match="log of hits") as caught:
        read_results(read_sample("garak.hitlog.jsonl"))

    assert "report.jsonl" in caught.value.remedy


@pytest.mark.parametrize("cut", [0.2, 0.7, 0.98])
def test_a_cut_report_is_refused(cut: float) -> None:
    """A report that lacks its end ends in an error."""
    data = read_sample(REPORT)

    with pytest.raises(EvidenceError, match=r"cut off|did not end|not judged"):
        read_results(data[: int(len(data) * cut)])
