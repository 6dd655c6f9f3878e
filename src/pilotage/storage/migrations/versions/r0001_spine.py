"""Create the tables of the first version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "access_key",
        sa.Column("public_id", sa.String(length=16), nullable=False),
        sa.Column("secret_digest", sa.String(length=71), nullable=False),
        sa.Column("use_case", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=200), server_default="", nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("expires_at", sa.String(length=27), nullable=True),
        sa.Column("revoked_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("public_id", name=op.f("pk_access_key")),
    )
    op.create_index(op.f("ix_access_key_use_case"), "access_key", ["use_case"], unique=False)
    op.create_table(
        "artefact",
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("digest", "subject", name=op.f("pk_artefact")),
    )
    op.create_table(
        "artefact_key",
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.String(length=27), nullable=False),
        sa.Column("erased_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_artefact_key")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "strike",
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run", "slot", "repeat", "side", name=op.f("pk_strike")),
    )
    op.create_table(
        "opened_item",
        sa.Column("use_case", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=71), nullable=False),
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("use_case", "item", "run", name=op.f("pk_opened_item")),
    )
    op.create_table(
        "label",
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("labeller", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("run", "slot", "labeller", name=op.f("pk_label")),
    )
    op.create_table(
        "outcome",
        sa.Column("run", sa.String(length=26), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=8), nullable=False),
        sa.Column("item", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("answer", sa.String(length=71), nullable=True),
        sa.Column("observed", sa.String(length=71), nullable=True),
        sa.Column("call", sa.String(length=26), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("run", "slot", "repeat", "side", name=op.f("pk_outcome")),
    )
    op.create_table(
        "record",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("predicate_type", sa.String(length=200), nullable=False),
        sa.Column("use_case", sa.String(length=64), nullable=True),
        sa.Column("release", sa.String(length=71), nullable=True),
        sa.Column("recorded_at", sa.String(length=27), nullable=False),
        sa.Column("envelope", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_record")),
        sa.UniqueConstraint("digest", name=op.f("uq_record_digest")),
    )
    op.create_index(op.f("ix_record_predicate_type"), "record", ["predicate_type"], unique=False)
    op.create_index(op.f("ix_record_release"), "record", ["release"], unique=False)
    op.create_index(op.f("ix_record_use_case"), "record", ["use_case"], unique=False)
    op.create_table(
        "refusal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("replica", sa.String(length=64), nullable=False),
        sa.Column("access_key", sa.String(length=16), nullable=True),
        sa.Column("use_case", sa.String(length=64), nullable=True),
        sa.Column("route", sa.String(length=200), nullable=True),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
    )
    op.create_index(op.f("ix_refusal_at"), "refusal", ["at"], unique=False)
    op.create_index(op.f("ix_refusal_use_case"), "refusal", ["use_case"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("use_case", sa.String(length=64), nullable=False),
        sa.Column("release", sa.String(length=71), nullable=False),
        sa.Column("evaluation", sa.String(length=64), nullable=False),
        sa.Column("dataset_digest", sa.String(length=71), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.String(length=27), nullable=False),
        sa.Column("finished_at", sa.String(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint(
            "release", "evaluation", "dataset_digest", name=op.f("uq_run_release_evaluation_dataset_digest")
        ),
    )
    op.create_index(op.f("ix_run_use_case"), "run", ["use_case"], unique=False)
    op.create_table(
        "signing_key",
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("since", name=op.f("pk_signing_key")),
        sa.UniqueConstraint("key_id", name=op.f("uq_signing_key_key_id")),
    )
    op.create_table(
        "usage",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("call", sa.String(length=26), nullable=False),
        sa.Column("replica", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("access_key", sa.String(length=16), nullable=False),
        sa.Column("use_case", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("release", sa.String(length=71), nullable=True),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("surface", sa.String(length=32), nullable=False),
        sa.Column("run", sa.String(length=26), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("streamed", sa.Boolean(), nullable=False),
        sa.Column("tokens_in", sa.BigInteger(), nullable=True),
        sa.Column("tokens_out", sa.BigInteger(), nullable=True),
        sa.Column("usage_source", sa.String(length=16), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("cost_low", sa.BigInteger(), nullable=True),
        sa.Column("cost_high", sa.BigInteger(), nullable=True),
        sa.Column("energy_low", sa.BigInteger(), nullable=True),
        sa.Column("energy_high", sa.BigInteger(), nullable=True),
        sa.Column("reserved_cost", sa.BigInteger(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.Column("first_byte_milliseconds", sa.Integer(), nullable=True),
        sa.Column("would_refuse", sa.Text(), nullable=True),
        sa.Column("seal", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage")),
        sa.UniqueConstraint("call", name=op.f("uq_usage_call")),
    )
    op.create_index(op.f("ix_usage_at"), "usage", ["at"], unique=False)
    op.create_index(op.f("ix_usage_replica"), "usage", ["replica"], unique=False)
    op.create_index(op.f("ix_usage_run"), "usage", ["run"], unique=False)
    op.create_index(op.f("ix_usage_seal"), "usage", ["seal"], unique=False)
    op.create_index(op.f("ix_usage_use_case"), "usage", ["use_case"], unique=False)
    op.create_table(
        "usage_hour",
        sa.Column("hour", sa.String(length=13), nullable=False),
        sa.Column("use_case", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("unknown_usage", sa.BigInteger(), nullable=False),
        sa.Column("unknown_cost", sa.BigInteger(), nullable=False),
        sa.Column("unknown_energy", sa.BigInteger(), nullable=False),
        sa.Column("tokens_in", sa.BigInteger(), nullable=False),
        sa.Column("tokens_out", sa.BigInteger(), nullable=False),
        sa.Column("cost_low", sa.BigInteger(), nullable=False),
        sa.Column("cost_high", sa.BigInteger(), nullable=False),
        sa.Column("energy_low", sa.BigInteger(), nullable=False),
        sa.Column("energy_high", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "use_case", "route", "audience", "currency", name=op.f("pk_usage_hour")),
    )
