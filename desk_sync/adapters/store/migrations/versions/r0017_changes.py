"""An event has the digests of each changed field before and after the change, not only the field's name.

Events that still wait keep the names, with digests of no value; of the others the names are given up.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

UNKNOWN = {"before": "", "after": ""}
_EVENTS = sa.table(
    "deliveries",
    sa.column("portal", sa.String),
    sa.column("key", sa.String),
    sa.column("changed", sa.JSON),
    sa.column("changes", sa.JSON),
    sa.column("processed_at"),
)


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("changes", sa.JSON))
    connection = op.get_bind()
    waiting = sa.select(_EVENTS.c.portal, _EVENTS.c.key, _EVENTS.c.changed).where(_EVENTS.c.processed_at.is_(None))
    named = [
        {"its_portal": row.portal, "its_key": row.key, "new": dict.fromkeys(row.changed, UNKNOWN)}
        for row in connection.execute(waiting)
        if row.changed
    ]
    if named:
        connection.execute(_CHANGE, named)
    op.drop_column("deliveries", "changed")


_CHANGE = (
    sa.update(_EVENTS)
    .where(_EVENTS.c.portal == sa.bindparam("its_portal"), _EVENTS.c.key == sa.bindparam("its_key"))
    .values(changes=sa.bindparam("new", type_=sa.JSON))
)
