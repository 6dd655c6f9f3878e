"""The configuration of a use case: one digest for each part that can change, and their root, which names a Release.

The only place where these digests are computed. Each part holds exactly what evidence about it depends on, so that a
change of price, contact or title makes no evidence stale, and a change of prompt makes just that of the prompt.
"""

from __future__ import annotations

from dataclasses import dataclass

from pilotage.core.canonical import Json, digest_of_json
from pilotage.core.errors import UsageError
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.claim import ComparisonClaim
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.model import Model
from pilotage.registry.kinds.route import Route
from pilotage.registry.kinds.scorer import JudgedScorer, Scorer, SimilarityScorer
from pilotage.registry.kinds.target import RouteTarget
from pilotage.registry.kinds.use_case import UseCase
from pilotage.registry.tier import infer_tier


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a use case consists of at one catalog.

    Attributes:
        use_case: its name.
        parts: part -> digest; `application` only when the use case declares one.
        root: digest over the parts: the name of the Release.
    """

    use_case: str
    parts: dict[str, str]
    root: str


def plan_configuration(catalog: Catalog, use_case: str) -> Configuration:
    """Compute the configuration of a use case.

    Raises:
        UsageError: the catalog has no such use case.
    """
    if use_case not in catalog.use_cases:
        raise UsageError(f"there is no use case `{use_case}`", f"use one of: {', '.join(sorted(catalog.use_cases))}")
    document = catalog.use_cases[use_case]
    routes = catalog.routes_of(use_case)
    contents: dict[str, Json] = {
        "model": {route.name: _model(catalog.models[route.model]) for route in routes},
        "prompt": {route.name: route.prompt for route in routes if route.prompt is not None},
        "parameters": {route.name: chosen for route in routes if (chosen := _parameters(route))},
        "policy": _policy(catalog, document, routes),
    }
    if document.application is not None:
        contents["application"] = document.application.model_dump(mode="json", exclude_none=True)
    parts = {part: digest_of_json(content) for part, content in sorted(contents.items())}
    return Configuration(use_case, parts, digest_of_json(parts))


def _model(model: Model) -> Json:
    """What answers, and where; not what it costs, nor how the catalog calls it."""
    answering = {"task", "dialect", "base_url", "upstream_model", "context_tokens"}
    return model.model_dump(mode="json", by_alias=True, include=answering, exclude_none=True)


def _parameters(route: Route) -> Json:
    return route.parameters.model_dump(mode="json", exclude_none=True)


def _policy(catalog: Catalog, use_case: UseCase, routes: tuple[Route, ...]) -> Json:
    """The terms on which it runs: what risk and people judged, and where the data go."""
    models = [catalog.models[route.model] for route in routes]
    return {
        "tier": infer_tier(catalog, use_case.name).tier.name,
        "data_classes": sorted(set(use_case.data_classes)),
        "autonomy": use_case.autonomy,
        "users_outside_organisation": use_case.users is not None and use_case.users.outside_organisation,
        "promise": use_case.promise,
        "not_for": sorted(use_case.not_for),
        "oversight": use_case.oversight,
        "regions": sorted({model.region for model in models if model.region is not None}),
    }


SCORER_VERSION = 2
"""Raised whenever a scorer comes to judge some answer differently, so that its digest changes."""


def digest_of_scorer(catalog: Catalog, scorer: Scorer) -> str:
    """Give the digest of a scorer's definition, of all that it asks, and of the version of the code that judges by it.

    A judge is part of it: evidence ends when its prompt, model, parameters, parser or examples change.
    """
    content: dict[str, Json] = {"scorer": scorer.model_dump(mode="json", by_alias=True), "version": SCORER_VERSION}
    if isinstance(scorer, JudgedScorer):
        content["judge"] = digest_of_judge(catalog, scorer.judge)
    if isinstance(scorer, SimilarityScorer):
        content["route"] = _answering(catalog, scorer.route)
    return digest_of_json(content)


def digest_of_judge(catalog: Catalog, judge: str) -> str:
    """Give the digest of a judge: its words, parser and examples, and the prompt, model and parameters of its route."""
    document = catalog.judges[judge]
    said = document.model_dump(mode="json", include={"question", "parser", "examples"})
    return digest_of_json({"judge": said, "route": _answering(catalog, document.route)})


def digest_of_plan(catalog: Catalog, evaluation: Evaluation) -> str:
    """Give the digest of all that an outcome's meaning depends on: target, baseline, scorer, claim, repeats, patience.

    How fast it is asked is left out, but not how often and how long; the data set is named by its own digest.
    """
    content = evaluation.model_dump(
        mode="json",
        by_alias=True,
        include={"use_case", "target", "claim", "measures", "repeats", "seed", "retries", "timeout_seconds"},
    )
    if isinstance(evaluation.claim, ComparisonClaim) and isinstance(evaluation.claim.baseline, RouteTarget):
        content["baseline"] = _answering(catalog, evaluation.claim.baseline.route)
    return digest_of_json({"plan": content, "scorer": digest_of_scorer(catalog, evaluation.scorer)})


def _answering(catalog: Catalog, route: str) -> Json:
    """What answers at a route: its prompt, parameters and model."""
    document = catalog.routes[route]
    return {
        "model": _model(catalog.models[document.model]),
        "prompt": document.prompt,
        "parameters": _parameters(document),
    }
