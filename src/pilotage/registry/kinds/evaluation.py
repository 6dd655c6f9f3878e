"""Evaluation: a question put to a use case: data set, target, scorer, and the claim that a gate decides."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, cast

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from pilotage.registry.kinds.document import Document, Line, Location, Name, Part, Share


class RouteTarget(Part):
    """Ask a route of the gateway: the item's input becomes the user message."""

    route: Name = Field(description="The route that is asked.")


class EndpointTarget(Part):
    """Ask the use case's own application: POST {"input": …} and read {"output": …}."""

    endpoint: Location = Field(description="Where the application answers, or where its address stands.")


class ExactScorer(Part):
    """Pass when the answer equals the expected text (white space folded; case folded unless told)."""

    type: Literal["exact"]
    case_sensitive: bool = Field(default=False, description="Whether capital letters must match.")


class OneOfScorer(Part):
    """Pass when the expected label is among the first k labels answered."""

    type: Literal["one-of-k"]
    k: int = Field(ge=1, le=100, description="How many of the first labels may hold the expected one.")


class ContainsScorer(Part):
    """Pass when the answer contains the expected text."""

    type: Literal["contains"]
    case_sensitive: bool = Field(default=False, description="Whether capital letters must match.")


class RegexScorer(Part):
    """Pass when the answer matches the pattern, or the item's expected text as a pattern where none is given."""

    type: Literal["regex"]
    pattern: Annotated[str, Field(max_length=2_000)] | None = Field(
        default=None, description="The pattern, for every item; none: each item expects one of its own."
    )


class NumberScorer(Part):
    """Pass when the first number in the answer lies within the tolerance of the expected one."""

    type: Literal["number"]
    absolute: Annotated[float, Field(ge=0)] = Field(
        default=0, description="Most that the number may lie off, in its own unit."
    )
    relative: Annotated[float, Field(ge=0)] = Field(
        default=0, description="Most that the number may lie off, as a share of the expected one."
    )


class JsonSchemaScorer(Part):
    """Pass when the answer is JSON that fits the schema and the named fields equal the expected ones."""

    type: Literal["json-schema"]
    json_schema: dict[str, Any] = Field(alias="schema", description="A JSON Schema (2020-12) that the answer must fit.")
    match_fields: tuple[Line, ...] = Field(default=(), description="Fields that must equal the expected ones.")

    model_config = ConfigDict(extra="forbid", frozen=True, serialize_by_alias=True)


class FactsScorer(Part):
    """Pass when every expected fact stands in the answer."""

    type: Literal["facts-all-present"]


Scorer = Annotated[
    ExactScorer | OneOfScorer | ContainsScorer | RegexScorer | NumberScorer | JsonSchemaScorer | FactsScorer,
    Field(discriminator="type"),
]


def _form_of_target(value: object) -> str:
    if isinstance(value, Part):
        return "of an application" if isinstance(value, EndpointTarget) else "at the gateway"
    keys = set(cast("dict[str, object]", value)) if isinstance(value, dict) else set[str]()
    return "of an application" if "endpoint" in keys and "route" not in keys else "at the gateway"


Target = Annotated[
    Annotated[RouteTarget, Tag("at the gateway")] | Annotated[EndpointTarget, Tag("of an application")],
    Discriminator(_form_of_target),
    Field(json_schema_extra={"x-reads": "{route: NAME} of the gateway, or {endpoint: ADDRESS} of the application"}),
]


class Claim(Part):
    """What the gate decides: that at least p0 of the population is answered well.

    MEETS refutes "at most p0" with error at most alpha over all attempts; FAILS refutes "at least p1" with
    error at most beta; at the cap without either it is UNDECIDED.
    """

    text: Line = Field(description="The claim in words that users understand.")
    p0: Share = Field(description="The share that must be exceeded.")
    p1: Share = Field(description="The share that the team believes it reaches; above p0.")
    alpha: Annotated[float, Field(gt=0, le=0.2)] = Field(
        default=0.05, description="Most that a false claim may pass with, as a probability, over all attempts."
    )
    beta: Annotated[float, Field(gt=0, le=0.5)] = Field(
        default=0.10, description="Most that a true claim (p1) may fail with, as a probability."
    )
    cap: int = Field(default=240, ge=1, le=100_000, description="Most items that are asked.")

    @model_validator(mode="after")
    def _p1_above_p0(self) -> Self:
        if self.p1 <= self.p0:
            message = f"has p1 ({self.p1:g}) not above p0 ({self.p0:g})"
            raise ValueError(message)
        return self


class Evaluation(Document):
    """A plan: which items are asked of which target, how answers are scored, and what is claimed."""

    kind: Literal["Evaluation"]
    use_case: Name = Field(description="The use case that the claim is about.")
    dataset: Name = Field(description="The items that are asked.")
    target: Target = Field(
        description="What is asked: {route: NAME}, or {endpoint: ADDRESS} of the application itself."
    )
    scorer: Scorer = Field(description="How an answer is judged.")
    claim: Claim = Field(description="What the gate decides.")
    measures: Literal["critical-function", "promise", "integration", "attack", "load"] = Field(
        default="promise", description="What the evaluation is evidence of."
    )
    repeats: int = Field(default=1, ge=1, le=10, description="Times each prompt is asked; the prompt stays the unit.")
    seed: int = Field(default=0, ge=0, description="Seed of the recorded shuffle of the items.")
    concurrency: int = Field(default=4, ge=1, le=256, description="Most calls at the same time.")
    calls_per_second: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="Most calls that begin in a second; none: no limit."
    )
    timeout_seconds: float = Field(
        default=30, gt=0, le=3_600, description="Seconds after which a call counts as not answered."
    )
    retries: int = Field(default=2, ge=0, le=10, description="Times that a call which failed is tried again.")
