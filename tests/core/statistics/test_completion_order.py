"""Outcomes count in schedule order: the published trap of counting them as they complete, by seeded simulation."""

from __future__ import annotations

import numpy as np
import pytest
from tests.core.statistics.simulate import Flags, Floats, walk_lines

from pilotage.core.statistics.gate import GateDesign, ScheduleBuffer, Verdict, boundaries
from pilotage.core.statistics.lines import Boundary

SAMPLES = 300
LINES = [
    Boundary(line.n, line.meets_at, None)
    for line in list(boundaries(GateDesign(0.9, 0.95, 0.05, 0.1, SAMPLES, attempt=None)))
]


def simulate_answers(runs: int, at_once: int, slower: float, seed: int) -> tuple[Flags, Floats]:
    """Ask at a true rate of .90, so many at once, failures so many times slower: outcomes, and when they end."""
    random = np.random.default_rng(seed)
    size = SAMPLES + 4 * at_once  # so that those that count complete before the last is asked
    passed = random.random((runs, size)) < 0.9
    seconds = random.exponential(1, (runs, size)) * np.where(passed, 1, slower)
    free_at = np.zeros((runs, at_once))
    ends = np.empty((runs, size))
    rows = np.arange(runs)
    for slot in range(size):
        worker = free_at.argmin(axis=1)
        ends[:, slot] = free_at[rows, worker] + seconds[:, slot]
        free_at[rows, worker] = ends[:, slot]
    return passed, ends


@pytest.mark.parametrize(
    ("at_once", "slower", "published"),
    [(10, 1, 2.3), (10, 3, 7.3), (10, 10, 33.0), (50, 1, 3.0), (50, 3, 37.6), (50, 10, 96.7)],
)
def test_completion_order_falls_into_the_trap_and_schedule_order_does_not(
    at_once: int, slower: float, published: float
) -> None:
    """Failures ten times slower, fifty at once: 97 % false passes in completion order; about 3 % in schedule order."""
    passed, ends = simulate_answers(2000, at_once, slower, seed=1)
    completed = np.take_along_axis(passed, ends.argsort(axis=1, kind="stable"), axis=1)[:, :SAMPLES]
    in_completion = 100 * float(walk_lines(LINES, completed).met.mean())
    in_schedule = 100 * float(walk_lines(LINES, passed[:, :SAMPLES]).met.mean())
    assert in_completion == pytest.approx(published, abs=3)
    assert in_schedule == pytest.approx(3.0, abs=1)


def test_the_buffer_gives_the_verdict_of_the_schedule_whatever_completes_first() -> None:
    """The shipped buffer, fed as answers complete, says what the schedule says, run by run."""
    design = GateDesign(0.9, 0.95, 0.05, 0.1, SAMPLES, attempt=None)
    passed, ends = simulate_answers(60, 50, 10, seed=2)
    expected = walk_lines(list(boundaries(design)), passed[:, :SAMPLES])
    for run in range(60):
        buffer = ScheduleBuffer(design)
        for slot in ends[run].argsort().tolist():
            buffer.accept(slot, bool(passed[run, slot]))
        assert (buffer.process.verdict is Verdict.MEETS) == bool(expected.met[run])
        assert buffer.process.n == expected.n[run]
