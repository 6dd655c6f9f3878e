"""Whatever goes wrong and wherever it stops, no outcome is lost, none is doubled, and none is counted wrongly."""

from __future__ import annotations

from random import Random

import pytest
from tests.evaluation.faults import FORMS, CrashError, Crashing, Expected, Script, ScriptedJudge, World, reference
from tests.evaluation.samples import release, run_virtually

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.measure import Waiting, measure
from pilotage.evaluation.plan import Ask
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.measurement import DatasetOpened, Measurement

MOST_STARTS = 60


def recorded(world: World) -> set[Ask]:
    """Give the questions that have an outcome."""
    return {ask for outcomes in world.around.journal.outcomes.values() for ask in outcomes}


def start(world: World, crashing: Crashing, concurrency: int) -> Entry[Measurement] | Waiting | None:
    """Start a process; None when it crashed or found the target away. It asks nothing that has an outcome."""
    script = world.script
    before = recorded(world)
    names = {
        (ask.side, one.item, ask.repeat)
        for found in world.around.journal.outcomes.values()
        for ask, one in found.items()
        if ask in before
    }
    target, rival = world.target("target"), world.target("baseline")
    try:
        return run_virtually(
            measure(
                script.question(concurrency),
                release(1),
                target,
                crashing.bench(world.around.bench),
                baseline=rival if "baseline" in script.form.sides else None,
                observer=ScriptedJudge(script) if script.form.judged else None,
            )
        )
    except CrashError:
        return None
    except EvidenceError as error:
        if "run it again" not in str(error):
            raise
        return None
    finally:
        asked = {("target", call.item, call.repeat) for call in target.calls}
        asked |= {("baseline", call.item, call.repeat) for call in rival.calls}
        assert not asked & names


def measure_with_faults(number: int) -> tuple[World, Measurement, int]:
    """Carry a case out, with crashes until there is a finding; give the world, the finding and the crashes."""
    chance = Random(f"{number} crashes")
    world = World(Script.draw(number))
    crashes = 0
    for turn in range(MOST_STARTS):
        at = chance.randint(0, 9) if turn < 4 and chance.random() < 0.8 else None
        crashing = Crashing(at, after=chance.random() < 0.5)
        kept = recorded(world)
        found = start(world, crashing, concurrency=chance.randint(1, 6))
        crashes += crashing.dead
        assert kept <= recorded(world)
        if isinstance(found, Waiting):
            world.give_labels(found.run, found.slots)
        elif found is not None:
            return world, found.body, crashes
    pytest.fail(f"case {number} never came to an end")


def check(number: int) -> tuple[Expected, int]:
    """Check a case against the reference; give what was expected and how often it crashed."""
    world, found, crashes = measure_with_faults(number)
    expected = reference(world.script, found.run)
    told = f"case {number}"
    assert (found.verdict, found.n, found.passes) == (expected.verdict, expected.n, expected.passes), told
    assert (found.not_measured, found.outcomes) == (expected.not_measured, expected.outcomes), told
    again = found.disagreement
    differing = (0, 0) if again is None else (round(again.point * again.n), again.n)
    assert differing == expected.differing, told
    (outcomes,) = world.around.journal.outcomes.values()
    for ask, one in outcomes.items():
        wanted = expected.by_ask[ask]
        assert (one.outcome.state, one.outcome.score) == (wanted.state, wanted.score), f"{told}, {ask}"
    counted = {ask for ask in expected.by_ask if ask.slot < expected.n}
    assert counted <= outcomes.keys(), told
    assert len(world.around.ledger.read(kinds=(DatasetOpened,))) == 1, told
    assert len(world.around.ledger.read(kinds=(Measurement,))) == 1, told
    return expected, crashes


@pytest.mark.parametrize("part", range(4))
def test_faults_and_crashes_change_no_finding(part: int) -> None:
    """200 evaluations of every form end as a plain reckoning says, through time-outs, 429, 500, cuts and crashes."""
    checked = [check(number) for number in range(50 * part, 50 * part + 50)]
    assert {expected.verdict for expected, _ in checked} == {"MEETS", "FAILS", "UNDECIDED"}
    assert sum(expected.not_measured > 0 for expected, _ in checked) > 10
    assert sum(crashes > 0 for _, crashes in checked) > 25


@pytest.mark.long
@pytest.mark.parametrize("part", range(10))
def test_two_thousand_cases(part: int) -> None:
    """2,000 further cases, 200 a part."""
    for number in range(1_000 + 200 * part, 1_200 + 200 * part):
        check(number)


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_crash_at_every_single_write(form: str) -> None:
    """Killed before or after each of its writes in turn, from the first to the last, an evaluation finds the same."""
    number = sorted(FORMS).index(form)
    for after in (False, True):
        for at in range(400):
            world = World(Script.draw(number))
            crashing = Crashing(at, after=after)
            found: Entry[Measurement] | Waiting | None = start(world, crashing, concurrency=3)
            for _ in range(MOST_STARTS):
                if isinstance(found, Entry):
                    break
                if isinstance(found, Waiting):
                    world.give_labels(found.run, found.slots)
                found = start(world, Crashing(None, after=False), concurrency=3)
            assert isinstance(found, Entry)
            expected = reference(world.script, found.body.run)
            assert (found.body.verdict, found.body.n, found.body.outcomes) == (
                expected.verdict,
                expected.n,
                expected.outcomes,
            )
            if not crashing.dead:
                assert at >= 5
                break
