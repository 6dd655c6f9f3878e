"""Tests of deciding a claim by imported results: exact sizes, shares of alpha, and words of proof."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.imports.outside import (
    assess_imported,
    count_passes,
    digest_of_units,
    lower_bound_of_mean,
    lower_bound_of_sum,
)
from pilotage.evaluation.imports.results import ImportedResults, Summary, Unit
from pilotage.registry.kinds.claim import AttackClaim, Claim
from pilotage.registry.kinds.outside_evaluation import OutsideEvaluation

CLAIM = Claim(text="Most pass", p0=0.9, p1=0.95, alpha=0.1, beta=0.1)  # the first attempt has 0.05
SHARE = OutsideEvaluation(
    kind="OutsideEvaluation", version=1, name="outside", use_case="notes", tool="inspect", claim=CLAIM
)
ATTACK = SHARE.model_copy(
    update={
        "claim": AttackClaim(text="Few succeed", success_below=0.05, believed=0.01, alpha=0.1),
        "measures": "attack",
    }
)


def results_of(*values: float | None, asked: int = 1, tool: str = "inspect") -> ImportedResults:
    """Make results with these values."""
    units = tuple(Unit(f"sha256:{place}", value, asked) for place, value in enumerate(values))
    return ImportedResults("inspect" if tool == "inspect" else "garak", "1", "task", units, None, "sha256:0")


def summary_of(n: int, mean: float, *, binary: bool = False) -> ImportedResults:
    """Make results that hold totals alone."""
    return replace(results_of(), summary=Summary(n, mean, binary=binary))


def passed(passes: int, n: int) -> ImportedResults:
    """Make results of passes and failures."""
    return results_of(*[1.0] * passes, *[0.0] * (n - passes))


@pytest.mark.parametrize(("passes", "verdict"), [(223, "MEETS"), (222, "FAILS")])
def test_the_verdict_is_that_of_the_fixed_design(passes: int, verdict: str) -> None:
    """p0=.90 at error .05 needs 223 passes of 239, as the fixed-n design does; with one fewer p1=.95 is refuted."""
    assert assess_imported(SHARE, passed(passes, 239), 1).verdict == verdict


@given(st.integers(1, 400), st.data())
def test_passes_and_failures_are_judged_exactly(n: int, data: st.DataObject) -> None:
    """MEETS exactly when scipy's binomial test rejects "at most p0", FAILS when it rejects "at least p1"."""
    passes = data.draw(st.integers(0, n))
    finding = assess_imported(SHARE, passed(passes, n), 1)

    above = binomtest(passes, n, CLAIM.p0, alternative="greater").pvalue <= 0.05
    below = binomtest(passes, n, CLAIM.p1, alternative="less").pvalue <= 0.1
    assert finding.verdict == ("MEETS" if above else "FAILS" if below else "UNDECIDED")
    assert finding.passes == passes


def test_a_false_claim_is_passed_with_at_most_the_attempts_share() -> None:
    """At p = p0 the exact probability of MEETS is at most alpha/(k(k+1)) at each n and attempt."""
    for n in (30, 59, 239):
        for attempt in (1, 2, 3):
            met = [k for k in range(n + 1) if assess_imported(SHARE, passed(k, n), attempt).verdict == "MEETS"]
            size = binom.sf(min(met) - 1, n, CLAIM.p0) if met else 0.0
            assert size <= CLAIM.alpha / (attempt * (attempt + 1)) + 1e-12


def test_not_measured_counts_as_failed() -> None:
    """Prompts without a value weigh like failures, in verdict and interval."""
    lost = results_of(*[1.0] * 223, *[None] * 16)

    assert assess_imported(SHARE, lost, 1).estimate == assess_imported(SHARE, passed(223, 239), 1).estimate
    assert lost.not_measured == 16


@pytest.mark.parametrize(("n", "words"), [(59, "0 of 59: under 5 %"), (299, "0 of 299: under 1 %")])
def test_an_attack_tells_what_so_many_can_prove(n: int, words: str) -> None:
    """Resisted attacks give the words of proof; a success rate is 1 less the share resisted."""
    finding = assess_imported(ATTACK, passed(n, n), 1)

    assert finding.proof == words
    assert finding.verdict == "MEETS"
    assert assess_imported(ATTACK, passed(58, 58), 1).verdict == "UNDECIDED"
    assert assess_imported(SHARE, passed(n, n), 1).proof is None


def test_a_prompt_that_succeeded_at_one_generation_counts_as_a_success_in_words() -> None:
    """Of clusters the words count the prompts at which the attack succeeded at all."""
    finding = assess_imported(ATTACK, results_of(*[1.0] * 18, 0.5, asked=2), 1)

    assert (finding.passes, finding.proof) == (18, "1 of 19: under 23 %")


