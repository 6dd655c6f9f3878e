"""One line for each item of a run, made from the rows of its questions; and texts made fit to be looked at."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean
from typing import Literal

from pilotage.core.amount import Amount, sum_amounts
from pilotage.core.canonical import Json
from pilotage.evaluation.outcome import Outcome, State

Answers = Literal["once", "equal", "different"]
"""Whether a prompt was asked once, or how its answers compare."""

LONGEST_SHOWN = 4_000
"""Characters of a text that are shown."""
ERASED = "(erased: the key of this run's answers was deleted; the figures stand)"
MISSING = "(not in the store of answers)"
NO_ANSWER = "(no answer)"

_JOINERS = {"\u200c", "\u200d"}  # several scripts cannot be written without them
_HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class AskRow:
    """One question with its outcome, as the journal has it.

    Attributes:
        slot: place in the schedule, from 0.
        repeat: how often the item was asked before.
        side: target or baseline.
        item: id of the item.
        outcome: what became of it.
        answer: digest of the answer; None where there was none.
        call: id of the gateway's call; None where no gateway said.
        seconds: time of its calls.
        tries: calls made for it.
    """

    slot: int
    repeat: int
    side: str
    item: str
    outcome: Outcome
    answer: str | None
    call: str | None
    seconds: float
    tries: int


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item of a run.

    Attributes:
        slot: its place in the schedule, from 0.
        item: its id.
        state: what became of it: failed where any repeat failed, passed where all did.
        reason: why, in words that quote neither answer nor expected text.
        score: the mean grade; None where it was not measured.
        baseline: of a comparison: what became of it at the baseline; None elsewhere.
        seconds: time of all calls for it together, those to a baseline left out.
        tries: calls made for it, those to a baseline left out.
        cost: what the answers cost; None where it is unknown.
        answers: whether repeats answered differently.
        label: the person's label that counts, 1 good and 0 bad; None where nobody labelled it.
        digests: of the target's answers, one a repeat; None where there was none.
    """

    slot: int
    item: str
    state: State
    reason: str
    score: float | None
    baseline: State | None
    seconds: float
    tries: int
    cost: Amount | None
    answers: Answers
    label: float | None
    digests: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """What an item asked and what was answered; only ever of data that are not sealed.

    Attributes:
        input: what was asked; None where the file of the data set is not the one that was asked.
        expected: what was expected; None likewise, or where nothing was.
        answers: the target's answers, one a repeat, or why one cannot be shown.
    """

    input: str | None
    expected: str | None
    answers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Some items of a run.

    Attributes:
        lines: the items.
        state: only items in this state; None: all, failures first.
        page: which page, from 1.
        pages: how many there are, at least 1.
        total: items in this state.
    """

    lines: tuple[ItemLine, ...]
    state: State | None
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class PairLine:
    """One item that two runs treated differently."""

    before: ItemLine
    after: ItemLine


@dataclass(frozen=True, slots=True)
class PairPage:
    """Some items that two runs treated differently, those that got worse first.

    Attributes:
        lines: the items.
        page: which page, from 1.
        pages: how many there are, at least 1.
        total: all such items.
    """

    lines: tuple[PairLine, ...]
    page: int
    pages: int
    total: int


def plan_items(
    rows: Iterable[AskRow], labels: Mapping[int, float], costs: Mapping[str, Amount]
) -> tuple[ItemLine, ...]:
    """Make one line an item.

    Args:
        rows: questions, in the order of their slots.
        labels: slot -> the label that counts.
        costs: id of a gateway's call -> what it cost; calls of unknown cost are not in it.
    """
    return tuple(_line([*group], labels.get(slot), costs) for slot, group in groupby(rows, key=lambda row: row.slot))


def _line(rows: Sequence[AskRow], label: float | None, costs: Mapping[str, Amount]) -> ItemLine:
    asked = sorted((row for row in rows if row.side == "target"), key=lambda row: row.repeat) or list(rows)
    state = worst_state(row.outcome.state for row in asked)
    grades = [grade for row in asked if (grade := row.outcome.grade) is not None]
    given = [row.answer for row in asked if row.answer is not None]
    answers: Answers = "once" if len(given) < 2 else "equal" if len(set(given)) == 1 else "different"  # noqa: PLR2004 - two to compare
    other: list[State] = [row.outcome.state for row in rows if row.side != "target"]
    return ItemLine(
        slot=asked[0].slot,
        item=asked[0].item,
        state=state,
        reason=next((row.outcome.reason for row in asked if row.outcome.state == state), ""),
        score=fmean(grades) if grades else None,
        baseline=worst_state(other) if other else None,
        seconds=sum(row.seconds for row in asked),
        tries=sum(row.tries for row in asked),
        cost=_cost(asked, costs),
        answers=answers,
        label=label,
        digests=tuple(row.answer for row in asked),
    )


def _cost(asked: Sequence[AskRow], costs: Mapping[str, Amount]) -> Amount | None:
    """Add up what the answers cost; one unknown part, or two currencies, make it unknown."""
    parts = [None if row.call is None else costs.get(row.call) for row in asked]
    if len({part.unit for part in parts if part is not None}) > 1:
        return None
    return sum_amounts(parts)


def worst_state(states: Iterable[State]) -> State:
    """Give the state of an item that was asked several times: it passes when every time passed."""
    found = set(states)
    return "fail" if "fail" in found else "not-measured" if "not-measured" in found else "pass"


def text_of_json(value: Json) -> str:
    """Give what an item asks or expects as text: text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def visible_text(text: str, most: int = LONGEST_SHOWN) -> str:
    r"""Make a text fit to be looked at: what would not be seen, or would steer the screen, is shown as a sign.

    Control and other invisible characters become their escapes (\x1b, \u202e); line ends stay. A long text is cut,
    with a note that says how long it was.
    """
    shown = "".join(map(_visible, text[:most].replace("\r\n", "\n")))
    return shown if len(text) <= most else f"{shown}… (cut: {most} of {len(text)} characters)"


def _visible(character: str) -> str:
    if character == "\n" or character in _JOINERS or unicodedata.category(character) not in _HIDDEN:
        return character
    if character == "\t":
        return "\\t"
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004 - widths of escapes
