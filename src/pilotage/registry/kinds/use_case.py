"""UseCase: one GenAI application, its people, its promise, its process and the way it is put together."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pilotage.registry.kinds.document import (
    DataClass,
    Digest,
    Document,
    IsoDate,
    Line,
    Minutes,
    Name,
    Part,
    Stage,
    Text,
)


class Step(Part):
    """One step of work: what is done, by whom, and how long it takes."""

    step: Line = Field(description="What is done.")
    who: Line = Field(description="Who does it.")
    minutes: Minutes | None = Field(default=None, description="How long it takes, in minutes.")


class Process(Part):
    """How the work is done before and after the change; equal lists mean the model was only bolted on."""

    before: tuple[Step, ...] = Field(default=(), description="The steps of the work today.")
    after: tuple[Step, ...] = Field(default=(), description="The steps of the work with it.")


class Application(Part):
    """The use case's own code, which lives outside the registry: its version and digest, declared."""

    version: Line = Field(description="Its version, as the application itself states it.")
    digest: Digest | None = Field(default=None, description="SHA-256 of what is deployed.")


class Outside(Part):
    """A bought or low-code product that never calls the gateway, held all the same."""

    product: Line = Field(description="What was bought.")
    contract: Line | None = Field(default=None, description="The contract that it is used under.")
    owner: Name = Field(description="The team that answers for it.")
    region: Line | None = Field(default=None, description="Where the data go.")


class Users(Part):
    """Who uses it: a description and how many people are entitled."""

    who: Line = Field(description="Who they are.")
    count: int = Field(ge=0, description="How many people are entitled to use it.")
    outside_organisation: bool = Field(default=False, description="Whether people outside the organisation use it.")


class UseCase(Document):
    """One GenAI application; what is left out is inferred or defaulted, and shown with its source."""

    kind: Literal["UseCase"]
    purpose: Text = Field(description="What it is for, and what gets better by it.")
    owner: Name = Field(description="The team that answers for it.")
    owner_person: Name | None = Field(default=None, description="The member of the owning team who decides.")
    bridge_builder: Name | None = Field(default=None, description="The person who joins the team, risk and platform.")
    deputy: Name | None = Field(default=None, description="Who decides when the owner is away.")
    risk_owner: Name | None = Field(default=None, description="The person who accepts the risk.")
    users: Users | None = Field(default=None, description="Who uses it, and how many.")
    data_classes: tuple[DataClass, ...] = Field(default=(), description="Classes of data that it handles.")
    autonomy: Literal["suggests", "acts-with-approval", "acts"] = Field(
        default="suggests", description="Whether it suggests, acts once a person approves, or acts alone."
    )
    wrong_answer_cost: Text | None = Field(default=None, description="What one wrong answer costs, and whom.")
    promise: Text | None = Field(default=None, description="What users may expect, in a sentence that can be measured.")
    not_for: tuple[Line, ...] = Field(default=(), description="What it must not be used for.")
    baseline: Text | None = Field(default=None, description="How well the work is done today, without it.")
    process: Process = Field(default=Process(), description="How the work is done before and after.")
    oversight: Text | None = Field(default=None, description="Who checks what, and how a person stops it.")
    support: Line | None = Field(default=None, description="Where users complain and get help.")
    rollback: Text | None = Field(default=None, description="How it is switched off and what people do then.")
    tier: Name | None = Field(
        default=None, description="Declared risk tier; the higher of this and the inferred holds."
    )
    target_stage: Stage = Field(default="limited", description="The stage that the team works towards.")
    started: IsoDate | None = Field(
        default=None, description="When the pilot began; days stuck are counted from here at first."
    )
    cohort: tuple[Line, ...] = Field(default=(), description="The named group that stage `limited` serves.")
    monthly_budget: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="In the organisation's currency."
    )
    application: Application | None = Field(default=None, description="The use case's own code, where it has any.")
    outside: Outside | None = Field(
        default=None, description="The bought product that it is, where it never calls the gateway."
    )
