"""Tests of reading logs of Inspect AI: real ones, and what was changed in them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.imports.files import edited, edited_eval, read_sample, zipped

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports.read import read_results
from pilotage.evaluation.imports.results import Choice

LOG = "inspect-capitals.json"
Change = Callable[[Any], object]


SPOILED: list[tuple[Change, str]] = [
    (lambda log: log.update(version=3), "version 3"),
    (lambda log: log.update(status="started"), "ended as started"),
    (lambda log: log.update(invalidated=True), "invalid"),
    (lambda log: log["samples"].pop(), "1 of 12 planned samples"),
    (lambda log: log["samples"].append(log["samples"][0]), "stands twice"),
    (lambda log: log["results"].update(logged_samples=5), "drained"),
    (lambda log: log["results"].update(total_samples=40), "28 of 40"),
    (lambda log: log["samples"][3].update(invalidation={"author": "x"}), "invalid"),
    (lambda log: log["eval"]["config"].update(epochs=2), "planned samples were not asked"),
    (lambda log: log["samples"][0]["events"].append({"event": "model", "cache": "read"}), "cache"),
    (lambda log: log.update(results=None), "no scores"),
    (lambda log: [sample.update(scores={}) for sample in log["samples"]], "no scores"),
    (lambda log: log["samples"][0]["scores"]["includes"].update(value=7), "value 7"),
    (lambda log: log["samples"][0]["scores"]["includes"].update(value=10**400), "value 1000"),
    (lambda log: log["samples"][0]["scores"]["includes"].update(value="maybe"), "maybe"),
    (lambda log: log["samples"][0]["scores"]["includes"].update(value=[1, 2]), "no grade"),
    (lambda log: log.update(samples={"a": 1}), "no list"),
    (lambda log: log["samples"][0].update(id=None), "no id"),
    (lambda log: log["eval"]["config"].update(epochs="many"), "no count"),
]

CONTRADICTING: list[tuple[Change, str]] = [
    (lambda log: metrics_of(log)["accuracy"].update(value=0.9), "accuracy of includes is 0.9, .* samples is 0.833333"),
    (lambda log: metrics_of(log)["accuracy"].update(value=10**400), "accuracy of includes is 1000"),
    (lambda log: metrics_of(log)["accuracy"].update(value=math.nan), "accuracy of includes is nan"),
    (lambda log: metrics_of(log).update(mean={"name": "mean", "value": 1}), "mean of includes is 1, "),
    (lambda log: log["results"].update(completed_samples=11), "11 samples were completed, and holds 12"),
    (lambda log: log["results"].update(completed_samples=13), "13 samples were completed, and holds 12"),
]

INCOMPARABLE: list[Change] = [
    lambda log: log["eval"]["config"].update(epochs_reducer=["max"]),
    lambda log: log["results"]["scores"][0].update(reducer="max"),
    lambda log: log["results"]["scores"].append(log["results"]["scores"][0]),
    lambda log: metrics_of(log)["accuracy"].update(params={"to_float": "other"}),
    lambda log: log["samples"][1]["scores"]["includes"].update(value=math.nan),
]

MARKED: list[tuple[Change, str]] = [
    (lambda sample: sample.update(error_retries=[{"message": "x"}]), "retried"),
    (lambda sample: sample.update(limit={"type": "token", "limit": 5}), "limited"),
]


def metrics_of(log: Any) -> Any:  # noqa: ANN401 - a log of any form
    """Give the metrics of a log's only scorer."""
    return log["results"]["scores"][0]["metrics"]


@pytest.mark.parametrize(("change", "words"), CONTRADICTING)
def test_figures_that_are_not_those_of_the_samples_are_refused(change: Change, words: str) -> None:
    """Completed samples, accuracy and mean are held against the samples; both figures are told."""
    with pytest.raises(EvidenceError, match=words):
        read_results(edited(LOG, change))


def test_reductions_are_held_against_the_accuracy_too() -> None:
    """Where samples were not logged, their reductions have to bear the accuracy out."""

    def lower(header: Any) -> None:  # noqa: ANN401 - a header
        metrics_of(header)["accuracy"]["value"] = 0.5

    with pytest.raises(EvidenceError, match=r"accuracy of includes is 0\.5, and that of its samples is 1"):
        read_results(edited_eval("inspect-not-logged.eval", {"header.json": lower}))


