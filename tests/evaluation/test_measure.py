"""Measuring: the claim is declared before the first call, one process per Release, attempts counted, costs honest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.evaluation.samples import CLAIM, lines, plan, question, release

from pilotage.core.amount import Amount
from pilotage.core.clock import ManualClock
from pilotage.core.errors import EvidenceError
from pilotage.core.statistics.design import fixed_design
from pilotage.evaluation.fake_target import FakeTarget, Reaction, always, answering_with
from pilotage.evaluation.journal import MemoryJournal
from pilotage.evaluation.measure import (
    MOST_BAND_POINTS,
    Question,
    Workbench,
    assess_band,
    assess_bands,
    assess_spent,
    measure,
)
from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.plan import Ask, Progress, Recorded, digest_of_outcomes
from pilotage.evaluation.target import CallError, Trouble
from pilotage.ledger.memory import MemoryLedger
from pilotage.ledger.records.measurement import DatasetOpened, Measurement
from pilotage.metering.usage import UsageTotals
from pilotage.registry.kinds.evaluation import Claim

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def read_nothing(_run: str) -> UsageTotals:
    """Read a meter that counted nothing."""
    return UsageTotals()


@dataclass
class Surroundings:
    """A ledger, a journal and a meter that reads nothing."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    ledger: MemoryLedger = field(init=False)

    def __post_init__(self) -> None:
        """Begin with an empty ledger."""
        self.ledger = MemoryLedger(self.clock)

    @property
    def bench(self) -> Workbench:
        """Give what a measurement works with."""
        return Workbench(self.ledger, self.journal, self.clock, read_nothing)

    def kinds(self) -> list[str]:
        """Give the names of the records, in order."""
        return [entry.body.record_name for entry in self.ledger.read()]


@pytest.fixture
def around() -> Surroundings:
    """Give fresh surroundings."""
    return Surroundings()


def right(**answers: Reaction) -> FakeTarget:
    """Make a target that is right but for these items."""
    return FakeTarget(answering_with(answers))


async def test_a_measurement_says_what_was_found(around: Surroundings) -> None:
    """The record binds verdict, estimate and cost to the Release, the data and the claim."""
    wrong = right(i3="no", i5=CallError(Trouble.UNUSABLE))
    asked, subject = question(lines(120)), release(1)

    found = (await measure(asked, subject, wrong, around.bench, environment={"network": "office"})).body

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

    await measure(question(lines(120)), release(1), FakeTarget(script), around.bench)

    assert seen[0] == ["dataset-opened"]


async def test_a_finished_measurement_is_given_back_without_a_call(around: Surroundings) -> None:
    """Measuring a Release again, and again, changes nothing: no second chance at luck."""
    asked = question(lines(120))
    first = await measure(asked, release(1), right(), around.bench)
    target = FakeTarget(always("no"))

    again = await measure(asked, release(1), target, around.bench)

    assert again == first
    assert target.calls == []
    assert around.kinds() == ["dataset-opened", "measurement"]


async def test_a_stopped_measurement_goes_on(around: Surroundings) -> None:
    """After an error the same process continues: one opening, one run, nothing asked twice."""
    asked = question(lines(120), claim=Claim(text="x", p0=0.9, p1=0.95, cap=120))
    away: dict[str, Reaction] = {f"i{n}": CallError(Trouble.UNAVAILABLE) for n in range(60, 100)}
    with pytest.raises(EvidenceError, match="run it again"):
        await measure(asked, release(1), right(**away), around.bench)
    (run,) = around.journal.outcomes
    kept = {one.item for one in around.journal.outcomes[run].values()}
    rest = right()

    found = await measure(asked, release(1), rest, around.bench)

    assert found.body.run == run
    assert kept
    assert not kept & {call.item for call in rest.calls}
    assert around.kinds() == ["dataset-opened", "measurement"]


