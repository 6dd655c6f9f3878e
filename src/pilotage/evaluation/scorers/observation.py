"""Observations: what scorers are told of an answer beyond its text. Plain values, made by observers at the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pilotage.evaluation.outcome import Outcome
from pilotage.registry.kinds.judge import Parser


@dataclass(frozen=True, slots=True)
class Nearness:
    """The cosine between the embeddings of an answer and the expected text, from -1 to 1."""

    cosine: float


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a judge replied.

    Attributes:
        reply: its words; content, never recorded outside the artefact store.
        parser: how they are read, as the Judge declares it.
    """

    reply: str
    parser: Parser


@dataclass(frozen=True, slots=True)
class Effort:
    """What an answer took.

    Attributes:
        seconds: from question to answer.
        cost: its highest possible cost in the currency of the Organisation; None where it is unknown.
    """

    seconds: float
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class SandboxReport:
    """How generated code fared in the sandbox.

    Attributes:
        ran: whether the checks ran to their end.
        failures: what failed, in words of the sandbox that quote nothing of the code.
        checks: examples and properties that were tried.
    """

    ran: bool
    failures: tuple[str, ...] = ()
    checks: int = 0


@dataclass(frozen=True, slots=True)
class PluginFinding:
    """What a plugin made of an answer; it ran at the edge, since nobody knows what it does.

    Attributes:
        outcome: its verdict, checked; not measured where it failed, ran too long, or gave something else.
    """

    outcome: Outcome


Observation: TypeAlias = Nearness | Opinion | Effort | SandboxReport | PluginFinding | None
"""What a scorer is told; None where it needs no more than the answer."""
