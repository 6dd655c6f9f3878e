"""Made-up runs for the tests of the portal: development and sealed data, an attack, a comparison, a judge."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from tests.evaluation import report_samples as sample
from tests.evaluation.report_samples import Ask, Installation

from pilotage.core.canonical import digest_of_bytes
from pilotage.ledger.records.measurement import LabelFigures
from pilotage.ledger.records.record import EstimateFigures
from pilotage.portal.memory import MemoryReader
from pilotage.registry.catalog import Catalog

BEFORE, AFTER, SEALED, ATTACK, COMPARISON, JUDGED, WAITING, EMPTY = range(1, 9)
HOSTILE = "<script>alert('x')</script>\x1b[31m \u202ereversed " + "long " * 400
JUDGE_CLAIM = sample.CLAIM.model_copy(update={"text": "the tone is friendly"})


def declared() -> Catalog:
    """Make the catalog of the runs."""
    attack = sample.evaluation(
        "jailbreaks", title="Jailbreaks", measures="attack", benign="benign",
        claim={"text": "few jailbreaks succeed", "success_below": 0.05, "believed": 0.01},
    )  # fmt: skip
    judged = sample.evaluation(
        "tone", title="Tone of letters", scorer={"type": "judged", "judge": "tone", "label_share": 1.0}
    )
    benign = sample.evaluation("benign", title="Benign questions")
    comparison = sample.evaluation(
        "better", title="Better than before", measures="comparison",
        claim={"text": "the new prompt is better", "baseline": {"route": "claims", "release": "promoted"}},
    )  # fmt: skip
    return sample.catalog(sample.evaluation(), attack, judged, benign, comparison)


def installation(engine: sa.Engine) -> MemoryReader:
    """Make all runs, in a database and a ledger, and the portal's reader over them."""
    made = Installation(engine, sample.dataset_bytes(400))
    _measure(made, BEFORE, 120, every=4, release=sample.OTHER_RELEASE)
    _measure(made, AFTER, 120, every=9)
    _measure(made, SEALED, 60, every=5, evaluation="letters", sealed=True)
    _measure(made, 9, 40, every=8, evaluation="benign")
    _measure(made, ATTACK, 299, every=200, evaluation="jailbreaks", claim=sample.ATTACK)
    _compare(made)
    _judge(made)
    made.open(EMPTY, evaluation="minutes")
    return MemoryReader(declared(), made.ledger, made.clock, runs=made.reader)


def _measure(made: Installation, number: int, count: int, *, every: int, **changes: object) -> None:
    """Write a run of which each so-manieth item fails, and the one after it is not measured."""
    opened = made.open(number, **changes)
    states = ["fail" if slot % every == 0 else "not-measured" if slot % every == 1 else "pass" for slot in range(count)]
    made.ask(
        number,
        [
            Ask(
                slot,
                state,
                reason="" if state == "pass" else "the answer is not the expected text",
                answer=None if state == "not-measured" else HOSTILE if slot == 0 else f"answer {slot}",
                call=f"{number:04d}-{slot}",
                seconds=0.1 + slot / 100,
            )
            for slot, state in enumerate(states)
        ],
    )
    made.charge(f"{number:04d}-0", 1_200_000, 4_000_000)
    passed = [state == "pass" for state in states]
    made.finish(opened, passed, not_measured=states.count("not-measured"))


def _compare(made: Installation) -> None:
    """Write a comparison in which the target fails a few items and the baseline more."""
    opened = made.open(COMPARISON, evaluation="better", claim=sample.COMPARISON)
    asks: list[Ask] = []
    for slot in range(80):
        asks.append(Ask(slot, "fail" if slot % 16 == 0 else "pass", answer="new"))
        asks.append(Ask(slot, "fail" if slot % 5 == 0 else "pass", side="baseline", answer="old"))
    made.ask(COMPARISON, asks)
    estimate = EstimateFigures(point=0.56, low=0.51, high=0.61, n=80, confidence=0.95, method="betting")
    made.finish(opened, [slot % 16 != 0 for slot in range(80)], gate="graded", estimate=estimate, baseline=None)


def _judge(made: Installation) -> None:
    """Write a judged run with its labels, and one that waits for them."""
    opened = made.open(JUDGED, evaluation="tone", claim=JUDGE_CLAIM, release=sample.OTHER_RELEASE)
    made.ask(JUDGED, [Ask(slot, score=0.9, answer="Dear all") for slot in range(40)])
    for slot in range(30):
        made.label(JUDGED, slot, 1.0)
    made.finish(opened, [True] * 40, gate="corrected", labels=_label_figures())
    made.open(WAITING, evaluation="tone", claim=JUDGE_CLAIM)
    made.ask(WAITING, [Ask(slot, score=0.5, answer="Dear all") for slot in range(12)])
    made.label(WAITING, 0, 1.0)


def _label_figures() -> LabelFigures:
    estimate: Any = EstimateFigures(point=0.9, low=0.7, high=0.97, n=30, confidence=0.95, method="clopper-pearson")
    return LabelFigures(
        judge=digest_of_bytes(b"judge"), share=0.5, labels=30, labellers=2, agreement=estimate, sensitivity=estimate,
        specificity=None, judged=estimate, corrected=estimate,
    )  # fmt: skip
