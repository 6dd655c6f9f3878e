"""Pace: the rate limit, pauses, and waits between retries."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.samples import run_virtually

from pilotage.evaluation.pace import LONGEST_BACKOFF, Turnstile, backoff_seconds


@given(st.integers(0, 10**6), st.integers(0, 10**5), st.integers(0, 9), st.integers(1, 60))
def test_waits_grow_within_bounds(seed: int, slot: int, repeat: int, tries: int) -> None:
    """The n-th wait lies between half and the whole of its step, which doubles up to a bound."""
    step = min(0.5 * 2 ** (tries - 1), LONGEST_BACKOFF)

    assert step / 2 <= backoff_seconds(seed, slot, repeat, tries) <= step


def test_waits_differ_between_slots_and_repeat_in_a_replay() -> None:
    """Retries of many slots spread out, and the same retry always waits the same."""
    waits = [backoff_seconds(1, slot, 0, 1) for slot in range(100)]

    assert len(set(waits)) == 100
    assert waits == [backoff_seconds(1, slot, 0, 1) for slot in range(100)]


def test_calls_are_spaced_by_the_rate() -> None:
    """At four calls a second, turns lie a quarter of a second apart; time that passed unused is not saved up."""

    async def turns() -> list[float]:
        turnstile = Turnstile(4)
        first = [turnstile.claim_turn() for _ in range(3)]
        await asyncio.sleep(10)
        return [*first, turnstile.claim_turn(), turnstile.claim_turn()]

    assert run_virtually(turns()) == [0, 0.25, 0.5, 10, 10.25]


def test_a_pause_holds_everyone_back() -> None:
    """Whoever had a turn waits for the end of the pause too; the longest pause holds."""

    async def waits() -> list[float]:
        turnstile = Turnstile(None)
        turn = turnstile.claim_turn()
        turnstile.pause(5)
        turnstile.pause(3)
        return [turnstile.seconds_until(turn), turnstile.seconds_until(turnstile.claim_turn())]

    assert run_virtually(waits()) == [5, 5]
