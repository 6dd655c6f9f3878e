"""The generated code as the checker sees it: calls go out, and what comes back are claims, parsed within bounds."""

from __future__ import annotations

import builtins
import json
from io import BufferedReader, BufferedWriter
from typing import cast

from pilotage.evaluation.sandbox.inside.wire import MOST_MESSAGE_BYTES, Json

GONE = "the code ended itself, or took more than it may"
MEDDLED = "the code meddled with the replies"
UNUSABLE = "gives no plain value, or too large a one"

_UNLOADABLE = ("does not define the function", "does not load")


class GoneError(Exception):
    """The candidate can be asked no more; says why."""


class Candidate:
    """The far end of two pipes.

    Attributes:
        calls: how often the function was called.
    """

    def __init__(self, requests: BufferedWriter, replies: BufferedReader) -> None:
        """Ask through the one and listen to the other."""
        self._requests = requests
        self._replies = replies
        self.calls = 0

    def load(self, code: str, function: str) -> None:
        """Have the code loaded.

        Raises:
            GoneError: it cannot be.
        """
        self._send({"code": code, "function": function})
        reply = self.receive()
        if "loaded" not in reply:
            raise GoneError(f"the code {_reason_in(reply)}")

    def call(self, args: list[Json], kwargs: dict[str, Json]) -> dict[str, Json]:
        """Have the function called.

        Raises:
            GoneError: it did not reply in the agreed form.
        """
        self.calls += 1
        self._send({"args": args, "kwargs": kwargs})
        return self.receive()

    def receive(self) -> dict[str, Json]:
        """Read one reply.

        Raises:
            GoneError: there is none, or it is too long or malformed.
        """
        line = self._replies.readline(MOST_MESSAGE_BYTES + 1)
        if not line.endswith(b"\n"):
            raise GoneError(MEDDLED if line else GONE)
        try:
            reply = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise GoneError(MEDDLED) from error
        if not isinstance(reply, dict):
            raise GoneError(MEDDLED)
        return cast("dict[str, Json]", reply)

    def _send(self, message: Json) -> None:
        try:
            self._requests.write(json.dumps(message).encode() + b"\n")
            self._requests.flush()
        except OSError as error:
            raise GoneError(GONE) from error


def _reason_in(reply: dict[str, Json]) -> str:
    """Give why code was not loaded, in words that are ours whoever wrote the reply."""
    said = str(reply.get("unloadable"))
    reason = next((reason for reason in _UNLOADABLE if said.startswith(reason)), _UNLOADABLE[-1])
    kind = said.removeprefix(reason).strip(" ()")
    return f"{reason} ({kind})" if isinstance(getattr(builtins, kind, None), type) else reason


def raised_in(reply: dict[str, Json]) -> list[str]:
    """Give the names of the exception that a reply tells of, from the most special to the most general."""
    names = reply["raises"]
    return [name for name in cast("list[Json]", names) if isinstance(name, str)] if isinstance(names, list) else []


def builtin_error(names: list[str]) -> type[Exception]:
    """Give the first of some names that is a built-in exception; only those come into being on this side.

    Groups of exceptions are left out, since they cannot be made empty.
    """
    for name in names:
        kind = getattr(builtins, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, BaseExceptionGroup):
            return kind
    return Exception
