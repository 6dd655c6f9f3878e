"""Hostile and broken requests: a clear 4xx, nothing metered, no traceback, and the gateway goes on."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.gateway.world import USE_CASE, World

from pilotage.gateway import asgi
from pilotage.gateway.application import MODELS, OPEN_PATHS, SURFACES

GOOD = {"model": "letters", "messages": [{"role": "user", "content": "hi"}]}


def send(
    world: World, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """Send one request as it is."""
    connection = http.client.HTTPConnection(urlsplit(world.url).netloc, timeout=20)
    connection.request(method, path, body=body, headers=headers or {})
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    return reply.status, json.loads(text) if text else {}


def bearer(key: str) -> dict[str, str]:
    """Give the header that identifies."""
    return {"Authorization": f"Bearer {key}"}


UNFINISHED = (
    "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nAuthorization: Bearer {key}\r\n\r\n"
)
DEEP = b"[" * 200_000 + b"]" * 200_000


MALFORMED: tuple[tuple[bytes, str | None], ...] = (
    (b"", None),
    (b"{", None),
    (b"null", None),
    (b"[]", None),
    (b'{"model":"letters"}', "messages"),
    (b'{"messages":[{"role":"user"}]}', "model"),
    (b'{"model":7,"messages":[{"role":"user"}]}', "model"),
    (b'{"model":"letters","messages":{}}', "messages"),
    (b'{"model":"letters","messages":[]}', "messages"),
    (b'{"model":"letters","messages":[7]}', "messages"),
    (b'{"model":"letters","messages":[{"role":7}]}', "messages"),
    (b'{"model":"letters","messages":[{"role":"user"}],"stream":"yes"}', "stream"),
    (b'{"model":"letters","messages":[{"role":"user"}],"stream_options":7}', "stream_options"),
    (b'{"model":"letters","messages":[{"role":"user"}],"n":-1}', "n"),
    (b'{"model":"letters","messages":[{"role":"user"}],"n":1e99}', "n"),
    (b'{"model":"letters","messages":[{"role":"user"}],"max_tokens":"many"}', "max_tokens"),
    (b'{"model":"letters","model":"other","messages":[{"role":"user"}]}', None),
    (b'{"model":"letters", "messages":[{"role":"user","role":"system"}]}', None),
    (b'{"model":"letters","messages":[{"role":"user","content":"\xff\xfe"}]}', None),
    (b'{"model":"letters","messages":[{"role":"user","content":NaN}]}', None),
    (b'{"model":"letters","messages":' + DEEP + b"}", None),
    (b'{"model":"letters","messages":[{"role":"user"}],"x": ' + DEEP + b"}", None),
    (b'{"model":"letters", "messages":[{"role":"user"}],"x":' + b"9" * 20_000 + b"}", None),
    (b"\xef\xbb\xbf{}", None),
)


def test_malformed_body(world: World) -> None:
    """A body that is no request is refused with what is wrong, and never reaches the upstream."""
    key = world.key()

    answers = [send(world, "POST", "/v1/chat/completions", body, bearer(key)) for body, _ in MALFORMED]

    assert {(status, reply["error"]["code"]) for status, reply in answers} == {(400, "malformed_request")}
    assert [reply["error"]["param"] for _, reply in answers] == [param for _, param in MALFORMED]
    assert world.fake.seen == []
    assert world.usage() == []


def test_embedding_without_input(world: World) -> None:
    """An embedding request needs an input."""
    status, reply = send(world, "POST", "/v1/embeddings", b'{"model":"vectors"}', bearer(world.key()))

    assert (status, reply["error"]["param"]) == (400, "input")


@pytest.mark.parametrize("declared", [True, False])
def test_body_too_large(world: World, *, declared: bool) -> None:
    """A body above the limit is refused, whether or not its length was told."""
    body = b"x" * (asgi.BODY_LIMIT + 1)
    sent: Any = body if declared else iter([body])  # what has no length goes in chunks

    status, reply = send(world, "POST", "/v1/chat/completions", sent, bearer(world.key()))

    assert (status, reply["error"]["code"]) == (413, "body_too_large")


def test_huge_headers(world: World) -> None:
    """Headers beyond all measure are refused."""
    headers = bearer(world.key()) | {"X-Large": "x" * 70_000}

    status, _ = send(world, "GET", "/v1/models", b"", headers)

    assert 400 <= status < 500


def test_slow_body(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that dribbles its body is let go with a clear answer."""
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.2)
    parts = urlsplit(world.url)
    head = UNFINISHED.format(key=world.key())

    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(head.encode() + b'{"model"')
        answer = connection.recv(65_536)

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"slow_request" in answer


