"""The loop in which a person labels the answers of a judged run: one key an answer."""

from __future__ import annotations

from rich.console import Console

from pilotage.app.labelling import Labelling, Shown
from pilotage.cli.label_keys import Keys
from pilotage.cli.label_text import KEYS, show_part, show_place

_GOOD = {"y": True, "n": False}


def label_answers(labelling: Labelling, keys: Keys, console: Console) -> int:
    """Show answers and take labels until none waits or the person ends; give how many were labelled.

    Each label is kept as its key is pressed, so that ending in any way, Ctrl-C included, loses nothing.
    """
    given: list[int] = []
    later: set[int] = set()
    again: int | None = None
    try:
        while queue := [slot for slot in labelling.plan_queue() if slot not in later]:
            slot = again if again in queue else queue[0]
            again = None
            show_place(console, len(given), len(given) + len(queue))
            _show(console, labelling.read_shown(slot))
            match _read_choice(keys, can_undo=bool(given)):
                case "y" | "n" as key:
                    labelling.give(slot, good=_GOOD[key])
                    given.append(slot)
                case "s":
                    later.add(slot)
                case "u":
                    again = given.pop()
                    labelling.take_back(again)
                case _:
                    break
    except KeyboardInterrupt:
        console.print()
    return len(given)


def _show(console: Console, shown: Shown) -> None:
    show_part(console, "Question", shown.question)
    if shown.reference is not None:
        show_part(console, "Reference", shown.reference)
    show_part(console, "Answer", shown.answer)
    console.print(f"Is the answer good?   {KEYS}", style="dim")


def _read_choice(keys: Keys, *, can_undo: bool) -> str:
    """Read keys until one means something; an empty text or q ends."""
    while key := keys().lower():
        if key in "ynsq" or (key == "u" and can_undo):
            return key
    return key
