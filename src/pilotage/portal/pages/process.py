"""The work before and after, side by side: what went, came, moved or changed hands, or that nothing did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pilotage.portal.figures import minutes_text
from pilotage.registry.kinds.use_case import Process, Step


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step; `change` says what became of it, empty where nothing did."""

    step: str
    who: str
    minutes: str
    change: str


@dataclass(frozen=True, slots=True)
class ProcessView:
    """Both sides with their lengths.

    Attributes:
        before: the steps before.
        after: the steps after.
        before_total: their minutes together; `unknown` where one is.
        after_total: likewise.
        verdict: what the comparison says, in words.
        bolted_on: whether no step was removed, moved or given to somebody else.
    """

    before: tuple[StepLine, ...]
    after: tuple[StepLine, ...]
    before_total: str
    after_total: str
    verdict: str
    bolted_on: bool


def plan_process(process: Process) -> ProcessView:
    """Compare the work before and after, step by step; spelling of case and space does not count."""
    old, new = [_essence(step.step) for step in process.before], [_essence(step.step) for step in process.after]
    stays = _kept_in_order(old, new)
    old_hands = {_essence(step.step): _essence(step.who) for step in process.before}
    new_hands = {_essence(step.step): _essence(step.who) for step in process.after}

    def became(what: str) -> str:
        if what not in new_hands:
            return "removed"
        if old_hands[what] != new_hands[what]:
            return "other hands"
        return "" if what in stays else "moved"

    before = tuple(_line(step, became(_essence(step.step)) if process.after else "") for step in process.before)
    after = tuple(
        _line(step, (became(what) if (what := _essence(step.step)) in old_hands else "new") if process.before else "")
        for step in process.after
    )
    changes = [line.change for line in before if line.change]
    bolted_on = bool(before and after) and not changes
    if not before or not after:
        verdict = "The work before and after is not both declared, so nobody can say whether it changes."
    elif bolted_on:
        verdict = "No step was removed, moved or given to somebody else."
    else:
        kinds = [(changes.count(kind), kind) for kind in ("removed", "moved", "other hands")]
        came = sum(line.change == "new" for line in after)
        kinds.append((came, "new"))
        words = {"removed": "removed", "moved": "moved", "other hands": "in other hands", "new": "new"}
        verdict = "Steps: " + ", ".join(f"{count} {words[kind]}" for count, kind in kinds if count) + "."
    return ProcessView(before, after, _total(process.before), _total(process.after), verdict, bolted_on)


def _line(step: Step, change: str) -> StepLine:
    return StepLine(step.step, step.who, "" if step.minutes is None else minutes_text(step.minutes), change)


def _total(steps: Sequence[Step]) -> str:
    known = [step.minutes for step in steps if step.minutes is not None]
    if not known:
        return minutes_text(None)
    text = minutes_text(sum(known))
    return text if len(known) == len(steps) else f"{text} and what is unknown"


def _kept_in_order(old: list[str], new: list[str]) -> set[str]:
    """Give the steps that stand on both sides in the same order as each other."""
    common_old, common_new = [item for item in old if item in new], [item for item in new if item in old]
    blocks = SequenceMatcher(None, common_old, common_new, autojunk=False).get_matching_blocks()
    return {item for block in blocks for item in common_old[block.a : block.a + block.size]}


def _essence(text: str) -> str:
    return " ".join(text.casefold().split())
