"""Runs revisions on the connection that `storage.migrate` hands over; Alembic loads this file by its path."""

from __future__ import annotations

from alembic import context

from pilotage.storage.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