async def test_a_kill_between_the_records_loses_nothing(around: Surroundings) -> None:
    """With the look in the ledger and no run in the journal yet, the run keeps the id that the ledger knows."""
    asked = question(lines(120))
    await measure(asked, release(1), right(), around.bench)
    opening = around.ledger.read(kinds=(DatasetOpened,))[0].body
    fresh = Surroundings()
    fresh.ledger.append(opening)

    found = await measure(asked, release(1), right(), fresh.bench)

    assert found.body.run == opening.run
    assert fresh.kinds() == ["dataset-opened", "measurement"]


async def test_a_journal_that_belongs_to_another_ledger_is_refused(around: Surroundings) -> None:
    """Ledger and database from different backups are never mixed into one verdict."""
    asked = question(lines(120))
    await measure(asked, release(1), right(), around.bench)
    other = Surroundings(journal=around.journal)

    with pytest.raises(EvidenceError, match="same backup"):
        await measure(asked, release(1), right(), other.bench)


async def test_running_until_green_pays_with_alpha(around: Surroundings) -> None:
    """Twenty Releases are twenty attempts, the k-th with alpha/(k(k+1)), so all together risk no more than alpha."""
    asked = question(lines(120))
    found: list[Measurement] = []
    for number in range(20):
        found.append((await measure(asked, release(number), FakeTarget(always("no")), around.bench)).body)
        await measure(asked, release(number), FakeTarget(always("yes")), around.bench)

    assert [one.attempt for one in found] == list(range(1, 21))
    assert {one.verdict for one in found} == {"FAILS"}
    assert [one.claim.alpha for one in found] == [pytest.approx(CLAIM.alpha / (k * (k + 1))) for k in range(1, 21)]
    assert sum(one.claim.alpha for one in found) <= CLAIM.alpha
    assert len(around.ledger.read(kinds=(DatasetOpened,))) == 20


async def test_renaming_an_evaluation_makes_no_first_attempt(around: Surroundings) -> None:
    """The same scorer on the same data is the same claim whatever its name; fresh data are a fresh start."""
    await measure(question(lines(120)), release(1), right(), around.bench)

    renamed = await measure(question(lines(120), name="routing-two"), release(1), right(), around.bench)
    fresh = await measure(question(lines(119)), release(2), right(), around.bench)

    assert (renamed.body.attempt, fresh.body.attempt) == (2, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"claim": CLAIM.model_copy(update={"p0": 0.5})}, "claim of evaluation 'routing' changed"),
        ({"seed": 5}, "seed of evaluation 'routing' changed"),
        ({"scorer": {"type": "contains"}}, "scorer of evaluation 'routing' changed"),
    ],
)
async def test_terms_cannot_change_after_the_data_were_opened(
    around: Surroundings, change: dict[str, Any], said: str
) -> None:
    """An easier claim, a luckier order or a kinder scorer is refused for the same Release, without a call."""
    await measure(question(lines(120)), release(1), FakeTarget(always("no")), around.bench)
    target = right()

    with pytest.raises(EvidenceError, match=said):
        await measure(question(lines(120), **change), release(1), target, around.bench)

    assert target.calls == []


NINE = question(lines(9))
SPOILT: list[tuple[Question, str]] = [
    (replace(NINE, data=lines(10)), "is not the declared one"),
    (replace(NINE, dataset=NINE.dataset.model_copy(update={"digest": None})), "sealed without a digest"),
    (replace(NINE, dataset=NINE.dataset.model_copy(update={"name": "other"})), "asks for data set"),
    (question(b"{}\n"), "line 1"),
    (question(lines(9), scorer={"type": "number"}), "needs a number"),
    (question(lines(9), claim=Claim(text="x", p0=0.9, p1=0.9001)), "cannot be tested"),
    (question(lines(9), claim=Claim(text="x", p0=0.8, p1=0.9, beta=0.5)), "cannot be tested"),
]


@pytest.mark.parametrize(("spoilt", "said"), SPOILT)
async def test_what_cannot_be_measured_is_refused_before_anybody_looks(
    around: Surroundings, spoilt: Question, said: str
) -> None:
    """A wrong file, claim or scorer spends no look at sealed data: no record and no call."""
    target = right()

    with pytest.raises(EvidenceError, match=said):
        await measure(spoilt, release(1), target, around.bench)

    assert (around.kinds(), target.calls) == ([], [])


