"""The Desk organisation and the data centre of each portal: stored at the first use, checked at every start."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("portals", sa.Column("org_id", sa.String))
    op.add_column("portals", sa.Column("data_center", sa.String))


def downgrade() -> None:
    op.drop_column("portals", "data_center")
    op.drop_column("portals", "org_id")


def losses(connection: sa.Connection) -> Sequence[str]:
    known = connection.scalar(sa.text("SELECT count(*) FROM portals WHERE org_id IS NOT NULL"))
    return [f"the organisations of {known} portals, which are not checked any more then"] if known else []
