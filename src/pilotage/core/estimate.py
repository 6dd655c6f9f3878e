"""An estimate is one value: a point never travels without its interval, its n and its method."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was estimated from n observations.

    Attributes:
        point: the best single figure.
        low: lower end of the interval.
        high: upper end of the interval.
        n: number of independent observations it rests on.
        confidence: coverage of the interval, such as 0.95.
        method: how the interval was made, such as `clopper-pearson`.
    """

    point: float
    low: float
    high: float
    n: int
    confidence: float
    method: str

    def __post_init__(self) -> None:
        """Refuse an interval that does not hold its point."""
        if not all(math.isfinite(part) for part in (self.point, self.low, self.high)):
            message = "an estimate needs finite numbers"
            raise ValueError(message)
        if not self.low <= self.point <= self.high:
            message = f"the interval [{self.low}, {self.high}] does not hold its point {self.point}"
            raise ValueError(message)
        if self.n < 0:
            message = f"n counts observations, so {self.n} cannot be"
            raise ValueError(message)
        if not 0 < self.confidence < 1:
            message = f"confidence lies between 0 and 1, not {self.confidence}"
            raise ValueError(message)
