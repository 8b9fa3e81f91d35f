"""The memory of a ticket has a part for each room: fields, clocks, escalation, evidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

# In steps, so that no transaction of another process waits for all tickets.
STEP = 500

_TICKETS = sa.table(
    "tickets", sa.column("portal", sa.String), sa.column("ticket_id", sa.String), sa.column("memory", sa.JSON)
)
_KEY = sa.tuple_(_TICKETS.c.portal, _TICKETS.c.ticket_id)


def upgrade() -> None:
    connection, last = op.get_bind(), None
    while rows := connection.execute(_next_rows(last)).all():
        changed = [
            {"its_portal": row.portal, "its_id": row.ticket_id, "new": by_room(row.memory)}
            for row in rows
            if row.memory
        ]
        if changed:
            connection.execute(_CHANGE, changed)
        last = (rows[-1].portal, rows[-1].ticket_id)


_CHANGE = (
    sa.update(_TICKETS)
    .where(_TICKETS.c.portal == sa.bindparam("its_portal"), _TICKETS.c.ticket_id == sa.bindparam("its_id"))
    .values(memory=sa.bindparam("new", type_=sa.JSON))
)


def _next_rows(last: tuple[str, str] | None) -> sa.Select[Any]:
    rows = sa.select(_TICKETS).order_by(_TICKETS.c.portal, _TICKETS.c.ticket_id).limit(STEP)
    return rows.where(sa.tuple_(*map(sa.literal, last)) < _KEY) if last else rows


def by_room(old: Mapping[str, Any]) -> dict[str, Any]:
    """Return the memory in its new form; keys that are absent stay absent, and take their defaults."""
    return _without_absent(
        {
            "written_digest": old.get("left"),
            "read_digest": old.get("found"),
            "fields": {
                "applied": old.get("written"),
                "intended": old.get("intended"),
                "overrides": old.get("overrides"),
                "consecutive_writes": old.get("streak"),
            },
            "clocks": {
                "inputs": _inputs(old.get("watched")),
                "threads_counted": old.get("threads_heard"),
                "comments_counted": old.get("comments_heard"),
                "suppressed": old.get("hushed"),
                "standing_comment": old.get("sheet"),
            },
            "escalation": {"state": old.get("escalation"), "requests": old.get("asked")},
            "evidence": {
                "from_threads": old.get("heard"),
                "threads_read": old.get("threads_read"),
                "mailboxes": old.get("mailboxes"),
            },
        }
    )


def _inputs(watched: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if watched is None:
        return None
    history = {("events" if key == "acts" else key): value for key, value in watched["history"].items()}
    return {"history": history, "promise": watched["promise"], "basis": watched["circumstances"]}


def _without_absent(values: Mapping[str, Any]) -> dict[str, Any]:
    present = {key: _without_absent(value) if key in _ROOMS else value for key, value in values.items()}
    return {key: value for key, value in present.items() if value is not None}


_ROOMS = frozenset({"fields", "clocks", "escalation", "evidence"})
