"""Tests of reading runs from journal, answers and data set: failures first, in pages, sealed texts never shown."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from tests.evaluation import report_samples as sample
from tests.evaluation.report_samples import Ask, Installation

from pilotage.core.errors import UsageError
from pilotage.evaluation.journal import subject_of_run
from pilotage.evaluation.outcome import State
from pilotage.evaluation.reports.item_finder import ItemFinder
from pilotage.evaluation.reports.item_lines import ERASED, MISSING, NO_ANSWER
from pilotage.evaluation.reports.item_reading import read_prefix
from pilotage.evaluation.reports.reading import PAGE_SIZE
from pilotage.evaluation.reports.report import Counts, Discordant, Labelling, Pacing, RunReport
from pilotage.registry.catalog import Catalog

MANY = 5_000


@pytest.fixture
def installation(engine: sa.Engine) -> Installation:
    """Give an installation without runs, on each kind of database."""
    return Installation(engine)


@pytest.fixture
def small(sqlite_engine: sa.Engine) -> Installation:
    """Give an installation without runs, where the kind of database is no matter."""
    return Installation(sqlite_engine)


def report_of(installation: Installation, number: int = 1, catalog: Catalog | None = None) -> RunReport:
    """Read the report of a run that there is."""
    report = installation.reader.read_report(sample.run_id(number), catalog or sample.catalog())
    assert report is not None
    return report


@contextmanager
def rows_handed_over(engine: sa.Engine) -> Generator[list[object]]:
    """Collect every row that SQLite hands over meanwhile."""
    rows: list[object] = []

    def keep(_cursor: object, row: object) -> object:
        rows.append(row)
        return row

    def watch(connection: Any, _record: object) -> None:  # noqa: ANN401 - whatever the driver gives
        connection.row_factory = keep

    engine.dispose()
    event.listen(engine, "connect", watch)
    try:
        yield rows
    finally:
        event.remove(engine, "connect", watch)
        engine.dispose()


def test_failures_come_first(installation: Installation) -> None:
    """Items are ordered failed, not measured, passed, and within these as they were asked."""
    installation.measure(1, "pfmpfp")
    report = report_of(installation)
    page = installation.reader.read_page(report)

    assert Counts(2, 1, 3) == report.counts
    assert [1, 4, 2, 0, 3, 5] == [line.slot for line in page.lines]
    assert ["because f", "because f", "because m", "", "", ""] == [line.reason for line in page.lines]
    assert (1, 1, 6) == (page.page, page.pages, page.total)


@pytest.mark.parametrize(("state", "slots"), [("fail", [1, 4]), ("not-measured", [2]), ("pass", [0, 3, 5])])
def test_items_of_one_state(installation: Installation, state: State, slots: list[int]) -> None:
    """A filter gives the items in one state, and their number."""
    installation.measure(1, "pfmpfp")
    page = installation.reader.read_page(report_of(installation), state)

    assert slots == [line.slot for line in page.lines]
    assert len(slots) == page.total


def test_what_was_asked_ahead_does_not_count(installation: Installation) -> None:
    """Outcomes behind the verdict are told by their number and are in no list and no count."""
    opened = installation.open(1)
    installation.ask(1, [Ask(slot, "fail" if slot > 3 else "pass") for slot in range(7)])
    installation.finish(opened, [True] * 4)
    report = report_of(installation)

    assert Counts(0, 0, 4, ahead=3) == report.counts
    assert 4 == installation.reader.read_page(report).total


def test_a_run_that_is_going_counts_up_to_the_first_gap(installation: Installation) -> None:
    """Without a verdict only the contiguous beginning counts: what came early behind a gap would flatter."""
    installation.open(1)
    installation.ask(1, [Ask(0), Ask(1, "fail"), Ask(3), Ask(4)])
    report = report_of(installation)

    assert ("going", None) == (report.standing, report.line.verdict)
    assert Counts(1, 0, 1, ahead=2) == report.counts
    assert [1, 0] == [line.slot for line in installation.reader.read_page(report).lines]


def test_a_slot_counts_once_all_its_questions_are_in(installation: Installation) -> None:
    """A slot whose repeats or other side are missing is a gap."""
    installation.open(1)
    asks = [
        Ask(slot, repeat=repeat, side=side) for slot in (0, 1) for repeat in (0, 1) for side in ("target", "baseline")
    ]
    installation.ask(1, asks[:-1])
    before = read_prefix(installation.engine, sample.run_id(1))
    installation.ask(1, asks[-1:])

    assert (1, 2) == (before, read_prefix(installation.engine, sample.run_id(1)))


def test_a_run_without_an_outcome_has_a_report(installation: Installation) -> None:
    """A run that was opened a moment ago is going, with nothing counted and one empty page."""
    installation.open(1)
    report = report_of(installation)
    page = installation.reader.read_page(report)

    assert (Counts(0, 0, 0), None, (), 1) == (report.counts, report.pacing, page.lines, page.pages)


def test_repeats_and_baseline(installation: Installation) -> None:
    """Repeats make one line with their disagreement; of a comparison discordant items are counted each way."""
    opened = installation.open(1, claim=sample.COMPARISON)
    asks: list[Ask] = []
    for slot, (target, baseline) in enumerate([("pass", "fail"), ("fail", "pass"), ("pass", "pass"), ("pass", "fail")]):
        for repeat in (0, 1):
            asks.append(Ask(slot, target, repeat=repeat, answer=f"{slot}{repeat if slot == 2 else ''}"))
            asks.append(Ask(slot, baseline, repeat=repeat, side="baseline", answer="b"))
    installation.ask(1, asks)
    installation.finish(opened, [True, False, True, True])
    report = report_of(installation)
    lines = {line.slot: line for line in installation.reader.read_page(report).lines}

    assert Discordant(better_only=2, worse_only=1) == report.discordant
    assert ("different", "equal") == (lines[2].answers, lines[0].answers)
    assert ("pass", "fail") == (lines[0].state, lines[0].baseline)


def test_how_long_answers_took(installation: Installation) -> None:
    """Median, 95th of 100 and slowest are those of the answers, not of what was never answered."""
    opened = installation.open(1)
    installation.ask(1, [Ask(slot, seconds=float(slot)) for slot in range(21)] + [Ask(21, "not-measured", seconds=99)])
    installation.finish(opened, [True] * 21 + [False])

    assert Pacing(10.0, 19.0, 20.0) == report_of(installation).pacing


def test_each_item_tells_its_cost_and_label(installation: Installation) -> None:
    """The cost is that of the gateway's call, unknown where the price is; the first label is the one that counts."""
    opened = installation.open(1)
    installation.ask(1, [Ask(0, call="c1"), Ask(1, call="c2"), Ask(2)])
    installation.charge("c1", 1_000_000, 2_000_000)
    installation.charge("c2", None, None)
    installation.label(1, 0, 0.0, labeller="zoe", minutes=0)
    installation.label(1, 0, 1.0, labeller="adam", minutes=5)
    installation.finish(opened, [True] * 3)
    lines = {line.slot: line for line in installation.reader.read_page(report_of(installation)).lines}

    assert lines[0].cost is not None
    assert ("0.001", "0.002", "EUR") == (str(lines[0].cost.low), str(lines[0].cost.high), lines[0].cost.unit)
    assert (None, None) == (lines[1].cost, lines[2].cost)
    assert (0.0, None) == (lines[0].label, lines[1].label)


