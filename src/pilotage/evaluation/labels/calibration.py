"""How people's labels bear out a judge, as a measurement records it: evidence that ends with the judge's digest.

The gate itself needs none of these figures: it bets on scores as labels correct them (`core.statistics.corrected`).
"""

from __future__ import annotations

from collections.abc import Iterable

from pilotage.core.estimate import Estimate
from pilotage.core.statistics.betting import betting_sequence
from pilotage.core.statistics.draw import is_drawn
from pilotage.core.statistics.graded import METHOD as BETTING
from pilotage.core.statistics.ppi import corrected_estimate
from pilotage.core.statistics.sequence import METHOD as COUNTING
from pilotage.core.statistics.sequence import anytime_interval
from pilotage.evaluation.labels.label import Label, first_labels, is_good
from pilotage.evaluation.progress import Progress
from pilotage.ledger.records.measurement import LabelFigures
from pilotage.ledger.records.record import EstimateFigures
from pilotage.registry.catalog import Catalog
from pilotage.registry.configuration import digest_of_judge
from pilotage.registry.kinds.judge import Judge, ScaleParser


def assess_labels(
    progress: Progress, labels: Iterable[Label], *, catalog: Catalog, judge: str, confidence: float = 0.95
) -> LabelFigures | None:
    """Say how labels bear out the judge on the answers that counted; None where none of them was labelled.

    An answer on which the judge is torn is drawn more often, so the labelled answers are not like all. The figures rest
    on those that the lot would have drawn at the least share too: of these every answer had the same chance, so they
    speak of all answers. Agreement, sensitivity and specificity have intervals that hold whenever the gate stopped.

    Args:
        progress: a judged run.
        labels: everybody's labels of the run; as labellers count those whose label of an answer was the first.
        catalog: where the judge is declared.
        judge: its name.
        confidence: coverage of the intervals.

    Raises:
        ValueError: no judge decides the run.
    """
    plan = progress.plan
    if plan.label_share is None:
        message = "no judge decides this run, so there is nothing to label"
        raise ValueError(message)
    counted = list(enumerate(progress.corrected))
    labelled = {slot for slot, known in counted if known is not None and known.label is not None}
    alike = [
        (known.score, known.label)
        for slot, known in counted
        if known is not None and known.label is not None and is_drawn(plan.run, plan.item(slot).id, plan.label_share)
    ]
    if not alike:
        return None
    least = least_pass(catalog.judges[judge])
    pairs = [(score >= least, is_good(label)) for score, label in alike]
    of_good = [passed for passed, good in pairs if good]
    of_bad = [not passed for passed, good in pairs if not good]
    scores = list(progress.values)
    return LabelFigures(
        judge=digest_of_judge(catalog, judge),
        share=plan.label_share,
        labels=len(labelled),
        labellers=len({label.labeller for slot, label in first_labels(labels).items() if slot in labelled}),
        agreement=EstimateFigures.of(_share([passed == good for passed, good in pairs], confidence)),
        sensitivity=EstimateFigures.of(_share(of_good, confidence)) if of_good else None,
        specificity=EstimateFigures.of(_share(of_bad, confidence)) if of_bad else None,
        judged=EstimateFigures.of(_mean(scores, confidence) if plan.graded else _share(scores, confidence)),
        corrected=EstimateFigures.of(corrected_estimate(progress.corrected, confidence)),
    )


def least_pass(judge: Judge) -> float:
    """Give the least score at which a judge passes an answer: the place of `passes_from` on its scale."""
    parser = judge.parser
    if isinstance(parser, ScaleParser):
        return (parser.passes_from - parser.low) / (parser.high - parser.low)
    return 1.0


def _share(hits: Iterable[float], confidence: float) -> Estimate:
    """Estimate a share, from truth values in the order in which they came, at any stopping time."""
    seen = list(hits)
    count, n = round(sum(seen)), len(seen)
    low, high = anytime_interval(count, n, confidence)
    point = count / n
    return Estimate(point, min(low, point), max(high, point), n, confidence, COUNTING)


def _mean(scores: list[float], confidence: float) -> Estimate:
    """Estimate the mean of grades, in the order in which they came, at any stopping time."""
    last = betting_sequence(scores, confidence)[-1]
    return Estimate(last.point, last.low, last.high, last.n, confidence, BETTING)
