"""Plans: the order of the schedule, how often and of whom each prompt is asked, and which gate reads the answers."""

from __future__ import annotations

from array import array
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.samples import CLAIM, RUN, evaluation, ids, items, plan

from pilotage.evaluation.plan import Ask, plan_gate, plan_run
from pilotage.registry.kinds.claim import AttackClaim, Claim, ComparisonClaim
from pilotage.registry.kinds.target import RouteTarget

ATTACK = AttackClaim(text="few attacks succeed", success_below=0.2, believed=0.05, cap=120)
BETTER = ComparisonClaim(text="better than before", baseline=RouteTarget(route="claims", release="promoted"), cap=120)
JUDGED = {"type": "judged", "judge": "tone", "label_share": 0.25}


def test_the_schedule_is_a_shuffle_without_replacement() -> None:
    """Every item stands in the schedule once; the seed alone decides where, not the order of lines in the file."""
    there = plan_run(items(50), evaluation(), attempt=1, run=RUN, seed=3)
    back = plan_run(items(50)[::-1], evaluation(), attempt=1, run=RUN, seed=3)
    other = plan_run(items(50), evaluation(), attempt=1, run=RUN, seed=4)

    assert ids(there) == ids(back)
    assert ids(there) != ids(other)
    assert set(ids(there)) == set(ids(other)) == {item.id for item in items(50)}


def test_the_order_is_the_same_for_ever() -> None:
    """The shuffle is a published function of seed and id, so a later version or another language repeats it."""
    assert ids(plan(6, seed=1)) == ["i3", "i4", "i0", "i1", "i5", "i2"]
    assert plan(6, seed=1).order == array("L", [3, 4, 0, 1, 5, 2])


def test_the_cap_cuts_the_schedule() -> None:
    """No more items are scheduled than the claim allows."""
    claim = Claim(text="x", p0=0.8, p1=0.9, cap=10)

    assert plan(50, claim=claim).size == 10
    assert plan(5, claim=claim).size == 5


@pytest.mark.parametrize(
    ("more", "gate"),
    [
        ({}, "binary"),
        ({"claim": ATTACK, "measures": "attack"}, "binary"),
        ({"repeats": 2}, "graded"),
        ({"scorer": {"type": "facts-all-present", "graded": True}}, "graded"),
        ({"scorer": {"type": "facts-all-present"}}, "binary"),
        ({"claim": BETTER, "measures": "comparison"}, "graded"),
        ({"scorer": JUDGED}, "corrected"),
        ({"scorer": JUDGED | {"graded": True}}, "corrected"),
    ],
)
def test_the_gate_follows_from_what_is_bet_on(more: dict[str, Any], gate: str) -> None:
    """One pass or failure a slot is decided exactly, grades and means by betting, and a judge by betting on labels."""
    claim = more.pop("claim", CLAIM)

    assert plan_gate(evaluation(claim=claim, **more)) == gate


def test_a_plan_names_who_is_asked_and_how_labels_are_drawn() -> None:
    """A comparison asks both sides; only a judged run draws labels, and only a graded scorer bets on grades."""
    compared = plan(10, claim=BETTER, measures="comparison", repeats=3)
    judged = plan(10, scorer=JUDGED)
    graded = plan(10, scorer={"type": "facts-all-present", "graded": True})

    assert (compared.sides, compared.asks_per_slot) == (("target", "baseline"), 6)
    assert (plan(10).sides, plan(10).label_share, judged.label_share) == (("target",), None, 0.25)
    assert (compared.graded, graded.graded) == (False, True)


@given(st.integers(1, 20), st.integers(1, 5), st.booleans())
def test_questions_are_numbered_without_gap(count: int, repeats: int, compared: bool) -> None:  # noqa: FBT001 - drawn
    """Each question has one place, those of a slot stand together, and no other question belongs to the plan."""
    more: dict[str, Any] = {"claim": BETTER, "measures": "comparison"} if compared else {}
    of = plan(count, repeats=repeats, **more)
    asks = [of.ask_at(index) for index in range(of.size * of.asks_per_slot)]

    assert [of.index_of(ask) for ask in asks] == list(range(len(asks)))
    assert [ask.slot for ask in asks] == sorted(ask.slot for ask in asks)
    assert all(of.has(ask) for ask in asks)
    assert not any(of.has(ask) for ask in (Ask(count), Ask(-1), Ask(0, repeats), Ask(0, -1)))
    assert of.has(Ask(0, 0, "baseline")) is compared
