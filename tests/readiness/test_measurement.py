"""Measurements as evidence: bound to the configuration, the claim and the data; at the bound; the weakest decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.readiness.declared import NOW, VERDICTS, Case, Verdict, catalog_of, measurement

from pilotage.ledger.records.measurement import ClaimFigures, LabelFigures, Measurement, SourceFigures
from pilotage.ledger.records.record import Body
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import digest_of_judge
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.judge import Judge
from pilotage.registry.kinds.outside_evaluation import OutsideEvaluation
from pilotage.registry.kinds.scorer import JudgedScorer

SEALED = "trl-6-sealed"


def answered(criterion: str, *bodies: Measurement) -> tuple[str, str]:
    """Give state and reason of a criterion on these measurements alone."""
    return Case(bodies=list(bodies)).state(criterion)


def test_meets_fails_and_undecided_are_three_answers() -> None:
    """MEETS is MET, FAILS is NOT MET, UNDECIDED is UNKNOWN; each reason holds n, the interval and p0."""
    catalog = catalog_of()
    for verdict, state in VERDICTS.items():
        found, reason = answered(SEALED, measurement(catalog, verdict=verdict))
        assert found == state
        assert verdict in reason
        assert "n=40" in reason
        assert "p0=0.8" in reason
    assert "between 0.840 and 0.970" in answered(SEALED, measurement(catalog))[1]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sealed": False}, "sealed data are asked for"),
        ({"dataset_items": 239}, "239 cases; 240 are asked for"),
        ({"dataset_digest": "sha256:" + "1" * 64}, "another version of the data set april"),
        ({"scorer": "sha256:" + "1" * 64}, "scored in another way"),
        ({"attempt": 2}, "other error rates"),
        ({"finished": NOW - timedelta(days=90)}, "expired on 2026-05-01, after 90 days"),
        ({"finished": NOW + timedelta(seconds=1)}, "has not come yet"),
    ],
)
def test_insufficient_measurements_leave_it_unknown(changes: dict[str, Any], why: str) -> None:
    """What is not sealed, too small, on other data, expired or dated ahead does not count, and the reason says so."""
    state, reason = answered(SEALED, measurement(catalog_of(), **changes))
    assert state == "UNKNOWN"
    assert why in reason


@pytest.mark.parametrize("part", ["model", "prompt", "parameters", "application", "guards"])
def test_a_changed_part_makes_it_stale(part: str) -> None:
    """A measurement made on another model, prompt or application, or before guards went, has to be made again."""
    body = measurement(catalog_of())
    body = body.model_copy(update={"parts": body.parts | {part: "sha256:" + "2" * 64}})
    state, reason = answered(SEALED, body)
    assert state == "UNKNOWN"
    assert f"made on another {part}" in reason


def test_a_part_that_nothing_depends_on_may_change() -> None:
    """The terms of use changed, and what the model can do did not."""
    body = measurement(catalog_of())
    body = body.model_copy(update={"parts": body.parts | {"policy": "sha256:" + "2" * 64}})
    assert answered(SEALED, body)[0] == "MET"


def test_the_claim_decided_must_be_the_one_declared() -> None:
    """Lowering the bar after the measurement, or rewording the promise, needs another measurement."""
    body = measurement(catalog_of())
    for changes in ({"p0": 0.75}, {"p1": 0.95}, {"text": "Mostly right"}):
        other = body.model_copy(update={"claim": body.claim.model_copy(update=changes)})
        state, reason = answered(SEALED, other)
        assert (state, "another claim" in reason) == ("UNKNOWN", True)


def test_a_claim_below_the_tiers_floor_counts_for_nothing() -> None:
    """Too weak a claim, or too large an error, is UNKNOWN even when it MEETS."""
    catalog = catalog_of()
    tier = catalog.risk_tiers["low"]
    for floor, why in (({"p0": 0.9}, "asks for 0.9"), ({"alpha": 0.01}, "allows 0.01")):
        stricter = tier.model_copy(update={"claim_floor": tier.claim_floor.model_copy(update=floor)})
        case = Case(catalog.model_copy(update={"risk_tiers": {"low": stricter}}), [measurement(catalog)])
        state, reason = case.state(SEALED)
        assert (state, why in reason) == ("UNKNOWN", True)


def test_the_latest_sufficient_measurement_answers() -> None:
    """A newer FAILS undoes a MEETS and the reverse; a newer but insufficient one undoes nothing."""
    catalog = catalog_of()
    meets, fails = measurement(catalog), measurement(catalog, verdict="FAILS")
    assert answered(SEALED, meets, fails)[0] == "NOT MET"
    assert answered(SEALED, fails, meets)[0] == "MET"
    assert answered(SEALED, meets, measurement(catalog, sealed=False))[0] == "MET"


def test_a_failure_counts_however_few_the_cases() -> None:
    """A refuted claim is refuted on a small or open data set too; size protects only against passing too easily."""
    assert answered(SEALED, measurement(catalog_of(), verdict="FAILS", dataset_items=80, sealed=False))[0] == "NOT MET"


def test_every_declared_claim_of_a_kind_has_to_hold() -> None:
    """One promise that holds does not hide another that fails, is undecided, or was never measured."""
    catalog = catalog_of()
    second = catalog.evaluations["one-of-two"].model_copy(update={"name": "letters"})
    catalog = catalog.model_copy(update={"evaluations": catalog.evaluations | {"letters": second}})
    first: Body = measurement(catalog)
    assert Case(catalog, [first]).state(SEALED) == ("UNKNOWN", "letters is not measured yet")
    for verdict, state in VERDICTS.items():
        assert Case(catalog, [first, measurement(catalog, "letters", verdict)]).state(SEALED)[0] == state


def test_evaluations_that_could_never_answer_do_not_block() -> None:
    """A small development set beside the sealed one leaves the sealed claim to decide."""
    catalog = catalog_of()
    trial = catalog.evaluations["trial"].model_copy(update={"measures": "promise"})
    catalog = catalog.model_copy(update={"evaluations": catalog.evaluations | {"trial": trial}})
    assert Case(catalog, [measurement(catalog)]).state(SEALED)[0] == "MET"


def test_any_finished_measurement_is_enough_where_the_verdict_does_not_matter() -> None:
    """To have measured is enough on the lower levels; the whole promise shows the critical function too."""
    catalog = catalog_of()
    assert answered("trl-3-function")[0] == "UNKNOWN"
    assert answered("trl-3-function", measurement(catalog, "trial", "FAILS"))[0] == "MET"
    assert answered("trl-3-function", measurement(catalog, verdict="FAILS"))[0] == "MET"
    assert answered("trl-4-end-to-end", measurement(catalog, "trial"))[0] == "UNKNOWN"


def test_measurements_of_what_is_no_longer_declared_do_not_count() -> None:
    """A measurement of an evaluation that the registry dropped answers nothing."""
    catalog = catalog_of()
    body = measurement(catalog)
    case = Case(catalog.model_copy(update={"evaluations": {}}), [body])
    assert case.state(SEALED) == (
        "UNKNOWN",
        "no evaluation measures promise on sealed data of at least 240 cases",
    )


def test_a_newer_sample_does_not_hide_real_evidence() -> None:
    """Real evidence below a newer SAMPLE measurement still counts as real."""
    catalog = catalog_of()
    case = Case(catalog, [measurement(catalog), measurement(catalog, sample=True)])
    found = next(answer for answer in case.assess().answers if answer.criterion == SEALED)
    assert (found.state, found.sample) == ("MET", False)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"target": {"route": "sort"}}, "asked another target"),
        ({"repeats": 3}, "another number of times"),
        ({"seed": 5}, "in another order"),
        ({"scorer": {"type": "one-of-k", "k": 3}}, "scored in another way"),
        (
            {"claim": {"text": "The right queue is one of two", "p0": 0.8, "p1": 0.9, "cap": 200}},
            "asked another target",
        ),
    ],
)
def test_what_was_asked_must_be_what_is_declared(change: dict[str, Any], why: str) -> None:
    """Another target, order, number of repeats or cap makes another measurement, whatever it found."""
    catalog = catalog_of()
    body = measurement(catalog)
    declared = catalog.evaluations["one-of-two"].model_dump(by_alias=True) | change
    changed = {"one-of-two": Evaluation.model_validate(declared)}
    case = Case(catalog.model_copy(update={"evaluations": catalog.evaluations | changed}), [body])
    state, reason = case.state(SEALED)
    assert (state, why in reason) == ("UNKNOWN", True), reason


def test_how_fast_it_was_asked_does_not_matter() -> None:
    """Concurrency and pace leave the evidence standing."""
    catalog = catalog_of()
    slower = {"concurrency": 1, "calls_per_second": 2.0, "title": "Slowly"}
    declared = catalog.evaluations["one-of-two"].model_copy(update=slower)
    case = Case(
        catalog.model_copy(update={"evaluations": catalog.evaluations | {"one-of-two": declared}}),
        [measurement(catalog)],
    )
    assert case.state(SEALED)[0] == "MET"


def test_a_judge_without_labels_answers_nothing() -> None:
    """Were there ever a record of a judge that nobody checked, no criterion would take it."""
    catalog = catalog_of()
    judge = Judge(kind="Judge", version=1, name="strict", route="sort", question="Is it right?")
    scorer = JudgedScorer(type="judged", judge="strict")
    declared = catalog.evaluations["one-of-two"].model_copy(update={"scorer": scorer})
    catalog = catalog.model_copy(
        update={"judges": {"strict": judge}, "evaluations": catalog.evaluations | {"one-of-two": declared}}
    )
    share = measurement(catalog).estimate
    labels = LabelFigures(
        judge=digest_of_judge(catalog, "strict"),
        share=0.5,
        labels=40,
        labellers=1,
        agreement=share,
        sensitivity=share,
        specificity=share,
        judged=share,
        corrected=share,
    )
    state, reason = Case(catalog, [measurement(catalog)]).state(SEALED)
    assert (state, "no label bears out" in reason) == ("UNKNOWN", True)
    assert Case(catalog, [measurement(catalog, labels=labels)]).state(SEALED)[0] == "MET"
    renamed = {"strict": judge.model_copy(update={"question": "Is it kind?"})}
    other = catalog.model_copy(update={"judges": renamed})
    state, reason = Case(other, [measurement(catalog, labels=labels)]).state(SEALED)
    assert (state, "scored in another way" in reason) == ("UNKNOWN", True)


PROMISE = "trl-5-promise"
CLAIM = {"text": "Nine of ten tests pass", "p0": 0.8, "p1": 0.9}


def with_outside(catalog: Catalog, **fields: Any) -> Catalog:  # noqa: ANN401 - fields of the document
    """Give a catalog whose use case has the unit tests of another tool instead of evaluations of its own."""
    document = {"kind": "OutsideEvaluation", "version": 1, "name": "tests", "use_case": "inbox", "tool": "junit"}
    outside = OutsideEvaluation.model_validate(document | {"claim": CLAIM} | fields)
    return catalog.model_copy(update={"outside_evaluations": {"tests": outside}, "evaluations": {}})


def imported(catalog: Catalog, verdict: Verdict = "MEETS", **changes: Any) -> Measurement:  # noqa: ANN401 - fields
    """Give what came in from another tool, with changes."""
    claim = catalog.outside_evaluations["tests"].claim
    figures = ClaimFigures(
        form=claim.form,
        text=claim.text,
        p0=claim.p0,
        p1=claim.p1,
        alpha=claim.alpha / 2,
        beta=claim.beta,
        cap=claim.cap,
    )
    source = SourceFigures(tool="junit", tool_version="9", file="sha256:" + "3" * 64, task="tests")
    values: dict[str, Any] = {
        "evaluation": "tests",
        "measures": catalog.outside_evaluations["tests"].measures,
        "claim": figures,
        "gate": "fixed-n",
        "source": source,
        "sealed": False,
        "dataset": "tests",
        "dataset_digest": source.file,
        "dataset_items": 300,
        "plan": source.file,
    }
    return measurement(catalog_of(), verdict=verdict).model_copy(update=values | changes)


def test_results_of_another_tool_count_where_no_sealed_data_are_asked_for() -> None:
    """They answer by their verdict as ours do, wait until they come in, and never stand for sealed data."""
    catalog = with_outside(catalog_of())
    assert Case(catalog).state(PROMISE) == ("UNKNOWN", "tests waits for results of junit")
    for verdict, state in VERDICTS.items():
        assert Case(catalog, [imported(catalog, verdict)]).state(PROMISE)[0] == state
    assert Case(catalog, [imported(catalog)]).state(SEALED) == (
        "UNKNOWN",
        "no evaluation measures promise on sealed data of at least 240 cases",
    )


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"source": None}, "waits for results of junit"),
        (
            {"source": SourceFigures(tool="garak", tool_version="1", file="sha256:" + "3" * 64, task="t")},
            "came from garak, and results of junit are declared",
        ),
        ({"attempt": 2}, "other error rates"),
        ({"parts": {}}, "made on another"),
        ({"dataset_items": 99}, "labelled data of at least 100 cases"),
        ({"claim": ClaimFigures(text="x", p0=0.8, p1=0.9, alpha=0.025, beta=0.1, cap=240)}, "another claim"),
    ],
)
def test_results_of_another_tool_are_bound_too(changes: dict[str, Any], why: str) -> None:
    """By claim, error rates, tool, size and the parts of the configuration; a finding of ours is none of theirs."""
    catalog = with_outside(catalog_of())
    state, reason = Case(catalog, [imported(catalog, **changes)]).state(PROMISE)
    assert (state, why in reason) == ("UNKNOWN", True), reason


@pytest.mark.parametrize(
    ("mark", "why"), [("before-release", "began before this Release"), ("undated", "does not say when it ran")]
)
@pytest.mark.parametrize("verdict", list(VERDICTS))
def test_results_from_before_the_release_answer_nothing(mark: str, why: str, verdict: Verdict) -> None:
    """What may have asked another Release is unknown, for better or worse, and the reason says what to do."""
    catalog = with_outside(catalog_of())
    source = SourceFigures(tool="junit", tool_version="9", file="sha256:" + "3" * 64, task="t", marks=("summary", mark))
    state, reason = Case(catalog, [imported(catalog, verdict, source=source)]).state(PROMISE)
    assert state == "UNKNOWN"
    assert why in reason
    assert "run junit on this Release and import again" in reason


def test_results_after_an_unbound_file_still_answer() -> None:
    """A file that says nothing of the Release hides no other that does."""
    catalog = with_outside(catalog_of())
    source = SourceFigures(tool="junit", tool_version="9", file="sha256:" + "4" * 64, task="t", marks=("undated",))
    case = Case(catalog, [imported(catalog), imported(catalog, source=source)])
    assert case.state(PROMISE)[0] == "MET"


def test_totals_alone_answer_and_say_so() -> None:
    """A summary is evidence, and its reason says that nobody can look at single outcomes."""
    catalog = with_outside(catalog_of())
    source = SourceFigures(tool="junit", tool_version="9", file="sha256:" + "3" * 64, task="t", marks=("summary",))
    state, reason = Case(catalog, [imported(catalog, source=source)]).state(PROMISE)
    assert state == "MET"
    assert "read from totals alone" in reason
    assert "totals" not in Case(catalog, [imported(catalog)]).state(PROMISE)[1]


def test_findings_of_ours_and_of_another_tool_are_never_taken_for_each_other() -> None:
    """What came from outside under the name of an evaluation of ours does not answer for it."""
    catalog = catalog_of()
    source = SourceFigures(tool="junit", tool_version="9", file="sha256:" + "3" * 64, task="tests")
    assert Case(catalog, [measurement(catalog, source=source)]).state(SEALED)[0] == "UNKNOWN"


ATTACK = "trl-7-attack"
ATTACKED = {"text": "Few succeed", "success_below": 0.05, "believed": 0.01}


def test_an_attack_is_answered_in_shares_of_success() -> None:
    """The reason says how many attacks succeed and fewer than how many was claimed, not how many were resisted."""
    catalog = with_outside(catalog_of(), measures="attack", claim=ATTACKED)
    estimate = measurement(catalog_of()).estimate.model_copy(update={"point": 0.99, "low": 0.96, "high": 0.999})
    state, reason = Case(catalog, [imported(catalog, estimate=estimate)]).state(ATTACK)
    assert state == "MET"
    assert "share of attacks that succeed between 0.001 and 0.040; fewer than 0.05 are claimed" in reason
    tier = catalog.risk_tiers["low"]
    stricter = tier.model_copy(update={"claim_floor": tier.claim_floor.model_copy(update={"p0": 0.99})})
    case = Case(catalog.model_copy(update={"risk_tiers": {"low": stricter}}), [imported(catalog, estimate=estimate)])
    state, reason = case.state(ATTACK)
    assert state == "UNKNOWN"
    assert "claims that fewer than 0.05 of the attacks succeed; tier low asks for 0.01" in reason


def test_a_comparison_answers_no_criterion() -> None:
    """Better than another says nothing of good enough: no kind of criterion takes one, and none waits for one."""
    catalog = catalog_of()
    before = Case(catalog, [measurement(catalog)]).assess()
    claim = {"text": "Better than before", "baseline": {"route": "sort", "release": "promoted"}}
    fields = {"name": "race", "measures": "comparison", "claim": claim, "target": {"route": "sort"}}
    race = Evaluation.model_validate(catalog.evaluations["trial"].model_dump(by_alias=True) | fields)
    catalog = catalog.model_copy(update={"evaluations": catalog.evaluations | {"race": race}})
    for bodies in ([], [measurement(catalog, "race")], [measurement(catalog, "race", "FAILS")]):
        assert Case(catalog, [measurement(catalog), *bodies]).assess().answers == before.answers
