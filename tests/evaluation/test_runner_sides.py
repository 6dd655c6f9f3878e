"""The runner beyond single answers: baselines, observers, labels, and outcomes that are kept many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from tests.evaluation.samples import EXACT, RUN, items, plan, run_virtually
from tests.evaluation.test_plan import BETTER, JUDGED

from pilotage.core.errors import EvidenceError, StorageError
from pilotage.core.statistics.gate import Verdict
from pilotage.evaluation.journal import Found, MemoryJournal
from pilotage.evaluation.observers.observer import Observer
from pilotage.evaluation.pace import Pace
from pilotage.evaluation.plan import Ask, Plan, Recorded
from pilotage.evaluation.progress import Progress
from pilotage.evaluation.runner import LONGEST_OBSERVATION, MOST_UNKEPT, Tally, read_progress, run_plan
from pilotage.evaluation.scorers.observation import Nearness, Observation, Opinion
from pilotage.evaluation.targets.fake_target import FakeTarget, answering_with
from pilotage.evaluation.targets.target import Answer, CallError, Target, Trouble
from pilotage.registry.items import Item
from pilotage.registry.kinds.claim import Claim
from pilotage.registry.kinds.judge import WordParser
from pilotage.registry.kinds.scorer import JudgedScorer, Scorer, SimilarityScorer

NEAR = SimilarityScorer(type="similarity", route="embeddings")
JUDGE = JudgedScorer.model_validate(JUDGED)
AWAY = CallError(Trouble.UNAVAILABLE, "nobody listens")
Sight = Observation | CallError


@dataclass
class FakeObserver:
    """Observes by script: from the item and the number of earlier looks at it, to an observation or a trouble."""

    script: Callable[[Item, int], Sight]
    looks: list[str] = field(default_factory=list[str])

    async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> Observation:
        """Observe by script."""
        del answer, run, repeat
        earlier = self.looks.count(item.id)
        self.looks.append(item.id)
        await asyncio.sleep(0.1)
        sight = self.script(item, earlier)
        if isinstance(sight, CallError):
            raise sight
        return sight


def carry_out(
    of: Plan,
    target: Target,
    *,
    scorer: Scorer = EXACT,
    baseline: Target | None = None,
    observer: Observer | None = None,
    journal: MemoryJournal | None = None,
    pace: Pace | None = None,
    labels: dict[int, float] | None = None,
    watch: Callable[[Tally], None] | None = None,
) -> Progress:
    """Carry a plan out in virtual time, going on from what the journal holds."""
    journal = journal or MemoryJournal()

    async def main() -> Progress:
        progress = await read_progress(of, run=RUN, journal=journal, labels=labels)
        await run_plan(
            progress,
            run=RUN,
            scorer=scorer,
            target=target,
            baseline=baseline,
            observer=observer,
            journal=journal,
            pace=pace or Pace(),
            watch=watch,
        )
        return progress

    return run_virtually(main())


def test_a_comparison_asks_both_about_the_same_items() -> None:
    """Each counted item is put to both, as often as the plan repeats it, and the better one MEETS."""
    of = plan(120, claim=BETTER, measures="comparison", repeats=2)
    target, baseline = FakeTarget(answering_with({})), FakeTarget(lambda _item, _repeat, _earlier: "no")
    progress = carry_out(of, target, baseline=baseline)

    n = progress.process.n
    assert progress.process.verdict is Verdict.MEETS
    assert progress.values.tolist() == [1.0] * n
    for asked in (target, baseline):
        assert {(call.item, call.repeat) for call in asked.calls} >= {
            (of.item(slot).id, repeat) for slot in range(n) for repeat in (0, 1)
        }


def test_a_comparison_without_a_baseline_is_refused() -> None:
    """Nobody is asked when one of the two is missing."""
    target = FakeTarget(answering_with({}))

    with pytest.raises(EvidenceError, match="there is none to ask"):
        carry_out(plan(5, claim=BETTER, measures="comparison"), target)
    assert target.calls == []


def test_a_baseline_that_is_away_stops_the_run_by_its_name() -> None:
    """That the target replies says nothing of the baseline: nothing is recorded of it, and the error names it."""
    journal = MemoryJournal()
    baseline = FakeTarget(lambda _item, _repeat, _earlier: AWAY, name="the old one")

    with pytest.raises(EvidenceError, match=r"the old one: .*nobody listens"):
        carry_out(
            plan(50, claim=BETTER, measures="comparison"),
            FakeTarget(answering_with({})),
            baseline=baseline,
            journal=journal,
        )
    assert {ask.side for ask in journal.outcomes[RUN]} == {"target"}


def test_what_an_observer_finds_is_judged_and_kept() -> None:
    """The scorer judges by the observation, whose digest is recorded beside the answer's."""
    journal = MemoryJournal()
    observer = FakeObserver(lambda item, _earlier: Nearness(0.9 if item.id != "i2" else 0.1))
    progress = carry_out(plan(5), FakeTarget(answering_with({})), scorer=NEAR, observer=observer, journal=journal)

    found = {one.item: one for one in journal.outcomes[RUN].values()}
    assert progress.passes == 4
    assert found["i2"].outcome.state == "fail"
    assert found["i1"].observed == found["i3"].observed != found["i2"].observed
    assert found["i1"].observed is not None


