"""Measuring: the claim is declared before the first call, one process per Release, attempts counted, costs honest."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from tests.evaluation.samples import CLAIM, lines, question, release
from tests.evaluation.surroundings import NOW, Surroundings, right

from pilotage.core.errors import EvidenceError
from pilotage.evaluation.measure import Question
from pilotage.evaluation.targets.fake_target import FakeTarget, Reaction, always
from pilotage.evaluation.targets.target import CallError, Trouble
from pilotage.ledger.records.measurement import DatasetOpened, Measurement
from pilotage.registry.kinds.claim import Claim

pytestmark = pytest.mark.anyio


@pytest.fixture
def around() -> Surroundings:
    """Give fresh surroundings."""
    return Surroundings()


async def test_a_measurement_says_what_was_found(around: Surroundings) -> None:
    """The record binds verdict, estimate and cost to the Release, the data and the claim."""
    wrong = right(i3="no", i5=CallError(Trouble.UNUSABLE))
    asked, subject = question(lines(120)), release(1)

    found = await around.find(asked, subject, wrong, environment={"network": "office"})

    assert around.kinds() == ["dataset-opened", "measurement"]
    assert (found.use_case, found.release, found.parts) == (subject.use_case, subject.release, dict(subject.parts))
    assert (found.evaluation, found.dataset, found.dataset_items) == ("routing", "messages", 120)
    assert (found.sealed, found.sample, found.attempt, found.measures) == (True, False, 1, "promise")
    assert found.verdict == "MEETS"
    assert found.not_measured <= 1
    assert found.estimate.n == found.n == found.band[-1].n
    assert found.estimate.low >= CLAIM.p0 - 1e-9
    assert (found.claim.p0, found.claim.alpha) == (CLAIM.p0, CLAIM.alpha / 2)
    assert found.baseline is not None
    assert found.baseline.point == 1
    assert found.disagreement is None
    assert found.environment["target"] == "fake"
    assert found.environment["network"] == "office"
    assert found.environment["tool"].startswith("pilotage ")
    assert (found.started, found.finished) == (NOW, NOW)
    assert found.outcomes.startswith("sha256:")
    assert around.journal.finished == {found.run: NOW}


async def test_the_look_is_recorded_before_the_first_call(around: Surroundings) -> None:
    """When the first question arrives, the ledger already holds the claim under which it is asked."""
    seen: list[list[str]] = []

    def script(*_: object) -> Reaction:
        seen.append(around.kinds())
        return "yes"

    await around.find(question(lines(120)), release(1), FakeTarget(script))

    assert seen[0] == ["dataset-opened"]


async def test_a_finished_measurement_is_given_back_without_a_call(around: Surroundings) -> None:
    """Measuring a Release again, and again, changes nothing: no second chance at luck."""
    asked = question(lines(120))
    first = await around.find(asked, release(1), right())
    target = FakeTarget(always("no"))

    again = await around.find(asked, release(1), target)

    assert again == first
    assert target.calls == []
    assert around.kinds() == ["dataset-opened", "measurement"]


async def test_a_stopped_measurement_goes_on(around: Surroundings) -> None:
    """After an error the same process continues: one opening, one run, nothing asked twice."""
    asked = question(lines(120), claim=Claim(text="x", p0=0.9, p1=0.95, cap=120))
    away: dict[str, Reaction] = {f"i{n}": CallError(Trouble.UNAVAILABLE) for n in range(60, 100)}
    with pytest.raises(EvidenceError, match="run it again"):
        await around.find(asked, release(1), right(**away))
    (run,) = around.journal.outcomes
    kept = {one.item for one in around.journal.outcomes[run].values()}
    rest = right()

    found = await around.find(asked, release(1), rest)

    assert found.run == run
    assert kept
    assert not kept & {call.item for call in rest.calls}
    assert around.kinds() == ["dataset-opened", "measurement"]


async def test_a_kill_between_the_records_loses_nothing(around: Surroundings) -> None:
    """With the look in the ledger and no run in the journal yet, the run keeps the id that the ledger knows."""
    asked = question(lines(120))
    await around.find(asked, release(1), right())
    opening = around.ledger.read(kinds=(DatasetOpened,))[0].body
    fresh = Surroundings()
    fresh.ledger.append(opening)

    found = await fresh.find(asked, release(1), right())

    assert found.run == opening.run
    assert fresh.kinds() == ["dataset-opened", "measurement"]


async def test_a_journal_that_belongs_to_another_ledger_is_refused(around: Surroundings) -> None:
    """Ledger and database from different backups are never mixed into one verdict."""
    asked = question(lines(120))
    await around.find(asked, release(1), right())
    other = Surroundings(journal=around.journal)

    with pytest.raises(EvidenceError, match="same backup"):
        await other.find(asked, release(1), right())


async def test_running_until_green_pays_with_alpha(around: Surroundings) -> None:
    """Twenty Releases are twenty attempts, the k-th with alpha/(k(k+1)), so all together risk no more than alpha."""
    asked = question(lines(120))
    found: list[Measurement] = []
    for number in range(20):
        found.append(await around.find(asked, release(number), FakeTarget(always("no"))))
        await around.find(asked, release(number), FakeTarget(always("yes")))

    assert [one.attempt for one in found] == list(range(1, 21))
    assert {one.verdict for one in found} == {"FAILS"}
    assert [one.claim.alpha for one in found] == [pytest.approx(CLAIM.alpha / (k * (k + 1))) for k in range(1, 21)]
    assert sum(one.claim.alpha for one in found) <= CLAIM.alpha
    assert len(around.ledger.read(kinds=(DatasetOpened,))) == 20


async def test_renaming_an_evaluation_makes_no_first_attempt(around: Surroundings) -> None:
    """The same kind of evidence on the same sealed data is the same claim, whatever name and scorer are called."""
    await around.find(question(lines(120)), release(1), right())

    renamed = await around.find(question(lines(120), name="routing-two"), release(1), right())
    synonym = await around.find(question(lines(120), name="tone", scorer={"type": "contains"}), release(1), right())
    other = await around.find(
        question(lines(120), name="pace", scorer={"type": "regex", "pattern": "y"}, measures="load"),
        release(1),
        right(),
    )

    assert (renamed.attempt, synonym.attempt, other.attempt) == (2, 3, 1)


async def test_a_new_file_with_old_items_makes_no_first_attempt(around: Surroundings) -> None:
    """Changing ids, labels, case or company of cases that were looked at leaves them looked at; new cases are new."""
    await around.find(question(lines(120)), release(1), right())
    disguised = lines(40, expected="no").replace(b'"id": "i', b'"id": "j').replace(b"question", b"  QUESTION")
    fresh = lines(120).replace(b"question", b"request")
    mixed = fresh.replace(b'i7"', b'i7x"') + lines(120).splitlines(keepends=True)[7]

    assert (await around.find(question(disguised), release(2), right())).attempt == 2
    assert (await around.find(question(fresh), release(3), right())).attempt == 1
    assert (await around.find(question(mixed), release(3), right())).attempt == 4


async def test_a_new_version_of_the_data_is_another_process_of_the_same_release(around: Surroundings) -> None:
    """Growing a data set is allowed, and is the next attempt: the earlier finding stands, and alpha is shared."""
    first = await around.find(question(lines(100)), release(1), right())

    grown = await around.find(question(lines(120)), release(1), right())

    assert (first.attempt, grown.attempt) == (1, 2)
    assert grown.claim.alpha == pytest.approx(CLAIM.alpha / 6)
    assert grown.run != first.run
    assert await around.find(question(lines(100)), release(1), right()) == first


async def test_two_that_open_at_the_same_moment_find_each_other(around: Surroundings) -> None:
    """Items are noted before the ledger is asked, so whoever comes second there counts the first."""
    one, other = question(lines(120)), question(lines(60))
    append_if = around.ledger.append_if

    def interrupt(*arguments: Any) -> Any:  # noqa: ANN401 - as the ledger's own
        around.ledger.append_if = append_if
        asyncio.run(around.find(other, release(2), right()))
        return append_if(*arguments)

    around.ledger.append_if = interrupt  # pyright: ignore[reportAttributeAccessIssue] - once, in between

    assert (await around.find(one, release(1), right())).attempt == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"claim": CLAIM.model_copy(update={"p0": 0.5})}, "claim of evaluation 'routing' changed"),
        ({"seed": 5}, "the repeats, the seed or the patience of evaluation 'routing' changed"),
        ({"scorer": {"type": "contains"}}, "scorer of evaluation 'routing' changed"),
        ({"claim": CLAIM.model_copy(update={"alpha": 0.1})}, "claim of evaluation 'routing' changed"),
        ({"repeats": 2}, "target, the baseline, the repeats, the seed or the patience of evaluation 'routing' changed"),
        (
            {"target": {"route": "rival"}},
            "target, the baseline, the repeats, the seed or the patience of evaluation 'routing' changed",
        ),
    ],
)
async def test_terms_cannot_change_after_the_data_were_opened(
    around: Surroundings, change: dict[str, Any], said: str
) -> None:
    """An easier claim, a luckier order or a kinder scorer is refused for the same Release, without a call."""
    await around.find(question(lines(120)), release(1), FakeTarget(always("no")))
    target = right()

    with pytest.raises(EvidenceError, match=said):
        await around.find(question(lines(120), **change), release(1), target)

    assert target.calls == []
    assert len(around.openings.looks) == 1


async def test_how_fast_is_asked_may_change(around: Surroundings) -> None:
    """Pace and concurrency are no terms of the claim: the same gate goes on."""
    first = await around.find(question(lines(120)), release(1), right())
    slower = question(lines(120), concurrency=1, calls_per_second=5.0)
    assert await around.find(slower, release(1), right()) == first


NINE = question(lines(9))
SPOILT: list[tuple[Question, str]] = [
    (replace(NINE, data=lines(10)), "is not the declared one"),
    (replace(NINE, dataset=NINE.dataset.model_copy(update={"digest": None})), "sealed without a digest"),
    (replace(NINE, dataset=NINE.dataset.model_copy(update={"name": "other"})), "asks for data set"),
    (question(b"{}\n"), "line 1"),
    (question(lines(9), scorer={"type": "number"}), "needs a number"),
    (question(lines(9), claim=Claim(text="x", p0=0.9, p1=0.9001)), "cannot be tested"),
]


@pytest.mark.parametrize(("spoilt", "said"), SPOILT)
async def test_what_cannot_be_measured_is_refused_before_anybody_looks(
    around: Surroundings, spoilt: Question, said: str
) -> None:
    """A wrong file, claim or scorer spends no look at sealed data: no record, no note of an item, and no call."""
    target = right()

    with pytest.raises(EvidenceError, match=said):
        await around.find(spoilt, release(1), target)

    assert (around.kinds(), target.calls, around.openings.looks) == ([], [], {})


async def test_development_data_give_a_measurement_too(around: Surroundings) -> None:
    """Data that are not sealed need no digest; the record says that they were free to look at."""
    asked = question(lines(120))
    free = replace(asked, dataset=asked.dataset.model_copy(update={"sealed": False, "digest": None, "sample": True}))

    found = await around.find(free, release(1), right())

    assert (found.sealed, found.sample) == (False, True)
