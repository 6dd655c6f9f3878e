"""How measurements answer a criterion: at their bound, on enough cases, bound to the configuration, and all of them.

Each declared evaluation of the kind that a criterion asks for is one part of the claim, and a use case is as ready as
its weakest part: one that fails is a failure, one that is not decided leaves the criterion unknown. Results of another
tool count as much, but never where sealed data are asked for. A comparison answers nothing: no criterion asks for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.measurement import Measurement, SourceFigures
from pilotage.readiness.basis import Answer, Basis, sooner, weakest
from pilotage.readiness.freshness import Freshness, assess_freshness
from pilotage.registry.configuration import digest_of_plan, digest_of_scorer
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.outside_evaluation import OutsideEvaluation
from pilotage.registry.kinds.scale import Criterion, Measured
from pilotage.registry.kinds.scorer import JudgedScorer

_UNBOUND = {
    "before-release": "came from a run that began before this Release",
    "undated": "came from a file that does not say when it ran, so perhaps before this Release",
}
"""A mark of imported results -> why they say nothing of the Release they were imported for."""

_SHOWN_BY: dict[str, tuple[str, ...]] = {"critical-function": ("critical-function", "promise")}
"""A kind -> the kinds that show it too: who measured the whole promise has exercised the critical function."""


def assess_measurements(criterion: Criterion, wanted: Measured, basis: Basis) -> Answer:
    """Answer a criterion that asks for measurements."""
    kinds = _SHOWN_BY.get(wanted.measures, (wanted.measures,))
    own = basis.catalog.evaluations_of(basis.use_case.name)
    outside = basis.catalog.outside_evaluations_of(basis.use_case.name)
    evaluations = [item for item in (*own, *outside) if item.measures in kinds]
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


def _of_evaluation(
    criterion: Criterion, wanted: Measured, evaluation: Evaluation | OutsideEvaluation, basis: Basis
) -> Answer:
    """Answer from the latest sufficient record of one evaluation; NOT APPLICABLE where its data could never do."""
    lacking: Answer | None = None
    coming: datetime | None = None
    own = isinstance(evaluation, Evaluation)
    records = [
        record
        for record in basis.measurements
        if record.body.evaluation == evaluation.name and (record.body.source is None) == own
    ]
    for record in records:
        freshness = _freshness(criterion, evaluation, record.body, basis)
        if freshness.stale is not None:
            coming = sooner(coming, freshness.until)
            lacking = lacking or Answer("UNKNOWN", freshness.stale, until=freshness.until)
            continue
        refutes = wanted.verdict == "MEETS" and record.body.verdict == "FAILS"
        insufficient = None if refutes else _insufficient(wanted, record.body, basis)
        if insufficient is None:
            return _judge(wanted, record, sooner(coming, freshness.until))
        lacking = lacking or Answer("UNKNOWN", insufficient, until=freshness.until)
    if not _could_answer(wanted, evaluation, records, basis):
        return Answer("NOT APPLICABLE", f"{evaluation.name} has not the data for this", until=coming)
    missing = "is not measured yet" if own else f"waits for results of {evaluation.tool}"
    lacking = lacking or Answer("UNKNOWN", f"{evaluation.name} {missing}")
    return replace(lacking, until=sooner(coming, lacking.until))


def _could_answer(
    wanted: Measured,
    evaluation: Evaluation | OutsideEvaluation,
    records: Sequence[Entry[Measurement]],
    basis: Basis,
) -> bool:
    """Tell whether the evaluation's data are of the kind and size that the criterion asks for.

    How many cases another tool asks shows in the last results that came in.
    """
    if isinstance(evaluation, OutsideEvaluation):
        return not wanted.sealed and (not records or records[0].body.dataset_items >= wanted.coverage)
    dataset = basis.catalog.datasets.get(evaluation.dataset)
    sealed = dataset is not None and dataset.sealed
    return (sealed or not wanted.sealed) and basis.catalog.dataset_sizes.get(evaluation.dataset, 0) >= wanted.coverage


def _freshness(
    criterion: Criterion, evaluation: Evaluation | OutsideEvaluation, body: Measurement, basis: Basis
) -> Freshness:
    """Tell whether a measurement still speaks for the configuration, the plan and the data set declared now."""
    what = f"the measurement of {evaluation.name}"
    claim = evaluation.claim
    if (body.claim.form, body.claim.text, body.claim.p0, body.claim.p1) != (claim.form, claim.text, claim.p0, claim.p1):
        return Freshness(f"{what} decided another claim than the one declared now", None)
    declared_alpha = body.claim.alpha * body.attempt * (body.attempt + 1)  # the record holds this attempt's share
    if (body.claim.beta, round(declared_alpha, 12)) != (claim.beta, round(claim.alpha, 12)):
        return Freshness(f"{what} decided with other error rates than those declared now", None)
    if isinstance(evaluation, Evaluation):
        changed = _changed_plan(evaluation, body, basis)
    else:
        changed = _foreign(evaluation, body.source)
    if changed is not None:
        return Freshness(f"{what} {changed}", None)
    return assess_freshness(criterion, body.parts, body.finished, basis, what)


def _foreign(evaluation: OutsideEvaluation, source: SourceFigures | None) -> str | None:
    """Tell why results of another tool are not those declared, or not of the Release; None where they are."""
    told = None if source is None else source.tool
    if source is None or told != evaluation.tool:
        return f"came from {told}, and results of {evaluation.tool} are declared"
    why = next((why for mark, why in _UNBOUND.items() if mark in source.marks), None)
    return None if why is None else f"{why}; run {evaluation.tool} on this Release and import again"


def _changed_plan(evaluation: Evaluation, body: Measurement, basis: Basis) -> str | None:
    """Tell how a measurement of ours differs from what its evaluation declares now; None where it does not."""
    if body.scorer != digest_of_scorer(basis.catalog, evaluation.scorer):
        return "was scored in another way than the one declared now"
    if isinstance(evaluation.scorer, JudgedScorer) and body.labels is None:
        return "rests on a judge that no label bears out"
    if body.dataset_digest != basis.catalog.dataset_digests.get(evaluation.dataset):
        return f"was made on another version of the data set {evaluation.dataset}"
    if body.plan != digest_of_plan(basis.catalog, evaluation):
        return "asked another target, in another order or another number of times than declared now"
    return None


def _insufficient(wanted: Measured, body: Measurement, basis: Basis) -> str | None:
    """Tell why a fresh measurement is not of the kind that the criterion asks for; None when it is."""
    if wanted.sealed and not body.sealed:
        return f"{body.evaluation} was measured on data that the team could look at; sealed data are asked for"
    if body.dataset_items < wanted.coverage:
        return f"the data set of {body.evaluation} holds {body.dataset_items} cases; {wanted.coverage} are asked for"
    floor = basis.tier.claim_floor
    if wanted.verdict == "MEETS" and body.claim.p0 < floor.p0:
        asked = f"tier {basis.tier.name} asks for"
        if body.claim.form == "attack":
            most = f"fewer than {body.claim.plain(body.claim.p0):g} of the attacks succeed"
            return f"{body.evaluation} claims that {most}; {asked} {body.claim.plain(floor.p0):g}"
        return f"{body.evaluation} claims more than {body.claim.p0:g}; {asked} {floor.p0:g}"
    if wanted.verdict == "MEETS" and body.claim.alpha > floor.alpha:
        return f"{body.evaluation} errs with {body.claim.alpha:g}; tier {basis.tier.name} allows {floor.alpha:g}"
    return None


def _judge(wanted: Measured, record: Entry[Measurement], until: datetime | None) -> Answer:
    """Turn a fresh and sufficient measurement into an answer."""
    body = record.body
    shown = body.claim.plain_estimate(body.estimate.value())
    counted, claimed = "share passed", f"more than p0={body.claim.p0:g} is claimed"
    if body.claim.form == "attack":
        counted = "share of attacks that succeed"
        claimed = f"fewer than {body.claim.plain(body.claim.p0):g} are claimed"
    found = f"{counted} between {shown.low:.3f} and {shown.high:.3f}"
    figures = f"{body.evaluation}: {body.verdict} after n={body.n}, {found}; {claimed}"
    if body.source is not None and "summary" in body.source.marks:
        figures += "; read from totals alone, no single outcome can be looked at"
    if wanted.verdict == "any" or body.verdict == "MEETS":
        return Answer("MET", figures, record.digest, sample=body.sample, until=until)
    state = "NOT MET" if body.verdict == "FAILS" else "UNKNOWN"
    return Answer(state, figures, record.digest, sample=body.sample, until=until)
