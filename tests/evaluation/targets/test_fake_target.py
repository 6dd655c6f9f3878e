"""The shipped fake: answers by script, counts what reached it, and takes its time."""

from __future__ import annotations

import asyncio

import pytest
from tests.evaluation.samples import RUN, items, run_virtually

from pilotage.evaluation.targets.fake_target import Call, FakeTarget, answering_with
from pilotage.evaluation.targets.target import CallError, Trouble


def test_answers_follow_the_script() -> None:
    """An item without an entry gets its expected value; a tuple gives one reaction a call, the last for ever."""
    target = FakeTarget(answering_with({"i1": ("first", "then"), "i2": ["a", "b"]}))
    one, two, three = items(3)

    async def ask() -> list[object]:
        asked = (one, two, two, two, three)
        return [(await target.fetch_answer(item, run=RUN, repeat=0)).value for item in asked]

    assert run_virtually(ask()) == ["yes", "first", "then", "then", ["a", "b"]]
    assert target.calls[0] == Call("i0", RUN, 0)


def test_trouble_is_raised_after_the_latency() -> None:
    """A scripted trouble takes its time like an answer, and calls at once are counted."""
    trouble = CallError(Trouble.FAULT)
    target = FakeTarget(answering_with({"i0": trouble}), latency=lambda item, _repeat: 5 if item.id == "i0" else 1)

    async def ask() -> list[object]:
        calls = (target.fetch_answer(item, run=RUN, repeat=0) for item in items(2))
        return list(await asyncio.gather(*calls, return_exceptions=True))

    failed, answered = run_virtually(ask())

    assert failed is trouble
    assert answered is not None
    assert [call.item for call in target.completed] == ["i1", "i0"]
    assert (target.in_flight, target.busiest) == (0, 2)
    with pytest.raises(CallError):
        raise trouble
