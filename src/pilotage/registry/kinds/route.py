"""Route: what a use case calls by model name at the gateway; prompt, model and parameters in one pinned place."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pilotage.registry.kinds.document import Document, Name, Part, Text


class Parameters(Part):
    """Sampling parameters that the route sets; a caller's own value wins only where the route leaves one out."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = Field(
        default=None, description="How much chance decides: 0 the least, 2 the most."
    )
    top_p: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="Share of the probability mass that answers are drawn from."
    )
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        default=None, description="Most tokens of an answer."
    )
    seed: int | None = Field(default=None, description="Seed that the upstream is asked to use, where it can.")
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = Field(
        default=None, description="Penalty on words by how often they have come already."
    )
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = Field(
        default=None, description="Penalty on words that have come already."
    )
    stop: tuple[str, ...] | None = Field(default=None, description="Texts at which an answer ends.")


class Route(Document):
    """A route of a use case: callers give its name as the `model` of an OpenAI request."""

    kind: Literal["Route"]
    use_case: Name = Field(description="The use case that it serves.")
    model: Name = Field(description="The model that answers.")
    prompt: Text | None = Field(default=None, description="System prompt, put before the caller's messages.")
    parameters: Parameters = Field(
        default=Parameters(), description="Sampling parameters that every call through the route gets."
    )
