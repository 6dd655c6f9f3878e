"""Measurements as evidence: bound to the configuration, the claim and the data; at the bound; the weakest decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.readiness.declared import NOW, VERDICTS, Case, catalog_of, measurement

from pilotage.ledger.records.measurement import Measurement
from pilotage.ledger.records.record import Body

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
