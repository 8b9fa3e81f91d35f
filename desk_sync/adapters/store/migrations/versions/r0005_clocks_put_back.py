"""When a pause began; how many changes the sweeps met, and when too many of them came without a delivery."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("portals", sa.Column("paused_at", _INSTANT))
    op.add_column("sweeps", sa.Column("changes", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.add_column("sweeps", sa.Column("alarmed_at", _INSTANT))
