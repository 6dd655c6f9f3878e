"""Tests of the claims inbox behind a fake gateway: it ranks, passes the run on, and answers errors in words."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.examples.conftest import Post

from pilotage.models.fake import Behaviour, FakeUpstream
from pilotage.models.loopback import serve

QUEUES = ["home", "motor", "travel"]
RUN = "01JABCDEFGHJKMNPQRSTVWXYZ0"


@dataclass(frozen=True)
class Inbox:
    """The application as it is served, and the gateway that it calls."""

    url: str
    gateway: FakeUpstream


@pytest.fixture
def inbox(tmp_path: Path, openai_client: None) -> Generator[Inbox]:
    """Serve the application, fitted on a few messages embedded by the fake gateway."""
    from claims_inbox.api import build_api  # noqa: PLC0415 - needs the official client
    from claims_inbox.inbox import train_classifier  # noqa: PLC0415 - as above
    from openai import AsyncOpenAI, OpenAI  # noqa: PLC0415 - as above

    training = tmp_path / "training.jsonl"
    items = [{"id": str(n), "input": f"message {n}", "expected": QUEUES[n % 3]} for n in range(150)]
    training.write_text("\n".join(json.dumps(item) for item in items) + "\n\n")
    gateway = FakeUpstream()
    with serve(gateway, lifespan=False) as address:
        with OpenAI(base_url=address + "/v1", api_key="pk_x_y", max_retries=0) as client:
            classifier = train_classifier(client, training)
        caller = AsyncOpenAI(base_url=address + "/v1", api_key="pk_x_y", max_retries=0)
        with serve(build_api(caller, classifier)) as url:
            yield Inbox(url + "/queues", gateway)


def test_it_is_fitted_through_the_gateway(inbox: Inbox) -> None:
    """Training messages are embedded in batches by the declared route, with the key of the use case."""
    assert [len(seen.body["input"]) for seen in inbox.gateway.seen] == [64, 64, 22]
    assert {seen.body["model"] for seen in inbox.gateway.seen} == {"claims-embedding"}
    assert {seen.headers["authorization"] for seen in inbox.gateway.seen} == {"Bearer pk_x_y"}


def test_a_message_gets_its_queues(inbox: Inbox, post: Post) -> None:
    """All queues come back, likeliest first, and the same message gets the same ranking."""
    first, second = post(inbox.url, {"input": "message 7"}), post(inbox.url, {"input": "message 7"})

    assert first == second
    assert first[0] == 200
    assert sorted(first[1]["output"]) == QUEUES


def test_the_run_is_passed_on(inbox: Inbox, post: Post) -> None:
    """The run's id travels to the gateway, where the call's cost is counted; without one there is no header."""
    post(inbox.url, {"input": "a"}, x_pilotage_run=RUN)
    post(inbox.url, {"input": "a"})

    with_run, without = inbox.gateway.seen[-2:]
    assert with_run.headers["x-pilotage-run"] == RUN
    assert "x-pilotage-run" not in without.headers


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[" * 100_000, [], {}, {"input": ""}, {"input": "  "}, {"input": 3}, "text"]
)
def test_bad_input_is_refused(body: object, inbox: Inbox, post: Post) -> None:
    """What is no message gets 400 with a word on what is wanted, and the gateway is not called."""
    before = len(inbox.gateway.seen)

    status, reply = post(inbox.url, body)

    assert status == 400
    assert reply["error"]
    assert len(inbox.gateway.seen) == before


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_what_the_gateway_says_is_passed_on(status: int, inbox: Inbox, post: Post) -> None:
    """A refusal or failure keeps its status, so that an evaluation can tell which it is."""
    inbox.gateway.behaviour = Behaviour(status=status)

    found, reply = post(inbox.url, {"input": "a"})

    assert found == status
    assert str(status) in reply["error"]


def test_a_gateway_that_breaks_off_is_told(inbox: Inbox, post: Post) -> None:
    """When the gateway's connection breaks, the caller gets 502 and no traceback."""
    inbox.gateway.behaviour = Behaviour(cut_after=0)

    assert post(inbox.url, {"input": "a"}) == (502, {"error": "the gateway does not answer"})
