"""Tests of `up`, `gateway` and `demo` as processes: they answer, end on a signal, and say why they cannot start."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.cli.conftest import Pilotage

PILOTAGE = str(Path(sys.executable).with_name("pilotage"))
ADDRESS = re.compile(r"gateway\s+(http://\S+)/v1")


@contextmanager
def started(folder: Path, *words: str) -> Generator[tuple[subprocess.Popen[str], str]]:
    """Start a serving command; gives it with its address once it has told it."""
    with subprocess.Popen([PILOTAGE, *words], cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            told = ""
            while not (found := ADDRESS.search(told)):
                line = process.stderr.readline()
                assert line, told
                told += line
            yield process, found[1]
        finally:
            process.kill()


def status_of(address: str, path: str) -> int:
    """Fetch a path's status."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=20)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def await_status(address: str, path: str, status: int) -> None:
    """Wait until a path answers so."""
    until = time.monotonic() + 30
    while status_of(address, path) != status:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_up_serves_everything_until_a_signal(registry: Path, number: signal.Signals) -> None:
    """Portal, gateway and steward run in one process, become ready by themselves, and end with 0 on either signal."""
    words = ("up", "--registry", "registry", "--port", "0")
    with started(registry.parent, *words) as (process, address):
        await_status(address, "/readyz", 200)
        assert status_of(address, "/") == 200
        assert status_of(address, "/v1/models") == 401
        process.send_signal(number)

        assert process.wait(30) == 0


@pytest.mark.long
def test_a_gateway_alone_needs_no_registry(registry: Path, tmp_path: Path) -> None:
    """It follows the ledger of the same state folder, and has no portal."""
    environment = dict(os.environ) | {"PILOTAGE_PORT": "1"}
    command = [PILOTAGE, "assess", "claims-triage", "--no-measure", "--registry", "registry"]
    assert subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False).returncode == 3

    with started(tmp_path, "gateway", "--port", "0") as (process, address):
        await_status(address, "/readyz", 200)
        assert status_of(address, "/") == 401
        process.send_signal(signal.SIGTERM)

        assert process.wait(30) == 0


@pytest.mark.parametrize("command", [("up", "--registry", "registry"), ("gateway",)])
def test_a_taken_port_is_told(command: tuple[str, ...], pilotage: Pilotage, registry: Path) -> None:
    """A port that another process has is wrong use, told with the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = pilotage(*command, "--port", port)

    assert (ended.code, ended.out) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}" in ended.err
    assert "0 takes a free one" in ended.err


def test_up_tells_what_is_wrong_with_the_registry(pilotage: Pilotage, registry: Path) -> None:
    """Problems of the registry are told before anybody opens a page, and the command ends."""
    (registry / "more.yaml").write_text("kind: Team\nversion: 1\nname: t\ncolour: red\n")

    ended = pilotage("up", "--registry", "registry", "--port", "0")

    assert (ended.code, ended.out) == (1, "")
    assert "more.yaml:4:" in ended.err


def test_up_without_registry_is_told(pilotage: Pilotage) -> None:
    """A registry that is not there is told, and the command ends."""
    ended = pilotage("up", "--registry", "nowhere", "--port", "0")

    assert ended.code in {1, 2}
    assert "nowhere" in ended.err


def test_a_demonstration_needs_a_story(pilotage: Pilotage, tmp_path: Path) -> None:
    """Outside a clone the demonstration says where it looked, and leaves nothing behind."""
    ended = pilotage("demo", "--once", "--json")

    assert (ended.code, ended.out) == (2, "")
    assert "story.yaml" in ended.err
    assert not (tmp_path / ".demo").exists()


def test_a_demonstration_whose_service_dies_names_its_log(pilotage: Pilotage, tmp_path: Path) -> None:
    """A service that does not start is told with the file in which its own words stand."""
    (tmp_path / "story").mkdir()
    (tmp_path / "broken.py").write_text("raise SystemExit('no weights here')\n")
    (tmp_path / "story" / "story.yaml").write_text(
        "title: T\nuse_case: u\ndata: data\n"
        "services: [{name: models, module: broken, addresses: {main: URL}}]\n"
        "acts: [{title: One, folder: a, message: m, banner: b}]\n"
    )

    ended = pilotage("demo", "--once", "--json", "--story", "story", "--place", "place")

    assert (ended.code, ended.out) == (1, "")
    assert "the service models (broken) ended with code 1" in ended.err
    assert (tmp_path / "place" / "logs" / "broken.log").read_text() == "no weights here\n"
    assert str(tmp_path) in ended.err or "place/logs/broken.log" in ended.err
