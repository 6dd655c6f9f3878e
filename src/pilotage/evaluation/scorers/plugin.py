"""What a scorer of an installed package looks like, and which of its findings count.

The plugin itself runs at the edge (`observers/plugin.py`), for nobody knows what it does; here stands what is agreed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast, get_args

from pilotage.core.canonical import Json
from pilotage.evaluation.json_shape import is_list, is_object
from pilotage.evaluation.outcome import AnswerValue, Outcome, State
from pilotage.registry.items import Item

LONGEST_REASON = 200
QUOTED_RUN = 20
"""Characters in a row that a reason may not share with the answer or the expected value."""
NO_OUTCOME = Outcome("not-measured", "the plugin gave no outcome")
WITHHELD = "the plugin's reason is withheld, since it quotes"


@dataclass(frozen=True, slots=True)
class Case:
    """An answer with the verdict that it deserves, by which a plugin is checked.

    Attributes:
        item: what was asked; its expected value is as the plugin needs it.
        answer: what was answered.
        state: what the plugin must find.
        settings: what the plugin is told, as `settings:` of a scorer.
    """

    item: Item
    answer: AnswerValue
    state: State
    settings: Mapping[str, Json] | None = None


class ScorerPlugin(Protocol):
    """A scorer that a package brings as an entry point of the group `pilotage.scorers`: an object, not a class.

    Its methods may be called from several threads at once. A method `observe(item, answer, settings)` may be there
    beside: it does what reaches outside, such as a call, and gives a JSON value that `score` gets.
    """

    @property
    def owner(self) -> str:
        """Who answers for it: a team or a person, and how to reach them."""
        ...

    @property
    def cases(self) -> Sequence[Case]:
        """Answers with their verdicts, at least one that passes and one that fails."""
        ...

    def needs(self, expected: Json) -> str | None:
        """Say what an item's expected value should be, such as "a text as expected value"; None where it is fit."""
        ...

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Outcome:
        """Judge an answer; the same arguments always give the same outcome, and the reason quotes none of them."""
        ...


def check_finding(found: object, item: Item, answer: AnswerValue, *, graded: bool) -> Outcome:
    """Give a plugin's outcome as it counts: whole, without a grade where none is declared, and quoting nothing."""
    if not isinstance(found, Outcome) or faults_of(found):
        return NO_OUTCOME
    reason = "" if found.state == "pass" else found.reason
    if any(shares_run(reason, text) for value in (answer, item.expected, item.input) for text in texts_in(value)):
        reason = WITHHELD
    return replace(found, reason=reason, score=found.score if graded else None)


def faults_of(found: object) -> tuple[str, ...]:
    """Say what is wrong with what a plugin gave as its outcome, whatever it was asked."""
    if not isinstance(found, Outcome):
        return (f"it gives {type(found).__name__} and no Outcome",)
    reason, score = cast("object", found.reason), cast("object", found.score)  # a plugin may put in anything
    faults: list[str] = []
    if found.state not in get_args(State):
        faults.append("its state is none of pass, fail and not-measured")
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON or not reason.isprintable():
        faults.append(f"its reason is not a line of at most {LONGEST_REASON} printable characters")
    elif found.state != "pass" and not reason.strip():
        faults.append("it gives no reason for what does not pass")
    if score is not None and not _is_share(score):
        faults.append("its score is no number from 0 to 1")
    return tuple(faults)


def _is_share(score: object) -> bool:
    return isinstance(score, (int, float)) and not isinstance(score, bool) and math.isfinite(score) and 0 <= score <= 1


def shares_run(reason: str, text: str) -> bool:
    """Tell whether a reason repeats a run of a text, letter for letter but for case."""
    folded, text = reason.casefold(), text.casefold()
    return any(folded[at : at + QUOTED_RUN] in text for at in range(len(folded) - QUOTED_RUN + 1))


def texts_in(value: Json) -> Iterator[str]:
    """Give every text in a JSON value, names of fields included."""
    waiting = [value]
    while waiting:
        current = waiting.pop()
        if isinstance(current, str):
            yield current
        elif is_list(current):
            waiting.extend(current)
        elif is_object(current):
            waiting.extend(current.values())
            yield from current
