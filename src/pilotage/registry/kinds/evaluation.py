"""Evaluation: a question put to a use case: data set, target, scorer, and the claim that a gate decides."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pilotage.registry.kinds.claim import AnyClaim
from pilotage.registry.kinds.document import Document, Name
from pilotage.registry.kinds.scorer import JudgedScorer, Scorer
from pilotage.registry.kinds.target import RouteTarget, Target

Measures = Literal["critical-function", "promise", "integration", "attack", "load", "comparison"]
"""What an evaluation is evidence of."""


class Evaluation(Document):
    """A plan: which items are asked of which target, how answers are scored, and what is claimed."""

    kind: Literal["Evaluation"]
    use_case: Name = Field(description="The use case that the claim is about.")
    dataset: Name = Field(description="The items that are asked.")
    target: Target = Field(
        description="What is asked: {route: NAME}, or {endpoint: ADDRESS} of the application itself."
    )
    scorer: Scorer = Field(description="How an answer is judged.")
    claim: AnyClaim = Field(description="What the gate decides.")
    measures: Measures = Field(default="promise", description="What the evaluation is evidence of.")
    benign: Name | None = Field(
        default=None,
        description="Of an attack: the Evaluation of the same target on benign items, whose refusals stand beside it.",
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

    @model_validator(mode="after")
    def _claim_fits(self) -> Self:
        """Hold the claim's form, what is measured and the scorer together."""
        form = self.claim.form
        for word in ("attack", "comparison"):
            if (form == word) != (self.measures == word):
                fields = {"attack": "success_below and believed", "comparison": "a baseline"}[word]
                message = f"`measures: {word}` and a claim with {fields} go together"
                raise ValueError(message)
        if self.benign is not None and form != "attack":
            message = "`benign` stands beside an attack only"
            raise ValueError(message)
        if isinstance(self.target, RouteTarget) and self.target.release != "candidate":
            message = "an evaluation asks the newest Release; compare it with the promoted one by a baseline"
            raise ValueError(message)
        if isinstance(self.scorer, JudgedScorer) and (form == "comparison" or self.repeats > 1):
            message = "a judged scorer decides a share of single answers: without baseline, `repeats: 1`"
            raise ValueError(message)
        return self
