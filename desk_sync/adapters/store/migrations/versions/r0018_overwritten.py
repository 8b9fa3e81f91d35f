"""An event names the values of a change and the author of the one before it, so that an overwritten one comes back.

Events that still wait keep what they have, the digests of values: no value is equal to one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("former_actor_id", sa.String))
