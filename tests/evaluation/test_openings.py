"""Looks at items are kept on both databases and in memory, and found by any item that is shared."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from tests.storage_fixtures import BACKENDS, DatabaseMaker

from pilotage.evaluation.openings import AT_ONCE, DatabaseOpenings, MemoryOpenings, Openings
from pilotage.storage.tables import opened_item


@pytest.fixture(params=["memory", *BACKENDS])
def openings(request: pytest.FixtureRequest, databases: DatabaseMaker) -> Openings:
    """Give a store of each kind."""
    return MemoryOpenings() if request.param == "memory" else DatabaseOpenings(databases.make(request.param))


def digests(*numbers: int) -> list[str]:
    """Make digests."""
    return [f"sha256:{number:064x}" for number in numbers]


def test_one_shared_item_is_enough(openings: Openings) -> None:
    """A run finds every other run of its use case that looked at any of its items, and no other."""
    openings.append_items("inbox", "A", digests(1, 2, 3))
    openings.append_items("inbox", "B", digests(3, 4))
    openings.append_items("inbox", "C", digests(5))
    openings.append_items("letters", "D", digests(1, 2, 3))
    assert openings.read_sharing("inbox", digests(2, 3)) == {"A", "B"}
    assert openings.read_sharing("inbox", digests(4, 5, 6)) == {"B", "C"}
    assert openings.read_sharing("inbox", digests(6)) == frozenset()
    assert openings.read_sharing("letters", digests(1)) == {"D"}
    assert openings.read_sharing("letters", []) == frozenset()


def test_noting_twice_changes_nothing_and_erasing_forgets_one_run_alone(openings: Openings) -> None:
    """A run that is started again notes the same; one that never looked leaves no trace."""
    for _ in range(2):
        openings.append_items("inbox", "A", digests(1, 2, 2))
    openings.append_items("inbox", "B", digests(2))
    openings.append_items("inbox", "C", digests(2))
    openings.erase_items("inbox", "B")
    openings.erase_items("inbox", "never")
    assert openings.read_sharing("inbox", digests(2)) == {"A", "C"}
    assert openings.read_sharing("inbox", digests(1)) == {"A"}


def test_more_items_than_one_transaction_takes(sqlite_engine: sa.Engine) -> None:
    """A large data set is written in parts, and to the last item."""
    openings = DatabaseOpenings(sqlite_engine)
    openings.append_items("inbox", "A", digests(*range(AT_ONCE + 7)))
    openings.append_items("inbox", "B", digests(AT_ONCE + 6))
    with sqlite_engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(opened_item)) == AT_ONCE + 8
    assert openings.read_sharing("inbox", digests(*range(AT_ONCE + 6))) == {"A"}
    assert openings.read_sharing("inbox", digests(*range(AT_ONCE + 7))) == {"A", "B"}