@pytest.mark.parametrize("trouble", [Trouble.FAULT, Trouble.TOO_SLOW, Trouble.THROTTLED, Trouble.UNAVAILABLE])
def test_an_answer_is_observed_again_and_not_asked_for_again(trouble: Trouble) -> None:
    """When observing fails in a way that may pass it is tried again; the answer stays, so nothing is re-rolled."""
    target = FakeTarget(answering_with({}))
    observer = FakeObserver(lambda _item, earlier: CallError(trouble) if earlier < 2 else Nearness(0.9))
    progress = carry_out(plan(5), target, scorer=NEAR, observer=observer)

    assert progress.passes == 5
    assert sorted(call.item for call in target.calls) == [item.id for item in items(5)]
    assert progress.tries == 5


def test_an_observer_that_is_away_stops_the_run_and_keeps_the_answers_in_hand() -> None:
    """Held answers are observed once it is back, without asking the target again; if it is not, the run stops."""
    target, journal = FakeTarget(answering_with({})), MemoryJournal()
    back_at = 4
    observer = FakeObserver(lambda _item, earlier: AWAY if earlier < back_at else Nearness(0.9))
    with pytest.raises(EvidenceError, match=r"the observer: .*nobody listens"):
        carry_out(plan(5), target, scorer=NEAR, observer=observer, journal=journal, pace=Pace(1))
    assert journal.outcomes == {}

    target, late = FakeTarget(answering_with({})), plan(5)
    first = late.item(0).id
    observer = FakeObserver(lambda item, earlier: AWAY if item.id == first and earlier < back_at else Nearness(0.9))
    progress = carry_out(late, target, scorer=NEAR, observer=observer, pace=Pace(1))
    assert progress.passes == 5
    assert [call.item for call in target.calls].count(first) == 1


def test_an_observer_that_lets_nobody_in_stops_the_run() -> None:
    """A wrong key of the judge's says nothing about answers."""
    journal = MemoryJournal()
    observer = FakeObserver(lambda _item, _earlier: CallError(Trouble.BARRED, "HTTP 401"))

    with pytest.raises(EvidenceError, match=r"the observer: .*HTTP 401"):
        carry_out(plan(5), FakeTarget(answering_with({})), scorer=NEAR, observer=observer, journal=journal)
    assert journal.outcomes == {}


def test_an_answer_that_cannot_be_observed_is_not_measured() -> None:
    """The answer is kept, and the reason tells that observing failed and not the target."""
    journal = MemoryJournal()
    observer = FakeObserver(lambda item, _: CallError(Trouble.UNUSABLE) if item.id == "i2" else Nearness(0.9))
    progress = carry_out(plan(5), FakeTarget(answering_with({})), scorer=NEAR, observer=observer, journal=journal)

    missed = next(one for one in journal.outcomes[RUN].values() if one.item == "i2")
    assert (progress.passes, progress.not_measured) == (4, 1)
    assert missed.outcome.state == "not-measured"
    assert missed.outcome.reason == "not observed: the reply is not in the agreed form"
    assert missed.answer is not None
    assert missed.observed is None


def test_an_observer_that_hangs_is_cut_off() -> None:
    """Observers bound their own work; one that does not cannot hang a run for ever."""

    class Hanging(FakeObserver):
        async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> Observation:
            del answer, run, repeat
            await asyncio.sleep(2 * LONGEST_OBSERVATION if item.id == "i2" else 0)
            return Nearness(0.9)

    progress = carry_out(
        plan(5),
        FakeTarget(answering_with({})),
        scorer=NEAR,
        observer=Hanging(lambda _item, _earlier: None),
        pace=Pace(retries=0),
    )

    assert (progress.passes, progress.not_measured) == (4, 1)


