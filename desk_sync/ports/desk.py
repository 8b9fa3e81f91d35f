"""One portal's Desk, in our words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from desk_sync.domain.account.identity import Evidence
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.conversation import ConversationItem
from desk_sync.domain.commitment.status_past import StatusChange
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.comment_trace import CommentTrace
from desk_sync.domain.ticket.past import TicketPast
from desk_sync.domain.ticket.ticket import Field, Ticket, Value
from desk_sync.domain.ticket.written_request import WrittenRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifiedTickets:
    """A ticket, and the instant of its last modification by Desk's clock; None if Desk gives none.

    `by` is the id of its last author, if Desk names one.
    """

    ticket_id: str
    at: datetime | None
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadReading:
    """The mails of a ticket with their authors and states (`items`), and the account evidence in the partner's mails.

    `mails_read` are the ids of those whose contents were read; `unread` names what of them was not, and why. `requests`
    are the requests for an escalation in the partner's mails, as far as their contents were at hand.
    """

    items: Sequence[ConversationItem] = ()
    evidence: Sequence[Evidence] = ()
    mails_read: Sequence[str] = ()
    unread: Sequence[str] = ()
    requests: Sequence[WrittenRequest] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanges:
    """Changes of a ticket's status, in any order; `whole` if they reach back to its creation."""

    changes: Sequence[StatusChange]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentReceipt:
    """Desk's answer to a new comment: its id and that of its author, None where Desk does not name them."""

    comment_id: str | None = None
    author_id: str | None = None


OwnDomains: TypeAlias = Callable[[Ticket], frozenset[str]]
"""The registered domains of the partner who writes a ticket, whose texts are not read yet."""


def no_domains(_: Ticket) -> frozenset[str]:
    """Return none: the partner is not asked for."""
    return frozenset()


class Desk(Protocol):
    """One portal's REST API, in our words. Every call has a deadline."""

    def read_ticket(self, ticket_id: str, own_domains: OwnDomains = no_domains) -> Ticket:
        """Return the ticket as it is now. Raises Gone if it is deleted or hidden from us.

        `own_domains` is called before the texts are read: no address of these domains in them is a customer's.
        """
        ...

    def read_threads(self, ticket: Ticket, *, known: Collection[str], contents: bool) -> ThreadReading:
        """Return author, time and state of each mail; with `contents` also the evidence in the partner's mails.

        Those whose ids are `known`, and the description, are not read for it.
        """
        ...

    def read_mailboxes(self, ticket_id: str) -> Sequence[str]:
        """Return the addresses, in normal form, that the partner's newest mail on the ticket was sent to."""
        ...

    def read_partner(self, partner_id: str) -> Partner:
        """Return the partner behind a Desk account. Raises Gone."""
        ...

    def partner_of(self, contact_id: str) -> str | None:
        """Return the id of the Desk account that a contact belongs to; None if there is none. Raises Gone."""
        ...

    def read_comments(self, ticket_id: str) -> Sequence[ConversationItem]:
        """Return author, time and state of each comment on the ticket; our private ones have a reference."""
        ...

    def read_past(self, ticket: Ticket) -> TicketPast:
        """Return who changed which fields and edited comments, as far back as a few pages of its history reach."""
        ...

    def read_own_agent(self) -> str | None:
        """Return the id of the agent whose token we use; None if Desk does not say."""
        ...

    def read_status_changes(self, ticket_id: str) -> StatusChanges:
        """Return the changes of the ticket's status, as far back as one page of its history reaches."""
        ...

    def status_types(self, department_id: str) -> Mapping[str, str]:
        """Return Desk's type (Open, On Hold, Closed) of each status on the department's layouts."""
        ...

    def read_tags(self, ticket_id: str) -> frozenset[str]:
        """Return the names of the ticket's tags."""
        ...

    def read_agent(self, email: str) -> DeskAgent | None:
        """Return the agent with this email address; None if Desk has none."""
        ...

    def write_ticket(self, ticket_id: str, fields: Mapping[Field, Value]) -> Ticket:
        """Set the fields in one call; return the ticket as Desk answered it, without evidence.

        The answer may have other values than were sent. Raises FieldsRefused or WriteForbidden if nothing was written
        because of the fields.
        """
        ...

    def add_comment(self, ticket_id: str, text: str, reference: str) -> CommentReceipt:
        """Add a private comment, which ends in the reference."""
        ...

    def add_public_comment(self, ticket_id: str, text: str) -> CommentReceipt:
        """Add a comment that the partner reads: no mark is in it."""
        ...

    def edit_comment(self, ticket_id: str, text: str, reference: str, comment_id: str | None = None) -> str | None:
        """Replace the text of the private comment with the reference; return its id, None if there is none any more.

        It is looked for only if its id is not known, or if Desk does not know the id.
        """
        ...

    def read_comment(self, ticket_id: str, reference: str) -> str | None:
        """Return the text of the private comment with the reference, without both markup and it; None without one."""
        ...

    def has_comment(self, ticket_id: str, trace: CommentTrace) -> bool:
        """Return True if the comment of this trace is on the ticket (L6)."""
        ...

    def modified_between(self, start: datetime, end: datetime) -> Iterator[Sequence[ModifiedTickets]]:
        """Yield the tickets last modified from `start` to `end`, both included: page by page, oldest first.

        Each page is requested after the previous one was used. Changes that are not in Desk's search index yet are
        missing.
        """
        ...

    def replied_between(self, start: datetime, end: datetime) -> Iterator[Sequence[ModifiedTickets]]:
        """Yield the tickets whose last reply of the partner is from `start` to `end`, in the same way."""
        ...
