"""One answer in its two sandboxes: what passes, what fails and why, what is the data set's fault, and the limits."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pilotage.core.canonical import Json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.sandbox.cell import Cell
from pilotage.evaluation.sandbox.run import Findings, Order, StartError, run_order

pytestmark = pytest.mark.anyio

_BYTES = {"$bytes": "aGk="}
_FACTORIAL = {"$int": "15511210043330985984000000"}
_ASSUMING = "from hypothesis import assume, given, strategies\n@given(strategies.integers())\n"
_GONE = "the code ended itself, or took more than it may"
_FIRST, _SECOND, _THIRD = (f"property {number} does not hold" for number in (1, 2, 3))

_SORTED = "def f(x):\n    return sorted(x)"
_PROPERTIES = """
from hypothesis import given, strategies as st

@given(st.lists(st.integers()))
def test_is_sorted(xs):
    assert f(xs) == sorted(xs)

@given(st.lists(st.text(max_size=3), max_size=4))
def test_keeps_all(xs):
    assert len(f(xs)) == len(xs)

def test_without_cases():
    try:
        f(1)
    except TypeError as error:
        assert "iterable" in str(error)
    else:
        raise AssertionError
"""


def order(code: str, *examples: Json, properties: str = "", seconds: float = 60, memory_mb: int = 256) -> Order:
    """Give an order for a function `f`."""
    return Order(code, "f", list(examples), properties, seconds, memory_mb)


@pytest.mark.parametrize(
    ("code", "example"),
    [
        (_SORTED, {"args": [[2, 1]], "gives": [1, 2]}),
        ("def f(a, b=1): return a + b", {"args": [1], "kwargs": {"b": 2}, "gives": 3}),
        ("def f(): return 0.1 + 0.2", {"gives": 0.3}),
        ("def f(x): return x, {1, 2}", {"args": [_BYTES], "gives": {"$tuple": [_BYTES, {"$set": [2, 1]}]}}),
        ("import math\ndef f(n): return math.factorial(n)", {"args": [25], "gives": _FACTORIAL}),
        ("def f(x): return {}[x]", {"args": [1], "raises": "LookupError"}),
        ("class E(ValueError): pass\ndef f(): raise E", {"raises": "E"}),
        ("import sys\ndef f(): sys.exit(1)", {"raises": "SystemExit"}),
        ("from collections import Counter\ndef f(x): return Counter(x)", {"args": ["aab"], "gives": {"a": 2, "b": 1}}),
        ("from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\ndef f(): return P(3).x", {"gives": 3}),
        ("import asyncio\nasync def g(): return 1\ndef f(): return asyncio.run(g())", {"gives": 1}),
        ("from zoneinfo import ZoneInfo\ndef f(): return str(ZoneInfo('Europe/Zurich'))", {"gives": "Europe/Zurich"}),
        ("f = lambda: None\nif __name__ == '__main__':\n    raise SystemExit", {"gives": None}),
        ("def f(): print('working on it'); return 1", {"gives": 1}),
        ("import hashlib, json, re, sqlite3, decimal, unicodedata\ndef f(): return 1", {"gives": 1}),
    ],
)  # fmt: skip
async def test_passes(cell: Cell, code: str, example: Json) -> None:
    """Code that gives what it should passes, with what the standard library offers."""
    assert await run_order(cell, order(code, example)) == Findings(ran=True, failures=(), checks=1)


@pytest.mark.parametrize(
    ("code", "example", "failure"),
    [
        (_SORTED, {"args": [[2, 1]], "gives": [2, 1]}, "example 1 gives another value"),
        (_SORTED, {"args": [[2, 1]], "gives": {"$tuple": [1, 2]}}, "example 1 gives another value"),
        (_SORTED, {"args": [1], "gives": 1}, "example 1 raises TypeError"),
        (_SORTED, {"args": [[]], "raises": "ValueError"}, "example 1 gives a value where it should raise"),
        (_SORTED, {"args": [1], "raises": "ValueError"}, "example 1 raises another error"),
        ("def f(): return True", {"gives": 1}, "example 1 gives another value"),
        ("def f(): return object()", {"gives": 1}, "example 1 gives no plain value, or too large a one"),
        ("class E(Exception): pass\ndef f(): raise E", {"gives": 1}, "example 1 raises Exception"),
        ("def f(:", {"gives": 1}, "the code does not load (SyntaxError)"),
        ("def g(): pass", {"gives": 1}, "the code does not define the function"),
    ],
)
async def test_fails(cell: Cell, code: str, example: Json, failure: str) -> None:
    """Code that does not is told apart by how it fails, in words that quote nothing of it."""
    assert (await run_order(cell, order(code, example))).failures == (failure,)


async def test_tells_every_failure(cell: Cell) -> None:
    """Every example is tried, and each that fails is told."""
    examples = [{"args": [n], "gives": n % 2} for n in range(4)]

    found = await run_order(cell, order("def f(n): return 0", *examples))

    assert found == Findings(
        ran=True, failures=("example 2 gives another value", "example 4 gives another value"), checks=4
    )


async def test_goes_on_after_error(cell: Cell) -> None:
    """An exception ends one example and not the code; one that ends the code ends the check."""
    examples = [{"args": [n], "gives": 1} for n in range(3)]
    code = "import os\ndef f(n):\n    if n == 1: {end}\n    return 1"

    raised = await run_order(cell, order(code.format(end="raise ValueError"), *examples))
    ended = await run_order(cell, order(code.format(end="os._exit(0)"), *examples))

    assert raised == Findings(ran=True, failures=("example 2 raises ValueError",), checks=3)
    assert ended == Findings(ran=False, failures=(_GONE,), checks=1)


@pytest.mark.parametrize(
    ("code", "failures"),
    [
        (_SORTED, ()),
        ("def f(x): return sorted(x) if isinstance(x, int) or len(x) < 4 else x", (_FIRST,)),
        pytest.param("def f(x): return sorted(set(x))", (_FIRST, _SECOND), marks=pytest.mark.long),
        pytest.param("def f(x):\n    raise AssertionError", (_FIRST, _SECOND, _THIRD), marks=pytest.mark.long),
        ("def f(x): return object()", (_FIRST, _SECOND, _THIRD)),
        pytest.param(
            "class SkipTest(Exception): pass\ndef f(x): raise SkipTest",
            (_FIRST, _SECOND, _THIRD),
            marks=pytest.mark.long,
        ),
        ("class UnsatisfiedAssumption(Exception): pass\ndef f(x): raise UnsatisfiedAssumption",
         (_FIRST, _SECOND, _THIRD)),
        pytest.param("import os\ndef f(x): os._exit(0)", (_GONE,), marks=pytest.mark.long),
        ("import random\ndef f(x): return random.choice([sorted(x), []])", (_FIRST, _SECOND)),
    ],
)  # fmt: skip
async def test_properties(property_cell: Cell, code: str, failures: tuple[str, ...]) -> None:
    """Properties hold for right code alone; no error that the code raises or imitates lets one pass or be skipped."""
    found = await run_order(property_cell, order(code, properties=_PROPERTIES))

    assert found.failures == failures
    assert found.ran == (found.checks == 3)


@pytest.mark.long
async def test_same_every_time(property_cell: Cell) -> None:
    """A property that few cases break comes out the same in every run."""
    source = (
        "from hypothesis import given, strategies as st\n@given(st.integers(0, 120))\ndef test_a(n): assert f(n) == 0"
    )
    asked = order("def f(n): return int(n == 77)", properties=source)

    found = {await run_order(property_cell, asked) for _ in range(3)}

    assert len(found) == 1


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        pytest.param("oops", "do not load", marks=pytest.mark.long),
        pytest.param("import numpy", "do not load", marks=pytest.mark.long),
        ("f(1)\ndef test_a(): pass", "outside a test"),
        ("def f(): pass\ndef test_a(): f()", "define the function themselves"),
        pytest.param("a = 1", "hold no test", marks=pytest.mark.long),
        pytest.param("async def test_a(): f(1)", "async", marks=pytest.mark.long),
        ("def test_a(): assert 1 == 2; f(1)", "before it calls the function"),
        pytest.param("def test_a(): f(object())", "before it calls the function", marks=pytest.mark.long),
        pytest.param("def test_a(missing): f(1)", "before it calls the function", marks=pytest.mark.long),
        ("def test_a(): pass", "never calls the function"),
        (
            _ASSUMING + "def test_a(n): assume(n != n); f(n)",
            "before it calls",
        ),
    ],
)
async def test_faults(property_cell: Cell, source: str, fault: str) -> None:
    """What is wrong with the properties themselves is no failure of the code, and says what to mend."""
    with pytest.raises(EvidenceError, match=fault) as caught:
        await run_order(property_cell, order(_SORTED, properties=source))

    assert "properties" in caught.value.remedy


@pytest.mark.long
async def test_bounds_cases(property_cell: Cell) -> None:
    """However many cases a property wants, it gets a thousand at most."""
    source = """
