"""Answers are drawn to be labelled by a lot that nobody can bend."""

from __future__ import annotations

import hashlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.statistics.draw import draw_share, is_drawn

SHARES = st.floats(0, 1)


@given(score=SHARES, floor=st.floats(0.01, 1))
def test_the_less_sure_the_judge_the_likelier_the_lot(score: float, floor: float) -> None:
    """The floor where the judge is sure, 1 at one half, never outside, and the same on either side."""
    share = draw_share(score, floor)
    assert floor <= share <= 1
    assert draw_share(1 - score, floor) == pytest.approx(share)
    nearer = (score + 0.5) / 2
    assert draw_share(nearer, floor) >= share
    assert draw_share(0.0, floor) == draw_share(1.0, floor) == floor
    assert draw_share(0.5, floor) == 1


@given(run=st.text(max_size=26), item=st.text(max_size=20), less=SHARES, more=SHARES)
def test_the_lot_is_the_same_each_time_and_grows_with_the_share(run: str, item: str, less: float, more: float) -> None:
    """Run and item decide; what is drawn with a small share is drawn with a larger one too."""
    less, more = sorted((less, more))
    assert is_drawn(run, item, less) == is_drawn(run, item, less)
    assert is_drawn(run, item, more) or not is_drawn(run, item, less)
    assert is_drawn(run, item, 1.0)
    assert not is_drawn(run, item, 0.0)


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5, 0.9])
def test_as_many_are_drawn_as_the_share_says(share: float) -> None:
    """Of 20,000 ids, within four standard errors; and as many among those that another run drew."""
    drawn = [is_drawn("r1", f"item-{number}", share) for number in range(20_000)]
    error = 4 * (share * (1 - share) / 20_000) ** 0.5
    assert sum(drawn) / 20_000 == pytest.approx(share, abs=error)
    again = [is_drawn("r2", f"item-{number}", share) for number in range(20_000) if drawn[number]]
    assert sum(again) / len(again) == pytest.approx(share, abs=error / share**0.5)


def test_the_lot_can_be_drawn_again_by_anybody() -> None:
    """SHA-256 of the word `label`, the run and the item: a lot once drawn stays the same in every version."""
    drawn = [number for number in range(40) if is_drawn("7", f"q{number}", 0.25)]
    assert drawn == [1, 4, 9, 16, 18, 19, 37, 38]
    first = hashlib.sha256(b"label\0" + b"7\0" + b"q1").hexdigest()
    assert int(first[:14], 16) < 0.25 * 16**14


@pytest.mark.parametrize(("score", "floor"), [(1.2, 0.5), (-0.1, 0.5), (math.nan, 0.5), (0.5, 0.0), (0.5, math.nan)])
def test_what_cannot_be_is_refused(score: float, floor: float) -> None:
    """A score outside 0 to 1, or a floor that would never draw, is named."""
    with pytest.raises(ValueError, match=r"lies between 0 and 1|must lie between 0 and 1"):
        draw_share(score, floor)
