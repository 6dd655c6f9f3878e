"""Calls with the official client, as several tests make them."""

from __future__ import annotations

from openai import OpenAI, Stream
from openai.types.chat import ChatCompletion, ChatCompletionChunk, ChatCompletionMessageParam


def user(text: str) -> list[ChatCompletionMessageParam]:
    """Give the messages of a call that says one thing."""
    return [{"role": "user", "content": text}]


def ask(client: OpenAI, text: str = "hi", *, model: str = "letters") -> ChatCompletion:
    """Make a chat call."""
    return client.chat.completions.create(model=model, messages=user(text))


def stream(
    client: OpenAI, text: str = "hi", *, model: str = "letters", usage: bool | None = None
) -> Stream[ChatCompletionChunk]:
    """Begin a stream; where `usage` is None nothing is said about usage."""
    create = client.chat.completions.create
    if usage is None:
        return create(model=model, messages=user(text), stream=True)
    return create(model=model, messages=user(text), stream=True, stream_options={"include_usage": usage})
