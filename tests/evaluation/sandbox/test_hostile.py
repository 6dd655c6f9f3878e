"""Hostile answers fail their item and harm nothing: no file, no connection, no process is left of them."""

from __future__ import annotations

import os
import secrets
import socket
import struct
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.evaluation.sandbox import hostile_answers as hostile

from pilotage.core.canonical import Json
from pilotage.evaluation.observers.sandbox import SandboxObserver
from pilotage.evaluation.outcome import Outcome
from pilotage.evaluation.sandbox.cell import Cell
from pilotage.evaluation.scorers.code import score_code
from pilotage.evaluation.targets.target import Answer
from pilotage.registry.items import Item
from pilotage.registry.kinds.scorer import CodeScorer

pytestmark = pytest.mark.anyio

_EXPECTED: Json = {"function": "f", "examples": [{"args": [[3, 1, 2]], "gives": [1, 2, 3]}]}
_QUICK = CodeScorer(type="code", seconds=30, memory_mb=256)
_SHORT = CodeScorer(type="code", seconds=0.5, memory_mb=256)


@dataclass(frozen=True, slots=True)
class Host:
    """What lies on the host for hostile answers to find."""

    cell: Cell
    folder: Path
    listeners: tuple[socket.socket, ...]
    mark: str

    def fill(self, code: str) -> str:
        """Put the places of the host into an answer."""
        places = {
            "{repository}": str(Path(__file__).parents[3]),
            "{secret}": str(self.folder / "secret"),
            "{home}": str(Path.home()),
            "{socket}": str(self.folder / "socket"),
            "{port}": str(self.listeners[0].getsockname()[1]),
            "{{": "{",
            "}}": "}",
        }
        for place, value in places.items():
            code = code.replace(place, value)
        return code

    def harm(self) -> list[str]:
        """Say what has been harmed."""
        harm = [f"connection to {listener.getsockname()!r}" for listener in self.listeners if _was_reached(listener)]
        traces = [Path("/hostile"), Path("/tmp/hostile"), Path("/dev/shm/hostile"), Path("/dev/hostile")]  # noqa: S108 - must not be there
        traces += [Path.home() / "hostile", Path(__file__).parents[3] / "hostile", Path("/fill")]
        harm += [f"{path} was written" for path in traces if path.exists()]
        left = sorted(path.name for path in self.folder.iterdir())
        return harm if left == ["secret", "socket"] else [*harm, f"{left} lie beside the secret"]

    def processes(self) -> list[str]:
        """Give the processes on the host that belong to a sandbox of this test."""
        return [path.name for path in Path("/proc").glob("[0-9]*") if self._is_ours(path)]

    def _is_ours(self, process: Path) -> bool:
        try:
            return self.mark.encode() in (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            return False


def _was_reached(listener: socket.socket) -> bool:
    try:
        if listener.type == socket.SOCK_DGRAM:
            listener.recv(1)
        else:
            listener.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.fixture
def host(cell: Cell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Host]:
    """Lay out a secret, an environment and open doors on the host."""
    mark = secrets.token_hex(16)
    monkeypatch.setenv("HOSTILE", "hostile-secret")
    monkeypatch.chdir(tmp_path)
    Path("secret").write_text("hostile-secret", encoding="utf-8")
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    near, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    near.bind("socket")
    abstract.bind(f"\0{tmp_path}/socket")
    listeners = (tcp, udp, near, abstract)
    for listener in listeners:
        listener.settimeout(0)
        if listener is not udp:
            listener.listen()
    yield Host(replace(cell, mounts=(*cell.mounts, "--setenv", "MARK", mark)), tmp_path, listeners, mark)
    for listener in listeners:
        listener.close()


async def outcome_of(host: Host, code: str, scorer: CodeScorer) -> Outcome:
    """Put one answer through sandbox and scorer, as a run does."""
    item = Item("a", "sort", _EXPECTED)
    report = await SandboxObserver(scorer, host.cell).observe(item, Answer(host.fill(code), 1.0), run="r", repeat=0)
    return score_code(scorer, _EXPECTED, report)


async def assert_fails_harmlessly(host: Host, code: str, scorer: CodeScorer) -> None:
    """Expect that an answer fails and that nothing is left of it."""
    outcome = await outcome_of(host, code, scorer)

    assert outcome.state == "fail"
    assert host.harm() == []
    # The kernel takes a moment to clear away what was killed.
    for _ in range(200):
        if not host.processes():
            break
        time.sleep(0.02)  # noqa: ASYNC251 - nothing else goes on
    assert host.processes() == []


def _named(answers: dict[str, str]) -> pytest.MarkDecorator:
    quick = {name: () if name in hostile.QUICK else pytest.mark.long for name in answers}
    return pytest.mark.parametrize(
        "code", [pytest.param(code, id=name, marks=quick[name]) for name, code in answers.items()]
    )


async def test_same_walls_let_good_code_pass(host: Host) -> None:
    """Code that does what is asked passes in the very sandbox in which the hostile answers fail."""
    assert await outcome_of(host, "def f(x):\n    return sorted(x)", _QUICK) == Outcome("pass")


def test_quick_ones_exist() -> None:
    """Every name in the list of quick answers is that of an answer."""
    assert set(hostile.ALL) >= hostile.QUICK


@pytest.mark.parametrize(
    "name",
    [
        "read the secret",
        "list processes",
        "memory in System V",
        "connect to the host",
        "send a datagram",
        "connect to a file",
        "connect to an abstract socket",
    ],
)
async def test_attacks_succeed_without_walls(host: Host, name: str) -> None:
    """Where walls are taken down the attacks succeed, and connections are noticed: it is the walls that stop them."""
    permit_all = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)
    holes = ("--share-net", "--ro-bind", str(host.folder), str(host.folder), "--proc", "/proc")
    bare = replace(host, cell=replace(host.cell, calls=permit_all, mounts=(*host.cell.mounts, *holes)))

    assert await outcome_of(bare, hostile.ALL[name], _QUICK) == Outcome("pass")
    assert len(bare.harm()) == (name in hostile.NETWORK)


def test_finds_processes(host: Host) -> None:
    """The search for what is left finds a process that bears the mark."""
    pid = os.posix_spawn("/bin/sleep", ["sleep", "600"], {"MARK": host.mark})
    try:
        assert host.processes() == [str(pid)]
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


@_named(hostile.FILES | hostile.SECRETS | hostile.NETWORK)
async def test_reaches_nothing(host: Host, code: str) -> None:
    """No file, secret or connection of the host can be reached."""
    await assert_fails_harmlessly(host, code, _QUICK)


@_named(hostile.PROCESSES | hostile.CRASHES)
async def test_starts_nothing(host: Host, code: str) -> None:
    """No process is started or ended but the code's own, and a crash is a failure."""
    await assert_fails_harmlessly(host, code, _QUICK)


@_named(hostile.FORGERIES)
async def test_forges_nothing(host: Host, code: str) -> None:
    """Neither a verdict nor a value can be made up; what is not plain and right fails."""
    await assert_fails_harmlessly(host, code, _QUICK)


@_named(hostile.OUTPUT | hostile.MEMORY)
async def test_takes_little(host: Host, code: str) -> None:
    """Output, memory and disk are bounded; who takes more fails, and good values do not make up for it."""
    await assert_fails_harmlessly(host, code, _QUICK)


@_named(hostile.ENDLESS)
async def test_takes_no_longer(host: Host, code: str) -> None:
    """Code that does not end is ended, whatever it catches or ignores."""
    await assert_fails_harmlessly(host, code, _SHORT)
