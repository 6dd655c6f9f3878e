"""The few pieces of ASGI that the hot path needs: headers, bodies, replies, and a watch on the caller's connection."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Literal

import msgspec

from pilotage.core.errors import Refusal
from pilotage.gateway.rules import BY_NAME, refuse

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: tuple[bytes, bytes] = (b"content-type", b"application/json")
BODY_LIMIT = 10 * 1024 * 1024
DRAIN_LIMIT = 4 * BODY_LIMIT
"""How much of too large a body is read and thrown away: a caller that is still sending would never see the answer."""
HEADERS_LIMIT = 64 * 1024
BODY_SECONDS = 30


class CallerLeftError(Exception):
    """The caller closed the connection before sending all of its request."""


def header_of(scope: Scope, name: bytes) -> str | None:
    """Give a request header, the first where it came twice; None where it did not come."""
    for found, value in scope["headers"]:
        if found == name:
            return value.decode("latin-1")
    return None


def check_headers(scope: Scope) -> None:
    """Refuse a request whose headers are larger than any earnest one.

    Raises:
        Refusal: they are too large.
    """
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADERS_LIMIT:
        raise refuse("headers_too_large", f"the headers are larger than {HEADERS_LIMIT // 1024} KiB")


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """Read a request's body, within bounds of size and time.

    Raises:
        Refusal: the body is too large or too slow.
        CallerLeftError: the caller left.
    """
    declared = header_of(scope, b"content-length")
    if declared is not None and declared.isdecimal() and int(declared[:20]) > DRAIN_LIMIT:
        raise _too_large()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read_parts(receive)
    except TimeoutError:
        raise refuse("slow_request", f"the body did not arrive within {BODY_SECONDS} seconds") from None


async def _read_parts(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerLeftError
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > BODY_LIMIT:
            parts.clear()
        else:
            parts.append(part)
        more = message.get("more_body", False) and size <= DRAIN_LIMIT
    if size > BODY_LIMIT:
        raise _too_large()
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large() -> Refusal:
    return refuse("body_too_large", f"the body is larger than {BODY_LIMIT // (1024 * 1024)} MiB")


async def send_reply(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """Send a whole reply."""
    headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_refusal(send: Send, refusal: Refusal, headers: Headers, *, param: str | None = None) -> None:
    """Send a refusal in the error shape of the OpenAI protocol."""
    extra: Headers = [JSON]
    if refusal.retry_after is not None:
        extra.append((b"retry-after", str(refusal.retry_after).encode()))
    elif refusal.rule not in RETRYABLE:
        # The official client would otherwise ask again at every 429 and 503.
        extra.append((b"x-should-retry", b"false"))
    await send_reply(send, refusal.status, [*headers, *extra], error_body(refusal, param=param))


RETRYABLE = frozenset(
    {"metering_unavailable", "upstream_unreachable", "upstream_failed", "upstream_busy", "catalog_not_loaded"}
)
"""Rules whose refusal the same call may escape a moment later."""


def error_body(refusal: Refusal, *, param: str | None = None) -> bytes:
    """Give a refusal as JSON; `rule`, `reason`, `remedy` and `owner` stand beside the protocol's own fields."""
    return msgspec.json.encode(
        {
            "error": {
                "message": str(refusal),
                "type": BY_NAME[refusal.rule].type,
                "param": param,
                "code": refusal.rule,
                "rule": refusal.rule,
                "reason": refusal.message,
                "remedy": refusal.remedy,
                "owner": refusal.owner,
            }
        }
    )


class Watch:
    """Cancels the task that serves a call when its caller leaves or its time is up.

    Attributes:
        ended: what happened first; None as long as nothing did.
    """

    def __init__(self, receive: Receive, seconds: float) -> None:
        """Begin to watch; the request's body must have been read."""
        self.ended: Literal["left", "late"] | None = None
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a watch needs a task to watch over")
        self._task = task
        self._timer = loop.call_later(seconds, self._end, "late")
        self._gone = asyncio.ensure_future(receive())
        self._gone.add_done_callback(self._left)

    def stop(self) -> None:
        """Stop watching; nothing is cancelled from here on."""
        self._timer.cancel()
        self._gone.remove_done_callback(self._left)
        self._gone.cancel()

    def absorb(self) -> bool:
        """Take back the watch's own cancellation; tells whether it was the watch that cancelled."""
        if self.ended is None:
            return False
        self._task.uncancel()
        return True

    def _left(self, gone: asyncio.Future[Message]) -> None:
        if not gone.cancelled() and gone.exception() is None:
            self._end("left")

    def _end(self, how: Literal["left", "late"]) -> None:
        if self.ended is None:
            self.ended = how
            self._task.cancel()
