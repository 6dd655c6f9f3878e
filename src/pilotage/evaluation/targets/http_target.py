"""Targets over HTTP: a route of the gateway, or the use case's own application."""

from __future__ import annotations

import asyncio
import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    ConnectError,
    ConnectTimeoutError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.response import Response

from pilotage.core.canonical import Json, canonical_json
from pilotage.core.errors import EvidenceError, UsageError
from pilotage.evaluation.json_shape import is_list, is_object
from pilotage.evaluation.outcome import AnswerValue
from pilotage.evaluation.targets.target import Answer, CallError, Trouble
from pilotage.models.upstream import is_loopback
from pilotage.registry.items import Item

RUN_HEADER = "x-pilotage-run"
LARGEST_REPLY = 4 * 1024 * 1024
LONGEST_ANSWER = 1_000_000
LONGEST_WAIT = 3_600.0
_CONNECT = timedelta(seconds=10)
_BARRED = frozenset({401, 403, 404, 405, 407})
_AWAY = frozenset({502, 503, 504})
_THROTTLED = 429
_REDIRECT, _CLIENT, _SERVER = 300, 400, 500
_SHOWN = 300
_CALL = re.compile("[0-9A-Z]{26}")
_CONNECTING = "client error (Connect)"


class RouteTarget:
    """Asks a route of the gateway, as an application with an assessment key does."""

    def __init__(self, base_url: str, *, route: str, key: str, candidate: bool = True) -> None:
        """Name the route.

        Args:
            base_url: the gateway's address up to and with `/v1`.
            route: the route's name.
            key: the text of a key with audience assessment.
            candidate: ask the newest Release, not the promoted one.
        """
        self._model = f"{route}@candidate" if candidate else route
        self._key = key
        self._caller = Caller(base_url.rstrip("/") + "/chat/completions")

    @property
    def name(self) -> str:
        """The route with its mark."""
        return f"route {self._model}"

    async def fetch_answer(self, item: Item, *, run: str, repeat: int) -> Answer:
        """Send the input as the user's message (what is no text as JSON) and read the first choice's content."""
        del repeat
        text = item.input if isinstance(item.input, str) else canonical_json(item.input).decode()
        body = {"model": self._model, "messages": [{"role": "user", "content": text}]}
        headers = {"authorization": f"Bearer {self._key}", RUN_HEADER: run}
        reply = await self._caller.fetch_reply(body, headers)
        try:
            content = reply.value["choices"][0]["message"]["content"]
        except (LookupError, TypeError):
            raise CallError(Trouble.UNUSABLE, "no choices[0].message.content") from None
        return Answer(check_answer("" if content is None else content), reply.seconds, reply.call)

    async def __aenter__(self) -> Self:
        """Use as a context."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._caller.close()


class EndpointTarget:
    """Asks the use case's own application: POST {"input": …}, read {"output": …}.

    The run's id travels in the header `x-pilotage-run`; an application that passes it on to the gateway lets the run's
    cost be known.
    """

    def __init__(self, url: str, *, headers: Mapping[str, str] | None = None) -> None:
        """Name the address, and headers such as a key that the application asks for."""
        self._url = url
        self._headers = dict(headers or {})
        self._caller = Caller(url)

    @property
    def name(self) -> str:
        """The address, which holds no credentials."""
        return f"endpoint {self._url}"

    async def fetch_answer(self, item: Item, *, run: str, repeat: int) -> Answer:
        """Send the input and read the output: text, a list or an object; a bare number or truth value as text."""
        del repeat
        reply = await self._caller.fetch_reply({"input": item.input}, self._headers | {RUN_HEADER: run})
        if not is_object(reply.value) or "output" not in reply.value:
            raise CallError(Trouble.UNUSABLE, 'no "output" in the reply')
        output: Json = reply.value["output"]
        if output is None:
            output = ""
        if isinstance(output, (bool, int, float)):
            output = msgspec.json.encode(output).decode()
        return Answer(check_answer(output), reply.seconds)

    async def __aenter__(self) -> Self:
        """Use as a context."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._caller.close()


def check_answer(value: Json) -> AnswerValue:
    """Give an answer that can be scored and kept.

    Raises:
        CallError: it is no text, list or object, is too long, or holds what JSON cannot carry exactly.
    """
    if isinstance(value, str):
        size = len(value)
    elif is_list(value) or is_object(value):
        try:
            size = len(canonical_json(value))
        except (EvidenceError, RecursionError):
            raise CallError(Trouble.UNUSABLE, "holds what JSON cannot carry exactly") from None
    else:
        raise CallError(Trouble.UNUSABLE, "the answer is no text, list or object")
    if size > LONGEST_ANSWER:
        raise CallError(Trouble.UNUSABLE, f"the answer is longer than {LONGEST_ANSWER} characters")
    return value


