"""Tests of `evaluation list|run|show|diff`: exit codes for scripts, words for people, files for machines."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
import typer.testing
from tests.cli.conftest import Pilotage

from pilotage.cli.main import app
from pilotage.models.fake import Behaviour, FakeUpstream
from pilotage.models.loopback import serve

HERE = ("--registry", "registry")
NAME = "claims-triage-promise"


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    """Serve the model of the starter registry; it always says "motor"."""
    with serve(FakeUpstream(Behaviour(content="motor")), lifespan=False) as url:
        yield url


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, url: str) -> Path:
    """Lay a starter registry and run its evaluation once, in a folder to be copied."""
    folder = tmp_path_factory.mktemp("finished")
    runner = typer.testing.CliRunner()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        _serve_model(patch, url)
        assert 0 == runner.invoke(app, ["init", "registry"]).exit_code
        ended = runner.invoke(app, ["evaluation", "run", NAME, *HERE])
    assert 3 == ended.exit_code
    (folder / "printed").write_text(ended.stdout)
    (folder / "progress").write_text(ended.stderr)
    return folder


@pytest.fixture
def measured(pilotage: Pilotage, finished: Path, tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test's folder with a copy of the finished run in it."""
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    _serve_model(monkeypatch, url)
    return tmp_path


def _serve_model(patch: pytest.MonkeyPatch, url: str) -> None:
    patch.setenv("PILOTAGE_PORT", "1")  # nobody's gateway answers there
    patch.setenv("SMALL_CHAT_URL", url + "/v1")
    patch.setenv("SMALL_CHAT_KEY", "secret")


def test_run_measures_and_shows(finished: Path) -> None:
    """A gate that does not MEET is 3; verdict, claim, items and reasons are printed, and progress goes elsewhere."""
    printed = (finished / "printed").read_text()

    for words in ("FAILS", "claimed", "more than", "about", "Items, failures first", "answered"):
        assert words in printed
    progress = (finished / "progress").read_text()
    assert progress.index("warning: claims-triage-promise: 12 items cannot meet this claim") < progress.index("asking")
    assert "decided by" in printed
    assert "beta" in printed
    assert re.search(r"calls +\d+ calls? for \d+ answers?, none made again", printed)


