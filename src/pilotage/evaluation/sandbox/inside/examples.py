"""Judges the reply to an example."""

from __future__ import annotations

from pilotage.evaluation.sandbox.inside.asking import UNUSABLE, builtin_error, raised_in
from pilotage.evaluation.sandbox.inside.compare import is_same
from pilotage.evaluation.sandbox.inside.wire import Json, NotPlainError, decode


def wrong_in(reply: dict[str, Json], example: dict[str, Json]) -> str:
    """Say what is wrong with a reply to an example, in words that quote neither; empty where nothing is."""
    if "raises" in reply:
        names = raised_in(reply)
        if "raises" in example:
            return "" if example["raises"] in names else "raises another error"
        return f"raises {builtin_error(names).__name__}"
    if "gives" not in reply:
        return UNUSABLE
    if "raises" in example:
        return "gives a value where it should raise"
    try:
        return "" if is_same(decode(example["gives"]), decode(reply["gives"])) else "gives another value"
    except (NotPlainError, RecursionError):
        return UNUSABLE
