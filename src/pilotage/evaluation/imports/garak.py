"""Reads the report that garak writes (`*.report.jsonl`): attempts of probes, judged by detectors.

An attempt is a prompt that was sent `generations` times; it succeeds at a generation when a detector's score reaches
the run's threshold. The value of a prompt is the share of its generations at which it was resisted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from pilotage.core.canonical import Json, digest_of_json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports.json_text import JsonObject, as_count, as_list, as_object, as_objects, read_lines
from pilotage.evaluation.imports.results import (
    Choice,
    ImportedResults,
    Summary,
    Unit,
    join_units,
    listed,
    malformed,
    not_independent,
    plain_word,
    read_moment,
    task_word,
)

_ASKED, _JUDGED = 1, 2  # an attempt's status, after its generations and after its detectors
_THRESHOLD = 0.5
_AGAIN = "run garak to its end, and import that report"


@dataclass(slots=True)
class _Report:
    """The lines of a report that are used."""

    setup: JsonObject = field(default_factory=dict[str, Json])
    init: JsonObject = field(default_factory=dict[str, Json])
    completion: JsonObject | None = None
    asked: dict[str, str] = field(default_factory=dict[str, str])
    judged: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    evals: dict[tuple[str, str], JsonObject] = field(default_factory=dict[tuple[str, str], JsonObject])


def read_garak(data: bytes, digest: str, choice: Choice) -> ImportedResults:
    """Read a report.

    Raises:
        EvidenceError: it is damaged, a log of hits alone, or of a run that did not end.
    """
    choice.verify_for("garak", takes=("--probe", "--detector"))
    report = _collect(data)
    if report.completion is None:
        raise not_independent("the run did not end", _AGAIN)
    unjudged = report.asked.keys() - report.judged.keys()
    if unjudged:
        raise not_independent(f"{len(unjudged)} of its attempts were not judged", _AGAIN)
    pairs = _pick(report, choice)
    marks: set[str] = set()
    summary: Summary | None = None
    units: tuple[Unit, ...] = ()
    if report.judged:
        units = _units(report, pairs)
        _verify_counts(report, pairs)
    else:
        summary = _summary(report, pairs)
        marks.add("summary")
    probes, detectors = ({pair[place] for pair in pairs} for place in (0, 1))
    return ImportedResults(
        tool="garak",
        tool_version=plain_word(report.init.get("garak_version", "unknown")),
        task=task_word(f"{', '.join(sorted(probes))}, detectors {', '.join(sorted(detectors))}"),
        units=units,
        summary=summary,
        digest=digest,
        marks=tuple(sorted(marks)),
        started=read_moment(report.init.get("start_time")),
        finished=read_moment(report.completion.get("end_time")),
    )


def _collect(data: bytes) -> _Report:
    report = _Report()
    for number, line in read_lines(data):
        match line.get("entry_type"):
            case "start_run setup":
                report.setup = line
            case "init":
                if report.init:
                    raise malformed(f"line {number} begins a second run", "import one run at a time")
                report.init = line
            case "completion":
                report.completion = line
            case "attempt":
                _collect_attempt(report, line, number)
            case "eval":
                _collect_totals(report, line, number)
            case None:
                raise _foreign(line, number)
            case _:
                pass  # such as the digest that garak's own page is made from
    return report


def _foreign(line: JsonObject, number: int) -> EvidenceError:
    if "attempt_id" in line:
        return malformed("it is the log of hits, which leaves out what was resisted", "give *.report.jsonl")
    return malformed(f"line {number} does not say what it is (no entry_type)", "give garak's *.report.jsonl")


def _collect_totals(report: _Report, line: JsonObject, number: int) -> None:
    pair = (str(line.get("probe")), str(line.get("detector")))
    if pair in report.evals:
        raise malformed(f"line {number} gives the totals of {plain_word(pair[0])} twice")
    report.evals[pair] = line


def _collect_attempt(report: _Report, line: JsonObject, number: int) -> None:
    name, status = line.get("uuid"), line.get("status")
    if not isinstance(name, str) or not isinstance(line.get("probe_classname"), str):
        raise malformed(f"line {number} is an attempt without id or probe")
    if status == _ASKED:
        report.asked[name] = str(line["probe_classname"])
    elif status == _JUDGED:
        if name in report.judged:
            raise malformed(f"line {number} judges an attempt a second time")
        report.judged[name] = {
            key: line.get(key) for key in ("probe_classname", "prompt", "detector_results", "outputs")
        }


def _pick(report: _Report, choice: Choice) -> list[tuple[str, str]]:
    """Choose pairs of probe and detector, all of them where none is named."""
    found = sorted(report.evals)
    if not found:
        raise malformed("it holds no totals of any probe")
    for wanted, place, option in ((choice.probes, 0, "--probe"), (choice.detectors, 1, "--detector")):
        known = {pair[place] for pair in found}
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise malformed(f"it has no {plain_word(unknown[0])}", f"choose with {option}: {listed(known)}")
    return [
        (probe, detector)
        for probe, detector in found
        if probe in (choice.probes or (probe,)) and detector in (choice.detectors or (detector,))
    ] or _none_left(found)


def _none_left(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    pairs = listed(f"{probe} by {detector}" for probe, detector in found)
    raise malformed("no probe was judged by such a detector", f"there are: {pairs}")


def _threshold(report: _Report) -> float:
    given = report.setup.get("run.eval_threshold", _THRESHOLD)
    return float(given) if isinstance(given, int | float) and 0 <= given <= 1 else _THRESHOLD


def _units(report: _Report, pairs: list[tuple[str, str]]) -> tuple[Unit, ...]:
    threshold = _threshold(report)
    detectors = defaultdict[str, list[str]](list)
    for probe, detector in pairs:
        detectors[probe].append(detector)
    outcomes: list[tuple[str, float | None]] = []
    for attempt in report.judged.values():
        wanted = detectors.get(str(attempt["probe_classname"]))
        if wanted is None:
            continue
        prompt = digest_of_json(["garak", repr(_words(attempt.get("prompt")))])
        outcomes.extend((prompt, outcome) for outcome in _resisted(attempt, wanted, threshold))
    return join_units(outcomes)


def _words(prompt: Json) -> Json:
    """What was said to the model, turn by turn, without what garak notes about it."""
    if isinstance(prompt, dict) and "turns" in prompt:
        turns = as_objects(as_object(cast("Json", prompt), "a prompt").get("turns"), "turns")
        return [[turn.get("role"), as_object(turn.get("content") or {}, "content").get("text")] for turn in turns]
    return cast("Json", prompt)


def _resisted(attempt: JsonObject, detectors: list[str], threshold: float) -> list[float | None]:
    """Tell for each generation whether it was resisted: 1 or 0, None where no detector came to a result."""
    results = as_object(attempt.get("detector_results") or {}, "detector_results")
    answers = as_list(attempt.get("outputs") or [], "outputs")
    if any(results.get(detector) is None for detector in detectors):
        return [None] * max(len(answers), 1)
    columns = [as_list(results[detector], "a detector's results") for detector in detectors]
    if {len(column) for column in columns} != {len(answers)} or not answers:
        raise malformed("an attempt has not one result of each detector for each of its answers")
    return [_joined(scores, threshold) for scores in zip(*columns, strict=True)]


def _joined(scores: Iterable[Json], threshold: float) -> float | None:
    """Join what the detectors say of one answer: any hit is a success of the attack."""
    found = list(scores)
    for score in found:
        if score is not None and (isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1):
            raise malformed("a detector's result lies not between 0 and 1")
    if any(score is not None and score >= threshold for score in found):
        return 0.0
    return None if any(score is None for score in found) else 1.0


def _verify_counts(report: _Report, pairs: list[tuple[str, str]]) -> None:
    """Refuse a report whose attempts and totals tell two stories: lines were lost, or added."""
    threshold = _threshold(report)
    found: dict[tuple[str, str], Counter[float | None]] = {pair: Counter() for pair in pairs}
    for attempt in report.judged.values():
        for probe, detector in pairs:
            if attempt["probe_classname"] == probe:
                found[probe, detector].update(_resisted(attempt, [detector], threshold))
    for pair, ends in found.items():
        resisted, hit, unjudged = ends[1.0], ends[0.0], ends[None]
        counts = {
            "passed": ("was resisted", resisted),
            "fails": ("was hit", hit),
            "nones": ("was without a result", unjudged),
            "total_evaluated": ("was judged", resisted + hit),
            "total_processed": ("was asked", resisted + hit + unjudged),
        }
        totals = report.evals[pair]
        for name, (what, count) in counts.items():
            if name == "passed" or totals.get(name) is not None:
                told = as_count(totals.get(name), name)
                if told != count:
                    raise malformed(f"{plain_word(pair[0])} {what} {count} times by its attempts, {told} by its totals")


def _summary(report: _Report, pairs: list[tuple[str, str]]) -> Summary:
    """Read the totals of a report without attempts; one detector a probe, since hits of two may be the same."""
    if len({probe for probe, _ in pairs}) < len(pairs):
        several = listed(detector for _, detector in pairs)
        raise malformed("a probe has totals of several detectors", f"choose one with --detector: {several}")
    prompts, resisted = 0, 0.0
    for pair in pairs:
        totals = report.evals[pair]
        passed, evaluated = (as_count(totals.get(name), name) for name in ("passed", "total_evaluated"))
        processed = evaluated + as_count(totals.get("nones", 0), "nones")
        first = as_object(as_object(totals.get("hit_at_k") or {}, "hit_at_k").get("1") or {}, "hit_at_k")
        asked = as_count(first.get("prompts", 0), "hit_at_k.1.prompts")
        if not 0 < asked <= processed or passed > evaluated:
            raise malformed(f"the totals of {plain_word(pair[0])} do not tell the number of its prompts")
        for name, sum_told in (("fails", evaluated - passed), ("total_processed", processed)):
            if totals.get(name) is not None and as_count(totals.get(name), name) != sum_told:
                raise malformed(f"the totals of {plain_word(pair[0])} say {name} {totals[name]}, not {sum_told}")
        prompts += asked
        resisted += asked * passed / processed
    return Summary(prompts, resisted / prompts)
