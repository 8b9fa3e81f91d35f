"""An index that finds postponed tickets without a scan of all waiting ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    put_off = sa.text("owed_at IS NOT NULL")
    op.create_index(
        "ix_tickets_put_off", "tickets", ["portal", "begun_at"], sqlite_where=put_off, postgresql_where=put_off
    )
