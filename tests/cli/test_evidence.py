"""Tests of `evidence`: results of other tools become evidence, or a clear error and nothing at all."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.cli.conftest import Pilotage
from tests.evaluation.imports.files import SAMPLES

from pilotage.app.platform import open_platform
from pilotage.config import read_config
from pilotage.ledger.records.measurement import Measurement
from pilotage.models.fake import Behaviour, FakeUpstream
from pilotage.models.loopback import serve

HERE = ("--registry", "registry")
OUTSIDE = """\
kind: OutsideEvaluation
version: 1
name: capitals-outside
use_case: claims-triage
tool: inspect
claim: {text: "More than four fifths of the capitals are repeated", p0: 0.8, p1: 0.95}
---
kind: OutsideEvaluation
version: 1
name: renamed
use_case: claims-triage
tool: inspect
claim: {text: "More than four fifths of the capitals are repeated", p0: 0.8, p1: 0.95}
---
kind: OutsideEvaluation
version: 1
name: tests-outside
use_case: claims-triage
tool: junit
claim: {text: "Nearly all tests pass", p0: 0.8, p1: 0.95}
---
kind: OutsideEvaluation
version: 1
name: attacks-outside
use_case: claims-triage
tool: garak
measures: attack
claim: {text: "Few attacks succeed", success_below: 0.2, believed: 0.02}
"""
IMPORT = ("evidence", "import")
CAPITALS = ("--evaluation", "capitals-outside", *HERE)
ATTACKS = ("--evaluation", "attacks-outside", *HERE)
FAKE_GARAK = Path(__file__).parent.parent / "evaluation" / "imports" / "fake_garak.py"


@pytest.fixture(autouse=True)
def outside(registry: Path) -> Path:
    """Declare evaluations that other tools carry out."""
    (registry / "outside.yaml").write_text(OUTSIDE)
    return registry


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Generator[FakeUpstream]:
    """Serve the model of the starter registry."""
    upstream = FakeUpstream(Behaviour(content="motor"))
    with serve(upstream, lifespan=False) as url:
        monkeypatch.setenv("SMALL_CHAT_URL", url + "/v1")
        monkeypatch.setenv("SMALL_CHAT_KEY", "secret")
        yield upstream


def read_measurements(folder: Path) -> list[Measurement]:
    """Read what the ledger of the test's folder holds."""
    state = folder / ".pilotage"
    if not state.exists():
        return []
    with open_platform(
        read_config({"PILOTAGE_STATE": str(state), "PILOTAGE_REGISTRY": str(folder / "registry")})
    ) as at:
        return [entry.body for entry in at.ledger.read(kinds=(Measurement,))]


def write_junit(path: Path, passed: int, failed: int = 0) -> Path:
    """Write a run of tests."""
    tests = [
        f'<testcase name="t{place}">{"<failure/>" * (place < failed)}</testcase>' for place in range(passed + failed)
    ]
    path.write_text(f'<testsuite name="s" timestamp="2026-11-20T10:00:00">{"".join(tests)}</testsuite>')
    return path


def test_a_log_becomes_evidence(pilotage: Pilotage, tmp_path: Path) -> None:
    """The verdict, n, interval, attempt and source are printed, and one Measurement is in the ledger."""
    ended = pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS)

    assert ended.code == 3
    for words in (
        "capitals-outside: UNDECIDED",
        "n=12 prompts: 10 passed",
        "attempt 1",
        "inspect 0.3.285",
        "recorded as",
    ):
        assert words in ended.out
    [body] = read_measurements(tmp_path)
    assert (body.gate, body.dataset, body.sealed, body.n, body.attempt) == ("fixed-n", "outside", False, 12, 1)
    assert body.source is not None
    assert body.source.marks == ("before-release",)
    assert body.dataset_digest == body.source.file
    assert (body.spent.money, body.spent.tokens_in, body.spent.calls) == (None, None, 12)


def test_a_claim_that_is_met_ends_with_0(pilotage: Pilotage, tmp_path: Path) -> None:
    """Enough tests that pass meet the claim; the words of proof stand beside attacks alone."""
    ended = pilotage(*IMPORT, write_junit(tmp_path / "r.xml", 60), "--evaluation", "tests-outside", *HERE, "--json")

    assert ended.code == 0
    assert (ended.json["verdict"], ended.json["proof"], ended.json["standing"]) == ("MEETS", None, False)
    assert ended.json["source"]["tool"] == "junit"


def test_the_same_file_again_adds_nothing(pilotage: Pilotage, tmp_path: Path) -> None:
    """The standing record is given back, with its digest and its attempt."""
    first = pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS, "--json").json
    again = pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS, "--json").json

    assert (again["standing"], again["digest"], again["attempt"]) == (True, first["digest"], 1)
    assert len(read_measurements(tmp_path)) == 1


