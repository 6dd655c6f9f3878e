"""Says what a declared evaluation will cost, from what its routes' calls took so far; makes no call."""

from __future__ import annotations

from decimal import Decimal

from pilotage.app.evaluating import open_bench, plan_question
from pilotage.app.platform import Platform
from pilotage.core.canonical import canonical_json
from pilotage.evaluation.costing import (
    ASSUMED_DISCORDANCE,
    EvaluationCost,
    Part,
    assess_evaluation_cost,
    part_of_route,
)
from pilotage.evaluation.measure import find_attempt
from pilotage.ledger.records.measurement import Measurement
from pilotage.metering.past_calls import read_past_calls
from pilotage.metering.tariff import compile_tariff
from pilotage.registry.catalog import Catalog
from pilotage.registry.items import Item
from pilotage.registry.kinds.claim import ComparisonClaim
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.scorer import JudgedScorer, SimilarityScorer
from pilotage.registry.kinds.target import RouteTarget, Target
from pilotage.registry.load import Loaded

ENVELOPE_TOKENS = 64
"""Tokens at most that the form of a chat takes beside prompt and question."""
_UNKNOWN_APPLICATION = "unknown: what an application's answers take is not known before it was measured"


def plan_cost(
    platform: Platform, loaded: Loaded, name: str, *, discordance: float = ASSUMED_DISCORDANCE
) -> EvaluationCost:
    """Say what an evaluation of the declared registry will cost for the newest Release.

    Args:
        platform: the installation.
        loaded: the registry with its data sets.
        name: the evaluation's name.
        discordance: of a comparison, the share of the items on which the two are taken to disagree.

    Raises:
        UsageError: no evaluation has this name.
        EvidenceError: its data set or claim cannot be used.
    """
    question, subject = plan_question(loaded, name)
    evaluation, catalog = question.evaluation, loaded.catalog
    attempt, items = find_attempt(question, subject, open_bench(platform, catalog, evaluation.use_case))
    longest = max(_bytes_of(item) for item in items)
    claim = evaluation.claim
    targets = (evaluation.target, *((claim.baseline,) if isinstance(claim, ComparisonClaim) else ()))
    return assess_evaluation_cost(
        evaluation,
        attempt=attempt,
        items=len(items),
        asked=[_part_of_target(platform, catalog, evaluation, target, longest) for target in targets],
        observed=_part_of_observer(platform, catalog, evaluation),
        discordance=discordance,
    )


def _part_of_target(platform: Platform, catalog: Catalog, evaluation: Evaluation, target: Target, longest: int) -> Part:
    if not isinstance(target, RouteTarget):
        return _part_of_application(platform, evaluation)
    suffix = "@candidate" if target.release == "candidate" else ""
    return _part_of_route(platform, catalog, f"route {target.route}{suffix}", target.route, longest)


def _part_of_application(platform: Platform, evaluation: Evaluation) -> Part:
    """Take an application's last run for a guide: what the gateway metered of it, and how long it took."""
    name = "application"
    entries = platform.ledger.read(kinds=(Measurement,), use_case=evaluation.use_case)
    runs = [entry.body for entry in entries if entry.body.evaluation == evaluation.name and entry.body.source is None]
    if not runs or isinstance(evaluation.claim, ComparisonClaim):
        return Part(name, None, None, None, _UNKNOWN_APPLICATION)
    last = runs[-1]
    share = 1 / Decimal(last.n * last.repeats)
    money = None if last.spent.money is None else last.spent.money.value().times(share)
    energy = None if last.spent.energy is None else last.spent.energy.value().times(share)
    return Part(name, money, energy, last.spent.seconds * float(share), f"as its last run, of {last.n:,} items")


def _part_of_observer(platform: Platform, catalog: Catalog, evaluation: Evaluation) -> Part | None:
    """Say what a question to the judge, or for embeddings, takes; how long answers are that it reads, nobody knows."""
    match evaluation.scorer:
        case JudgedScorer(judge=judge):
            return _part_of_route(platform, catalog, f"judge {judge}", catalog.judges[judge].route, None)
        case SimilarityScorer(route=route):
            return _part_of_route(platform, catalog, f"embeddings of {route}", route, None)
        case _:
            return None


def _part_of_route(platform: Platform, catalog: Catalog, name: str, route: str, longest: int | None) -> Part:
    document = catalog.routes[route]
    model = catalog.models[document.model]
    past = read_past_calls(platform.engine, use_case=document.use_case, route=route, model=model.name)
    # A token is a byte at least, so bytes bound the tokens of a text.
    most_in = None if longest is None else longest + len((document.prompt or "").encode()) + ENVELOPE_TOKENS
    return part_of_route(name, past, compile_tariff(model), most_in=most_in, most_out=document.parameters.max_tokens)


def _bytes_of(item: Item) -> int:
    return len(item.input.encode() if isinstance(item.input, str) else canonical_json(item.input))
