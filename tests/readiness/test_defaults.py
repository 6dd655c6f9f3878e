"""The shipped scales and tiers: complete, unambiguous, and light on paper where the risk is low."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest
from tests.readiness.declared import catalog_of

from pilotage.readiness.stage import GATED
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.scale import Attested, Criterion, Declared, Operated
from pilotage.registry.kinds.team import Role

TIERS = ("low", "medium", "high")
MOST_ANSWERS, MOST_MINUTES = 6, 30


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Give a catalog that rests on the shipped scales and tiers."""
    return catalog_of()


def criteria(catalog: Catalog) -> list[tuple[str, int, Criterion]]:
    """Give every criterion with its axis and level."""
    return [
        (axis, level.level, criterion)
        for axis, scale in catalog.scales_by_axis().items()
        for level in scale.levels
        for criterion in level.criteria
    ]


def asked_for_limited(catalog: Catalog, tier: str) -> list[Criterion]:
    """Give the criteria that a tier asks for up to `limited`."""
    demanded: dict[str, int] = {**catalog.risk_tiers[tier].stages["limited"].levels}
    return [
        criterion
        for axis, level, criterion in criteria(catalog)
        if level <= demanded.get(axis, 0) and (not criterion.applies_to_tiers or tier in criterion.applies_to_tiers)
    ]


def test_three_axes_and_three_tiers_are_shipped(catalog: Catalog) -> None:
    """A registry without scales or tiers of its own has TRL, IRL and HRL, and tiers that rank by risk."""
    assert set(catalog.scales_by_axis()) == {"TRL", "IRL", "HRL"}
    assert [catalog.risk_tiers[name].rank for name in TIERS] == [1, 2, 3]


def test_every_criterion_id_is_unique_over_all_scales(catalog: Catalog) -> None:
    """A statement names a criterion by its id alone, so no two scales may share one; it names axis and level too."""
    ids = [criterion.id for _, _, criterion in criteria(catalog)]
    assert len(ids) == len(set(ids))
    assert all(item.id.startswith(f"{axis.lower()}-{level}-") for axis, level, item in criteria(catalog))


def test_every_level_of_every_tier_asks_something_or_stands_below_one_that_does(catalog: Catalog) -> None:
    """No tier gets a level for nothing: each level has an applicable criterion in every tier."""
    for axis, scale in catalog.scales_by_axis().items():
        for level in scale.levels:
            for tier in TIERS:
                asked = [item for item in level.criteria if not item.applies_to_tiers or tier in item.applies_to_tiers]
                assert asked, f"{axis} {level.level} asks nothing of {tier}"


def test_low_risk_reaches_limited_with_little_paper(catalog: Catalog) -> None:
    """Low risk reaches `limited` with at most six human answers and thirty minutes of declaring and signing."""
    asked = asked_for_limited(catalog, "low")
    papers = [item for item in asked if isinstance(item.answer, Declared | Attested)]
    assert sum(isinstance(item.answer, Attested) for item in papers) <= MOST_ANSWERS
    assert sum(item.minutes for item in papers) <= MOST_MINUTES


def test_stages_never_wait_for_what_only_they_allow(catalog: Catalog) -> None:
    """Time with real users is asked for beyond `limited` alone, because nobody else lets real users in."""
    for tier in TIERS:
        assert not [item.id for item in asked_for_limited(catalog, tier) if isinstance(item.answer, Operated)]


def test_later_stages_and_higher_tiers_never_ask_less(catalog: Catalog) -> None:
    """Each stage demands at least what the one before does, and each tier at least what the one below does."""
    for tier in TIERS:
        stages = catalog.risk_tiers[tier].stages
        for earlier, later in pairwise(GATED):
            before, after = stages[earlier].levels, stages[later].levels
            assert all(after.get(axis, 0) >= level for axis, level in before.items())
    for lower, higher in (("low", "medium"), ("medium", "high")):
        for stage, terms in catalog.risk_tiers[lower].stages.items():
            above = catalog.risk_tiers[higher].stages[stage].levels
            assert all(above.get(axis, 0) >= level for axis, level in terms.levels.items())


def test_production_rests_on_real_evidence_and_a_person(catalog: Catalog) -> None:
    """Every tier demands level 8 of each axis for production, without SAMPLE evidence, promoted by a person."""
    for tier in TIERS:
        terms = catalog.risk_tiers[tier].stages["production"]
        assert terms.levels == {"TRL": 8, "IRL": 8, "HRL": 8}
        assert (terms.sample_evidence, terms.promotion) == (False, "person")


def test_questions_are_questions_and_steps_can_be_taken(catalog: Catalog) -> None:
    """Each criterion asks a question, names a next step, and asks roles that members can have."""
    for _, _, criterion in criteria(catalog):
        assert criterion.question.endswith("?")
        assert criterion.next_step.endswith(".")
        if isinstance(criterion.answer, Attested):
            assert set(criterion.answer.roles) <= set(get_args(Role))
        elif not isinstance(criterion.answer, Declared):
            assert criterion.depends_on, f"{criterion.id} would survive every change of the configuration"
