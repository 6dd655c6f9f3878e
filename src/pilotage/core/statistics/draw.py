"""Which answers people are asked to label: drawn by lot, more often where the judge is less sure.

The lot hangs on the run's id and the item's id alone. The run's id is drawn at random when its data are opened, so
that nobody can tune a system, a seed or the items for the answers that will be labelled; from then on it is fixed, so
that nobody can choose what is labelled, and everybody can draw it again. What is drawn with a known probability can be
weighed by it, and so corrects the judge without bias (see `corrected`).
"""

from __future__ import annotations

import hashlib

from pilotage.core.statistics.e_process import check_rate

_WORD = "label"  # keeps these lots apart from those of the shuffle, which also come from digests
_BITS = 53  # as many as a float holds exactly


def draw_share(score: float, floor: float) -> float:
    """Give the probability with which an answer is drawn: the floor where the judge is sure, up to 1 at one half.

    Args:
        score: what the judge says, from 0 (bad) to 1 (good).
        floor: the least probability, above 0 and at most 1.

    Raises:
        ValueError: the score or the floor cannot be.
    """
    check_floor(floor)
    if not 0 <= score <= 1:
        message = f"a judge's score lies between 0 and 1, not {score!r}"
        raise ValueError(message)
    return floor + (1 - floor) * 4 * score * (1 - score)


def is_drawn(run: str, item_id: str, share: float) -> bool:
    """Tell whether the lot falls on an item, with probability `share` over runs and ids."""
    digest = hashlib.sha256(f"{_WORD}\0{run}\0{item_id}".encode()).digest()
    lot = int.from_bytes(digest[:8]) >> (64 - _BITS)
    return lot < share * (1 << _BITS)


def check_floor(floor: float) -> None:
    """Refuse a least share that would never be drawn, or is none (NaN included)."""
    if floor != 1:
        check_rate("the least share of answers to be labelled", floor)
