"""The conformance test of scorer plugins: it passes what is sound, and names each fault of what is not."""

# ruff: noqa: ARG002, D102 - methods of plugins have the arguments that were agreed, and mean what the Protocol says
from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pilotage.core.canonical import Json
from pilotage.evaluation.conformance import assert_conforms, find_faults
from pilotage.evaluation.outcome import PASS, AnswerValue, Outcome, fail
from pilotage.evaluation.scorers.plugin import Case, shares_run
from pilotage.registry.items import Item

ITEM = Item("one", "Which queue?", "motor")
NO = fail("it is another queue")


class Sound:
    """A plugin without a fault: the answer must be the expected text."""

    owner: Any = "Queue team, queues@example.org"
    cases: Any = (Case(ITEM, "motor", "pass"), Case(ITEM, "travel", "fail"))

    def needs(self, expected: Json) -> Any:  # noqa: ANN401 - faulty ones give anything
        """Need a text."""
        return None if isinstance(expected, str) and expected else "a text"

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Any:  # noqa: ANN401 - as above
        """Compare."""
        return PASS if answer == item.expected else NO


class Ownerless(Sound):
    """Names nobody."""

    owner = ""


class Caseless(Sound):
    """Shows no case."""

    cases = ()


class Shapeless(Sound):
    """Shows something else than cases."""

    cases = ("motor",)


class Lenient(Sound):
    """Passes everything."""

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Outcome:
        return PASS


class Picky(Sound):
    """Says something without meaning of what it needs."""

    def needs(self, expected: Json) -> Any:  # noqa: ANN401 - faulty
        return None if isinstance(expected, str) else False


class Brittle(Sound):
    """Takes any expected value for text."""

    def needs(self, expected: Any) -> str | None:  # noqa: ANN401 - that is the fault
        return None if expected.strip() else "a text"


class Choosy(Sound):
    """Does not take its own items."""

    def needs(self, expected: Json) -> str:
        return "something else"


class Failing(Sound):
    """Takes any answer for text."""

    def score(self, item: Item, answer: Any, settings: Mapping[str, Json], observation: Json) -> Outcome:  # noqa: ANN401 - that is the fault
        return PASS if answer.strip() == item.expected else NO


class Quoting(Sound):
    """Quotes the expected value."""

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Outcome:
        return PASS if answer == item.expected else fail(f"it is not {item.expected}")


class Echoing(Sound):
    """Quotes the answer."""

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Outcome:
        return PASS if answer == item.expected else fail(ascii(answer)[:60])


class Wordless(Sound):
    """Gives no reason."""

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Outcome:
        return PASS if answer == item.expected else Outcome("fail")


class Boolean(Sound):
    """Gives no Outcome."""

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> bool:
        return answer == item.expected


class Moody(Sound):
    """Changes its mind."""

    def __init__(self) -> None:
        self._turn = itertools.count()

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Outcome:
        right = answer == item.expected
        return PASS if right and next(self._turn) < 2 else NO


class Meddling(Sound):
    """Changes what it is given."""

    cases = (Case(ITEM, ["motor"], "pass"), Case(ITEM, ["travel"], "fail"))

    def score(self, item: Item, answer: Any, settings: Mapping[str, Json], observation: Json) -> Outcome:  # noqa: ANN401 - it takes lists
        return PASS if isinstance(answer, list) and answer and answer.pop() == item.expected else NO


class Endless(Sound):
    """Never comes back from a long answer."""

    def score(self, item: Item, answer: AnswerValue, settings: Mapping[str, Json], observation: Json) -> Outcome:
        if len(answer) > 500_000:
            threading.Event().wait(30)
        return PASS if answer == item.expected else NO


def test_a_sound_plugin_conforms() -> None:
    """No fault is found where there is none."""
    assert find_faults(Sound()) == ()
    assert_conforms(Sound())


@pytest.mark.parametrize(
    ("plugin", "said"),
    [
        (Ownerless, "names nobody as owner"),
        (Caseless, "no answer that passes and one that fails"),
        (Shapeless, "no list of Case"),
        (Lenient, "is to be fail, and it finds pass"),
        (Picky, "neither None nor words"),
        (Brittle, "needs raises AttributeError on an expected value of type NoneType"),
        (Choosy, "does not take the item of its own case one"),
        (Failing, "score raises AttributeError on a hostile answer: a deep list"),
        (Quoting, "quotes the answer or the expected value"),
        (Echoing, "its reason quotes the answer"),
        (Wordless, "it gives no reason"),
        (Boolean, "it gives bool and no Outcome"),
        (Moody, "something else when its case one comes again"),
        (Meddling, "changes the item or the answer"),
        (Endless, "takes longer than 0.2 seconds on a hostile answer: a megabyte"),
    ],
)
def test_each_fault_is_named(plugin: type[Sound], said: str) -> None:
    """Whoever wrote the plugin learns what is wrong, in all ways at once."""
    faults = find_faults(plugin(), seconds=0.2 if plugin is Endless else 10)

    assert any(said in fault for fault in faults), faults
    with pytest.raises(AssertionError, match="does not conform"):
        assert_conforms(plugin(), seconds=0.2)


def test_cases_of_ones_own_are_taken() -> None:
    """A test may bring more cases than the plugin shows."""
    more: Sequence[Case] = (*Sound.cases, Case(Item("two", "Which?", "household"), "household", "fail"))

    assert find_faults(Sound(), more) == ("its case two is to be fail, and it finds pass",)


def test_a_shared_run_is_seen_whatever_its_case() -> None:
    """Twenty characters in a row are a quotation; fewer may be chance."""
    assert shares_run("it says THE CLAIM WAS PAID ON MONDAY", "The claim was paid on Monday, in full")
    assert not shares_run("the claim was paid", "the claim was paid on Monday")
