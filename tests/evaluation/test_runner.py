"""The runner: schedule order decides; trouble is retried, told, or stops the run, and is never recorded falsely."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.samples import EXACT, RUN, ids, plan, run_virtually

from pilotage.core.errors import EvidenceError
from pilotage.core.statistics.gate import Verdict, assess_outcomes
from pilotage.evaluation.journal import MemoryJournal
from pilotage.evaluation.pace import Pace
from pilotage.evaluation.plan import Ask, Plan, Recorded
from pilotage.evaluation.progress import Progress, assess_disagreement
from pilotage.evaluation.runner import MOST_STRIKES, MOST_THROTTLED, Tally, Watch, read_progress, run_plan
from pilotage.evaluation.targets.fake_target import FakeTarget, Reaction, always, answering_with, no_latency
from pilotage.evaluation.targets.target import Answer, CallError, Trouble
from pilotage.registry.items import Item
from pilotage.registry.kinds.claim import Claim

AWAY = CallError(Trouble.UNAVAILABLE, "nobody listens")


def carry_out(
    of: Plan,
    target: FakeTarget,
    journal: MemoryJournal | None = None,
    *,
    pace: Pace | None = None,
    watch: Watch | None = None,
) -> Progress:
    """Carry a plan out in virtual time, going on from what the journal holds."""
    journal = journal or MemoryJournal()

    async def main() -> Progress:
        progress = await read_progress(of, run=RUN, journal=journal)
        await run_plan(
            progress, run=RUN, scorer=EXACT, target=target, journal=journal, pace=pace or Pace(), watch=watch
        )
        return progress

    return run_virtually(main())


def counted(progress: Progress, journal: MemoryJournal) -> list[Recorded]:
    """Give the outcomes that count, in schedule order."""
    return [journal.outcomes[RUN][Ask(slot)] for slot in range(progress.process.n)]


def measured(of: Plan, target: FakeTarget, pace: Pace | None = None) -> list[Recorded]:
    """Carry a plan out and give the outcomes that count."""
    journal = MemoryJournal()
    return counted(carry_out(of, target, journal, pace=pace), journal)


def states(found: list[Recorded]) -> list[str]:
    """Give their states."""
    return [one.outcome.state for one in found]


@settings(max_examples=60)
@given(
    st.floats(0.6, 1),
    st.integers(1, 30),
    st.one_of(st.none(), st.floats(0.5, 50)),
    st.integers(0, 2**32),
    st.floats(1, 30),
)
def test_arrival_order_never_changes_the_verdict(
    rate: float, concurrency: int, per_second: float | None, seed: int, slowness: float
) -> None:
    """Whatever concurrency, rate limit and latency do to the order of arrival, the gate is that of schedule order."""
    of = plan(120)
    chance = random.Random(seed)
    good = {name: chance.random() < rate for name in ids(of)}
    slow = {name: chance.random() * (1 if good[name] else slowness) for name in ids(of)}
    target = FakeTarget(
        lambda item, _repeat, _earlier: "yes" if good[item.id] else "no", latency=lambda item, _repeat: slow[item.id]
    )

    progress = carry_out(of, target, pace=Pace(concurrency, per_second, timeout_seconds=100))

    assert progress.process == assess_outcomes(of.design, [good[name] for name in ids(of)])
    assert len(target.calls) - progress.process.n <= concurrency - 1
    assert target.busiest <= concurrency
    assert len(target.calls) == len(set(target.calls))


def test_it_stops_asking_once_decided() -> None:
    """A target that is always right, or never, is asked only as often as its gate needs."""
    for answer, verdict in (("yes", Verdict.MEETS), ("no", Verdict.FAILS)):
        target = FakeTarget(lambda _item, _repeat, _earlier, answer=answer: answer)
        progress = carry_out(plan(120), target, pace=Pace(concurrency=1))

        assert progress.process.verdict is verdict
        assert len(target.calls) == progress.process.n < 30


def false_passes(reps: int, slowness: float) -> tuple[int, int]:
    """Count, at p = p0, how often the run passes the claim, and how often a gate in arrival order would have."""
    claim = Claim(text="x", p0=0.9, p1=0.95, alpha=0.05, cap=200)
    of = plan(200, claim=claim)
    ours = naive = 0
    for seed in range(reps):
        chance = random.Random(seed)
        good = {name: chance.random() < claim.p0 for name in ids(of)}
        wait = {name: chance.uniform(0.5, 1.5) * (1 if good[name] else slowness) for name in ids(of)}
        target = FakeTarget(
            lambda item, _repeat, _earlier, good=good: "yes" if good[item.id] else "no",
            latency=lambda item, _repeat, wait=wait: wait[item.id],
        )
        progress = carry_out(of, target, pace=Pace(concurrency=50, timeout_seconds=100))
        ours += progress.process.verdict is Verdict.MEETS
        arrived = [good[call.item] for call in target.completed]
        naive += assess_outcomes(of.design, arrived).verdict is Verdict.MEETS
    return ours, naive


def test_slow_failures_do_not_bias_the_gate() -> None:
    """With failures ten times slower and fifty calls at once, a gate in arrival order is fooled; this one is not."""
    ours, naive = false_passes(20, slowness=10)

    assert ours <= 3
    assert naive >= 8


@pytest.mark.long
def test_slow_failures_do_not_bias_the_gate_at_length() -> None:
    """Over many runs at p0, false passes stay within what alpha allows (five standard errors)."""
    ours, naive = false_passes(400, slowness=10)

    assert ours / 400 <= 0.05 + 5 * (0.05 * 0.95 / 400) ** 0.5
    assert naive > 8 * ours


def test_calls_keep_to_the_rate() -> None:
    """At two calls a second, retries included, calls start half a second apart."""
    moments: list[float] = []

    def script(item: Item, _repeat: int, earlier: int) -> Reaction:
        moments.append(asyncio.get_running_loop().time())
        return CallError(Trouble.FAULT) if item.id == "i1" and earlier == 0 else "yes"

    carry_out(plan(6), FakeTarget(script), pace=Pace(concurrency=6, calls_per_second=2))

    assert len(moments) == 7
    assert all(later - sooner >= 0.499 for sooner, later in itertools.pairwise(moments))


@pytest.mark.parametrize("trouble", [Trouble.FAULT, Trouble.BROKEN_OFF, Trouble.TOO_SLOW, Trouble.UNAVAILABLE])
def test_what_may_pass_is_retried(trouble: Trouble) -> None:
    """A call that failed in a way that may pass is made again, after a wait, and its answer counts."""
    target = FakeTarget(answering_with({"i2": (CallError(trouble), CallError(trouble), "yes")}))

    found = measured(plan(5), target)

    assert states(found) == ["pass"] * 5
    assert {one.item: one.tries for one in found}["i2"] == 3


@pytest.mark.parametrize(
    ("trouble", "tries"),
    [(Trouble.FAULT, 3), (Trouble.BROKEN_OFF, 3), (Trouble.TOO_SLOW, 3), (Trouble.UNAVAILABLE, 6),
     (Trouble.DECLINED, 1), (Trouble.UNUSABLE, 1)],
)  # fmt: skip
def test_an_item_without_answer_is_not_measured(trouble: Trouble, tries: int) -> None:
    """When others are answered, an item that never is ends as not measured, with its reason, and the run goes on."""
    target = FakeTarget(answering_with({"i2": CallError(trouble)}))

    found = measured(plan(5), target, Pace(concurrency=1))

    missed = next(one for one in found if one.item == "i2")
    assert (missed.outcome.state, missed.outcome.reason, missed.tries) == ("not-measured", trouble.value, tries)
    assert missed.answer is None
    assert states(found).count("pass") == 4


def test_a_slow_call_is_cut_off() -> None:
    """An item that takes longer than the time-out, each time, is not measured; its seconds are those waited."""
    target = FakeTarget(answering_with({}), latency=lambda item, _repeat: 1_000 if item.id == "i2" else 0)

    found = measured(plan(5), target, Pace(timeout_seconds=10, retries=1))

    missed = next(one for one in found if one.item == "i2")
    assert (missed.outcome.reason, missed.tries) == (Trouble.TOO_SLOW.value, 2)
    assert missed.seconds == pytest.approx(20)


def test_not_measured_counts_as_failed() -> None:
    """A target that never answers usably FAILS its gate."""
    progress = carry_out(plan(120), FakeTarget(always(CallError(Trouble.UNUSABLE))))

    assert progress.process.verdict is Verdict.FAILS
    assert progress.passes == 0


@pytest.mark.parametrize("concurrency", [1, 2, 16])
@pytest.mark.parametrize("size", [1, 2, 50])
def test_a_target_that_is_away_stops_the_run_and_records_nothing(concurrency: int, size: int) -> None:
    """Nobody listens: the error says so and how to go on, and no outcome is made up."""
    journal = MemoryJournal()

    with pytest.raises(EvidenceError, match="nobody listens") as caught:
        carry_out(plan(size), FakeTarget(always(AWAY)), journal, pace=Pace(concurrency=concurrency))

    assert "start it or mend its address, then run it again" in caught.value.remedy
    assert journal.outcomes == {}


def test_a_target_that_goes_away_midway_stops_the_run_and_keeps_the_rest() -> None:
    """What was answered stays; of what was not, nothing is recorded, and a later run goes on with just that."""
    journal, broken = MemoryJournal(), FakeTarget(answering_with({f"i{n}": AWAY for n in range(30, 90)}))
    of = plan(120, claim=Claim(text="x", p0=0.9, p1=0.95, cap=120))
    with pytest.raises(EvidenceError, match="nobody listens"):
        carry_out(of, broken, journal)
    before = dict(journal.outcomes[RUN])
    assert {one.outcome.state for one in before.values()} == {"pass"}

    mended = FakeTarget(answering_with({}))
    progress = carry_out(of, mended, journal)

    assert progress.process.verdict is Verdict.MEETS
    assert not {one.item for one in before.values()} & {call.item for call in mended.calls}


def test_a_target_that_is_away_for_a_moment_costs_no_item() -> None:
    """Items that could not get through are asked again once another has been answered, and then count as they are."""
    of = plan(10)
    first, second = ids(of)[:2]
    script = answering_with(dict.fromkeys((first, second), (AWAY, AWAY, AWAY, "yes")))

    assert set(states(measured(of, FakeTarget(script), Pace(concurrency=1)))) == {"pass"}


def test_items_that_never_get_through_are_not_measured() -> None:
    """An item that fails a second time, while others are answered, is the item's trouble and not the target's."""
    of = plan(20, claim=Claim(text="x", p0=0.5, p1=0.8, cap=20))
    first, second = ids(of)[:2]

    found = measured(of, FakeTarget(answering_with({first: AWAY, second: AWAY})), Pace(concurrency=1))

    assert states(found)[:3] == ["not-measured", "not-measured", "pass"]


def test_the_last_item_away_after_answers_is_not_measured() -> None:
    """At the end nobody comes after; that others were answered in this run tells the item from the target."""
    of = plan(4)
    found = measured(of, FakeTarget(answering_with({ids(of)[-1]: AWAY})), Pace(concurrency=1))

    assert states(found) == ["pass", "pass", "pass", "not-measured"]


def test_a_barred_door_stops_the_run_at_once() -> None:
    """A wrong key says nothing about answers: one call, no retry, nothing recorded, and what to mend."""
    target, journal = FakeTarget(always(CallError(Trouble.BARRED, "HTTP 401: no such key"))), MemoryJournal()

    with pytest.raises(EvidenceError, match=r"HTTP 401: no such key.*mend the key, the permit or the address"):
        carry_out(plan(50), target, journal, pace=Pace(concurrency=1))

    assert (len(target.calls), journal.outcomes) == (1, {})


def test_a_storm_of_429_is_waited_out() -> None:
    """Asked to slow down, everyone waits as long as told; no retry is used up and no outcome is lost."""
    moments: list[float] = []

    def script(_item: Item, _repeat: int, _earlier: int) -> Reaction:
        now = asyncio.get_running_loop().time()
        moments.append(now)
        return CallError(Trouble.THROTTLED, retry_after=30) if now < 90 else "yes"

    found = measured(plan(20), FakeTarget(script, latency=no_latency), Pace(concurrency=4, retries=0))

    assert set(states(found)) == {"pass"}
    assert len([moment for moment in moments if moment < 90]) <= 4 * 3


@pytest.mark.parametrize(("retry_after", "most_calls"), [(0, 2 * MOST_THROTTLED), (3_600, 2)])
def test_an_endless_storm_of_429_stops_the_run(retry_after: float, most_calls: int) -> None:
    """A target that keeps refusing by rate, or asks for an hour, ends the run without a false outcome."""
    target, journal = FakeTarget(always(CallError(Trouble.THROTTLED, retry_after=retry_after))), MemoryJournal()

    with pytest.raises(EvidenceError, match="lower calls_per_second"):
        carry_out(plan(50), target, journal, pace=Pace(concurrency=2))

    assert journal.outcomes == {}
    assert len(target.calls) <= most_calls


def test_repeats_are_bet_on_by_their_mean_and_measure_disagreement() -> None:
    """A target that changes its mind on every other prompt earns one half there, and its disagreement is told."""

    def script(item: Item, repeat: int, _earlier: int) -> Reaction:
        return "yes" if repeat == 0 or int(item.id[1:]) % 2 else "no"

    of, target = plan(120, repeats=2), FakeTarget(script)
    progress = carry_out(of, target)
    n = progress.process.n
    stable = [int(name[1:]) % 2 for name in ids(of)[:n]]
    found = assess_disagreement(progress)

    assert progress.values.tolist() == [1 if even else 0.5 for even in stable]
    assert progress.passes == sum(stable)
    assert found is not None
    assert (found.n, found.point) == (n, (n - sum(stable)) / n)
    assert sum(call.item in ids(of)[:n] for call in target.calls) == 2 * n


def test_retries_behind_the_decision_are_dropped() -> None:
    """A call whose answer can no longer count is not retried, and ends without an outcome."""
    of = plan(120)
    slow = ids(of)[13]

    def script(item: Item, _repeat: int, _earlier: int) -> Reaction:
        return CallError(Trouble.FAULT) if item.id == slow else "no"

    target, journal = (
        FakeTarget(script, latency=lambda item, _repeat: 0.001 if item.id == slow else 0.002),
        MemoryJournal(),
    )
    progress = carry_out(of, target, journal, pace=Pace(concurrency=20))

    assert progress.process.verdict is Verdict.FAILS
    assert progress.process.n <= 13
    assert [call.item for call in target.calls].count(slow) == 1
    assert Ask(13) not in journal.outcomes[RUN]


def test_whoever_watches_is_told_after_each_outcome() -> None:
    """The tallies grow by one outcome each, and the last one holds the verdict."""
    told: list[Tally] = []
    progress = carry_out(plan(120, repeats=2), FakeTarget(answering_with({})), watch=told.append)

    assert [tally.recorded for tally in told] == list(range(1, progress.recorded + 1))
    assert told[-1].verdict is Verdict.MEETS
    assert (told[-1].n, told[-1].total) == (progress.process.n, 120)


@pytest.mark.parametrize("stop_after", [1, 4, 9])
def test_a_cancelled_run_goes_on_where_it_was(stop_after: int) -> None:
    """Ctrl-C keeps what was answered: the next run asks nothing twice and ends as an undisturbed one does."""
    of, journal = plan(120, repeats=2), MemoryJournal()
    target = FakeTarget(answering_with({}), latency=lambda item, _repeat: len(item.id))

    def stop(tally: Tally) -> None:
        if tally.recorded == stop_after:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        carry_out(of, target, journal, watch=stop)
    assert target.in_flight == 0
    kept = {(one.item, ask.repeat) for ask, one in journal.outcomes[RUN].items()}
    rest = FakeTarget(answering_with({}))
    progress = carry_out(of, rest, journal)

    assert stop_after <= len(kept) <= stop_after + Pace().concurrency
    assert not kept & {(call.item, call.repeat) for call in rest.calls}
    assert progress.process == carry_out(of, FakeTarget(answering_with({}))).process


def test_two_processes_on_one_run_agree() -> None:
    """When another process recorded a slot first, its outcome stands for both, and both reach one verdict."""
    of, journal = plan(120), MemoryJournal()

    async def main() -> list[Progress]:
        both: list[Progress] = []
        for answer, wait in (("yes", 1.0), ("no", 1.0)):
            target = FakeTarget(
                lambda item, _repeat, _earlier, answer=answer: answer if int(item.id[1:]) % 7 else "no",
                latency=lambda item, _repeat, wait=wait: wait * (1 + len(item.id) % 3),
            )
            progress = await read_progress(of, run=RUN, journal=journal)
            both.append(progress)
            errand = run_plan(progress, run=RUN, scorer=EXACT, target=target, journal=journal, pace=Pace())
            tasks.append(asyncio.create_task(errand))
        await asyncio.gather(*tasks)
        return both

    tasks: list[asyncio.Task[None]] = []
    one, other = run_virtually(main())

    assert one.process == other.process


def test_an_unforeseen_error_ends_the_run_and_leaves_no_call_behind() -> None:
    """A bug in a target is not taken for an answer: it surfaces, and the other calls are cancelled."""
    fake = FakeTarget(answering_with({}), latency=lambda _item, _repeat: 50)

    class Faulty:
        name = "faulty"

        async def fetch_answer(self, item: Item, *, run: str, repeat: int) -> Answer:
            if item.id == "i3":
                raise ZeroDivisionError
            return await fake.fetch_answer(item, run=run, repeat=repeat)

    async def main() -> None:
        await run_plan(
            Progress(plan(50)), run=RUN, scorer=EXACT, target=Faulty(), journal=MemoryJournal(), pace=Pace(50)
        )

    with pytest.raises(ZeroDivisionError):
        run_virtually(main())
    assert fake.in_flight == 0


def test_nothing_left_to_ask_asks_nothing() -> None:
    """A run that was finished is finished: no call."""
    of, journal = plan(120, repeats=2), MemoryJournal()
    carry_out(of, FakeTarget(answering_with({})), journal)
    target: FakeTarget = FakeTarget(answering_with({}))
    make: Callable[[], Progress] = lambda: carry_out(of, target, journal)  # noqa: E731 - said once

    assert make().decided
    assert target.calls == []


def test_whoever_goes_away_at_will_is_not_asked_for_ever() -> None:
    """A question that reached nobody at three stops of its run is not measured when it does so again."""
    journal, of = MemoryJournal(), plan(60, claim=Claim(text="x", p0=0.8, p1=0.9, cap=60))
    leaving = FakeTarget(answering_with(dict.fromkeys(ids(of)[:3], AWAY)))
    pace = Pace(concurrency=1, retries=0)
    for _ in range(MOST_STRIKES):
        with pytest.raises(EvidenceError, match="nobody listens"):
            carry_out(of, leaving, journal, pace=pace)
        assert journal.outcomes == {}

    progress = carry_out(of, leaving, journal, pace=pace)

    assert [one.outcome.state for one in counted(progress, journal)][:4] == ["not-measured"] * 3 + ["pass"]