def test_a_rounded_accuracy_is_no_contradiction() -> None:
    """A figure within a millionth of the samples' own is the same."""
    data = edited(LOG, lambda log: metrics_of(log)["accuracy"].update(value=0.8333333))

    assert read_results(data).n == 12


@pytest.mark.parametrize("change", INCOMPARABLE)
def test_figures_that_are_no_plain_mean_are_passed_over(change: Change) -> None:
    """Other reductions, several entries, metrics with parameters and scores that are no number cannot be compared."""

    def lower(log: Any) -> None:  # noqa: ANN401 - a log
        metrics_of(log)["accuracy"]["value"] = 0.1
        change(log)

    assert read_results(edited(LOG, lower)).n == 12


def test_a_whole_log_is_read_the_same_in_both_forms() -> None:
    """`.eval` and `.json` give one outcome a sample, with version, task and dates."""
    for name in ("inspect-capitals.eval", LOG):
        results = read_results(read_sample(name))

        assert (results.tool, results.tool_version, results.task) == ("inspect", "0.3.285", "capitals, score includes")
        assert (results.n, results.repeats, results.not_measured, sum(results.values)) == (12, 1, 0, 10)
        assert results.marks == ()
        assert results.started is not None
        assert results.finished is not None
        assert results.started <= results.finished


def test_epochs_are_one_prompt() -> None:
    """Three epochs of twelve samples are twelve prompts, each with the mean of its three outcomes."""
    results = read_results(read_sample("inspect-epochs.eval"))

    assert (results.n, results.asked, results.repeats) == (12, 36, 3)
    assert set(results.values) <= {0, 1 / 3, 2 / 3, 1}
    assert len(set(results.values)) > 1


def test_an_error_is_not_measured() -> None:
    """A sample that fell over counts among the n, without a value."""
    results = read_results(read_sample("inspect-with-error.eval"))

    assert (results.n, results.not_measured, sum(results.values)) == (6, 1, 5)


def test_a_stopped_log_is_no_evidence_though_it_says_success() -> None:
    """An EarlyStopping class left status "success" and an accuracy; it is refused with a remedy."""
    with pytest.raises(EvidenceError, match="EarlyStopping") as caught:
        read_results(read_sample("inspect-stopped-early.eval"))

    assert "without early stopping" in caught.value.remedy


def test_a_cancelled_log_is_no_evidence() -> None:
    """A log whose status is not success is refused."""
    with pytest.raises(EvidenceError, match="ended as cancelled"):
        read_results(read_sample("inspect-cancelled.eval"))


def test_a_part_of_the_data_set_is_marked() -> None:
    """`--limit` asks a part; its number was fixed beforehand, and the mark says what the claim is about."""
    results = read_results(read_sample("inspect-limit.eval"))

    assert (results.n, results.marks) == (4, ("part-of-dataset",))


def test_samples_that_were_not_logged_are_read_from_their_reductions() -> None:
    """Without samples the log still has a value a prompt."""
    results = read_results(read_sample("inspect-not-logged.eval"))

    assert (results.n, results.summary, sum(results.values)) == (12, None, 12)


def test_several_scores_must_be_chosen_from() -> None:
    """The error lists them; the one named is read, grades included; another is refused."""
    data = read_sample("inspect-two-scorers.eval")

    with pytest.raises(EvidenceError, match="several scores") as caught:
        read_results(data)
    assert "brevity, includes" in caught.value.remedy
    assert any(0 < value < 1 for value in read_results(data, Choice(score="brevity")).values)
    assert set(read_results(data, Choice(score="includes")).values) <= {0, 1}
    with pytest.raises(EvidenceError, match="no score 'wit'"):
        read_results(data, Choice(score="wit"))


def without(document: Any, *names: str) -> None:  # noqa: ANN401 - a log of any form
    """Leave members out."""
    for name in names:
        document.pop(name, None)


def test_totals_alone_are_a_summary() -> None:
    """A log without samples and reductions gives the mean over the n, marked."""
    results = read_results(edited(LOG, lambda log: without(log, "samples", "reductions")))

    assert results.marks == ("summary",)
    assert results.summary is not None
    assert (results.n, results.summary.mean) == (12, pytest.approx(10 / 12))


