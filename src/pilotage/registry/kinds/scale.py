"""Scale: TRL, IRL or HRL as data: levels, each with criteria as typed questions to kinds of evidence."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pilotage.registry.kinds.document import Document, Line, Name, Part, Text
from pilotage.registry.kinds.team import Role

ConfigurationPart = Literal["model", "prompt", "parameters", "tools", "index", "guards", "policy", "application"]


class Declared(Part):
    """MET when the use case's document gives every one of these fields (dotted paths such as `process.after`)."""

    by: Literal["declaration"]
    fields: tuple[Line, ...] = Field(min_length=1, description="Fields that must all be given, as dotted paths.")


class Measured(Part):
    """MET when measurements of this kind suffice at their bound, not at their mean."""

    by: Literal["measurement"]
    measures: Literal["critical-function", "promise", "integration", "attack", "load"] = Field(
        description="What the measurement must be evidence of."
    )
    verdict: Literal["MEETS", "any"] = Field(default="MEETS", description="`any`: a finished measurement is enough.")
    sealed: bool = Field(default=False, description="Only data that were sealed until the claim was declared.")
    coverage: int = Field(default=1, ge=1, description="Cases in the data set at least; apart from the gate's n.")


class Attested(Part):
    """MET when a person with one of these roles signed the statement."""

    by: Literal["attestation"]
    roles: tuple[Role, ...] = Field(min_length=1, description="Roles of which the signer has at least one.")
    participants: int = Field(default=0, ge=0, description="Representative users who took part, at least.")


class Operated(Part):
    """MET when the use case served real users at the gateway for so long and so often."""

    by: Literal["operation"]
    days: int = Field(ge=1, description="Days in operation, at least.")
    calls: int = Field(ge=1, description="Calls by real users, at least.")


class Criterion(Part):
    """One question of a level."""

    id: Name = Field(description="Its name, unique in the scale.")
    question: Line = Field(description="The question that evidence answers.")
    side: Literal["technology", "people"] = Field(description="The 30 % (model, tools) or the 70 % (people, process).")
    turn: Literal["team", "owner", "bridge-builder", "risk-owner", "platform", "users", "time"] = Field(
        description="Whose turn it is while the answer is missing."
    )
    answer: Annotated[Declared | Measured | Attested | Operated, Field(discriminator="by")] = Field(
        description="The evidence that answers it."
    )
    minutes: Annotated[float, Field(ge=0)] = Field(default=10, description="People's time for the next evidence.")
    next_step: Line = Field(description="The cheapest thing that would answer the question.")
    valid_days: int | None = Field(default=None, ge=1, description="Time to live; none means until a part changes.")
    depends_on: tuple[ConfigurationPart, ...] = Field(
        default=(), description="Parts whose change makes the evidence stale; empty: none."
    )
    applies_to_tiers: tuple[Name, ...] = Field(default=(), description="Empty: all tiers.")


class Level(Part):
    """One rung: reached when every applicable criterion of it and of those below is MET."""

    level: int = Field(ge=1, le=9, description="The rung, 1 to 9.")
    title: Line = Field(description="Its name for people.")
    meaning: Text = Field(description="What holds once it is reached.")
    criteria: tuple[Criterion, ...] = Field(
        default=(), description="What must be met for it, besides the levels below."
    )


class Scale(Document):
    """A readiness scale of nine levels."""

    kind: Literal["Scale"]
    axis: Literal["TRL", "IRL", "HRL"] = Field(
        description="What it measures: technology, integration or human readiness."
    )
    source: Line = Field(description="The published scale whose sense it follows.")
    levels: tuple[Level, ...] = Field(description="The nine levels, lowest first.")

    @model_validator(mode="after")
    def _levels_complete(self) -> Self:
        if [level.level for level in self.levels] != list(range(1, 10)):
            message = "must have the levels 1 to 9, each once and in order"
            raise ValueError(message)
        ids = [criterion.id for level in self.levels for criterion in level.criteria]
        if doubled := sorted({name for name in ids if ids.count(name) > 1}):
            message = f"has criterion ids that stand twice: {', '.join(doubled)}"
            raise ValueError(message)
        return self
