"""The OpenAI dialect: reads of a request what must be known, rewrites only that, finds usage in replies.

Every field that is not named here passes as the bytes that the caller sent, so a new field of the protocol
needs no change. Only whole requests are judged: what is malformed is refused before anybody pays for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec

Surface = Literal["chat", "embedding"]

PATHS: Mapping[Surface, str] = {"chat": "/chat/completions", "embedding": "/embeddings"}
"""What follows the upstream's base address."""

DONE = b"[DONE]"
_Value = TypeVar("_Value")
_WHOLE_EVENT = re.compile(rb".+?(?:\r\n\r\n|\n\n|\Z)", re.DOTALL)
Count = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=10**9)]


class MalformedRequestError(ValueError):
    """The caller's body is not a request of this dialect; `param` names the field where one is to blame."""

    def __init__(self, reason: str, param: str | None = None) -> None:
        """Keep what is wrong, without a word of the caller's content."""
        super().__init__(reason)
        self.reason = reason
        self.param = param


class TokenUsage(msgspec.Struct, frozen=True, gc=False):
    """What the provider says it counted; None where it does not say."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None


class _Reply(msgspec.Struct):
    usage: TokenUsage | None = None


class _Event(msgspec.Struct):
    choices: list[msgspec.Raw] = []
    usage: TokenUsage | None = None


class _Message(msgspec.Struct):
    role: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is well formed.

    Attributes:
        fields: every top-level field as it was sent.
        model: the name that the caller gave.
        streamed: whether the reply is to come in pieces.
        wants_usage: whether the caller asked for usage in the stream.
        output_limit: the most tokens that the caller lets one choice have; None where it does not say.
        choices: how many answers are asked for.
    """

    fields: dict[str, msgspec.Raw]
    model: str
    streamed: bool
    wants_usage: bool
    output_limit: int | None
    choices: int


_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_MESSAGES = msgspec.json.Decoder(list[_Message])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_REPLY = msgspec.json.Decoder(_Reply)
_EVENT = msgspec.json.Decoder(_Event)
_TEXT = msgspec.json.Decoder(str)
_FLAG = msgspec.json.Decoder(bool | None)
_LIMIT = msgspec.json.Decoder(Limit | None)


def read_request(body: bytes, surface: Surface) -> Request:
    """Read a request's body.

    Raises:
        MalformedRequestError: it is no JSON object, holds a field twice, or a field has a wrong type.
    """
    fields = _read_fields(body)
    model = _read(_TEXT, fields, "model", "a string that names a route")
    if not isinstance(model, str):
        raise MalformedRequestError("the field `model` is missing", "model")
    if surface == "embedding":
        if "input" not in fields:
            raise MalformedRequestError("the field `input` is missing", "input")
        return Request(fields, model, streamed=False, wants_usage=False, output_limit=0, choices=1)
    messages = _read(_MESSAGES, fields, "messages", "a list of objects, each with a `role`")
    if not messages:
        raise MalformedRequestError("the field `messages` is missing or empty", "messages")
    options = _read(_FIELDS, fields, "stream_options", "an object") if _holds(fields, "stream_options") else None
    wants = _read(_FLAG, options, "include_usage", "true or false") if options else False
    limits = [_read(_LIMIT, fields, name, "a whole number above 0") for name in ("max_tokens", "max_completion_tokens")]
    known = [limit for limit in limits if limit is not None]
    return Request(
        fields,
        model,
        streamed=bool(_read(_FLAG, fields, "stream", "true or false")),
        wants_usage=bool(wants),
        output_limit=max(known) if known else None,
        choices=_read(_LIMIT, fields, "n", "a whole number above 0") or 1,
    )


def write_request(
    request: Request,
    *,
    surface: Surface,
    upstream_model: str,
    system_message: bytes | None,
    parameters: Mapping[str, msgspec.Raw],
) -> bytes:
    """Write the upstream's body: the route's model, prompt and parameters win, the rest passes as it came."""
    fields = dict(request.fields)
    fields["model"] = encode_part(upstream_model)
    if surface == "embedding":
        return msgspec.json.encode(fields)
    fields.update(parameters)
    if "max_tokens" in parameters and "max_completion_tokens" in fields:
        # Two names for one limit: the route's value goes under the name that the caller knows its model by.
        fields["max_completion_tokens"] = fields.pop("max_tokens")
    if system_message is not None:
        messages = bytes(fields["messages"]).lstrip()
        fields["messages"] = msgspec.Raw(b"[" + system_message + b"," + messages[1:])
    if request.streamed:
        # A stream without usage cannot be metered: it is always asked for, and withheld from who did not ask.
        options = _FIELDS.decode(fields["stream_options"]) if _holds(fields, "stream_options") else {}
        options["include_usage"] = msgspec.Raw(b"true")
        fields["stream_options"] = encode_part(options)
    return msgspec.json.encode(fields)


