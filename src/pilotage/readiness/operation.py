"""OperationFacts: how long and how often one Release served real users; counted elsewhere, judged here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperationFacts:
    """What the gateway saw of real users; None where it cannot see, which is never the same as 0.

    Attributes:
        days: days on which the Release served real users (audiences `cohort` and `everyone`).
        calls: settled calls of these users.
    """

    days: int | None
    calls: int | None


UNSEEN = OperationFacts(days=None, calls=None)
"""Nothing is known, as for a bought product that never calls the gateway."""
