"""The fields that Desk does not accept: of single tickets, and of all tickets of a department."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.ticket.held_back import FieldRefusal, HeldBack
from desk_sync.domain.ticket.ticket import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBackOnTicket:
    """The fields that are held back on a ticket of a department."""

    department_id: str
    fields: Mapping[Field, HeldBack]


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentHold:
    """A field that is not sent to the tickets of a department, since several of them met the same refusal.

    One of them tries it again at `try_again_at`. `mapping` is the version of the mapping at the refusal.
    """

    department_id: str
    field: Field
    refusal: FieldRefusal
    since: datetime
    try_again_at: datetime
    mapping: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBackField:
    """A field that is held back for the same reason on `tickets`, for a person to read; oldest `since` first.

    `everywhere` is True if it is held back for all of their department.
    """

    field: Field
    reason: str
    department_id: str
    since: datetime
    try_again_at: datetime
    tickets: Sequence[str]
    everywhere: bool


class HeldBackStore(Protocol):
    """One portal's held-back fields. `TicketStore.finish_look` records those of a ticket."""

    def everywhere(self, department_id: str) -> Mapping[Field, DepartmentHold]:
        """Return the fields that are held back for all tickets of the department."""
        ...

    def spread(
        self, department_id: str, fields: Mapping[Field, FieldRefusal], *, mapping: str, now: datetime, until: datetime
    ) -> Collection[Field]:
        """Hold those fields back for the department whose refusal SEVERAL of its tickets met; return the new ones.

        One ticket tries such a field again at `until`.
        """
        ...

    def elect(self, hold: DepartmentHold, *, until: datetime) -> bool:
        """Return True if the caller alone may try the field again; the next try is at `until`."""
        ...

    def lift(self, hold: DepartmentHold, *, now: datetime) -> int:
        """End a department's hold and make its open tickets with this field due at `now`; return how many."""
        ...

    def listed(self) -> Sequence[HeldBackField]:
        """Return the held-back fields, one entry for each field, department and reason."""
        ...

    def count(self) -> Mapping[str, int]:
        """Return the number of tickets on which each field is held back."""
        ...
