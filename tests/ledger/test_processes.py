"""Many processes append to one chain, and a kill at any instant loses nothing that was acknowledged."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.ledger.appender import now

from pilotage.ledger.audit import verify_ledger
from pilotage.ledger.ledger import Ledger
from pilotage.ledger.signing import SigningKey

APPENDER = Path(__file__).with_name("appender.py")
FOR_EVER = 1_000_000


class Appender:
    """A process that appends, and what it said."""

    def __init__(self, engine: sa.Engine, key: Path, number: int) -> None:
        """Start it."""
        self.said = key.with_name(f"said-{random.getrandbits(64):x}")
        url = engine.url.render_as_string(hide_password=False)
        with self.said.open("wb") as out:
            self.process = subprocess.Popen([sys.executable, APPENDER, url, key, str(number)], stdout=out)

    def wait_for(self, records: int) -> None:
        """Wait until it has acknowledged some records."""
        while len(self.acknowledged()) < records:
            assert self.process.poll() in {None, 0}
            time.sleep(0.01)

    def acknowledged(self) -> list[tuple[int, str]]:
        """Give number and digest of each record that it saw acknowledged."""
        whole = self.said.read_text().rpartition("\n")[0].splitlines()
        return [(int(seq), digest) for seq, digest in (line.split() for line in whole)]

    def kill(self) -> None:
        """Kill it as the kernel does when memory runs out."""
        self.process.kill()
        self.process.wait()


@pytest.fixture
def appenders() -> Generator[list[Appender]]:
    """Give a list for processes, all of which are ended with the test."""
    started: list[Appender] = []
    yield started
    for appender in started:
        appender.kill()


def check_all(engine: sa.Engine, key: SigningKey, appenders: list[Appender]) -> None:
    """Check, once all are dead, that the chain holds and that every acknowledged record is in it, once."""
    said = [pair for appender in appenders for pair in appender.acknowledged()]
    stored = {entry.seq: entry.digest for entry in Ledger(engine, key, now).read()}
    assert len(said) == len(set(said)) > 0
    assert {seq: stored.get(seq) for seq, _ in said} == dict(said)
    assert verify_ledger(engine, key.key_id).head.seq == len(stored)
    # Each killed process may have stored one record that it could not acknowledge any more, and no second one.
    assert len(stored) - len(said) <= len(appenders)


def test_two_processes_append_at_once(engine: sa.Engine, tmp_path: Path, appenders: list[Appender]) -> None:
    """Their records form one chain without gaps, and each record is there once."""
    path = tmp_path / "signing.key"
    key = SigningKey.open(path)
    appenders.extend(Appender(engine, path, 25) for _ in range(2))
    assert [appender.process.wait() for appender in appenders] == [0, 0]
    check_all(engine, key, appenders)
    assert Ledger(engine, key, now).head().seq == 50


def test_a_kill_loses_nothing(engine: sa.Engine, tmp_path: Path, appenders: list[Appender]) -> None:
    """Of two writers one is killed; the other one goes on, and both ones' records stand."""
    path = tmp_path / "signing.key"
    key = SigningKey.open(path)
    appenders.extend(Appender(engine, path, FOR_EVER) for _ in range(2))
    for appender in appenders:
        appender.wait_for(5)
    appenders[0].kill()
    appenders[1].wait_for(len(appenders[1].acknowledged()) + 5)
    appenders[1].kill()
    check_all(engine, key, appenders)


@pytest.mark.long
def test_kills_at_random_instants_lose_nothing(engine: sa.Engine, tmp_path: Path, appenders: list[Appender]) -> None:
    """A dozen times a writer is killed while another one writes, and nothing acknowledged is ever lost."""
    path = tmp_path / "signing.key"
    key = SigningKey.open(path)
    chance = random.Random(20260303)
    appenders.append(Appender(engine, path, FOR_EVER))
    for _ in range(12):
        appenders.append(Appender(engine, path, FOR_EVER))
        appenders[-1].wait_for(1)
        time.sleep(chance.uniform(0, 0.3))
        appenders[-2].kill()
    appenders[-1].kill()
    check_all(engine, key, appenders)
