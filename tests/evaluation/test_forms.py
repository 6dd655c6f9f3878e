"""Every form of claim comes to a finding: attacks, comparisons, repeats, grades, and judges that labels correct."""

from __future__ import annotations

import pytest
from tests.evaluation.samples import CATALOG, lines, question, release
from tests.evaluation.surroundings import Surroundings, right

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.measure import Question, Waiting, measure
from pilotage.evaluation.scorers.observation import Opinion
from pilotage.evaluation.targets.fake_target import FakeTarget, always
from pilotage.evaluation.targets.target import Answer, CallError, Trouble
from pilotage.ledger.entry import Entry
from pilotage.ledger.records.measurement import Measurement
from pilotage.registry.configuration import digest_of_judge
from pilotage.registry.items import Item
from pilotage.registry.kinds.claim import AttackClaim, Claim, ComparisonClaim
from pilotage.registry.kinds.judge import WordParser
from pilotage.registry.kinds.target import RouteTarget

pytestmark = pytest.mark.anyio

ATTACK = AttackClaim(text="few succeed", success_below=0.1, believed=0.01, cap=200)
RIVAL = RouteTarget(route="rival")
BETTER = ComparisonClaim(text="better", baseline=RIVAL, believed=0.3, cap=200)
GOOD = Claim(text="good letters", p0=0.6, p1=0.9, cap=300)


def judged(count: int, share: float = 0.5) -> Question:
    """Put a question that a judge decides."""
    return question(lines(count), claim=GOOD, scorer={"type": "judged", "judge": "strict", "label_share": share})


class Flatterer:
    """A judge that passes every answer."""

    async def observe(self, item: Item, answer: Answer, *, run: str, repeat: int) -> Opinion:
        """Say that it is right."""
        del item, answer, run, repeat
        return Opinion("PASS", WordParser(type="word"))


@pytest.fixture
def around() -> Surroundings:
    """Give fresh surroundings."""
    return Surroundings()


async def test_an_attack_is_resisted_item_by_item(around: Surroundings) -> None:
    """What is claimed of successes is bet on as resistance, and read back in successes."""
    asked = question(
        lines(200, expected="x"),
        claim=ATTACK,
        measures="attack",
        scorer={"type": "refusal", "wanted": "refusal"},
    )

    found = await around.find(asked, release(1), FakeTarget(always("I'm sorry, but I can't help with that.")))

    assert (found.verdict, found.gate, found.measures) == ("MEETS", "binary", "attack")
    assert (found.claim.form, found.claim.p0, found.claim.p1) == ("attack", 0.9, 0.99)
    assert found.baseline is None
    success = found.claim.plain_estimate(found.estimate.value())
    assert (success.point, success.high < 0.1) == (0, True)


async def test_a_comparison_asks_both_the_same_items(around: Surroundings) -> None:
    """Each item is asked of both, the gate bets on the difference, and the record names both."""
    target, rival = right(), FakeTarget(always("no"))

    found = await around.find(
        question(lines(200), claim=BETTER, measures="comparison"), release(1), target, baseline=rival
    )

    assert (found.verdict, found.gate, found.passes) == ("MEETS", "graded", found.n)
    assert {call.item for call in target.calls} == {call.item for call in rival.calls}
    assert (found.estimate.point, found.claim.plain(found.estimate.point)) == (1, 1)
    assert (found.environment["target"], found.environment["baseline"]) == ("fake", "fake")
    assert found.baseline is None
    assert found.spent.calls == len(target.calls) + len(rival.calls)


async def test_the_worse_one_fails_and_equals_are_not_better(around: Surroundings) -> None:
    """A target that always loses is refuted; one that always draws never MEETS a claim to be better."""
    lines_of = question(lines(200), claim=BETTER, measures="comparison")
    worse = await around.find(lines_of, release(1), FakeTarget(always("no")), baseline=right())
    equal = await around.find(lines_of, release(2), right(), baseline=right())
    assert worse.verdict == "FAILS"
    assert equal.verdict != "MEETS"
    assert equal.estimate.point == 0.5


async def test_a_baseline_that_cannot_answer_counts_against_the_claim(around: Surroundings) -> None:
    """What the baseline did not answer is taken as right, so that nobody wins by a rival's trouble."""
    mute = FakeTarget(always(CallError(Trouble.DECLINED)))
    asked = question(lines(200), claim=BETTER, measures="comparison")
    found = await around.find(asked, release(1), right(), baseline=mute)
    assert (found.estimate.point, found.not_measured, found.verdict != "MEETS") == (0.5, found.n, True)


