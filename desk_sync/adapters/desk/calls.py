"""Single calls to one portal's REST API, within its budget, with its token, and with an end.

A call that belongs to an operation ends within the operation's deadline, however many requests it needs and however
slowly the answer arrives. A GET is retried within seconds; longer waits are the caller's. A write is sent once: if its
answer is lost, its caller reads again first (L7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import requests
from requests.adapters import BaseAdapter
from requests.exceptions import ChunkedEncodingError
from tenacity import Retrying, nap, retry_if_exception_type, wait_exponential_jitter

from desk_sync.adapters.desk.failures import (
    BriefFailure,
    Forbidden,
    ScopeMissing,
    exhausted,
    failure,
    is_doubtful,
    is_page,
    portal_failure,
)
from desk_sync.adapters.zoho.auth import AccessTokens, authorization, permit_loopback
from desk_sync.adapters.zoho.hosts import allowed
from desk_sync.adapters.zoho.transport import AnswerTooLarge, DeadlineAdapter, harden, read_object
from desk_sync.errors import CredentialsRefused, NotSent, TemporaryError, Unreadable, WriteForbidden
from desk_sync.ports.desk_clock import ONE_CLOCK, AnswerClock
from desk_sync.ports.now import Now
from desk_sync.ports.portal import AccessToken, CallBudget

TIMEOUT = timedelta(seconds=20)
ATTEMPTS = 4
JITTER = 0.5

Body = dict[str, object]
"""A JSON object, sent or received."""
Query = Mapping[str, str | int]

_CREDITS_LEFT = "X-Rate-Limit-Remaining-v3"
_COUNT = re.compile("[0-9]{1,9}")
_UNAUTHORIZED = 401
_AT_ONCE = timedelta(seconds=1)
_NO_CONTENT = 204


class OddAnswer(TemporaryError):
    """A success whose body is not a JSON object."""


class LargeAnswer(Unreadable):
    """Desk's answer is over the size limit. `beginning` are its first bytes."""

    def __init__(self, message: str, beginning: bytes) -> None:
        super().__init__(message)
        self.beginning = beginning


