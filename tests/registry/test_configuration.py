"""A part's digest changes when, and only when, what evidence about it depends on changes."""

from collections.abc import Callable

import pytest

from pilotage.core.canonical import digest_of_json
from pilotage.core.errors import UsageError
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import digest_of_judge, digest_of_plan, plan_configuration

Change = Callable[..., Catalog]


def changed_parts(before: Catalog, after: Catalog) -> set[str]:
    """Give the parts that differ between two catalogs."""
    old, new = plan_configuration(before, "triage"), plan_configuration(after, "triage")
    differing = {part for part in old.parts.keys() | new.parts.keys() if old.parts.get(part) != new.parts.get(part)}
    assert (old.root == new.root) is (not differing)
    return differing


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("prompt: Answer with one word.", "prompt: Answer with two words.", {"prompt"}),
        ("prompt: Answer with one word.\n", "", {"prompt"}),
        ("temperature: 0", "temperature: 0.5", {"parameters"}),
        ("upstream_model: chat-2026-01-01", "upstream_model: chat-2026-02-01", {"model"}),
        ("{from: env, name: CHAT_URL}", "http://127.0.0.1/v1", {"model"}),
        ("risk_owner: eva", "application: {version: '1'}", {"application"}),
        ("risk_owner: eva", "autonomy: acts-with-approval", {"policy"}),
        ("risk_owner: eva", "oversight: A clerk confirms.", {"policy"}),
        ("promise: Eight", "promise: Nine", {"policy"}),
        ("risk_owner: eva", "tier: high", {"policy"}),
        ("upstream_model:", "region: eu\nupstream_model:", {"policy"}),
        ("upstream_model:", "price: {source: genai-prices, provider: p, model: m}\nupstream_model:", set[str]()),
        ("upstream_model:", "timeout_seconds: 5\nupstream_model:", set[str]()),
        ("risk_owner: eva", "title: Triage\ndescription: d\nsupport: s\nmonthly_budget: 5", set[str]()),
        ("p0: 0.8", "p0: 0.85", set[str]()),
        ("name: example", "name: example\ncurrency: USD", set[str]()),
        ("{name: bruno, roles: [builder]}", "{name: bob}", set[str]()),
    ],
)
def test_only_the_part_that_changed_has_another_digest(
    catalog: Catalog, changed: Change, old: str, new: str, parts: set[str]
) -> None:
    """A change of price, title or people makes no evidence stale; a change of prompt just that of the prompt."""
    assert changed_parts(catalog, changed(old, new)) == parts


def test_renaming_a_model_changes_nothing(catalog: Catalog, changed: Change) -> None:
    """What answers is the same whatever the catalog calls it."""
    assert changed_parts(catalog, changed("name: chat\n", "name: talk\n", "model: chat\n", "model: talk\n")) == set()


def test_the_root_is_the_digest_of_the_parts(catalog: Catalog) -> None:
    """Anybody can recompute the name of a Release from its parts."""
    configuration = plan_configuration(catalog, "triage")
    assert set(configuration.parts) == {"model", "prompt", "parameters", "policy"}
    assert configuration.root == digest_of_json(configuration.parts)


def test_it_survives_the_journey_as_json(catalog: Catalog) -> None:
    """A replica that got the catalog as JSON computes the same."""
    copy = Catalog.model_validate_json(catalog.model_dump_json(by_alias=True))
    assert plan_configuration(copy, "triage") == plan_configuration(catalog, "triage")


def test_unknown_use_cases_are_usage_errors(catalog: Catalog) -> None:
    """Whoever typed the name is told which there are."""
    with pytest.raises(UsageError, match="use one of: triage"):
        plan_configuration(catalog, "absent")


JUDGED = (
    "scorer: {type: json-schema, schema: {type: object}}",
    "scorer: {type: judged, judge: strict}",
    "kind: Dataset",
    "{kind: Judge, version: 1, name: strict, route: triage, question: Is it right?}\n---\nkind: Dataset",
)


@pytest.mark.parametrize(
    ("old", "new", "judge", "plan"),
    [
        ("Is it right?", "Is it kind?", True, True),
        ("question: Is", "examples: [{input: a, answer: b, verdict: PASS}], question: Is", True, True),
        ("question: Is", "parser: {type: scale}, question: Is", True, True),
        ("Answer with one word.", "Answer with two words.", True, True),
        ("chat-2026-01-01", "chat-2026-02-01", True, True),
        ("temperature: 0", "temperature: 1", True, True),
        ("question: Is", "title: Strict, question: Is", False, False),
        ("claim:", "seed: 5\nclaim:", False, True),
        ("claim:", "repeats: 1\nclaim:", False, False),
        ("claim:", "concurrency: 9\ncalls_per_second: 3\ntitle: t\nclaim:", False, False),
        ("claim:", "retries: 0\nclaim:", False, True),
        ("claim:", "timeout_seconds: 1\nclaim:", False, True),
        ("p0: 0.8", "p0: 0.85", False, True),
        ("p1: 0.9", "p1: 0.9\n  cap: 100", False, True),
        ("claim:", "measures: critical-function\nclaim:", False, True),
        ("name: example", "name: example\ncurrency: USD", False, False),
    ],
)
def test_what_a_plan_and_a_judge_depend_on(changed: Change, old: str, new: str, *, judge: bool, plan: bool) -> None:
    """A judge is its words, examples, parser, prompt, model and parameters; a plan is all that its outcome means."""
    before, after = changed(*JUDGED), changed(*JUDGED, old, new)
    assert (digest_of_judge(before, "strict") != digest_of_judge(after, "strict")) is judge
    plans = [digest_of_plan(catalog, catalog.evaluations["triage-promise"]) for catalog in (before, after)]
    assert (plans[0] != plans[1]) is plan


def test_a_comparison_depends_on_its_baseline(changed: Change) -> None:
    """A baseline with another prompt is another comparison."""
    rival = "{kind: Route, version: 1, name: rival, use_case: triage, model: chat, prompt: Guess.}\n---\nkind: Dataset"
    compared = (
        "claim:\n  text: Eight of ten are right.\n  p0: 0.8\n  p1: 0.9\n",
        "measures: comparison\nclaim: {text: Better., baseline: {route: rival}}\n",
        "kind: Dataset",
        rival,
    )
    catalogs = [changed(*compared), changed(*compared, "Guess.", "Guess well.")]
    plans = [digest_of_plan(catalog, catalog.evaluations["triage-promise"]) for catalog in catalogs]
    assert plans[0] != plans[1]