class Reply(NamedTuple):
    """What an address replied.

    Attributes:
        value: a JSON value.
        seconds: how long it took.
        call: id of the gateway's call; None where the reply names none.
    """

    value: Any
    seconds: float
    call: str | None


class Caller:
    """Posts JSON to one address and reads a bounded reply; follows no redirect, so no key goes astray."""

    def __init__(self, url: str) -> None:
        self._url = url
        builder = (
            ClientBuilder()
            .user_agent("pilotage")
            .follow_redirects(enable=False)
            .default_cookie_store(enable=False)
            .connect_timeout(_CONNECT)
        )
        self._client: Client = (builder.no_proxy() if is_loopback(url) else builder).build()

    async def fetch_reply(self, body: Json, headers: Mapping[str, str]) -> Reply:
        """Post and give the reply.

        Raises:
            CallError: no usable reply came.
            UsageError: the address or a header cannot be put into a request.
        """
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            request = (
                self._client.post(self._url)
                .headers({"content-type": "application/json", "accept": "application/json", **headers})
                .body_bytes(msgspec.json.encode(body))
                .streamed_read_buffer_limit(0)
                .build_streamed()
            )
        except (BuilderError, ValueError):
            # The cause could show the key, so it stays behind.
            raise UsageError("the target's address or key cannot be put into a request", "mend it") from None
        try:
            async with request as response:
                data = await _read_bounded(response)
                status, retry_after = response.status, _header(response, "retry-after")
                call = _header(response, "x-request-id")
        except PyreqwestError as error:
            raise _translate_error(error) from error
        _refuse_status(status, data, retry_after)
        named = call is not None and _CALL.fullmatch(call) is not None
        return Reply(_parse(data), clock() - began, call if named else None)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


async def _read_bounded(response: Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    while (chunk := await response.body_reader.read_chunk()) is not None:
        size += len(chunk)
        if size > LARGEST_REPLY:
            raise CallError(Trouble.UNUSABLE, f"larger than {LARGEST_REPLY} bytes", status=response.status)
        parts.append(bytes(chunk))
    return b"".join(parts)


def _header(response: Response, name: str) -> str | None:
    """Give the first header of that name; None where its bytes are no text."""
    try:
        return response.get_header(name)
    except ValueError:
        return None


def _parse(data: bytes) -> Json:
    try:
        return msgspec.json.decode(data)
    except RecursionError:
        raise CallError(Trouble.UNUSABLE, "nested too deeply") from None
    except UnicodeDecodeError:
        raise CallError(Trouble.UNUSABLE, "not UTF-8") from None
    except ValueError:
        raise CallError(Trouble.UNUSABLE, "not JSON") from None


def _refuse_status(status: int, data: bytes, retry_after: str | None) -> None:
    if status < _REDIRECT:
        return
    said = _message_in(data)
    detail = f"HTTP {status}: {said}" if said else f"HTTP {status}"
    if status == _THROTTLED:
        wait = read_retry_after(retry_after, datetime.now(UTC))
        raise CallError(Trouble.THROTTLED, detail, status=status, retry_after=wait)
    if status in _AWAY:
        wait = read_retry_after(retry_after, datetime.now(UTC))
        raise CallError(Trouble.UNAVAILABLE, detail, status=status, retry_after=wait)
    if status in _BARRED or status < _CLIENT:
        raise CallError(Trouble.BARRED, detail, status=status)
    raise CallError(Trouble.FAULT if status >= _SERVER else Trouble.DECLINED, detail, status=status)


def read_retry_after(text: str | None, now: datetime) -> float:
    """Read a Retry-After header (RFC 9110, 10.2.3), in seconds or as a date: seconds, 0 where it says nothing."""
    if text is None:
        return 0.0
    if text.strip().isascii() and text.strip().isdigit():
        return min(float(text.strip()[:9]), LONGEST_WAIT)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT)


def _message_in(data: bytes) -> str:
    """Give what an error reply says to people, short and printable, where it speaks OpenAI's error shape."""
    try:
        reply: Any = msgspec.json.decode(data)
        said = reply["error"]["message"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    if not isinstance(said, str):
        return ""
    return "".join(mark for mark in said[:_SHOWN] if mark.isprintable())


def _translate_error(error: PyreqwestError) -> CallError:
    if isinstance(error, ConnectTimeoutError) or (isinstance(error, ConnectError) and _never_arrived(error)):
        return CallError(Trouble.UNAVAILABLE, "nobody listens")
    return CallError(Trouble.TOO_SLOW if isinstance(error, RequestTimeoutError) else Trouble.BROKEN_OFF)


def _never_arrived(error: ConnectError) -> bool:
    """Tell a refused connection from one that broke after the request was sent; the client calls both ConnectError."""
    causes = error.details["causes"] or []
    return any(cause["message"] == _CONNECTING for cause in causes)
