"""Tests of a story's services: what they say when they do not start, and that none outlives the demonstration."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.demo.survivors import await_none, marked_processes

from pilotage.core.errors import EvidenceError
from pilotage.demo import processes
from pilotage.demo.processes import RunningServices
from pilotage.demo.story import Service

READY = 'import json, sys\nprint(json.dumps({"main": "http://127.0.0.1:1/v1"}), flush=True)\n'
UNTIL_CLOSED = "sys.stdin.buffer.read()\n"
DEAF = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "time.sleep(60)\n"
SERVICE = Service(name="sample", module="sample", addresses={"main": "SAMPLE_URL"})

PARENT = """
import os, sys, time
from pathlib import Path
from pilotage.demo.processes import RunningServices
from pilotage.demo.story import Service
service = Service(name="sample", module="sample", addresses={"main": "SAMPLE_URL"})
with RunningServices(Path(sys.argv[1]), Path(sys.argv[1]) / "logs") as services:
    print(services.start(service, os.environ), flush=True)
    time.sleep(60)
"""


@pytest.fixture
def services(tmp_path: Path) -> RunningServices:
    """Give services that run from the test's folder."""
    return RunningServices(tmp_path, tmp_path / "logs")


def start(services: RunningServices, folder: Path, text: str, **environment: str) -> dict[str, str]:
    """Write a module and start it as a service."""
    (folder / "sample.py").write_text(text)
    return services.start(SERVICE, dict(os.environ) | environment)


def test_a_service_tells_its_addresses(services: RunningServices, tmp_path: Path) -> None:
    """What a service prints as its addresses sets the variables that the story names; then it is ended."""
    mark = str(tmp_path)
    with services:
        found = start(services, tmp_path, READY + UNTIL_CLOSED, DEMO_MARK=mark)
        running = marked_processes(mark)

    assert found == {"SAMPLE_URL": "http://127.0.0.1:1/v1"}
    assert len(running) == 1
    assert marked_processes(mark) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("raise SystemExit(7)\n", "ended with code 7 before it answered"),
        ("import no_such_module\n", "ended with code 1 before it answered"),
        ("print('hello', flush=True)\n", "did not print its addresses as one JSON line"),
        ("print('[]', flush=True)\n", "did not print its addresses as one JSON line"),
        ('print(\'{"other": "x"}\', flush=True)\n', "did not print its addresses as one JSON line"),
        ("import sys\nsys.stdout.buffer.write(b'\\xff\\n')\n", "did not print its addresses as one JSON line"),
        ("import sys\nsys.stdout.write('x' * 200_000)\n", "did not print its addresses as one JSON line"),
    ],
)
def test_a_service_that_does_not_start_names_its_log(
    services: RunningServices, tmp_path: Path, text: str, told: str
) -> None:
    """Whether it dies or prints nonsense, the error says what happened and in which file its own words stand."""
    with services, pytest.raises(EvidenceError) as caught:
        start(services, tmp_path, text)

    log = tmp_path / "logs" / "sample.log"
    assert caught.value.message == f"the service sample (sample) {told}"
    assert str(log) in caught.value.remedy
    assert log.exists()


def test_what_a_service_says_is_in_its_log(services: RunningServices, tmp_path: Path) -> None:
    """The log holds the reason, in the service's own words."""
    with services, pytest.raises(EvidenceError):
        start(services, tmp_path, "import no_such_module\n")

    assert "no_such_module" in (tmp_path / "logs" / "sample.log").read_text()


def test_a_service_that_says_nothing_is_given_up(
    services: RunningServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that neither answers nor ends is given up in the end, and is gone afterwards."""
    monkeypatch.setattr(processes, "START_SECONDS", 0.2)
    mark = str(tmp_path)

    with services, pytest.raises(EvidenceError, match="did not answer within"):
        start(services, tmp_path, "import time\ntime.sleep(60)\n", DEMO_MARK=mark)

    assert marked_processes(mark) == []


def test_a_service_that_does_not_listen_is_killed(
    services: RunningServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that ignores the signal to end is killed."""
    monkeypatch.setattr(processes, "END_SECONDS", 0.2)
    mark = str(tmp_path)
    with services:
        start(services, tmp_path, DEAF, DEMO_MARK=mark)

    assert marked_processes(mark) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_services_end_with_the_demonstration(tmp_path: Path, number: signal.Signals) -> None:
    """However the demonstration ends, killed outright too, its services see their input close and end."""
    (tmp_path / "sample.py").write_text(READY + UNTIL_CLOSED)
    mark = str(tmp_path)
    environment = dict(os.environ) | {"DEMO_MARK": mark}
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        assert b"SAMPLE_URL" in parent.stdout.readline()
        assert len(marked_processes(mark)) == 2
        parent.send_signal(number)
        parent.wait()

    began = time.monotonic()
    await_none(mark)

    assert time.monotonic() - began < 30
