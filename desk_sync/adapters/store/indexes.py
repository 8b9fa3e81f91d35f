"""Conditions on tickets and notices that an index serves: a query costs what it finds, not what is known.

A statement uses such an index only if it contains the condition as it is written here, without parameters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Index, func, literal_column, or_, text
from sqlalchemy.sql.elements import KeyedColumnElement

from desk_sync.adapters.store.tables import notices, tickets

_URGENCIES: list[ColumnElement[int]] = [literal_column(level) for level in "123"]
QUEUED = tickets.c.look_at.is_not(None) & tickets.c.parked_at.is_(None) & tickets.c.urgency.in_(_URGENCIES)
"""Tickets of which a look is planned.

`look_at IS NOT NULL` makes the partial index usable; with the list of urgencies, the severity levels, it finds the due
tickets of each, in order, among a million that wait.
"""

LEASED = tickets.c.lease_until.is_not(None)
"""Tickets that a worker has, or had when it died."""

OPEN = tickets.c.closed.is_(False) & tickets.c.ended_at.is_(None)
"""Tickets that are neither closed nor gone."""

UNCLOSED = tickets.c.closed.is_(False) & or_(tickets.c.ended_at.is_(None), tickets.c.looked_at.is_not(None))
"""Tickets that are not closed, and that Desk has, or had once."""

UNDECIDED = OPEN & or_(
    tickets.c.verdict == text("'REVIEW'"), tickets.c.verdict == text("'UNKNOWN'"), tickets.c.questions.is_not(None)
)
"""Open tickets of which a person may have to decide something."""

WITHOUT_LOOK = tickets.c.look_at.is_(None) & tickets.c.looked_at.is_not(None) & OPEN
"""Open tickets that were looked at, and of which no look is planned."""

PARKED = tickets.c.parked_at.is_not(None) & tickets.c.dropped_at.is_(None)
"""Tickets that are parked and not dropped."""

ENDED = or_(tickets.c.closed.is_(True), tickets.c.ended_at.is_not(None))
AT_REST = ENDED & tickets.c.look_at.is_(None) & tickets.c.parked_at.is_(None) & tickets.c.step_at.is_(None)
"""Ended tickets of which nothing is expected: no look, no step, no person."""

ENDED_AT = func.coalesce(tickets.c.ended_at, tickets.c.looked_at, type_=tickets.c.ended_at.type)
"""When an ended ticket was found to be gone, or was last looked at."""

UNDELIVERED = notices.c.undelivered > text("0")
"""Notices of which a message reached no recipient."""

SETTLED_AT = func.coalesce(notices.c.sent_at, notices.c.refused_at, type_=notices.c.sent_at.type)
"""When a notice was sent or refused."""


def _partial(name: str, columns: Sequence[KeyedColumnElement[Any] | ColumnElement[Any]], where: Any) -> None:
    Index(name, *columns, sqlite_where=where, postgresql_where=where)


_partial("ix_tickets_leased", (tickets.c.portal, tickets.c.ticket_id), LEASED)
_partial("ix_tickets_unclosed", (tickets.c.account_id, tickets.c.portal, tickets.c.ticket_id), UNCLOSED)
_partial("ix_tickets_verdict", (tickets.c.portal, tickets.c.verdict), OPEN)
_partial("ix_tickets_undecided", (tickets.c.portal, tickets.c.looked_at), UNDECIDED)
_partial("ix_tickets_without_look", (tickets.c.portal, tickets.c.ticket_id), WITHOUT_LOOK)
_partial("ix_tickets_parked", (tickets.c.portal, tickets.c.parked_at), PARKED)
_partial("ix_tickets_at_rest", (tickets.c.portal, tickets.c.kept, ENDED_AT), AT_REST)
_partial("ix_notices_undelivered", (notices.c.portal, notices.c.refused_at), UNDELIVERED)
_partial("ix_notices_settled", (notices.c.portal, SETTLED_AT), SETTLED_AT.is_not(None))
