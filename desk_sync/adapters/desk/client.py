"""The port `Desk` over one portal's REST API; each operation has one deadline for all its calls."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

import structlog

from desk_sync.adapters.desk import catalogue, conversation, hours, partner, payload, raw
from desk_sync.adapters.desk.calls import Body, DeskCalls, LargeAnswer, Query
from desk_sync.adapters.desk.catalogue import PortalCatalogue
from desk_sync.adapters.desk.evidence import facts_in, of_facts
from desk_sync.adapters.desk.failures import ScopeMissing
from desk_sync.adapters.desk.lists import larger, smaller
from desk_sync.adapters.desk.search_walk import PAGE, SearchWalk
from desk_sync.adapters.desk.vocabulary import DeskVocabulary
from desk_sync.adapters.zoho.json_reader import beginning_of
from desk_sync.adapters.zoho.transport import DeadlineAdapter
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.domain.commitment.conversation import ConversationItem
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.comment_trace import CommentTrace
from desk_sync.domain.ticket.past import TicketPast
from desk_sync.domain.ticket.ticket import Field, Ticket, Value
from desk_sync.errors import Gone, NotPermitted, Unreadable
from desk_sync.ports.desk import CommentReceipt, ModifiedTickets, OwnDomains, StatusChanges, ThreadReading, no_domains
from desk_sync.ports.portal import UNMARKED, InstallationMarks

log = structlog.get_logger()

READING = timedelta(seconds=5)
"""The time in which the texts of one answer are read; one that was begun before takes a second more at most."""
THREADS = 200
"""One page of threads; of a longer conversation only the newest are read."""
THREADS_READ = 10
CONTRACTS = 50
HISTORY = 50
PAST_PAGES = 4
"""So many pages of a ticket's history are read for its past."""


