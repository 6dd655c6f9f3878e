"""What an evaluation will cost, before a call is made: items, calls, money, energy and minutes at several true rates.

How a gate walks is computed in `core.statistics.expected`; here its prompts become calls, and calls become money. What
is not known stays unknown, and is never 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pilotage.core.amount import Amount, sum_amounts
from pilotage.core.statistics.expected import CostAtRate, assess_cost
from pilotage.core.statistics.gate import GateDesign
from pilotage.evaluation.enough import find_fewest_to_meet
from pilotage.evaluation.finding import claim_figures, fixed_pairs
from pilotage.evaluation.plan import plan_gate
from pilotage.ledger.records.measurement import ClaimFigures
from pilotage.metering.past_calls import PastCalls
from pilotage.metering.tariff import Tariff
from pilotage.registry.kinds.claim import ComparisonClaim
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.scorer import JudgedScorer

ASSUMED_DISCORDANCE = 0.2
"""Share of the items on which two systems that are compared are taken to disagree, where nobody has measured it."""
_EDGE = 0.001
_BAD = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """One of those whom each question makes us ask.

    Attributes:
        name: who it is: `route claims@candidate`.
        money: what one call costs; None where unknown.
        energy: what one call consumes; None where unknown.
        seconds: how long one call takes; None where unknown.
        basis: what these figures rest on, in words.
    """

    name: str
    money: Amount | None
    energy: Amount | None
    seconds: float | None
    basis: str


@dataclass(frozen=True, slots=True)
class Price:
    """What so many items cost.

    Attributes:
        items: prompts asked.
        calls: calls for them: repeats, both sides and the judge's included, further tries left out.
        money: None where unknown.
        energy: None where unknown.
        minutes: None where unknown.
    """

    items: float
    calls: float
    money: Amount | None
    energy: Amount | None
    minutes: float | None


@dataclass(frozen=True, slots=True)
class RateCost:
    """What the evaluation does and costs at one true rate.

    Attributes:
        rate: the true rate in the words of the claim's form: share, success of attacks, or difference.
        mark: what stands at this rate: p0, p1, or nothing.
        meets: probability of MEETS.
        fails: probability of FAILS.
        undecided: probability of UNDECIDED.
        expected: the cost on average.
        labels: answers that people label on average; None where no judge decides.
    """

    rate: float
    mark: str
    meets: float
    fails: float
    undecided: float
    expected: Price
    labels: float | None


@dataclass(frozen=True, slots=True)
class EvaluationCost:
    """What an evaluation will cost.

    Attributes:
        evaluation: its name.
        claim: the claim with this attempt's share of alpha.
        attempt: which attempt at the claim it will be.
        gate: what decides.
        items: items that the data set holds.
        most_items: most items that will be asked.
        fewest_to_meet: items after which MEETS is possible at all, were every answer right; None: never.
        rates: what it costs at several true rates, from bad to good.
        worst: the cost at worst.
        fixed: the cost of a fixed-n design of the same claim; None where it would need more than 200,000 items.
        parts: who is asked at each question.
        exact: whether probabilities are computed, not simulated.
        assumption: what they assume.
    """

    evaluation: str
    claim: ClaimFigures
    attempt: int
    gate: str
    items: int
    most_items: int
    fewest_to_meet: int | None
    rates: tuple[RateCost, ...]
    worst: Price
    fixed: Price | None
    parts: tuple[Part, ...]
    exact: bool
    assumption: str

    @property
    def can_meet(self) -> bool:
        """Whether the data set and the cap leave room for MEETS at all."""
        return self.fewest_to_meet is not None


def part_of_route(name: str, past: PastCalls, tariff: Tariff, *, most_in: int | None, most_out: int | None) -> Part:
    """Say what a call of a route takes: as its calls so far, else at most, else unknown.

    Args:
        name: what to call it.
        past: what its latest calls took.
        tariff: what the model's calls cost and consume.
        most_in: most tokens that a call can read; None where unknown.
        most_out: most tokens that a call can write; None where the route sets no limit.
    """
    if past.calls:
        tokens = math.ceil(past.tokens_in), math.ceil(past.tokens_out)
        basis = f"as its last {past.calls:,} calls: {past.tokens_in:,.0f} tokens read, {past.tokens_out:,.0f} written"
        return Part(name, tariff.price_of(*tokens), tariff.energy_of(*tokens), past.seconds, basis)
    if most_in is None or most_out is None:
        return Part(name, None, None, None, "unknown: it was never called, and the route sets no `max_tokens`")
    basis = f"at most: it was never called; {most_in:,} tokens read and {most_out:,} written"
    money, energy = tariff.price_of(most_in, most_out), tariff.energy_of(most_in, most_out)
    return Part(name, _highest(money), _highest(energy), None, basis)


def assess_evaluation_cost(
    evaluation: Evaluation,
    *,
    attempt: int,
    items: int,
    asked: Sequence[Part],
    observed: Part | None = None,
    discordance: float = ASSUMED_DISCORDANCE,
) -> EvaluationCost:
    """Say what an evaluation will cost.

    Args:
        evaluation: the plan.
        attempt: which attempt at the claim it will be.
        items: items that the data set holds.
        asked: who is asked: the target, then the baseline where there is one.
        observed: who is asked about each answer of these; None where nobody is.
        discordance: of a comparison, the share of the items on which the two are taken to disagree.

    Raises:
        ValueError: the claim, the attempt or the discordance cannot be.
    """
    claim = evaluation.claim
    most = min(claim.cap, items)
    design = GateDesign(claim.p0, claim.p1, claim.alpha, claim.beta, most, attempt)
    figures = claim_figures(claim, design)
    gate = plan_gate(evaluation)
    is_comparison = isinstance(claim, ComparisonClaim)
    scorer = evaluation.scorer
    cost = assess_cost(
        design,
        rates_to_show(design),
        kind=gate,
        spread=_spread(design, discordance) if is_comparison else None,
        floor=scorer.label_share if isinstance(scorer, JudgedScorer) else 1.0,
    )
    questions = evaluation.repeats * len(asked)
    parts = (*asked, *((observed,) if observed else ()))

    def price(prompts: float) -> Price:
        return _price(prompts, evaluation, questions, asked, observed)

    def at_rate(one: CostAtRate) -> RateCost:
        mark = {design.p0: "p0", design.p1: "p1"}.get(one.rate, "")
        rate = figures.plain(one.rate)
        return RateCost(rate, mark, one.meets, one.fails, one.undecided, price(one.expected_n), one.expected_labels)

    fixed = fixed_pairs(design, discordance) if is_comparison else cost.fixed_n
    assumption = cost.assumption
    if is_comparison:
        assumption = f"target and baseline disagree on {discordance:.0%} of the items"
    elif gate == "graded" and evaluation.repeats > 1:
        assumption += "; repeats of a prompt agree with each other"
    return EvaluationCost(
        evaluation=evaluation.name,
        claim=figures,
        attempt=attempt,
        gate=gate,
        items=items,
        most_items=cost.most_n,
        fewest_to_meet=find_fewest_to_meet(design, evaluation),
        rates=tuple(at_rate(one) for one in cost.rates),
        worst=price(cost.most_n),
        fixed=None if fixed is None else price(fixed),
        parts=parts,
        exact=cost.exact,
        assumption=assumption,
    )


def rates_to_show(design: GateDesign) -> tuple[float, ...]:
    """Choose true means from bad to good: far below p0, below it, both lines, between and above them."""
    p0, p1 = design.p0, design.p1
    step = p1 - p0
    bad = _BAD if p0 - step > _BAD else p0 - 3 * step
    wanted = (bad, p0 - step, p0, (p0 + p1) / 2, p1, min(p1 + step, (p1 + 1) / 2))
    kept = {round(rate, 6) if rate not in {p0, p1} else rate for rate in wanted if _EDGE <= rate <= 1 - _EDGE}
    return tuple(sorted(kept))


def _price(
    prompts: float, evaluation: Evaluation, questions: int, asked: Sequence[Part], observed: Part | None
) -> Price:
    """Say what so many prompts cost; one unknown part makes the whole unknown."""
    repeats = evaluation.repeats
    each = [(part, prompts * repeats) for part in asked]
    if observed is not None:
        each.append((observed, prompts * questions))
    seconds = [None if part.seconds is None else part.seconds * calls for part, calls in each]
    return Price(
        items=prompts,
        calls=sum(calls for _, calls in each),
        money=sum_amounts([_times(part.money, calls) for part, calls in each]) if _one_currency(each) else None,
        energy=sum_amounts([_times(part.energy, calls) for part, calls in each]),
        minutes=_minutes(seconds, prompts * questions, evaluation),
    )


def _minutes(seconds: Sequence[float | None], asked: float, evaluation: Evaluation) -> float | None:
    """Say how long calls take side by side, or one after another where the rate of calls is what limits them."""
    known = [each for each in seconds if each is not None]
    if len(known) < len(seconds):
        return None
    together = sum(known) / evaluation.concurrency
    paced = 0.0 if evaluation.calls_per_second is None else asked / evaluation.calls_per_second
    return max(together, paced) / 60


def _times(amount: Amount | None, calls: float) -> Amount | None:
    return None if amount is None else amount.times(Decimal(str(round(calls, 3))))


def _one_currency(each: Sequence[tuple[Part, float]]) -> bool:
    return len({part.money.unit for part, _ in each if part.money is not None}) <= 1


def _highest(amount: Amount | None) -> Amount | None:
    return None if amount is None else Amount(amount.high, amount.high, amount.unit)


def _spread(design: GateDesign, discordance: float) -> float:
    """Give the standard deviation of (target - baseline + 1) / 2 where the two disagree on so many of the items."""
    if not 0 < discordance <= 1:
        message = f"the share of items on which two disagree lies above 0 and up to 1, not at {discordance}"
        raise ValueError(message)
    believed = 2 * design.p1 - 1
    return max(math.sqrt(max(discordance, abs(believed)) - believed**2) / 2, _EDGE)
