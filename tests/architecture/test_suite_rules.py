"""The rules that tests/suite_rules.py lays on every test, tried on a small suite of their own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = """
import os
import socket

import pytest

def test_mute():
    pass

def test_part(require_part):
    "A part is asked for."
    require_part("a rudder", present=None, remedy="carve one")

@pytest.mark.skip(reason="no wind")
def test_skipped():
    "Something is skipped."

@pytest.mark.xfail(reason="known")
def test_known():
    "Something fails as expected."
    raise ValueError

@pytest.mark.parametrize("host", ["198.51.100.1", "example.invalid"])
def test_network(host):
    "Another machine is called."
    socket.create_connection((host, 80), timeout=1)

def test_loopback():
    "This machine is called."
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()

def test_settings():
    "The environment of the person is read."
    assert "PILOTAGE_SAMPLE" not in os.environ
"""

Outcomes = dict[str, tuple[str, str]]


def run_sample(folder: Path, root: Path, **settings: str) -> Outcomes:
    """Run the sample under the rules alone; returns the outcome and the reason of each test."""
    shutil.copy(root / "tests" / "suite_rules.py", folder / "conftest.py")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_sample.py").write_text(SAMPLE)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PILOTAGE_")}
    environment |= {"COLUMNS": "1000", "PILOTAGE_SAMPLE": "mine"} | settings
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-rA",
        "--no-fold-skipped",
        str(folder),
    ]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    lines = re.findall(r"^([A-Z]+) test_sample.py::(\S+)(?: - (.*))?$", done.stdout, re.MULTILINE)
    return {name: (outcome, reason) for outcome, name, reason in lines}


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Outcomes:
    """Give what became of the sample on a developer's machine."""
    return run_sample(tmp_path_factory.mktemp("usual"), pytestconfig.rootpath)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Outcomes:
    """Give what became of the sample where every part is required."""
    return run_sample(tmp_path_factory.mktemp("strict"), pytestconfig.rootpath, PILOTAGE_REQUIRE_ALL="1")


def test_without_docstring_fails(usual: Outcomes) -> None:
    """A test that does not state its behaviour fails, and says what to do."""
    outcome, reason = usual["test_mute"]

    assert "ERROR" == outcome
    assert "test_mute has no docstring; state the behaviour" in reason


def test_missing_part_skips_with_its_remedy(usual: Outcomes) -> None:
    """A part that the machine lacks skips the test and says how to get it."""
    outcome, reason = usual["test_part"]

    assert "SKIPPED" == outcome
    assert "a rudder is missing; carve one" in reason


@pytest.mark.parametrize(("name", "why"), [("test_part", "carve one"), ("test_skipped", "no wind")])
def test_skip_fails_where_all_is_required(strict: Outcomes, name: str, why: str) -> None:
    """Where every part is required, a skip of any kind is a failure with its reason."""
    outcome, reason = strict[name]

    assert outcome in {"FAILED", "ERROR"}
    assert why in reason


def test_expected_failure_is_no_skip(strict: Outcomes) -> None:
    """An expected failure is reported as one, even where every part is required."""
    assert "XFAIL" == strict["test_known"][0]


@pytest.mark.parametrize("host", ["198.51.100.1", "example.invalid"])
def test_network_is_closed(usual: Outcomes, host: str) -> None:
    """Code under test that reaches for another machine is refused, by address and by name."""
    outcome, reason = usual[f"test_network[{host}]"]

    assert "FAILED" == outcome
    assert f"tests talk to this machine only, and this one asked for '{host}'" in reason


def test_own_machine_is_open(usual: Outcomes) -> None:
    """Code under test may talk to its own machine."""
    assert "PASSED" == usual["test_loopback"][0]


def test_settings_of_the_runner_are_gone(usual: Outcomes) -> None:
    """What the person who runs the tests has set for Pilotage does not reach them."""
    assert "PASSED" == usual["test_settings"][0]
