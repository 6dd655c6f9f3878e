"""Builds what observes answers for the scorers that judge more than their text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pilotage.app.platform import Platform
from pilotage.core.errors import UsageError
from pilotage.evaluation.dataset import read_items
from pilotage.evaluation.observers.effort import EffortObserver
from pilotage.evaluation.observers.embedding import EmbeddingObserver, EmbeddingRoute
from pilotage.evaluation.observers.judge import JudgeObserver
from pilotage.evaluation.observers.observer import Observer
from pilotage.evaluation.observers.plugin import PluginObserver, check_plugin_items, open_plugin
from pilotage.evaluation.observers.sandbox import open_sandbox_observer
from pilotage.evaluation.scorers.observation import Observation
from pilotage.evaluation.targets.http_target import RouteTarget
from pilotage.evaluation.targets.target import Answer
from pilotage.metering.usage import read_call_cost
from pilotage.registry.items import Item
from pilotage.registry.kinds.claim import ComparisonClaim
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.scorer import (
    CodeScorer,
    CostScorer,
    JudgedScorer,
    LatencyScorer,
    PluginScorer,
    SimilarityScorer,
)
from pilotage.registry.kinds.target import EndpointTarget
from pilotage.registry.load import Loaded

COST_LOOKS, COST_PAUSE = 50, 0.1
"""Times that a call's cost is looked for until it is settled, and seconds between; after these it is unknown."""


def build_observer(  # noqa: PLR0911 - one for each scorer
    platform: Platform, loaded: Loaded, evaluation: Evaluation, gateway_url: str, key: str
) -> Observer | None:
    """Give what observes answers for an evaluation's scorer; None where it needs no more than the answer.

    One that is an asynchronous context manager holds connections, and is to be entered before it is used.

    Args:
        platform: the installation.
        loaded: the registry with its data sets.
        evaluation: what will be measured.
        gateway_url: where the gateway answers, up to and with `/v1`.
        key: the text of a key with audience assessment.

    Raises:
        UsageError: its scorer cannot work with its target, or no such plugin is installed.
        EvidenceError: a plugin or the sandbox cannot be used, or an item lacks what the plugin needs.
    """
    scorer = evaluation.scorer
    match scorer:
        case JudgedScorer():
            judge = loaded.catalog.judges[scorer.judge]
            route = RouteTarget(gateway_url, route=judge.route, key=key)
            return ConnectedObserver(JudgeObserver(judge, route), route)
        case SimilarityScorer():
            embedder = EmbeddingRoute(gateway_url, route=scorer.route, key=key)
            return ConnectedObserver(EmbeddingObserver(embedder), embedder)
        case CodeScorer():
            return open_sandbox_observer(scorer, read_items(loaded.datasets[evaluation.dataset]))
        case LatencyScorer():
            return EffortObserver()
        case CostScorer():
            _refuse_without_meter(evaluation)
            return EffortObserver(cost_reader(platform, evaluation.use_case, loaded.catalog.organisation.currency))
        case PluginScorer():
            plugin = open_plugin(scorer)
            check_plugin_items(plugin, scorer, read_items(loaded.datasets[evaluation.dataset]))
            return PluginObserver(plugin, scorer)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class ConnectedObserver:
    """An observer with the connections that it holds, to be used as a context."""

    observer: Observer
    connection: AbstractAsyncContextManager[Any]

    async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> Observation:
        """Let the observer observe; see `Observer`."""
        return await self.observer.observe(item, answer, run=run, repeat=repeat)

    async def __aenter__(self) -> Self:
        """Open the connections."""
        await self.connection.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.connection.__aexit__(kind, error, trace)


def cost_reader(platform: Platform, use_case: str, currency: str) -> Callable[[str], Awaitable[float | None]]:
    """Give a function that reads what a call of a use case cost at most, once it is settled; None where unknown."""

    async def read(call: str) -> float | None:
        for _ in range(COST_LOOKS):
            cost = await asyncio.to_thread(read_call_cost, platform.engine, call, use_case, currency)
            if cost.settled:
                return None if cost.highest is None else float(cost.highest)
            await asyncio.sleep(COST_PAUSE)
        return None

    return read


def _refuse_without_meter(evaluation: Evaluation) -> None:
    """Refuse to judge the cost of answers that no call of the gateway can be told for."""
    claim = evaluation.claim
    asked = (evaluation.target, claim.baseline if isinstance(claim, ComparisonClaim) else None)
    if any(isinstance(one, EndpointTarget) for one in asked):
        message = f"{evaluation.name}: what an application's answer cost is not known for each answer"
        raise UsageError(message, "let the evaluation ask the route, or use another scorer than `cost`")
