"""Basis: everything that an assessment rests on, gathered once; and the answer that one criterion gets from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pilotage.ledger.entry import Entry
from pilotage.ledger.records.attestation import Attestation
from pilotage.ledger.records.measurement import Measurement
from pilotage.readiness.operation import OperationFacts
from pilotage.registry.catalog import Catalog
from pilotage.registry.kinds.risk_tier import RiskTier
from pilotage.registry.kinds.use_case import UseCase

State = Literal["MET", "NOT MET", "UNKNOWN", "NOT APPLICABLE"]
_STRENGTH: tuple[State, ...] = ("NOT MET", "UNKNOWN", "MET", "NOT APPLICABLE")


@dataclass(frozen=True, slots=True)
class Basis:
    """What one assessment rests on.

    Attributes:
        parts: the configuration assessed, part -> digest.
        release: its root digest.
        measurements: newest first.
        attestations: newest first.
    """

    catalog: Catalog
    use_case: UseCase
    tier: RiskTier
    parts: Mapping[str, str]
    release: str
    measurements: tuple[Entry[Measurement], ...]
    attestations: tuple[Entry[Attestation], ...]
    operation: OperationFacts
    now: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """How a criterion is answered, and until when that answer holds if nothing but time changes."""

    state: State
    reason: str
    evidence: str | None = None
    sample: bool = False
    until: datetime | None = None


def weakest(states: Iterable[State]) -> State:
    """Give the weakest of some states: one failure makes a failure, and one unknown an unknown."""
    return min(states, key=_STRENGTH.index)


def sooner(first: datetime | None, second: datetime | None) -> datetime | None:
    """Give the earlier of two moments, where None is never."""
    return min((moment for moment in (first, second) if moment is not None), default=None)
