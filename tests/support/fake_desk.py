"""A Desk in memory, in our own words: the `Desk` port for tests of services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from desk_sync.domain.identity import Evidence
from desk_sync.domain.partner import Partner
from desk_sync.domain.ticket import Field, Ticket, Value
from desk_sync.errors import Gone
from desk_sync.ports import Modified, Now
from tests.support.makers import NOW, PERSON, ROBOT


class Died(BaseException):
    """The process was killed here."""


class FakeDesk:
    """Holds tickets, and private comments apart from public ones.

    `before` and `after` hold what happens around the next call of a name.
    """

    def __init__(self, *tickets: Ticket) -> None:
        self.tickets = {ticket.ticket_id: ticket for ticket in tickets}
        self.now: Now = lambda: NOW
        self.comments: dict[str, list[str]] = defaultdict(list)
        self.public_comments: dict[str, list[str]] = defaultdict(list)
        self.said: dict[str, list[tuple[Evidence, ...]]] = defaultdict(list)
        self.partners: dict[str, Partner] = {}
        self.accounts_of_contacts: dict[str, str] = {}
        self.calls: list[str] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.after: dict[str, Callable[[], None]] = {}

    def read_ticket(self, ticket_id: str) -> Ticket:
        return self._call("read_ticket", lambda: self._ticket(ticket_id))

    def read_threads(self, ticket: Ticket, *, known: int) -> Sequence[Evidence]:
        said = self.said[ticket.ticket_id][known - 1 :]
        return self._call("read_threads", lambda: tuple(each for evidence in said for each in evidence))

    def partner_writes(self, ticket_id: str, *evidence: Evidence) -> None:
        """A further mail comes, in which this is found."""
        self.said[ticket_id].append(evidence)
        ticket = self.tickets[ticket_id]
        self.tickets[ticket_id] = replace(ticket, threads=max(ticket.threads, 1) + 1)

    def read_partner(self, partner_id: str) -> Partner:
        return self._call("read_partner", lambda: _known(self.partners, partner_id))

    def partner_of(self, contact_id: str) -> str | None:
        return self._call("partner_of", lambda: self.accounts_of_contacts.get(contact_id))

    def write_ticket(self, ticket_id: str, fields: Mapping[Field, Value]) -> Ticket:
        return self._call("write_ticket", lambda: self._set(ticket_id, fields, ROBOT))

    def add_comment(self, ticket_id: str, text: str, reference: str, *, public: bool) -> None:
        said = self.public_comments if public else self.comments
        self._call("add_comment", lambda: said[ticket_id].append(f"{text} [{reference}]"))

    def has_comment(self, ticket_id: str, reference: str) -> bool:
        said = (*self.comments[ticket_id], *self.public_comments[ticket_id])
        return self._call("has_comment", lambda: any(reference in each for each in said))

    def modified_between(self, start: datetime, end: datetime) -> Iterator[Sequence[Modified]]:
        times = [(ticket.modified_at, each) for each, ticket in self.tickets.items() if ticket.modified_at]
        found = [Modified(ticket_id=each, at=at) for at, each in sorted(times) if start <= at <= end]
        for first in range(0, len(found), 100):
            yield self._call("modified_between", lambda first=first: found[first : first + 100])

    def person_sets(self, ticket_id: str, **fields: Any) -> None:
        changed = {"modified_by": PERSON, "modified_at": self.now()} | fields
        self.tickets[ticket_id] = replace(self.tickets[ticket_id], **changed)

    def dies(self, *, before: str | None = None, after: str | None = None) -> None:
        """Let the process die around the next call of that name."""

        def die() -> None:
            raise Died

        (self.before if before else self.after)[before or after or ""] = die

    def count(self, name: str) -> int:
        return self.calls.count(name)

    def _call(self, name: str, act: Callable[[], Any]) -> Any:
        self.calls.append(name)
        self.before.pop(name, lambda: None)()
        answer = act()
        self.after.pop(name, lambda: None)()
        return answer

    def _ticket(self, ticket_id: str) -> Ticket:
        return _known(self.tickets, ticket_id)

    def _set(self, ticket_id: str, fields: Mapping[Field, Value], agent: str) -> Ticket:
        values = {str(name): value for name, value in fields.items()}
        values |= {"modified_by": agent, "modified_at": self.now()}
        self.tickets[ticket_id] = replace(self._ticket(ticket_id), **values)
        return self.tickets[ticket_id]


def _known(records: Mapping[str, Any], record_id: str) -> Any:
    if record_id not in records:
        raise Gone(f"{record_id} is gone")
    return records[record_id]