class DeskClient:
    """One portal's Desk. Safe to share between threads."""

    def __init__(
        self, calls: DeskCalls, vocabulary: DeskVocabulary, installation: InstallationMarks = UNMARKED
    ) -> None:
        self._calls = calls
        self._vocabulary = vocabulary
        self._installation = installation
        self._labels: dict[str, Mapping[str, str]] = {}

    def read_ticket(self, ticket_id: str, own_domains: OwnDomains = no_domains) -> Ticket:
        answer = self._calls.get(_path(ticket_id), self._calls.deadline())
        owned = own_domains(_checked(ticket_id, payload.read_state(answer, self._vocabulary)))
        return payload.read_ticket(answer, self._vocabulary, _reading_time(), owned)

    def read_threads(self, ticket: Ticket, *, known: Collection[str], contents: bool) -> ThreadReading:
        """Costs three credits for the list, and one for each of the last few threads whose content is not in it.

        Requests for an escalation are read also without `contents`, in the mails whose content is in the list.
        """
        deadline = self._calls.deadline()
        listed = self._newest_threads(ticket.ticket_id, deadline)
        newest = payload.incoming(listed, known=known)[:THREADS_READ]
        new = [each for each in newest if contents or each.content]
        contents_of = [each.content or self._content(ticket.ticket_id, each.thread_id, deadline) for each in new]
        is_over = _reading_time()
        texts = [each.read(content, is_over) for each, content in zip(new, contents_of, strict=True)]
        evident = texts if contents else []
        facts = [facts_in(text, sender=ticket.sender, own_domains=ticket.own_domains) for text in evident]
        requests = [each.written_request(text) for each, text in zip(new, texts, strict=True)]
        return ThreadReading(
            items=conversation.threads(listed),
            evidence=tuple(dict.fromkeys(evidence for each in facts for evidence in of_facts(each))),
            mails_read=[each.thread_id for each in new] if contents else [],
            unread=tuple(dict.fromkeys(note for each in facts for note in each.unread)),
            requests=[each for each in requests if each],
        )

    def _newest_threads(self, ticket_id: str, deadline: DeadlineAdapter) -> Body:
        """Return one page of threads, a smaller one if it is too large. Raises LargeAnswer if one thread is."""
        size = THREADS
        while True:
            try:
                return self._part(ticket_id, "threads", deadline=deadline, query={"limit": size})
            except LargeAnswer:
                if size == 1:
                    raise
                size = smaller(size)

    def read_comments(self, ticket_id: str) -> Sequence[ConversationItem]:
        """Costs three credits per hundred comments."""
        pages = self._comment_pages(ticket_id, self._calls.deadline())
        return [item for page in pages for item in conversation.comments(page)]

    def read_status_changes(self, ticket_id: str) -> StatusChanges:
        """Costs three credits; reads the newest entries of the ticket's history that are about its status."""
        query: Query = {"limit": HISTORY, "fieldName": "status"}
        page = self._part(ticket_id, "History", query=query)
        return StatusChanges(changes=conversation.status_changes(page), whole=raw.count(page) < HISTORY)

    def read_past(self, ticket: Ticket) -> TicketPast:
        """Costs three credits per fifty entries, and once in a process the layouts of the ticket's department."""
        pages: list[Body] = []
        while len(pages) < PAST_PAGES and (not pages or raw.count(pages[-1]) == HISTORY):
            query: Query = {"from": HISTORY * len(pages), "limit": HISTORY}
            pages.append(self._part(ticket.ticket_id, "History", query=query))
        whole = raw.count(pages[-1]) < HISTORY
        return conversation.read_past(pages, self._labels_of(ticket.department_id), self._vocabulary, whole=whole)

    def _labels_of(self, department_id: str) -> Mapping[str, str]:
        if department_id not in self._labels:
            self._labels[department_id] = catalogue.labels(self._list, department_id)
        return self._labels[department_id]

    def read_own_agent(self) -> str | None:
        """Costs one credit."""
        agent = payload.agent(self._list("/myinfo"))
        return agent.agent_id if agent else None

    def _content(self, ticket_id: str, thread_id: str, deadline: DeadlineAdapter) -> str:
        try:
            return payload.content(self._calls.get(_path(ticket_id, "threads", thread_id), deadline))
        except Gone:  # only the thread is known to be gone; if the ticket is too, the next look finds out
            return ""
        except LargeAnswer as error:
            log.warning("thread.cut", ticket_id=ticket_id, thread_id=thread_id, bytes=len(error.beginning))
            return beginning_of("content", error.beginning)
        except Unreadable as error:
            log.warning("thread.unread", ticket_id=ticket_id, thread_id=thread_id, error=str(error))
            return ""

    def read_mailboxes(self, ticket_id: str) -> Sequence[str]:
        """Costs one credit."""
        query = {"needIncomingThread": "true"}
        return partner.mailboxes(self._part(ticket_id, "latestThread", query=query))

    def read_partner(self, partner_id: str) -> Partner:
        """Costs one credit, and three more if the mapping turns contracts on."""
        deadline, names = self._calls.deadline(), self._vocabulary.account_fields
        account = self._calls.get(f"/accounts/{quote(partner_id, safe='')}", deadline)
        contracts = self._contracts(partner_id, deadline) if names.contracts else {}
        return partner.read_partner(account, contracts, names)

    def _contracts(self, partner_id: str, deadline: DeadlineAdapter) -> Body:
        """Return the account's contracts; none if they cannot be read, which leaves the partner known."""
        path = f"/accounts/{quote(partner_id, safe='')}/contracts"
        try:
            return self._calls.get(path, deadline, query={"limit": CONTRACTS})
        except (ScopeMissing, Unreadable) as error:
            log.warning("contracts.unread", mapping_key="partners.contracts", error=str(error), hint=error.hint)
            return {}

    def partner_of(self, contact_id: str) -> str | None:
        contact = self._calls.get(f"/contacts/{quote(contact_id, safe='')}", self._calls.deadline())
        return partner.account_of(contact)

    def read_tags(self, ticket_id: str) -> frozenset[str]:
        """Costs one credit."""
        return payload.tags(self._part(ticket_id, "tags"))

    def read_agent(self, email: str) -> DeskAgent | None:
        """Costs one credit."""
        return payload.agent(self._calls.call("GET", f"/agents/email/{quote(email, safe='@')}", self._calls.deadline()))

    def write_ticket(self, ticket_id: str, fields: Mapping[Field, Value]) -> Ticket:
        body = payload.write_fields(fields, self._vocabulary)
        answer = self._calls.write("PATCH", _path(ticket_id), self._calls.deadline(), body)
        return _checked(ticket_id, payload.read_after_write(answer, self._vocabulary))

    def add_comment(self, ticket_id: str, text: str, reference: str) -> CommentReceipt:
        return self._add(ticket_id, payload.private_comment(text, reference, self._installation.own()))

    def add_public_comment(self, ticket_id: str, text: str) -> CommentReceipt:
        return self._add(ticket_id, payload.public_comment(text))

    def _add(self, ticket_id: str, body: Body) -> CommentReceipt:
        answer = self._calls.write("POST", _path(ticket_id, "comments"), self._calls.deadline(), body)
        self._note_writing(ticket_id, answer)
        return payload.receipt(answer)

    def edit_comment(self, ticket_id: str, text: str, reference: str, comment_id: str | None = None) -> str | None:
        """Costs one credit with the comment's id, and four if it must be found by its reference."""
        deadline, body = self._calls.deadline(), payload.private_comment(text, reference, self._installation.own())
        if comment_id and self._edit(ticket_id, comment_id, body, deadline):
            return comment_id
        for page in self._comment_pages(ticket_id, deadline):
            if found := payload.find_comment(page, reference):
                return found if self._edit(ticket_id, found, body, deadline) else None
        return None

    def _edit(self, ticket_id: str, comment_id: str, body: Body, deadline: DeadlineAdapter) -> bool:
        try:
            answer = self._calls.write("PATCH", _path(ticket_id, "comments", comment_id), deadline, body)
        except Gone:
            return False
        self._note_writing(ticket_id, answer)
        return True

    def _note_writing(self, ticket_id: str, answer: Body) -> None:
        """Record when the comment in an answer was written, if Desk says it."""
        if at := payload.written_at(answer):
            self._installation.wrote(ticket_id, at)

    def read_comment(self, ticket_id: str, reference: str) -> str | None:
        """Costs three credits per hundred comments."""
        pages = self._comment_pages(ticket_id, self._calls.deadline())
        texts = (payload.comment_text(page, reference) for page in pages)
        return next((text for text in texts if text is not None), None)

    def has_comment(self, ticket_id: str, trace: CommentTrace) -> bool:
        """Costs three credits per hundred comments."""
        pages = self._comment_pages(ticket_id, self._calls.deadline())
        return any(trace.is_of(each) for page in pages for each in conversation.written(page))

    def _comment_pages(self, ticket_id: str, deadline: DeadlineAdapter) -> Iterator[Body]:
        """Yield the pages of comments, newest first. A comment that is too large by itself is left out."""
        start, size, more = 0, PAGE, True
        while more:
            query: Query = {"from": start, "limit": size, "sortBy": "-commentedTime"}
            try:
                page = self._part(ticket_id, "comments", deadline=deadline, query=query)
            except LargeAnswer as error:
                start, size = _less(start, size, error)
                continue
            self._installation.see(ticket_id, payload.installation_marks(page))
            yield page
            start, more = start + size, raw.count(page) == size
            size = larger(size, PAGE)

    def _part(
        self, ticket_id: str, part: str, *, deadline: DeadlineAdapter | None = None, query: Query | None = None
    ) -> Body:
        """Return a part of a ticket. Raises Unreadable if Desk has no such part: that ends no ticket."""
        try:
            return self._calls.get(_path(ticket_id, part), deadline or self._calls.deadline(), query=query)
        except Gone as error:
            raise Unreadable(str(error)) from None

    def modified_between(self, start: datetime, end: datetime) -> Iterator[Sequence[ModifiedTickets]]:
        return self._searched("modifiedTime", start, end)

    def replied_between(self, start: datetime, end: datetime) -> Iterator[Sequence[ModifiedTickets]]:
        return self._searched("customerResponseTime", start, end)

    def _searched(self, name: str, start: datetime, end: datetime) -> Iterator[Sequence[ModifiedTickets]]:
        walk = SearchWalk(start=start)
        while not walk.done:
            try:
                page = self._search(name, walk.start, end, walk.offset, walk.size)
            except LargeAnswer:
                walk.pass_over()
                yield []
            else:
                yield walk.take(payload.modifications(page, name), full=raw.count(page) >= walk.size)

    def _search(self, name: str, start: datetime, end: datetime, offset: int, size: int) -> Body:
        query = {f"{name}Range": payload.time_range(start, end), "sortBy": name}
        return self._list("/tickets/search", {**query, "from": offset, "limit": size})

    def business_hours(self, named: str) -> BusinessCalendar:
        """Costs one credit, one for each list of holidays, and three more to find a name."""
        deadline = self._calls.deadline()
        return hours.read(named, lambda path, query=None: self._calls.call("GET", path, deadline, query=query))

    def greet(self) -> str:
        """Return the portal's edition, for one credit. Raises NotPermitted if our agent does not belong to it."""
        org_id = self._calls.org_id
        edition = payload.edition(self._calls.call("GET", "/organizations", self._calls.deadline()), org_id)
        if edition is None:
            raise NotPermitted(f"our agent does not belong to organisation {org_id}", hint="check the portal's org_id")
        return edition

    def catalogue(self) -> PortalCatalogue:
        """Return what a mapping refers to.

        Costs about ten credits, and four for each department; more with several layouts, or over 200 agents.
        """
        return catalogue.read(self._list)

    def status_types(self, department_id: str) -> Mapping[str, str]:
        """Costs two credits, and one more for each further layout of the department."""
        return catalogue.status_types(self._list, department_id)

    def _list(self, path: str, query: Query | None = None) -> Body:
        """Return the answer to one call that reads no ticket."""
        return self._calls.call("GET", path, self._calls.deadline(), query=query)


def _less(start: int, size: int, error: LargeAnswer) -> tuple[int, int]:
    """Return offset and size of the page to ask for after one that was too large; a single record is passed over."""
    if size > 1:
        return start, smaller(size)
    log.warning("record.skipped", error=str(error))
    return start + 1, size


def _checked(ticket_id: str, ticket: Ticket) -> Ticket:
    if ticket.ticket_id != ticket_id:
        raise Unreadable(f"Desk answered with another object than ticket {ticket_id}")
    return ticket


def _reading_time() -> Callable[[], bool]:
    """Return a function that returns True once the time for reading, which begins now, has passed."""
    deadline = DeadlineAdapter(READING.total_seconds())
    return lambda: deadline.passed


def _path(ticket_id: str, *rest: str) -> str:
    return "/".join(("/tickets", quote(ticket_id, safe=""), *rest))