class DeskCalls:
    """The calls to one portal. Safe to share between threads; `connections` bounds the calls at a time."""

    def __init__(
        self,
        *,
        desk_url: str,
        org_id: str,
        our_words: Mapping[str, str],
        access: AccessTokens,
        budget: CallBudget,
        now: Now,
        clock: AnswerClock = ONE_CLOCK,
        connections: int = 10,
        timeout: timedelta = TIMEOUT,
        sleep: Callable[[float], None] = nap.sleep,
        jitter: float = JITTER,
        transport: BaseAdapter | None = None,
    ) -> None:
        """`our_words` gives our word for a field by its API name, for messages. `jitter` is in seconds.

        Raises ConfigurationError if `desk_url`, such as https://desk.zoho.eu, is not a host of Zoho.
        """
        self._base = allowed(desk_url.rstrip("/") + "/api/v1")
        self.org_id = org_id
        self._our_words = our_words
        self._access = access
        self._budget = budget
        self._now = now
        self._clock = clock
        self._timeout = timeout
        self._sleep = sleep
        self._jitter = jitter
        self._session = harden(requests.Session(), connections=connections, transport=transport)
        self._session.headers.update({"orgId": org_id, "Accept": "application/json"})
        permit_loopback(self._base)

    def deadline(self) -> DeadlineAdapter:
        """Return the deadline of an operation that begins now."""
        return DeadlineAdapter(self._timeout.total_seconds())

    def get(self, path: str, deadline: DeadlineAdapter, *, query: Query | None = None) -> Body:
        """Return what Desk has of one record. Raises Unreadable where this record alone may be the cause."""
        try:
            return self.call("GET", path, deadline, query=query)
        except (Forbidden, OddAnswer) as error:
            raise Unreadable(str(error), hint=error.hint) from None

    def write(self, method: str, path: str, deadline: DeadlineAdapter, body: Body) -> Body:
        """Send a body. Raises WriteForbidden where our agent may read the record and not write this."""
        try:
            return self.call(method, path, deadline, body=body)
        except (Forbidden, ScopeMissing) as error:
            raise WriteForbidden(str(error), hint=error.hint) from None

    def call(
        self,
        method: str,
        path: str,
        deadline: DeadlineAdapter,
        *,
        query: Query | None = None,
        body: Body | None = None,
    ) -> Body:
        """Return the JSON object of the answer, {} for an answer without a body. Raises the errors of `failures`."""
        request = requests.Request(method, self._base + path, params=query, json=body)
        limit = ATTEMPTS if method == "GET" else 1
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
        """Return a successful answer of Desk. A token that Desk refuses is replaced once; a PATCH is not repeated."""
        token = self._token(deadline)
        response = self._send(request, call, token, deadline)
        if response.status_code == _UNAUTHORIZED:
            token = self._token(deadline, refused=token)
            if request.method == "PATCH":
                raise TemporaryError(f"Desk refused the access token of {call}; it is replaced", retry_after=_AT_ONCE)
            response = self._send(request, call, token, deadline)
        if not 200 <= response.status_code < 300:
            raise failure(response, call, our_words=self._our_words, now=_date(response) or self._now())
        return response

    def _token(self, deadline: DeadlineAdapter, *, refused: AccessToken | None = None) -> AccessToken:
        """Return an access token. Without one no call is possible: that counts as a failure of the portal."""
        try:
            return self._access.token(deadline, refused=refused)
        except CredentialsRefused:
            self._budget.failed("no access token")
            raise
        except TemporaryError as error:
            self._budget.failed("no access token")
            raise NotSent(str(error), retry_after=error.retry_after, hint=error.hint) from None

    def _send(
        self, request: requests.Request, call: str, token: AccessToken, deadline: DeadlineAdapter
    ) -> requests.Response:
        """Return one answer of Desk, of any status, within the portal's budget."""
        request.auth = authorization(token)
        prepared = self._session.prepare_request(request)
        if deadline.passed:
            raise NotSent(f"the deadline passed before {call}")
        try:
            # At most half of the time left, so that a call that waited is not cut short as if Desk were slow.
            with self._budget.slot(timedelta(seconds=deadline.left() / 2)):
                sent_at, sent = self._now(), self._clock.steady()
                response = self._session.send(prepared, timeout=deadline.timeout(), allow_redirects=False)
        except AnswerTooLarge as error:
            self._budget.spent(None, sent_at=sent_at)
            raise LargeAnswer(f"Desk's answer to {call} cannot be read: {error}", error.beginning) from None
        except requests.RequestException as error:
            self._budget.failed(type(error).__name__)
            raise _transport_error(error, call) from None
        self._record(response, call, sent_at, sent)
        return response

    def _record(self, response: requests.Response, call: str, sent_at: datetime, sent: timedelta) -> None:
        """Record what the answer shows of the whole portal: in the budget its effect, and Desk's time in the clock."""
        wait = exhausted(response, now=_date(response) or self._now())
        if wait is not None:
            self._budget.exhausted(wait)
        elif failed := portal_failure(response, call):
            self._budget.failed(failed.cause, failed.about)
        else:
            header = response.headers.get(_CREDITS_LEFT, "")
            left = int(header) if _COUNT.fullmatch(header) else None
            count = self._budget.counted if is_doubtful(response, call) else self._budget.spent
            count(left, sent_at=sent_at)
            if date := _date(response):
                self._clock.record(date, sent=sent)


def _transport_error(error: requests.RequestException, call: str) -> TemporaryError:
    """Return the error for a call without an answer, or with only part of one."""
    match error:
        case requests.Timeout():
            return TemporaryError(f"Desk did not answer {call} in time")
        case requests.ConnectionError() | ChunkedEncodingError():
            return BriefFailure(f"the connection broke during {call}: {type(error).__name__}")
        case _:
            return TemporaryError(f"Desk's answer to {call} cannot be read: {type(error).__name__}")


def _date(response: requests.Response) -> datetime | None:
    """Return when Desk gave the answer, by its header (RFC 9110, 6.6.1); None if a cache gave it, or without a date."""
    if response.headers.get("Age", "0").strip() != "0":
        return None
    try:
        date = parsedate_to_datetime(response.headers.get("Date", ""))
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _read(response: requests.Response, call: str) -> Body:
    if response.status_code == _NO_CONTENT:
        return {}
    answer = read_object(response)
    if answer is None:
        # A page is the portal's own, such as that of a maintenance; anything else may concern this record alone.
        raise (TemporaryError if is_page(response) else OddAnswer)(f"Desk's answer to {call} is not a JSON object")
    return answer
