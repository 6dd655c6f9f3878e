"""What a labeller sees on the terminal: a question and an answer, made safe to show, and how far the work is."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from pilotage.core.canonical import Json
from pilotage.core.estimate import Estimate
from pilotage.core.statistics.agreement import LabellerAgreement
from pilotage.evaluation.reports.item_lines import visible_text

LONGEST_SHOWN = 20_000
KEYS = "y good   n bad (also when in doubt)   s later   u undo   q quit"
TYPING = "a number above, or text and Enter   =JSON   Enter alone: later   :u undo   :q quit"


def show_part(console: Console, title: str, value: Json) -> None:
    """Print one part of what is labelled under its title; no text can move the cursor or colour the screen."""
    console.print(Text(title, style="bold"))
    console.print(Text(shown(value)))
    console.print()


def show_place(console: Console, done: int, total: int) -> None:
    """Print a line with how far the work is."""
    console.rule(f"{done + 1} of {total}", align="left")


def show_choices(console: Console, choices: Sequence[Json]) -> None:
    """Print the values that number keys stand for."""
    for number, choice in enumerate(choices, start=1):
        console.print(Text(f"  {number}  {shown(choice)}"))


def shown(value: Json) -> str:
    """Give a value as text that is fit for a terminal; what is no text as indented JSON."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return visible_text(text, LONGEST_SHOWN)


def agreement_line(agreement: LabellerAgreement, who: str = "Two labellers") -> str:
    """Say how far two people agree."""
    kappa = agreement.kappa
    beyond = "" if kappa is None else f"; kappa {kappa.point:.2f} ({kappa.low:.2f} to {kappa.high:.2f})"
    return f"{who} agree on {percent(agreement.agreement)} of {agreement.agreement.n}{beyond}."


def percent(estimate: Estimate) -> str:
    """Give an estimate of a share as people read it."""
    low, point, high = (f"{100 * part:.0f} %" for part in (estimate.low, estimate.point, estimate.high))
    return f"{point} ({low} to {high})"