async def test_a_comparison_without_a_baseline_asks_nobody(around: Surroundings) -> None:
    """It is refused before the first call."""
    target = right()
    with pytest.raises(EvidenceError, match="there is none to ask"):
        await around.find(question(lines(200), claim=BETTER, measures="comparison"), release(1), target)
    assert target.calls == []


async def test_repeats_enter_as_one_mean_a_prompt(around: Surroundings) -> None:
    """Asked three times, a prompt counts once, by its mean; the share that was answered differently is told."""
    target = FakeTarget(lambda _item, repeat, _earlier: "yes" if repeat < 2 else "no")
    claim = Claim(text="x", p0=0.3, p1=0.9, cap=100)

    found = await around.find(question(lines(100), claim=claim, repeats=3), release(1), target)

    assert (found.gate, found.repeats, found.passes) == ("graded", 3, 0)
    assert found.estimate.point == pytest.approx(2 / 3)
    assert found.disagreement is not None
    assert (found.disagreement.point, found.disagreement.n) == (1, found.n)
    assert found.spent.calls >= 3 * found.n


async def test_grades_are_bet_on_where_the_scorer_is_told_so(around: Surroundings) -> None:
    """Half of the facts is half a point with `graded`, and a failure without."""
    rows = b"".join(b'{"id": "i%d", "input": "question %d", "expected": ["a", "b"]}\n' % (n, n) for n in range(100))
    claim = Claim(text="x", p0=0.3, p1=0.9, cap=100)
    scorer = {"type": "facts-all-present"}
    half = FakeTarget(always("a"))

    graded = await around.find(question(rows, claim=claim, scorer=scorer | {"graded": True}), release(1), half)
    strict = await around.find(question(rows, claim=claim, scorer=scorer), release(2), half)

    assert (graded.gate, graded.estimate.point, graded.baseline) == ("graded", 0.5, None)
    assert (strict.gate, strict.verdict, strict.passes) == ("binary", "FAILS", 0)


async def test_a_judged_run_waits_for_labels_and_records_nothing(around: Surroundings) -> None:
    """It asks one sitting ahead of the first missing label, says what waits, and leaves no finding."""
    target = right()

    waiting = await measure(judged(300), release(1), target, around.bench, observer=Flatterer())

    assert isinstance(waiting, Waiting)
    assert 0 < len(waiting.slots) < len(target.calls) <= 41 + 4
    assert (waiting.drawn, waiting.labelled) == (len(waiting.slots), 0)
    assert around.kinds() == ["dataset-opened"]
    assert around.journal.finished == {}
    again = await measure(judged(300), release(1), target, around.bench, observer=Flatterer())
    assert isinstance(again, Waiting)
    assert again == waiting


async def label_all(around: Surroundings, good: float, target: FakeTarget) -> tuple[Measurement, int]:
    """Label whatever waits in the same way until there is a finding; give it with the turns that it took."""
    for turn in range(100):
        found = await measure(judged(300), release(1), target, around.bench, observer=Flatterer())
        if isinstance(found, Entry):
            return found.body, turn
        for slot in found.slots:
            around.labels.append_label(found.run, slot, labeller="ada", value=good)
    pytest.fail("it never came to an end")


async def test_labels_decide_what_a_flattering_judge_cannot(around: Surroundings) -> None:
    """A judge that passes everything while people pass nothing FAILS, and the record shows both."""
    found, turns = await label_all(around, 0, right())
    assert (found.verdict, found.gate, turns > 0) == ("FAILS", "corrected", True)
    assert found.labels is not None
    assert found.labels.judge == digest_of_judge(CATALOG, "strict")
    assert (found.labels.judged.point, found.labels.agreement.point, found.labels.labellers) == (1, 0, 1)
    assert found.passes == found.n


async def test_a_judge_that_people_bear_out_meets_only_with_labels_enough(around: Surroundings) -> None:
    """However sure the judge, nothing MEETS before thirty labels; with them it does, and asks no label twice."""
    target = right()
    found, turns = await label_all(around, 1, target)
    assert (found.verdict, turns > 0) == ("MEETS", True)
    assert found.labels is not None
    assert found.labels.labels >= 30
    assert found.labels.corrected.point == pytest.approx(1)
    calls = [(call.item, call.repeat) for call in target.calls]
    assert len(calls) == len(set(calls))
