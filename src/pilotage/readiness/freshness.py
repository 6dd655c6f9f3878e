"""Freshness: evidence counts for the configuration that it was made on, and for as long as its criterion says.

Staleness is computed when a level is assessed, from digests and moments, and is never written into the evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pilotage.readiness.basis import Basis
from pilotage.registry.kinds.scale import Criterion


@dataclass(frozen=True, slots=True)
class Freshness:
    """Whether evidence may be used.

    Attributes:
        stale: why not; None when it may.
        until: the moment at which time alone changes this; None when it never does.
    """

    stale: str | None
    until: datetime | None


def assess_freshness(
    criterion: Criterion, parts: Mapping[str, str], taken: datetime, basis: Basis, what: str
) -> Freshness:
    """Tell whether evidence taken at a moment on some parts still speaks for the configuration assessed.

    Args:
        criterion: names the parts that matter and the days that evidence lives.
        parts: the configuration that the evidence was made on.
        taken: when it was made.
        basis: the configuration assessed, and now.
        what: what to call the evidence in the reason, such as `the measurement of routing`.
    """
    changed = [part for part in criterion.depends_on if parts.get(part) != basis.parts.get(part)]
    if changed:
        return Freshness(
            f"{what} was made on another {' and '.join(changed)}; what changed has to be shown again", None
        )
    if taken > basis.now:
        return Freshness(f"{what} is dated {taken:%Y-%m-%d %H:%M} UTC, which has not come yet", taken)
    if criterion.valid_days is None:
        return Freshness(None, None)
    until = taken + timedelta(days=criterion.valid_days)
    if basis.now >= until:
        return Freshness(f"{what} expired on {until:%Y-%m-%d}, after {criterion.valid_days} days", None)
    return Freshness(None, until)
