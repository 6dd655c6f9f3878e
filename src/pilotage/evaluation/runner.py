"""Carries a plan out: many calls at once, paced, retried, recorded one by one, and stopped when the gate decides.

Nothing false is recorded. A target that is away, lets nobody in, or keeps asking to slow down says nothing about the
items, so the run stops with an error and goes on later where it was. An item that cannot get through is asked again
once others have been answered; when it fails a second time it was not measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Never

from pilotage.core.errors import EvidenceError
from pilotage.core.statistics.gate import Verdict
from pilotage.evaluation.journal import Journal
from pilotage.evaluation.outcome import AnswerValue, Outcome
from pilotage.evaluation.pace import Pace, Turnstile, backoff_seconds
from pilotage.evaluation.plan import Ask, Progress, Recorded
from pilotage.evaluation.scorers.score import score_answer
from pilotage.evaluation.target import RETRIED, CallError, Target, Trouble
from pilotage.registry.kinds.evaluation import Scorer

AWAY_AFTER = 3
"""Items in a row that could not reach the target, after which it counts as away."""
MOST_THROTTLED = 8
"""Times that one item may be told to slow down."""
LONGEST_PAUSE = 120.0
"""Seconds; a target that asks for a longer pause is asked again by another run."""

_GOES_ON = "then run it again: what was recorded is kept, and the run goes on where it was"
_NO_REPLY = frozenset({Trouble.UNAVAILABLE, Trouble.BROKEN_OFF, Trouble.TOO_SLOW})


@dataclass(frozen=True, slots=True)
class Tally:
    """Where a run stands, for whoever watches.

    Attributes:
        n: items that count so far.
        passes: passes among them.
        verdict: what the gate says so far.
        total: most items that will count.
        recorded: outcomes recorded, those ahead of the gate and repeats included.
    """

    n: int
    passes: int
    verdict: Verdict
    total: int
    recorded: int


Watch = Callable[[Tally], None]


async def run_plan(
    progress: Progress,
    *,
    run: str,
    scorer: Scorer,
    target: Target,
    journal: Journal,
    pace: Pace,
    watch: Watch | None = None,
) -> None:
    """Ask what is left of a plan until the gate has decided and its repeats are in; `progress` then holds it all.

    Cancelling it keeps what was recorded.

    Raises:
        EvidenceError: the target is away, lets nobody in or cannot keep up; nothing is recorded for those calls.
    """
    await _Errand(progress, run, scorer, target, journal, pace, watch).finish()


@dataclass(frozen=True, slots=True)
class _Result:
    """What came of one question; without outcome when it was dropped because the gate had decided."""

    ask: Ask
    outcome: Outcome | None
    seconds: float
    tries: int
    answer: AnswerValue | None = None
    error: CallError | None = None


@dataclass(slots=True)
class _Errand:
    progress: Progress
    run: str
    scorer: Scorer
    target: Target
    journal: Journal
    pace: Pace
    watch: Watch | None
    flying: dict[asyncio.Task[_Result], Ask] = field(default_factory=dict[asyncio.Task[_Result], Ask])
    held: dict[Ask, _Result] = field(default_factory=dict[Ask, _Result])
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    turnstile: Turnstile = field(init=False)
    away_once: dict[Ask, _Result] = field(default_factory=dict[Ask, _Result])
    replied: bool = False

    def __post_init__(self) -> None:
        self.turnstile = Turnstile(self.pace.calls_per_second)

    async def finish(self) -> None:
        try:
            while True:
                self._start_more()
                if self.flying:
                    await self._settle_next()
                elif not self.held:
                    return
                elif self.replied:
                    await self._release_held()
                else:
                    self._stop_away()
        finally:
            for task in self.flying:
                task.cancel()
            await asyncio.gather(*self.flying, return_exceptions=True)

    def _start_more(self) -> None:
        if self.progress.decided:
            self.decided.set()
            self.held.clear()  # they lie behind the decision
        while len(self.flying) < self.pace.concurrency:
            pending = {*self.flying.values(), *self.held}
            ask = self.progress.next_ask(pending, concurrency=self.pace.concurrency, held=len(self.held))
            if ask is None:
                return
            self.flying[asyncio.create_task(self._ask(ask))] = ask

    async def _settle_next(self) -> None:
        done, _ = await asyncio.wait(self.flying, return_when=asyncio.FIRST_COMPLETED)
        for task in sorted(done, key=lambda task: self.flying[task]):
            result = await task
            await self._settle(result)
            del self.flying[task]

    async def _settle(self, result: _Result) -> None:
        trouble = None if result.error is None else result.error.trouble
        if result.outcome is None:
            return
        if trouble in {Trouble.BARRED, Trouble.THROTTLED}:
            self._stop(result.error)
        if trouble is Trouble.UNAVAILABLE:
            self.held[result.ask] = result
            if len(self.held) >= AWAY_AFTER:
                self._stop_away()
            return
        await self._record(result)
        if trouble not in _NO_REPLY:
            self.replied = True
            await self._release_held()

    async def _release_held(self) -> None:
        """Ask again, now that the target replies, what could not reach it; the second time that is not measured."""
        for ask in sorted(self.held):
            result = self.held.pop(ask)
            first = self.away_once.setdefault(ask, result)
            if first is not result:
                seconds, tries = first.seconds + result.seconds, first.tries + result.tries
                await self._record(replace(result, seconds=seconds, tries=tries))

    async def _record(self, result: _Result) -> None:
        if result.outcome is None:
            return
        item = self.progress.plan.schedule[result.ask.slot]
        found = Recorded(item.id, result.outcome, None, result.seconds, result.tries)
        # What stands may be the outcome of another process that carries out the same run.
        stands = await self.journal.append_outcome(self.run, result.ask, found, result.answer)
        self.progress.accept(result.ask, stands)
        if self.watch is not None:
            self.watch(tally_of(self.progress))

    async def _ask(self, ask: Ask) -> _Result:
        item = self.progress.plan.schedule[ask.slot]
        clock = asyncio.get_running_loop().time
        seconds, tries, failures, throttled = 0.0, 0, 0, 0
        wait = 0.0
        while await self._may_call(ask, wait):
            tries += 1
            began = clock()
            try:
                async with asyncio.timeout(self.pace.timeout_seconds):
                    answer = await self.target.fetch_answer(item, run=self.run, repeat=ask.repeat)
            except CallError as caught:
                error = caught
            except TimeoutError:
                error = CallError(Trouble.TOO_SLOW)
            else:
                seconds += clock() - began
                return _Result(ask, score_answer(self.scorer, item, answer.value), seconds, tries, answer.value)
            seconds += clock() - began
            missed = Outcome("not-measured", error.trouble.value)
            given_up = _Result(ask, missed, seconds, tries, error=error)
            if error.retry_after > LONGEST_PAUSE:
                return given_up
            wait = max(error.retry_after, backoff_seconds(self.progress.plan.seed, *ask, tries))
            if error.trouble is Trouble.THROTTLED:
                throttled += 1
                self.turnstile.pause(wait)
                if throttled >= MOST_THROTTLED:
                    return given_up
            elif error.trouble in RETRIED and failures < self.pace.retries:
                failures += 1
            else:
                return given_up
        return _Result(ask, None, seconds, tries)

    async def _may_call(self, ask: Ask, wait: float) -> bool:
        """Wait before a call; False when the gate decided meanwhile, so that the answer would be in vain."""
        if not await self._sleep(ask, wait):
            return False
        turn = self.turnstile.claim_turn()
        while (wait := self.turnstile.seconds_until(turn)) > 0:
            if not await self._sleep(ask, wait):
                return False
        return True

    async def _sleep(self, ask: Ask, seconds: float) -> bool:
        if ask.repeat > 0:
            await asyncio.sleep(seconds)
            return True
        if self.decided.is_set():
            return False
        if seconds <= 0:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self.decided.wait()
        except TimeoutError:
            return True
        return False

    def _stop_away(self) -> Never:
        last = list(self.held.values())[-1].error
        self._stop(last)

    def _stop(self, error: CallError | None) -> Never:
        trouble = Trouble.UNAVAILABLE if error is None else error.trouble
        remedy = {
            Trouble.BARRED: "mend the key, the permit or the address",
            Trouble.THROTTLED: "wait, or lower calls_per_second or concurrency of the evaluation",
        }.get(trouble, "start it or mend its address")
        raise EvidenceError(f"{self.target.name}: {error.message if error else trouble.value}", f"{remedy}, {_GOES_ON}")


def tally_of(progress: Progress) -> Tally:
    """Say where a run stands."""
    process = progress.process
    return Tally(process.n, process.passes, process.verdict, len(progress.plan.schedule), len(progress.recorded))
