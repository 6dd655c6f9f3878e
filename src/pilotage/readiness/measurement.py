"""How measurements answer a criterion: at their bound, on enough cases, bound to the configuration, and all of them.

Each declared evaluation of the kind that a criterion asks for is one part of the claim, and a use case is as ready as
its weakest part: one that fails is a failure, one that is not decided leaves the criterion unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.measurement import Measurement
from pilotage.readiness.basis import Answer, Basis, sooner, weakest
from pilotage.readiness.freshness import Freshness, assess_freshness
from pilotage.registry.configuration import digest_of_scorer
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.scale import Criterion, Measured

_SHOWN_BY: dict[str, tuple[str, ...]] = {"critical-function": ("critical-function", "promise")}
"""A kind -> the kinds that show it too: who measured the whole promise has exercised the critical function."""


def assess_measurements(criterion: Criterion, wanted: Measured, basis: Basis) -> Answer:
    """Answer a criterion that asks for measurements."""
    kinds = _SHOWN_BY.get(wanted.measures, (wanted.measures,))
    evaluations = [item for item in basis.catalog.evaluations_of(basis.use_case.name) if item.measures in kinds]
    answers = [_of_evaluation(criterion, wanted, item, basis) for item in evaluations]
    ends = [answer.until for answer in answers if answer.until is not None]
    soonest = min(ends, default=None)  # even one that cannot answer may refute, once a record's date has come
    able = [answer for answer in answers if answer.state != "NOT APPLICABLE"]
    if not able:
        kind = "sealed data" if wanted.sealed else "labelled data"
        cases = "1 case" if wanted.coverage == 1 else f"{wanted.coverage} cases"
        reason = f"no evaluation measures {' or '.join(kinds)} on {kind} of at least {cases}"
        return Answer("UNKNOWN", reason, until=soonest)
    if wanted.verdict == "any":
        lacking = replace(able[0], until=soonest)  # the first of all to come may answer it
        return next((answer for answer in able if answer.state == "MET"), lacking)
    return _weakest(able, soonest)


def _weakest(answers: Sequence[Answer], until: datetime | None) -> Answer:
    """Join the answers of all evaluations: as weak as the weakest, until the first of them may change."""
    state = weakest(answer.state for answer in answers)
    deciding = [answer for answer in answers if answer.state == state]
    return Answer(
        state=state,
        reason="; ".join(answer.reason for answer in deciding),
        evidence=min(deciding, key=lambda answer: _end(answer.until)).evidence,
        sample=any(answer.sample for answer in answers),
        until=until,
    )


def _end(until: datetime | None) -> tuple[bool, str]:
    """Sort moments, with never last."""
    return until is None, "" if until is None else until.isoformat()


def _of_evaluation(criterion: Criterion, wanted: Measured, evaluation: Evaluation, basis: Basis) -> Answer:
    """Answer from the latest sufficient record of one evaluation; NOT APPLICABLE where its data could never do."""
    lacking: Answer | None = None
    coming: datetime | None = None
    for record in basis.measurements:
        body = record.body
        if body.evaluation != evaluation.name:
            continue
        freshness = _freshness(criterion, evaluation, body, basis)
        if freshness.stale is not None:
            coming = sooner(coming, freshness.until)
            lacking = lacking or Answer("UNKNOWN", freshness.stale, until=freshness.until)
            continue
        refutes = wanted.verdict == "MEETS" and body.verdict == "FAILS"
        insufficient = None if refutes else _insufficient(wanted, body, basis)
        if insufficient is None:
            return _judge(wanted, record, sooner(coming, freshness.until))
        lacking = lacking or Answer("UNKNOWN", insufficient, until=freshness.until)
    if not _could_answer(wanted, evaluation, basis):
        return Answer("NOT APPLICABLE", f"{evaluation.name} has not the data for this", until=coming)
    lacking = lacking or Answer("UNKNOWN", f"{evaluation.name} is not measured yet")
    return replace(lacking, until=sooner(coming, lacking.until))


def _could_answer(wanted: Measured, evaluation: Evaluation, basis: Basis) -> bool:
    """Tell whether the evaluation's data set is of the kind and size that the criterion asks for."""
    dataset = basis.catalog.datasets.get(evaluation.dataset)
    sealed = dataset is not None and dataset.sealed
    return (sealed or not wanted.sealed) and basis.catalog.dataset_sizes.get(evaluation.dataset, 0) >= wanted.coverage


def _freshness(criterion: Criterion, evaluation: Evaluation, body: Measurement, basis: Basis) -> Freshness:
    """Tell whether a measurement still speaks for the configuration, the claim and the data set declared now."""
    what = f"the measurement of {evaluation.name}"
    declared = (evaluation.claim.text, evaluation.claim.p0, evaluation.claim.p1)
    if (body.claim.text, body.claim.p0, body.claim.p1) != declared:
        return Freshness(f"{what} decided another claim than the one declared now", None)
    if body.scorer != digest_of_scorer(evaluation.scorer):
        return Freshness(f"{what} was scored in another way than the one declared now", None)
    declared_alpha = body.claim.alpha * body.attempt * (body.attempt + 1)  # the record holds this attempt's share
    if (body.claim.beta, round(declared_alpha, 12)) != (evaluation.claim.beta, round(evaluation.claim.alpha, 12)):
        return Freshness(f"{what} decided with other error rates than those declared now", None)
    if body.dataset_digest != basis.catalog.dataset_digests.get(evaluation.dataset):
        return Freshness(f"{what} was made on another version of the data set {evaluation.dataset}", None)
    return assess_freshness(criterion, body.parts, body.finished, basis, what)


def _insufficient(wanted: Measured, body: Measurement, basis: Basis) -> str | None:
    """Tell why a fresh measurement is not of the kind that the criterion asks for; None when it is."""
    if wanted.sealed and not body.sealed:
        return f"{body.evaluation} was measured on data that the team could look at; sealed data are asked for"
    if body.dataset_items < wanted.coverage:
        return f"the data set of {body.evaluation} holds {body.dataset_items} cases; {wanted.coverage} are asked for"
    floor = basis.tier.claim_floor
    if wanted.verdict == "MEETS" and body.claim.p0 < floor.p0:
        return f"{body.evaluation} claims more than {body.claim.p0:g}; tier {basis.tier.name} asks for {floor.p0:g}"
    if wanted.verdict == "MEETS" and body.claim.alpha > floor.alpha:
        return f"{body.evaluation} errs with {body.claim.alpha:g}; tier {basis.tier.name} allows {floor.alpha:g}"
    return None


def _judge(wanted: Measured, record: Entry[Measurement], until: datetime | None) -> Answer:
    """Turn a fresh and sufficient measurement into an answer."""
    body = record.body
    figures = (
        f"{body.evaluation}: {body.verdict} after n={body.n}, share passed between {body.estimate.low:.3f} and "
        f"{body.estimate.high:.3f}; more than p0={body.claim.p0:g} is claimed"
    )
    if wanted.verdict == "any" or body.verdict == "MEETS":
        return Answer("MET", figures, record.digest, sample=body.sample, until=until)
    state = "NOT MET" if body.verdict == "FAILS" else "UNKNOWN"
    return Answer(state, figures, record.digest, sample=body.sample, until=until)
