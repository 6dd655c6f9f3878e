"""Assesses a use case from end to end: declared, measured through a gateway, and judged."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import cast
from urllib.parse import urlsplit

from pilotage.app.evaluating import find_lacking, find_too_few, measure_evaluation
from pilotage.app.platform import Platform
from pilotage.app.web import Running
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.measure import Waiting
from pilotage.evaluation.runner import Watch
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.load import Loaded

FOLLOWING_LOOKS, FOLLOWING_PAUSE = 100, 0.1
LARGEST_REPLY = 1_000_000


async def assess_use_case(
    platform: Platform,
    use_case: str,
    *,
    evaluations: Sequence[str] | None = None,
    watch: Callable[[Evaluation], Watch] | None = None,
    gateway_url: str | None = None,
    tell: Callable[[str], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> Entry[Assessment]:
    """Measure what has no verdict yet, then assess the current Release.

    An evaluation that waits for people, or has nothing yet to be compared with, is told of and passed over.

    Args:
        platform: the installation.
        use_case: name of the use case.
        evaluations: names to run; None runs all of the use case's.
        watch: gives a watcher for each evaluation that is run.
        gateway_url: where the gateway answers; None: a gateway of our own is started where none does.
        tell: is given a line for each evaluation that could not come to a verdict yet: why, and whose turn it is.
        warn: is given a line for each evaluation that can never MEET, before its data are opened.

    Raises:
        EvidenceError: a measurement could not be made; what was recorded stays, and running again goes on.
    """
    steward = platform.steward(alone=True)
    steward.tick(platform.clock())
    loaded = platform.load_registry()
    names = [item.name for item in loaded.catalog.evaluations_of(use_case)] if evaluations is None else evaluations
    if names:
        async with _reachable_gateway(platform, gateway_url) as url:
            await asyncio.to_thread(_await_catalog, url, loaded.catalog.digest)
            for name in names:
                note = await _measure(platform, loaded, name, gateway_url=url, watch=watch, warn=warn)
                if note is not None and tell is not None:
                    tell(note)
    steward.tick(platform.clock())
    entry = platform.read_assessment(use_case)
    if entry is None:
        message = f"{use_case} could not be assessed"
        raise EvidenceError(message, "look at the log of this command for the reason")
    return entry


async def _measure(
    platform: Platform,
    loaded: Loaded,
    name: str,
    *,
    gateway_url: str,
    watch: Callable[[Evaluation], Watch] | None,
    warn: Callable[[str], None] | None,
) -> str | None:
    """Measure one evaluation; give why it has no verdict yet, None where it has."""
    evaluation = loaded.catalog.evaluations.get(name)
    lacking = None if evaluation is None else find_lacking(platform, loaded.catalog, evaluation)
    if lacking is not None:
        return f"{name} is not measured: {lacking}"
    if warn is not None and (hopeless := await asyncio.to_thread(find_too_few, platform, loaded, name)) is not None:
        warn(hopeless)
    told = watch(evaluation) if watch and evaluation is not None else None
    found = await measure_evaluation(platform, loaded, name, gateway_url=gateway_url, watch=told)
    return say_waiting(found) if isinstance(found, Waiting) else None


def say_waiting(waiting: Waiting) -> str:
    """Say what a judged run waits for, and what the next step is."""
    count = len(waiting.slots)
    what = "1 answer waits for a label" if count == 1 else f"{count} answers wait for labels"
    done = f" ({waiting.labelled} of {waiting.drawn} are labelled)" if waiting.labelled else ""
    return f"{waiting.evaluation}: {what}{done}: pilotage label {waiting.evaluation}"


@asynccontextmanager
async def _reachable_gateway(platform: Platform, url: str | None) -> AsyncGenerator[str]:
    """Give the address of a gateway: the one told, the one of the settings where it answers, else one of our own."""
    wanted = url or platform.config.own_gateway_url
    if url is not None or await asyncio.to_thread(_answers, wanted):
        yield wanted
        return
    own = replace(platform, config=replace(platform.config, replica=f"{platform.config.replica}-assess"))
    with Running(own, host="127.0.0.1", port=0, with_portal=False) as running:
        yield running.gateway_url


def _await_catalog(gateway_url: str, digest: str) -> None:
    """Wait until the gateway works with the catalog that is assessed, or an older configuration would be measured.

    Raises:
        EvidenceError: it does not come to it; it follows another ledger, or cannot load the catalog.
    """
    reply: dict[str, object] = {}
    for _ in range(FOLLOWING_LOOKS):
        reply = _fetch_readiness(gateway_url)
        if reply.get("catalog") == digest:
            return
        time.sleep(FOLLOWING_PAUSE)
    problems = reply.get("problems") or "it says nothing more"
    message = f"the gateway at {gateway_url} does not work with this registry ({problems})"
    raise EvidenceError(message, "give it the same database and state folder, or set PILOTAGE_GATEWAY_URL")


def _answers(gateway_url: str) -> bool:
    """Tell whether a gateway listens at an address."""
    return "catalog" in _fetch_readiness(gateway_url)


def _fetch_readiness(gateway_url: str) -> dict[str, object]:
    """Read what a gateway says of itself; empty where none listens."""
    try:
        parts = urlsplit(gateway_url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        with closing(kind(parts.hostname or "", parts.port, timeout=2)) as connection:
            connection.request("GET", "/readyz")
            reply: object = json.loads(connection.getresponse().read(LARGEST_REPLY))
    except (OSError, HTTPException, ValueError):
        return {}
    return cast("dict[str, object]", reply) if isinstance(reply, dict) else {}
