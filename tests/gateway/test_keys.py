"""Keys on both databases: shown once, stored as a digest, expiring, revocable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from pilotage.core.clock import ManualClock
from pilotage.core.errors import UsageError
from pilotage.gateway.access import split_key, verify_secret
from pilotage.gateway.keys import list_keys, mint_key, revoke_key
from pilotage.storage.tables import access_key

START = datetime(2026, 6, 1, tzinfo=UTC)


def test_key_is_shown_once_and_stored_as_a_digest(engine: sa.Engine) -> None:
    """The database holds no secret, and nothing but the minted text shows it."""
    clock = ManualClock(START)
    minted = mint_key(engine, use_case="a", audience="cohort", label="trial", lifetime=None, clock=clock)
    parts = split_key(minted.text)
    (stored,) = list_keys(engine)

    assert parts is not None
    assert parts[0] == minted.public_id == stored.public_id
    assert verify_secret(parts[1], stored.secret_digest)
    assert not verify_secret(parts[1][::-1], stored.secret_digest)
    with engine.connect() as connection:
        assert parts[1] not in str(list(connection.execute(sa.select(access_key))))
    assert parts[1] not in repr(minted)
    assert (stored.use_case, stored.audience, stored.label, stored.expires_at) == ("a", "cohort", "trial", None)


def test_keys_are_listed_per_use_case_in_order(engine: sa.Engine) -> None:
    """Keys come oldest first, of all use cases or of one."""
    clock = ManualClock(START)
    minted: list[str] = []
    for use_case in ("a", "b", "a"):
        clock.advance(timedelta(seconds=1))
        minted.append(
            mint_key(engine, use_case=use_case, audience="builders", lifetime=timedelta(hours=1), clock=clock).public_id
        )

    assert [key.public_id for key in list_keys(engine)] == minted
    assert [key.public_id for key in list_keys(engine, use_case="a")] == [minted[0], minted[2]]
    assert list_keys(engine)[0].expires_at == START + timedelta(hours=1, seconds=1)


def test_revoking_twice_keeps_the_first_moment(engine: sa.Engine) -> None:
    """A revoked key stays revoked from its first revocation on."""
    clock = ManualClock(START)
    minted = mint_key(engine, use_case="a", audience="everyone", lifetime=None, clock=clock)
    clock.advance(timedelta(days=1))
    first = revoke_key(engine, minted.public_id, clock)
    clock.advance(timedelta(days=1))

    assert revoke_key(engine, minted.public_id, clock) == first
    assert first.revoked_at == START + timedelta(days=1)


@pytest.mark.parametrize("wrong", [{"audience": "world"}, {"lifetime": timedelta(0)}, {"label": "x" * 201}], ids=str)
def test_wrong_wishes_are_refused(sqlite_engine: sa.Engine, wrong: dict[str, object]) -> None:
    """An audience that does not exist, no lifetime, or too long a label is a usage error with a remedy."""
    wishes: dict[str, Any] = {"audience": "cohort", "lifetime": None, "label": ""} | wrong

    with pytest.raises(UsageError) as caught:
        mint_key(sqlite_engine, use_case="a", clock=ManualClock(START), **wishes)

    assert caught.value.remedy
    assert list_keys(sqlite_engine) == ()


def test_revoking_what_does_not_exist(sqlite_engine: sa.Engine) -> None:
    """Revoking an unknown key says so."""
    with pytest.raises(UsageError):
        revoke_key(sqlite_engine, "nothing", ManualClock(START))
