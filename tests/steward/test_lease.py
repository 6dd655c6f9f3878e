"""Leases: one leads, keeps the lead while it comes back, and is followed once it does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from pilotage.steward.lease import Lease, SoleLease, TableLease

NOW = datetime(2026, 5, 1, 9, tzinfo=UTC)
LIFE = timedelta(seconds=10)


def test_the_first_to_come_leads_and_others_wait(engine: sa.Engine) -> None:
    """One holds the lead, and holding again is no trouble; another gets nothing meanwhile."""
    ada, bob = TableLease(engine, "steward", "ada", LIFE), TableLease(engine, "steward", "bob", LIFE)
    assert ada.hold(NOW)
    assert ada.hold(NOW)
    assert not bob.hold(NOW)
    assert not bob.hold(NOW + timedelta(seconds=9))


def test_coming_back_keeps_the_lead(engine: sa.Engine) -> None:
    """Each time the leader comes back its time begins anew."""
    ada, bob = TableLease(engine, "steward", "ada", LIFE), TableLease(engine, "steward", "bob", LIFE)
    assert all(ada.hold(NOW + timedelta(seconds=8 * step)) for step in range(4))
    assert not bob.hold(NOW + timedelta(seconds=33))


def test_a_dead_leader_is_followed(engine: sa.Engine) -> None:
    """Once its time is over another leads, and the old leader sees that it does not any more."""
    ada, bob = TableLease(engine, "steward", "ada", LIFE), TableLease(engine, "steward", "bob", LIFE)
    assert ada.hold(NOW)
    assert bob.hold(NOW + LIFE)
    assert not ada.hold(NOW + LIFE)


def test_who_goes_lets_another_lead_at_once(engine: sa.Engine) -> None:
    """A release ends one's own lead, and nobody else's."""
    ada, bob = TableLease(engine, "steward", "ada", LIFE), TableLease(engine, "steward", "bob", LIFE)
    assert ada.hold(NOW)
    bob.release()
    assert not bob.hold(NOW)
    ada.release()
    assert bob.hold(NOW)


def test_each_name_is_led_by_itself(engine: sa.Engine) -> None:
    """Leading one thing keeps nobody from leading another."""
    assert TableLease(engine, "steward", "ada", LIFE).hold(NOW)
    assert TableLease(engine, "sealing", "bob", LIFE).hold(NOW)


def test_of_many_at_once_exactly_one_leads(engine: sa.Engine) -> None:
    """However many reach for it in the same moment, one gets it; so too when an old lease has run out."""
    for moment in (NOW, NOW + 2 * LIFE):
        leases = [TableLease(engine, "steward", f"{moment:%S}-{number}", LIFE) for number in range(6)]
        with ThreadPoolExecutor(6) as pool:
            won = list(pool.map(TableLease.hold, leases, [moment] * len(leases)))
        assert won.count(True) == 1


def test_the_sole_lease_leads_unless_told_otherwise() -> None:
    """The lease of a process that is alone always leads; the fake can say that another does."""
    lease: Lease = SoleLease()
    assert lease.hold(NOW)
    lease.release()
    assert not SoleLease(held_by_another=True).hold(NOW)
