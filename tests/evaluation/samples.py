"""What the tests of evaluation share: items, plans, documents, and a loop whose time passes at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from pilotage.core.canonical import digest_of_bytes
from pilotage.evaluation.measure import Question, Subject
from pilotage.evaluation.plan import Plan, plan_run
from pilotage.registry.catalog import Catalog
from pilotage.registry.items import Item
from pilotage.registry.kinds.claim import AnyClaim, Claim
from pilotage.registry.kinds.dataset import Dataset
from pilotage.registry.kinds.evaluation import Evaluation
from pilotage.registry.kinds.scorer import ExactScorer

T = TypeVar("T")

EXACT = ExactScorer(type="exact")
CLAIM = Claim(text="nine of ten are right", p0=0.8, p1=0.95, cap=120)
CATALOG = Catalog.model_validate(
    {
        "commit": None,
        "dirty": False,
        "organisation": {"kind": "Organisation", "version": 1, "name": "harbour"},
        "models": {
            "small": {"kind": "Model", "version": 1, "name": "small", "base_url": "http://m/v1", "upstream_model": "s"}
        },
        "routes": {
            name: {"kind": "Route", "version": 1, "name": name, "use_case": "claims-inbox", "model": "small"}
            for name in ("claims", "rival", "judge")
        },
        "judges": {
            "strict": {"kind": "Judge", "version": 1, "name": "strict", "route": "judge", "question": "Is it right?"}
        },
    }
)
RUN = "01JB00000000000000000000AB"


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer, so that a night of latency takes no time and no luck."""

    def __init__(self) -> None:
        """Start at zero."""
        super().__init__()
        self._moment = 0.0
        self._own: Any = self  # what follows is not in the public types

    def time(self) -> float:
        """Give virtual seconds."""
        return self._moment

    def _run_once(self) -> None:
        if not self._own._ready:
            due = [timer._when for timer in self._own._scheduled if not timer._cancelled]
            self._moment = max(self._moment, min(due, default=self._moment))
        cast("Any", super())._run_once()


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time; only for what waits by asyncio alone, without threads or sockets."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def items(count: int, expected: str = "yes") -> tuple[Item, ...]:
    """Give items i0, i1, … that expect the same."""
    return tuple(Item(f"i{number}", f"question {number}", expected) for number in range(count))


def evaluation(*, claim: AnyClaim = CLAIM, **more: Any) -> Evaluation:  # noqa: ANN401 - fields of Evaluation
    """Declare an evaluation of route `claims` on the data set `messages`."""
    return Evaluation.model_validate(
        {
            "kind": "Evaluation",
            "version": 1,
            "name": "routing",
            "use_case": "claims-inbox",
            "dataset": "messages",
            "target": {"route": "claims"},
            "scorer": {"type": "exact"},
            "claim": claim.model_dump(),
        }
        | more
    )


def plan(count: int, *, claim: AnyClaim = CLAIM, seed: int = 7, attempt: int = 1, run: str = RUN, **more: Any) -> Plan:  # noqa: ANN401 - fields of Evaluation
    """Plan a run over that many items."""
    return plan_run(items(count), evaluation(claim=claim, seed=seed, **more), attempt=attempt, run=run, seed=seed)


def ids(of: Plan) -> list[str]:
    """Give the ids of a plan's items in schedule order."""
    return [of.item(slot).id for slot in range(of.size)]


def lines(count: int, expected: str = "yes") -> bytes:
    """Give the same items as a file."""
    rows = ({"id": item.id, "input": item.input, "expected": item.expected} for item in items(count, expected))
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def question(data: bytes, *, name: str = "routing", claim: AnyClaim = CLAIM, **more: Any) -> Question:  # noqa: ANN401 - fields of Evaluation
    """Put a question to route `claims` about a sealed data set."""
    asked = evaluation(claim=claim, name=name, **more)
    dataset = Dataset(
        kind="Dataset", version=1, name="messages", path="m.jsonl", digest=digest_of_bytes(data), sealed=True
    )
    return Question(asked, dataset, data)


def release(number: int) -> Subject:
    """Give the n-th Release of the use case."""
    root = digest_of_bytes(f"release {number}".encode())
    return Subject("claims-inbox", root, {"model": digest_of_bytes(b"model"), "prompt": root})