@pytest.mark.parametrize(("change", "words"), SPOILED)
def test_what_is_no_evidence_is_refused(change: Change, words: str) -> None:
    """Whatever spoils a fixed number of independent samples is said, and so is what cannot be read."""
    with pytest.raises(EvidenceError, match=words) as caught:
        read_results(edited(LOG, change))

    assert caught.value.remedy


@pytest.mark.parametrize(
    ("value", "found"),
    [("C", 1), ("I", 0), ("P", 0.5), ("N", 0), (True, 1), (0.25, 0.25), ("yes", 1), ("0.5", 0.5), (math.nan, None)],
)
def test_values_are_read_as_the_tool_means_them(value: object, found: float | None) -> None:
    """Letters, truth values and numbers are grades; NaN was not measured."""

    def grade(log: Any) -> None:  # noqa: ANN401 - a log
        log["samples"][0]["scores"]["includes"].update(value=value)
        metrics_of(log)["accuracy"]["value"] = (9 + (found or 0)) / 12

    results = read_results(edited(LOG, grade))

    assert results.units[0].value == found


def test_a_score_of_several_values_is_several_scores() -> None:
    """A scorer that gives an object offers each of its members."""

    def split(log: Any) -> None:  # noqa: ANN401 - a log
        for sample in log["samples"]:
            sample["scores"]["includes"]["value"] = {"kind": 1, "true": 0}

    data = edited(LOG, split)
    with pytest.raises(EvidenceError, match="several scores"):
        read_results(data)
    assert sum(read_results(data, Choice(score="includes/kind")).values) == 12


@pytest.mark.parametrize(("change", "mark"), MARKED)
def test_what_a_reader_must_know_is_marked(change: Change, mark: str) -> None:
    """Second chances and cut answers are no reason to refuse, and are told."""
    assert read_results(edited(LOG, lambda log: change(log["samples"][2]))).marks == (mark,)


def test_a_run_that_was_killed_has_no_header() -> None:
    """Its archive holds a journal alone: it was never finished."""
    data = edited_eval("inspect-capitals.eval", {"header.json": lambda _: "drop"})

    with pytest.raises(EvidenceError, match="never finished"):
        read_results(data)


def test_a_lost_sample_in_an_archive_is_missed() -> None:
    """The header tells which samples were planned; one that is not there means the run stopped."""
    data = edited_eval("inspect-capitals.eval", {"samples/spain_epoch_1.json": lambda _: "drop"})

    with pytest.raises(EvidenceError, match="1 of 12 planned"):
        read_results(data)


def test_reductions_by_anything_but_the_mean_are_refused() -> None:
    """The best of three epochs is no outcome of a prompt."""

    def best(header: Any) -> None:  # noqa: ANN401 - a header
        header["eval"]["config"].update(epochs=3, epochs_reducer=["max"])
        header["results"]["total_samples"] = 36

    with pytest.raises(EvidenceError, match="reduced by max"):
        read_results(edited_eval("inspect-not-logged.eval", {"header.json": best}))


def test_a_reduction_that_is_missing_was_not_measured() -> None:
    """A prompt whose sample failed has no reduction, and counts all the same."""
    data = edited_eval("inspect-not-logged.eval", {"reductions.json": lambda found: found[0]["samples"].pop() and None})

    assert (read_results(data).n, read_results(data).not_measured) == (12, 1)


def test_any_other_archive_is_refused() -> None:
    """A zip archive without a header and a journal is no log."""
    with pytest.raises(EvidenceError, match="no log of Inspect AI"):
        read_results(zipped({"word/document.xml": b"<w/>"}))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["value", "id", "scores", "events", "limit"]), inner)
        ),
        max_leaves=6,
    ),
    st.integers(0, 11),
    st.sampled_from(["id", "epoch", "scores", "events", "error", "limit", "invalidation"]),
)
def test_no_member_of_a_sample_breaks_it(value: object, place: int, member: str) -> None:
    """Whatever stands where something else is expected is read or refused, never a crash."""
    data = edited(LOG, lambda log: log["samples"][place].update({member: value}))
    try:
        results = read_results(data)
    except EvidenceError:
        return
    assert all(0 <= found <= 1 for found in results.values)
    assert json.dumps(results.values)