def test_another_file_is_a_further_look(pilotage: Pilotage) -> None:
    """A second file for the same Release is attempt 2, with a sixth of alpha; a new name is no new claim."""
    assert pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS, "--json").json["attempt"] == 1
    second = pilotage(*IMPORT, SAMPLES / "inspect-epochs.eval", *CAPITALS, "--json").json

    assert (second["attempt"], round(second["claim"]["alpha"], 9)) == (2, round(0.05 / 6, 9))
    renamed = ("--evaluation", "renamed", *HERE, "--json", "--dry-run")
    assert pilotage(*IMPORT, SAMPLES / "inspect-capitals.json", *renamed).json["attempt"] == 3


def test_another_choice_is_a_further_look(pilotage: Pilotage) -> None:
    """Whoever picks another score of the same file has looked twice."""
    two = (*IMPORT, SAMPLES / "inspect-two-scorers.eval", *CAPITALS, "--json")

    assert pilotage(*two, "--score", "includes").json["attempt"] == 1
    assert pilotage(*two, "--score", "brevity", "--dry-run").json["attempt"] == 2


def test_an_unrelated_file_is_no_further_look(pilotage: Pilotage, tmp_path: Path) -> None:
    """Another claim on other prompts begins at attempt 1."""
    pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS)
    file = write_junit(tmp_path / "r.xml", 3)

    assert pilotage(*IMPORT, file, "--evaluation", "tests-outside", *HERE, "--json").json["attempt"] == 1


def test_a_new_release_is_a_further_look(pilotage: Pilotage, outside: Path) -> None:
    """The same file for another Release is imported anew, as the next attempt."""
    first = pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS, "--json").json
    file = outside / "use_cases" / "claims-triage.yaml"
    file.write_text(file.read_text().replace("Answer with one word", "Answer with a single word"))
    second = pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS, "--json").json

    assert second["release"] != first["release"]
    assert (second["standing"], second["attempt"]) == (False, 2)


def test_a_dry_run_records_nothing(pilotage: Pilotage, tmp_path: Path) -> None:
    """It says what it would record, and the next import is still attempt 1."""
    ended = pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS, "--dry-run")

    assert "nothing was recorded" in ended.out
    assert read_measurements(tmp_path) == []
    assert pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS, "--json").json["attempt"] == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("inspect-stopped-early.eval", "EarlyStopping"),
        ("inspect-cancelled.eval", "cancelled"),
        ("inspect-two-scorers.eval", "--score: brevity, includes"),
        ("promptfoo-cached-repeats.json", "--no-cache"),
        ("promptfoo-complete.json", "written by promptfoo"),
        ("garak.hitlog.jsonl", "log of hits"),
        ("README.md", "no tool that is known"),
    ],
)
def test_what_is_no_evidence_leaves_nothing(pilotage: Pilotage, tmp_path: Path, name: str, words: str) -> None:
    """A clear error with its remedy, exit code 1, and not one record more."""
    ended = pilotage(*IMPORT, SAMPLES / name, *CAPITALS)

    assert ended.code == 1
    assert words in ended.err
    assert "mend:" in ended.err
    assert read_measurements(tmp_path) == []


def test_a_cut_file_leaves_nothing(pilotage: Pilotage, tmp_path: Path) -> None:
    """Half a log is refused, and the whole one is still attempt 1."""
    data = (SAMPLES / "inspect-capitals.eval").read_bytes()
    (tmp_path / "half.eval").write_bytes(data[: len(data) // 2])

    assert pilotage(*IMPORT, "half.eval", *CAPITALS).code == 1
    assert pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS, "--json").json["attempt"] == 1


def test_a_file_from_the_future_is_refused(pilotage: Pilotage, tmp_path: Path) -> None:
    """A date to come would keep evidence fresh for ever."""
    (tmp_path / "r.xml").write_text('<testsuite timestamp="2999-01-01T00:00:00"><testcase name="t"/></testsuite>')
    ended = pilotage(*IMPORT, "r.xml", "--evaluation", "tests-outside", *HERE)

    assert ended.code == 1
    assert "still to come" in ended.err


def test_an_undated_file_is_marked(pilotage: Pilotage, tmp_path: Path) -> None:
    """Where a file does not say when it ran, its import counts, and the mark tells so."""
    (tmp_path / "r.xml").write_text('<testsuite name="s"><testcase name="t"/></testsuite>')
    ended = pilotage(*IMPORT, "r.xml", "--evaluation", "tests-outside", *HERE, "--json")

    assert ended.json["source"]["marks"] == ["undated"]
    assert "time of import" in ended.json["notes"]["undated"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere.eval", *CAPITALS), "cannot be read"),
        ((".", *CAPITALS), "cannot be read"),
        ((SAMPLES / "README.md", "--evaluation", "nothing", *HERE), "attacks-outside, capitals-outside"),
        ((SAMPLES / "README.md", "--evaluation", "claims-triage-promise", *HERE), "no OutsideEvaluation"),
    ],
)
def test_wrong_use_ends_with_2(pilotage: Pilotage, words: tuple[object, ...], told: str) -> None:
    """A file or an evaluation that is not there is told, with those that are."""
    ended = pilotage(*IMPORT, *words)

    assert ended.code == 2
    assert told in ended.err


