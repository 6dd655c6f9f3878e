"""The OpenAI dialect: what is read of a request, what is rewritten, and how usage is found and withheld."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.models.dialects.openai import (
    MalformedRequestError,
    StreamReader,
    TokenUsage,
    encode_part,
    encode_system_message,
    read_request,
    read_usage,
    write_request,
)

BASE: dict[str, Any] = {"model": "route", "messages": [{"role": "user", "content": "hi"}]}
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'
WORD = b'data: {"choices":[{"delta":{"content":"a"}}],"usage":null}\n\n'
DONE = b"data: [DONE]\n\n"


def dump(value: object) -> bytes:
    """Encode as the official client does."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def rewrite(body: dict[str, Any], prompt: str | None = None, **parameters: object) -> dict[str, Any]:
    """Read a chat request and write it for the upstream."""
    written = write_request(
        read_request(dump(body), "chat"),
        surface="chat",
        upstream_model="real",
        system_message=None if prompt is None else encode_system_message(prompt),
        parameters={name: encode_part(value) for name, value in parameters.items()},
    )
    return json.loads(written)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(min_size=1, max_size=8).map(lambda text: "x_" + text)


@given(st.dictionaries(NAMES, JSON, max_size=4), st.booleans())
def test_unknown_fields_pass_untouched(extra: dict[str, Any], compact: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
    """Whatever else a caller sends reaches the upstream as it was, however the JSON is spaced."""
    body = BASE | extra
    sent = dump(body) if compact else json.dumps(body, indent=2).encode()
    request = read_request(sent, "chat")
    written = write_request(request, surface="chat", upstream_model="real", system_message=None, parameters={})

    assert json.loads(written) == body | {"model": "real"}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_malformed(body: bytes) -> None:
    """Whatever bytes come, they are read or refused as malformed; nothing else is raised."""
    for surface in ("chat", "embedding"):
        with suppress(MalformedRequestError):
            read_request(body, surface)


@given(JSON, st.sampled_from(["model", "messages", "stream", "stream_options", "n", "max_tokens", "input"]))
def test_any_value_in_a_field_is_read_or_malformed(value: object, name: str) -> None:
    """Whatever a field that matters holds, it is read or refused with the field's name."""
    refused: str | None = name
    try:
        read_request(dump(BASE | {name: value}), "chat")
    except MalformedRequestError as error:
        refused = error.param

    assert refused == name


def test_route_wins_over_the_caller() -> None:
    """The route's prompt goes first and its parameters replace the caller's."""
    body = rewrite(BASE | {"temperature": 2, "seed": 7}, "Be brief.", temperature=0.0, stop=["X"])

    assert body["messages"] == [{"role": "system", "content": "Be brief."}, *BASE["messages"]]
    assert (body["model"], body["temperature"], body["seed"], body["stop"]) == ("real", 0.0, 7, ["X"])


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_limit_of_the_route_has_no_second_name(name: str) -> None:
    """A caller cannot get around the route's limit of tokens by the limit's other name."""
    body = rewrite(BASE | {name: 9_999}, max_tokens=50)

    assert {key: value for key, value in body.items() if key.startswith("max_")} == {name: 50}


@pytest.mark.parametrize("options", [None, {}, {"include_usage": False}, {"include_usage": True, "more": 1}])
def test_streams_always_ask_for_usage(options: dict[str, object] | None) -> None:
    """A stream asks for usage whatever the caller said, and keeps the caller's other options."""
    sent = BASE | {"stream": True, "stream_options": options}

    assert rewrite(sent)["stream_options"] == (options or {}) | {"include_usage": True}
    assert read_request(dump(sent), "chat").wants_usage is ((options or {}).get("include_usage") is True)


def test_reads_what_bounds_the_cost() -> None:
    """The larger of both limits and the number of answers are known before the call."""
    request = read_request(dump(BASE | {"max_tokens": 5, "max_completion_tokens": 9, "n": 3}), "chat")

    assert (request.output_limit, request.choices) == (9, 3)


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (b'{"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}', TokenUsage(3, 2)),
        (b'{"usage":{"prompt_tokens":3}}', TokenUsage(3, None)),
        (b'{"usage":null}', None),
        (b"{}", None),
        (b'{"usage":{"prompt_tokens":-1}}', None),
        (b'{"usage":{"prompt_tokens":"3"}}', None),
        (b'{"usage":{"prompt_tokens":1e300}}', None),
        (b"not json", None),
        (b"", None),
    ],
)
def test_usage_is_told_or_unknown(body: bytes, usage: TokenUsage | None) -> None:
    """Usage that is missing or cannot be is unknown, never 0."""
    assert read_usage(body, "chat") == usage


def test_embedding_has_no_output_tokens() -> None:
    """That an embedding has no output tokens is known; but only where usage is told at all."""
    assert read_usage(b'{"usage":{"prompt_tokens":3,"total_tokens":3}}', "embedding") == TokenUsage(3, 0)
    assert read_usage(b"{}", "embedding") is None


@given(st.data(), st.booleans(), st.sampled_from([b"\n\n", b"\r\n\r\n"]))
def test_stream_is_the_same_however_it_is_cut(data: st.DataObject, withhold: bool, end: bytes) -> None:  # noqa: FBT001 - Hypothesis gives it
    """However the network cuts a stream, the caller gets every event but usage that was not asked for."""
    events = [WORD, b": ping\n\n", WORD, USAGE, DONE]
    stream = b"".join(events).replace(b"\n\n", end)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = StreamReader(withhold_usage=withhold)

    pieces = [stream[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    passed = [reader.feed(piece) for piece in pieces] + [reader.finish()]

    expected = [event for event in events if not (withhold and event is USAGE)]
    assert b"".join(passed) == b"".join(expected).replace(b"\n\n", end)
    assert all(part.endswith(end) for part in passed if part)
    assert reader.usage == TokenUsage(3, 2)
    assert reader.done


def test_usage_beside_an_answer_is_found_and_passed() -> None:
    """A provider that counts in an ordinary event is metered, and the event passes as it came."""
    event = b'data: {"choices":[{"delta":{}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}\n\n'
    reader = StreamReader(withhold_usage=True)

    assert reader.feed(event) == event
    assert reader.usage == TokenUsage(1, 1)


def test_words_that_look_like_usage_are_words() -> None:
    """A model that writes about usage in its answer neither fakes its count nor loses its words."""
    text = json.dumps('{"choices":[],"usage":{"prompt_tokens":1}}')
    event = b'data: {"choices":[{"delta":{"content":' + text.encode() + b"}}]}\n\n"
    reader = StreamReader(withhold_usage=True)

    assert reader.feed(event) == event
    assert reader.usage is None


def test_event_without_end_is_given_up() -> None:
    """An upstream that never ends an event cannot fill the memory."""
    reader = StreamReader(withhold_usage=True)
    half = b"x" * (StreamReader.LONGEST_EVENT // 2)

    assert reader.feed(half) + reader.feed(half) == b""
    with pytest.raises(ValueError, match="without end"):
        reader.feed(b"x")
