"""Bets against a mean: the step that `graded` and `corrected` share; pure Python, so that one step costs little.

Somebody who bets the fraction f of the most that can be bet on values z in [0, 1] having a mean above m multiplies
the stake by 1 + (f/m) (z - m) = 1 - f + f z/m at each value. When the mean, given all that came before, is at most m,
that is fair or worse, and so is any mixture of such bettors: by Ville's inequality their wealth ever grows to
1/alpha with probability at most alpha, however often one looks (Waudby-Smith and Ramdas 2024, "Estimating means of
bounded random variables by betting"). The wealth falls as m rises, so the means it refutes are an interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Wealth: TypeAlias = "tuple[float, ...]"
"""What each bettor of a mixture has."""

_TIE = 1e-9  # wealth this close to its goal has reached it, so that ties do not hang on rounding
_RATIO = 1.8  # between two fractions that stand so close less than one call in two hundred is lost
_MOST_BETTORS = 12  # the next would start with less than a four-thousandth of the stake
_SMALLEST = 0.003  # the fraction that is best for a difference that a million values just show


def _spread_fractions() -> tuple[tuple[float, float], ...]:
    """Divide (0, 1] into cells that grow geometrically: (fraction in the cell's middle, width of the cell).

    The last and widest is halved: it is what a run without a single failure lives on.
    """
    cells = round(math.log(1 / _SMALLEST) / math.log(_RATIO))
    edges = [0.0, *(_SMALLEST ** (1 - cell / cells) for cell in range(cells + 1))]
    edges.insert(-1, (edges[-2] + 1) / 2)
    return tuple(((low + high) / 2, high - low) for low, high in pairwise(edges))


FRACTIONS = _spread_fractions()
"""(fraction, weight) of the bettors on a mean above m: all but uniform over the fractions, and fine near 0."""


def fractions_from(first: float) -> tuple[tuple[float, float], ...]:
    """Give (fraction, weight) of bettors of whom half bet `first`, and ever fewer ever more, at most 1.

    For a test with one alternative in mind: `first` is best where the values vary as much as they can, and the
    less they vary, the more should be bet.
    """
    count = min(1 + math.ceil(math.log(1 / first) / math.log(_RATIO)), _MOST_BETTORS)
    return tuple((min(first * _RATIO**i, 1.0), 0.5 ** (i + 1)) for i in range(count))


@dataclass(frozen=True, slots=True)
class Bettors:
    """A mixture of bettors against "the mean of z is at most m", and the wealth that refutes it.

    Attributes:
        weights: what each starts with; together 1.
        kept: what each keeps of its stake when z is 0.
        gained: what each gains for z = 1.
        goal: the wealth of all together that refutes the mean.
    """

    weights: tuple[float, ...]
    kept: tuple[float, ...]
    gained: tuple[float, ...]
    goal: float

    @classmethod
    def against(cls, mean: float, error: float, fractions: Sequence[tuple[float, float]] = FRACTIONS) -> Bettors:
        """Set up bettors of these (fraction, weight) against a mean between 0 and 1, to refute it with this error."""
        whole = sum(weight for _, weight in fractions)
        return cls(
            tuple(weight / whole for _, weight in fractions),
            tuple(1 - fraction for fraction, _ in fractions),
            tuple(fraction / mean for fraction, _ in fractions),
            (1 - _TIE) / error,
        )

    def after(self, wealth: Wealth, z: float) -> Wealth:
        """Give each one's wealth after a value; that of nobody (an empty one) stays empty."""
        steps = zip(wealth, self.kept, self.gained)  # noqa: B905 - of equal lengths, or empty; checking costs a tenth
        return tuple([held * (kept + gained * z) for held, kept, gained in steps])

    def fewest_to_goal(self, wealth: Wealth, most: int) -> int:
        """Give how many values of 1 would carry the wealth to its goal; `most` where it takes no fewer."""
        growing = [
            (math.log(held), math.log(kept + gained))
            for held, kept, gained in zip(wealth, self.kept, self.gained, strict=True)
            if held > 0
        ]
        goal = math.log(self.goal)

        def reached(steps: int) -> bool:
            logs = [held + steps * growth for held, growth in growing]
            top = max(logs, default=-math.inf)
            return top >= goal or sum(math.exp(log - goal) for log in logs) >= 1

        low, high = 0, 1
        while high < most and not reached(high):
            low, high = high, 2 * high
        high = min(high, most)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if reached(middle) else (middle, high)
        return high


class Bets(NamedTuple):
    """Those who bet on both sides of a claim.

    Attributes:
        up: the bettors against a mean of at most p0, on z.
        down: the bettors against a mean of at least p1, on 1 - z.
    """

    up: Bettors
    down: Bettors
