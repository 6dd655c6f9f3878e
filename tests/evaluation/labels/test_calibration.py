"""Calibration: how labels bear out a judge, for all answers and not just for those that the lot favours."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from statistics import fmean

import pytest
from tests.evaluation.samples import CATALOG, RUN, ids, plan

from pilotage.core.statistics.draw import draw_share, is_drawn
from pilotage.core.statistics.sequence import anytime_interval
from pilotage.evaluation.labels.calibration import assess_labels, least_pass
from pilotage.evaluation.labels.label import Label
from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.plan import Ask, Plan, Recorded
from pilotage.evaluation.progress import Progress, plan_progress
from pilotage.ledger.records.measurement import LabelFigures
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import digest_of_judge
from pilotage.registry.kinds.claim import Claim
from pilotage.registry.kinds.judge import ScaleParser, WordParser

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
WIDE = Claim(text="x", p0=0.7, p1=0.99, alpha=1e-9, beta=1e-9, cap=2_000)
"""A claim that few answers cannot decide, so that all of them count."""
SCALE = CATALOG.model_copy(
    update={
        "judges": {"strict": CATALOG.judges["strict"].model_copy(update={"parser": ScaleParser(type="scale")})},
    }
)


def judged_plan(count: int, *, share: float = 1, graded: bool = False, run: str = RUN) -> Plan:
    """Plan a judged run of that many items."""
    scorer = {"type": "judged", "judge": "strict", "label_share": share, "graded": graded}
    return plan(count, claim=WIDE, run=run, scorer=scorer)


def run_through(of: Plan, outcomes: list[Outcome], labels: dict[int, float]) -> Progress:
    """Give the progress of a run with these outcomes from slot 0 on, and these labels."""
    recorded = ((Ask(slot), Recorded(of.item(slot).id, one, None, 1, 1)) for slot, one in enumerate(outcomes))
    return plan_progress(of, recorded, labels)


def calibrate(progress: Progress, labels: list[Label] | None = None, catalog: Catalog = CATALOG) -> LabelFigures | None:
    """Say how labels bear out the judge."""
    return assess_labels(progress, labels or [], catalog=catalog, judge="strict")


def verdicts(text: str) -> list[Outcome]:
    """Give outcomes: p passed, f failed, - not measured."""
    return [{"p": Outcome("pass"), "f": Outcome("fail", "x"), "-": Outcome("not-measured", "x")}[mark] for mark in text]


def test_the_figures_are_counts_of_judge_against_label() -> None:
    """Six answers: of four good ones the judge passes three, of two bad ones it fails one; one was not measured."""
    labels = dict.fromkeys([0, 1, 2, 3], 1.0) | {5: 0.0, 6: 0.0}
    progress = run_through(judged_plan(7), verdicts("pppf-pf"), labels)
    who = [Label(slot, "eva", value, NOW) for slot, value in labels.items()]
    who += [Label(0, "tom", 0, NOW + timedelta(1)), Label(4, "ana", 0, NOW)]

    found = calibrate(progress, who)

    assert progress.process.n == 7
    assert found is not None
    assert (found.judge, found.share, found.labels, found.labellers) == (digest_of_judge(CATALOG, "strict"), 1, 6, 1)
    assert (found.agreement.point, found.agreement.n) == (pytest.approx(4 / 6), 6)
    assert (found.agreement.low, found.agreement.high) == anytime_interval(4, 6)
    assert found.sensitivity is not None
    assert (found.sensitivity.point, found.sensitivity.n) == (0.75, 4)
    assert found.specificity is not None
    assert (found.specificity.point, found.specificity.n) == (0.5, 2)
    assert (found.judged.point, found.judged.n) == (pytest.approx(4 / 7), 7)
    assert found.corrected.point == pytest.approx(4 / 6 * 6 / 7)


def test_who_gave_a_second_opinion_alone_is_no_labeller() -> None:
    """Counted are the people whose labels count at the gate, which is the first of each slot."""
    progress = run_through(judged_plan(3), verdicts("ppp"), dict.fromkeys(range(3), 1.0))
    who = [Label(slot, name, 1, NOW) for slot, name in enumerate(("eva", "eva", "ana"))]
    who += [Label(slot, "tom", 1, NOW + timedelta(1)) for slot in range(3)]

    found = calibrate(progress, who)

    assert found is not None
    assert (found.labels, found.labellers) == (3, 2)


def test_what_nobody_saw_is_unknown() -> None:
    """Without a good or a bad answer among the labelled, sensitivity or specificity is None and never 0."""
    good = calibrate(run_through(judged_plan(3), verdicts("ppf"), dict.fromkeys(range(3), 1.0)))
    bad = calibrate(run_through(judged_plan(3), verdicts("ppf"), dict.fromkeys(range(3), 0.0)))

    assert good is not None
    assert (good.sensitivity is None, good.specificity) == (False, None)
    assert bad is not None
    assert (bad.sensitivity, bad.specificity is None) == (None, False)


def test_without_a_label_there_are_no_figures() -> None:
    """A run in which no answer that counts was labelled says nothing of its judge."""
    assert calibrate(run_through(judged_plan(3), verdicts("---"), {})) is None


def test_only_a_judged_run_can_be_calibrated() -> None:
    """Asking for the figures of any other run is a mistake of the caller."""
    with pytest.raises(ValueError, match="no judge decides"):
        calibrate(Progress(plan(3)))


def test_the_judges_own_scale_says_what_it_passes() -> None:
    """With grades, a judge passes an answer from its `passes_from` on, not from one half on."""
    outcomes = [Outcome("fail", "x", 0.5), Outcome("pass", score=0.75), Outcome("pass", score=1.0)]

    found = calibrate(run_through(judged_plan(3, graded=True), outcomes, {0: 0, 1: 1, 2: 1}), catalog=SCALE)

    assert found is not None
    assert found.agreement.point == 1
    assert (found.judged.point, found.judged.method) == (0.75, "betting-sequence")


@pytest.mark.parametrize(("low", "high", "passes_from", "least"), [(1, 5, 4, 0.75), (0, 10, 6, 0.6), (-2, 2, 2, 1.0)])
def test_the_least_pass(low: int, high: int, passes_from: int, least: float) -> None:
    """It is the place of `passes_from` on the scale; for words it is 1."""
    judge = CATALOG.judges["strict"]
    scale = ScaleParser(type="scale", low=low, high=high, passes_from=passes_from)

    assert least_pass(judge.model_copy(update={"parser": scale})) == pytest.approx(least)
    assert least_pass(judge.model_copy(update={"parser": WordParser(type="word")})) == 1


def test_a_lot_that_favours_torn_answers_does_not_blacken_the_judge() -> None:
    """Torn answers are labelled more often and judged worse; the agreement is that over all answers all the same.

    In 60 seeded runs the judge agrees on 95 % of the answers it is sure of and on half of those it is torn on, of
    which there are as many. Over all labelled answers that would look like 65 %.
    """
    found: list[float] = []
    naive: list[float] = []
    chance = random.Random(5)
    for seed in range(60):
        of = judged_plan(200, share=0.25, graded=True, run=f"r{seed}")
        torn = [chance.random() < 0.5 for _ in ids(of)]
        outcomes = [Outcome("pass", score=0.6 if each else 1.0) for each in torn]
        labels = {slot: float(chance.random() < (0.5 if each else 0.95)) for slot, each in enumerate(torn)}
        drawn = {
            slot
            for slot, item in enumerate(ids(of))
            if is_drawn(of.run, item, draw_share(outcomes[slot].score or 0, 0.25))
        }
        progress = run_through(of, outcomes, {slot: labels[slot] for slot in drawn})
        figures = assess_labels(progress, [], catalog=SIXTY, judge="strict")
        assert progress.process.n == 200
        assert figures is not None
        assert figures.labels == len(drawn)
        found.append(figures.agreement.point)
        naive.append(fmean(labels[slot] for slot in drawn))

    assert fmean(found) == pytest.approx(0.725, abs=0.02)
    assert fmean(naive) < 0.66


SIXTY = CATALOG.model_copy(
    update={
        "judges": {
            "strict": CATALOG.judges["strict"].model_copy(
                update={"parser": ScaleParser(type="scale", low=0, high=10, passes_from=6)}
            )
        },
    }
)
"""A judge that passes from 0.6 on."""
