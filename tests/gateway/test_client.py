"""The official client works unchanged: chat, streams, embeddings, models, and its own exceptions."""

from __future__ import annotations

import openai
import pytest
from tests.gateway.conftest import Client
from tests.gateway.world import PROMPT, PROVIDER_KEY, USE_CASE, World
from tests.models.calls import ask, stream, user

from pilotage.models.fake import Behaviour, count_tokens, embed


def test_chat_answers_and_is_metered(world: World, client_of: Client) -> None:
    """A chat call gets the model's answer, and its row holds tokens, money and energy as ranges."""
    client = client_of(world.key())

    raw = client.chat.completions.with_raw_response.create(
        model="letters", messages=[{"role": "user", "content": "one two three"}], user="not ours to judge"
    )

    reply = raw.parse()
    assert reply.choices[0].message.content == "one two three"
    assert raw.headers["x-pilotage-mode"] == "enforce"
    (row,) = world.usage()
    tokens_in = count_tokens(PROMPT) + 3
    assert row["call"] == raw.headers["x-request-id"]
    assert row["release"].startswith("sha256:" + raw.headers["x-pilotage-release"])
    assert (row["state"], row["status"], row["usage_source"]) == ("settled", 200, "provider")
    assert (row["tokens_in"], row["tokens_out"]) == (tokens_in, 3)
    assert row["cost_high"] == 2 * row["cost_low"] == 2 * (tokens_in + 3) * 1_000_000
    assert row["energy_low"] == (tokens_in + 3) * 1000
    assert row["reserved_cost"] is None
    assert row["milliseconds"] >= row["first_byte_milliseconds"] >= 0


def test_route_decides_prompt_parameters_and_model(world: World, client_of: Client) -> None:
    """The route's prompt goes first, its parameters win, and unknown fields reach the upstream untouched."""
    client_of(world.key()).chat.completions.create(
        model="letters",
        messages=[{"role": "system", "content": "be loud"}, {"role": "user", "content": "hi"}],
        temperature=1.5,
        top_p=0.5,
        extra_body={"brand_new_field": {"a": [1, None]}},
    )

    seen = world.fake.seen[0]
    assert seen.body["messages"][0] == {"role": "system", "content": PROMPT}
    assert seen.body["messages"][1]["content"] == "be loud"
    assert seen.body["model"] == "small-2026-01-01"
    assert (seen.body["temperature"], seen.body["top_p"]) == (0.0, 0.5)
    assert seen.body["brand_new_field"] == {"a": [1, None]}
    assert seen.headers["authorization"] == f"Bearer {PROVIDER_KEY}"


@pytest.mark.parametrize("asked", [True, False])
def test_stream_is_metered_whether_usage_was_asked_or_not(world: World, client_of: Client, *, asked: bool) -> None:
    """A stream's usage is always measured, and shown only to a caller who asked for it."""
    chunks = list(stream(client_of(world.key()), "a b c d", usage=True if asked else None))

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "a b c d"
    assert [chunk.usage.completion_tokens for chunk in chunks if chunk.usage] == ([4] if asked else [])
    assert all(chunk.choices for chunk in chunks) is not asked
    (row,) = world.usage()
    assert (row["streamed"], row["tokens_out"], row["usage_source"]) == (True, 4, "provider")


@pytest.mark.anyio
async def test_async_client_works(world: World) -> None:
    """The asynchronous client chats and streams as the other one does."""
    key = world.key()
    async with openai.AsyncOpenAI(base_url=world.url + "/v1", api_key=key, max_retries=0) as client:
        reply = await client.chat.completions.create(model="letters", messages=[{"role": "user", "content": "hello"}])
        pieces = await client.chat.completions.create(model="letters", messages=user("x y"), stream=True)
        parts = [chunk.choices[0].delta.content or "" async for chunk in pieces]

    assert reply.choices[0].message.content == "hello"
    assert "".join(parts) == "x y"


def test_embeddings_work_as_the_client_asks_for_them(world: World, client_of: Client) -> None:
    """Vectors come back right in the client's default encoding, and their row has no output tokens."""
    reply = client_of(world.key()).embeddings.create(model="vectors", input=["one two", "three"])

    assert [item.embedding for item in reply.data] == [embed("one two"), embed("three")]
    assert "messages" not in world.fake.seen[0].body
    assert "temperature" not in world.fake.seen[0].body
    (row,) = world.usage()
    assert (row["surface"], row["tokens_in"], row["tokens_out"]) == ("embedding", 3, 0)


def test_models_lists_what_the_key_may_call(world: World, client_of: Client) -> None:
    """Builders see their own routes and candidates, users only the routes."""
    builders = [model.id for model in client_of(world.key("builders")).models.list()]
    users = [model.id for model in client_of(world.key("everyone")).models.list()]

    assert builders == ["letters", "vectors", "letters@candidate", "vectors@candidate"]
    assert users == ["letters", "vectors"]


def test_refusal_raises_the_clients_exception(world: World, client_of: Client) -> None:
    """A refusal is the client's own exception, with rule, reason, remedy and owner in its body."""
    client = client_of(world.key("everyone"))

    with pytest.raises(openai.PermissionDeniedError) as caught:
        ask(client)

    assert caught.value.code == "audience_not_permitted"
    body = caught.value.body
    assert isinstance(body, dict)
    assert (body["rule"], body["owner"]) == ("audience_not_permitted", "claims-team")
    assert body["reason"]
    assert body["remedy"]
    assert world.fake.seen == []
    assert [(row["rule"], row["use_case"], row["route"]) for row in world.refusals()] == [
        ("audience_not_permitted", USE_CASE, "letters")
    ]


@pytest.mark.parametrize(
    ("key", "code"),
    [("", "missing_key"), ("sk-other", "malformed_key"), ("pk_" + "0" * 12 + "_" + "a" * 43, "unknown_key")],
)
def test_wrong_key_is_an_authentication_error(world: World, client_of: Client, key: str, code: str) -> None:
    """A call without a known key is refused before anything else is looked at."""
    headers = {} if key else {"Authorization": ""}

    with pytest.raises(openai.AuthenticationError) as caught:
        client_of(key or "x").with_options(default_headers=headers).models.list()

    assert caught.value.code == code


def test_client_does_not_repeat_what_cannot_pass(world: World) -> None:
    """A refusal for the month's money has the status of a rate limit, but tells the client not to ask again."""
    client = openai.OpenAI(base_url=world.url + "/v1", api_key=world.key("everyone"), max_retries=2)

    with client, pytest.raises(openai.PermissionDeniedError):
        ask(client)

    assert len(world.refusals()) == 1


def test_callers_fault_passes_as_the_upstream_said_it(world: World, client_of: Client) -> None:
    """What the provider says of a bad request reaches the caller, and the call costs nothing."""
    world.fake.script.append(Behaviour(status=400))

    with pytest.raises(openai.BadRequestError) as caught:
        ask(client_of(world.key()))

    assert caught.value.code == "fake_400"
    (row,) = world.usage()
    assert (row["state"], row["status"], row["cost_high"], row["reserved_cost"]) == (
        "settled",
        400,
        None,
        None,
    )
