"""Runs a declared evaluation: finds whom to ask, with which key, and hands everything to the measurement."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from http import HTTPStatus
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from pilotage.app.observing import build_observer
from pilotage.app.platform import Platform
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.evaluation.enough import say_too_few
from pilotage.evaluation.journal import DatabaseJournal
from pilotage.evaluation.labels.store import DatabaseLabels
from pilotage.evaluation.measure import Question, Subject, Waiting, Workbench, find_attempt, measure
from pilotage.evaluation.openings import DatabaseOpenings
from pilotage.evaluation.runner import Watch
from pilotage.evaluation.targets.http_target import EndpointTarget, RouteTarget
from pilotage.gateway.admission import USERS
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.measurement import Measurement
from pilotage.ledger.records.permit import Permit
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import digest_of_plan, plan_configuration
from pilotage.registry.kinds.claim import ComparisonClaim
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.scorer import JudgedScorer, SimilarityScorer
from pilotage.registry.kinds.target import RouteTarget as DeclaredRoute
from pilotage.registry.kinds.target import Target as DeclaredTarget
from pilotage.registry.load import Loaded

KEY_LOOKS, KEY_PAUSE = 50, 0.1


async def measure_evaluation(
    platform: Platform, loaded: Loaded, name: str, *, gateway_url: str, watch: Watch | None = None
) -> Entry[Measurement] | Waiting:
    """Run an evaluation of the declared registry to its verdict, or give the one that it had.

    Args:
        platform: the installation.
        loaded: the registry with its data sets.
        name: the evaluation's name.
        gateway_url: where the gateway answers, up to and with `/v1`.
        watch: told after each outcome.

    Raises:
        UsageError: no evaluation has this name.
        EvidenceError: it could not be measured; what was recorded stays, and running again goes on.
    """
    question, subject = plan_question(loaded, name)
    catalog, evaluation = loaded.catalog, question.evaluation
    lacking = find_lacking(platform, catalog, evaluation)
    if lacking is not None:
        raise EvidenceError(f"{name}: {lacking}", "promote a Release first, or name another route as the baseline")
    bench = open_bench(platform, catalog, evaluation.use_case)
    async with AsyncExitStack() as parts:
        key = ""
        if asks_gateway(evaluation):
            key = parts.enter_context(platform.assessment_key(evaluation.use_case))
            await asyncio.to_thread(await_key, gateway_url, key)
        reach = partial(_reach, platform, gateway_url=gateway_url, key=key)
        claim = evaluation.claim
        target = await parts.enter_async_context(reach(evaluation.target))
        baseline = None
        if isinstance(claim, ComparisonClaim):
            baseline = await parts.enter_async_context(reach(claim.baseline))
        observer = build_observer(platform, loaded, evaluation, gateway_url, key)
        if isinstance(observer, AbstractAsyncContextManager):
            await parts.enter_async_context(observer)
        return await measure(
            question,
            subject,
            target,
            bench,
            baseline=baseline,
            observer=observer,
            environment=_surroundings(platform, evaluation),
            watch=watch,
        )


def plan_question(loaded: Loaded, name: str) -> tuple[Question, Subject]:
    """Give what an evaluation asks, and the newest Release of its use case.

    Raises:
        UsageError: no evaluation has this name.
    """
    catalog = loaded.catalog
    if name not in catalog.evaluations:
        known = ", ".join(sorted(catalog.evaluations)) or "none"
        raise UsageError(f"there is no evaluation {name!r}", f"the registry declares: {known}")
    evaluation = catalog.evaluations[name]
    configuration = plan_configuration(catalog, evaluation.use_case)
    question = Question(evaluation, catalog.datasets[evaluation.dataset], loaded.datasets[evaluation.dataset])
    return question, Subject(evaluation.use_case, configuration.root, configuration.parts)


def open_bench(platform: Platform, catalog: Catalog, use_case: str) -> Workbench:
    """Give what measurements of a use case work with."""
    return Workbench(
        catalog,
        platform.ledger,
        DatabaseJournal(platform.engine, platform.artefacts, platform.clock),
        DatabaseOpenings(platform.engine),
        DatabaseLabels(platform.engine, platform.clock),
        platform.clock,
        partial(platform.read_settled_usage, use_case),
        platform.draw_seed,
    )


def asks_gateway(evaluation: Evaluation) -> bool:
    """Tell whether an evaluation asks any route: as its target, its baseline, its judge or for embeddings."""
    claim = evaluation.claim
    asked = (evaluation.target, claim.baseline if isinstance(claim, ComparisonClaim) else None)
    observed = isinstance(evaluation.scorer, (JudgedScorer, SimilarityScorer))
    return observed or any(isinstance(one, DeclaredRoute) for one in asked)


def find_lacking(platform: Platform, catalog: Catalog, evaluation: Evaluation) -> str | None:
    """Say what an evaluation lacks to be measured at all; None where it lacks nothing.

    Without a promoted Release the gateway serves the candidate in its place, so a comparison with it would compare
    the candidate with itself.
    """
    if not _compares_with_promoted(evaluation):
        return None
    promoted = read_promoted(platform, evaluation.use_case)
    if promoted is None:
        return "no Release is promoted yet, so there is nothing to compare with"
    if promoted == plan_configuration(catalog, evaluation.use_case).root:
        return "the newest Release is the promoted one, so there is nothing to compare"
    return None


def find_too_few(platform: Platform, loaded: Loaded, name: str) -> str | None:
    """Say that an evaluation has too few items to MEET; None where it has enough, or its verdict has fallen already.

    Opens no data set in the ledger's sense: nothing is recorded, and no call is made.

    Raises:
        UsageError: no evaluation has this name.
        EvidenceError: its data set or claim cannot be used.
    """
    question, subject = plan_question(loaded, name)
    found = platform.ledger.read(kinds=(Measurement,), use_case=subject.use_case, release=subject.release)
    plan = digest_of_plan(loaded.catalog, question.evaluation), loaded.catalog.dataset_digests[question.dataset.name]
    if any((entry.body.plan, entry.body.dataset_digest) == plan for entry in found if entry.body.evaluation == name):
        return None
    attempt, items = find_attempt(question, subject, open_bench(platform, loaded.catalog, subject.use_case))
    return say_too_few(question.evaluation, items=len(items), attempt=attempt)


def read_promoted(platform: Platform, use_case: str) -> str | None:
    """Give the digest of the Release that users get; None where none was permitted to serve them."""
    permits = platform.ledger.read(kinds=(Permit,), use_case=use_case)
    return next((entry.body.release for entry in reversed(permits) if USERS & set(entry.body.audiences)), None)


def await_key(gateway_url: str, key: str) -> None:
    """Wait until a gateway knows a key that was just made, which takes it a second."""
    for _ in range(KEY_LOOKS):
        request = Request(f"{gateway_url}/models", headers={"authorization": f"Bearer {key}"})  # noqa: S310 - our gateway
        try:
            with urlopen(request, timeout=5):  # noqa: S310 - as above
                return
        except HTTPError as error:
            if error.code != HTTPStatus.UNAUTHORIZED:
                return  # whatever this is, the call in earnest tells it better
        except OSError:
            return
        time.sleep(KEY_PAUSE)


def _reach(platform: Platform, declared: DeclaredTarget, *, gateway_url: str, key: str) -> RouteTarget | EndpointTarget:
    """Give what is asked, as it is declared."""
    if isinstance(declared, DeclaredRoute):
        candidate = declared.release == "candidate"
        return RouteTarget(gateway_url, route=declared.route, key=key, candidate=candidate)
    return EndpointTarget(platform.resolve(declared.endpoint))


def _compares_with_promoted(evaluation: Evaluation) -> bool:
    claim = evaluation.claim
    baseline = claim.baseline if isinstance(claim, ComparisonClaim) else None
    return isinstance(baseline, DeclaredRoute) and baseline.release == "promoted"


def _surroundings(platform: Platform, evaluation: Evaluation) -> dict[str, str]:
    """Name the Release that the target was compared with, where that is the one that users get."""
    promoted = read_promoted(platform, evaluation.use_case) if _compares_with_promoted(evaluation) else None
    return {} if promoted is None else {"baseline release": promoted}
