"""OutsideEvaluation: a claim that the results of another tool decide; they come in by `pilotage evidence import`."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from pilotage.registry.kinds.claim import AnyClaim
from pilotage.registry.kinds.document import Document, Line, Name
from pilotage.registry.kinds.evaluation import Measures


class OutsideEvaluation(Document):
    """An evaluation that another tool carries out: what it is evidence of, and the claim its results decide."""

    kind: Literal["OutsideEvaluation"]
    use_case: Name = Field(description="The use case that the claim is about.")
    tool: Literal["inspect", "promptfoo", "garak", "junit"] = Field(description="The tool whose results are read.")
    claim: AnyClaim = Field(description="What the results decide, at the number of samples that they hold.")
    measures: Measures = Field(default="promise", description="What the evaluation is evidence of.")
    population: Line | None = Field(default=None, description="What the samples stand for: the claim is about these.")

    @model_validator(mode="after")
    def _claim_fits(self) -> Self:
        """Hold the claim's form and what is measured together."""
        if self.claim.form == "comparison" or self.measures == "comparison":
            message = "the results of another tool decide a share or an attack, not a comparison"
            raise ValueError(message)
        if (self.claim.form == "attack") != (self.measures == "attack"):
            message = "`measures: attack` and a claim with success_below and believed go together"
            raise ValueError(message)
        return self
