"""The lines grow as far as they are read, and say the same however they are read."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.core.statistics.e_process import fails_line, meets_line
from pilotage.core.statistics.gate import GateDesign, GateProcess, boundaries
from pilotage.core.statistics.lines import Lines

CLAIM = (0.9, 0.95, 0.05, 0.1)


def test_they_are_the_lines_of_the_e_process() -> None:
    """Entry by entry, up to where they close."""
    meets, fails = meets_line(0.9, 20), fails_line(0.9, 0.95, 10)
    lines = Lines(*CLAIM, cap=5_000)
    for line, meets_at, fails_at in zip(lines, meets, fails, strict=False):
        assert (line.meets_at, line.fails_at) == (meets_at, fails_at)
    assert len(lines) == lines[-1].n == 1_159


def test_they_grow_only_as_far_as_they_are_read() -> None:
    """A gate with a cap of a million that is decided early computes a block."""
    lines = Lines(*CLAIM[:1], 0.9001, *CLAIM[2:], cap=1_000_000)
    assert lines.spare_at(50) >= 0
    assert len(lines._spare) < 2_000
    assert bool(lines)
    assert len(list(islice(lines, 3_000))) == 3_000
    assert len(lines._spare) < 5_000


def test_they_read_as_a_sequence() -> None:
    """Places from the end, slices, and an end where the cap is."""
    lines = Lines(*CLAIM, cap=100)
    assert lines[-1] == lines[99]
    assert [line.n for line in lines[10:13]] == [11, 12, 13]
    with pytest.raises(IndexError):
        lines[100]
    assert list(lines) == [lines[at] for at in range(100)]


@given(
    p0=st.floats(0.1, 0.9),
    gap=st.floats(0.05, 0.9),
    cap=st.integers(1, 3_000),
    passing=st.lists(st.booleans(), max_size=200),
)
def test_the_first_n_is_the_first_crossing_of_an_extreme_walk(
    p0: float, gap: float, cap: int, passing: list[bool]
) -> None:
    """The search among the lines finds what walking on with passes alone, or failures alone, finds."""
    design = GateDesign(p0, p0 + (1 - p0) * gap, 0.05, 0.1, cap)
    process = GateProcess(design)
    for outcome in passing:
        process = process.after(outcome)
    if process.finished:
        return
    found: list[int] = []
    for outcome in (True, False):
        ahead = process
        while not ahead.finished:
            ahead = ahead.after(outcome)
        found.append(ahead.n)
    assert boundaries(design).first_n(process.n, process.passes) == min(found)
