"""Model: one upstream that answers, with what it costs and consumes where that is known."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pilotage.registry.kinds.document import Currency, DataClass, Document, FromEnvironment, Line, Location, Part, Range


class CataloguePrice(Part):
    """The price stands in the `genai-prices` data that ships with Pilotage."""

    source: Literal["genai-prices"]
    provider: Line = Field(description="The provider, as genai-prices names it.")
    model: Line = Field(description="The model, as genai-prices names it.")


class DeclaredPrice(Part):
    """The price is what the organisation pays, per million tokens, as a range."""

    source: Literal["declared"]
    currency: Currency
    input_per_million: Range = Field(description="Price of a million input tokens.")
    output_per_million: Range = Field(description="Price of a million output tokens.")
    per_call: Range = Field(default=Range(low=0, high=0), description="Price of a call, besides its tokens.")


class CatalogueFootprint(Part):
    """Energy comes from the `ecologits` method, compiled to coefficients when the catalog loads."""

    source: Literal["ecologits"]
    provider: Line = Field(description="The provider, as ecologits names it.")
    model: Line = Field(description="The model, as ecologits names it.")


class DeclaredFootprint(Part):
    """Energy is what the organisation measured or was told, in watt-hours per thousand tokens, as a range."""

    source: Literal["declared"]
    input_wh_per_thousand: Range = Field(description="Watt-hours for a thousand input tokens.")
    output_wh_per_thousand: Range = Field(description="Watt-hours for a thousand output tokens.")
    per_call_wh: Range = Field(default=Range(low=0, high=0), description="Watt-hours of a call, besides its tokens.")


class Model(Document):
    """An upstream model. Unknown price or footprint is left out and stays unknown; it is never 0."""

    kind: Literal["Model"]
    task: Literal["chat", "embedding"] = Field(
        default="chat", description="What it answers with: chat messages or embeddings."
    )
    dialect: Literal["openai"] = Field(default="openai", description="The protocol that the upstream speaks.")
    base_url: Location = Field(description="Address up to and with `/v1`, or where it stands: {from: env, name: …}.")
    upstream_model: Line = Field(
        description="The model's name at the upstream; pin a dated version where there is one."
    )
    credential: FromEnvironment | None = Field(default=None, description="Where the key stands; never the key itself.")
    price: Annotated[CataloguePrice | DeclaredPrice, Field(discriminator="source")] | None = Field(
        default=None, description="What a call costs; left out where it is not known."
    )
    footprint: Annotated[CatalogueFootprint | DeclaredFootprint, Field(discriminator="source")] | None = Field(
        default=None, description="What a call consumes; left out where it is not known."
    )
    context_tokens: int | None = Field(default=None, ge=1, description="Longest input and output together, in tokens.")
    timeout_seconds: float = Field(
        default=60, gt=0, le=3_600, description="Seconds after which an unanswered call is given up."
    )
    region: Line | None = Field(default=None, description="Where the data go, such as eu-west or on-premises.")
    data_classes: tuple[DataClass, ...] = Field(default=("public", "internal"), description="What may be sent to it.")