def test_caller_that_leaves_in_the_middle_of_its_body(world: World) -> None:
    """A caller that never finishes its request leaves no row and no fault behind."""
    parts = urlsplit(world.url)
    head = UNFINISHED.format(key=world.key())
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(head.encode() + b'{"model"')

    status, _ = send(world, "GET", "/v1/models", b"", bearer(world.key()))

    assert status == 200
    assert world.usage() == []


METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH")
PATHS = (
    "/",
    "/v1",
    "/v1/",
    "/v1/models",
    "/v1/models/letters",
    "/v1/chat/completions",
    "/v1/chat/completions/",
    "/v1/embeddings",
    "/v1/responses",
    "/v1/completions",
    "//v1/models",
    "/V1/models",
    "/healthz/../v1/models",
    "/docs",
    "/metrics",
)


def test_every_path_without_a_key_is_refused(world: World) -> None:
    """There is no way around the key: every path but the two that tell how the gateway is asks for it."""
    assert set(SURFACES) | {MODELS} <= set(PATHS)
    assert not OPEN_PATHS & set(PATHS)

    answers = {(method, path): send(world, method, path, b"{}") for method in METHODS for path in PATHS}

    assert {status for status, _ in answers.values()} == {401}
    codes = {reply["error"]["code"] for (method, _), (_, reply) in answers.items() if method != "HEAD"}
    assert codes == {"missing_key"}
    assert world.fake.seen == []


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/v1/responses", "unknown_path"),
        ("GET", "/v1/chat/completions", "wrong_method"),
        ("POST", "/v1/models", "wrong_method"),
    ],
)
def test_wrong_path_or_method(world: World, method: str, path: str, code: str) -> None:
    """With a key, a path or method that is not served says so."""
    _, reply = send(world, method, path, b"{}", bearer(world.key()))

    assert reply["error"]["code"] == code


@pytest.mark.parametrize(
    ("model", "code"),
    [
        ("nothing", "unknown_route"),
        ("Not A Name", "unknown_route"),
        ("letters@other", "unknown_route"),
        ("other", "route_of_other_use_case"),
        ("vectors", "wrong_task"),
    ],
)
def test_wrong_route(world: World, model: str, code: str) -> None:
    """A model name that is no route of the key's use case and of this surface is refused."""
    body = json.dumps(GOOD | {"model": model}).encode()

    _, reply = send(world, "POST", "/v1/chat/completions", body, bearer(world.key()))

    assert reply["error"]["code"] == code
    assert world.fake.seen == []


def test_run_header_labels_the_row_only_when_well_formed(world: World) -> None:
    """The header that names an evaluation's run is kept when it is a ULID and ignored otherwise."""
    run = "01HZZZZZZZZZZZZZZZZZZZZZZZ"
    for value in (run, "'; DROP TABLE usage"):
        headers = bearer(world.key()) | {"x-pilotage-run": value}
        assert send(world, "POST", "/v1/chat/completions", json.dumps(GOOD).encode(), headers)[0] == 200

    assert [row["run"] for row in world.usage()] == [run, None]
    assert {row["use_case"] for row in world.usage()} == {USE_CASE}


def test_health_needs_no_key_and_readiness_tells_why_not(bare_world: World) -> None:
    """Without a catalog the gateway is alive but not ready, and refuses calls for that reason."""
    key = bare_world.key()

    assert send(bare_world, "GET", "/healthz") == (200, {"status": "ok"})
    status, state = send(bare_world, "GET", "/readyz")
    refused, reply = send(bare_world, "POST", "/v1/chat/completions", json.dumps(GOOD).encode(), bearer(key))

    assert (status, state["ready"], state["problems"]) == (503, False, ["no catalog was activated yet"])
    assert (refused, reply["error"]["code"]) == (503, "catalog_not_loaded")
