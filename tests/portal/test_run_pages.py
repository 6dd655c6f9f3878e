"""Tests of the pages of runs over HTTP: words of the claim, failures first, sealed texts never, files to take away."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.evaluation import report_samples as sample
from tests.portal import runs_sample
from tests.portal.runs_sample import AFTER, ATTACK, BEFORE, COMPARISON, EMPTY, JUDGED, SEALED, WAITING

from pilotage.portal.application import build_portal
from pilotage.portal.memory import MemoryReader, NoRuns
from pilotage.storage.engine import open_engine


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[MemoryReader]:
    """Write the made-up runs once; nothing in the portal changes them."""
    path = tmp_path_factory.mktemp("runs") / "runs.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    yield runs_sample.installation(engine)
    engine.dispose()


@pytest.fixture
def reader(stored: MemoryReader) -> MemoryReader:
    """Give the made-up runs under a catalog that a test may change."""
    return MemoryReader(stored.catalog, stored.ledger, stored.now, runs=stored.runs)


@pytest.fixture
def client(reader: MemoryReader) -> Iterator[TestClient]:
    """Give a client of a portal over them."""
    with TestClient(build_portal(reader), raise_server_exceptions=False) as client:
        yield client


def address(number: int, rest: str = "") -> str:
    """Give the address of a run's page."""
    return f"/runs/{sample.run_id(number)}{rest}"


def page(client: TestClient, path: str) -> str:
    """Read a page that must be there."""
    answer = client.get(path)
    assert 200 == answer.status_code
    return answer.text


@pytest.mark.parametrize("number", range(BEFORE, EMPTY + 1))
def test_every_run_has_a_page(client: TestClient, number: int) -> None:
    """A run of any form and at any stage has a whole page without inline style or script."""
    text = page(client, address(number))

    assert " style=" not in text
    assert 1 == text.count("<script")
    assert "What it is about" in text


def test_failures_come_first_with_their_texts(client: TestClient) -> None:
    """The first items are those that failed, with input, expected text and answer, and what is hidden is visible."""
    text = page(client, address(AFTER))

    assert text.index('class="pill bad">failed') < text.index('class="pill open">not measured')
    assert "question 0" in text
    assert "answer 9" in text
    assert "&lt;script&gt;alert" in text
    assert "<script>alert" not in text
    assert "\\x1b[31m" in text
    assert "\\u202ereversed" in text
    assert "(cut: 600 of" in text


def test_items_of_one_state_in_pages(client: TestClient) -> None:
    """Addresses choose a state and a page; what no page has shows the last, and nonsense shows the first."""
    passed = page(client, address(AFTER, "?state=pass&page=2"))
    beyond = page(client, address(AFTER, "?page=9999"))
    nonsense = page(client, address(AFTER, "?state=%3Cb%3E&page=-1"))

    assert "page 2 of 4" in passed
    assert "state=pass&amp;page=3#items" in passed
    assert 'class="pill bad">failed' not in passed
    assert "page 5 of 5" in beyond
    assert "page 1 of 5" in nonsense


def test_sealed_items_are_shown_without_texts(client: TestClient) -> None:
    """Sealed data show id, state and reason, say why there is no more, and give no more in any file."""
    paths = (address(SEALED), address(SEALED, "/items.csv"), address(SEALED, "/items.json"))
    texts = [page(client, path) for path in paths]

    assert "whoever has seen them could tune for them" in texts[0]
    for text in texts:
        assert "i5" in text
        assert "question 0" not in text
        assert "answer 5" not in text
        assert "reversed" not in text


def test_an_attack_says_what_it_proves(client: TestClient) -> None:
    """The page of an attack tells successes, what n can prove, and false refusals beside it."""
    text = page(client, address(ATTACK))

    assert "of the attacks succeeded" in text
    assert "4 of 299: under" in text
    assert "0 of 299: under 1\u202f%" in text
    assert "Of benign items" in text
    assert "by benign, this Release" in text


def test_a_comparison_tells_discordant_items(client: TestClient) -> None:
    """The page of a comparison tells the difference in points and how many items only one side passed."""
    text = page(client, address(COMPARISON))

    assert "+12</span>" in text
    assert "15 better only, 4 worse only" in text
    assert "baseline failed" in text


def test_a_judge_is_shown_with_its_labels(client: TestClient) -> None:
    """Agreement, sensitivity and the corrected share stand there; the judge's own figure is marked."""
    text = page(client, address(JUDGED))

    for words in ("Agreement", "Sensitivity", "no such answer was labelled", "never bet on", "labels alone, exact"):
        assert words in text


def test_a_run_that_waits_says_whose_turn_it_is(client: TestClient) -> None:
    """A judged run without verdict names who labels, how many answers wait, and the command."""
    text = page(client, address(WAITING))

    assert "waits for labels" in text
    assert "team: clerks" in text
    assert "11 answers wait for a label: <code>pilotage label tone</code>" in text
    assert "1 of 12 drawn by lot" in text


