"""A fake upstream: speaks the OpenAI dialect over ASGI, answers from a script, remembers what it was asked.

For tests, demonstrations and measurements where a real model would only add noise. It errs on demand: late,
with an error status, without usage, or cut off in mid-stream.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

DIMENSIONS = 8


class CutConnectionError(Exception):
    """Raised inside the fake to make its server drop the connection."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one call is answered.

    Attributes:
        content: the answer; None echoes the last message's text.
        status: other than 200, the reply is an error of that status.
        seconds: waits before the reply begins.
        seconds_between: waits before each piece of a stream.
        cut_after: drops the connection after so many pieces of a stream; after 0 for whole replies, too.
        usage: whether usage is told.
        headers: of the reply, beside the content type.
    """

    content: str | None = None
    status: int = 200
    seconds: float = 0
    seconds_between: float = 0
    cut_after: int | None = None
    usage: bool = True
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SeenRequest:
    """What the fake was asked: the path, the headers (lower-case names) and the decoded body."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class FakeUpstream:
    """An ASGI application that answers `/v1/chat/completions` and `/v1/embeddings`.

    Attributes:
        behaviour: how calls are answered when the script has run out.
        script: how the next calls are answered, in order.
        seen: every request that came, in order.
        open_streams: streams under way.
        left: calls whose caller went away before the end.
    """

    behaviour: Behaviour = Behaviour()
    script: deque[Behaviour] = field(default_factory=deque[Behaviour])
    seen: list[SeenRequest] = field(default_factory=list[SeenRequest])
    open_streams: int = 0
    left: int = 0

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = json.loads(await _read_body(receive))
        self.seen.append(SeenRequest(scope["path"], headers, body))
        behaviour = self.script.popleft() if self.script else self.behaviour
        await asyncio.sleep(behaviour.seconds)
        if behaviour.cut_after == 0:
            await send(_start(behaviour, b"text/event-stream" if body.get("stream") else b"application/json"))
            raise CutConnectionError
        if behaviour.status != 200:  # noqa: PLR2004 - the one status that is no error here
            await _send_json(send, behaviour, _error(behaviour.status))
        elif scope["path"].endswith("/embeddings"):
            await _send_json(send, behaviour, _embeddings(body, behaviour))
        elif body.get("stream"):
            await self._send_stream(body, behaviour, receive, send)
        else:
            await _send_json(send, behaviour, _completion(body, behaviour))

    async def _send_stream(self, body: dict[str, Any], behaviour: Behaviour, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(receive())
        self.open_streams += 1
        try:
            await send(_start(behaviour, b"text/event-stream"))
            for number, event in enumerate(_events(body, behaviour)):
                if behaviour.cut_after == number:
                    raise CutConnectionError
                await asyncio.sleep(behaviour.seconds_between)
                if gone.done():
                    self.left += 1
                    return
                await send({"type": "http.response.body", "body": event, "more_body": True})
            await send({"type": "http.response.body", "body": b"data: [DONE]\n\n", "more_body": False})
        finally:
            self.open_streams -= 1
            gone.cancel()


def count_tokens(text: str) -> int:
    """Count as this fake counts: a token is a word."""
    return len(text.split())


def embed(text: str) -> list[float]:
    """Give a vector that depends on the text alone."""
    digest = hashlib.sha256(text.encode()).digest()
    return [byte / 256 for byte in digest[:DIMENSIONS]]


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _start(behaviour: Behaviour, content_type: bytes) -> Message:
    extra = [(name.lower().encode(), value.encode()) for name, value in behaviour.headers]
    headers = [(b"content-type", content_type), *extra]
    return {"type": "http.response.start", "status": behaviour.status, "headers": headers}


async def _send_json(send: Send, behaviour: Behaviour, value: object) -> None:
    await send(_start(behaviour, b"application/json"))
    await send({"type": "http.response.body", "body": json.dumps(value).encode()})


def _error(status: int) -> dict[str, Any]:
    message = f"the fake upstream was told to answer {status}"
    return {"error": {"message": message, "type": "fake_error", "code": f"fake_{status}", "param": None}}


def _answer(body: dict[str, Any], behaviour: Behaviour) -> str:
    return str(body["messages"][-1].get("content")) if behaviour.content is None else behaviour.content


def _usage(body: dict[str, Any], answer: str) -> dict[str, int]:
    tokens_in = sum(count_tokens(str(message.get("content"))) for message in body["messages"])
    tokens_out = count_tokens(answer)
    return {
        "prompt_tokens": tokens_in,
        "completion_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
    }


def _completion(body: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    answer = _answer(body, behaviour)
    message = {"role": "assistant", "content": answer}
    reply: dict[str, Any] = {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
    }
    return reply | ({"usage": _usage(body, answer)} if behaviour.usage else {})


def _events(body: dict[str, Any], behaviour: Behaviour) -> Iterator[bytes]:
    answer = _answer(body, behaviour)
    asked = bool(body.get("stream_options") and body["stream_options"].get("include_usage"))
    base: dict[str, Any] = {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": body["model"],
    } | ({"usage": None} if asked else {})

    def event(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return b"data: " + json.dumps(base | {"choices": [choice]}).encode() + b"\n\n"

    yield event({"role": "assistant", "content": ""})
    for number, word in enumerate(answer.split(" ")):
        yield event({"content": word if number == 0 else " " + word})
    yield event({}, "stop")
    if asked and behaviour.usage:
        usage = base | {"choices": list[Any](), "usage": _usage(body, answer)}
        yield b"data: " + json.dumps(usage).encode() + b"\n\n"


def _embeddings(body: dict[str, Any], behaviour: Behaviour) -> dict[str, Any]:
    given: str | list[Any] = body["input"]
    texts = [given] if isinstance(given, str) else [str(text) for text in given]
    tokens = sum(count_tokens(text) for text in texts)
    packed = body.get("encoding_format") == "base64"
    data: list[dict[str, Any]] = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _pack(embed(text)) if packed else embed(text),
        }
        for index, text in enumerate(texts)
    ]
    reply: dict[str, Any] = {
        "object": "list",
        "model": body["model"],
        "data": data,
    }
    return reply | ({"usage": {"prompt_tokens": tokens, "total_tokens": tokens}} if behaviour.usage else {})


def _pack(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
