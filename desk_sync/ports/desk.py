"""One portal's Desk, in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from desk_sync.domain.account.identity import Evidence
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.conversation import ConversationItem
from desk_sync.domain.commitment.learning import StatusChange
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.ticket import Field, Ticket, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifiedTickets:
    """A ticket, and when it was last modified, by Desk's clock."""

    ticket_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadReading:
    """The mails of a ticket: who wrote them, and what the partner's say of whose ticket it is."""

    said: Sequence[ConversationItem] = ()
    evidence: Sequence[Evidence] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanges:
    """Changes of a ticket's status, in any order; `whole` if they go back to its creation."""

    changes: Sequence[StatusChange]
    whole: bool


class Desk(Protocol):
    """One portal's REST API, in our words. Every call has a deadline."""

    def read_ticket(self, ticket_id: str) -> Ticket:
        """The ticket as it is now. Raises Gone for one that is deleted or hidden from us."""
        ...

    def read_threads(self, ticket: Ticket, *, known: int, contents: bool) -> ThreadReading:
        """Who wrote which mail of the ticket and when; of the mails after the first `known`, also what they say.

        What they say is asked for only with `contents`. The newest is read as new text, those before it as quoted.
        """
        ...

    def read_mailboxes(self, ticket_id: str) -> Sequence[str]:
        """The addresses, in normal form, that the partner's newest mail on the ticket was sent to."""
        ...

    def read_partner(self, partner_id: str) -> Partner:
        """The partner behind an account of the portal. Raises Gone."""
        ...

    def partner_of(self, contact_id: str) -> str | None:
        """The account that a contact belongs to. Raises Gone."""
        ...

    def read_comments(self, ticket_id: str) -> Sequence[ConversationItem]:
        """Who commented on the ticket and when."""
        ...

    def read_status_changes(self, ticket_id: str) -> StatusChanges:
        """What became of the ticket's status, as far back as is asked for at a time."""
        ...

    def read_tags(self, ticket_id: str) -> frozenset[str]:
        """The names of the ticket's tags."""
        ...

    def read_agent(self, email: str) -> DeskAgent | None:
        """The agent with that address; None if Desk knows none."""
        ...

    def write_ticket(self, ticket_id: str, fields: Mapping[Field, Value]) -> Ticket:
        """Set the fields in one call; returns the ticket as Desk answered it, its evidence apart.

        Raises FieldsDropped if the answer shows that a field was not taken.
        """
        ...

    def add_comment(self, ticket_id: str, text: str, reference: str, *, public: bool) -> None:
        """Add a comment that only agents see, or the partner too if `public`; the reference stands at its end."""
        ...

    def edit_comment(self, ticket_id: str, text: str, reference: str) -> bool:
        """Put the text into the comment that carries the reference; False if there is none any more."""
        ...

    def has_comment(self, ticket_id: str, reference: str) -> bool:
        """Whether a comment of the ticket carries the reference (L6)."""
        ...

    def modified_between(self, start: datetime, end: datetime) -> Iterator[Sequence[ModifiedTickets]]:
        """The tickets whose last change lies from `start` to `end`, both included: page by page, oldest first.

        Each page is asked for when the one before has been used. What Desk's search index does not know yet is absent.
        """
        ...
