"""Targets over HTTP: what is sent, what is read, and how every kind of bad reply is told apart."""

from __future__ import annotations

import socket
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.http_fake import CUT, response, serving
from tests.evaluation.samples import RUN

from pilotage.core.errors import UsageError
from pilotage.evaluation.targets.http_target import LARGEST_REPLY, EndpointTarget, RouteTarget, read_retry_after
from pilotage.evaluation.targets.target import Answer, CallError, Trouble
from pilotage.registry.items import Item

pytestmark = pytest.mark.anyio
ITEM = Item("i", "Where does this go?", "motor")


def chat(content: object) -> bytes:
    """Give the gateway's reply with this content."""
    return response({"choices": [{"message": {"role": "assistant", "content": content}}]})


async def ask_route(address: str, item: Item = ITEM) -> Answer:
    """Ask a route once."""
    async with RouteTarget(f"{address}/v1/", route="claims", key="pk_a_b") as target:
        return await target.fetch_answer(item, run=RUN, repeat=0)


async def ask_endpoint(address: str, item: Item = ITEM) -> Answer:
    """Ask an endpoint once."""
    async with EndpointTarget(f"{address}/ask", headers={"x-key": "secret"}) as target:
        return await target.fetch_answer(item, run=RUN, repeat=0)


async def test_a_route_is_asked_as_an_application_would() -> None:
    """The candidate is called by name, with the key and the run's id; the input is the user's message."""
    with serving(lambda _: chat("motor")) as fake:
        answer = await ask_route(fake.address)
        await ask_route(fake.address, Item("j", {"b": 1, "a": "x"}))

    first, second = fake.requests
    assert answer.value == "motor"
    assert answer.seconds > 0
    assert first.path == "/v1/chat/completions"
    assert first.body == {"model": "claims@candidate", "messages": [{"role": "user", "content": ITEM.input}]}
    assert (first.headers["authorization"], first.headers["x-pilotage-run"]) == ("Bearer pk_a_b", RUN)
    assert second.body["messages"][0]["content"] == '{"a":"x","b":1}'


async def test_the_promoted_release_can_be_asked_too() -> None:
    """Without the mark, the route's promoted Release answers; the name in the record tells which."""
    with serving(lambda _: chat("motor")) as fake:
        async with RouteTarget(f"{fake.address}/v1", route="claims", key="k", candidate=False) as target:
            await target.fetch_answer(ITEM, run=RUN, repeat=0)
            assert target.name == "route claims"

    assert fake.requests[0].body["model"] == "claims"


@pytest.mark.parametrize(
    ("output", "value"),
    [("motor", "motor"), (["motor", "travel"], ["motor", "travel"]), ({"a": [1.5]}, {"a": [1.5]}), (42, "42"),
     (True, "true"), (None, ""), ("", ""), ("a\x00b", "a\x00b")],
)  # fmt: skip
async def test_an_endpoint_answers_with_any_json(output: object, value: object) -> None:
    """Text, lists and objects come as they are; a bare number or truth value as text; nothing as empty text."""
    with serving(lambda _: response({"output": output})) as fake:
        assert (await ask_endpoint(fake.address, Item("i", {"text": "x"}))).value == value

    assert fake.requests[0].body == {"input": {"text": "x"}}
    assert fake.requests[0].headers["x-pilotage-run"] == RUN
    assert fake.requests[0].headers["x-key"] == "secret"


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (response({"output": "x" * 1_000_001}), Trouble.UNUSABLE),
        (response(b'{"output": "' + b"x" * 10_000_000 + b'"}'), Trouble.UNUSABLE),
        (response(b'{"output": "\xff"}'), Trouble.UNUSABLE),
        (response(b'{"output": "\\ud800"}'), Trouble.UNUSABLE),
        (response(b'{"output": "x"'), Trouble.UNUSABLE),
        (response(b"\x00"), Trouble.UNUSABLE),
        (response(b""), Trouble.UNUSABLE),
        (response(b"[" * 100_000), Trouble.UNUSABLE),
        (response(b'{"output": [123456789012345678901234567890]}'), Trouble.UNUSABLE),
        (response({"answer": "x"}), Trouble.UNUSABLE),
        (response(b'["output"]'), Trouble.UNUSABLE),
        (response({}, 400), Trouble.DECLINED),
        (response({}, 422), Trouble.DECLINED),
        (response({}, 401), Trouble.BARRED),
        (response({}, 403), Trouble.BARRED),
        (response({}, 404), Trouble.BARRED),
        (response(b"", 302, location="http://example.com/"), Trouble.BARRED),
        (response({}, 429), Trouble.THROTTLED),
        (response({}, 500), Trouble.FAULT),
        (response({}, 502), Trouble.UNAVAILABLE),
        (response({}, 503), Trouble.UNAVAILABLE),
        (response({}, 504), Trouble.UNAVAILABLE),
        (None, Trouble.BROKEN_OFF),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n" + CUT, Trouble.BROKEN_OFF),
        (b"nonsense\r\n\r\n", Trouble.BROKEN_OFF),
    ],
)
async def test_each_bad_reply_is_told_apart(reply: bytes | None, trouble: Trouble) -> None:
    """Huge, damaged, hostile or refusing replies give one kind of trouble each, never a traceback or an answer."""
    with serving(lambda _: reply) as fake, pytest.raises(CallError) as caught:
        await ask_endpoint(fake.address)

    assert caught.value.trouble is trouble


