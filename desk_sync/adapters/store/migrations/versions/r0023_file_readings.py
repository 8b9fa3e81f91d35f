"""The digest of the files of a source's snapshot, so that an import of the same files is a comparison."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "file_readings",
        sa.Column("source", sa.String, primary_key=True),
        sa.Column("snapshot_id", sa.Integer, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("warnings", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("file_readings")
