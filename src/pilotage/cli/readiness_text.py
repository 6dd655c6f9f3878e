"""An assessment as people read it on a terminal, and as machines read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.assessment import Assessment, Blocker
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


def print_blockers(console: Console, body: Assessment) -> None:
    """Print the stage, the levels, and what is missing in two columns, each line with whose turn it is."""
    days = (body.at - body.stage_since).days
    console.print(f"stage [bold]{body.stage}[/] for {days} days")
    for axis, level in body.levels.items():
        sample = f", {level.without_sample} without SAMPLE evidence" if level.without_sample < level.level else ""
        console.print(f"  {axis} {level.level}  (at most {level.upper} were all unknowns met{sample})")
    if not body.blockers:
        console.print("Nothing is missing for the next stage.")
        return
    console.print(f"\nMissing for [bold]{body.next_stage}[/], cheapest first:")
    for side, heading in SIDES.items():
        lines = [blocker for blocker in body.blockers if blocker.side == side]
        console.print(f"\n[bold]{heading}[/]: {'nothing' if not lines else len(lines)}")
        if lines:
            console.print(_table(lines))


def _table(blockers: list[Blocker]) -> Table:
    table = Table("what", "why", "whose turn", "cheapest next step", "minutes", box=None, padding=(0, 2, 0, 0))
    for item in blockers:
        name = f"{item.axis} {item.level}  {item.question}"
        table.add_row(name, f"{item.state}: {item.reason}", item.turn, item.next_step, f"{item.minutes:g}")
    return table


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
