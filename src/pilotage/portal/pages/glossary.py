"""The words that the pages use, each with its one meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pilotage.portal.pages.frame import Frame


@dataclass(frozen=True, slots=True)
class Word:
    """One word and what it means here."""

    word: str
    meaning: str


@dataclass(frozen=True, slots=True)
class GlossaryPage:
    """All words."""

    template: ClassVar[str] = "glossary.html"

    frame: Frame
    title: str
    words: tuple[Word, ...]


WORDS = (
    Word(
        "Assessment",
        "How ready a Release is at one moment: the levels, why, what blocks, whose turn it is, and the "
        "cheapest next evidence. Without one, every level is 0.",
    ),
    Word(
        "Attestation",
        "A person’s statement on one criterion. It counts when it is signed by somebody whose role allows it.",
    ),
    Word("Band", "The range in which the true share lies with the stated confidence, however often one looks."),
    Word("Blocker", "One thing between a use case and its next stage."),
    Word(
        "Bolted on",
        "No step of the work was removed, moved or given to somebody else: the model was added to unchanged work.",
    ),
    Word("Bridge builder", "The person who joins those who build, those who judge the risk and those who use it."),
    Word("Candidate", "A Release that builders and assessments can call while users still get the promoted one."),
    Word("Criterion", "One question of a level. Its answer is MET, NOT MET or UNKNOWN, and UNKNOWN never passes."),
    Word("Evidence", "A Measurement by a tool, or an Attestation by a person."),
    Word(
        "Gate",
        "The test of a claim, item by item, until it MEETS, FAILS, or is UNDECIDED at its cap. A gate recommends; "
        "a person promotes, except where the risk tier says otherwise.",
    ),
    Word("HRL", "Human readiness level, 1 to 9: how ready people and their work are for it, and it for them."),
    Word("IRL", "Integration readiness level, 1 to 9: how well it works together with what surrounds it."),
    Word("Level", "The highest rung of a scale for which it and all below are met by fresh evidence."),
    Word(
        "Measurement", "What a tool found: a verdict, the estimate behind it with its range, and what finding it cost."
    ),
    Word("p0, p1", "The share that must be exceeded, and the share that the team believes it reaches."),
    Word("Permit", "What a Release may do at the gateway: for whom, how much, until when, and how strictly."),
    Word("Release", "A use case’s configuration, pinned by digest: model, prompt, parameters, application, policy."),
    Word("SAMPLE", "Evidence made up for a demonstration. It can never permit production."),
    Word("Stage", "Idea, pilot, limited, production or retired. Stuck means days at pilot."),
    Word("TRL", "Technology readiness level, 1 to 9: how far the technology was shown to work, and where."),
    Word("Trivial baseline", "The share that the same answer to everything would pass. A claim below it says nothing."),
    Word(
        "30 % and 70 %", "Model and tools are the smaller part of the way to production; people and process the larger."
    ),
)


def plan_glossary_page(frame: Frame) -> GlossaryPage:
    """Plan the glossary."""
    return GlossaryPage(frame, "Words", WORDS)