def test_a_judged_run_pauses_for_labels_and_goes_on_with_them() -> None:
    """Without labels it ends undecided and asks no more; with them the next run goes on where it was."""
    of = plan(300, claim=Claim(text="x", p0=0.6, p1=0.9, cap=300), scorer=JUDGED)
    journal, target = MemoryJournal(), FakeTarget(answering_with({}))
    observer = FakeObserver(lambda _item, _earlier: Opinion("PASS", WordParser(type="word")))

    def go_on(labels: dict[int, float]) -> Progress:
        return carry_out(of, target, scorer=JUDGE, observer=observer, journal=journal, labels=labels)

    paused = go_on({})
    labels: dict[int, float] = {}
    rounds = 0
    while (waiting := (progress := go_on(labels)).waiting_for_labels) and not progress.decided:
        labels |= dict.fromkeys(waiting, 1.0)
        rounds += 1

    assert not paused.decided
    assert rounds > 1
    assert progress.process.verdict is Verdict.MEETS
    assert len(target.calls) == len(set(target.calls)) == progress.recorded


@dataclass(slots=True)
class SlowJournal(MemoryJournal):
    """Takes a moment to keep outcomes, and remembers how many came at once."""

    batches: list[int] = field(default_factory=list[int])
    busy: bool = False

    async def append_outcomes(self, run: str, found: Sequence[Found]) -> list[Recorded]:
        """Keep outcomes after a moment."""
        assert not self.busy
        self.busy = True
        await asyncio.sleep(0.5)
        self.busy = False
        self.batches.append(len(found))
        return await MemoryJournal.append_outcomes(self, run, found)


def test_outcomes_that_wait_are_kept_together_and_count_once_kept() -> None:
    """While one batch is being kept the next gathers, within bounds; who watches is told only what is kept."""
    of = plan(1_000, claim=Claim(text="x", p0=0.5, p1=0.501, cap=1_000))
    journal = SlowJournal()
    told: list[int] = []

    def watch(tally: Tally) -> None:
        assert tally.recorded <= sum(journal.batches)
        told.append(tally.recorded)

    target = FakeTarget(
        lambda item, _repeat, _earlier: "yes" if int(item.id[1:]) % 2 else "no", lambda _item, _repeat: 0.001
    )
    progress = carry_out(of, target, journal=journal, pace=Pace(50), watch=watch)

    assert progress.process.n == 1_000
    assert told == list(range(1, 1_001))
    assert sum(journal.batches) == 1_000
    assert len(journal.batches) < 100
    assert max(journal.batches) <= MOST_UNKEPT + 50


def test_a_journal_that_fails_ends_the_run_and_the_next_one_goes_on() -> None:
    """When outcomes cannot be kept the error surfaces, none of them counts, and no call is left behind."""

    @dataclass(slots=True)
    class Full(MemoryJournal):
        left: int = 3

        async def append_outcomes(self, run: str, found: Sequence[Found]) -> list[Recorded]:
            self.left -= 1
            if self.left < 0:
                raise StorageError("the disk is full", "make room")
            return await MemoryJournal.append_outcomes(self, run, found)

    journal, target = Full(), FakeTarget(answering_with({}), latency=lambda item, _repeat: 1 + int(item.id[1:]) % 3)
    of = plan(120, claim=Claim(text="x", p0=0.5, p1=0.501, cap=120))
    with pytest.raises(StorageError, match="disk is full"):
        carry_out(of, target, journal=journal)
    kept = dict(journal.outcomes[RUN])
    assert target.in_flight == 0
    assert kept

    journal.left = 10_000
    progress = carry_out(of, target, journal=journal)
    assert progress.decided
    assert all(journal.outcomes[RUN][ask] == one for ask, one in kept.items())


def test_what_was_answered_is_kept_when_the_run_stops() -> None:
    """A target that bars the door midway ends the run; answers that came before are kept and not asked for again."""
    of, journal = plan(120), SlowJournal()
    barred = of.item(9).id
    script = answering_with({barred: CallError(Trouble.BARRED, "HTTP 403")})
    target = FakeTarget(script, latency=lambda item, _repeat: 0.2 if item.id == barred else 0.1)

    with pytest.raises(EvidenceError, match="HTTP 403"):
        carry_out(of, target, journal=journal, pace=Pace(10))
    assert set(journal.outcomes[RUN]) == {Ask(slot) for slot in range(9)}
