"""What a run came to, as its record tells it: the band behind the verdict, the cost, and what the claim is about."""

from __future__ import annotations

from collections.abc import Sequence

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.betting import betting_sequence
from pilotage.core.statistics.corrected import CorrectedProcess, corrected_sequence, estimate_of_corrected
from pilotage.core.statistics.design import fixed_design
from pilotage.core.statistics.gate import GateDesign, GateProcess
from pilotage.core.statistics.graded import estimate_of_graded
from pilotage.core.statistics.paired import paired_size
from pilotage.core.statistics.sequence import Band, confidence_sequence, estimate_of_gate
from pilotage.evaluation.progress import Progress
from pilotage.ledger.records.measurement import BandPoint, ClaimFigures, Spent
from pilotage.ledger.records.record import AmountFigures
from pilotage.metering.totals import UsageTotals
from pilotage.registry.kinds.claim import AttackClaim, Claim, ComparisonClaim

MOST_BAND_POINTS = 120


def claim_figures(claim: Claim | AttackClaim | ComparisonClaim, design: GateDesign) -> ClaimFigures:
    """Give a claim as records hold it, with the share of alpha that its attempt has."""
    return ClaimFigures(
        form=claim.form,
        text=claim.text,
        p0=claim.p0,
        p1=claim.p1,
        alpha=design.attempt_alpha,
        beta=claim.beta,
        cap=claim.cap,
    )


def assess_bands(progress: Progress) -> list[Band]:
    """Give the band behind the verdict after each item that counts."""
    confidence = 1 - 2 * progress.plan.design.attempt_alpha
    match progress.process:
        case GateProcess():
            return confidence_sequence([value > 0 for value in progress.values], confidence)
        case CorrectedProcess():
            return corrected_sequence(progress.corrected, progress.process.floor, confidence)
        case _:
            return betting_sequence(progress.values, confidence)


def assess_estimate(progress: Progress, bands: Sequence[Band]) -> Estimate:
    """Give the mean that the gate bet on, with the last of its band, so that figure, picture and verdict agree."""
    match progress.process:
        case GateProcess():
            return estimate_of_gate(progress.process, bands)
        case CorrectedProcess():
            return estimate_of_corrected(progress.process, bands)
        case _:
            return estimate_of_graded(progress.process, bands)


def assess_band(band: Sequence[Band], most: int = MOST_BAND_POINTS) -> tuple[BandPoint, ...]:
    """Thin a band evenly for a chart; the first and the last point stay."""
    last = len(band) - 1
    kept = sorted({round(step * last / (most - 1)) for step in range(most)}) if last >= most else range(last + 1)
    return tuple(BandPoint(n=at.n, point=at.point, low=at.low, high=at.high) for at in (band[i] for i in kept))


def assess_spent(progress: Progress, usage: UsageTotals) -> Spent:
    """Say what a run cost, from what was metered; what was metered for a part of the calls only is unknown.

    A target that does not pass on the run's id leaves nothing in the meter: then the calls are those that we made,
    and the rest is unknown.
    """
    known_tokens = usage.calls > 0 and usage.unknown_usage == 0
    known_money = usage.calls > 0 and usage.unknown_cost == 0 and len(usage.money) == 1
    known_energy = usage.unknown_energy == 0 and usage.energy is not None
    return Spent(
        calls=usage.calls or progress.tries,
        calls_fixed_design=fixed_size(progress),
        tokens_in=usage.tokens_in if known_tokens else None,
        tokens_out=usage.tokens_out if known_tokens else None,
        money=AmountFigures.of(usage.money[0]) if known_money else None,
        energy=AmountFigures.of(usage.energy) if known_energy and usage.energy is not None else None,
        seconds=round(progress.seconds, 3),
    )


def fixed_size(progress: Progress) -> int:
    """Give the items that a fixed-n design of the same claim, at the same errors, would have asked.

    For grades and means of repeats that is the size for passes and failures, which vary most; for a judged run, the
    size at which a person labels every answer; for a comparison, that of a paired test at the disagreement found.
    """
    design = progress.plan.design
    if len(progress.plan.sides) > 1:
        squares = [(2 * value - 1) ** 2 for value in progress.values]
        return fixed_pairs(design, max(sum(squares), 1) / max(len(squares), 1))
    return fixed_design(design.p0, design.p1, design.attempt_alpha, design.beta).n


def fixed_pairs(design: GateDesign, discordance: float) -> int:
    """Give the items of a paired test of fixed size for a comparison.

    Args:
        design: the comparison as a gate, on means of (target - baseline + 1) / 2.
        discordance: share of the items on which only one of the two passes; of grades, the mean square of the
            difference.
    """
    believed, margin = 2 * design.p1 - 1, 1 - 2 * design.p0
    shared = min(max(discordance, abs(believed)), 1.0)
    target_only, baseline_only = (shared + believed) / 2, (shared - believed) / 2
    return paired_size(target_only, baseline_only, design.attempt_alpha, design.beta, margin)


def say_reach(*, population: str | None, dataset: str, n: int, items: int, seed: int | None = None) -> str:
    """Say in one sentence what a claim is about, and how the items that decided it were drawn.

    Args:
        population: what the items of the data set stand for; None where nobody declared it.
        dataset: its name.
        n: items that the verdict rests on.
        items: items that the data set holds.
        seed: seed of the recorded shuffle; None where it is not at hand.
    """
    about = population or f"whatever the items of {dataset} stand for, which nobody declared"
    shuffle = "a recorded shuffle" + ("" if seed is None else f" (seed {seed})")
    if n < items:
        drawn = f"{n:,} of the {items:,} items of {dataset} were asked, without replacement, in {shuffle}"
        return f"The claim is about {about.rstrip('. ')}: {drawn}."
    exactly = f"for these {items:,} cases the share is exactly known, and the interval speaks of what they stand for"
    return f"The claim is about {about.rstrip('. ')}: all {items:,} items of {dataset} were asked, so {exactly}."
