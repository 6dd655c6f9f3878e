"""Tests of serving: who answers on which path, a port that is taken, and a steward that outlives trouble."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from tests.app.installation import USE_CASE, Installation

from pilotage.app.platform import Platform
from pilotage.app.web import Running, StewardThread
from pilotage.core.errors import UsageError
from pilotage.gateway.keys import mint_key
from pilotage.ledger.records.release import CatalogActivated


def fetch(running: Running, path: str, key: str | None = None) -> tuple[int, str, str]:
    """Fetch a path: status, content type and body."""
    connection = HTTPConnection(urlsplit(running.address).netloc, timeout=20)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"} if key else {})
        reply = connection.getresponse()
        return reply.status, reply.headers["content-type"] or "", reply.read().decode()
    finally:
        connection.close()


def await_true(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def activated(platform: Platform) -> int:
    """Count activated catalogs."""
    return len(platform.ledger.read(kinds=(CatalogActivated,)))


def test_gateway_and_portal_share_one_port(platform: Platform) -> None:
    """Under /v1 and at its health the gateway answers, everywhere else the portal."""
    platform.steward(alone=True).tick(platform.clock())
    key = mint_key(platform.engine, use_case=USE_CASE, audience="builders", lifetime=None, clock=platform.clock).text
    with Running(platform, host="127.0.0.1", port=0, read_banner=lambda: "SAMPLE banner") as running:
        running.refresh()
        models = fetch(running, "/v1/models", key)
        refused = fetch(running, "/v1/models")
        ready = fetch(running, "/readyz")
        front = fetch(running, "/")
        page = fetch(running, f"/use-cases/{USE_CASE}")
        missing = fetch(running, "/v2/models")

    assert models[0] == 200
    assert [entry["id"] for entry in json.loads(models[2])["data"]] == ["claims-triage", "claims-triage@candidate"]
    assert refused[0] == 401
    assert (ready[0], json.loads(ready[2])["catalog"]) == (200, platform.load_catalog().digest)
    for status, kind, body in (front, page):
        assert (status, kind.partition(";")[0]) == (200, "text/html")
        assert "SAMPLE banner" in body
    assert (missing[0], missing[1].partition(";")[0]) == (404, "text/html")


def test_a_gateway_alone_has_no_portal(platform: Platform) -> None:
    """Without the portal, every path is the gateway's: identified or refused."""
    with Running(platform, host="127.0.0.1", port=0, with_portal=False) as running:
        front = fetch(running, "/")

    assert front[0] == 401
    assert "error" in json.loads(front[2])


def test_a_taken_port_is_told(platform: Platform) -> None:
    """A port where another process listens is told with what to do, before anything starts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(UsageError, match=rf"cannot listen on 127.0.0.1:{port} .*--port; 0 takes a free one"):
            Running(platform, host="127.0.0.1", port=port)


@pytest.mark.parametrize("host", ["192.0.2.1", "::::", "a" * 300])
def test_an_address_that_is_not_ours_is_told(platform: Platform, host: str) -> None:
    """An address of another machine, or none at all, is told the same way."""
    with pytest.raises(UsageError, match=f"cannot listen on {host}:0"):
        Running(platform, host=host, port=0)


def test_the_port_is_free_again_after_serving(platform: Platform) -> None:
    """Whoever stopped can start again on the same port at once."""
    with Running(platform, host="127.0.0.1", port=0) as running:
        port = urlsplit(running.address).port
        assert port is not None
    with Running(platform, host="127.0.0.1", port=port) as again:
        assert fetch(again, "/healthz")[0] == 200


def test_the_steward_outlives_a_broken_registry(platform: Platform, installation: Installation) -> None:
    """While the registry does not load the last catalog holds; once mended and changed, the new one is activated."""
    with StewardThread(platform):
        await_true(lambda: activated(platform) == 1)
        installation.edit("teams.yaml", "kind: Team", "kind: [")
        time.sleep(0.3)  # several looks of the steward at the broken registry
        assert activated(platform) == 1
        installation.edit("teams.yaml", "kind: [", "kind: Team")
        installation.edit("organisation.yaml", "title: Example Ltd", "title: Another Ltd")
        await_true(lambda: activated(platform) == 2)


def test_a_changed_registry_reaches_the_gateway_by_itself(platform: Platform, installation: Installation) -> None:
    """With steward and gateway at work, an edit is in force shortly after it was saved."""
    with Running(platform, host="127.0.0.1", port=0) as running, StewardThread(platform):

        def catalog() -> object:
            return json.loads(fetch(running, "/readyz")[2])["catalog"]

        await_true(lambda: catalog() == platform.load_catalog().digest)
        installation.edit("organisation.yaml", "title: Example Ltd", "title: Another Ltd")
        await_true(lambda: catalog() == platform.load_catalog().digest)
