"""The beginning of a pause; the number of changes found by sweeps, and the last alarm about missed ones."""

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
