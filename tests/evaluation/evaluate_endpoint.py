"""A program that measures an endpoint with everything real but the models; tests kill it at any moment.

Called with a state folder (with `evaluation.db` and `items.jsonl`) and the endpoint's address.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tests.evaluation.samples import CATALOG, question, release
from tests.ledger.samples import fixed_key

from pilotage.evaluation.journal import DatabaseJournal
from pilotage.evaluation.labels.store import DatabaseLabels
from pilotage.evaluation.measure import Workbench, measure
from pilotage.evaluation.openings import DatabaseOpenings
from pilotage.evaluation.targets.http_target import EndpointTarget
from pilotage.ledger.ledger import Ledger
from pilotage.metering.usage import read_run_usage
from pilotage.registry.kinds.claim import Claim
from pilotage.storage.artefacts import ArtefactStore
from pilotage.storage.engine import open_engine

CLAIM = Claim(text="nine of ten are right", p0=0.9, p1=0.97, cap=120)


def now() -> datetime:
    """Give the present moment."""
    return datetime.now(UTC)


async def main(folder: Path, address: str) -> None:
    """Measure once."""
    engine = open_engine(f"sqlite:///{folder / 'evaluation.db'}")
    journal = DatabaseJournal(engine, ArtefactStore(engine, b"k" * 32, now), now)
    bench = Workbench(
        CATALOG,
        Ledger(engine, fixed_key(1), now),
        journal,
        DatabaseOpenings(engine),
        DatabaseLabels(engine, now),
        now,
        partial(read_run_usage, engine, use_case=release(1).use_case),
        lambda: 7,  # one order, so that runs can be compared
    )
    asked = question((folder / "items.jsonl").read_bytes(), claim=CLAIM, repeats=2, concurrency=4)
    async with EndpointTarget(address) as target:
        await measure(asked, release(1), target, bench)
    engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
