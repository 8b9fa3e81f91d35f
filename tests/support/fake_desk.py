"""The `Desk` port in memory, for tests of services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from desk_sync.domain.account.identity import Evidence
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.domain.commitment.conversation import AuthorKind, ConversationItem, ItemForm, SendingState
from desk_sync.domain.commitment.status_past import StatusChange
from desk_sync.domain.fingerprint import without_blanks, words_digest
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.comment_trace import CommentTrace, WrittenComment
from desk_sync.domain.ticket.past import PastChange, PastEdit, TicketPast
from desk_sync.domain.ticket.ticket import Field, Ticket, Value
from desk_sync.domain.ticket.written_request import RequestKind, WrittenRequest
from desk_sync.errors import FieldsRefused, Gone
from desk_sync.ports.desk import CommentReceipt, ModifiedTickets, OwnDomains, StatusChanges, ThreadReading, no_domains
from desk_sync.ports.now import Now
from tests.support.field_troubles import FieldTrouble, accepted
from tests.support.makers import NOW, PERSON, ROBOT


class Died(BaseException):
    """The process was killed here."""


class FakeDesk:
    """Holds tickets, their conversations and comments, with private and public comments apart.

    `writer` is the agent whose token we use; `writer_shown` what it answers if asked for it, if that is something else.

    `troubles` are the fields that it does not accept; `mandatory` names an empty field that it requires of each write.
    `comment_trouble` is the error that it answers to each new or edited comment.
    `side_effects` are the values that a rule of the portal sets within each write.

    `before` and `after` hold functions by the name of a method; each runs once, around the method's next call.
    The search shows no instant for the tickets in `undated`.
    """

    def __init__(self, *tickets: Ticket) -> None:
        self.tickets = {ticket.ticket_id: ticket for ticket in tickets}
        self.now: Now = lambda: NOW
        self.comments: dict[str, list[str]] = defaultdict(list)
        self.public_comments: dict[str, list[str]] = defaultdict(list)
        self.thread_evidence: dict[str, dict[str, tuple[Evidence, ...]]] = defaultdict(dict)
        self.unread: Sequence[str] = ()
        self.thread_requests: dict[str, list[WrittenRequest]] = defaultdict(list)
        self.evidence_for: Callable[[Ticket, frozenset[str]], tuple[Evidence, ...]] = lambda ticket, _: ticket.evidence
        self.partners: dict[str, Partner] = {}
        self.mailboxes: dict[str, list[str]] = {}
        self.accounts_of_contacts: dict[str, str] = {}
        self.threads: dict[str, list[ConversationItem]] = defaultdict(list)
        self.comment_items: dict[str, list[ConversationItem]] = defaultdict(list)
        self.our_items: dict[str, list[ConversationItem]] = defaultdict(list)
        self.past: dict[str, list[PastChange]] = defaultdict(list)
        self.edits: dict[str, list[PastEdit]] = defaultdict(list)
        self.writer = ROBOT
        self.writer_shown: Any = ...
        self.changes: dict[str, list[StatusChange]] = defaultdict(list)
        self.types: dict[str, str] = {}
        self.tags: dict[str, frozenset[str]] = defaultdict(frozenset)
        self.agents: dict[str, DeskAgent] = {}
        self.hours: dict[str, BusinessCalendar] = {}
        self.undated: set[str] = set()
        self.troubles: dict[Field, FieldTrouble] = {}
        self.mandatory: str | None = None
        self.comment_trouble: Exception | None = None
        self.edited_by_id: list[bool] = []
        self.side_effects: dict[str, Value] = {}
        self.calls: list[str] = []
        self._refs = 0
        self.writes: list[Mapping[Field, Value]] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.after: dict[str, Callable[[], None]] = {}

    def read_ticket(self, ticket_id: str, own_domains: OwnDomains = no_domains) -> Ticket:
        ticket = self._call("read_ticket", lambda: self._ticket(ticket_id))
        owned = own_domains(ticket)
        return replace(ticket, own_domains=owned, evidence=self.evidence_for(ticket, owned))

    def read_threads(self, ticket: Ticket, *, known: Collection[str], contents: bool) -> ThreadReading:
        if contents:
            self.calls.append("read_contents")
        listed, mails = self.threads[ticket.ticket_id], self.thread_evidence[ticket.ticket_id]
        new = [each.ref for each in listed if each.ref in mails and each.ref not in known] if contents else []
        evidence = tuple(each for ref in new for each in mails[ref])
        unread = self.unread if contents else ()
        requests = [each for each in self.thread_requests[ticket.ticket_id] if each.mail in new]
        reading = ThreadReading(items=listed, evidence=evidence, mails_read=new, unread=unread, requests=requests)
        return self._call("read_threads", lambda: reading)

    def read_comments(self, ticket_id: str) -> Sequence[ConversationItem]:
        return self._call("read_comments", lambda: [*self.comment_items[ticket_id], *self.our_items[ticket_id]])

    def read_past(self, ticket: Ticket) -> TicketPast:
        changes, edits = self.past[ticket.ticket_id], self.edits[ticket.ticket_id]
        return self._call("read_past", lambda: TicketPast(changes=tuple(changes), edits=tuple(edits)))

    def read_own_agent(self) -> str | None:
        return self._call("read_own_agent", self._own_agent)

    def _own_agent(self) -> str | None:
        if isinstance(self.writer_shown, Exception):
            raise self.writer_shown
        return self.writer if self.writer_shown is ... else self.writer_shown

    def read_status_changes(self, ticket_id: str) -> StatusChanges:
        return self._call("read_status_changes", lambda: StatusChanges(changes=self.changes[ticket_id], whole=True))

    def status_types(self, department_id: str) -> Mapping[str, str]:
        return self._call("status_types", lambda: self.types)

    def partner_writes(self, ticket_id: str, *evidence: Evidence) -> None:
        """Add a mail of the partner that holds this evidence."""
        ref = self._thread(ticket_id, ItemForm.INCOMING, AuthorKind.PARTNER, None)
        self.thread_evidence[ticket_id][ref] = evidence

    def partner_asks(self, ticket_id: str, kind: RequestKind = RequestKind.ESCALATION) -> None:
        """Add a mail of the partner that asks for an escalation, or says that they are dissatisfied."""
        self.partner_writes(ticket_id)
        mail = self.threads[ticket_id][-1]
        self.thread_requests[ticket_id].append(WrittenRequest(kind=kind, mail=mail.ref, at=mail.at))

    def agent_replies(self, ticket_id: str, by: str = PERSON, **facts: Any) -> str:
        """Add a public mail by an agent, sent unless `sending` says otherwise; return its id."""
        return self._thread(ticket_id, ItemForm.OUTGOING, AuthorKind.AGENT, by, **facts)

    def _thread(self, ticket_id: str, form: ItemForm, author: AuthorKind, by: str | None, **facts: Any) -> str:
        usual = {"ref": self._next_ref(), "at": self.now(), "form": form, "author": author, "author_id": by}
        item = ConversationItem(**usual | facts)
        self.threads[ticket_id].append(item)
        ticket = self.tickets[ticket_id]
        self.tickets[ticket_id] = replace(ticket, threads=max(ticket.threads, 1) + 1)
        return item.ref

    def sends(self, ticket_id: str, ref: str, sending: SendingState = SendingState.SENT) -> None:
        """End the sending of a thread: its id, its instant and the count stay."""
        self._edit_item(self.threads[ticket_id], ref, sending=sending)

    def loses_thread(self, ticket_id: str, ref: str) -> None:
        """Delete a thread, as a person."""
        self.threads[ticket_id] = [each for each in self.threads[ticket_id] if each.ref != ref]
        self._count_threads(ticket_id, -1)

    def merges_in(self, ticket_id: str, *others: ConversationItem) -> None:
        """Add another ticket's threads at their own times, the oldest first, as a merge does."""
        items = [*self.threads[ticket_id], *others]
        self.threads[ticket_id] = sorted(items, key=lambda item: item.at)
        self._count_threads(ticket_id, len(others))

    def publishes(self, ticket_id: str, ref: str) -> None:
        """Make a private comment public by an edit, as a person."""
        self._edit_item(self.comment_items[ticket_id], ref, public=True, edited_at=self.now())

    def edit_item(self, ticket_id: str, ref: str, **facts: Any) -> None:
        """Change the facts of a person's comment."""
        self._edit_item(self.comment_items[ticket_id], ref, **facts)

    def _edit_item(self, items: list[ConversationItem], ref: str, **facts: Any) -> None:
        items[:] = [replace(each, **facts) if each.ref == ref else each for each in items]

    def _count_threads(self, ticket_id: str, more: int) -> None:
        ticket = self.tickets[ticket_id]
        self.tickets[ticket_id] = replace(ticket, threads=ticket.threads + more)

    def _next_ref(self) -> str:
        self._refs += 1
        return str(self._refs)

    def read_mailboxes(self, ticket_id: str) -> Sequence[str]:
        return self._call("read_mailboxes", lambda: self.mailboxes.get(ticket_id, []))

    def read_partner(self, partner_id: str) -> Partner:
        return self._call("read_partner", lambda: _known(self.partners, partner_id))

    def partner_of(self, contact_id: str) -> str | None:
        return self._call("partner_of", lambda: self.accounts_of_contacts.get(contact_id))

    def business_hours(self, named: str) -> BusinessCalendar:
        return self._call("business_hours", lambda: _known(self.hours, named))

    def person_comments(self, ticket_id: str, *, public: bool) -> str:
        """Add a comment by an agent; return its id."""
        ticket, ref = self.tickets[ticket_id], f"c{self._next_ref()}"
        self.comment_items[ticket_id].append(
            ConversationItem(
                ref=ref, at=self.now(), form=ItemForm.COMMENT, author=AuthorKind.AGENT, author_id=PERSON, public=public
            )
        )
        self.tickets[ticket_id] = replace(ticket, comments=ticket.comments + 1)
        return ref

    def changes_status(self, ticket_id: str, status: str, kind: str) -> None:
        """Set a status of this type, as a person."""
        before = self.tickets[ticket_id].status
        self.changes[ticket_id].append(StatusChange(at=self.now(), before=before, after=status))
        self.person_sets(ticket_id, status=status, status_type=kind)

    def read_tags(self, ticket_id: str) -> frozenset[str]:
        return self._call("read_tags", lambda: self.tags[ticket_id])

    def read_agent(self, email: str) -> DeskAgent | None:
        return self._call("read_agent", lambda: self.agents.get(email))

    def write_ticket(self, ticket_id: str, fields: Mapping[Field, Value]) -> Ticket:
        self.writes.append(dict(fields))
        return self._call("write_ticket", lambda: self._set(ticket_id, self._accepted(ticket_id, fields)))

    def _accepted(self, ticket_id: str, fields: Mapping[Field, Value]) -> Mapping[Field, Value]:
        """Return the values that a write stores."""
        if self.mandatory:
            raise FieldsRefused("refused", others=(f"{self.mandatory} is missing",))
        return accepted(self._ticket(ticket_id), fields, self.troubles)

    def add_comment(self, ticket_id: str, text: str, reference: str) -> CommentReceipt:
        return self._call("add_comment", lambda: self._add(ticket_id, text, reference))

    def add_public_comment(self, ticket_id: str, text: str) -> CommentReceipt:
        return self._call("add_comment", lambda: self._add(ticket_id, text, None))

    def _add(self, ticket_id: str, text: str, reference: str | None) -> CommentReceipt:
        self._refuse_comment()
        public = reference is None
        if public:
            self.public_comments[ticket_id].append(text)
        else:
            self.comments[ticket_id].append(f"{text} [{reference}]")
        ours = ConversationItem(
            ref=f"c{self._next_ref()}",
            at=self.now(),
            form=ItemForm.COMMENT,
            author=AuthorKind.AGENT,
            author_id=self.writer,
            public=public,
            reference=reference,
            words=words_digest(text),
            said=without_blanks(text) if public else None,
        )
        self.our_items[ticket_id].append(ours)
        if ticket := self.tickets.get(ticket_id):
            self.tickets[ticket_id] = replace(ticket, comments=ticket.comments + 1)
        return CommentReceipt(comment_id=ours.ref, author_id=self.writer)

    def edit_comment(self, ticket_id: str, text: str, reference: str, comment_id: str | None = None) -> str | None:
        self.edited_by_id.append(comment_id is not None)
        return self._call("edit_comment", lambda: self._edit(ticket_id, text, reference))

    def _refuse_comment(self) -> None:
        if self.comment_trouble:
            raise self.comment_trouble

    def _edit(self, ticket_id: str, text: str, reference: str) -> str | None:
        self._refuse_comment()
        comments = self.comments[ticket_id]
        found = [number for number, comment in enumerate(comments) if reference in comment]
        for number in found:
            comments[number] = f"{text} [{reference}]"
        self._edit_ours(ticket_id, text, reference, by=self.writer)
        ours = (item.ref for item in self.our_items[ticket_id] if item.reference == reference)
        return next(ours, reference) if found else None

    def person_edits(self, ticket_id: str, text: str, reference: str) -> None:
        """Give our comment with the reference another text, as a person."""
        self.comments[ticket_id] = [
            f"{text} [{reference}]" if reference in each else each for each in self.comments[ticket_id]
        ]
        self._edit_ours(ticket_id, text, reference, by=PERSON)

    def _edit_ours(self, ticket_id: str, text: str, reference: str, *, by: str) -> None:
        items = self.our_items[ticket_id]
        for each in [item.ref for item in items if item.reference == reference]:
            self._edit_item(items, each, edited_at=self.now(), words=words_digest(text))
            self.edits[ticket_id].append(PastEdit(at=self.now(), by=by))

    def read_comment(self, ticket_id: str, reference: str) -> str | None:
        comments = self.comments[ticket_id]
        found = (text.replace(f"[{reference}]", "") for text in comments if reference in text)
        return self._call("read_comment", lambda: next(found, None))

    def has_comment(self, ticket_id: str, trace: CommentTrace) -> bool:
        private = [WrittenComment(text=each, public=False) for each in self.comments[ticket_id]]
        public = [
            WrittenComment(text=each.said or "", public=True, author_id=each.author_id, reference=each.reference)
            for each in (*self.our_items[ticket_id], *self.comment_items[ticket_id])
            if each.public
        ]
        return self._call("has_comment", lambda: any(map(trace.is_of, (*private, *public))))

    def modified_between(self, start: datetime, end: datetime) -> Iterator[Sequence[ModifiedTickets]]:
        times = [(ticket.modified_at, each) for each, ticket in self.tickets.items() if ticket.modified_at]
        found = [
            ModifiedTickets(ticket_id=each, at=None if each in self.undated else at, by=self.tickets[each].modified_by)
            for at, each in sorted(times)
            if start <= at <= end
        ]
        for first in range(0, len(found), 100):
            yield self._call("modified_between", lambda first=first: found[first : first + 100])

    def replied_between(self, start: datetime, end: datetime) -> Iterator[Sequence[ModifiedTickets]]:
        times = [(ticket.replied_at, each) for each, ticket in self.tickets.items() if ticket.replied_at]
        found = [ModifiedTickets(ticket_id=each, at=at) for at, each in sorted(times) if start <= at <= end]
        yield self._call("replied_between", lambda: found)

    def person_sets(self, ticket_id: str, **fields: Any) -> None:
        changed = {"modified_by": PERSON, "modified_at": self.now()} | fields
        self._change(ticket_id, changed)

    def _change(self, ticket_id: str, values: Mapping[str, Any]) -> None:
        """Change the ticket, and record it in its past."""
        before = self._ticket(ticket_id)
        after = self.tickets[ticket_id] = replace(before, **values)
        for name in (*Field, "taken_over"):
            old, new = getattr(before, name), getattr(after, name)
            if old != new:
                change = PastChange(name=name, at=self.now(), by=after.modified_by, before=old, after=new)
                self.past[ticket_id].append(change)

    def dies(self, *, before: str | None = None, after: str | None = None) -> None:
        """Raise Died before or after the next call of that method."""

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

    def _set(self, ticket_id: str, fields: Mapping[Field, Value]) -> Ticket:
        values = {str(name): value for name, value in fields.items()} | self.side_effects
        self._change(ticket_id, values | {"modified_by": self.writer, "modified_at": self.now()})
        return self.tickets[ticket_id]


def _known(records: Mapping[str, Any], record_id: str) -> Any:
    if record_id not in records:
        raise Gone(f"{record_id} is gone")
    return records[record_id]
