"""Reads logs of Inspect AI, version 2: `.eval` (a zip archive of Zstandard entries) and `.json`.

A log says "success" and gives an accuracy even when an EarlyStopping class ended the run, so it is evidence at a fixed
number only when every sample of every epoch that was planned is in it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from pilotage.core.canonical import Json, digest_of_bytes, digest_of_json
from pilotage.evaluation.imports.archive import Archive
from pilotage.evaluation.imports.json_text import JsonObject, as_count, as_object, as_objects, read_value
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

_VERSION = 2
_WORDS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_AGAIN = "run it to its end, without early stopping, and import that log"
_MOST_EPOCHS = 1_000
_ROUNDING = 1e-6  # of a mean that was written as a decimal number
_SAMPLE_NAME = re.compile(r"samples/.+_epoch_\d+\.json")


@dataclass(frozen=True, slots=True)
class _Sample:
    """What is used of one sample of one epoch."""

    id: str
    epoch: int
    scores: Mapping[str, Json]
    failed: bool
    marks: tuple[str, ...]


def read_eval(data: bytes, choice: Choice) -> ImportedResults:
    """Read an `.eval` log.

    Raises:
        EvidenceError: it is damaged, unfinished, or no independent evidence at a fixed number.
    """
    archive = Archive(data)
    if "header.json" not in archive:
        if "_journal/start.json" in archive:
            raise not_independent("the run was never finished", _AGAIN)
        raise malformed("it is an archive, but no log of Inspect AI")
    header = as_object(read_value(archive.read("header.json"), "header.json"), "header.json")
    names = [name for name in archive.names("samples/") if _SAMPLE_NAME.fullmatch(name)]
    samples = (as_object(read_value(archive.read(name), name), name) for name in names)
    reductions = (
        read_value(archive.read("reductions.json"), "reductions.json") if "reductions.json" in archive else None
    )
    return _read(header, samples if names else None, reductions, digest_of_bytes(data), choice)


def read_log(log: JsonObject, digest: str, choice: Choice) -> ImportedResults:
    """Read a `.json` log, parsed already.

    Raises:
        EvidenceError: it is unfinished, or no independent evidence at a fixed number.
    """
    samples = as_objects(log["samples"], "samples") if log.get("samples") else None
    return _read(log, samples, log.get("reductions"), digest, choice)


def _read(
    header: JsonObject, samples: Iterable[JsonObject] | None, reductions: Json, digest: str, choice: Choice
) -> ImportedResults:
    choice.verify_for("inspect", takes=("--score",))
    spec = as_object(header.get("eval"), "eval")
    config = as_object(spec.get("config") or {}, "eval.config")
    _verify_finished(header)
    results = as_object(header.get("results"), "results")
    planned = as_count(results.get("total_samples"), "results.total_samples")
    task = str(spec.get("task", "unknown"))
    epochs = as_count(config.get("epochs") or 1, "eval.config.epochs")
    if not 1 <= epochs <= _MOST_EPOCHS:
        raise malformed(f"eval.config.epochs is {epochs}")
    marks = (
        {"part-of-dataset"} if config.get("limit") is not None or config.get("sample_id") is not None else set[str]()
    )
    summary: Summary | None = None
    units: tuple[Unit, ...] = ()
    if samples is not None:
        read = [_sample(sample, place) for place, sample in enumerate(samples)]
        _verify_complete(read, spec, planned, epochs)
        marks.update(mark for sample in read for mark in sample.marks)
        _verify_completed(read, results)
        score, units = _units_of_samples(task, read, choice.score)
        _verify_mean(results, config, score, _mean_of_samples(read, score))
    elif reductions:
        score, units = _units_of_reductions(task, reductions, config, planned, epochs, choice.score)
        measured = [unit.value for unit in units if unit.value is not None]
        _verify_mean(results, config, score, math.fsum(measured) / len(measured) if measured else None)
    else:
        score, summary = _summary(results, planned, epochs, choice.score)
        marks.add("summary")
    stats = as_object(header.get("stats") or {}, "stats")
    packages = as_object(spec.get("packages") or {}, "eval.packages")
    return ImportedResults(
        tool="inspect",
        tool_version=plain_word(packages.get("inspect_ai", "unknown")),
        task=task_word(f"{task}, score {score}"),
        units=units,
        summary=summary,
        digest=digest,
        marks=tuple(sorted(marks)),
        started=read_moment(stats.get("started_at") or spec.get("created")),
        finished=read_moment(stats.get("completed_at")),
    )


def _verify_finished(header: JsonObject) -> None:
    """Refuse what was not carried out as planned, whatever its figures say."""
    if header.get("version") != _VERSION:
        raise malformed(f"it is a log of version {plain_word(header.get('version'))}, not {_VERSION}")
    status = header.get("status")
    if status != "success":
        raise not_independent(f"the run ended as {plain_word(status)}", _AGAIN)
    if header.get("invalidated"):
        raise not_independent("somebody marked samples of the log as invalid", "run it again and import that log")
    results = header.get("results")
    if not isinstance(results, dict):
        raise not_independent("the log holds no scores", "score the log with the tool, then import it")
    if "early_stopping" in results and results["early_stopping"] is not None:
        raise not_independent("an EarlyStopping class could end the run by what it saw", _AGAIN)
    if "logged_samples" in results and results["logged_samples"] is not None:
        raise not_independent("the run was drained before its end", _AGAIN)


def _sample(sample: JsonObject, place: int) -> _Sample:
    """Take what is used of a sample."""
    where = f"sample {place}"
    name, epoch = sample.get("id"), sample.get("epoch")
    if not isinstance(name, str | int) or not isinstance(epoch, int):
        raise malformed(f"{where} has no id or no epoch")
    if sample.get("invalidation"):
        raise not_independent("somebody marked samples of the log as invalid", "run it again and import that log")
    events = as_objects(sample.get("events") or [], f"{where}, events")
    if any(event.get("event") == "model" and event.get("cache") == "read" for event in events):
        raise not_independent(
            "answers came from the tool's cache, so from an earlier run or another repeat",
            "run it with --no-cache and import that log",
        )
    marks = {"retried": sample.get("error_retries"), "limited": sample.get("limit")}
    scores: dict[str, Json] = {}
    for scorer, score in as_object(sample.get("scores") or {}, f"{where}, scores").items():
        value = as_object(score, f"{where}, score {plain_word(scorer)}").get("value")
        if isinstance(value, dict):
            scores.update({f"{scorer}/{key}": part for key, part in cast("JsonObject", value).items()})
        else:
            scores[scorer] = value
    return _Sample(
        str(name), epoch, scores, sample.get("error") is not None, tuple(mark for mark, why in marks.items() if why)
    )


def _verify_complete(samples: list[_Sample], spec: JsonObject, planned: int, epochs: int) -> None:
    """Refuse a log that lacks a sample which was planned, or holds one twice."""
    seen = Counter((sample.id, sample.epoch) for sample in samples)
    doubled = next((key for key, count in seen.items() if count > 1), None)
    if doubled is not None:
        raise malformed(f"sample {plain_word(doubled[0])} stands twice at epoch {doubled[1]}")
    ids = as_object(spec.get("dataset") or {}, "eval.dataset").get("sample_ids")
    wanted = (
        [str(name) for name in cast("list[Json]", ids)]
        if isinstance(ids, list)
        else sorted({sample.id for sample in samples})
    )
    expected = {(name, epoch) for name in wanted for epoch in range(1, epochs + 1)}
    missing = len(expected - seen.keys())
    if missing or planned > len(samples):
        lacking = max(missing, planned - len(samples))
        raise not_independent(f"{lacking} of {max(planned, len(expected))} planned samples were not asked", _AGAIN)
    if len(samples) != planned:
        raise malformed(f"it holds {len(samples)} samples, and says that {planned} were planned")


def _verify_completed(samples: list[_Sample], results: JsonObject) -> None:
    """Refuse a log that tells of fewer completed samples than it holds without an error, or of more than it holds."""
    if results.get("completed_samples") is None:
        return
    told = as_count(results.get("completed_samples"), "results.completed_samples")
    least = sum(not sample.failed for sample in samples)
    if not least <= told <= len(samples):  # some versions count samples that failed and were scored all the same
        raise malformed(f"it says that {told} samples were completed, and holds {least} without an error")


def _mean_of_samples(samples: list[_Sample], score: str) -> float | None:
    """Give the mean as the tool computes it, of the means of each prompt; None where versions of it differ.

    They differ about samples that failed and have a score all the same, and about scores that are no number.
    """
    prompts: dict[str, list[float]] = {}
    for sample in samples:
        grade = _grade(sample.scores.get(score), score)
        if (grade is None) != sample.failed:
            return None
        if grade is not None:
            prompts.setdefault(sample.id, []).append(grade)
    return math.fsum(math.fsum(grades) / len(grades) for grades in prompts.values()) / len(prompts) if prompts else None


def _verify_mean(results: JsonObject, config: JsonObject, score: str, mean: float | None) -> None:
    """Refuse a log whose accuracy or mean of the score is not that of its samples; other reductions are no mean."""
    if mean is None or (config.get("epochs_reducer") or ["mean"]) != ["mean"]:
        return
    entries = [each for each in as_objects(results.get("scores") or [], "results.scores") if each.get("name") == score]
    if len(entries) != 1 or entries[0].get("reducer") not in {None, "mean"}:
        return
    metrics = as_object(entries[0].get("metrics") or {}, "metrics")
    for name in ("accuracy", "mean"):
        metric = as_object(metrics.get(name) or {}, "a metric")
        told = metric.get("value")
        if metric.get("params") or isinstance(told, bool) or not isinstance(told, int | float):
            continue  # a metric with parameters may be any figure
        if not mean - _ROUNDING <= told <= mean + _ROUNDING:
            what = f"its {name} of {plain_word(score)}"
            raise malformed(f"{what} is {plain_word(told)}, and that of its samples is {mean:.6g}")


def _units_of_samples(task: str, samples: list[_Sample], wanted: str | None) -> tuple[str, tuple[Unit, ...]]:
    score = _pick({name for sample in samples for name in sample.scores}, wanted)
    outcomes = (
        (_key(task, sample.id), None if sample.failed else _grade(sample.scores.get(score), score))
        for sample in samples
    )
    return score, join_units(outcomes)


def _units_of_reductions(
    task: str, reductions: Json, config: JsonObject, planned: int, epochs: int, wanted: str | None
) -> tuple[str, tuple[Unit, ...]]:
    """Read one value a prompt, where samples were not logged; only the mean of the epochs is one."""
    entries = as_objects(reductions, "reductions")
    reducers = config.get("epochs_reducer") or ["mean"]
    if epochs > 1 and reducers != ["mean"]:
        raise not_independent(
            f"its epochs are reduced by {listed(map(str, reducers))}, and its samples are not logged",
            "run it with --epochs-reducer mean, or with samples logged",
        )
    score = _pick({str(entry.get("scorer")) for entry in entries}, wanted)
    entry = next(entry for entry in entries if str(entry.get("scorer")) == score)
    units = [
        Unit(_key(task, str(sample.get("sample_id"))), _grade(sample.get("value"), score), epochs)
        for sample in as_objects(entry.get("samples"), "reductions, samples")
    ]
    if len({unit.id for unit in units}) < len(units):
        raise malformed("its reductions name a sample twice")
    if len(units) * epochs > planned:
        raise malformed(f"it reduces {len(units)} samples, and says that {planned} were planned")
    # A sample that failed has no reduction: it was asked, and nothing was measured.
    lost = range(planned // epochs - len(units))
    return score, (*units, *(Unit(_key(task, "lost", place), None, epochs) for place in lost))


def _summary(results: JsonObject, planned: int, epochs: int, wanted: str | None) -> tuple[str, Summary]:
    """Read the mean alone, where the log holds nothing of single samples."""
    scores = {str(score.get("name")): score for score in as_objects(results.get("scores") or [], "results.scores")}
    name = _pick(scores.keys(), wanted)
    metrics = as_object(scores[name].get("metrics") or {}, "metrics")
    metric = metrics.get("accuracy") or metrics.get("mean")
    mean = _grade(as_object(metric, "a metric").get("value"), name) if metric is not None else None
    if mean is None:
        raise malformed(f"score {name} has neither accuracy nor mean", "run it with samples logged")
    n = planned // epochs
    scored = as_count(scores[name].get("scored_samples", n), "scored_samples")
    if scored > n:
        raise malformed(f"{scored} samples are scored of {n} planned")
    return name, Summary(n, mean * scored / n if n else 0.0, n - scored)


def _key(task: str, *parts: Json) -> str:
    """Give the digest that tells a sample from others; its id alone may be a number that any task has."""
    return digest_of_json(["inspect", task, *parts])


def _pick(names: Iterable[str], wanted: str | None) -> str:
    """Choose the scorer: the one there is, or the one that was named."""
    found = sorted(names)
    if wanted is not None and wanted not in found:
        raise malformed(f"it has no score {wanted!r}", f"choose one with --score: {listed(found)}")
    if wanted is None and len(found) != 1:
        if not found:
            raise not_independent("the log holds no scores", "score the log with the tool, then import it")
        raise malformed("it holds several scores", f"choose one with --score: {listed(found)}")
    return found[0] if wanted is None else wanted


def _grade(value: Json, score: str) -> float | None:
    """Read a score's value as Inspect does; None and NaN were not measured."""
    if value is None:
        return None
    if isinstance(value, str):
        known = _WORDS.get(value, _WORDS.get(value.lower()) if len(value) > 1 else None)
        if known is not None:
            return known
        try:
            value = float(value)
        except ValueError as error:
            raise malformed(
                f"score {score} has the value {plain_word(value)!r}", "choose one that is a grade"
            ) from error
    if not isinstance(value, bool | int | float):
        raise malformed(f"score {score} has a value that is no grade", "choose a score with one value a sample")
    if isinstance(value, float) and math.isnan(value):
        return None
    if not 0 <= value <= 1:
        raise malformed(
            f"score {score} has the value {plain_word(value)}", "choose a score whose values lie between 0 and 1"
        )
    return float(value)
