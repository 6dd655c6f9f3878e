"""The shipped fake upstream, asked by the official client."""

from __future__ import annotations

from collections.abc import Generator
from typing import Literal

import openai
import pytest
from tests.models.calls import ask, stream

from pilotage.models.fake import DIMENSIONS, Behaviour, FakeUpstream, count_tokens, embed
from pilotage.models.loopback import LoopbackServer, serve


@pytest.fixture
def fake() -> FakeUpstream:
    """Give a fake upstream."""
    return FakeUpstream()


@pytest.fixture
def client(fake: FakeUpstream) -> Generator[openai.OpenAI]:
    """Serve the fake and give a client for it."""
    with (
        serve(fake, lifespan=False) as url,
        openai.OpenAI(base_url=url + "/v1", api_key="any", max_retries=0) as client,
    ):
        yield client


def test_echoes_and_counts_words(client: openai.OpenAI, fake: FakeUpstream) -> None:
    """Left alone it answers with what it was told, counts words, and remembers the request."""
    reply = ask(client, "one two three")

    assert reply.choices[0].message.content == "one two three"
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (3, 3)
    assert (fake.seen[0].path, fake.seen[0].body["model"]) == ("/v1/chat/completions", "letters")
    assert fake.seen[0].headers["authorization"] == "Bearer any"


def test_script_comes_before_the_behaviour(client: openai.OpenAI, fake: FakeUpstream) -> None:
    """Scripted answers are given in order, then the standing one."""
    fake.behaviour = Behaviour(content="always")
    fake.script.extend([Behaviour(content="first"), Behaviour(status=500)])
    first = ask(client, "x")
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    last = ask(client, "x")

    assert (first.choices[0].message.content, last.choices[0].message.content) == ("first", "always")
    assert caught.value.code == "fake_500"


@pytest.mark.parametrize("asked", [True, False])
def test_streams_word_by_word(client: openai.OpenAI, *, asked: bool) -> None:
    """A stream brings the words one by one, and usage at the end when asked."""
    chunks = list(stream(client, "one two three", usage=True if asked else None))

    words = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert words == ["", "one", " two", " three", None]
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage] == ([6] if asked else [])


def test_cuts_a_stream(client: openai.OpenAI, fake: FakeUpstream) -> None:
    """Told so, it drops the connection after some pieces."""
    fake.behaviour = Behaviour(cut_after=2)
    with pytest.raises(openai.OpenAIError):
        list(stream(client))

    assert fake.open_streams == 0


def test_drops_the_connection_of_a_whole_reply(client: openai.OpenAI, fake: FakeUpstream) -> None:
    """Told so, it gives a status and then nothing."""
    fake.behaviour = Behaviour(cut_after=0)
    with pytest.raises(openai.APIConnectionError):
        ask(client)


def test_is_late_and_silent_about_usage(client: openai.OpenAI, fake: FakeUpstream) -> None:
    """Told so, it takes its time, or does not say what it counted."""
    fake.script.append(Behaviour(seconds=1))
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=0.2))
    fake.script.append(Behaviour(usage=False))
    reply = ask(client, "x")

    assert reply.usage is None


@pytest.mark.parametrize("encoding", ["float", "base64", None])
def test_embeds_by_the_text_alone(client: openai.OpenAI, encoding: Literal["float", "base64"] | None) -> None:
    """The same text has the same vector, in whichever encoding it is asked for."""
    reply = client.embeddings.create(
        model="m", input=["a b", "c"], encoding_format=openai.omit if encoding is None else encoding
    )

    packed = encoding == "base64"
    assert packed or [item.embedding for item in reply.data] == [embed("a b"), embed("c")]
    assert reply.usage.prompt_tokens == 3
    assert len(embed("anything")) == DIMENSIONS
    assert count_tokens("a  b\n") == 2


def test_server_whose_application_fails_says_so() -> None:
    """A server whose application does not start raises instead of waiting for ever."""

    async def broken(_scope: object, _receive: object, _send: object) -> None:
        raise RuntimeError("no")

    server = LoopbackServer(broken)
    with pytest.raises(RuntimeError, match="did not start"):
        server.start()
    server.stop()
