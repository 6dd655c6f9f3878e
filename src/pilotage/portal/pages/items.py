"""Items of runs for show: what became of each, its figures, and its texts where the data are not sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pilotage.evaluation.outcome import State
from pilotage.evaluation.reports.item_lines import ItemLine, PairLine, Texts, visible_text
from pilotage.evaluation.reports.report import state_in_words, took_text
from pilotage.portal.figures import money_text
from pilotage.portal.pages.frame import Pill, Tone

MOST_TEXT = 600
"""Characters of a text on a page; the download of a run holds more."""
TAKEN_AWAY = "(the file of the data set is not the one that was asked any more)"

_TONES: dict[State, Tone] = {"fail": "bad", "not-measured": "open", "pass": "good"}


@dataclass(frozen=True, slots=True)
class Said:
    """One text with what it is."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item of a run."""

    item: str
    state: Pill
    reason: str
    figures: tuple[str, ...]
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class PairView:
    """One item that two runs treated differently."""

    item: str
    change: Pill
    before: Pill
    after: Pill
    reason: str
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page of items lies among the others; empty addresses where there is none."""

    text: str
    newer: str
    older: str


def plan_item(line: ItemLine, texts: Texts | None, form: str) -> ItemView:
    """Plan one item, in the words of the claim's form."""
    return ItemView(
        item=line.item,
        state=item_pill(form, line.state),
        reason=visible_text(line.reason),
        figures=tuple(_figures(line)),
        said=() if texts is None else tuple(_said(texts)),
    )


def plan_pair(line: PairLine, before: Texts | None, after: Texts | None, form: str) -> PairView:
    """Plan one item that two runs treated differently."""
    worse = line.before.state == "pass"
    reason = (line.after if worse else line.before).reason
    said: list[Said] = []
    if before is not None and after is not None:
        asked = before if before.input is not None else after
        said.extend(one for one in _said(asked) if one.label != "Answered")
        said.extend(Said("Before", _short(answer)) for answer in before.answers)
        said.extend(Said("After", _short(answer)) for answer in after.answers)
    return PairView(
        item=line.before.item,
        change=Pill("worse", "bad") if worse else Pill("better", "good"),
        before=item_pill(form, line.before.state),
        after=item_pill(form, line.after.state),
        reason=visible_text(reason),
        said=tuple(said),
    )


def plan_items(lines: Sequence[ItemLine], texts: Mapping[int, Texts], form: str) -> tuple[ItemView, ...]:
    """Plan the items of one page."""
    return tuple(plan_item(line, texts.get(line.slot), form) for line in lines)


def plan_pager(page: int, pages: int, address: str) -> Pager:
    """Plan the way between pages; the address ends where the number of the page belongs."""
    return Pager(
        text=f"page {page} of {pages}",
        newer=f"{address}{page - 1}#items" if page > 1 else "",
        older=f"{address}{page + 1}#items" if page < pages else "",
    )


def item_pill(form: str, state: State) -> Pill:
    """Give the pill of an item's state."""
    return Pill(state_in_words(form, state), _TONES[state])


def _figures(line: ItemLine) -> Iterator[str]:
    yield took_text(line.seconds)
    yield "1 try" if line.tries == 1 else f"{line.tries} tries"
    if line.cost is not None:
        yield money_text(line.cost)
    if line.score is not None and line.score not in {0.0, 1.0}:
        yield f"grade {line.score:.3g}"
    if line.label is not None:
        yield f"label {line.label:g}"
    if line.baseline is not None:
        yield f"baseline {state_in_words('comparison', line.baseline)}"
    if line.answers != "once":
        yield f"repeats answered {'alike' if line.answers == 'equal' else 'differently'}"


def _said(texts: Texts) -> Iterator[Said]:
    yield Said("Asked", TAKEN_AWAY if texts.input is None else _short(texts.input))
    if texts.expected is not None:
        yield Said("Expected", _short(texts.expected))
    for answer in texts.answers:
        yield Said("Answered", _short(answer))


def _short(text: str) -> str:
    return visible_text(text, MOST_TEXT)
