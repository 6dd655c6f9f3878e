"""Access keys `pk_<public id>_<secret>`: shown once, stored as a digest, expiring and revocable."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast, get_args

import sqlalchemy as sa

from pilotage.core.clock import Clock, format_time, parse_time
from pilotage.core.errors import UsageError
from pilotage.gateway.access import ALPHABET, LOWER, PUBLIC_LENGTH, SECRET_LENGTH, AccessKey, digest_of_secret
from pilotage.registry.kinds.document import Audience
from pilotage.storage.engine import read_transaction, write_transaction
from pilotage.storage.tables import access_key

AUDIENCES: tuple[Audience, ...] = get_args(Audience)


@dataclass(frozen=True, slots=True)
class MintedKey:
    """A key just made; its text is shown this once."""

    public_id: str
    text: str = field(repr=False)


def mint_key(
    engine: sa.Engine,
    *,
    use_case: str,
    audience: Audience,
    label: str = "",
    lifetime: timedelta | None,
    clock: Clock,
) -> MintedKey:
    """Make a key and store its digest.

    Raises:
        UsageError: the audience does not exist, the lifetime is not positive, or the label is too long.
        StorageError: the database cannot be written.
    """
    if audience not in AUDIENCES:
        raise UsageError(f"no audience is called {audience!r}", f"choose one of {', '.join(AUDIENCES)}")
    if lifetime is not None and lifetime <= timedelta(0):
        raise UsageError("a key needs a lifetime above zero", "give a positive lifetime, or none at all")
    if len(label) > 200:  # noqa: PLR2004 - the column's length
        raise UsageError("the label is longer than 200 characters", "shorten it")
    public_id = "".join(secrets.choice(LOWER) for _ in range(PUBLIC_LENGTH))
    secret = "".join(secrets.choice(ALPHABET) for _ in range(SECRET_LENGTH))
    now = clock()
    row = {
        "public_id": public_id,
        "secret_digest": digest_of_secret(secret),
        "use_case": use_case,
        "audience": audience,
        "label": label,
        "created_at": format_time(now),
        "expires_at": None if lifetime is None else format_time(now + lifetime),
        "revoked_at": None,
    }
    with write_transaction(engine) as connection:
        connection.execute(access_key.insert(), row)
    return MintedKey(public_id, f"pk_{public_id}_{secret}")


def list_keys(engine: sa.Engine, *, use_case: str | None = None) -> tuple[AccessKey, ...]:
    """Read all keys, or those of one use case, oldest first.

    Raises:
        StorageError: the database cannot be read.
    """
    query = sa.select(access_key).order_by(access_key.c.created_at, access_key.c.public_id)
    if use_case is not None:
        query = query.where(access_key.c.use_case == use_case)
    with read_transaction(engine) as connection:
        return tuple(_key_of(row) for row in connection.execute(query).mappings())


def revoke_key(engine: sa.Engine, public_id: str, clock: Clock) -> AccessKey:
    """End a key's life from now on; revoking it again changes nothing.

    Raises:
        UsageError: no key has this public id.
        StorageError: the database cannot be written.
    """
    mine = access_key.c.public_id == public_id
    with write_transaction(engine) as connection:
        change = sa.update(access_key).where(mine, access_key.c.revoked_at.is_(None))
        connection.execute(change.values(revoked_at=format_time(clock())))
        row = connection.execute(sa.select(access_key).where(mine)).mappings().one_or_none()
    if row is None:
        raise UsageError("no key has this public id", "list them with `pilotage key list`")
    return _key_of(row)


def _key_of(values: sa.RowMapping) -> AccessKey:
    return AccessKey(
        public_id=values["public_id"],
        secret_digest=values["secret_digest"],
        use_case=values["use_case"],
        audience=cast("Audience", values["audience"]),
        label=values["label"],
        created_at=parse_time(values["created_at"]),
        expires_at=_moment(values["expires_at"]),
        revoked_at=_moment(values["revoked_at"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
