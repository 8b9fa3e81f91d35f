"""A read-only client for Zoho's APIs: JSON over the hardened transport, with a token, at a limited rate.

`CallPace` spaces the calls of one process evenly; a pull makes one call at a time. Temporary failures are repeated. A
pause that the server asks for is kept, whatever its length: a short one here, a long one by AllowanceSpent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import requests
from tenacity import RetryCallState, Retrying, nap, retry_if_exception, stop_after_attempt

from desk_sync.adapters.subscriptions.zoho_answer import LONGEST_PAUSE, PAUSE, ApiAnswer, read_answer
from desk_sync.adapters.zoho.auth import AccessTokens, authorization, permit_loopback
from desk_sync.adapters.zoho.hosts import allowed
from desk_sync.adapters.zoho.transport import DeadlineAdapter, harden
from desk_sync.errors import AllowanceSpent, TemporaryError
from desk_sync.ports.now import Now

TIMEOUT = timedelta(seconds=20)
LOOKUP_TIMEOUT = timedelta(seconds=10)
"""The longest duration of a look-up of one account in all: a ticket waits for it."""
ATTEMPTS = 4


class CallPace:
    """Spaces calls evenly, at most `per_minute` in a minute. Safe to share between threads."""

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = nap.sleep,
    ) -> None:
        self._gap = 60 / per_minute
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Sleep until the next call is permitted."""
        with self._lock:
            now = self._clock()
            at = max(now, self._next)
            self._next = at + self._gap
        if at > now:
            self._sleep(at - now)


class _NoCall(Exception):
    """A call is not made, and not tried again, because of `error`."""

    def __init__(self, error: TemporaryError) -> None:
        super().__init__(str(error))
        self.error = error


def _unlimited() -> None:
    """Allow a call."""


@dataclass(frozen=True, slots=True)
class CallAllowance:
    """Counts each call. Raises AllowanceSpent for one more than the day allows; pulls leave a reserve to look-ups."""

    for_look_ups: Callable[[], object] = _unlimited
    for_pulls: Callable[[], object] = _unlimited


class ZohoApi:
    """A client that sends only GET. Safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        *,
        access: AccessTokens,
        pace: CallPace,
        now: Now,
        headers: Mapping[str, str] | None = None,
        attempts: int = ATTEMPTS,
        allowance: CallAllowance | None = None,
        sleep: Callable[[float], None] = nap.sleep,
    ) -> None:
        """Raises ConfigurationError if the host, such as https://www.zohoapis.eu, is not one of Zoho's."""
        self._base = allowed(base_url.rstrip("/"))
        self._access = access
        self._pace = pace
        self._now = now
        self._attempts = attempts
        self._allowance = allowance or CallAllowance()
        self._before_each = self._allowance.for_look_ups
        self._sleep = sleep
        self._deadline: DeadlineAdapter | None = None
        self._session = harden(requests.Session())
        self._session.headers.update({"Accept": "application/json", **(headers or {})})
        permit_loopback(self._base)

    def within(self, span: timedelta) -> ZohoApi:
        """Return a copy whose calls together end within `span`; none is repeated."""
        bounded = copy(self)
        bounded._attempts = 1
        bounded._deadline = DeadlineAdapter(span.total_seconds())
        return bounded

    def working(self, work: Callable[[], object]) -> ZohoApi:
        """Return a copy for a pull, which calls `work` before each request and leaves the look-ups their reserve."""

        def before_each() -> None:
            self._allowance.for_pulls()
            work()

        other = copy(self)
        other._before_each = before_each
        return other

    def get(self, path: str, **query: str | int) -> ApiAnswer:
        """Return the answer. Raises TemporaryError, PermanentError or NotPermitted; messages contain no query."""
        attempts = Retrying(
            retry=retry_if_exception(_is_worth_repeating),
            stop=stop_after_attempt(self._attempts),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            answer: ApiAnswer = attempts(self._attempt, path, query)
        except _NoCall as stopped:
            raise stopped.error from None
        return answer

    def _attempt(self, path: str, query: Mapping[str, str | int]) -> ApiAnswer:
        seconds = TIMEOUT.total_seconds()
        deadline = self._deadline.within(seconds) if self._deadline else DeadlineAdapter(seconds)
        token = self._access.token(deadline)
        response = self._send(path, query, token, deadline)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            token = self._access.token(deadline, refused=token)
            response = self._send(path, query, token, deadline)
        return read_answer(response, path, self._now())

    def _send(
        self, path: str, query: Mapping[str, str | int], token: Any, deadline: DeadlineAdapter
    ) -> requests.Response:
        request = requests.Request("GET", self._base + path, params=dict(query), auth=authorization(token))
        prepared = self._session.prepare_request(request)
        try:
            self._before_each()
        except TemporaryError as error:
            raise _NoCall(error) from None
        self._pace.wait()
        try:
            return self._session.send(prepared, timeout=deadline.timeout(), allow_redirects=False)
        except requests.RequestException as error:
            raise TemporaryError(f"no answer to {path}: {type(error).__name__}") from None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return (error.retry_after if isinstance(error, TemporaryError) else PAUSE).total_seconds()


def _is_worth_repeating(error: BaseException) -> bool:
    """Return True for a failure after a short pause; a long one ends the pull for now."""
    short = isinstance(error, TemporaryError) and error.retry_after <= LONGEST_PAUSE
    return short and not isinstance(error, AllowanceSpent)
