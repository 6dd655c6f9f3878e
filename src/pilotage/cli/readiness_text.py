"""An assessment as people read it on a terminal, and as machines read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from pilotage.core.statistics.proof import words_of_proof
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.measurement import Measurement

SIDES = {"technology": "30 %: model and tools", "people": "70 %: people and process"}


def print_assessment(
    console: Console,
    entry: Entry[Assessment],
    measurements: Sequence[Measurement],
    target: str,
    waiting: Sequence[str] = (),
) -> None:
    """Print what a person can act on: the stage, what each gate said, and what is missing, cheapest first.

    Args:
        console: where to print.
        entry: the assessment.
        measurements: what gates said of this Release.
        target: the stage that is aimed at.
        waiting: a line for each evaluation that has no verdict yet: why, and whose turn it is.
    """
    body = entry.body
    console.print(f"\n[bold]{body.use_case}[/], target {target}")
    for found in measurements:
        console.print("  " + gate_line(found), markup=False)
    for line in waiting:
        console.print("  " + line, markup=False)
    print_blockers(console, body)


def print_blockers(console: Console, body: Assessment, most: int = 1_000) -> None:
    """Print the stage, the levels, and what is missing on each side: why, whose turn, the cheapest next step.

    Args:
        console: where to print.
        body: the assessment.
        most: lines for each side; of the rest only the number is told.
    """
    days = (body.at - body.stage_since).days
    console.print(f"stage [bold]{body.stage}[/] for {days} days")
    for axis, level in body.levels.items():
        sample = f"; {level.without_sample} without SAMPLE evidence" if level.without_sample < level.level else ""
        reach = f"; {level.upper} if everything unknown were met" if level.upper > level.level else ""
        console.print(f"  {axis} {level.level}{reach}{sample}")
    missing = body.blockers or body.later
    if not missing:
        console.print("Nothing is missing.")
        return
    console.print(f"\nMissing for [bold]{missing[0].for_stage}[/], cheapest first:")
    for side, heading in SIDES.items():
        lines = [blocker for blocker in missing if blocker.side == side]
        console.print(f"\n[bold]{heading}[/]: {'nothing' if not lines else len(lines)}")
        for item in lines[:most]:
            console.print(f"  {item.axis} {item.level}  [bold]{escape(item.question)}[/]")
            console.print(f"         {item.reason}", markup=False)
            console.print(f"         [cyan]{escape(item.turn)}[/], {item.minutes:g} min: {escape(item.next_step)}")
        if len(lines) > most:
            console.print(f"  and {len(lines) - most} more")


def gate_line(found: Measurement) -> str:
    """Say in one line what a gate found, in the words of the claim's form."""
    claim = found.claim
    shown = claim.plain_estimate(found.estimate.value())
    bound = claim.plain(claim.p0)
    if claim.form == "comparison":
        claimed = f"a difference of more than {100 * bound:+.0f} points claimed"
        found_text = f"{100 * shown.point:+.1f} [{100 * shown.low:+.1f}, {100 * shown.high:+.1f}] found"
    else:
        claimed = f"{'fewer' if claim.form == 'attack' else 'more'} than {_percent(bound)} claimed"
        found_text = f"{shown.point:.0%} [{shown.low:.0%}, {shown.high:.0%}] found"
    notes = [claimed, found_text, f"n {found.n}", f"attempt {found.attempt}"]
    if claim.form == "attack":
        notes.insert(2, words_of_proof(found.n - found.passes, found.n))
    if found.baseline is not None:
        notes.append(f"trivial answer {claim.plain(found.baseline.point):.0%}")
    if found.labels is not None:
        notes.append(f"{found.labels.labels} labels, judge agrees with {found.labels.agreement.point:.0%}")
    if found.source is not None:
        marks = "".join(f", {mark}" for mark in found.source.marks)
        notes.append(f"from {found.source.tool}{marks}")
    return f"{found.verdict}: {claim.text} ({', '.join(notes)})"


def _percent(share: float) -> str:
    """Write a share in per cent with as few decimals as tell it."""
    return f"{100 * share:.4g}%"


def assessment_as_json(entry: Entry[Assessment], measurements: Sequence[Measurement], target: str) -> dict[str, Any]:
    """Give an assessment with its gates as one JSON object."""
    return {
        "digest": entry.digest,
        "target": target,
        **entry.body.model_dump(mode="json"),
        "gates": [found.model_dump(mode="json", exclude={"band"}) for found in measurements],
    }
