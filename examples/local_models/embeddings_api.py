"""The OpenAI embeddings endpoint over the local sentence embedder."""

from __future__ import annotations

import base64
import struct
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from local_models.embeddings import MODEL_NAME, SentenceEmbedder

MOST_INPUTS = 512
ENCODINGS = ("float", "base64")


def refuse(message: str) -> JSONResponse:
    """Answer 400 in OpenAI's error shape."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return JSONResponse({"error": error}, status_code=400)


def encode_vector(vector: list[float], encoding: str) -> list[float] | str:
    """Give a vector as numbers, or as base64 of little-endian 32-bit floats."""
    if encoding == "base64":
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return vector


def build_embeddings_api(embedder: SentenceEmbedder) -> Starlette:
    """Build the application: POST /v1/embeddings, GET /v1/models, GET /health."""

    async def embeddings(request: Request) -> JSONResponse:
        try:
            body: Any = await request.json()
        except (ValueError, RecursionError):
            return refuse("the body is not JSON")
        asked = body.get("input") if isinstance(body, dict) else None
        texts: Any = [asked] if isinstance(asked, str) else asked
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            return refuse("`input` must be a string or a list of strings")
        if len(texts) > MOST_INPUTS:
            return refuse(f"at most {MOST_INPUTS} inputs in one call, not {len(texts)}")
        encoding = body.get("encoding_format", "float")
        if encoding not in ENCODINGS:
            return refuse(f"`encoding_format` is one of {', '.join(ENCODINGS)}")
        results = [await run_in_threadpool(embedder.embed, text) for text in texts]
        data = [
            {"object": "embedding", "index": index, "embedding": encode_vector(vector, encoding)}
            for index, (vector, _) in enumerate(results)
        ]
        tokens = sum(count for _, count in results)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return JSONResponse({"object": "list", "data": data, "model": MODEL_NAME, "usage": usage})

    async def models(_: Request) -> JSONResponse:
        return JSONResponse({"object": "list", "data": [{"id": MODEL_NAME, "object": "model", "owned_by": "local"}]})

    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[
            Route("/v1/embeddings", embeddings, methods=["POST"]),
            Route("/v1/models", models),
            Route("/health", health),
        ]
    )
