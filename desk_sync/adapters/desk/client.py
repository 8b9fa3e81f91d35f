"""The port `Desk` over one portal's REST API.

Every call ends within `timeout`, however many requests it needs and however slowly the answer arrives. Requests that
are safe to repeat (GET, and PATCH with the same values) are retried within seconds; longer waits are the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

import requests
import structlog
from requests.adapters import BaseAdapter
from requests.exceptions import ChunkedEncodingError
from tenacity import Retrying, nap, retry_if_exception_type, wait_exponential_jitter

from desk_sync.adapters.desk import catalogue, conversation, hours, partner, payload, raw
from desk_sync.adapters.desk.catalogue import PortalCatalogue
from desk_sync.adapters.desk.evidence import facts_of_threads, of_facts
from desk_sync.adapters.desk.failures import (
    BriefFailure,
    Forbidden,
    ScopeMissing,
    exhausted,
    failure,
    is_page,
    portal_failure,
)
from desk_sync.adapters.desk.lists import larger, smaller
from desk_sync.adapters.desk.search_walk import PAGE, SearchWalk
from desk_sync.adapters.desk.vocabulary import DeskVocabulary
from desk_sync.adapters.zoho.auth import AccessTokens, authorization, permit_loopback
from desk_sync.adapters.zoho.hosts import allowed
from desk_sync.adapters.zoho.json_reader import beginning_of
from desk_sync.adapters.zoho.transport import AnswerTooLarge, DeadlineAdapter, harden, read_object
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.domain.commitment.conversation import ConversationItem
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.ticket import Field, Ticket, Value
from desk_sync.errors import CredentialsRefused, Gone, NotPermitted, TemporaryError, Unreadable, WriteForbidden
from desk_sync.ports.desk import ModifiedTickets, StatusChanges, ThreadReading
from desk_sync.ports.now import Now
from desk_sync.ports.portal import AccessToken, CallBudget

log = structlog.get_logger()

TIMEOUT = timedelta(seconds=20)
READING = timedelta(seconds=5)
"""The time in which the texts of one answer are read; one that was begun before takes a second more at most."""
ATTEMPTS = 4
JITTER = 0.5
THREADS = 200
"""One page of threads; of a longer conversation only the newest are read."""
THREADS_READ = 5
CONTRACTS = 50
HISTORY = 50

Body = dict[str, object]
"""A JSON object, sent or received."""

_REPEATABLE = frozenset({"GET", "PATCH"})
_CREDITS_LEFT = "X-Rate-Limit-Remaining-v3"
_COUNT = re.compile("[0-9]{1,9}")
_UNAUTHORIZED = 401
_NO_CONTENT = 204


class OddAnswer(TemporaryError):
    """A success whose body is not a JSON object."""


class LargeAnswer(Unreadable):
    """Desk's answer is over the size limit. `beginning` are its first bytes."""

    def __init__(self, message: str, beginning: bytes) -> None:
        super().__init__(message)
        self.beginning = beginning


