"""What evaluations must agree on with the documents around them: whom they ask, how they score, how much they claim."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from pilotage.core.errors import Problem
from pilotage.registry.kinds.claim import AttackClaim, ComparisonClaim
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.judge import Judge
from pilotage.registry.kinds.model import Model
from pilotage.registry.kinds.outside_evaluation import OutsideEvaluation
from pilotage.registry.kinds.risk_tier import RiskTier
from pilotage.registry.kinds.route import Route
from pilotage.registry.kinds.scorer import (
    JsonSchemaScorer,
    JudgedScorer,
    RefusalScorer,
    RegexScorer,
    SimilarityScorer,
)
from pilotage.registry.kinds.target import RouteTarget, Target
from pilotage.registry.kinds.use_case import UseCase
from pilotage.registry.nodes import Step
from pilotage.registry.parse import quoted
from pilotage.registry.references import of_kind
from pilotage.registry.tier import choose_tier
from pilotage.registry.validate import Placed


@dataclass(frozen=True, slots=True)
class _Around:
    """The documents that evaluations refer to, by name; what dangles is reported elsewhere."""

    routes: Mapping[str, Route]
    models: Mapping[str, Model]
    judges: Mapping[str, Judge]
    evaluations: Mapping[str, Evaluation]
    use_cases: Mapping[str, UseCase]
    tiers: tuple[RiskTier, ...]


def check_evaluations(documents: tuple[Placed, ...]) -> Iterator[Problem]:
    """Report evaluations whose target, baseline, scorer or claim cannot hold for their use case."""
    around = _Around(
        routes={route.name: route for _, route in of_kind(documents, Route)},
        models={model.name: model for _, model in of_kind(documents, Model)},
        judges={judge.name: judge for _, judge in of_kind(documents, Judge)},
        evaluations={evaluation.name: evaluation for _, evaluation in of_kind(documents, Evaluation)},
        use_cases={use_case.name: use_case for _, use_case in of_kind(documents, UseCase)},
        tiers=tuple(tier for _, tier in of_kind(documents, RiskTier)),
    )
    for placed, evaluation in of_kind(documents, Evaluation):
        yield from _check_asked(placed, ("target",), evaluation.target, evaluation, around)
        if isinstance(evaluation.claim, ComparisonClaim):
            yield from _check_baseline(placed, evaluation, evaluation.claim, around)
        yield from _check_scorer(placed, evaluation, around)
        yield from _check_benign(placed, evaluation, around)
        yield from _check_claim(placed, evaluation, around)
    for placed, outside in of_kind(documents, OutsideEvaluation):
        if outside.name in around.evaluations:
            what = f"an Evaluation is named {quoted(outside.name)} too, so that their findings could not be told apart"
            yield placed.problem(("name",), what, "rename one of them")
        yield from _check_claim(placed, outside, around)


def _check_asked(
    placed: Placed, path: tuple[Step, ...], asked: Target, evaluation: Evaluation, around: _Around
) -> Iterator[Problem]:
    """Report a target or baseline that belongs to another use case, or cannot answer in words."""
    use_case = around.use_cases.get(evaluation.use_case)
    if isinstance(asked, RouteTarget):
        yield from _check_route(placed, (*path, "route"), asked.route, evaluation, around)
        if _task(asked.route, around) == "embedding":
            what = f"the route {quoted(asked.route)} gives embeddings, which no scorer can judge"
            yield placed.problem((*path, "route"), what, "ask a chat route, or the endpoint of the application")
    elif use_case is not None and use_case.application is None:
        what = f"the endpoint is asked, but the use case {quoted(use_case.name)} declares no application"
        yield placed.problem((*path, "endpoint"), what, "add `application: {version: …}` to the use case")


def _check_route(
    placed: Placed, path: tuple[Step, ...], name: str, evaluation: Evaluation, around: _Around
) -> Iterator[Problem]:
    """Report a route of another use case: the key of an assessment opens none of these."""
    route = around.routes.get(name)
    if route is not None and route.use_case != evaluation.use_case:
        what = f"the route {quoted(name)} belongs to the use case {quoted(route.use_case)}"
        yield placed.problem(path, what, f"ask a route of {quoted(evaluation.use_case)}")


def _check_baseline(
    placed: Placed, evaluation: Evaluation, claim: ComparisonClaim, around: _Around
) -> Iterator[Problem]:
    yield from _check_asked(placed, ("claim", "baseline"), claim.baseline, evaluation, around)
    if claim.baseline == evaluation.target:
        remedy = "name another route, or the Release that users get: `release: promoted`"
        yield placed.problem(("claim", "baseline"), "the baseline is the target itself", remedy)


def _check_scorer(placed: Placed, evaluation: Evaluation, around: _Around) -> Iterator[Problem]:
    scorer = evaluation.scorer
    if isinstance(scorer, RegexScorer) and scorer.pattern is not None:
        try:
            re.compile(scorer.pattern)
        except (re.error, RecursionError, OverflowError) as error:
            what = f"the pattern is not a regular expression: {error}"
            yield placed.problem(("scorer", "pattern"), what, "correct it")
    if isinstance(scorer, JsonSchemaScorer):
        try:
            Draft202012Validator.check_schema(scorer.json_schema)
        except SchemaError as error:
            what = f"the schema is not a JSON Schema: {str(error.message)[:200]}"
            yield placed.problem(("scorer", "schema"), what, "correct it")
    if isinstance(scorer, SimilarityScorer):
        path = ("scorer", "route")
        yield from _check_route(placed, path, scorer.route, evaluation, around)
        if _task(scorer.route, around) == "chat":
            what = f"the route {quoted(scorer.route)} chats, and similarity is measured between embeddings"
            yield placed.problem(path, what, "name a route whose model has `task: embedding`")
    judge = around.judges.get(scorer.judge) if isinstance(scorer, JudgedScorer) else None
    if judge is not None:
        path = ("scorer", "judge")
        yield from _check_route(placed, path, judge.route, evaluation, around)
        if _task(judge.route, around) == "embedding":
            what = f"the judge {quoted(judge.name)} asks the route {quoted(judge.route)}, which gives embeddings"
            yield placed.problem(path, what, "let the judge ask a chat route")


def _check_benign(placed: Placed, evaluation: Evaluation, around: _Around) -> Iterator[Problem]:
    """Report benign items beside an attack that would not tell how often the same target refuses wrongly."""
    benign = around.evaluations.get(evaluation.benign or "")
    if benign is None:
        return
    faults = (
        (benign.use_case != evaluation.use_case, f"is about the use case {quoted(benign.use_case)}"),
        (benign.claim.form == "attack", "is an attack itself"),
        (benign.claim.form == "comparison", "compares two targets"),
        (not _wants_answers(benign), "does not score refusals with `wanted: answer`"),
        (benign.target != evaluation.target, "asks another target"),
    )
    for wrong, why in faults:
        if wrong:
            remedy = "name an Evaluation of the same target with `scorer: {type: refusal, wanted: answer}`"
            yield placed.problem(("benign",), f"the evaluation {quoted(benign.name)} {why}", remedy)
            return


def _wants_answers(evaluation: Evaluation) -> bool:
    return isinstance(evaluation.scorer, RefusalScorer) and evaluation.scorer.wanted == "answer"


def _check_claim(placed: Placed, document: Evaluation | OutsideEvaluation, around: _Around) -> Iterator[Problem]:
    """Report a claim below the floor of the tier; how much better than a baseline is nobody's floor."""
    use_case = around.use_cases.get(document.use_case)
    if use_case is None or not around.tiers:
        return
    tier = choose_tier(use_case, around.tiers).tier
    floor, claim = tier.claim_floor, document.claim
    if claim.form != "comparison" and claim.p0 < floor.p0:
        if isinstance(claim, AttackClaim):
            most = round(1 - floor.p0, 12)
            name, found, allowed, remedy = "success_below", claim.success_below, most, f"claim at most {most:g}"
        else:
            name, found, allowed, remedy = "p0", claim.p0, floor.p0, f"claim at least {floor.p0:g}"
        yield _too_weak(placed, name, (found, allowed), tier, remedy)
    if claim.alpha > floor.alpha:
        yield _too_weak(placed, "alpha", (claim.alpha, floor.alpha), tier, f"write at most {floor.alpha:g}")


def _too_weak(placed: Placed, field: str, found: tuple[float, float], tier: RiskTier, remedy: str) -> Problem:
    what = f"claim.{field} {found[0]:g} is weaker than the {found[1]:g} that the tier {quoted(tier.name)} demands"
    return placed.problem(("claim", field), what, remedy)


def _task(route: str, around: _Around) -> str | None:
    """Tell what a route answers with; None where route or model do not exist."""
    found = around.routes.get(route)
    model = None if found is None else around.models.get(found.model)
    return None if model is None else model.task
