"""The past of a ticket as Desk's history tells it: who set a field from which value to which, and who edited comments.

Desk gives the times of its history in whole seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from desk_sync.domain.ticket.ticket import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class PastChange:
    """A change of one field. `name` is our word for it, `by` the id of its author, None for one without an id."""

    name: str
    at: datetime
    by: str | None
    before: Value
    after: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEdit:
    """An edit of a comment; Desk does not name the comment."""

    at: datetime
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketPast:
    """The changes and edits that were read, oldest first; `whole` if they reach back to the creation."""

    changes: tuple[PastChange, ...] = ()
    edits: tuple[PastEdit, ...] = ()
    whole: bool = True


NOTHING_PAST = TicketPast()
