"""Tells whether a data set has items enough for a claim to be met at all, were every answer right."""

from __future__ import annotations

from dataclasses import replace

from pilotage.core.statistics.corrected import Corrected, CorrectedProcess
from pilotage.core.statistics.gate import GateDesign, GateProcess, Verdict
from pilotage.core.statistics.graded import GradedProcess
from pilotage.evaluation.plan import plan_design, plan_gate
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.scorer import JudgedScorer

MOST_LOOKED_AT = 20_000
"""Items up to which the fewest are told, where they are found by going through a gate."""


def find_fewest_to_meet(design: GateDesign, evaluation: Evaluation) -> int | None:
    """Give the items after which MEETS is possible at all, were each as good as can be; None where the cap is below."""
    scorer = evaluation.scorer
    process: GateProcess | GradedProcess | CorrectedProcess = GradedProcess(design)
    match plan_gate(evaluation):
        case "binary":
            return design.fewest_calls if design.fewest_calls <= design.cap else None
        case "corrected":
            process = CorrectedProcess(design, scorer.label_share if isinstance(scorer, JudgedScorer) else 1.0)
            while not process.finished:
                process = process.after(Corrected(1.0, 1.0, 1.0))
        case _:
            while not process.finished:
                process = process.after(1.0)
    return process.n if process.verdict is Verdict.MEETS else None


def say_too_few(evaluation: Evaluation, *, items: int, attempt: int) -> str | None:
    """Say that an evaluation can never MEET, and from how many items on it could; None where it can.

    Args:
        evaluation: what is declared.
        items: items that its data set holds.
        attempt: which attempt at the claim it is.

    Raises:
        ValueError: the claim or the attempt cannot be (see `GateDesign`).
    """
    design = plan_design(evaluation.claim, attempt)
    asked = min(items, design.cap)
    if asked and find_fewest_to_meet(replace(design, cap=asked), evaluation) is not None:
        return None
    fewest = find_fewest_to_meet(replace(design, cap=max(MOST_LOOKED_AT, asked)), evaluation)
    needed = f"more than {MOST_LOOKED_AT:,} are" if fewest is None else f"at least {fewest:,} are"
    count = "1 item" if asked == 1 else f"{asked:,} items"
    capped = f" (its cap, of {items:,})" if asked < items else ""
    return (
        f"{evaluation.name}: {count}{capped} cannot meet this claim: at attempt {attempt} {needed} needed, "
        "were every answer right; it can only end UNDECIDED or FAILS"
    )