def test_development_data_show_their_texts(installation: Installation) -> None:
    """Input, expected text and answer stand with an item of data that are not sealed."""
    opened = installation.open(1)
    installation.ask(1, [Ask(0, answer="hello"), Ask(1, "not-measured")])
    installation.finish(opened, [True, False])
    report = report_of(installation)
    texts = installation.reader.read_texts(report, installation.reader.read_page(report).lines)

    assert ("question 0", "answer 0", ("hello",)) == (texts[0].input, texts[0].expected, texts[0].answers)
    assert (NO_ANSWER,) == texts[1].answers


def test_sealed_data_show_nothing(installation: Installation) -> None:
    """Of sealed data neither file nor store of answers is even read."""
    opened = installation.open(1, sealed=True)
    installation.ask(1, [Ask(0, answer="secret answer")])
    installation.finish(opened, [True])
    report = report_of(installation)

    def touched(*_: object, **__: object) -> NoReturn:
        raise AssertionError("sealed content was read")

    installation.reader._read_artefact = touched
    installation.reader._read_items = touched

    assert {} == installation.reader.read_texts(report, installation.reader.read_page(report).lines)
    assert [None] == [texts for _, texts in installation.reader.read_every_item(report)]


def test_data_that_were_sealed_later_show_nothing(small: Installation) -> None:
    """A file that is declared sealed by now, under whatever name, is not shown by a run from before that."""
    opened = small.open(1)
    small.ask(1, [Ask(0, answer="hello")])
    small.finish(opened, [True])
    now = sample.catalog(sealed=True)
    renamed = now.datasets["inbox"].model_copy(update={"name": "kept"})
    digests = {"kept": opened.dataset_digest}
    sealed = now.model_copy(update={"datasets": {"kept": renamed}, "dataset_digests": digests})

    assert not report_of(small).sealed
    assert report_of(small, catalog=sealed).sealed
    assert not report_of(small, catalog=now).sealed  # another file


