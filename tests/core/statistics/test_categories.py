"""Agreement over any number of categories, as statsmodels has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from pilotage.core.statistics.agreement import assess_labellers


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=80))
def test_kappa_is_that_of_statsmodels(pairs: list[tuple[str, str]]) -> None:
    """Point and interval equal an independent implementation wherever the interval has a width."""
    found = assess_labellers(pairs)
    table = np.array([[sum(pair == (one, other) for pair in pairs) for other in "abc"] for one in "abc"])

    same = int(table.trace())
    assert (found.agreement.point, found.agreement.n) == (pytest.approx(same / len(pairs)), len(pairs))
    if found.kappa is None:
        constant = min(len({pair[side] for pair in pairs}) for side in (0, 1)) == 1
        assert constant or same == 0
        return
    if same < len(pairs):
        with np.errstate(all="ignore"):  # it also computes a z value, which one pair alone does not have
            known: Any = cohens_kappa(table)
        assert found.kappa.point == pytest.approx(known.kappa, abs=1e-12)
        half = float(known.kappa_upp - known.kappa)
        assert found.kappa.low == pytest.approx(max(known.kappa - half, -1), abs=1e-6)
        assert found.kappa.high == pytest.approx(min(known.kappa + half, 1), abs=1e-6)


def test_people_who_never_disagreed_leave_doubt() -> None:
    """Five agreements are no proof of agreement: the lower end stays well below 1."""
    kappa = assess_labellers([("a", "a"), ("b", "b"), ("c", "c"), ("a", "a"), ("b", "b")]).kappa

    assert kappa is not None
    assert kappa.point == 1
    assert kappa.low < 0.5


def test_nothing_to_compare_is_unknown() -> None:
    """Without a pair there is no figure, and with one category alone no kappa."""
    with pytest.raises(ValueError, match="nothing was seen"):
        assess_labellers([])

    assert assess_labellers([("a", "a")] * 9).kappa is None
