"""What an evaluation asks: a target gives one answer to one item, or says in which of few ways it could not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pilotage.core.errors import UpstreamError
from pilotage.evaluation.outcome import AnswerValue
from pilotage.registry.items import Item


class Trouble(StrEnum):
    """Why a call gave no answer; the value is the reason that is recorded."""

    UNAVAILABLE = "the target could not be reached"
    """Nobody listens, or what stands in between says so (502, 503, 504): retried; says nothing of the item."""
    THROTTLED = "the target asked to slow down"
    """429: waited for, and never taken for an answer."""
    BROKEN_OFF = "the connection broke"
    """The call arrived, and no whole reply came back: retried."""
    FAULT = "the target reported a fault of its own"
    """Any other 5xx: retried."""
    TOO_SLOW = "the target did not answer in time"
    """Retried, since a queue may have been the cause."""
    DECLINED = "the target declined the request"
    """Any other 4xx: final for this item."""
    UNUSABLE = "the reply is not in the agreed form"
    """Not JSON, too large, or without an answer: final for this item."""
    BARRED = "the target lets nobody in"
    """401, 403, 404, 405, or a redirect: the same for every item, so the run stops."""


RETRIED = frozenset({Trouble.UNAVAILABLE, Trouble.BROKEN_OFF, Trouble.FAULT, Trouble.TOO_SLOW})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target answered.

    Attributes:
        value: the answer.
        seconds: how long it took.
        call: id of the gateway's call that gave it, by which its cost can be looked up; None where no gateway said.
    """

    value: AnswerValue
    seconds: float
    call: str | None = None


class CallError(UpstreamError):
    """A call to a target gave no answer.

    Attributes:
        trouble: in which way.
        retry_after: seconds that the target asked to wait.
    """

    def __init__(
        self, trouble: Trouble, detail: str = "", remedy: str = "", *, status: int | None = None, retry_after: float = 0
    ) -> None:
        """Keep the trouble; the detail is for the operator and is never recorded."""
        message = f"{trouble.value} ({detail})" if detail else trouble.value
        super().__init__(message, remedy, status=status, retryable=trouble in RETRIED)
        self.trouble = trouble
        self.retry_after = retry_after


class Target(Protocol):
    """What can be asked."""

    @property
    def name(self) -> str:
        """What it is, for the record's environment: `route claims-routing@candidate`."""
        ...

    async def fetch_answer(self, item: Item, *, run: str, repeat: int) -> Answer:
        """Ask one item once; no retries.

        Args:
            item: what is asked.
            run: id of the run, so that what the call costs can be told.
            repeat: how often this item was asked before.

        Raises:
            CallError: no answer came.
        """
        ...
