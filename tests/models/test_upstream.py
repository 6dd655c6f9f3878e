"""The upstream client against a real server: replies, streams, errors without secrets, redirects and proxies."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Generator

import pytest

from pilotage.core.errors import UpstreamError
from pilotage.models.endpoint import Endpoint, is_loopback
from pilotage.models.fake import Behaviour, FakeUpstream
from pilotage.models.loopback import serve
from pilotage.models.upstream import PyreqwestUpstream, Reply

BODY = b'{"model":"m","messages":[{"role":"user","content":"a b c"}]}'
STREAM = b'{"model":"m","stream":true,"messages":[{"role":"user","content":"a b c"}]}'
CHAT = "/chat/completions"

pytestmark = pytest.mark.anyio


@pytest.fixture
def fake() -> FakeUpstream:
    """Give a fake upstream."""
    return FakeUpstream()


@pytest.fixture
def endpoint(fake: FakeUpstream) -> Generator[Endpoint]:
    """Serve the fake."""
    with serve(fake, lifespan=False) as url:
        yield Endpoint(url + "/v1", "the-credential")


@pytest.fixture
async def upstream() -> AsyncGenerator[PyreqwestUpstream]:
    """Give the client."""
    async with PyreqwestUpstream() as upstream:
        yield upstream


async def test_reply(fake: FakeUpstream, endpoint: Endpoint, upstream: PyreqwestUpstream) -> None:
    """A reply has its status, its headers and its bytes; the credential goes as a bearer token."""
    fake.behaviour = Behaviour(headers=(("x-told", "yes"),))
    reply = await upstream.fetch_reply(endpoint, CHAT, BODY, seconds=5)
    body = await reply.read_body()
    await reply.close()

    assert (reply.status, reply.header("X-Told"), reply.header("x-missing")) == (200, "yes", None)
    assert json.loads(body)["choices"][0]["message"]["content"] == "a b c"
    assert fake.seen[0].headers["authorization"] == "Bearer the-credential"
    assert "accept-encoding" not in fake.seen[0].headers
    assert "the-credential" not in repr(endpoint)


async def test_stream_arrives_piece_by_piece(
    fake: FakeUpstream, endpoint: Endpoint, upstream: PyreqwestUpstream
) -> None:
    """The first piece of a stream is read while the upstream is still at work."""
    fake.behaviour = Behaviour(seconds_between=0.05)
    reply = await upstream.fetch_reply(endpoint, CHAT, STREAM, seconds=5)
    first = await reply.read_chunk()
    under_way = fake.open_streams
    rest = b"".join([chunk async for chunk in _chunks(reply)])
    await reply.close()

    assert first is not None
    assert (first.startswith(b"data: "), under_way, rest.endswith(b"[DONE]\n\n")) == (True, 1, True)


async def _chunks(reply: Reply) -> AsyncGenerator[bytes]:
    """Read to the end."""
    while (chunk := await reply.read_chunk()) is not None:
        yield chunk


async def test_closing_a_stream_ends_it_upstream(
    fake: FakeUpstream, endpoint: Endpoint, upstream: PyreqwestUpstream
) -> None:
    """A reply closed before its end stops the upstream."""
    fake.behaviour = Behaviour(seconds_between=0.02, content="word " * 200)
    reply = await upstream.fetch_reply(endpoint, CHAT, STREAM, seconds=5)
    await reply.read_chunk()
    await reply.close()

    async with asyncio.timeout(5):
        while fake.left == 0:  # noqa: ASYNC110 - the fake runs in another thread's loop
            await asyncio.sleep(0.01)


async def test_connection_that_breaks(fake: FakeUpstream, endpoint: Endpoint, upstream: PyreqwestUpstream) -> None:
    """A connection cut at the beginning or in the middle of a reply is an error that may have cost money."""
    fake.script.extend([Behaviour(cut_after=0), Behaviour(cut_after=2)])
    for _ in range(2):
        reply = await upstream.fetch_reply(endpoint, CHAT, STREAM, seconds=5)
        with pytest.raises(UpstreamError) as caught:
            await reply.read_body()
        await reply.close()

        assert not caught.value.retryable


async def test_late_reply(fake: FakeUpstream, endpoint: Endpoint, upstream: PyreqwestUpstream) -> None:
    """An upstream that is slow to answer is told from one that cannot be reached."""
    fake.behaviour = Behaviour(seconds=2)
    with pytest.raises(UpstreamError) as caught:
        await upstream.fetch_reply(endpoint, CHAT, BODY, seconds=0.2)

    assert (caught.value.status, caught.value.retryable) == (504, False)


async def test_nobody_listens(upstream: PyreqwestUpstream) -> None:
    """A refused connection may be tried again, and its error shows no address."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(UpstreamError) as caught:
        await upstream.fetch_reply(Endpoint(f"http://127.0.0.1:{port}/v1"), CHAT, BODY, seconds=5)

    assert caught.value.retryable
    assert str(port) not in str(caught.value)


@pytest.mark.parametrize("wrong", [Endpoint("no address"), Endpoint("http://127.0.0.1:1/v1", "line\nbreak")], ids=str)
async def test_impossible_endpoint(upstream: PyreqwestUpstream, wrong: Endpoint) -> None:
    """An address or credential that no request can hold is an error that shows neither."""
    with pytest.raises(UpstreamError) as caught:
        await upstream.fetch_reply(wrong, CHAT, BODY, seconds=5)

    assert "line" not in str(caught.value)
    assert caught.value.remedy


async def test_redirects_are_not_followed(fake: FakeUpstream, endpoint: Endpoint, upstream: PyreqwestUpstream) -> None:
    """A redirect is an answer, not an order: the credential goes nowhere else."""
    fake.behaviour = Behaviour(status=307, headers=(("location", endpoint.base_url + "/elsewhere"),))
    reply = await upstream.fetch_reply(endpoint, CHAT, BODY, seconds=5)
    await reply.read_body()
    await reply.close()

    assert (reply.status, len(fake.seen)) == (307, 1)


async def test_this_machine_is_asked_without_proxy(
    fake: FakeUpstream, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy in the environment is not asked for a model that runs on this machine."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with PyreqwestUpstream() as upstream:
        reply = await upstream.fetch_reply(endpoint, CHAT, BODY, seconds=5)
        await reply.read_body()
        await reply.close()

    assert reply.status == 200
    assert len(fake.seen) == 1


async def test_loopback_addresses() -> None:
    """This machine is known by its name and its addresses."""
    here = ["http://localhost:1/v1", "http://127.0.0.1/v1", "http://127.9.9.9/v1", "http://[::1]:80/v1"]
    elsewhere = ["https://api.example.com/v1", "http://localhost.example.com/v1", "http://10.0.0.1/v1", "x"]

    assert all(is_loopback(url) for url in here)
    assert not any(is_loopback(url) for url in elsewhere)
