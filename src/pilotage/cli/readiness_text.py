"""An assessment as people read it on a terminal, and as machines read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment
from pilotage.ledger.records.measurement import Measurement

SIDES = {"technology": "30 %: model and tools", "people": "70 %: people and process"}


def print_assessment(
    console: Console, entry: Entry[Assessment], measurements: Sequence[Measurement], target: str
) -> None:
    """Print what a person can act on: the stage, what each gate said, and what is missing, cheapest first."""
    body = entry.body
    console.print(f"\n[bold]{body.use_case}[/], target {target}")
    for found in measurements:
        console.print("  " + gate_line(found), markup=False)
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
    """Say in one line what a gate found."""
    share = f"{found.estimate.point:.0%} [{found.estimate.low:.0%}, {found.estimate.high:.0%}]"
    baseline = "" if found.baseline is None else f", trivial answer {found.baseline.point:.0%}"
    line = f"{found.verdict}: {found.claim.text} (more than {found.claim.p0:.0%} claimed, {share} found"
    return f"{line}, n {found.n}, attempt {found.attempt}{baseline})"


def assessment_as_json(entry: Entry[Assessment], measurements: Sequence[Measurement], target: str) -> dict[str, Any]:
    """Give an assessment with its gates as one JSON object."""
    return {
        "digest": entry.digest,
        "target": target,
        **entry.body.model_dump(mode="json"),
        "gates": [found.model_dump(mode="json", exclude={"band"}) for found in measurements],
    }
