"""A part's digest changes when, and only when, what evidence about it depends on changes."""

from collections.abc import Callable

import pytest

from pilotage.core.canonical import digest_of_json
from pilotage.core.errors import UsageError
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import plan_configuration

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