def test_run_again_gives_the_verdict_that_there_is(
    pilotage: Pilotage, measured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that has its verdict is given again without a call to the model, which is away meanwhile."""
    monkeypatch.setenv("SMALL_CHAT_URL", "http://127.0.0.1:1/v1")
    ended = pilotage("evaluation", "run", NAME, *HERE, "--json")

    assert 3 == ended.code
    assert "FAILS" == ended.json["verdict"]


def test_run_of_nothing_declared_suggests(pilotage: Pilotage, registry: Path) -> None:
    """A mistyped evaluation is wrong use, and those that there are are listed."""
    ended = pilotage("evaluation", "run", "nothing", *HERE)

    assert (2, "") == (ended.code, ended.out)
    assert NAME in ended.err


def test_list_names_runs(pilotage: Pilotage, measured: Path) -> None:
    """A list has a line a run with verdict and figure, as text, JSON and CSV."""
    text = pilotage("evaluation", "list")
    value = pilotage("evaluation", "list", "--json").json
    rows = list(csv.DictReader(io.StringIO(pilotage("evaluation", "list", "--csv").out, newline="")))

    assert NAME in text.out
    assert ["FAILS"] == [line["verdict"] for line in value] == [row["verdict"] for row in rows]
    assert [] == pilotage("evaluation", "list", "--evaluation", "other", "--json").json
    assert "Nothing was measured yet" in pilotage("evaluation", "list", "nobody").out


def test_show_tells_failures_first(pilotage: Pilotage, measured: Path) -> None:
    """The latest run of an evaluation is shown by the evaluation's name, those that failed before those that passed."""
    ended = pilotage("evaluation", "show", NAME, *HERE)
    value = pilotage("evaluation", "show", NAME, *HERE, "--json").json
    states = [item["state"] for item in value["items"]]

    assert 0 == ended.code
    assert "whatever the items" in ended.out or "The claim is about" in ended.out
    assert sorted(states) == states
    assert "fail" == states[0]
    assert "motor" in value["items"][0]["texts"]["answers"]
    assert value["counts"]["n"] == value["n"]


def test_show_one_state_and_csv(pilotage: Pilotage, measured: Path) -> None:
    """`--only` keeps items in one state; CSV holds every item that counts."""
    only = pilotage("evaluation", "show", NAME, "--only", "pass", *HERE, "--json").json
    rows = list(csv.DictReader(io.StringIO(pilotage("evaluation", "show", NAME, "--csv", *HERE).out, newline="")))

    assert {"pass"} >= {item["state"] for item in only["items"]}
    assert only["n"] == len(rows)
    assert {"input", "expected", "answer"} <= set(rows[0])


def test_show_works_while_the_registry_is_broken(pilotage: Pilotage, measured: Path) -> None:
    """What was found is told even where somebody is in the middle of an edit; then without what was asked."""
    (measured / "registry" / "broken.yaml").write_text("kind: Nothing\n")
    ended = pilotage("evaluation", "show", NAME, *HERE)

    assert 0 == ended.code
    assert "FAILS" in ended.out


@pytest.mark.parametrize("wanted", ["nothing", "~1", "0Z", ""])
def test_a_run_that_is_not_there_is_told(pilotage: Pilotage, measured: Path, wanted: str) -> None:
    """What names no run is wrong use, and the runs that there are are named."""
    ended = pilotage("evaluation", "show", wanted, *HERE)

    assert (2, "") == (ended.code, ended.out)
    assert NAME in ended.err


def test_diff_compares_two_releases(pilotage: Pilotage, measured: Path) -> None:
    """Another Release's run is compared with the one before, by pairs, in all three forms."""
    document = measured / "registry" / "use_cases" / "claims-triage.yaml"
    document.write_text(document.read_text().replace("max_tokens: 5", "max_tokens: 6"))
    assert 3 == pilotage("evaluation", "run", NAME, *HERE).code
    ended = pilotage("evaluation", "diff", f"{NAME}~1", NAME, *HERE)
    value = pilotage("evaluation", "diff", f"{NAME}~1", NAME, *HERE, "--json").json
    rows = pilotage("evaluation", "diff", f"{NAME}~1", NAME, *HERE, "--csv").out.splitlines()

    assert 0 == ended.code
    assert "0 better, 0 worse" in ended.out
    assert value["pairs"] > 0
    assert (0, []) == (value["difference"]["point"], value["items"])
    assert 1 == len(rows)


def test_diff_of_one_run_is_refused(pilotage: Pilotage, measured: Path) -> None:
    """A run is not compared with itself, and a second one that is missing is told."""
    same = pilotage("evaluation", "diff", NAME, f"{NAME}~0", *HERE)
    missing = pilotage("evaluation", "diff", f"{NAME}~1", NAME, *HERE)

    assert (2, 2) == (same.code, missing.code)
    assert "the same run" in same.err
    assert "there are 1 runs" in missing.err or "so none is" in missing.err


@pytest.mark.parametrize("command", [("list",), ("show", "x"), ("diff", "x", "y")])
def test_two_forms_at_once_are_refused(pilotage: Pilotage, command: tuple[str, ...]) -> None:
    """JSON and CSV exclude each other."""
    ended = pilotage("evaluation", *command, "--json", "--csv")

    assert (2, "") == (ended.code, ended.out)


def test_nothing_measured_says_how(pilotage: Pilotage, registry: Path) -> None:
    """Before the first run, the way to one is told."""
    ended = pilotage("evaluation", "show", "x", *HERE)

    assert 2 == ended.code
    assert "pilotage evaluation run" in ended.err
    assert json.loads(pilotage("evaluation", "list", "--json").out) == []
