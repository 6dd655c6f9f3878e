"""What an evaluation will cost: every call counted, unknown never 0, and the fixed-n design beside it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.evaluation.samples import CLAIM, evaluation

from pilotage.core.amount import Amount
from pilotage.core.statistics.design import fixed_design, minimum_passes, operating_characteristic
from pilotage.core.statistics.gate import GateDesign
from pilotage.evaluation.costing import EvaluationCost, Part, assess_evaluation_cost, part_of_route, rates_to_show
from pilotage.metering.past_calls import PastCalls
from pilotage.metering.tariff import UNKNOWN_TARIFF, Line, Step, Tariff
from pilotage.registry.kinds.claim import AnyClaim, AttackClaim, Claim, ComparisonClaim
from pilotage.registry.kinds.target import RouteTarget

EURO = Amount(Decimal("0.01"), Decimal("0.02"), "EUR")
POWER = Amount(Decimal("0.1"), Decimal("0.1"), "Wh")
TARGET = Part("route claims@candidate", EURO, POWER, 2.0, "known")
RIVAL = replace(TARGET, name="route rival", money=Amount(Decimal("0.03"), Decimal("0.03"), "EUR"), seconds=1.0)
BETTER = ComparisonClaim(text="x", baseline=RouteTarget(route="rival"), believed=0.1, cap=300)
DEAR = Tariff(
    "EUR",
    (
        Step(
            0, Line((Decimal(0), Decimal(0)), (Decimal("0.001"), Decimal("0.002")), (Decimal("0.01"), Decimal("0.01")))
        ),
    ),
    None,
)


def cost_of(
    claim: AnyClaim = CLAIM,
    *,
    asked: tuple[Part, ...] = (TARGET,),
    items: int = 500,
    **more: Any,  # noqa: ANN401 - fields
) -> EvaluationCost:
    """Say what an evaluation costs at its first attempt."""
    observed = more.pop("observed", None)
    return assess_evaluation_cost(
        evaluation(claim=claim, **more), attempt=1, items=items, asked=asked, observed=observed
    )


def test_a_binary_gate_is_reckoned_exactly() -> None:
    """Chances and averages are those of the gate's own walk; calls are items, and money follows from them."""
    cost = cost_of()
    design = GateDesign(CLAIM.p0, CLAIM.p1, CLAIM.alpha, CLAIM.beta, CLAIM.cap, 1)
    at_p1 = next(one for one in cost.rates if one.mark == "p1")
    exact = operating_characteristic(design, CLAIM.p1)
    assert (cost.exact, cost.gate, cost.can_meet) == (True, "binary", True)
    assert (at_p1.meets, at_p1.expected.items) == pytest.approx((exact.meets, exact.expected_n))
    assert at_p1.expected.calls == at_p1.expected.items
    assert at_p1.expected.money is not None
    assert float(at_p1.expected.money.low) == pytest.approx(0.01 * exact.expected_n, rel=1e-3)
    assert at_p1.expected.minutes == pytest.approx(exact.expected_n * 2 / 4 / 60)
    assert cost.worst.items == cost.most_items <= CLAIM.cap
    assert cost.fixed is not None
    assert cost.fixed.items == fixed_design(CLAIM.p0, CLAIM.p1, CLAIM.alpha / 2, CLAIM.beta).n
    assert cost.fewest_to_meet == design.fewest_calls
    assert {one.mark for one in cost.rates} == {"", "p0", "p1"}
    assert [one.rate for one in cost.rates] == sorted(one.rate for one in cost.rates)
    assert cost.rates[0].rate == 0.5


@pytest.mark.parametrize(
    ("more", "parts", "each"),
    [
        ({"repeats": 3}, (TARGET,), 3),
        ({"claim": BETTER, "measures": "comparison"}, (TARGET, RIVAL), 2),
        ({"claim": BETTER, "measures": "comparison", "repeats": 2}, (TARGET, RIVAL), 4),
        ({"scorer": {"type": "judged", "judge": "strict"}, "observed": RIVAL}, (TARGET,), 2),
        (
            {
                "claim": BETTER,
                "measures": "comparison",
                "scorer": {"type": "similarity", "route": "meaning"},
                "observed": RIVAL,
            },
            (TARGET, RIVAL),
            4,
        ),
    ],
)
def test_repeats_both_sides_and_the_judge_are_counted(more: dict[str, Any], parts: tuple[Part, ...], each: int) -> None:
    """Each item makes as many calls as there are repeats, sides, and answers to be judged."""
    cost = cost_of(asked=parts, **more)
    prices = [one.expected for one in cost.rates] + [cost.worst]
    assert all(price.calls == pytest.approx(each * price.items) for price in prices)
    assert all(price.money is not None and price.minutes is not None for price in prices)
    assert (cost.rates[0].labels is not None) == (cost.gate == "corrected")


def test_money_of_both_sides_adds_up() -> None:
    """A comparison pays for the target and for the baseline, each at its own price and pace."""
    cost = cost_of(BETTER, asked=(TARGET, RIVAL), measures="comparison")
    assert cost.worst.money is not None
    assert cost.worst.money.low == Decimal("0.04") * int(cost.worst.items)
    assert cost.worst.minutes == pytest.approx(cost.worst.items * 3 / 4 / 60)