async def test_development_data_give_a_measurement_too(around: Surroundings) -> None:
    """Data that are not sealed need no digest; the record says that they were free to look at."""
    asked = question(lines(120))
    free = replace(asked, dataset=asked.dataset.model_copy(update={"sealed": False, "digest": None, "sample": True}))

    found = await measure(free, release(1), right(), around.bench)

    assert (found.body.sealed, found.body.sample) == (False, True)


async def test_repeats_give_the_disagreement(around: Surroundings) -> None:
    """Asked twice, a target that never says the same differs on every prompt."""
    target = FakeTarget(lambda _item, repeat, _earlier: "yes" if repeat == 0 else "yes!")

    found = (await measure(question(lines(120), repeats=2), release(1), target, around.bench)).body

    assert found.disagreement is not None
    assert (found.disagreement.point, found.disagreement.n) == (1, found.n)
    assert found.spent.calls >= 2 * found.n


METERED = UsageTotals(
    calls=30,
    tokens_in=900,
    tokens_out=60,
    money=(Amount(Decimal("0.01"), Decimal("0.02"), "EUR"),),
    energy=Amount(Decimal(1), Decimal(2), "Wh"),
)


async def test_costs_come_from_the_meter(around: Surroundings) -> None:
    """Calls, tokens, money and energy are what the gateway metered for the run's id, and nobody's guess."""
    asked: list[str] = []

    def read(run: str) -> UsageTotals:
        asked.append(run)
        return METERED

    bench = replace(around.bench, read_run_usage=read)

    found = (await measure(question(lines(120)), release(1), right(), bench)).body

    assert asked == [found.run]
    assert (found.spent.calls, found.spent.tokens_in, found.spent.tokens_out) == (30, 900, 60)
    assert found.spent.money is not None
    assert found.spent.money.value() == METERED.money[0]
    assert found.spent.energy is not None


@pytest.mark.parametrize(
    ("usage", "unknown"),
    [
        (UsageTotals(), {"tokens_in", "tokens_out", "money", "energy"}),
        (replace(METERED, unknown_usage=1), {"tokens_in", "tokens_out"}),
        (replace(METERED, unknown_cost=1), {"money"}),
        (replace(METERED, money=(*METERED.money, Amount(Decimal(1), Decimal(1), "USD"))), {"money"}),
        (replace(METERED, unknown_energy=1), {"energy"}),
        (replace(METERED, energy=None), {"energy"}),
    ],
)
async def test_what_was_metered_in_part_is_unknown(usage: UsageTotals, unknown: set[str]) -> None:
    """A total that misses a call, or mixes currencies, is no total; without a meter our own calls are counted."""
    of = plan(1)
    progress = Progress(of)
    progress.accept(Ask(0, 0), Recorded("i0", Outcome("pass"), None, 1.5, 3))

    spent = assess_spent(progress, usage)

    assert {name for name, value in spent if value is None} == unknown
    assert spent.calls == (usage.calls or 3)
    assert spent.seconds == 1.5
    assert spent.calls_fixed_design == fixed_design(CLAIM.p0, CLAIM.p1, CLAIM.alpha / 2, CLAIM.beta).n


@pytest.mark.parametrize("count", [1, 119, 120, 121, 700])
async def test_the_band_is_thinned_but_keeps_its_ends(count: int) -> None:
    """However long a run, the chart gets at most 120 points, the first and the last among them."""
    of = plan(count, claim=Claim(text="x", p0=0.89, p1=0.9, cap=count))
    progress = Progress(of)
    for slot in range(count):
        state = "fail" if slot % 10 == 9 else "pass"
        progress.accept(Ask(slot, 0), Recorded(of.schedule[slot].id, Outcome(state), None, 0, 1))
    assert progress.process.n == count

    band = assess_band(assess_bands(progress))

    assert len(band) == min(count, MOST_BAND_POINTS)
    assert (band[0].n, band[-1].n) == (1, count)
    assert [point.n for point in band] == sorted({point.n for point in band})
    assert digest_of_outcomes(progress.counted()).startswith("sha256:")
