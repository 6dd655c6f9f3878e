"""What every registry document shares: kind, version, name, and the small types that several kinds use.

A pattern carries its meaning in plain words under `x-reads`: problems quote it and editors show it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, GetJsonSchemaHandler, Tag, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

NAME_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
Name = Annotated[
    str,
    Field(
        pattern=NAME_PATTERN,
        description="Lower-case letters, digits and hyphens, 1 to 64 characters; unique within its kind.",
        json_schema_extra={"x-reads": "a name of lower-case letters, digits and inner hyphens, 1 to 64 characters"},
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=20_000)]
Line = Annotated[str, Field(min_length=1, max_length=300)]
Digest = Annotated[
    str,
    Field(
        pattern=r"^sha256:[0-9a-f]{64}$",
        description="SHA-256 of the content.",
        json_schema_extra={"x-reads": "`sha256:` and 64 hexadecimal digits in lower case"},
    ),
]
IsoDate = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        description="A day of the calendar, as 2026-03-31.",
        json_schema_extra={"x-reads": "a date as year-month-day, such as 2026-03-31"},
    ),
]
Currency = Annotated[
    str,
    Field(
        pattern=r"^[A-Z]{3}$",
        description="ISO 4217 code of a currency.",
        json_schema_extra={"x-reads": "a currency code of three capital letters, such as EUR"},
    ),
]
Minutes = Annotated[float, Field(ge=0, le=100_000)]
Share = Annotated[float, Field(gt=0, lt=1)]

Audience = Literal["assessment", "builders", "cohort", "everyone"]
"""Who calls: automatic assessment, the team that builds, a named group of users, or all users."""

Stage = Literal["idea", "pilot", "limited", "production", "retired"]
"""Where a use case stands; purgatory is days stuck at `pilot`."""

DataClass = Literal["public", "internal", "confidential", "personal", "special-category"]


class Part(BaseModel):
    """A piece of a document: unknown keys are refused and values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Document(Part):
    """One YAML document of the registry."""

    version: Literal[1] = Field(description="Version of the document's shape; a reader for each is kept for ever.")
    name: Name
    title: Line | None = Field(default=None, description="What people read instead of the name.")
    description: Text | None = Field(default=None, description="What people should know of it, in a few sentences.")

    @property
    def label(self) -> str:
        """What a page shows: the title, or the name where there is none."""
        return self.title or self.name


class FromEnvironment(Part):
    """A value that stands outside the registry: in an environment variable or in a file of the machine."""

    source: Literal["env", "file"] = Field(alias="from", description="Where the value stands: `env` or `file`.")
    name: Line = Field(description="The variable's name or the file's path; never the value itself.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, serialize_by_alias=True)


HttpUrl = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$",
        max_length=2_000,
        description="An http(s) address without user, query or fragment.",
    ),
]


def _form_of_location(value: object) -> str:
    return "as an address" if isinstance(value, str) else "from elsewhere"


Location = Annotated[
    Annotated[HttpUrl, Tag("as an address")] | Annotated[FromEnvironment, Tag("from elsewhere")],
    Discriminator(_form_of_location),
    Field(
        json_schema_extra={
            "x-reads": "an http:// or https:// address without user, query or fragment, or {from: env, name: VARIABLE}"
        }
    ),
]
"""An http(s) address without user, query or fragment; or the variable or file that holds it."""


class Range(Part):
    """A figure that is known within limits; a single number means both ends are equal."""

    low: float = Field(ge=0, description="The least it can be.")
    high: float = Field(ge=0, description="The most it can be; not below `low`.")

    @model_validator(mode="before")
    @classmethod
    def _both_ends_from_one_number(cls, value: Any) -> Any:  # noqa: ANN401 - what a document holds before it is checked
        if isinstance(value, int | float) and not isinstance(value, bool):
            return {"low": value, "high": value}
        return value

    @model_validator(mode="after")
    def _right_way_up(self) -> Self:
        if self.high < self.low:
            message = f"is upside down: high ({self.high:g}) must not lie below low ({self.low:g})"
            raise ValueError(message)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Tell editors that a single number may stand in place of the mapping."""
        choices = [handler(core_schema), {"type": "number", "minimum": 0}]
        words = "a number, or a range as {low: 1, high: 2}"
        return {"anyOf": choices, "description": "A figure that is known within limits.", "x-reads": words}
