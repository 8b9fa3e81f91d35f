"""Alembic's entry point: runs the steps in the transaction that `upgrade.py` has opened."""

from __future__ import annotations

from alembic import context

from desk_sync.adapters.store.columns import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, compare_type=True)
with context.begin_transaction():
    context.run_migrations()
