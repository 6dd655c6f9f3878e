"""Judge: a model that judges answers, pinned with all that its verdicts depend on, so that it can be measured."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pilotage.registry.kinds.document import Document, Line, Name, Part, Text


class WordParser(Part):
    """Read a verdict from the first of these words that stands in the judge's last line."""

    type: Literal["word"]
    passes: tuple[Line, ...] = Field(default=("PASS",), min_length=1, description="Words that mean pass.")
    fails: tuple[Line, ...] = Field(default=("FAIL",), min_length=1, description="Words that mean fail.")


class ScaleParser(Part):
    """Read a whole number on a scale from the judge's last line; its place on the scale is the grade."""

    type: Literal["scale"]
    low: int = Field(default=1, description="The worst grade.")
    high: int = Field(default=5, description="The best grade; above `low`.")
    passes_from: int = Field(default=4, description="The least grade that passes.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.low < self.passes_from <= self.high:
            message = f"has passes_from ({self.passes_from}) not above low ({self.low}) and up to high ({self.high})"
            raise ValueError(message)
        return self


Parser = Annotated[WordParser | ScaleParser, Field(discriminator="type")]


class JudgedExample(Part):
    """An answer with the verdict that it deserves, shown to the judge."""

    input: Text = Field(description="What was asked.")
    answer: Text = Field(description="What was answered.")
    verdict: Line = Field(description="What the judge should reply, in the parser's words.")


class Judge(Document):
    """A model that judges answers; its verdicts count only as far as people's labels bear them out."""

    kind: Literal["Judge"]
    route: Name = Field(description="The route that is asked: prompt, model and parameters.")
    question: Text = Field(description="What to judge by, in words; put before each answer.")
    parser: Parser = Field(default=WordParser(type="word"), description="How its reply is read.")
    examples: tuple[JudgedExample, ...] = Field(default=(), max_length=20, description="Answers already judged.")