@pytest.mark.parametrize(
    "reply", [{}, {"choices": []}, {"choices": [{"message": None}]}, [1], {"choices": [{"message": {"content": 5}}]}]
)
async def test_a_route_without_an_answer_is_unusable(reply: dict[str, object]) -> None:
    """A reply that is no completion is told, and no content at all is an empty answer."""
    with serving(lambda _: response(reply)) as fake, pytest.raises(CallError) as caught:
        await ask_route(fake.address)
    with serving(lambda _: chat(None)) as fake:
        assert (await ask_route(fake.address)).value == ""

    assert caught.value.trouble is Trouble.UNUSABLE


async def test_the_gateways_words_reach_the_operator() -> None:
    """Why the gateway refuses stands in the error, shortened and printable."""
    refusal = response({"error": {"message": "no permit\x00\n" + "x" * 1_000, "code": "audience"}}, 403)
    with serving(lambda _: refusal) as fake, pytest.raises(CallError, match="HTTP 403: no permitxxx") as caught:
        await ask_route(fake.address)

    assert len(caught.value.message) < 400


@pytest.mark.parametrize(
    ("header", "call"),
    [(RUN, RUN), ("", None), ("req-123", None), (RUN.lower(), None), (RUN + "0", None), ("\u00fc" * 26, None)],
)
async def test_the_gateways_call_is_known_by_its_id(header: str, call: str | None) -> None:
    """The id that the gateway gives a call comes with the answer; what is no such id is left out."""
    reply = chat("motor").replace(b"\r\n\r\n", b"\r\nx-request-id: " + header.encode() + b"\r\n\r\n", 1)
    with serving(lambda _: reply) as fake:
        assert (await ask_route(fake.address)).call == call


async def test_headers_that_are_no_text_are_left_out() -> None:
    """A hostile header beside a refusal is no reason to end the run."""
    reply = response({}, 429).replace(b"\r\n\r\n", b"\r\nretry-after: \xff\r\n\r\n", 1)
    with serving(lambda _: reply) as fake, pytest.raises(CallError) as caught:
        await ask_endpoint(fake.address)

    assert (caught.value.trouble, caught.value.retry_after) == (Trouble.THROTTLED, 0)


async def test_nobody_listening_is_unavailable() -> None:
    """A refused connection is told apart from a broken one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(CallError) as caught:
            await ask_endpoint(f"http://127.0.0.1:{taken.getsockname()[1]}")

    assert caught.value.trouble is Trouble.UNAVAILABLE


async def test_a_key_never_shows() -> None:
    """A key that cannot stand in a header is told without showing it."""
    async with RouteTarget("http://127.0.0.1:1/v1", route="claims", key="pk_secret\n") as target:
        with pytest.raises(UsageError) as caught:
            await target.fetch_answer(ITEM, run=RUN, repeat=0)

    assert "secret" not in str(caught.value)


async def test_the_wait_that_a_target_asks_for_is_kept() -> None:
    """Retry-After travels with the trouble."""
    with serving(lambda _: response({}, 429, retry_after="7")) as fake, pytest.raises(CallError) as caught:
        await ask_endpoint(fake.address)

    assert caught.value.retry_after == 7


def test_retry_after_is_read_in_both_forms() -> None:
    """Seconds or a date; nonsense and the past mean no wait; nobody makes us wait for more than an hour."""
    now = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)

    assert read_retry_after("12", now) == 12
    assert read_retry_after("Tue, 03 Mar 2026 09:31:00 GMT", now) == 60
    assert read_retry_after("Tue, 03 Mar 2026 09:29:00 GMT", now) == 0
    assert read_retry_after("9" * 400, now) == 3_600
    assert [read_retry_after(text, now) for text in (None, "", "soon", "-5", "1.5", "\u0663")] == [0] * 6


@given(st.text())
def test_any_retry_after_gives_seconds(text: str) -> None:
    """A hostile header is a number of seconds within bounds."""
    assert 0 <= read_retry_after(text, datetime(2026, 3, 3, tzinfo=UTC)) <= 3_600


def test_the_limit_on_replies_leaves_room_for_the_longest_answer() -> None:
    """A million characters of four bytes each are an answer, so a reply may hold them."""
    assert LARGEST_REPLY >= 4_000_000