def test_an_item_is_found_in_exactly_its_file() -> None:
    """Items are found by id in the file of the digest; ids that are not there are left out, and files are read once."""
    data = sample.dataset_bytes(3).removesuffix(b"\n")
    read: list[str] = []

    def read_file(name: str) -> bytes | None:
        read.append(name)
        return data if name == "inbox" else None

    finder = ItemFinder(read_file)
    digest = sample.digest_of_bytes(data)

    assert {"i0", "i2"} == set(finder.find_items("inbox", digest, ["i2", "i9", "i0"]))
    assert "question 1" == finder.find_items("inbox", digest, ["i1"])["i1"].input
    assert {} == finder.find_items("inbox", sample.digest_of_bytes(b"other"), ["i1"])
    assert {} == finder.find_items("gone", sample.digest_of_bytes(b"other"), ["i1"])
    assert ["inbox", "inbox", "gone"] == read


def test_another_file_shows_no_texts(installation: Installation) -> None:
    """When the file of the data set is another one now, its items are not taken for those that were asked."""
    opened = installation.open(1)
    installation.ask(1, [Ask(0, answer="hello")])
    installation.finish(opened, [True])
    installation.data = sample.dataset_bytes(30, mark=" changed")
    report = report_of(installation)
    texts = installation.reader.read_texts(report, installation.reader.read_page(report).lines)

    assert (None, None, ("hello",)) == (texts[0].input, texts[0].expected, texts[0].answers)


def test_erased_answers_say_so(installation: Installation) -> None:
    """When the key of a run's answers was deleted each says so; one that is merely missing says that."""
    opened = installation.open(1)
    installation.ask(1, [Ask(0, answer="hello")])
    installation.finish(opened, [True])
    report = report_of(installation)
    lines = installation.reader.read_page(report).lines
    with installation.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM artefact"))
    missing = installation.reader.read_texts(report, lines)[0].answers
    installation.artefacts.erase_subject(subject_of_run(sample.run_id(1)))
    erased = installation.reader.read_texts(report, lines)[0].answers

    assert ((MISSING,), (ERASED,)) == (missing, erased)


def test_a_judged_run_tells_what_waits_for_labels(small: Installation) -> None:
    """Of the answers drawn by lot, those without a label are counted, and the team is asked for them."""
    judged = sample.evaluation(scorer={"type": "judged", "judge": "tone", "label_share": 1.0})
    small.open(1)
    small.ask(1, [Ask(slot, score=0.5) for slot in range(6)] + [Ask(6, "not-measured")])
    small.label(1, 0, 1.0)
    report = report_of(small, catalog=sample.catalog(judged))

    assert Labelling(drawn=6, labelled=1) == report.labelling
    assert "waiting" == report.standing
    assert report.turn is not None
    assert "5 answers wait" in report.turn.step


def test_a_summary_has_counts_without_items(small: Installation) -> None:
    """Results of another tool without outcomes per sample are told by the record's own counts."""
    opened = small.open(1)
    small.finish(opened, [True] * 8 + [False] * 2, not_measured=1)
    report = report_of(small)

    assert Counts(1, 1, 8) == report.counts
    assert () == small.reader.read_page(report).lines


def test_earlier_runs_of_the_evaluation(small: Installation) -> None:
    """A report holds the runs of its evaluation that have a verdict, oldest first, and of no other."""
    small.measure(1, "pf")
    small.measure(2, "ppf", release=sample.OTHER_RELEASE)
    small.measure(3, "p", evaluation="letters")
    small.open(4, attempt=3, seed=9)

    assert [sample.run_id(1), sample.run_id(2)] == [line.run for line in report_of(small, 2).earlier]


@pytest.mark.parametrize(
    ("wanted", "number"),
    [("routing", 3), ("routing~0", 3), ("routing~1", 2), ("routing~2", 1), ("0002", 2), ("0001aaa", 1), ("letters", 4)],
)
def test_runs_are_found(small: Installation, wanted: str, number: int) -> None:
    """A run is named by its id, its beginning, or its evaluation counted back from the latest."""
    for each in (1, 2, 3):
        small.open(each)
    small.open(4, evaluation="letters")

    assert sample.run_id(number) == small.reader.find_run(wanted)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("000", "3 runs begin with"),
        ("routing~3", "so none is"),
        ("nothing", "routing"),
        ("", "there is no run"),
        ("~1", "no run"),
    ],
)
def test_a_run_that_is_not_there_is_told(small: Installation, wanted: str, told: str) -> None:
    """What fits no run, or several, names those that come near."""
    for each in (1, 2, 3):
        small.open(each)

    with pytest.raises(UsageError, match=told) as caught:
        small.reader.find_run(wanted)
    assert sample.run_id(3) in str(caught.value)


def test_without_runs_there_is_a_way_on(small: Installation) -> None:
    """An installation without runs says how to make one, and an unknown id has no report."""
    with pytest.raises(UsageError, match="pilotage evaluation run"):
        small.reader.find_run("routing")
    assert small.reader.read_report(sample.run_id(1), sample.catalog()) is None


