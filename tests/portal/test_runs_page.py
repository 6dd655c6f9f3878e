"""Tests of the list of runs over HTTP: newest first, a page at a time, of one use case, and nothing of any item."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.evaluation import report_samples as sample
from tests.portal import runs_sample

from pilotage.portal.application import build_portal
from pilotage.portal.memory import MemoryReader, NoRuns
from pilotage.portal.pages.frame import plan_frame
from pilotage.portal.pages.runs import PAGE_SIZE, plan_runs_page
from pilotage.storage.engine import open_engine

LINK = re.compile(r'<h2><a href="/runs/([0-9A-Z]{26})">')


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[MemoryReader]:
    """Write the made-up runs once."""
    path = tmp_path_factory.mktemp("runs") / "runs.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    yield runs_sample.installation(engine)
    engine.dispose()


def client_of(reader: MemoryReader) -> TestClient:
    """Give a client of a portal over a reader."""
    return TestClient(build_portal(reader), raise_server_exceptions=False)


def test_all_runs_are_listed_newest_first(reader: MemoryReader) -> None:
    """Each run is linked once, the last that began on top, and the navigation of every page leads here."""
    text = client_of(reader).get("/runs").text

    assert LINK.findall(text) == [line.run for line in reversed(reader.runs.read_lines())]
    assert len(LINK.findall(text)) == 9
    assert '<a href="/runs">Runs</a>' in client_of(reader).get("/glossary").text


def test_nothing_of_an_item_is_shown(reader: MemoryReader) -> None:
    """Neither questions nor answers nor reasons stand in the list, of sealed data or of any."""
    text = client_of(reader).get("/runs").text

    assert "MEETS" in text or "FAILS" in text
    for words in ("question ", "answer ", "not the expected text", "reversed", "Dear all"):
        assert words not in text


def test_runs_of_a_use_case(reader: MemoryReader) -> None:
    """A filter in the address shows the runs of a use case alone; one that is not declared has no page."""
    client = client_of(reader)

    assert len(LINK.findall(client.get("/runs?use-case=claims").text)) == 9
    refused = client.get("/runs?use-case=%3Cscript%3E")
    assert 404 == refused.status_code
    assert "<script>" not in refused.text


def test_without_runs_it_says_how_to_begin(reader: MemoryReader) -> None:
    """An installation that measured nothing is told the command."""
    empty = MemoryReader(reader.catalog, reader.ledger, reader.now, runs=NoRuns())

    assert "pilotage evaluation run" in client_of(empty).get("/runs").text


@pytest.mark.parametrize(("count", "leaves"), [(0, 1), (1, 1), (PAGE_SIZE, 1), (PAGE_SIZE + 1, 2), (3 * PAGE_SIZE, 3)])
def test_pages_hold_every_run_once(reader: MemoryReader, count: int, leaves: int) -> None:
    """However many runs there are, the pages together list each once, newest first; beyond the last is the last."""
    one = reader.runs.read_lines()[0]
    lines = [replace(one, run=sample.run_id(number)) for number in range(count)]
    frame = plan_frame(None, head="", banner=None, assets="", now=sample.NOW)

    pages = [plan_runs_page(frame, None, lines, None, leaf, sample.NOW) for leaf in range(1, leaves + 2)]

    assert {leaves} == {page.leaves for page in pages}
    assert [line.run for line in reversed(lines)] == [row.run for page in pages[:leaves] for row in page.rows]
    assert pages[-1].rows == pages[-2].rows
