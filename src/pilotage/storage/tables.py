"""All tables, in one place.

Moments are RFC 3339 texts in UTC (they sort as times do); money is in billionths of the currency and energy
in micro-watt-hours, both whole numbers, so that sums are exact on every database.
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

NANO = 1_000_000_000
"""Billionths in one unit of a currency."""
MICRO = 1_000_000
"""Micro-watt-hours in one watt-hour."""

record = sa.Table(
    "record",
    METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.String(71), nullable=False, unique=True),
    sa.Column("predicate_type", sa.String(200), nullable=False, index=True),
    sa.Column("use_case", sa.String(64), index=True),
    sa.Column("release", sa.String(71), index=True),
    sa.Column("recorded_at", sa.String(27), nullable=False),
    sa.Column("envelope", sa.Text, nullable=False),
)

signing_key = sa.Table(
    "signing_key",
    METADATA,
    sa.Column("since", sa.BigInteger, primary_key=True, autoincrement=False),  # seq of the first record it signs alone
    sa.Column("key_id", sa.String(64), nullable=False, unique=True),
    sa.Column("public_key", sa.Text, nullable=False),  # PEM
)

artefact_key = sa.Table(
    "artefact_key",
    METADATA,
    sa.Column("subject", sa.String(200), primary_key=True),
    sa.Column("wrapped", sa.LargeBinary),  # NULL once erased: the content can never be read again
    sa.Column("created_at", sa.String(27), nullable=False),
    sa.Column("erased_at", sa.String(27)),
)

artefact = sa.Table(
    "artefact",
    METADATA,
    sa.Column("digest", sa.String(71), primary_key=True),
    sa.Column("subject", sa.String(200), primary_key=True),
    sa.Column("media_type", sa.String(100), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.String(27), nullable=False),
)

access_key = sa.Table(
    "access_key",
    METADATA,
    sa.Column("public_id", sa.String(16), primary_key=True),
    sa.Column("secret_digest", sa.String(71), nullable=False),
    sa.Column("use_case", sa.String(64), nullable=False, index=True),
    sa.Column("audience", sa.String(16), nullable=False),
    sa.Column("label", sa.String(200), nullable=False, server_default=""),
    sa.Column("created_at", sa.String(27), nullable=False),
    sa.Column("expires_at", sa.String(27)),
    sa.Column("revoked_at", sa.String(27)),
)

run = sa.Table(
    "run",
    METADATA,
    sa.Column("id", sa.String(26), primary_key=True),
    sa.Column("use_case", sa.String(64), nullable=False, index=True),
    sa.Column("release", sa.String(71), nullable=False),
    sa.Column("evaluation", sa.String(64), nullable=False),
    sa.Column("dataset_digest", sa.String(71), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("started_at", sa.String(27), nullable=False),
    sa.Column("finished_at", sa.String(27)),
    sa.UniqueConstraint("release", "evaluation", "dataset_digest"),
)

outcome = sa.Table(
    "outcome",
    METADATA,
    sa.Column("run", sa.String(26), primary_key=True),
    sa.Column("slot", sa.Integer, primary_key=True),
    sa.Column("repeat", sa.Integer, primary_key=True),
    sa.Column("side", sa.String(8), primary_key=True),  # target, baseline
    sa.Column("item", sa.String(200), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),  # pass, fail, not-measured
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("score", sa.Float),  # the grade; NULL: 1 for a pass, 0 for a failure
    sa.Column("answer", sa.String(71)),  # digest of the artefact with the answer
    sa.Column("observed", sa.String(71)),  # digest of the artefact with what an observer found, such as a judge's reply
    sa.Column("call", sa.String(26)),  # id of the gateway's call
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("at", sa.String(27), nullable=False),
)

strike = sa.Table(
    "strike",
    METADATA,
    sa.Column("run", sa.String(26), primary_key=True),
    sa.Column("slot", sa.Integer, primary_key=True),
    sa.Column("repeat", sa.Integer, primary_key=True),
    sa.Column("side", sa.String(8), primary_key=True),
    sa.Column("times", sa.Integer, nullable=False),  # stops of the run at which this question had reached nobody
)

opened_item = sa.Table(
    "opened_item",
    METADATA,
    sa.Column("use_case", sa.String(64), primary_key=True),
    sa.Column("item", sa.String(71), primary_key=True),  # digest of what the item asks, whatever its id or label
    sa.Column("run", sa.String(26), primary_key=True),
)

label = sa.Table(
    "label",
    METADATA,
    sa.Column("run", sa.String(26), primary_key=True),
    sa.Column("slot", sa.Integer, primary_key=True),
    sa.Column("labeller", sa.String(64), primary_key=True),
    sa.Column("value", sa.Float, nullable=False),  # 1 good, 0 bad
    sa.Column("at", sa.String(27), nullable=False),
)

usage = sa.Table(
    "usage",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("call", sa.String(26), nullable=False, unique=True),  # ULID, also the reply's x-request-id
    sa.Column("replica", sa.String(64), nullable=False, index=True),
    sa.Column("at", sa.String(27), nullable=False, index=True),
    sa.Column("access_key", sa.String(16), nullable=False),
    sa.Column("use_case", sa.String(64), nullable=False, index=True),
    sa.Column("route", sa.String(64), nullable=False),
    sa.Column("release", sa.String(71)),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("audience", sa.String(16), nullable=False),
    sa.Column("surface", sa.String(32), nullable=False),
    sa.Column("run", sa.String(26), index=True),
    sa.Column("state", sa.String(16), nullable=False),  # reserved, settled, unsettled
    sa.Column("status", sa.Integer),
    sa.Column("streamed", sa.Boolean, nullable=False),
    sa.Column("tokens_in", sa.BigInteger),
    sa.Column("tokens_out", sa.BigInteger),
    sa.Column("usage_source", sa.String(16)),  # provider, none
    sa.Column("currency", sa.String(3)),
    sa.Column("cost_low", sa.BigInteger),
    sa.Column("cost_high", sa.BigInteger),
    sa.Column("energy_low", sa.BigInteger),
    sa.Column("energy_high", sa.BigInteger),
    sa.Column("reserved_cost", sa.BigInteger),  # the worst case, held until settled
    sa.Column("milliseconds", sa.Integer),
    sa.Column("first_byte_milliseconds", sa.Integer),
    sa.Column("would_refuse", sa.Text),  # JSON list of rules, in modes observe and warn
    sa.Column("seal", sa.BigInteger, index=True),  # seq of the UsageSeal record
)

usage_hour = sa.Table(
    "usage_hour",
    METADATA,
    sa.Column("hour", sa.String(13), primary_key=True),  # 2026-11-22T15
    sa.Column("use_case", sa.String(64), primary_key=True),
    sa.Column("route", sa.String(64), primary_key=True),
    sa.Column("audience", sa.String(16), primary_key=True),
    sa.Column("currency", sa.String(3), primary_key=True),  # empty where the price is unknown
    sa.Column("calls", sa.BigInteger, nullable=False),
    sa.Column("errors", sa.BigInteger, nullable=False),
    sa.Column("unknown_usage", sa.BigInteger, nullable=False),
    sa.Column("unknown_cost", sa.BigInteger, nullable=False),
    sa.Column("unknown_energy", sa.BigInteger, nullable=False),
    sa.Column("tokens_in", sa.BigInteger, nullable=False),
    sa.Column("tokens_out", sa.BigInteger, nullable=False),
    sa.Column("cost_low", sa.BigInteger, nullable=False),
    sa.Column("cost_high", sa.BigInteger, nullable=False),
    sa.Column("energy_low", sa.BigInteger, nullable=False),
    sa.Column("energy_high", sa.BigInteger, nullable=False),
)

refusal = sa.Table(
    "refusal",
    METADATA,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(27), nullable=False, index=True),
    sa.Column("replica", sa.String(64), nullable=False),
    sa.Column("access_key", sa.String(16)),
    sa.Column("use_case", sa.String(64), index=True),
    sa.Column("route", sa.String(200)),
    sa.Column("rule", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
)

lease = sa.Table(
    "lease",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("holder", sa.String(64), nullable=False),
    sa.Column("until", sa.String(27), nullable=False),
)
