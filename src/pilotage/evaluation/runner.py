"""Carries a plan out: many calls at once, paced, retried, recorded, and stopped when the gate decides.

Nothing false is recorded. A target that is away, lets nobody in, or keeps asking to slow down says nothing about the
items, so the run stops with an error and goes on later where it was. An item that cannot get through is asked again
once others have been answered; when it fails a second time it was not measured. The same holds for the baseline, and
for the observer, which is asked again about the answer that is there.

Outcomes that come together are kept together, in one transaction, and count once they are durable.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Never

from pilotage.core.errors import EvidenceError
from pilotage.core.statistics.gate import Verdict
from pilotage.evaluation.journal import Found, Journal
from pilotage.evaluation.observers.observer import Observer
from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.pace import Pace, Turnstile, backoff_seconds
from pilotage.evaluation.plan import Ask, Plan, Recorded, Side
from pilotage.evaluation.progress import Progress
from pilotage.evaluation.scorers.observation import Observation
from pilotage.evaluation.scorers.score import score_answer
from pilotage.evaluation.targets.target import RETRIED, Answer, CallError, Target, Trouble
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import Scorer

AWAY_AFTER = 3
"""Items in a row that could not reach the target, after which it counts as away."""
MOST_THROTTLED = 8
"""Times that one item may be told to slow down."""
MOST_STRIKES = 3
"""Stops of a run at which a question had reached nobody, after which it is not measured when it does so again.

