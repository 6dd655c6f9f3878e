"""Tests of the local embedding endpoint: the official client works unchanged, and bad input gets a clear 400."""

from __future__ import annotations

import math
from collections.abc import Generator

import pytest
from tests.examples.conftest import Post

from pilotage.models.loopback import serve

TEXTS = ["A stone hit the windscreen.", "The roof leaks.", "Mi maleta no llegó: 310 €"]


@pytest.fixture(scope="module")
def address(embedder_api: object) -> Generator[str]:
    """Serve the endpoint."""
    with serve(embedder_api) as url:
        yield url + "/v1"


@pytest.fixture(scope="module")
def embedder_api(embedding_wheels: None) -> object:
    """Build the endpoint on the real model."""
    from local_models.embeddings import SentenceEmbedder  # noqa: PLC0415 - needs the wheels
    from local_models.embeddings_api import build_embeddings_api  # noqa: PLC0415 - as above

    return build_embeddings_api(SentenceEmbedder())


def length(vector: list[float]) -> float:
    """Give a vector's length."""
    return math.sqrt(sum(value * value for value in vector))


def test_the_official_client_works(address: str) -> None:
    """One text or many, as numbers or as base64 (the client's own default): the same unit vectors, in order."""
    from openai import OpenAI  # noqa: PLC0415 - may be missing

    with OpenAI(base_url=address, api_key="none", max_retries=0) as client:
        packed = client.embeddings.create(model="any", input=TEXTS)
        plain = client.embeddings.create(model="any", input=TEXTS, encoding_format="float")
        single = client.embeddings.create(model="any", input=TEXTS[1])
        models = [model.id for model in client.models.list()]

    assert [entry.index for entry in packed.data] == [0, 1, 2]
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
        assert length(other.embedding) == pytest.approx(1)
        assert len(other.embedding) == 384
    assert single.data[0].embedding == packed.data[1].embedding
    assert plain.usage.prompt_tokens > sum(len(text.split()) for text in TEXTS)
    assert models == ["all-minilm-l6-v2-int8"]


def test_meaning_is_near(address: str, post: Post) -> None:
    """Two messages about cars lie nearer to each other than to one about a holiday."""
    texts = [
        "Someone scratched my car door.",
        "The bumper of my vehicle is dented.",
        "Our flight to Oslo was cancelled.",
    ]
    _, reply = post(address + "/embeddings", {"input": texts})
    car, vehicle, flight = (entry["embedding"] for entry in reply["data"])

    near, far = (sum(a * b for a, b in zip(car, other, strict=True)) for other in (vehicle, flight))

    assert near > far + 0.1


def test_a_text_of_any_length_is_embedded(address: str, post: Post) -> None:
    """An empty text and one far longer than the model reads both get a vector."""
    status, reply = post(address + "/embeddings", {"input": ["", "word " * 20_000]})

    assert status == 200
    assert [len(entry["embedding"]) for entry in reply["data"]] == [384, 384]
    assert reply["usage"]["prompt_tokens"] < 300


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        [],
        {},
        {"input": None},
        {"input": []},
        {"input": [1, 2, 3]},
        {"input": ["a", None]},
        {"input": {"text": "a"}},
        {"input": ["a"] * 513},
        {"input": "a", "encoding_format": "hex"},
    ],
)
def test_bad_input_gets_400(address: str, post: Post, body: object) -> None:
    """What cannot be embedded is refused in OpenAI's error shape."""
    status, reply = post(address + "/embeddings", body)

    assert status == 400
    assert reply["error"]["type"] == "invalid_request_error"
    assert reply["error"]["message"]