def test_a_difference_pairs_by_item(installation: Installation) -> None:
    """Runs in the same order are compared on the beginning that both asked; not measured counts as failed."""
    installation.measure(1, "ppffm")
    installation.measure(2, "pfpfpppp", release=sample.OTHER_RELEASE)
    first, second = report_of(installation, 1), report_of(installation, 2)
    difference = installation.reader.read_difference(first, second)
    pairs = difference.pairs

    assert (1, 1, 2, 1) == (pairs.both_pass, pairs.both_fail, pairs.better, pairs.worse)
    assert difference.share is not None
    assert difference.share.point == pytest.approx(0.2)
    assert difference.grade is None
    page = installation.reader.read_pair_page(first, second, difference)
    assert [("i1", "pass", "fail"), ("i2", "fail", "pass"), ("i4", "not-measured", "pass")] == [
        (line.before.item, line.before.state, line.after.state) for line in page.lines
    ]


def test_grades_are_compared_too(installation: Installation) -> None:
    """Where both runs gave grades, the difference of their means is told beside that of the passes."""
    for number, score in ((1, 0.5), (2, 0.75)):
        opened = installation.open(number, release=(sample.RELEASE, sample.OTHER_RELEASE)[number - 1])
        installation.ask(number, [Ask(slot, score=score) for slot in range(20)])
        installation.finish(opened, [True] * 20)
    difference = installation.reader.read_difference(report_of(installation, 1), report_of(installation, 2))

    assert difference.share is not None
    assert difference.grade is not None
    assert 0 == difference.share.point
    assert difference.grade.point == pytest.approx(0.25)


def test_other_orders_and_data_are_told(small: Installation) -> None:
    """Runs in another order, or of another version of the data, are paired by id, and that is told."""
    small.measure(1, "pf")
    other = small.open(2, seed=8, plan=sample.digest_of_bytes(b"other plan"))
    small.ask(2, [Ask(0, item="i1"), Ask(1, "fail", item="i9")])
    small.finish(other, [True, False])
    data = small.open(3, dataset_digest=sample.digest_of_bytes(b"other data"))
    small.ask(3, [Ask(0, item="x")])
    small.finish(data, [True])
    first, second, third = (report_of(small, number) for number in (1, 2, 3))

    order = small.reader.read_difference(first, second)
    nothing = small.reader.read_difference(first, third)

    assert (1, 1) == (order.pairs.n, order.pairs.better)
    assert any("different orders" in note for note in order.notes)
    assert any("scorer" in note for note in order.notes)
    assert (0, None) == (nothing.pairs.n, nothing.share)
    assert any("paired by their ids" in note for note in nothing.notes)


@pytest.mark.parametrize("page", [1, 7, 200, 10**6])
def test_a_page_of_a_large_run_reads_a_page(small: Installation, page: int) -> None:
    """Of thousands of items a page hands over what it shows, wherever it lies; beyond the last is the last."""
    small.data = sample.dataset_bytes(MANY)
    opened = small.open(1)
    small.ask(1, [Ask(slot, "fail" if slot % 10 == 0 else "pass") for slot in range(MANY)])
    small.finish(opened, [slot % 10 != 0 for slot in range(MANY)])
    report = report_of(small)
    with rows_handed_over(small.engine) as rows:
        found = small.reader.read_page(report, page=page)

    assert 500 == report.counts.failed
    assert min(page, MANY // PAGE_SIZE) == found.page
    assert PAGE_SIZE == len(found.lines)
    assert 2 * PAGE_SIZE == len(rows)  # the slots, and a question for each


def test_a_difference_of_large_runs_reads_a_page(small: Installation) -> None:
    """Two runs of thousands of items are compared by counts, and of the items a page is handed over."""
    states = "".join("f" if slot % 3 == 0 else "p" for slot in range(MANY))
    small.measure(1, states)
    small.measure(2, states[::-1], release=sample.OTHER_RELEASE)
    first, second = report_of(small, 1), report_of(small, 2)
    with rows_handed_over(small.engine) as rows:
        difference = small.reader.read_difference(first, second)
        page = small.reader.read_pair_page(first, second, difference, 3)

    assert MANY == difference.pairs.n
    assert PAGE_SIZE == len(page.lines)
    assert len(rows) <= 3 * PAGE_SIZE + 10


def test_every_item_of_a_large_run_comes_in_order(small: Installation) -> None:
    """All items come in the order of the schedule, each once."""
    small.data = sample.dataset_bytes(MANY)
    opened = small.open(1, sealed=True)
    small.ask(1, [Ask(slot) for slot in range(MANY)])
    small.finish(opened, [True] * MANY)

    assert list(range(MANY)) == [line.slot for line, _ in small.reader.read_every_item(report_of(small))]