class DeskClient:
    """One portal's Desk. Safe to share between threads; `connections` bounds the calls at a time."""

    def __init__(
        self,
        *,
        desk_url: str,
        org_id: str,
        vocabulary: DeskVocabulary,
        access: AccessTokens,
        budget: CallBudget,
        now: Now,
        connections: int = 10,
        timeout: timedelta = TIMEOUT,
        sleep: Callable[[float], None] = nap.sleep,
        jitter: float = JITTER,
        transport: BaseAdapter | None = None,
    ) -> None:
        """`jitter` is in seconds; `transport` replaces the socket transport.

        Raises ConfigurationError if `desk_url`, such as https://desk.zoho.eu, is not a host of Zoho.
        """
        self._base = allowed(desk_url.rstrip("/") + "/api/v1")
        self._vocabulary = vocabulary
        self._our_words = {name: word for word, name in vocabulary.fields.items()}
        self._access = access
        self._budget = budget
        self._now = now
        self._timeout = timeout
        self._sleep = sleep
        self._jitter = jitter
        self._session = harden(requests.Session(), connections=connections, transport=transport)
        self._session.headers.update({"orgId": org_id, "Accept": "application/json"})
        permit_loopback(self._base)

    def read_ticket(self, ticket_id: str) -> Ticket:
        answer = self._get(_path(ticket_id), self._deadline())
        return _checked(ticket_id, payload.read_ticket(answer, self._vocabulary, _reading_time()))

    def read_threads(self, ticket: Ticket, *, known: Collection[str], contents: bool) -> ThreadReading:
        """Costs three credits for the list, and one for each of the last few threads whose content is not in it."""
        deadline = self._deadline()
        listed = self._get(_path(ticket.ticket_id, "threads"), deadline, query={"limit": THREADS})
        new = payload.incoming(listed, known=known)[:THREADS_READ] if contents else []
        read = [content or self._content(ticket.ticket_id, each, deadline) for each, content in new]
        facts = facts_of_threads(read, sender=ticket.sender, is_over=_reading_time())
        return ThreadReading(
            items=conversation.threads(listed),
            evidence=of_facts(facts) if contents else (),
            mails_read=[each for each, _ in new],
            unread=facts.unread,
        )

    def read_comments(self, ticket_id: str) -> Sequence[ConversationItem]:
        """Costs three credits per hundred comments."""
        pages = self._comment_pages(ticket_id, self._deadline())
        return [item for page in pages for item in conversation.comments(page)]

    def read_status_changes(self, ticket_id: str) -> StatusChanges:
        """Costs three credits; reads the newest entries of the ticket's history that are about its status."""
        query: dict[str, str | int] = {"limit": HISTORY, "fieldName": "status"}
        page = self._get(_path(ticket_id, "History"), self._deadline(), query=query)
        return StatusChanges(changes=conversation.status_changes(page), whole=raw.count(page) < HISTORY)

    def _content(self, ticket_id: str, thread_id: str, deadline: DeadlineAdapter) -> str:
        try:
            return payload.content(self._get(_path(ticket_id, "threads", thread_id), deadline))
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
        return partner.mailboxes(self._get(_path(ticket_id, "latestThread"), self._deadline(), query=query))

    def read_partner(self, partner_id: str) -> Partner:
        """Costs one credit, and three more if the mapping turns contracts on."""
        deadline, names = self._deadline(), self._vocabulary.account_fields
        account = self._get(f"/accounts/{quote(partner_id, safe='')}", deadline)
        contracts = self._contracts(partner_id, deadline) if names.contracts else {}
        return partner.read_partner(account, contracts, names)

    def _contracts(self, partner_id: str, deadline: DeadlineAdapter) -> Body:
        path = f"/accounts/{quote(partner_id, safe='')}/contracts"
        return self._get(path, deadline, query={"limit": CONTRACTS})

    def partner_of(self, contact_id: str) -> str | None:
        contact = self._get(f"/contacts/{quote(contact_id, safe='')}", self._deadline())
        return partner.account_of(contact)

    def read_tags(self, ticket_id: str) -> frozenset[str]:
        """Costs one credit."""
        return payload.tags(self._get(_path(ticket_id, "tags"), self._deadline()))

    def read_agent(self, email: str) -> DeskAgent | None:
        """Costs one credit."""
        return payload.agent(self._call("GET", f"/agents/email/{quote(email, safe='@')}", self._deadline()))

    def write_ticket(self, ticket_id: str, fields: Mapping[Field, Value]) -> Ticket:
        body = payload.write_fields(fields, self._vocabulary)
        try:
            answer = self._call("PATCH", _path(ticket_id), self._deadline(), body=body)
        except (Forbidden, ScopeMissing) as error:
            raise WriteForbidden(str(error), hint=error.hint) from None
        return _checked(ticket_id, payload.read_after_write(answer, self._vocabulary))

    def add_comment(self, ticket_id: str, text: str, reference: str, *, public: bool) -> None:
        body = payload.comment(text, reference, public=public)
        self._call("POST", _path(ticket_id, "comments"), self._deadline(), body=body)

    def edit_comment(self, ticket_id: str, text: str, reference: str) -> bool:
        """Costs four credits. The comment is found by its reference, so that its id need not be stored."""
        deadline = self._deadline()
        for page in self._comment_pages(ticket_id, deadline):
            if comment_id := payload.find_comment(page, reference):
                body = payload.comment(text, reference, public=False)
                self._call("PATCH", _path(ticket_id, "comments", comment_id), deadline, body=body)
                return True
        return False

    def has_comment(self, ticket_id: str, reference: str) -> bool:
        pages = self._comment_pages(ticket_id, self._deadline())
        return any(payload.find_comment(page, reference) for page in pages)

    def _comment_pages(self, ticket_id: str, deadline: DeadlineAdapter) -> Iterator[Body]:
        """Yield the pages of comments, newest first. A comment that is too large by itself is left out."""
        start, size, more = 0, PAGE, True
        while more:
            query: dict[str, str | int] = {"from": start, "limit": size, "sortBy": "-commentedTime"}
            try:
                page = self._get(_path(ticket_id, "comments"), deadline, query=query)
            except LargeAnswer as error:
                start, size = _less(start, size, error)
                continue
            yield page
            start, more = start + size, raw.count(page) == size
            size = larger(size, PAGE)

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
        return self._call("GET", "/tickets/search", self._deadline(), query={**query, "from": offset, "limit": size})

    def business_hours(self, named: str) -> BusinessCalendar:
        """Costs one credit, one for each list of holidays, and three more to find a name."""
        deadline = self._deadline()
        return hours.read(named, lambda path, query=None: self._call("GET", path, deadline, query=query))

    def greet(self) -> str:
        """Return the portal's edition, for one credit. Raises NotPermitted if our agent does not belong to it."""
        org_id = str(self._session.headers["orgId"])
        edition = payload.edition(self._call("GET", "/organizations", self._deadline()), org_id)
        if edition is None:
            raise NotPermitted(f"our agent does not belong to organisation {org_id}", hint="check the portal's org_id")
        return edition

    def catalogue(self) -> PortalCatalogue:
        """Return what a mapping refers to.

        Costs about ten credits, and four for each department; more with several layouts, or over 200 agents.
        """
        return catalogue.read(lambda path, query=None: self._call("GET", path, self._deadline(), query=query))

    def _deadline(self) -> DeadlineAdapter:
        return DeadlineAdapter(self._timeout.total_seconds())

    def _get(self, path: str, deadline: DeadlineAdapter, *, query: Mapping[str, str | int] | None = None) -> Body:
        """Return what Desk has of one record. Raises Unreadable where this record alone may be the cause."""
        try:
            return self._call("GET", path, deadline, query=query)
        except (Forbidden, OddAnswer) as error:
            raise Unreadable(str(error), hint=error.hint) from None

    def _call(
        self,
        method: str,
        path: str,
        deadline: DeadlineAdapter,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Body | None = None,
    ) -> Body:
        """Return the JSON object of the answer, {} for an answer without a body. Raises the errors of `failures`."""
        request = requests.Request(method, self._base + path, params=query, json=body)
        limit = ATTEMPTS if method in _REPEATABLE else 1
        attempts = Retrying(
            retry=retry_if_exception_type(BriefFailure),
            stop=lambda state: state.attempt_number >= limit or state.upcoming_sleep >= deadline.left(),
            wait=wait_exponential_jitter(multiplier=0.2, max=3, jitter=self._jitter),
            sleep=self._sleep,
            reraise=True,
        )
        response: requests.Response = attempts(self._attempt, request, f"{method} {path}", deadline)
        return _read(response, f"{method} {path}")

    def _attempt(self, request: requests.Request, call: str, deadline: DeadlineAdapter) -> requests.Response:
        """Return a successful answer of Desk. A token that Desk refuses is replaced once."""
        token = self._token(deadline)
        response = self._send(request, call, token, deadline)
        if response.status_code == _UNAUTHORIZED:
            token = self._token(deadline, refused=token)
            response = self._send(request, call, token, deadline)
        if not 200 <= response.status_code < 300:
            raise failure(response, call, our_words=self._our_words, now=self._now())
        return response

    def _token(self, deadline: DeadlineAdapter, *, refused: AccessToken | None = None) -> AccessToken:
        """Return an access token. Without one no call is possible: that counts as a failure of the portal."""
        try:
            return self._access.token(deadline, refused=refused)
        except (TemporaryError, CredentialsRefused):
            self._budget.failed("no access token")
            raise

    def _send(
        self, request: requests.Request, call: str, token: AccessToken, deadline: DeadlineAdapter
    ) -> requests.Response:
        """Return one answer of Desk, of any status, within the portal's budget."""
        request.auth = authorization(token)
        prepared = self._session.prepare_request(request)
        if deadline.passed:
            raise TemporaryError(f"the deadline passed before {call}")
        try:
            # At most half of the time left, so that a call that waited is not cut short as if Desk were slow.
            with self._budget.slot(timedelta(seconds=deadline.left() / 2)):
                response = self._session.send(prepared, timeout=deadline.timeout(), allow_redirects=False)
        except AnswerTooLarge as error:
            self._budget.spent(None)
            raise LargeAnswer(f"Desk's answer to {call} cannot be read: {error}", error.beginning) from None
        except requests.RequestException as error:
            self._budget.failed(type(error).__name__)
            raise _transport_error(error, call) from None
        self._record(response, call)
        return response

    def _record(self, response: requests.Response, call: str) -> None:
        """Record in the budget the effect of the answer on the whole portal."""
        wait = exhausted(response, now=self._now())
        if wait is not None:
            self._budget.exhausted(wait)
        elif failed := portal_failure(response, call):
            self._budget.failed(failed.cause, failed.about)
        else:
            left = response.headers.get(_CREDITS_LEFT, "")
            self._budget.spent(int(left) if _COUNT.fullmatch(left) else None)


def _transport_error(error: requests.RequestException, call: str) -> TemporaryError:
    """Return the error for a call without an answer, or with only part of one."""
    match error:
        case requests.Timeout():
            return TemporaryError(f"Desk did not answer {call} in time")
        case requests.ConnectionError() | ChunkedEncodingError():
            return BriefFailure(f"the connection broke during {call}: {type(error).__name__}")
        case _:
            return TemporaryError(f"Desk's answer to {call} cannot be read: {type(error).__name__}")


def _read(response: requests.Response, call: str) -> Body:
    if response.status_code == _NO_CONTENT:
        return {}
    answer = read_object(response)
    if answer is None:
        # A page is the portal's own, such as that of a maintenance; anything else may concern this record alone.
        raise (TemporaryError if is_page(response) else OddAnswer)(f"Desk's answer to {call} is not a JSON object")
    return answer


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