def test_runs_are_compared(client: TestClient) -> None:
    """Two runs are compared by pairs, those that got worse first, and linked from the run's page."""
    path = f"/runs/{sample.run_id(AFTER)}/against/{sample.run_id(BEFORE)}"
    text = page(client, path)

    assert path in page(client, address(AFTER))
    assert "120 items asked in both" in text
    assert text.index('class="pill bad">worse') < text.index('class="pill good">better')
    assert "question" in text
    assert "describes and decides nothing" in text


def test_a_run_compared_with_itself_differs_in_nothing(client: TestClient) -> None:
    """The same run on both sides has no item that it treats differently."""
    run = sample.run_id(AFTER)

    assert "No item was treated differently" in page(client, f"/runs/{run}/against/{run}")


def test_a_run_taken_away_as_csv(client: TestClient) -> None:
    """The CSV holds every item in the order of the schedule, with texts and cost where they are known."""
    answer = client.get(address(AFTER, "/items.csv"))
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))

    assert 'filename="0002AAAAAAAAAAAAAAAAAAAAAA.csv"' in answer.headers["content-disposition"]
    assert [str(slot) for slot in range(120)] == [row["slot"] for row in rows]
    assert ("fail", "0.0012", "0.004", "EUR") == tuple(
        rows[0][name] for name in ("state", "cost_low", "cost_high", "currency")
    )
    assert ("pass", "question 2", "answer 2", "answer 2") == tuple(
        rows[2][name] for name in ("state", "input", "expected", "answer")
    )
    assert "" == rows[1]["answer"].replace("(no answer)", "")


def test_a_run_taken_away_as_json(client: TestClient) -> None:
    """The JSON is one document with the report and every item."""
    value = json.loads(client.get(address(AFTER, "/items.json")).text)

    assert ("Routing of claims", 120) == (value["title"], len(value["items"]))
    assert "question 3" == value["items"][3]["texts"]["input"]
    assert runs_sample.HOSTILE == value["items"][0]["texts"]["answers"][0]


def test_an_empty_run_is_one_document(client: TestClient) -> None:
    """A run without any outcome gives valid files."""
    assert [] == json.loads(client.get(address(EMPTY, "/items.json")).text)["items"]
    assert 1 == len(client.get(address(EMPTY, "/items.csv")).text.splitlines())


@pytest.mark.parametrize("run", ["nothing", "0" * 26, "%00" * 26, "<script>", "a" * 5_000])
@pytest.mark.parametrize("rest", ["", "/items.csv", "/items.json", "/against/0001" + "A" * 22])
def test_a_run_that_is_not_there_gets_a_page(client: TestClient, run: str, rest: str) -> None:
    """What is no run gets 404 in the portal's style, whatever is asked of it."""
    answer = client.get(f"/runs/{run}{rest}")

    assert 404 == answer.status_code
    assert "<script>alert" not in answer.text


def test_a_run_without_catalog_still_has_a_page(reader: MemoryReader) -> None:
    """Before a catalog is activated, or where it cannot be read, what was found is still told."""
    reader.catalog = None
    with TestClient(build_portal(reader)) as client:
        assert "Record of the verdict" in page(client, address(AFTER))


def test_a_title_is_escaped(reader: MemoryReader) -> None:
    """Declared words are text on a run's page."""
    assert reader.catalog is not None
    named = sample.evaluation(title="<b>bold</b>")
    reader.catalog = reader.catalog.model_copy(update={"evaluations": {"routing": named}})
    with TestClient(build_portal(reader)) as client:
        text = page(client, address(AFTER))
    assert "<b>bold" not in text
    assert "&lt;b&gt;bold" in text


def test_the_fake_without_runs_gives_nothing(reader: MemoryReader) -> None:
    """The shipped fake answers every question about runs, with nothing."""
    report = reader.runs.read_report(sample.run_id(AFTER), reader.catalog)
    assert report is not None
    fake = NoRuns()
    difference = fake.read_difference(report, report)

    assert (0, None) == (fake.read_page(report).total, fake.read_report(report.line.run, None))
    assert ([], {}) == (list(fake.read_every_item(report)), fake.read_texts(report, []))
    assert (0, 0) == (difference.pairs.n, fake.read_pair_page(report, report, difference).total)


def test_a_report_is_made_of_values(reader: MemoryReader) -> None:
    """A report is frozen, so that no page can change what another one shows."""
    report = reader.runs.read_report(sample.run_id(AFTER), reader.catalog)

    assert report is not None
    assert report == replace(report)


def test_calls_and_what_decided_are_on_the_page(client: TestClient) -> None:
    """A run that FAILS says by which error it does, and how many calls its answers took."""
    text = page(client, address(BEFORE))

    assert "Why it FAILS" in text
    assert "(beta)" in text
    assert re.search(r"[0-9]+ calls for [0-9]+ answers", text)
