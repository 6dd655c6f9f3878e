"""The observer of code: from an answer to a report, within the limits of its scorer, few at a time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.evaluation.sandbox.presence import REMEDY, bubblewrap_works

from pilotage.core.canonical import Json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.observers import sandbox
from pilotage.evaluation.observers.sandbox import SandboxObserver, open_sandbox_observer
from pilotage.evaluation.outcome import AnswerValue
from pilotage.evaluation.sandbox.cell import Cell
from pilotage.evaluation.sandbox.opening import open_sandbox
from pilotage.evaluation.sandbox.run import Findings, Order
from pilotage.evaluation.scorers.observation import SandboxReport
from pilotage.evaluation.targets.target import Answer, CallError
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import CodeScorer

pytestmark = pytest.mark.anyio

_SCORER = CodeScorer(type="code", seconds=30, memory_mb=128)
_ITEM = Item("a", "double", {"function": "f", "examples": [{"args": [2], "gives": 4}]})
_BARE = Cell("/no/such/program", (), (), b"")


@pytest.fixture(scope="module")
def cell(require_part: Callable[..., None]) -> Cell:
    """Give a sandbox without Hypothesis."""
    require_part("bubblewrap", present=bubblewrap_works(), remedy=REMEDY)
    return open_sandbox(properties=False)


async def observe(observer: SandboxObserver, value: AnswerValue, item: Item = _ITEM) -> SandboxReport:
    """Observe one answer."""
    return await observer.observe(item, Answer(value, 1.0), run="r", repeat=0)


async def test_observes(cell: Cell) -> None:
    """Code is taken out of the answer and run against its item."""
    observer = SandboxObserver(_SCORER, cell)

    right = await observe(observer, "Here:\n```python\ndef f(n):\n    return 2 * n\n```")
    wrong = await observe(observer, "```python\ndef f(n):\n    return n\n```")

    assert right == SandboxReport(ran=True, checks=1)
    assert wrong == SandboxReport(ran=True, failures=("example 1 gives another value",), checks=1)


@pytest.mark.parametrize("value", [["def f(n): return 4"], {"code": "def f(n): return 4"}])
async def test_refuses_what_is_no_text(value: AnswerValue) -> None:
    """An answer that is no text fails without a sandbox."""
    assert await observe(SandboxObserver(_SCORER, _BARE), value) == SandboxReport(
        ran=False, failures=("the answer is no text",)
    )


async def test_refuses_large_code() -> None:
    """Code beyond the bound fails without a sandbox, whatever its characters."""
    report = await observe(SandboxObserver(_SCORER, _BARE), "# \ud800" + "ü" * 140_000)

    assert report.failures == ("the code is larger than 262144 bytes",)


async def test_retried_when_it_does_not_start(cell: Cell) -> None:
    """A sandbox that does not start is told as trouble that may pass, never as a failure of the code."""
    with pytest.raises(CallError) as caught:
        await observe(SandboxObserver(_SCORER, replace(cell, bubblewrap="/no/such/program")), "def f(n): return 4")

    assert caught.value.retryable


async def test_names_item_with_wrong_properties(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the properties themselves are wrong the error names the item."""

    async def wrong(_: Cell, __: Order) -> Findings:
        raise EvidenceError("the properties hold no test", "mend them")

    monkeypatch.setattr(sandbox, "run_order", wrong)

    with pytest.raises(EvidenceError, match="item 'a': the properties hold no test"):
        await observe(SandboxObserver(_SCORER, _BARE), "def f(n): return 4")


async def test_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many answers come at once, no more are run than there are processors."""
    running, most = 0, 0

    async def count(_: Cell, __: Order) -> Findings:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return Findings(ran=True, failures=(), checks=1)

    monkeypatch.setattr(sandbox, "run_order", count)
    observer = SandboxObserver(_SCORER, _BARE)
    await asyncio.gather(*(observe(observer, "def f(n): return 4") for _ in range(50)))

    assert most == os.cpu_count()


@pytest.mark.parametrize(
    ("expected", "wanted"),
    [(_ITEM.expected, False), ({"function": "f", "properties": "def test_a(): f()"}, True), (None, False)],
)
def test_opens_what_items_need(monkeypatch: pytest.MonkeyPatch, expected: Json, wanted: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Hypothesis is asked for only where an item gives properties."""
    asked: list[bool] = []

    def note(*, properties: bool) -> Cell:
        asked.append(properties)
        return _BARE

    monkeypatch.setattr(sandbox, "open_sandbox", note)
    open_sandbox_observer(_SCORER, [_ITEM, Item("b", "x", expected)])

    assert asked == [wanted]
