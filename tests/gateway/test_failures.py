"""What happens when the upstream errs, is late, breaks off, or the caller leaves: every call ends settled."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import msgspec
import openai
import pytest
from tests.gateway.conftest import Client
from tests.gateway.world import World, catalog_of
from tests.models.calls import ask, stream, user

from pilotage.models.fake import Behaviour

WORDS = "one two three four five six seven eight"


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for something that happens in another thread."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("status", [429, 502, 503])
def test_busy_upstream_is_asked_again(world: World, client_of: Client, status: int) -> None:
    """An upstream that is busy once is asked a second time, within one metered call."""
    world.fake.script.append(Behaviour(status=status))

    ask(client_of(world.key()))

    assert len(world.fake.seen) == 2
    assert [row["status"] for row in world.usage()] == [200]


def test_stream_is_asked_again_only_before_its_first_byte(world: World, client_of: Client) -> None:
    """A stream that could not begin is tried again; one that broke off is not."""
    world.fake.script.append(Behaviour(status=503))
    world.fake.script.append(Behaviour(cut_after=3))

    with pytest.raises(openai.APIError) as caught:
        list(stream(client_of(world.key()), WORDS))

    assert len(world.fake.seen) == 2
    assert caught.value.code == "upstream_failed"
    (row,) = world.usage()
    assert (row["state"], row["status"], row["usage_source"]) == ("settled", 502, "none")
    assert (row["tokens_out"], row["cost_high"], row["energy_high"]) == (None, None, None)
    assert row["reserved_cost"] > 0
    assert row["first_byte_milliseconds"] is not None


@pytest.mark.parametrize(
    ("status", "given", "code"),
    [
        (401, 502, "upstream_misconfigured"),
        (404, 502, "upstream_misconfigured"),
        (302, 502, "upstream_misconfigured"),
        (500, 502, "upstream_failed"),
        (429, 429, "upstream_busy"),
    ],
)
def test_upstream_error_becomes_a_refusal_with_a_remedy(
    world: World, client_of: Client, status: int, given: int, code: str
) -> None:
    """What the caller cannot mend is told in the gateway's words, and gives the reserve back."""
    headers = (("location", "http://127.0.0.1:9/elsewhere"),)
    world.fake.behaviour = Behaviour(status=status, headers=headers)

    with pytest.raises(openai.APIStatusError) as caught:
        ask(client_of(world.key()))

    assert (caught.value.status_code, caught.value.code) == (given, code)
    assert "fake" not in str(caught.value.body)
    (row,) = world.usage()
    assert (row["status"], row["reserved_cost"], row["cost_high"]) == (given, None, None)


def test_retry_after_of_the_upstream_reaches_the_caller(world: World, client_of: Client) -> None:
    """An upstream that wants a long pause is not waited for; the caller learns how long."""
    world.fake.behaviour = Behaviour(status=429, headers=(("retry-after", "77"),))

    with pytest.raises(openai.RateLimitError) as caught:
        ask(client_of(world.key()))

    assert caught.value.response.headers["retry-after"] == "77"
    assert len(world.fake.seen) == 1


def test_unreachable_upstream(world: World, client_of: Client) -> None:
    """An upstream that nobody runs is named as such after a few tries, and nothing is charged."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    world.values.found["MODEL_URL"] = f"http://127.0.0.1:{port}/v1"
    world.gateway.refresher.refresh()

    with pytest.raises(openai.APIStatusError) as caught:
        ask(client_of(world.key()))

    assert (caught.value.status_code, caught.value.code) == (502, "upstream_unreachable")
    assert str(port) not in caught.value.response.text
    (row,) = world.usage()
    assert (row["state"], row["status"], row["reserved_cost"]) == ("settled", 502, None)


@pytest.mark.parametrize("streamed", [True, False])
def test_late_upstream(bare_world: World, *, streamed: bool) -> None:
    """An upstream that takes longer than the model's time is given up, and keeps its reserve: it may charge."""
    bare_world.activate(catalog_of(timeout_seconds=0.3))
    bare_world.fake.behaviour = Behaviour(seconds=0 if streamed else 5, seconds_between=0.2)
    client = openai.OpenAI(base_url=bare_world.url + "/v1", api_key=bare_world.key(), max_retries=0)

    with client, pytest.raises(openai.APIError) as caught:
        list(stream(client, WORDS) if streamed else ask(client, WORDS))

    assert caught.value.code == "upstream_timeout"
    (row,) = bare_world.usage()
    assert (row["state"], row["status"], row["usage_source"]) == ("settled", 504, "none")
    assert row["reserved_cost"] > 0


def test_caller_that_leaves_a_stream_ends_it_upstream(world: World, client_of: Client) -> None:
    """A caller who goes away stops the upstream, and the call is settled with what is known."""
    world.fake.behaviour = Behaviour(seconds_between=0.05)
    pieces = stream(client_of(world.key()), WORDS)

    next(pieces)
    pieces.close()

    wait_until(lambda: world.fake.left == 1)
    (row,) = world.usage()
    assert (row["state"], row["status"], row["tokens_out"], row["cost_high"]) == ("settled", 499, None, None)
    assert row["reserved_cost"] > 0


def test_caller_that_leaves_before_the_answer(world: World, client_of: Client) -> None:
    """A caller who gives up waiting is noticed before the upstream answers."""
    world.fake.behaviour = Behaviour(seconds=3)

    with pytest.raises(openai.APITimeoutError):
        ask(client_of(world.key()).with_options(timeout=0.3))

    wait_until(lambda: [row["state"] for row in world.usage()] == ["settled"])
    assert [row["status"] for row in world.usage()] == [499]


def test_reply_without_usage_stays_unknown(world: World, client_of: Client) -> None:
    """An upstream that does not say what it counted leaves tokens, money and energy unknown, never 0."""
    world.fake.behaviour = Behaviour(usage=False)

    ask(client_of(world.key()))
    list(stream(client_of(world.key()), WORDS))

    for row in world.usage():
        assert (row["state"], row["status"], row["usage_source"]) == ("settled", 200, "none")
        assert (row["tokens_in"], row["tokens_out"], row["cost_low"], row["energy_low"]) == (None,) * 4
        assert row["reserved_cost"] > 0


def test_upstream_that_answers_a_stream_with_json(world: World, client_of: Client) -> None:
    """An upstream that ignores `stream` is passed on as it is, and metered."""
    world.fake.behaviour = Behaviour(status=200)
    raw = client_of(world.key()).post(
        "/chat/completions",
        body={"model": "letters", "messages": user(WORDS), "stream": False},
        cast_to=object,
    )

    assert msgspec.convert(raw, dict[str, object])["object"] == "chat.completion"


def test_missing_variable_makes_one_model_unavailable(world: World, client_of: Client) -> None:
    """A model whose credential is missing is refused by name of the variable; other models go on."""
    client = client_of(world.key())
    del world.values.found["MODEL_KEY"]
    world.gateway.refresher.refresh()

    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    client.embeddings.create(model="vectors", input="still here")
    world.values.found["MODEL_KEY"] = "back-again"
    world.gateway.refresher.refresh()
    ask(client)

    assert caught.value.code == "model_unavailable"
    assert "env MODEL_KEY" in str(caught.value)