An outage should cost no item its outcome; yet whoever could go away at will would otherwise be asked again for ever.
"""
LONGEST_PAUSE = 120.0
"""Seconds; a target that asks for a longer pause is asked again by another run."""
LONGEST_OBSERVATION = 600.0
"""Seconds; observers bound their own work, and this only keeps a faulty one from hanging a run."""
GATHER_SECONDS = 0.01
"""Seconds that an outcome waits for others, to be kept in one transaction with them."""
MOST_UNKEPT = 256
"""Outcomes that may wait to be kept; beyond these nothing more is asked."""

_GOES_ON = "then run it again: what was recorded is kept, and the run goes on where it was"
_NO_REPLY = frozenset({Trouble.UNAVAILABLE, Trouble.BROKEN_OFF, Trouble.TOO_SLOW})
_STOPPING = frozenset({Trouble.BARRED, Trouble.THROTTLED})

Whom = Literal["target", "baseline", "observer"]
"""Who was asked last for a question, and so whose trouble it is."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Where a run stands, for whoever watches.

    Attributes:
        n: items that count so far.
        passes: passes among them.
        verdict: what the gate says so far.
        total: most items that will count.
        recorded: outcomes recorded, repeats, both sides, and those ahead of the gate included.
    """

    n: int
    passes: int
    verdict: Verdict
    total: int
    recorded: int


Watch = Callable[[Tally], None]


async def read_progress(
    plan: Plan, *, run: str, journal: Journal, labels: Mapping[int, float] | None = None
) -> Progress:
    """Read where a run stands, without holding all its outcomes at once.

    Raises:
        EvidenceError: an outcome belongs to a slot that the plan does not have, or to another item.
    """
    progress = Progress(plan, labels or {})
    async for ask, recorded in journal.read_outcomes(run):
        progress.restore(ask, recorded)
    return progress


async def run_plan(  # noqa: PLR0913 - each is one thing that a run works with, given by name
    progress: Progress,
    *,
    run: str,
    scorer: Scorer,
    target: Target,
    baseline: Target | None = None,
    observer: Observer | None = None,
    journal: Journal,
    pace: Pace,
    watch: Watch | None = None,
) -> None:
    """Ask what is left of a plan until the gate has decided, or waits for labels; `progress` then holds it all.

    Cancelling it keeps what was answered.

    Args:
        progress: where the run stands; carries the plan.
        run: id of the run.
        scorer: how answers are judged.
        target: whom to ask.
        baseline: whom else to ask, where the plan is a comparison.
        observer: what finds out what the scorer has to know of an answer; None where it needs nothing.
        journal: where outcomes are kept.
        pace: how hard to ask.
        watch: told after each outcome that is kept.

    Raises:
        EvidenceError: the target is away, lets nobody in or cannot keep up, and nothing is recorded for those calls; or
            the plan is a comparison, and no baseline was given.
    """
    asked: dict[Side, Target] = {"target": target} if baseline is None else {"target": target, "baseline": baseline}
    if not set(progress.plan.sides) <= set(asked):
        message = "the plan compares the target with a baseline, and there is none to ask"
        raise EvidenceError(message, "give the baseline's target")
    strikes = await journal.read_strikes(run)
    await _Errand(progress, run, scorer, asked, observer, journal, pace, watch, strikes).finish()


@dataclass(slots=True)
class _Result:
    """What came of one question; without outcome when it was dropped because the gate had decided."""

    ask: Ask
    item: Item
    answer: Answer | None
    whom: Whom
    seconds: float = 0.0
    tries: int = 0
    outcome: Outcome | None = None
    observation: Observation = None
    error: CallError | None = None

    @property
    def found(self) -> Found:
        """What is to be kept of it."""
        outcome, answer = self.outcome, self.answer
        if outcome is None:
            trouble = "" if self.error is None else self.error.trouble.value
            if self.whom == "observer":
                trouble = f"not observed: {trouble.replace('the target', 'it')}"
            outcome = Outcome("not-measured", trouble)
        call = None if answer is None else answer.call
        recorded = Recorded(self.item.id, outcome, None, self.seconds, self.tries, call=call)
        return Found(self.ask, recorded, None if answer is None else answer.value, self.observation)


@dataclass(slots=True)
class _Errand:
    progress: Progress
    run: str
    scorer: Scorer
    asked: Mapping[Side, Target]
    observer: Observer | None
    journal: Journal
    pace: Pace
    watch: Watch | None
    strikes: Mapping[Ask, int]
    turnstile: Turnstile = field(init=False)
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Future[None] = field(init=False)
    idle: deque[asyncio.Future[Ask]] = field(default_factory=deque[asyncio.Future[Ask]])
    open: int = 0
    """Questions given out that are neither kept, nor held, nor dropped."""
    unkept: list[_Result] = field(default_factory=list[_Result])
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    writing: asyncio.Future[list[Recorded]] | None = None
    held: dict[Ask, _Result] = field(default_factory=dict[Ask, _Result])
    held_once: dict[Ask, _Result] = field(default_factory=dict[Ask, _Result])
    replied: set[Whom] = field(default_factory=set[Whom])

    def __post_init__(self) -> None:
        self.turnstile = Turnstile(self.pace.calls_per_second)
        self.ended = asyncio.get_running_loop().create_future()

    async def finish(self) -> None:
        workers = min(self.pace.concurrency, max(self.progress.plan.size * self.progress.plan.asks_per_slot, 1))
        tasks = [asyncio.create_task(self._keep_on()), *(asyncio.create_task(self._work()) for _ in range(workers))]
        for task in tasks:
            task.add_done_callback(self._hear_end)
        try:
            await self.ended
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._keep_rest()
            if self.held:
                await self.journal.append_strikes(self.run, sorted(self.held))

    def _hear_end(self, task: asyncio.Task[None]) -> None:
        """End the run when one of its tasks does, which never happens in good order."""
        if self.ended.done():
            return
        if task.cancelled():
            self.ended.cancel()
        elif (error := task.exception()) is not None:
            self.ended.set_exception(error)

    async def _work(self) -> None:
        while True:
            given: asyncio.Future[Ask] = asyncio.get_running_loop().create_future()
            self.idle.append(given)
            self._go_on()
            self._settle(await self._ask(await given))

    def _next(self) -> Ask | None:
        if len(self.unkept) >= MOST_UNKEPT:
            return None
        ask = self.progress.next_ask(concurrency=self.pace.concurrency, held=len(self.held))
        self.open += ask is not None
        return ask

    def _go_on(self) -> None:
        """Give the idle more to ask; where nothing is open any more, ask again what is held, or end."""
        if self.progress.decided:
            self.decided.set()
            self.held.clear()  # they lie behind the decision
        while True:
            while self.idle and (ask := self._next()) is not None:
                self.idle.popleft().set_result(ask)
            if self.open > 0 or self.ended.done():
                return
            if not self.held:
                self.ended.set_result(None)
                return
            released = [self._release_held(whom) for whom in self.replied]
            if not any(released):
                self._stop(next(reversed(self.held.values())))

    def _settle(self, result: _Result) -> None:
        trouble = None if result.error is None else result.error.trouble
        if result.outcome is None and (trouble is None or self.progress.decided):
            self.open -= 1
        elif trouble in _STOPPING:
            self._stop(result)
        elif trouble is Trouble.UNAVAILABLE and self.strikes.get(result.ask, 0) < MOST_STRIKES:
            self.open -= 1
            self.held[result.ask] = result
            if sum(one.whom == result.whom for one in self.held.values()) >= AWAY_AFTER:
                self._stop(result)
        else:
            self._keep(result)
            if trouble not in _NO_REPLY:
                self.replied.add(result.whom)
                self._release_held(result.whom)
        if result.answer is not None:
            self.replied.add(result.ask.side)
            self._release_held(result.ask.side)

    def _release_held(self, whom: Whom) -> bool:
        """Ask again, now that they reply, what could not reach them; the second time that is not measured.

        Gives whether anything was held.
        """
        if not self.held:
            return False
        asks = sorted(ask for ask, result in self.held.items() if result.whom == whom)
        for ask in asks:
            result = self.held.pop(ask)
            if self.held_once.setdefault(ask, result) is result:
                self.progress.give_back(ask)
            else:
                self.open += 1
                self._keep(result)
        return bool(asks)

    def _keep(self, result: _Result) -> None:
        self.unkept.append(result)
        self.arrived.set()

    async def _keep_on(self) -> None:
        while True:
            await self.arrived.wait()
            if len(self.unkept) < self.open:
                await asyncio.sleep(GATHER_SECONDS)
            self.arrived.clear()
            batch, self.unkept = self.unkept, []
            self.writing = asyncio.ensure_future(self._append(batch))
            for result, stands in zip(batch, await asyncio.shield(self.writing), strict=True):
                # What stands may be the outcome of another process that carries out the same run.
                self.progress.accept(result.ask, stands)
                if self.watch is not None:
                    self.watch(tally_of(self.progress))
            self.open -= len(batch)
            self._go_on()

    async def _keep_rest(self) -> None:
        """Keep what was answered, however the run ended, unless keeping it was what failed."""
        if self.writing is not None:
            await asyncio.wait([self.writing])
            if self.writing.cancelled() or self.writing.exception() is not None:
                return
        if self.unkept:
            await self._append(self.unkept)

    async def _append(self, batch: list[_Result]) -> list[Recorded]:
        return await self.journal.append_outcomes(self.run, [result.found for result in batch])

    async def _ask(self, ask: Ask) -> _Result:
        item = self.progress.plan.item(ask.slot)
        result = _Result(ask, item, None, ask.side)
        if (before := self.held_once.get(ask)) is not None:
            result.answer, result.seconds, result.tries = before.answer, before.seconds, before.tries
        failures = throttled = rounds = 0
        wait = 0.0
        while await self._may_call(wait):
            rounds += 1
            try:
                await self._fetch(result)
            except CallError as caught:
                error = result.error = caught
            except TimeoutError:
                error = result.error = CallError(Trouble.TOO_SLOW)
            else:
                return result
            if error.retry_after > LONGEST_PAUSE:
                return result
            wait = max(error.retry_after, backoff_seconds(self.progress.plan.seed, ask.slot, ask.repeat, rounds))
            if error.trouble is Trouble.THROTTLED:
                throttled += 1
                self.turnstile.pause(wait)
                if throttled >= MOST_THROTTLED:
                    return result
            elif error.trouble in RETRIED and failures < self.pace.retries:
                failures += 1
            else:
                return result
        result.error = None
        return result

    async def _fetch(self, result: _Result) -> None:
        """Get the answer, unless it is there, and the observation, and judge by both."""
        ask, item, answer = result.ask, result.item, result.answer
        if answer is None:
            result.whom = ask.side
            result.tries += 1
            clock = asyncio.get_running_loop().time
            began = clock()
            try:
                async with asyncio.timeout(self.pace.timeout_seconds):
                    answer = await self.asked[ask.side].fetch_answer(item, run=self.run, repeat=ask.repeat)
            finally:
                result.seconds += clock() - began
            result.answer = answer
        if self.observer is not None:
            result.whom = "observer"
            async with asyncio.timeout(LONGEST_OBSERVATION):
                # With the seconds of the tries that failed before it: whoever asked has waited for them too.
                whole = replace(answer, seconds=result.seconds)
                result.observation = await self.observer.observe(item, whole, run=self.run, repeat=ask.repeat)
        result.error = None
        result.outcome = score_answer(self.scorer, item, answer.value, result.observation)

    async def _may_call(self, wait: float) -> bool:
        """Wait before a call; False when the gate decided meanwhile, so that the answer would be in vain."""
        if not await self._sleep(wait):
            return False
        turn = self.turnstile.claim_turn()
        while (wait := self.turnstile.seconds_until(turn)) > 0:
            if not await self._sleep(wait):
                return False
        return True

    async def _sleep(self, seconds: float) -> bool:
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

    def _stop(self, result: _Result) -> Never:
        error = result.error or CallError(Trouble.UNAVAILABLE)
        name = "the observer" if result.whom == "observer" else self.asked[result.whom].name
        remedy = {
            Trouble.BARRED: "mend the key, the permit or the address",
            Trouble.THROTTLED: "wait, or lower calls_per_second or concurrency of the evaluation",
        }.get(error.trouble, "start it or mend its address")
        raise EvidenceError(f"{name}: {error.message}", f"{remedy}, {_GOES_ON}")


def tally_of(progress: Progress) -> Tally:
    """Say where a run stands."""
    process = progress.process
    return Tally(process.n, progress.passes, process.verdict, progress.plan.size, progress.recorded)
