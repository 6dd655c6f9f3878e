"""The application's HTTP interface: POST /queues {"input": message} answers {"output": [queue, …]}, likeliest first."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import openai
from openai import AsyncOpenAI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from claims_inbox.classifier import QueueClassifier
from claims_inbox.inbox import RUN_HEADER, rank_message


def build_api(client: AsyncOpenAI, classifier: QueueClassifier) -> Starlette:
    """Build the application around a client of the gateway and a fitted classifier."""

    async def queues(request: Request) -> JSONResponse:
        try:
            body: Any = await request.json()
        except (ValueError, RecursionError):
            return JSONResponse({"error": "the body is not JSON"}, status_code=400)
        message = body.get("input") if isinstance(body, dict) else None
        if not isinstance(message, str) or not message.strip():
            return JSONResponse({"error": "`input` must be a message, as text"}, status_code=400)
        try:
            ranked = await rank_message(client, classifier, message, request.headers.get(RUN_HEADER))
        except openai.APIStatusError as error:
            return JSONResponse({"error": error.message}, status_code=error.status_code)
        except openai.APIConnectionError:
            return JSONResponse({"error": "the gateway does not answer"}, status_code=502)
        return JSONResponse({"output": ranked})

    @asynccontextmanager
    async def closing_client(_: Starlette) -> AsyncGenerator[None]:
        async with client:
            yield

    return Starlette(routes=[Route("/queues", queues, methods=["POST"])], lifespan=closing_client)