def encode_part(value: object) -> msgspec.Raw:
    """Encode one value ahead of time, to be put into many requests."""
    return msgspec.Raw(msgspec.json.encode(value))


def encode_system_message(prompt: str) -> bytes:
    """Encode a route's prompt as the message that goes first."""
    return msgspec.json.encode({"role": "system", "content": prompt})


def read_usage(body: bytes, surface: Surface) -> TokenUsage | None:
    """Find usage in a whole reply; None where it has none or is not of this dialect."""
    try:
        usage = _REPLY.decode(body).usage
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if usage is not None and surface == "embedding" and usage.completion_tokens is None:
        return TokenUsage(usage.prompt_tokens, 0)  # an embedding has no output tokens: this 0 is known, not assumed
    return usage


class StreamReader:
    """Follows server-sent events: passes whole ones on as bytes, finds usage and may withhold it.

    Attributes:
        usage: what the provider counted, once it said so.
        done: whether the closing event came.
    """

    LONGEST_EVENT = 8 * 1024 * 1024

    def __init__(self, *, withhold_usage: bool) -> None:
        """Begin a stream."""
        self.usage: TokenUsage | None = None
        self.done = False
        self._withhold = withhold_usage
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes and give those that may go to the caller, which end with a whole event.

        Raises:
            ValueError: an event is longer than any upstream sends in earnest.
        """
        if self._rest:
            data = self._rest + data
        end = len(data) if data.endswith(b"\n\n") else _end_of_events(data)
        self._rest = data[end:]
        if len(self._rest) > self.LONGEST_EVENT:
            raise ValueError("the upstream sent an event without end")
        return self._pass(data[:end])

    def finish(self) -> bytes:
        """Give what is left when the upstream closed without ending its last event."""
        rest, self._rest = self._rest, b""
        return self._pass(rest)

    def _pass(self, events: bytes) -> bytes:
        if DONE in events:
            self.done = True
        if b'"usage"' not in events:
            return events
        kept: list[bytes] = []
        for event in _WHOLE_EVENT.findall(events):
            usage_only = b'"usage"' in event and self._is_usage_only(event)
            if not (usage_only and self._withhold):
                kept.append(event)
        return b"".join(kept)

    def _is_usage_only(self, event: bytes) -> bool:
        lines = [line[5:].strip() for line in event.splitlines() if line.startswith(b"data:")]
        try:
            content = _EVENT.decode(b"\n".join(lines))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return False
        if content.usage is None:
            return False
        self.usage = content.usage
        return not content.choices


def _end_of_events(data: bytes) -> int:
    ends = [at + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (at := data.rfind(mark)) >= 0]
    return max(ends, default=0)


def _read_fields(body: bytes) -> dict[str, msgspec.Raw]:
    try:
        body.decode()
        fields = _FIELDS.decode(body)
    except UnicodeDecodeError as error:
        raise MalformedRequestError("the body is not valid UTF-8") from error
    except RecursionError as error:
        raise MalformedRequestError("the body is nested too deeply") from error
    except msgspec.ValidationError as error:
        raise MalformedRequestError("the body is JSON but not an object") from error
    except msgspec.DecodeError as error:
        raise MalformedRequestError("the body is not valid JSON") from error
    # Compact JSON, as the official client writes it, is done here: a repeated key would make it shorter.
    if len(msgspec.json.encode(fields)) != len(body):
        _refuse_repeated_keys(body)
    return fields


def _refuse_repeated_keys(body: bytes) -> None:
    def check(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise MalformedRequestError("the body holds a field twice")
        return found

    try:
        json.loads(body, object_pairs_hook=check)
    except RecursionError as error:
        raise MalformedRequestError("the body is nested too deeply") from error
    except MalformedRequestError:
        raise
    except ValueError as error:  # an integer of thousands of digits, which the first reading only skipped
        raise MalformedRequestError("the body is not valid JSON") from error


def _read(
    decoder: msgspec.json.Decoder[_Value], fields: Mapping[str, msgspec.Raw], name: str, expected: str
) -> _Value | None:
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequestError(f"the field `{name}` must be {expected}", name) from error


def _holds(fields: Mapping[str, msgspec.Raw], name: str) -> bool:
    return name in fields and bytes(fields[name]) != b"null"
