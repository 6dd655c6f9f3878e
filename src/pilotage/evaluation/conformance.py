"""The conformance test that whoever writes a scorer plugin runs: `assert_conforms(plugin)` in a test of their own."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import reduce
from typing import Final, cast

from pilotage.core.canonical import Json
from pilotage.evaluation.observers.plugin import is_owner, judge, start_call
from pilotage.evaluation.outcome import AnswerValue, Outcome
from pilotage.evaluation.scorers.plugin import Case, ScorerPlugin, faults_of, shares_run, texts_in
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import PluginScorer

LONGEST_CALL = 10.0
"""Seconds that a plugin may take for one answer of the test, however hostile."""
AT_ONCE = 4
_SHORTEST_QUOTED = 4
_MARK: Final = "quixotry-4711-zephyr"

_DEEP: Final = reduce(lambda inner, _: [inner], range(200), cast("list[Json]", []))

HOSTILE_ANSWERS: Final[dict[str, AnswerValue]] = {
    "empty": "",
    "white space": " \n\t\u3000",
    "a megabyte": "a b" * 350_000,
    "a megabyte in one word": "a" * 1_000_000,
    "control characters": "".join(map(chr, range(32))) + "\x7f\x9f",
    "text turned around": "\u202eexcess\u202c \u200fno\u200e \u2067x\u2069",
    "marks on marks": "e" + "\u0301" * 10_000,
    "beyond the first plane": "\U0001f9ff\U0010ffff" * 1_000,
    "numbers without end": "9" * 100_000,
    "deep JSON as text": "[" * 100_000,
    "a deep list": _DEEP,
    "an empty list": [],
    "an empty object": {},
    "a long list": ["a"] * 20_000,
    "an object of everything": {"": None, "a": [True, 1.5, {"b": "c"}], "\u202e": ""},
    "marked": f"It is {_MARK}, as agreed.",
}
HOSTILE_EXPECTED: Final[tuple[Json, ...]] = (None, "", " ", "a", 0, -1.5, True, [], ["a", None], {}, {"a": [1]}, _DEEP)


def assert_conforms(
    plugin: ScorerPlugin, cases: Sequence[Case] | None = None, *, seconds: float = LONGEST_CALL
) -> None:
    """Fail with every fault that a plugin shows; for use in a test.

    Args:
        plugin: the object that the entry point names.
        cases: answers with their verdicts; None: the plugin's own.
        seconds: that one call may take.

    Raises:
        AssertionError: it does not conform; says in which ways.
    """
    faults = find_faults(plugin, cases, seconds=seconds)
    if faults:
        raise AssertionError("the scorer does not conform:\n" + "\n".join(f"- {fault}" for fault in faults))


def find_faults(
    plugin: ScorerPlugin, cases: Sequence[Case] | None = None, *, seconds: float = LONGEST_CALL
) -> tuple[str, ...]:
    """Say in which ways a plugin does not conform; nothing where it does. Runs the plugin.

    It names an owner; says of any expected value whether it is fit; finds what each case says, the same again, in
    another order and several at once; judges hostile answers in time; changes nothing that it is given; and gives
    reasons that quote neither answer nor expected value.
    """
    given: object = getattr(plugin, "cases", ()) if cases is None else cases
    if not isinstance(given, Sequence) or not all(isinstance(one, Case) for one in cast("Sequence[object]", given)):
        return ("its cases are no list of Case",)
    return tuple(dict.fromkeys(_faults(plugin, cast("Sequence[Case]", given), seconds)))


def _faults(plugin: ScorerPlugin, cases: Sequence[Case], seconds: float) -> Iterator[str]:
    if not is_owner(getattr(plugin, "owner", None)):
        yield "it names nobody as owner, in a line of text"
    if not {"pass", "fail"} <= {case.state for case in cases}:
        yield "its cases show no answer that passes and one that fails"
    yield from _faults_in_needs(plugin, cases, seconds)
    yield from _faults_in_cases(plugin, cases, seconds)
    yield from _faults_under_attack(plugin, cases, seconds)


def _faults_in_needs(plugin: ScorerPlugin, cases: Sequence[Case], seconds: float) -> Iterator[str]:
    for expected in HOSTILE_EXPECTED:
        lacking, fault = _try(lambda expected=expected: cast("object", plugin.needs(copy.deepcopy(expected))), seconds)
        if fault is not None:
            yield f"needs {fault} on an expected value of type {type(expected).__name__}"
        elif lacking is not None and not (isinstance(lacking, str) and lacking.strip()):
            yield "needs gives neither None nor words"
    for case in cases:
        lacking, fault = _try(
            lambda case=case: cast("object", plugin.needs(copy.deepcopy(case.item.expected))), seconds
        )
        if fault is not None or lacking is not None:
            yield f"needs does not take the item of its own case {case.item.id}"


def _faults_in_cases(plugin: ScorerPlugin, cases: Sequence[Case], seconds: float) -> Iterator[str]:
    first: dict[int, object] = {}
    for place, case in enumerate(cases):
        item, answer = copy.deepcopy(case.item), copy.deepcopy(case.answer)
        found, fault = _try(lambda case=case, item=item, answer=answer: _judge(plugin, case, item, answer), seconds)
        first[place] = found
        if fault is not None:
            yield f"score {fault} on its case {case.item.id}"
            continue
        yield from (f"on its case {case.item.id}, {said}" for said in faults_of(found))
        if (item, answer) != (case.item, case.answer):
            yield f"it changes the item or the answer of its case {case.item.id}"
        if isinstance(found, Outcome):
            if found.state != case.state:
                yield f"its case {case.item.id} is to be {case.state}, and it finds {found.state}"
            if _quotes(found.reason, case):
                yield f"its reason quotes the answer or the expected value of its case {case.item.id}"
    again = list(reversed([(place, case) for place, case in enumerate(cases) for _ in range(AT_ONCE)]))
    calls = [(place, case, _start(plugin, case, case.answer)) for place, case in again]
    for place, case, call in calls:
        found, _ = _wait(call, seconds)
        if found != first[place]:
            yield f"it finds something else when its case {case.item.id} comes again"


def _faults_under_attack(plugin: ScorerPlugin, cases: Sequence[Case], seconds: float) -> Iterator[str]:
    for case in cases[:1]:
        for name, answer in HOSTILE_ANSWERS.items():
            found, fault = _wait(_start(plugin, case, answer), seconds)
            if fault is not None:
                yield f"score {fault} on a hostile answer: {name}"
                continue
            yield from (f"on a hostile answer ({name}), {said}" for said in faults_of(found))
            if isinstance(found, Outcome) and _MARK in str(found.reason):
                yield "its reason quotes the answer"


def _quotes(reason: object, case: Case) -> bool:
    """Tell whether a reason holds a text of the case as a whole, or a long run of one."""
    if not isinstance(reason, str):
        return False
    for text in (*texts_in(case.answer), *texts_in(case.item.expected)):
        whole = text.strip()
        if shares_run(reason, text):
            return True
        if len(whole) >= _SHORTEST_QUOTED and re.search(rf"(?<!\w){re.escape(whole)}(?!\w)", reason, re.IGNORECASE):
            return True
    return False


def _judge(plugin: ScorerPlugin, case: Case, item: Item, answer: AnswerValue) -> object:
    settings = dict(case.settings or {})
    return judge(plugin, PluginScorer(type="plugin", plugin="checked", release="0", settings=settings), item, answer)


def _start(plugin: ScorerPlugin, case: Case, answer: AnswerValue) -> Future[object]:
    item, given = copy.deepcopy(case.item), copy.deepcopy(answer)
    return start_call(lambda: _judge(plugin, case, item, given))


def _try(function: Callable[[], object], seconds: float) -> tuple[object, str | None]:
    return _wait(start_call(function), seconds)


def _wait(call: Future[object], seconds: float) -> tuple[object, str | None]:
    """Give what a call gave, or how it failed."""
    try:
        return call.result(seconds), None
    except Exception as error:  # noqa: BLE001 - whatever a plugin raises is a fault to be told
        late = isinstance(error, TimeoutError) and not call.done()
        return None, f"takes longer than {seconds:g} seconds" if late else f"raises {type(error).__name__}"