from hypothesis import given, settings, strategies as st
seen = set()
@settings(max_examples=10**9, deadline=1)
@given(st.integers())
def test_a(n):
    seen.add(n)
    assert f(len(seen)) == 0
"""
    found = await run_order(property_cell, order("def f(n): return int(n > 1_000)", properties=source))

    assert found.failures == ()


async def test_assumption_that_nothing_passes(property_cell: Cell) -> None:
    """Code that lets no case pass an assumption fails, since it was called."""
    source = _ASSUMING + "def test_a(n): assume(f(n) > 0)"

    found = await run_order(property_cell, order("def f(n): return 0", properties=source))

    assert found.failures == ("property 1 does not hold",)


@pytest.mark.parametrize(("memory_mb", "failures"), [(64, ("example 1 raises MemoryError",)), (256, ())])
async def test_memory_limit(cell: Cell, memory_mb: int, failures: tuple[str, ...]) -> None:
    """Code may take as much memory as the scorer grants, and no more; Python itself fits into the least of it."""
    asked = order("def f(): return len(bytearray(100 * 2**20))", {"gives": 100 * 2**20}, memory_mb=memory_mb)

    assert (await run_order(cell, asked)).failures == failures


async def test_time_limit_starts_with_the_code(property_cell: Cell) -> None:
    """The seconds are those of the code: starting the sandbox, which takes longer than this limit, does not count."""
    source = "def test_a(): assert f() == 1"

    assert (await run_order(property_cell, order("def f(): return 1", properties=source, seconds=0.2))).ran


async def test_cancelled(cell: Cell) -> None:
    """A run that is cancelled ends its sandboxes before it gives way."""
    mark = secrets.token_hex(16)
    marked = replace(cell, mounts=(*cell.mounts, "--setenv", "MARK", mark))
    task = asyncio.create_task(run_order(marked, order("while True: pass", {"gives": 1})))
    await _until(lambda: len(_marked(mark)) >= 4)  # both sandboxes: bubblewrap, its child, and Python

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _until(lambda: not _marked(mark))  # the kernel takes a moment to clear away what was killed


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110 - processes raise no event
            await asyncio.sleep(0.01)


def _marked(mark: str) -> list[str]:
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "cmdline").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found


def test_dies_with_its_parent(cell: Cell) -> None:
    """Where the process that started them is killed, the sandboxes go with it."""
    mark = secrets.token_hex(16)
    marked = replace(cell, mounts=(*cell.mounts, "--setenv", "MARK", mark))
    pid = os.fork()
    if pid == 0:
        asyncio.run(run_order(marked, order("while True: pass", {"gives": 1})))
        os._exit(1)
    asyncio.run(_until(lambda: len(_marked(mark)) >= 4))

    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

    asyncio.run(_until(lambda: not _marked(mark)))


@pytest.mark.parametrize("program", ["/bin/false", "/no/such/program"])
async def test_does_not_start(cell: Cell, program: str) -> None:
    """A sandbox that does not start is no failure of the code."""
    with pytest.raises(StartError):
        await run_order(replace(cell, bubblewrap=program), order(_SORTED, {"args": [[]], "gives": []}))
