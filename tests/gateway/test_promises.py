"""What must hold whatever happens: streams stay apart, keys never leak, modes and limits act, little is loaded."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from decimal import Decimal

import httpx2
import openai
import pytest
import sqlalchemy as sa
from tests.gateway.conftest import Client
from tests.gateway.world import PROVIDER_KEY, USE_CASE, World, catalog_of
from tests.models.calls import ask, user

from pilotage.gateway.access import split_key
from pilotage.models.fake import Behaviour
from pilotage.storage.tables import METADATA


def headers_of(client: openai.OpenAI) -> httpx2.Headers:
    """Make a chat call; gives the reply's headers."""
    return client.chat.completions.with_raw_response.create(model="letters", messages=user("hi")).headers


@pytest.mark.anyio
async def test_streams_at_the_same_time_never_mix(world: World) -> None:
    """Each of many concurrent streams carries its own words, all of them, and nobody else's."""
    world.fake.behaviour = Behaviour(seconds_between=0.002)
    key = world.key()

    async def echo(number: int) -> tuple[str, str]:
        canary = " ".join(f"canary-{number}-{word}" for word in range(20))
        pieces = await client.chat.completions.create(
            model="letters", messages=[{"role": "user", "content": canary}], stream=True
        )
        return canary, "".join([piece.choices[0].delta.content or "" async for piece in pieces])

    async with openai.AsyncOpenAI(base_url=world.url + "/v1", api_key=key, max_retries=0) as client:
        pairs = await asyncio.gather(*(echo(number) for number in range(40)))

    assert all(sent == received for sent, received in pairs)
    rows = world.usage()
    assert len(rows) == 40
    assert {(row["state"], row["tokens_out"]) for row in rows} == {("settled", 20)}


def test_keys_are_found_nowhere(world: World, client_of: Client, caplog: pytest.LogCaptureFixture) -> None:
    """Neither a caller's key nor the provider's shows in a log, a row, a reply or an error, whatever fails."""
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "httpx2", "httpcore2", "asyncio", "hypothesis"):
        logging.getLogger(name).setLevel(logging.WARNING)  # the client's own logs are not the gateway's
    key = world.key()
    parts = split_key(key)
    assert parts is not None
    client = client_of(key)
    told: list[str] = []
    for behaviour in (Behaviour(), Behaviour(status=500), Behaviour(status=401), Behaviour(cut_after=0)):
        world.fake.script.append(behaviour)
        try:
            told.append(str(headers_of(client)))
        except openai.APIError as error:
            told.append(f"{error} {error.body}")
    for model in (key, "letters@" + key):
        with pytest.raises(openai.NotFoundError) as caught:
            ask(client, model=model)
        told.append(f"{caught.value} {caught.value.body}")
    with pytest.raises(openai.AuthenticationError) as wrong:
        ask(client_of(key + "x"))
    told.append(f"{wrong.value} {wrong.value.body}")
    world.usage()

    with world.engine.connect() as connection:
        rows = [str(row) for table in METADATA.sorted_tables for row in connection.execute(sa.select(table))]
    everything = "\n".join([*told, *rows, caplog.text, repr(world.gateway.refresher.snapshot)])
    assert parts[1] not in everything
    assert PROVIDER_KEY not in everything
    assert "claims" in everything


def test_observe_records_and_warn_tells(world: World, client_of: Client) -> None:
    """In `observe` a call that would be refused passes silently, in `warn` with a header; both are in the row."""
    release = world.activate(catalog_of())[USE_CASE]
    client = client_of(world.key("everyone"))
    world.permit(release, ("cohort",), "observe")
    observed = headers_of(client)
    world.permit(release, ("cohort",), "warn")
    warned = headers_of(client)
    world.permit(release, ("cohort",), "enforce")
    with pytest.raises(openai.PermissionDeniedError):
        ask(client)

    assert (observed["x-pilotage-mode"], "x-pilotage-would-refuse" in observed) == ("observe", False)
    assert warned["x-pilotage-would-refuse"] == "audience_not_permitted"
    assert [row["would_refuse"] for row in world.usage()] == ['["audience_not_permitted"]'] * 2


def test_rate_is_enforced(world: World, client_of: Client) -> None:
    """Calls beyond the Permit's rate are refused with the seconds to wait; an assessment is not counted."""
    release = world.activate(catalog_of())[USE_CASE]
    world.permit(release, ("cohort",), calls_per_minute=2)
    client, assessment = client_of(world.key("cohort")), client_of(world.key("assessment"))
    ask(assessment)
    ask(client)
    ask(client)
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client)
    ask(assessment)

    assert caught.value.code == "rate_exceeded"
    assert caught.value.response.headers["retry-after"] == "30"
    assert [row["rule"] for row in world.refusals()] == ["rate_exceeded"]


def test_spend_is_enforced(world: World, client_of: Client) -> None:
    """When the month's money is gone calls are refused, and the client is told not to ask again."""
    release = world.activate(catalog_of())[USE_CASE]
    world.permit(release, ("cohort",), monthly_spend=Decimal("0.01"))
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client_of(world.key("cohort")))

    assert caught.value.code == "spend_exceeded"
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert world.fake.seen == []


def test_no_call_passes_unmetered(world: World, client_of: Client) -> None:
    """Without a database that can be written nothing is asked of the upstream, and readiness says why."""
    client = client_of(world.key())
    with world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE usage RENAME TO away")
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    ready = httpx2.get(world.url + "/readyz", trust_env=False)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO usage")
    ask(client)

    assert caught.value.code == "metering_unavailable"
    assert len(world.fake.seen) == 1
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert ready.json()["problems"]


RUN_IT = """
import asyncio, sys
import pilotage.gateway.application, pilotage.gateway.keys, pilotage.models.fake
from tests.gateway.world import World, catalog_of, make_world
from pilotage.storage.engine import open_engine
from pilotage.storage.migrate import upgrade_schema
import http.client, json, urllib.parse
engine = open_engine("sqlite:///" + sys.argv[1])
upgrade_schema(engine)
with make_world(engine) as world:
    world.activate(catalog_of())
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(world.url).netloc)
    body = json.dumps({"model": "letters", "messages": [{"role": "user", "content": "hi"}]})
    connection.request("POST", "/v1/chat/completions", body, {"Authorization": "Bearer " + world.key()})
    assert connection.getresponse().status == 200
    connection.close()
heavy = ("numpy", "scipy", "pygit2", "onnxruntime", "spacy", "ruamel", "pandas", "starlette", "jinja2", "typer")
print(sorted(name for name in sys.modules if name.split(".")[0] in heavy))
engine.dispose()
"""


def test_gateway_loads_nothing_heavy(tmp_path: object) -> None:
    """A process that imports the whole gateway and serves a call has loaded no heavy library."""
    done = subprocess.run(
        [sys.executable, "-c", RUN_IT, f"{tmp_path}/gateway.db"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
