"""A page for what could not be shown: what was wrong and how to go on, in the style of all others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import ClassVar

from pilotage.portal.pages.frame import Fact, Frame

_MOST_SHOWN = 80
"""Characters of a wrong address that are repeated."""


@dataclass(frozen=True, slots=True)
class FaultPage:
    """A page for an HTTP status from 400 on."""

    template: ClassVar[str] = "fault.html"

    frame: Frame
    title: str
    status: int
    what: str
    remedy: str
    ways: tuple[Fact, ...]


def plan_missing_use_case(frame: Frame, name: str, names: Iterable[str]) -> FaultPage:
    """Plan the page for a use case that is not declared, with the nearest names."""
    shown = name if len(name) <= _MOST_SHOWN else name[:_MOST_SHOWN] + "…"
    nearest = get_close_matches(name[:_MOST_SHOWN], sorted(names), n=3, cutoff=0.5)
    return FaultPage(
        frame=frame,
        title="No such use case",
        status=404,
        what=f"The registry declares no use case “{shown}”.",
        remedy="Perhaps it was this one:" if nearest else "The front page lists those that it declares.",
        ways=tuple(Fact(name, name, f"/use-cases/{name}") for name in nearest),
    )


def plan_missing(frame: Frame, what: str, remedy: str) -> FaultPage:
    """Plan the page for an address or a record that is not there."""
    return FaultPage(frame, "Not found", 404, what, remedy, ())


def plan_fault(frame: Frame, status: int, what: str, remedy: str) -> FaultPage:
    """Plan the page for what went wrong here."""
    return FaultPage(frame, "This page cannot be shown", status, what, remedy, ())