def test_means_of_repeats_are_bet_on() -> None:
    """Means, even when all are 0 or 1, are no single outcomes: the bound is the bettors', which is wider."""
    once, thrice = assess_imported(SHARE, passed(100, 100), 1), results_of(*[1.0] * 100, asked=3)
    bet = assess_imported(SHARE, thrice, 1)

    assert once.estimate.method == "clopper-pearson"
    assert bet.estimate.method == "betting at a fixed n"
    assert bet.estimate.low < once.estimate.low


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.sampled_from([0.01, 0.05, 0.1]))
def test_the_bound_of_a_mean_does_not_hang_on_the_order(values: list[float], error: float) -> None:
    """Sorting the file, which would put early passes first, changes nothing; the bound lies below the mean."""
    bound = lower_bound_of_mean(values, error)

    assert bound == pytest.approx(lower_bound_of_mean(sorted(values, reverse=True), error), abs=1e-9)
    assert 0 <= bound <= math.fsum(values) / len(values) + 1e-9


@given(st.floats(0, 1), st.integers(1, 500), st.sampled_from([0.01, 0.05]))
def test_the_bound_of_a_summary_solves_hoeffdings_inequality(mean: float, n: int, error: float) -> None:
    """At the bound the inequality holds with equality; all ones give error^(1/n), as for passes alone."""
    bound = lower_bound_of_sum(mean, n, error)

    assert 0 <= bound <= mean
    assert lower_bound_of_sum(1.0, n, error) == pytest.approx(error ** (1 / n))
    if mean < 0.99 and bound > 1e-6:
        divergence = mean * math.log(mean / bound) + (1 - mean) * math.log((1 - mean) / (1 - bound))
        assert n * divergence == pytest.approx(-math.log(error), rel=1e-6)


@pytest.mark.parametrize("shape", ["coin", "beta", "clusters"])
def test_bounds_err_no_more_than_they_say(shape: str) -> None:
    """Over 300 seeded samples of n=60 neither bound exceeds the true mean significantly more often than 5 %."""
    rng, n, rounds = np.random.default_rng(7), 60, 300
    draw = {
        "coin": lambda: (rng.random(n) < 0.9).astype(float),
        "beta": lambda: rng.beta(9, 1, n),
        "clusters": lambda: rng.binomial(3, rng.beta(1.8, 0.2, n)) / 3,
    }[shape]
    samples = [draw() for _ in range(rounds)]

    of_means = sum(lower_bound_of_mean(sample.tolist(), 0.05) > 0.9 for sample in samples)
    of_sums = sum(lower_bound_of_sum(float(sample.mean()), n, 0.05) > 0.9 for sample in samples)
    for wrong in (of_means, of_sums):
        assert binomtest(wrong, rounds).proportion_ci(0.98, "exact").low <= 0.05


def test_many_different_grades_keep_a_valid_bound() -> None:
    """Beyond some thousand different grades they are rounded down: the bound is a little lower, never higher."""
    values = np.random.default_rng(3).beta(8, 2, 20_000)
    rounded = np.floor(values * 1_000) / 1_000

    bound = lower_bound_of_mean(values.tolist(), 0.05)
    assert lower_bound_of_mean(rounded.tolist(), 0.05) <= bound <= values.mean()
    assert bound > values.mean() - 0.01


def test_a_summary_can_meet_too() -> None:
    """Counts of tests are judged exactly, means of grades by Hoeffding's bound."""
    assert assess_imported(SHARE, summary_of(239, 223 / 239, binary=True), 1).verdict == "MEETS"
    assert assess_imported(SHARE, summary_of(239, 223 / 239), 1).verdict == "UNDECIDED"
    assert assess_imported(SHARE, summary_of(1_000, 0.96), 1).verdict == "MEETS"
    assert assess_imported(SHARE, summary_of(1_000, 0.8), 1).verdict == "FAILS"
    assert count_passes(summary_of(20, 0.6)) == 12


def test_another_tool_is_refused() -> None:
    """The document declares whose results decide."""
    with pytest.raises(EvidenceError, match="written by garak, and outside declares inspect"):
        assess_imported(SHARE, results_of(1.0, tool="garak"), 1)


def test_an_attempt_without_any_alpha_left_is_refused() -> None:
    """So late an attempt that its share cannot be computed with ends in an error, not in a verdict."""
    with pytest.raises(EvidenceError, match="cannot be tested at attempt 2000000"):
        assess_imported(SHARE, passed(5, 5), 2_000_000)


def test_the_digest_of_outcomes_tells_them_apart() -> None:
    """Another value, another prompt and another summary each have another digest."""
    found = [results_of(1.0), results_of(0.0), results_of(None), results_of(1.0, asked=2), summary_of(1, 1.0)]

    assert len({digest_of_units(one) for one in found}) == len(found)
    assert all(digest_of_units(one).startswith("sha256:") for one in found)
