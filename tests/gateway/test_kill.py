"""A gateway killed in mid-stream leaves its calls reserved, and says so when it starts again."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from tests.gateway.world import utc_now

from pilotage.gateway.meter import Meter
from pilotage.storage.engine import open_engine
from pilotage.storage.tables import usage

SERVE = """
import sys, time
from pilotage.models.fake import Behaviour
from pilotage.storage.engine import open_engine
from pilotage.storage.migrate import upgrade_schema
from tests.gateway.world import catalog_of, make_world
engine = open_engine("sqlite:///" + sys.argv[1])
upgrade_schema(engine)
with make_world(engine) as world:
    world.activate(catalog_of())
    world.fake.behaviour = Behaviour(seconds_between=30)
    print(world.url, world.key(), flush=True)
    time.sleep(60)
"""


@pytest.mark.long
def test_killed_in_the_middle_of_a_stream(tmp_path: Path) -> None:
    """After kill -9 the row of the call under way is there, and becomes unsettled with its reserve kept."""
    path = tmp_path / "gateway.db"
    command = [sys.executable, "-c", SERVE, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, key = process.stdout.readline().split()
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
        body = json.dumps({"model": "letters", "stream": True, "messages": [{"role": "user", "content": "hi"}]})
        connection.request("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {key}"})
        process_under_way = process.poll() is None
        engine = open_engine(f"sqlite:///{path}")
        query = sa.select(usage.c.state, usage.c.reserved_cost)
        rows = list[sa.Row[tuple[str, int]]]()
        while not rows:
            with engine.connect() as reading:
                rows = list(reading.execute(query))
        process.kill()
        process.wait()
        connection.close()

    meter = Meter(engine, "one", utc_now)
    meter.start()
    meter.close()

    assert process_under_way
    assert [row.state for row in rows] == ["reserved"]
    with engine.connect() as reading:
        (after,) = reading.execute(query)
    assert (after.state, after.reserved_cost) == ("unsettled", rows[0].reserved_cost)
    assert after.reserved_cost > 0
    engine.dispose()
