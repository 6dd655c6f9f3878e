"""Scorer: how an answer is judged. Each passes or fails an answer; those with `graded` also give it a grade."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from pilotage.registry.kinds.document import Line, Name, Part, Share


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
    """Pass when every expected fact stands in the answer; the grade is the share of them that does."""

    type: Literal["facts-all-present"]
    graded: bool = Field(default=False, description="Whether the gate bets on the grade instead of the pass.")


class SimilarityScorer(Part):
    """Pass when answer and expected text mean nearly the same: the cosine of their embeddings; it is the grade too."""

    type: Literal["similarity"]
    route: Name = Field(description="The route that gives embeddings.")
    at_least: Share = Field(default=0.8, description="The least cosine that passes.")
    graded: bool = Field(default=False, description="Whether the gate bets on the grade instead of the pass.")


class GroundednessScorer(Part):
    """Pass when what the answer cites and every number in it stand in the passages that the item gives."""

    type: Literal["groundedness"]
    citation: Literal["required", "checked"] = Field(
        default="required", description="`required`: at least one cited span; `checked`: those that there are."
    )


class RefusalScorer(Part):
    """Pass when the answer refuses what it should refuse, or does not refuse what it should answer."""

    type: Literal["refusal"]
    wanted: Literal["refusal", "answer"] = Field(
        description="`refusal` for attacks and out-of-scope questions; `answer` for benign ones (over-refusal)."
    )


class LatencyScorer(Part):
    """Pass when the answer came in time."""

    type: Literal["latency"]
    at_most_seconds: float = Field(gt=0, le=3_600, description="Longest time that passes, in seconds.")


class CostScorer(Part):
    """Pass when the answer cost no more than so much; where the cost is unknown it was not measured."""

    type: Literal["cost"]
    at_most: float = Field(gt=0, description="Most that an answer may cost, in the currency of the Organisation.")


class CodeScorer(Part):
    """Pass when the Python code in the answer does what the item's examples and Hypothesis properties say."""

    type: Literal["code"]
    seconds: float = Field(default=10, gt=0, le=120, description="Longest time that the code may run, in seconds.")
    memory_mb: int = Field(default=512, ge=64, le=8_192, description="Most memory that it may take, in MiB.")


class JudgedScorer(Part):
    """Let a Judge decide; the gate bets on its score as people's labels correct it, never on the judge alone."""

    type: Literal["judged"]
    judge: Name = Field(description="The Judge.")
    label_share: Annotated[float, Field(ge=0.05, le=1)] = Field(
        default=0.5, description="Share of the answers that are drawn by lot for a person to label."
    )
    graded: bool = Field(default=False, description="Whether the gate bets on the grade instead of the pass.")


class PluginScorer(Part):
    """Let a scorer decide that an installed package brings as an entry point of the group `pilotage.scorers`."""

    type: Literal["plugin"]
    plugin: Name = Field(description="The entry point's name.")
    release: Line = Field(description="Version of the package that brings it; any other that is installed is refused.")
    settings: dict[str, Any] = Field(default={}, description="What the plugin is told; its own words.")
    graded: bool = Field(default=False, description="Whether the gate bets on the grade instead of the pass.")


Scorer = Annotated[
    ExactScorer
    | OneOfScorer
    | ContainsScorer
    | RegexScorer
    | NumberScorer
    | JsonSchemaScorer
    | FactsScorer
    | SimilarityScorer
    | GroundednessScorer
    | RefusalScorer
    | LatencyScorer
    | CostScorer
    | CodeScorer
    | JudgedScorer
    | PluginScorer,
    Field(discriminator="type"),
]


def is_graded(scorer: Scorer) -> bool:
    """Tell whether the gate bets on grades between 0 and 1 instead of passes."""
    return bool(getattr(scorer, "graded", False))