@pytest.mark.parametrize(
    ("part", "unknown"),
    [
        (replace(RIVAL, money=None), "money"),
        (replace(RIVAL, energy=None), "energy"),
        (replace(RIVAL, seconds=None), "minutes"),
        (replace(RIVAL, money=Amount(Decimal(1), Decimal(1), "USD")), "money"),
    ],
)
def test_one_unknown_part_makes_the_whole_unknown(part: Part, unknown: str) -> None:
    """What is not known of one side is not 0, and two currencies make no sum; the rest stays known."""
    cost = cost_of(BETTER, asked=(TARGET, part), measures="comparison")
    price = cost.worst
    assert [name for name in ("money", "energy", "minutes") if getattr(price, name) is None] == [unknown]


def test_a_limit_on_calls_sets_the_pace() -> None:
    """With one call in two seconds, an hour is eighteen hundred calls, however quick each is."""
    slow = cost_of(calls_per_second=0.5)
    assert slow.worst.minutes == pytest.approx(slow.worst.calls * 2 / 60)
    quick = cost_of(calls_per_second=1_000.0)
    assert quick.worst.minutes == pytest.approx(quick.worst.calls * 2 / 4 / 60)


@pytest.mark.parametrize(
    ("claim", "more"),
    [
        (Claim(text="x", p0=0.9, p1=0.95), {}),
        (AttackClaim(text="x", success_below=0.05, believed=0.01), {"measures": "attack"}),
        (Claim(text="x", p0=0.9, p1=0.95), {"scorer": {"type": "judged", "judge": "strict"}}),
        (Claim(text="x", p0=0.9, p1=0.95), {"repeats": 2}),
        (BETTER, {"measures": "comparison"}),
    ],
)
def test_it_is_told_when_there_are_too_few_items_to_meet(claim: AnyClaim, more: dict[str, Any]) -> None:
    """At the least number of items MEETS is possible, were all answers right; with one fewer it never is."""
    fewest = cost_of(claim, **more).fewest_to_meet
    assert fewest is not None
    assert fewest >= minimum_passes(claim.p0, claim.alpha)
    assert cost_of(claim, items=fewest, **more).can_meet
    assert not cost_of(claim, items=fewest - 1, **more).can_meet


def test_rates_are_in_the_claims_own_words() -> None:
    """An attack is told in successes, a comparison in differences; both lines are marked."""
    attack = cost_of(AttackClaim(text="x", success_below=0.1, believed=0.02), measures="attack")
    marked = {one.mark: one.rate for one in attack.rates if one.mark}
    assert marked == {"p0": pytest.approx(0.1), "p1": pytest.approx(0.02)}
    comparison = cost_of(BETTER, asked=(TARGET, RIVAL), measures="comparison")
    marked = {one.mark: one.rate for one in comparison.rates if one.mark}
    assert marked == {"p0": pytest.approx(0), "p1": pytest.approx(0.1)}


@pytest.mark.parametrize(("p0", "p1"), [(0.9, 0.95), (0.5, 0.525), (0.05, 0.2), (0.98, 0.999), (0.485, 0.5)])
def test_rates_reach_from_bad_to_good(p0: float, p1: float) -> None:
    """There are rates below p0, both lines themselves, and rates beyond, all of which can be."""
    rates = rates_to_show(GateDesign(p0, p1, 0.05, 0.1, 100))
    assert {p0, p1} <= set(rates)
    assert all(0 < rate < 1 for rate in rates)
    assert len(rates) >= 4


def test_a_call_costs_as_those_before_it() -> None:
    """The mean of past calls is priced by today's tariff."""
    part = part_of_route("r", PastCalls(12, 99.5, 10, 1.5), DEAR, most_in=None, most_out=None)
    assert part.money == Amount(Decimal("0.2"), Decimal("0.3"), "EUR")
    assert (part.energy, part.seconds, "12 calls" in part.basis) == (None, 1.5, True)


def test_without_history_the_highest_price_holds_or_nothing_is_known() -> None:
    """A route with `max_tokens` costs at most so much; one without has no price, and no time is made up."""
    bounded = part_of_route("r", PastCalls(), DEAR, most_in=100, most_out=50)
    assert bounded.money == Amount(Decimal("0.7"), Decimal("0.7"), "EUR")
    assert (bounded.seconds, bounded.basis.startswith("at most")) == (None, True)
    for part in (
        part_of_route("r", PastCalls(), DEAR, most_in=100, most_out=None),
        part_of_route("r", PastCalls(), UNKNOWN_TARIFF, most_in=100, most_out=50),
    ):
        assert (part.money, part.energy, part.seconds) == (None, None, None)


def test_a_discordance_that_cannot_be_is_refused() -> None:
    """Two systems disagree on more than none and at most all of the items."""
    compared = evaluation(claim=BETTER, measures="comparison")
    for wrong in (0, 1.5, -1):
        with pytest.raises(ValueError, match="lies above 0 and up to 1"):
            assess_evaluation_cost(compared, attempt=1, items=9, asked=(TARGET, RIVAL), discordance=wrong)