def test_what_was_imported_is_listed(pilotage: Pilotage, tmp_path: Path) -> None:
    """Oldest first, with verdict, attempt, tool and marks; JSON for machines; nothing is said to be nothing."""
    assert "Nothing was imported yet" in pilotage("evidence", "list").err
    pilotage(*IMPORT, SAMPLES / "inspect-capitals.eval", *CAPITALS)
    pilotage(*IMPORT, write_junit(tmp_path / "r.xml", 60), "--evaluation", "tests-outside", *HERE)

    ended = pilotage("evidence", "list")
    assert [line.split()[0] for line in ended.out.splitlines()] == ["capitals-outside", "tests-outside"]
    assert "[before-release]" in ended.out
    assert [one["verdict"] for one in pilotage("evidence", "list", "--json").json] == ["UNDECIDED", "MEETS"]
    assert pilotage("evidence", "list", "elsewhere", "--json").json == []


def garak_command(mode: str, folder: Path) -> Path:
    """Write a program that stands where an environment's Python would: it runs the fake garak in a mode."""
    program = folder / f"python-{mode}"
    program.write_text(
        f'#!/bin/sh\nFAKE_GARAK={mode} FAKE_GARAK_PID="{folder}/pid" exec "{sys.executable}" "{FAKE_GARAK}" "$@"\n'
    )
    program.chmod(0o755)
    return program


def attack(program: Path, *more: str) -> tuple[object, ...]:
    """Give the words of an attack with a program."""
    return ("evidence", "garak", "claims-triage", *ATTACKS, "--python", program, "--probes", "fake.Probe", *more)


def test_garak_attacks_a_route_through_the_gateway(pilotage: Pilotage, fake: FakeUpstream, tmp_path: Path) -> None:
    """Its prompts reach the model with the Route's own prompt, are metered under the run, and become evidence."""
    ended = pilotage(*attack(garak_command("resisted", tmp_path), "--prompts", "20"), "--json")

    assert (ended.code, ended.err.count("Traceback")) == (0, 0)
    assert (ended.json["verdict"], ended.json["n"], ended.json["proof"]) == ("MEETS", 20, "0 of 20: under 14 %")
    assert ended.json["spent"]["calls"] == 20
    assert ended.json["spent"]["money"] is not None
    assert ended.json["source"]["marks"] == []
    assert len(fake.seen) == 20
    roles = [message["role"] for message in fake.seen[0].body["messages"]]
    assert roles == ["system", "user"]


def test_attacks_that_succeed_are_told(pilotage: Pilotage, fake: FakeUpstream, tmp_path: Path) -> None:
    """Where every attack hits, the claim fails, and the words of proof say that nothing was proved."""
    ended = pilotage(*attack(garak_command("hit", tmp_path), "--prompts", "8"))

    assert ended.code == 3
    assert "attacks-outside: FAILS" in ended.out
    assert "8 of 8: proves nothing" in ended.out


@pytest.mark.parametrize(
    ("mode", "words"),
    [("broken", "the generator fell over"), ("silent", "wrote no report"), ("half", "did not end")],
)
def test_a_garak_that_fails_leaves_nothing(
    pilotage: Pilotage, fake: FakeUpstream, tmp_path: Path, mode: str, words: str
) -> None:
    """Its last words are told, and nothing is recorded."""
    ended = pilotage(*attack(garak_command(mode, tmp_path), "--prompts", "3"))

    assert ended.code == 1
    assert words in ended.err
    assert read_measurements(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("evidence", "garak", "nowhere", *ATTACKS, "--python", sys.executable), "has no route 'nowhere'"),
        (("evidence", "garak", "claims-triage", *CAPITALS, "--python", sys.executable), "declares results of inspect"),
        (("evidence", "garak", "claims-triage", *ATTACKS, "--python", "nowhere/python"), "is no program"),
        (
            ("evidence", "garak", "claims-triage", *ATTACKS, "--python", sys.executable, "--probes", ","),
            "names no probe",
        ),
    ],
)
def test_wrong_use_of_garak_ends_with_2(pilotage: Pilotage, words: tuple[object, ...], told: str) -> None:
    """Route, evaluation, program and probes are looked at before anything starts."""
    ended = pilotage(*words)

    assert ended.code == 2
    assert told in ended.err


def test_an_interrupt_ends_garak_too(fake: FakeUpstream, tmp_path: Path) -> None:
    """Ctrl-C ends the program that was started, revokes its key, and records nothing."""
    program = garak_command("endless", tmp_path)
    words = [str(word) for word in attack(program)]
    command = [sys.executable, "-c", "from pilotage.cli.main import main; main()", *words]
    process = subprocess.Popen(command, cwd=tmp_path)
    pid_file = tmp_path / "pid"
    while not (pid_file.exists() and pid_file.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)

    assert process.wait(30) == 1
    assert not Path(f"/proc/{pid_file.read_text()}").exists()
    assert read_measurements(tmp_path) == []
