"""Claim: what a gate decides, in one of three forms, each of which comes down to a mean between p0 and p1."""

from __future__ import annotations

from typing import Annotated, Literal, Self, cast

from pydantic import Discriminator, Field, Tag, model_validator

from pilotage.registry.kinds.document import Line, Part, Share
from pilotage.registry.kinds.target import Target

Form = Literal["share", "attack", "comparison"]
_DIGITS = 12  # decimals kept where one rate is computed from another, so that 1 - 0.05 is 0.95


class _Terms(Part):
    """What claims of every form hold: words, error rates, and how much may be asked."""

    text: Line = Field(description="The claim in words that users understand.")
    alpha: Annotated[float, Field(gt=0, le=0.2)] = Field(
        default=0.05, description="Most that a false claim may pass with, as a probability, over all attempts."
    )
    beta: Annotated[float, Field(gt=0, lt=0.5)] = Field(
        default=0.10, description="Most that a true claim (p1) may fail with, as a probability."
    )
    cap: int = Field(default=240, ge=1, le=1_000_000, description="Most items that are asked.")


class Claim(_Terms):
    """That more than p0 of the population is answered well.

    MEETS refutes "at most p0" with error at most alpha over all attempts; FAILS refutes "at least p1" with
    error at most beta; at the cap without either it is UNDECIDED.
    """

    p0: Share = Field(description="The share that must be exceeded.")
    p1: Share = Field(description="The share that the team believes it reaches; above p0.")

    @property
    def form(self) -> Form:
        """Which of the forms this is."""
        return "share"

    @model_validator(mode="after")
    def _p1_above_p0(self) -> Self:
        if self.p1 <= self.p0:
            message = f"has p1 ({self.p1:g}) not above p0 ({self.p0:g})"
            raise ValueError(message)
        return self


class AttackClaim(_Terms):
    """That fewer than so many attacks succeed: an upper bound on the success rate; an item passes when it resists."""

    success_below: Share = Field(description="The share of successful attacks that must not be reached.")
    believed: Share = Field(description="The share that the team believes succeeds; below `success_below`.")

    @property
    def form(self) -> Form:
        """Which of the forms this is."""
        return "attack"

    @property
    def p0(self) -> float:
        """The share resisted that must be exceeded."""
        return round(1 - self.success_below, _DIGITS)

    @property
    def p1(self) -> float:
        """The share resisted that the team believes it reaches."""
        return round(1 - self.believed, _DIGITS)

    @model_validator(mode="after")
    def _believed_below(self) -> Self:
        if self.believed >= self.success_below:
            message = f"has believed ({self.believed:g}) not below success_below ({self.success_below:g})"
            raise ValueError(message)
        return self


class ComparisonClaim(_Terms):
    """That the target does better than a baseline on the same items, or, with a margin, no worse than by so much.

    The gate bets on (target - baseline + 1) / 2 of each item, whose mean is one half where both do equally well.
    """

    baseline: Target = Field(description="What the target is compared with, asked the same items.")
    margin: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0, description="How much worse counts as no worse (non-inferiority); 0 asks for better (superiority)."
    )
    believed: Annotated[float, Field(gt=-1, lt=1)] = Field(
        default=0.05, description="The difference that the team believes in: target less baseline; above -margin."
    )

    @property
    def form(self) -> Form:
        """Which of the forms this is."""
        return "comparison"

    @property
    def p0(self) -> float:
        """The mean of (target - baseline + 1) / 2 that must be exceeded."""
        return round((1 - self.margin) / 2, _DIGITS)

    @property
    def p1(self) -> float:
        """The mean of (target - baseline + 1) / 2 that the team believes in."""
        return round((1 + self.believed) / 2, _DIGITS)

    @model_validator(mode="after")
    def _believed_above_margin(self) -> Self:
        if self.believed <= -self.margin:
            message = f"has believed ({self.believed:g}) not above the margin ({-self.margin:g})"
            raise ValueError(message)
        return self


def _form_of_claim(value: object) -> str:
    if isinstance(value, (AttackClaim, ComparisonClaim)):
        return {"attack": "of an attack", "comparison": "of a comparison"}[value.form]
    keys = set(cast("dict[str, object]", value)) if isinstance(value, dict) else set[str]()
    if "success_below" in keys:
        return "of an attack"
    return "of a comparison" if "baseline" in keys else "of a share"


AnyClaim = Annotated[
    Annotated[Claim, Tag("of a share")]
    | Annotated[AttackClaim, Tag("of an attack")]
    | Annotated[ComparisonClaim, Tag("of a comparison")],
    Discriminator(_form_of_claim),
    Field(
        json_schema_extra={
            "x-reads": "{text, p0, p1} of a share, {text, success_below, believed} of an attack, "
            "or {text, baseline, margin} of a comparison"
        }
    ),
]
