"""A read-only client for Zoho's APIs: JSON over the hardened transport, with a token, at a limited rate.

`CallPace` spaces the calls of one process evenly; a pull makes one call at a time. Temporary failures are repeated.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from tenacity import RetryCallState, Retrying, nap, retry_if_exception_type, stop_after_attempt

from desk_sync.adapters.zoho.auth import AccessTokens, authorization, permit_loopback
from desk_sync.adapters.zoho.hosts import allowed
from desk_sync.adapters.zoho.json_reader import NotJson, read_json
from desk_sync.adapters.zoho.transport import DeadlineAdapter, harden
from desk_sync.errors import Absent, NotPermitted, PermanentError, TemporaryError

TIMEOUT = timedelta(seconds=20)
LOOKUP_TIMEOUT = timedelta(seconds=10)
"""The longest duration of a look-up of one account in all: a ticket waits for it."""
ATTEMPTS = 4
_PAUSE = timedelta(seconds=5)
_SECONDS = re.compile("[0-9]{1,6}")
_LONGEST_PAUSE = timedelta(minutes=1)
_TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """The JSON of a success, and its headers, with case-insensitive names."""

    body: Any
    headers: Mapping[str, str]


class ZohoApi:
    """A client that sends only GET. Safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        *,
        access: AccessTokens,
        pace: CallPace,
        headers: Mapping[str, str] | None = None,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = nap.sleep,
    ) -> None:
        """Raises ConfigurationError if the host, such as https://www.zohoapis.eu, is not one of Zoho's."""
        self._base = allowed(base_url.rstrip("/"))
        self._access = access
        self._pace = pace
        self._attempts = attempts
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

    def get(self, path: str, **query: str | int) -> ApiAnswer:
        """Return the answer. Raises TemporaryError, PermanentError or NotPermitted; messages contain no query."""
        attempts = Retrying(
            retry=retry_if_exception_type(TemporaryError),
            stop=stop_after_attempt(self._attempts),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        answer: ApiAnswer = attempts(self._attempt, path, query)
        return answer

    def _attempt(self, path: str, query: Mapping[str, str | int]) -> ApiAnswer:
        seconds = TIMEOUT.total_seconds()
        deadline = self._deadline.within(seconds) if self._deadline else DeadlineAdapter(seconds)
        token = self._access.token(deadline)
        response = self._send(path, query, token, deadline)
        if response.status_code == _UNAUTHORIZED:
            token = self._access.token(deadline, refused=token)
            response = self._send(path, query, token, deadline)
        return _read(response, path)

    def _send(
        self, path: str, query: Mapping[str, str | int], token: Any, deadline: DeadlineAdapter
    ) -> requests.Response:
        request = requests.Request("GET", self._base + path, params=dict(query), auth=authorization(token))
        prepared = self._session.prepare_request(request)
        self._pace.wait()
        try:
            return self._session.send(prepared, timeout=deadline.timeout(), allow_redirects=False)
        except requests.RequestException as error:
            raise TemporaryError(f"no answer to {path}: {type(error).__name__}") from None


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    pause = error.retry_after if isinstance(error, TemporaryError) else _PAUSE
    return min(pause, _LONGEST_PAUSE).total_seconds()


def _read(response: requests.Response, path: str) -> ApiAnswer:
    status = f"{response.status_code} to {path}"
    if response.status_code in (_UNAUTHORIZED, _FORBIDDEN):
        raise NotPermitted(status, hint="give the source's credentials the scopes that it needs")
    if response.status_code in _TEMPORARY:
        seconds = response.headers.get("Retry-After", "")
        raise TemporaryError(
            status, retry_after=timedelta(seconds=int(seconds)) if _SECONDS.fullmatch(seconds) else _PAUSE
        )
    if response.status_code == _NOT_FOUND:
        raise Absent(status)
    if not 200 <= response.status_code < 300:
        raise PermanentError(status)
    try:
        return ApiAnswer(body=read_json(response.content), headers=response.headers)
    except NotJson:
        raise TemporaryError(f"{status}, and the body is not JSON") from None
