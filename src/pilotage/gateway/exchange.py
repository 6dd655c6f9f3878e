"""One admitted call on its way: asks the upstream, passes its bytes on, and keeps what is to be settled.

Nothing is asked twice once a byte of the reply has passed. Before that, a connection that was refused or an upstream
that says it is busy is asked at most twice more, within the model's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from typing import Final

from pilotage.core.errors import Refusal, UpstreamError
from pilotage.gateway.asgi import Headers, Send, Watch, error_body, send_refusal, send_reply
from pilotage.gateway.rules import refuse
from pilotage.gateway.standing import RoutePlan
from pilotage.models.dialects.openai import (
    PATHS,
    Request,
    StreamReader,
    TokenUsage,
    read_usage,
    write_request,
)
from pilotage.models.endpoint import Endpoint
from pilotage.models.upstream import Reply, Upstream

CALLER_LEFT: Final = 499
GATEWAY_FAILED: Final = 500
UPSTREAM_FAILED: Final = 502
UPSTREAM_LATE: Final = 504
logger = logging.getLogger(__name__)

OK: Final = 200
REDIRECTED: Final = 300
BAD_REQUEST: Final = 400

MOST_TRIES = 3
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
LAST_WORD_SECONDS = 1.0
ASKED_AGAIN: Final = frozenset({429, 502, 503})
CALLERS_FAULT: Final = frozenset({400, 413, 422})
"""Statuses whose body tells the caller what to mend, so it passes as it is."""
OPERATORS_FAULT: Final = frozenset({401, 403, 404, 405})
BUSY: Final = frozenset({408, 429})


class Exchange:
    """A call between its reservation and its settlement.

    Attributes:
        status: what the caller got, or 499 when the caller left.
        usage: what the provider counted; None as long as it has not said.
        billable: whether the provider may charge for the call.
        first_byte: when the first byte was passed on, by `time.perf_counter`; None before.
    """

    def __init__(self, upstream: Upstream, route: RoutePlan, request: Request, headers: Headers) -> None:
        """Prepare; `headers` go with every reply."""
        self.status = GATEWAY_FAILED
        self.usage: TokenUsage | None = None
        self.billable = False
        self.first_byte: float | None = None
        self._upstream = upstream
        self._route = route
        self._request = request
        self._headers = headers
        self._begun = False

    async def run(self, endpoint: Endpoint, send: Send, watch: Watch) -> None:
        """Make the call and answer the caller, whatever happens."""
        try:
            await self._pass_on(endpoint, send)
        except UpstreamError as error:
            self.billable = not error.retryable
            late = error.status == UPSTREAM_LATE
            unreachable = "upstream_unreachable" if error.retryable else "upstream_failed"
            rule = "upstream_timeout" if late else unreachable
            await self._fail(send, refuse(rule, f"model {self._route.model}: {error.message}"))
        except asyncio.CancelledError:
            if not watch.absorb():
                self.status = CALLER_LEFT  # the server is stopping, and all callers with it
                raise
            if watch.ended == "left":
                self.status = CALLER_LEFT
                return
            await self._fail(send, refuse("upstream_timeout"))
        except Exception as error:  # noqa: BLE001 - the caller gets an answer whatever happened
            # A traceback may show what was asked, so the log gets the type alone.
            logger.error("model %s: a call failed: %s", self._route.model, type(error).__name__)  # noqa: TRY400 - as above
            await self._fail(send, refuse("gateway_failed"))

    async def _pass_on(self, endpoint: Endpoint, send: Send) -> None:
        route = self._route
        body = write_request(
            self._request,
            surface=route.task,
            upstream_model=route.upstream_model,
            system_message=route.system_message,
            parameters=route.parameters,
        )
        self.billable = True
        reply = await self._fetch(endpoint, PATHS[route.task], body)
        try:
            content_type = reply.header("content-type") or "application/json"
            if not OK <= reply.status < REDIRECTED:
                self.billable = False
                await self._pass_error(reply, content_type, send)
            elif self._request.streamed and content_type.startswith("text/event-stream"):
                await self._pass_stream(reply, content_type, send)
            else:
                await self._pass_whole(reply, content_type, send)
        finally:
            await reply.close()

    async def _fetch(self, endpoint: Endpoint, path: str, body: bytes) -> Reply:
        until = time.monotonic() + self._route.timeout_seconds
        tries = 0
        while True:
            tries += 1
            remaining = until - time.monotonic()
            pause = min(FIRST_PAUSE_SECONDS * 4**tries, LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1)  # noqa: S311 - spreads retries, keeps no secret
            try:
                reply = await self._upstream.fetch_reply(endpoint, path, body, seconds=remaining)
            except UpstreamError as error:
                if not error.retryable or tries == MOST_TRIES or pause >= until - time.monotonic():
                    raise
            else:
                wanted = _retry_after(reply)
                pause = pause if wanted is None else float(wanted)
                patient = pause <= LONGEST_PAUSE_SECONDS and pause < until - time.monotonic()
                if reply.status not in ASKED_AGAIN or tries == MOST_TRIES or not patient:
                    return reply
                await reply.close()
            await asyncio.sleep(pause)

    async def _pass_whole(self, reply: Reply, content_type: str, send: Send) -> None:
        body = await reply.read_body()
        self.usage = read_usage(body, self._route.task)
        self.status = reply.status
        self.first_byte = time.perf_counter()
        self._begun = True
        await send_reply(send, reply.status, [*self._headers, _content_type(content_type)], body)

    async def _pass_stream(self, reply: Reply, content_type: str, send: Send) -> None:
        reader = StreamReader(withhold_usage=not self._request.wants_usage)
        headers = [*self._headers, _content_type(content_type), (b"cache-control", b"no-cache")]
        try:
            while (chunk := await reply.read_chunk()) is not None:
                events = reader.feed(chunk)
                if events:
                    await self._send_part(send, reply.status, headers, events)
            await self._send_part(send, reply.status, headers, reader.finish())
        except ValueError as error:
            raise UpstreamError("the upstream's stream cannot be read") from error
        finally:
            self.usage = reader.usage
        self.status = reply.status
        await send({"type": "http.response.body", "body": b""})

    async def _send_part(self, send: Send, status: int, headers: Headers, part: bytes) -> None:
        if not self._begun:
            self._begun = True
            self.first_byte = time.perf_counter()
            await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": part, "more_body": True})

    async def _pass_error(self, reply: Reply, content_type: str, send: Send) -> None:
        status, model = reply.status, self._route.model
        if status in CALLERS_FAULT:
            body = await reply.read_body()
            self.status = status
            self._begun = True
            await send_reply(send, status, [*self._headers, _content_type(content_type)], body)
            return
        # The provider's own words stay behind: they may hold its key or address.
        reason = f"model {model}: the provider answered {status}"
        if status in BUSY:
            refusal = refuse("upstream_busy", reason, retry_after=_retry_after(reply))
        elif status in OPERATORS_FAULT or REDIRECTED <= status < BAD_REQUEST:
            refusal = refuse("upstream_misconfigured", reason)
        else:
            refusal = refuse("upstream_failed", reason)
        await self._fail(send, refusal)

    async def _fail(self, send: Send, refusal: Refusal) -> None:
        """Tell the caller what went wrong: as a reply, or as the stream's last event where it has begun."""
        self.status = refusal.status
        if not self._begun:
            await send_refusal(send, refusal, self._headers)
            return
        event = b"data: " + error_body(refusal) + b"\n\n"
        # A caller that has stopped reading cannot be told; its connection is dropped.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD_SECONDS):
                await send({"type": "http.response.body", "body": event})


def _content_type(value: str) -> tuple[bytes, bytes]:
    return b"content-type", value.encode("latin-1", "replace")


def _retry_after(reply: Reply) -> int | None:
    """Give the seconds after which the upstream wants to be asked again, where it says so in whole seconds."""
    value = reply.header("retry-after")
    return int(value) if value is not None and value.isascii() and value.isdecimal() and len(value) < 6 else None  # noqa: PLR2004 - longer than a day is no wait
