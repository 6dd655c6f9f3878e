"""Kills the demonstration with -9 at many instants and starts it again: nothing is lost, doubled or left running."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.demo.played import (
    LONGEST,
    Place,
    assert_nothing_lost,
    assert_whole,
    read_left,
    require_demo,
    settled_facts,
)
from tests.demo.survivors import await_none

KILLS = 20
SEED = 7
LONGEST_START = 12.0
MOST_ROWS = 30
MOST_DELAY = 0.3


def await_instant(process: subprocess.Popen[str], place: Place, chance: random.Random) -> None:
    """Wait for a random instant: some seconds after the start, or so many rows further and then a moment.

    Seconds alone would kill a slow machine's demonstration always while it starts.
    """
    if chance.random() < 1 / 3:
        until, rows, delay = time.monotonic() + chance.uniform(0, LONGEST_START), None, 0.0
    else:
        rows = place.count_rows() + chance.randint(1, MOST_ROWS)
        until, delay = time.monotonic() + LONGEST, chance.uniform(0, MOST_DELAY)
    while process.poll() is None and time.monotonic() < until:
        if rows is not None and place.count_rows() >= rows:
            time.sleep(delay)
            return
        time.sleep(0.01)


@pytest.mark.long
def test_killed_at_any_instant_it_goes_on(tmp_path: Path, require_part: Callable[..., None]) -> None:
    """After 20 kills it ends as an undisturbed run does, and every record, outcome and call stands exactly once."""
    require_demo(require_part)
    undisturbed, place = Place(tmp_path / "undisturbed"), Place(tmp_path / "killed")
    wanted = undisturbed.finish()
    chance = random.Random(SEED)
    seen: set[int] = set()
    before = read_left(place)
    for _ in range(KILLS):
        with place.begin("--once", "--json", log=tmp_path / "killed.log") as process:
            await_instant(process, place, chance)
            process.kill()
            process.communicate()
        await_none(place.mark)
        after = read_left(place)
        assert_nothing_lost(before, after)
        seen.add(place.count_rows())
        before = after

    printed = place.finish()

    await_none(place.mark)
    left = read_left(place)
    assert_nothing_lost(before, left)
    assert_whole(left)
    assert settled_facts(left) == settled_facts(read_left(undisturbed))
    assert (printed["stage"], printed["ledger_verified"]) == (wanted["stage"], True)
    assert [(gate["act"], gate["verdict"]) for gate in printed["gates"]] == [
        (gate["act"], gate["verdict"]) for gate in wanted["gates"]
    ]
    assert len(seen) > KILLS // 3, "the kills hit the same few places; they have to be spread over the whole run"
