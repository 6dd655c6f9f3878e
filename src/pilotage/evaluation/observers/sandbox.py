"""Runs the code in an answer behind walls, as many answers at a time as there are processors."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable

from pilotage.core.canonical import Json
from pilotage.core.errors import EvidenceError
from pilotage.evaluation.json_shape import is_object
from pilotage.evaluation.sandbox.cell import Cell
from pilotage.evaluation.sandbox.extract import MOST_CODE_BYTES, extract_code
from pilotage.evaluation.sandbox.opening import open_sandbox
from pilotage.evaluation.sandbox.run import Order, StartError, run_order
from pilotage.evaluation.scorers.observation import SandboxReport
from pilotage.evaluation.targets.target import Answer, CallError, Trouble
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import CodeScorer


class SandboxObserver:
    """Observes how the code in answers fares."""

    def __init__(self, scorer: CodeScorer, cell: Cell) -> None:
        """Keep the limits, and the sandbox that `open_sandbox` has tried."""
        self._scorer = scorer
        self._cell = cell
        self._free = asyncio.Semaphore(os.cpu_count() or 1)

    async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> SandboxReport:  # noqa: ARG002 - it costs nothing
        """Run the code against the examples and properties of its item.

        Raises:
            CallError: the machine did not start the sandbox; asking again may help.
            EvidenceError: the properties of the item are wrong, whatever the code does.
        """
        if not isinstance(answer.value, str):
            return SandboxReport(ran=False, failures=("the answer is no text",))
        expected: dict[str, Json] = item.expected
        code = extract_code(answer.value, expected["function"])
        if len(code.encode(errors="surrogatepass")) > MOST_CODE_BYTES:
            return SandboxReport(ran=False, failures=(f"the code is larger than {MOST_CODE_BYTES} bytes",))
        order = Order(
            code=code,
            function=expected["function"],
            examples=expected.get("examples", []),
            properties=expected.get("properties", ""),
            seconds=self._scorer.seconds,
            memory_mb=self._scorer.memory_mb,
        )
        async with self._free:
            try:
                findings = await run_order(self._cell, order)
            except StartError as error:
                raise CallError(Trouble.FAULT, f"the sandbox did not start: {error}") from error
            except EvidenceError as error:
                raise EvidenceError(f"item {item.id!r}: {error.message}", error.remedy) from error
        return SandboxReport(findings.ran, findings.failures, findings.checks)


def open_sandbox_observer(scorer: CodeScorer, items: Iterable[Item]) -> SandboxObserver:
    """Give an observer whose sandbox was tried, before anything is asked.

    Args:
        scorer: its limits.
        items: what will be asked; Hypothesis is needed where one of them gives properties.

    Raises:
        EvidenceError: the sandbox is missing here, not permitted, or does not hold; says how to mend it.
    """
    properties = any(is_object(item.expected) and "properties" in item.expected for item in items)
    return SandboxObserver(scorer, open_sandbox(properties=properties))
