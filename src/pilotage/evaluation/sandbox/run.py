"""Runs one answer: two sandboxes, one for the generated code and one for its checker, joined by two pipes.

Of what the code writes to its standard output nothing is used; it is counted, and the sandbox is ended when it is too
much. The verdict comes from the checker alone. The clock starts when both stand ready, before the code is loaded.
"""

from __future__ import annotations

import asyncio
import json
import math
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass

from pilotage.core.canonical import Json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.sandbox.cell import Cell
from pilotage.evaluation.sandbox.descriptors import open_pipe, readable
from pilotage.evaluation.sandbox.process import Running, start_sandbox

MOST_OUTPUT_BYTES = 65_536

_START_SECONDS = 60.0  # a machine under load takes its time; no generated code runs yet
_ENDED = "the checker was ended by what the code gave it"
_MIB = 1_048_576


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be checked.

    Attributes:
        code: the generated code.
        function: what it must define.
        examples: as the item has them.
        properties: Python source; empty for none.
        seconds: longest time for everything that is tried.
        memory_mb: most memory of the code, in MiB.
    """

    code: str
    function: str
    examples: list[Json]
    properties: str
    seconds: float
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Findings:
    """How it went.

    Attributes:
        ran: whether the checks ran to their end.
        failures: what failed.
        checks: how many were tried.
    """

    ran: bool
    failures: tuple[str, ...]
    checks: int


class StartError(Exception):
    """The sandboxes did not start, for a reason that lies not in the code."""


async def run_order(cell: Cell, order: Order) -> Findings:
    """Check generated code.

    Raises:
        StartError: the sandboxes did not start.
        EvidenceError: the properties are wrong, whatever the code does.
    """
    async with AsyncExitStack() as sandboxes:
        try:
            printed, checker = await _start(sandboxes, cell, order)
        except OSError as error:
            raise StartError(error.strerror or "the system refuses another process") from error
        findings = await _follow(checker, order, printed)
    # Both have ended, so that all has been counted that was printed before.
    if printed.total > MOST_OUTPUT_BYTES:
        return Findings(ran=False, failures=(f"the code printed more than {MOST_OUTPUT_BYTES} bytes",), checks=0)
    return findings


class _Printed:
    """Counts what a sandbox prints.

    Attributes:
        total: bytes until now.
        too_much: set once they are more than they may be.
    """

    def __init__(self) -> None:
        self.total = 0
        self.too_much = asyncio.Event()

    async def follow(self, output: asyncio.StreamReader) -> None:
        """Count until all that writes has ended."""
        while some := await output.read(MOST_OUTPUT_BYTES):
            self.total += len(some)
            if self.total > MOST_OUTPUT_BYTES:
                self.too_much.set()


async def _start(sandboxes: AsyncExitStack, cell: Cell, order: Order) -> tuple[_Printed, Running]:
    """Start both sandboxes; the ends of the pipes stay with them alone."""
    with ExitStack() as files:
        requests_from, requests_to = files.enter_context(open_pipe())
        replies_from, replies_to = files.enter_context(open_pipe())
        calls = files.enter_context(readable(cell.calls))
        limits = order.memory_mb * _MIB, math.ceil(order.seconds) + 1
        arguments = requests_from, replies_to, *limits
        candidate = await start_sandbox(
            lambda told: cell.command("candidate", calls=calls, told=told, arguments=arguments),
            (requests_from, replies_to, calls),
        )
        printed = _Printed()
        reader = asyncio.create_task(printed.follow(candidate.output))
        sandboxes.push_async_callback(candidate.end, reader=reader)
        tables = {name: files.enter_context(readable(data)) for name, data in cell.tables.items()}
        filter_again = files.enter_context(readable(cell.calls))  # a descriptor has one place, and it is at the end
        more = cell.library_mounts(tables) if order.properties else ()
        checker = await start_sandbox(
            lambda told: cell.command(
                "checker", calls=filter_again, told=told, arguments=(requests_to, replies_from), more=more
            ),
            (requests_to, replies_from, filter_again, *tables.values()),
            speaks=True,
        )
        sandboxes.push_async_callback(checker.end)
    return printed, checker


async def _follow(checker: Running, order: Order, printed: _Printed) -> Findings:
    """Hand the order over, and wait for the verdict as long as the code may run."""
    try:
        async with asyncio.timeout(_START_SECONDS):
            await _hand_over(checker, order)
            first = await _read_line(checker)
    except TimeoutError as error:
        raise StartError(f"nothing was ready within {_START_SECONDS:.0f} s") from error
    if first is None:
        raise StartError("the checker ended before it was ready")
    if "ready" not in first:
        return _findings_in(first)
    told, flooded = asyncio.create_task(_read_line(checker)), asyncio.create_task(printed.too_much.wait())
    try:
        done, _ = await asyncio.wait({told, flooded}, timeout=order.seconds, return_when=asyncio.FIRST_COMPLETED)
        if told in done:
            verdict = told.result()
            return Findings(ran=False, failures=(_ENDED,), checks=0) if verdict is None else _findings_in(verdict)
        return Findings(ran=False, failures=(f"the code ran longer than {order.seconds:g} s",), checks=0)
    finally:
        for task in (told, flooded):
            task.cancel()
        await asyncio.wait({told, flooded})


async def _hand_over(checker: Running, order: Order) -> None:
    message = {
        "code": order.code,
        "function": order.function,
        "examples": order.examples,
        "properties": order.properties,
    }
    try:
        await checker.write_line(json.dumps(message).encode())
    except OSError as error:
        raise StartError("the checker did not start") from error


async def _read_line(checker: Running) -> dict[str, Json] | None:
    """Read one line of the checker; None where it has ended without one."""
    line = await checker.output.readline()
    return json.loads(line) if line.endswith(b"\n") else None


def _findings_in(verdict: dict[str, Json]) -> Findings:
    if "fault" in verdict:
        raise EvidenceError(verdict["fault"], "mend `properties` in the expected value of the item")
    return Findings(verdict["ran"], tuple(verdict["failures"]), verdict["checks"])
