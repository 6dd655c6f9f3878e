"""Tests of what observes answers: each scorer gets what it judges by, over the gateway and its meter."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from tests.app.installation import USE_CASE, Installation
from tests.evaluation.observers.plugins import install_plugin
from tests.metering.rows import insert_rows, usage_row

from pilotage.app import observing
from pilotage.app.assessing import assess_use_case
from pilotage.app.observing import build_observer
from pilotage.app.platform import Platform
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.evaluation.observers.observer import Observer
from pilotage.evaluation.scorers.observation import Effort, Nearness, Opinion, PluginFinding
from pilotage.evaluation.targets.target import Answer
from pilotage.ledger.records.measurement import Measurement
from pilotage.models.fake import Behaviour
from pilotage.registry.items import Item
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.judge import Judge

pytestmark = pytest.mark.anyio

RUN = "01JB00000000000000000000AB"
CALL = "01JB00000000000000000000CA"
DATA = b'{"id": "a", "input": "question", "expected": "Anna"}\n{"id": "b", "input": "question", "expected": 5}\n'


def evaluation(scorer: dict[str, Any], **more: Any) -> Evaluation:  # noqa: ANN401 - fields of Evaluation
    """Declare an evaluation with a scorer."""
    fields = {
        "kind": "Evaluation",
        "version": 1,
        "name": "routing",
        "use_case": "claims-inbox",
        "dataset": "messages",
        "target": {"route": "claims"},
        "scorer": scorer,
        "claim": {"text": "nine of ten are right", "p0": 0.8, "p1": 0.95},
    }
    return Evaluation.model_validate(fields | more)


def build(
    platform: Platform, declared: Evaluation, url: str = "http://127.0.0.1:1/v1", data: bytes = DATA
) -> Observer | None:
    """Build its observer, with a judge and a data set in the registry."""
    loaded = platform.load_registry()
    judge = Judge.model_validate(
        {"kind": "Judge", "version": 1, "name": "strict", "route": "judging", "question": "Is it polite?"}
    )
    loaded.catalog.judges["strict"] = judge
    loaded.datasets["messages"] = data
    return build_observer(platform, loaded, declared, url, "secret")


async def observe(observer: Observer | None, answer: Answer) -> object:
    """Let an observer observe one answer, entered where it holds connections."""
    assert observer is not None
    item = Item("a", "question", "Anna")
    if isinstance(observer, AbstractAsyncContextManager):
        async with observer:
            return await observer.observe(item, answer, run=RUN, repeat=0)
    return await observer.observe(item, answer, run=RUN, repeat=0)


@pytest.mark.parametrize(
    "scorer", [{"type": "exact"}, {"type": "groundedness"}, {"type": "refusal", "wanted": "answer"}]
)
def test_what_judges_the_text_alone_needs_no_observer(platform: Platform, scorer: dict[str, Any]) -> None:
    """Nothing is asked or looked up for those."""
    assert build(platform, evaluation(scorer)) is None


async def test_embeddings_and_judges_are_asked_over_the_gateway(installation: Installation, platform: Platform) -> None:
    """Both with the run's id, so that what they cost counts with it."""
    url = installation.environment["SMALL_CHAT_URL"]

    near = await observe(build(platform, evaluation({"type": "similarity", "route": "near"}), url), Answer("Anna", 0.1))
    said = await observe(build(platform, evaluation({"type": "judged", "judge": "strict"}), url), Answer("Anna", 0.1))

    assert near == Nearness(pytest.approx(1))  # pyright: ignore[reportArgumentType] - pytest's own
    assert isinstance(said, Opinion)
    assert {seen.headers["x-pilotage-run"] for seen in installation.fake.seen} == {RUN}
    assert {seen.body["model"] for seen in installation.fake.seen} == {"near@candidate", "judging@candidate"}


async def test_latency_is_read_off_the_answer(platform: Platform) -> None:
    """It needs no meter, so it works for an application, too."""
    declared = evaluation({"type": "latency", "at_most_seconds": 1}, target={"endpoint": "http://127.0.0.1:1/"})

    assert await observe(build(platform, declared), Answer("a", 0.7, CALL)) == Effort(0.7)


async def test_cost_waits_until_the_call_is_settled(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """The meter settles a call a moment after its answer; one that stays open for long has an unknown cost."""
    monkeypatch.setattr(observing, "COST_PAUSE", 0.001)
    observer = build(platform, evaluation({"type": "cost", "at_most": 1}))
    insert_rows(platform.engine, usage_row(call=CALL, cost_high=1_500_000_000))
    insert_rows(platform.engine, usage_row(call=RUN, state="reserved"))

    assert await observe(observer, Answer("a", 0.7, CALL)) == Effort(0.7, 1.5)
    assert await observe(observer, Answer("a", 0.7, RUN)) == Effort(0.7, None)
    assert await observe(observer, Answer("a", 0.7)) == Effort(0.7, None)


def test_the_cost_of_an_application_is_refused_beforehand(platform: Platform) -> None:
    """Rather than not measured, item by item."""
    declared = evaluation({"type": "cost", "at_most": 1}, target={"endpoint": "http://127.0.0.1:1/"})

    with pytest.raises(UsageError, match="what an application's answer cost"):
        build(platform, declared)


async def test_a_plugin_is_loaded_and_its_items_are_checked(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the declared release; an item that it cannot judge is told before anything is asked."""
    install_plugin(tmp_path / "site", monkeypatch)
    declared = evaluation({"type": "plugin", "plugin": "polite", "release": "1.0.0"})

    seen = await observe(build(platform, declared, data=DATA.splitlines(keepends=True)[0]), Answer("Dear Anna", 0.1))

    assert isinstance(seen, PluginFinding)
    assert seen.outcome.reason == "the letter does not take leave"
    with pytest.raises(EvidenceError, match="item 'b': the scorer plugin needs a name"):
        build(platform, declared)


EMBEDDING = """
kind: Model
version: 1
name: small-embedding
title: Small embedding model
task: embedding
base_url: {from: env, name: SMALL_CHAT_URL}
credential: {from: env, name: SMALL_CHAT_KEY}
upstream_model: small-embedding-1
region: eu-west
data_classes: [public, internal, personal]
---
kind: Route
version: 1
name: near
title: Embeddings
use_case: claims-triage
model: small-embedding
"""


@pytest.mark.parametrize(
    ("scorer", "points"),
    [
        ("{type: cost, at_most: 0.5}", 1.0),
        ("{type: latency, at_most_seconds: 60}", 1.0),
        ("{type: similarity, route: near, at_least: 0.99}", None),
    ],
)
async def test_what_was_observed_decides_a_measurement(
    installation: Installation, platform: Platform, scorer: str, points: float | None
) -> None:
    """From the declared scorer over gateway, meter and embeddings to the verdict, with what observing cost."""
    installation.fake.behaviour = Behaviour(content="motor")
    installation.registry.joinpath("embedding.yaml").write_text(EMBEDDING)
    installation.edit("use_cases/claims-triage.yaml", "scorer: {type: exact}", f"scorer: {scorer}")

    await assess_use_case(platform, USE_CASE)

    (found,) = [entry.body for entry in platform.ledger.read(kinds=(Measurement,))]
    assert found.not_measured == 0
    assert found.n > 0
    if points is None:
        asked = {seen.path for seen in installation.fake.seen}
        assert asked == {"/v1/chat/completions", "/v1/embeddings"}
        assert 0 < found.estimate.point < 1
    else:
        assert found.estimate.point == points
    assert found.spent.calls == len(installation.fake.seen)
