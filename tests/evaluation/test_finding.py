"""What a run came to: bands that end where the verdict was, honest costs, and what the claim is about."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.evaluation.samples import CLAIM, ids, lines, plan, question, release
from tests.evaluation.surroundings import Surroundings, right

from pilotage.core.amount import Amount
from pilotage.core.statistics.design import fixed_design
from pilotage.core.statistics.gate import GateDesign
from pilotage.core.statistics.paired import paired_size
from pilotage.evaluation.finding import (
    MOST_BAND_POINTS,
    assess_band,
    assess_bands,
    assess_estimate,
    assess_spent,
    fixed_pairs,
    fixed_size,
    say_reach,
)
from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.plan import Ask, Plan, Recorded
from pilotage.evaluation.progress import Progress
from pilotage.metering.totals import UsageTotals
from pilotage.registry.kinds.claim import Claim, ComparisonClaim
from pilotage.registry.kinds.target import RouteTarget

METERED = UsageTotals(
    calls=30,
    tokens_in=900,
    tokens_out=60,
    money=(Amount(Decimal("0.01"), Decimal("0.02"), "EUR"),),
    energy=Amount(Decimal(1), Decimal(2), "Wh"),
)
COMPARISON = ComparisonClaim(text="no worse", baseline=RouteTarget(route="rival"), margin=0.03, believed=0.02, cap=400)


def recorded(of: Plan, slot: int, *, grade: float = 1, tries: int = 1) -> Recorded:
    """Give an outcome with its grade."""
    return Recorded(of.item(slot).id, Outcome("pass" if grade == 1 else "fail", "", grade), None, 0.5, tries)


@pytest.mark.anyio
async def test_costs_come_from_the_meter() -> None:
    """Calls, tokens, money and energy are what the gateway metered for the run's id, and nobody's guess."""
    asked: list[str] = []
    around = Surroundings()

    def read(run: str) -> UsageTotals:
        asked.append(run)
        return METERED

    bench = replace(around.bench, read_run_usage=read)

    found = await around.find(question(lines(120)), release(1), right(), bench=bench)

    assert asked == [found.run]
    assert (found.spent.calls, found.spent.tokens_in, found.spent.tokens_out) == (30, 900, 60)
    assert found.spent.money is not None
    assert found.spent.money.value() == METERED.money[0]
    assert found.spent.energy is not None


@pytest.mark.parametrize(
    ("usage", "unknown"),
    [
        (UsageTotals(), {"tokens_in", "tokens_out", "money", "energy"}),
        (replace(METERED, unknown_usage=1), {"tokens_in", "tokens_out"}),
        (replace(METERED, unknown_cost=1), {"money"}),
        (replace(METERED, money=(*METERED.money, Amount(Decimal(1), Decimal(1), "USD"))), {"money"}),
        (replace(METERED, unknown_energy=1), {"energy"}),
        (replace(METERED, energy=None), {"energy"}),
    ],
)
def test_what_was_metered_in_part_is_unknown(usage: UsageTotals, unknown: set[str]) -> None:
    """A total that misses a call, or mixes currencies, is no total; without a meter our own calls are counted."""
    of = plan(1)
    progress = Progress(of)
    progress.accept(Ask(0), recorded(of, 0, tries=3))

    spent = assess_spent(progress, usage)

    assert {name for name, value in spent if value is None} == unknown
    assert spent.calls == (usage.calls or 3)
    assert spent.seconds == 0.5
    assert spent.calls_fixed_design == fixed_design(CLAIM.p0, CLAIM.p1, CLAIM.alpha / 2, CLAIM.beta).n


@pytest.mark.parametrize("repeats", [1, 2])
@pytest.mark.parametrize("count", [1, 119, 120, 121, 700])
def test_the_band_is_thinned_but_keeps_its_ends(count: int, repeats: int) -> None:
    """However long a run, the chart gets at most 120 points, the first and the last among them, the estimate's too."""
    of = plan(count, claim=Claim(text="x", p0=0.89, p1=0.9, cap=count), repeats=repeats)
    progress = Progress(of)
    for slot in range(count):
        for repeat in range(repeats):
            progress.accept(Ask(slot, repeat), recorded(of, slot, grade=float(slot % 10 != 9)))
    assert progress.process.n == count

    bands = assess_bands(progress)
    band = assess_band(bands)

    assert len(band) == min(count, MOST_BAND_POINTS)
    assert (band[0].n, band[-1].n) == (1, count)
    assert [point.n for point in band] == sorted({point.n for point in band})
    estimate = assess_estimate(progress, bands)
    assert (estimate.point, estimate.low, estimate.high) == (band[-1].point, band[-1].low, band[-1].high)
    assert estimate.point == pytest.approx(sum(progress.values) / count)
    assert len(ids(of)) == count


@pytest.mark.parametrize(("every", "discordance"), [(100, 0.025), (10, 0.1), (5, 0.2)])
def test_a_comparison_is_set_beside_a_paired_test(every: int, discordance: float) -> None:
    """The fixed size is that of pairs which disagree as often as was found, and at least as often as was believed."""
    of = plan(40, claim=COMPARISON, measures="comparison")
    progress = Progress(of)
    for slot in range(40):
        loses = slot % every == every - 1
        target_loses = loses and slot // every % 2 == 0
        progress.accept(Ask(slot, 0, "target"), recorded(of, slot, grade=float(not target_loses)))
        progress.accept(Ask(slot, 0, "baseline"), recorded(of, slot, grade=float(target_loses or not loses)))

    expected = paired_size((discordance + 0.02) / 2, (discordance - 0.02) / 2, 0.025, 0.1, 0.03)

    assert progress.process.n == 40
    assert fixed_size(progress) == expected


def test_the_fixed_size_of_pairs_is_the_textbooks() -> None:
    """At the facts' row (discordance .10, margin .03, equal models) it asks 952 items."""
    design = GateDesign(p0=0.485, p1=0.5, alpha=0.05, beta=0.1, cap=1_500, attempt=None)
    assert fixed_pairs(design, 0.1) == pytest.approx(952, abs=1)


SAID_OF_SOME = (
    "The claim is about Claims of one month: 96 of the 1,240 items of april were asked, without replacement, in a "
    "recorded shuffle (seed 7)."
)
SAID_OF_ALL = (
    "The claim is about whatever the items of april stand for, which nobody declared: all 240 items of april were "
    "asked, so for these 240 cases the share is exactly known, and the interval speaks of what they stand for."
)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"population": "Claims of one month", "n": 96, "items": 1_240, "seed": 7}, SAID_OF_SOME),
        ({"population": None, "n": 240, "items": 240}, SAID_OF_ALL),
    ],
)
def test_what_a_claim_is_about_is_said_in_one_sentence(known: dict[str, str | int | None], said: str) -> None:
    """The population, how its items were drawn, and that of a file asked to its end the share is simply known."""
    assert say_reach(dataset="april", **known) == said  # pyright: ignore[reportArgumentType] - by name
