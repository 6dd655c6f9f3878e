"""The loop in which a person writes what the items of a data set should be answered with: a number key, or words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console

from pilotage.app.labelling_items import ItemLabelling
from pilotage.cli.label_keys import BACKSPACE, ENTER, Keys
from pilotage.cli.label_text import TYPING, show_choices, show_part, show_place
from pilotage.core.canonical import Json, canonical_json
from pilotage.core.errors import EvidenceError


@dataclass(frozen=True, slots=True)
class Entry:
    """What a person typed: a value, or what to do instead."""

    act: Literal["value", "later", "undo", "quit", "again"]
    value: Json = None


def label_items(labelling: ItemLabelling, keys: Keys, console: Console) -> int:
    """Show inputs and take expected values until none waits or the person ends; give how many were labelled.

    Each is on disk as it is given, so that ending in any way, Ctrl-C included, loses nothing.
    """
    given = 0
    later: set[str] = set()
    try:
        while queue := [item for item in labelling.plan_queue() if item.id not in later]:
            item = queue[0]
            choices = labelling.choices()
            show_place(console, given, given + len(queue))
            show_part(console, "Input", item.input)
            show_choices(console, choices)
            console.print(f"What should be answered?   {TYPING}", style="dim")
            entry = read_entry(keys, choices, console)
            if entry.act == "quit":
                break
            if entry.act == "value":
                labelling.give(item.id, entry.value)
                given += 1
            elif entry.act == "undo" and given:
                later.discard(labelling.take_back())
                given -= 1
            elif entry.act == "later":
                later.add(item.id)
    except KeyboardInterrupt:
        console.print()
    return given


def read_entry(keys: Keys, choices: Sequence[Json], console: Console) -> Entry:
    """Read one entry: a number key is taken at once, words at the end of their line."""
    typed = ""
    while key := keys():
        if key == ENTER:
            break
        if key == BACKSPACE:
            typed = typed[:-1]
        elif key.isprintable():
            typed += key
        if len(typed) == 1 and (picked := _picked(typed, choices)) is not None:
            return picked
        console.file.write(f"\r\x1b[K{typed}")  # the line again, with what was typed so far
        console.file.flush()
    else:
        if not typed:
            return Entry("quit")
    console.print()
    entry = parse_entry(typed, choices)
    if entry.act == "again":
        console.print('After "=" stands a JSON value, such as =42 or =["a", "b"]; nothing was kept.', markup=False)
    return entry


def parse_entry(typed: str, choices: Sequence[Json]) -> Entry:
    """Tell what was meant; `again` where JSON was announced and is none."""
    words = typed.strip()
    acts: dict[str, Literal["later", "undo", "quit"]] = {"": "later", ":s": "later", ":u": "undo", ":q": "quit"}
    if words in acts:
        return Entry(acts[words])
    if not words.startswith("="):
        return _picked(words, choices) or Entry("value", words)
    try:
        value: Json = json.loads(words[1:])
        canonical_json(value)
    except (ValueError, RecursionError, EvidenceError):
        return Entry("again")
    return Entry("again") if value is None else Entry("value", value)


def _picked(typed: str, choices: Sequence[Json]) -> Entry | None:
    """Give the choice that a single digit stands for; None where it stands for none."""
    if len(typed) == 1 and typed in "123456789" and int(typed) <= len(choices):
        return Entry("value", choices[int(typed) - 1])
    return None
