"""The instant from which events in a portal start escalations.

For a portal that an older version has worked on it is that of the upgrade: what happened before starts none.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_INSTANT = sa.DateTime(timezone=True)
_PORTALS = sa.table("portals", sa.column("name"), sa.column("active_since", _INSTANT))
_TICKETS = sa.table("tickets", sa.column("portal"))


def upgrade() -> None:
    op.add_column("portals", sa.Column("active_since", _INSTANT))
    connection, config = op.get_bind(), op.get_context().config
    now = (config and config.attributes.get("now")) or sa.func.now()
    known = connection.scalars(sa.select(_PORTALS.c.name)).all()
    for portal in connection.scalars(sa.select(_TICKETS.c.portal).distinct()).all():
        if portal not in known:
            connection.execute(sa.insert(_PORTALS).values(name=portal))
        connection.execute(sa.update(_PORTALS).where(_PORTALS.c.name == portal).values(active_since=now))
