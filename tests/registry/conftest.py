"""A small registry that loads, as files by path, for tests to break in one place at a time."""

from collections.abc import Callable

import pytest

from pilotage.core.errors import DocumentError, Problem
from pilotage.registry.catalog import Catalog
from pilotage.registry.load import load_registry
from pilotage.registry.source import MemorySource

FILES = {
    "organisation.yaml": """\
kind: Organisation
version: 1
name: example
platform_team: platform
---
kind: Team
version: 1
name: platform
members: [{name: dario, roles: [platform]}, {name: eva, roles: [risk-owner]}]
---
kind: Team
version: 1
name: claims
members: [{name: ana, roles: [owner]}, {name: bruno, roles: [builder]}]
""",
    "models.yaml": """\
kind: Model
version: 1
name: chat
base_url: {from: env, name: CHAT_URL}
upstream_model: chat-2026-01-01
data_classes: [public, internal, personal]
""",
    "claims/triage.yaml": """\
kind: UseCase
version: 1
name: triage
purpose: Sort claims.
owner: claims
owner_person: ana
risk_owner: eva
promise: Eight of ten are right.
---
kind: Route
version: 1
name: triage
use_case: triage
model: chat
prompt: Answer with one word.
parameters: {temperature: 0}
---
kind: Dataset
version: 1
name: triage-items
path: items.jsonl
---
kind: Evaluation
version: 1
name: triage-promise
use_case: triage
dataset: triage-items
target: {route: triage}
scorer: {type: json-schema, schema: {type: object}}
claim:
  text: Eight of ten are right.
  p0: 0.8
  p1: 0.9
""",
    "claims/items.jsonl": '{"id": "a", "input": "My car.", "expected": "motor"}\n{"id": "b", "input": "My roof."}\n',
}

LEVELS = ", ".join(f"{{level: {level}, title: t, meaning: m}}" for level in range(1, 10))
TIER = "kind: RiskTier\nversion: 1\nname: {name}\nrank: {rank}\ninferred_from: {triggers}\nstages: {{}}\n"
DEFAULTS = {
    "trl.yaml": f"kind: Scale\nversion: 1\nname: trl\naxis: TRL\nsource: s\nlevels: [{LEVELS}]\n",
    "irl.yaml": f"kind: Scale\nversion: 1\nname: irl\naxis: IRL\nsource: s\nlevels: [{LEVELS}]\n",
    "hrl.yaml": f"kind: Scale\nversion: 1\nname: hrl\naxis: HRL\nsource: s\nlevels: [{LEVELS}]\n",
    "low.yaml": TIER.format(name="low", rank=1, triggers="{}") + "claim_floor: {p0: 0.6, alpha: 0.1}\n",
    "medium.yaml": TIER.format(name="medium", rank=2, triggers="{data_classes: [personal]}"),
    "high.yaml": TIER.format(name="high", rank=3, triggers="{autonomy: [acts], users_outside_organisation: true}"),
}


@pytest.fixture(scope="session")
def sound_files() -> dict[str, str]:
    """Give the files of a registry that loads, for tests that change nothing in place."""
    return FILES


@pytest.fixture(scope="session")
def defaults() -> MemorySource:
    """Give a few small scales and tiers, so that these tests depend on no shipped contents."""
    return MemorySource(DEFAULTS)


@pytest.fixture
def files() -> dict[str, str]:
    """Give the files of a registry that loads; change them as the test needs."""
    return dict(FILES)


@pytest.fixture
def catalog(files: dict[str, str], defaults: MemorySource) -> Catalog:
    """Give the catalog of that registry."""
    return load_registry(MemorySource(files), defaults).catalog


@pytest.fixture
def changed(files: dict[str, str], defaults: MemorySource) -> Callable[..., Catalog]:
    """Give a function that replaces texts in the files, `old, new` after each other, and loads the result."""

    def change(*replacements: str) -> Catalog:
        texts = dict(files)
        for old, new in zip(replacements[::2], replacements[1::2], strict=True):
            assert any(old in text for text in texts.values()), old
            texts = {path: text.replace(old, new) for path, text in texts.items()}
        return load_registry(MemorySource(texts), defaults).catalog

    return change


@pytest.fixture
def problems(files: dict[str, str], defaults: MemorySource) -> Callable[..., tuple[Problem, ...]]:
    """Give a function that replaces texts in the files, `old, new` after each other, and returns what is wrong."""

    def find(*replacements: str, **added: str | bytes) -> tuple[Problem, ...]:
        texts: dict[str, str | bytes] = dict(files)
        for old, new in zip(replacements[::2], replacements[1::2], strict=True):
            assert any(old in text for text in texts.values() if isinstance(text, str)), old
            texts = {path: text.replace(old, new) if isinstance(text, str) else text for path, text in texts.items()}
        try:
            load_registry(MemorySource(texts | added), defaults)
        except DocumentError as error:
            return error.problems
        return ()

    return find
