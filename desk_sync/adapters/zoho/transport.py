"""HTTP with firm limits: a timeout bounds a whole answer, not each read of it, and an answer has a maximum size.

Timeouts are seconds on the monotonic clock. Nothing is retried here, no redirect is followed, and neither proxies nor
passwords are taken from the environment.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from http.client import HTTPResponse
from socket import socket
from typing import Any, TypeVar

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from desk_sync.adapters.zoho.json_reader import NotJson, read_json

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 10.0
LARGEST_ANSWER = 8 * 1024 * 1024

S = TypeVar("S", bound=requests.Session)


class AnswerTooLarge(requests.RequestException):
    """An answer has more than LARGEST_ANSWER bytes. `beginning` are the first of them; the rest was not read."""

    def __init__(self, beginning: bytes) -> None:
        super().__init__(f"the answer is larger than {LARGEST_ANSWER} bytes")
        self.beginning = beginning


class DeadlineAdapter:
    """The instant by which a call must end, however many requests it needs."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Return the seconds left, never below zero."""
        return max(0.0, self._end - self._clock())

    def within(self, seconds: float) -> DeadlineAdapter:
        """Return this deadline, or one in `seconds`, whichever comes first."""
        return DeadlineAdapter(min(seconds, self.left()), clock=self._clock)

    @property
    def passed(self) -> bool:
        return self.left() == 0.0

    def timeout(self) -> tuple[float, float]:
        """Return the seconds for the next request to connect, and to be answered in full. Raises `requests.Timeout`."""
        left = self.left()
        if not left:
            raise requests.Timeout("the deadline has passed")
        return min(CONNECT_SECONDS, left), min(ANSWER_SECONDS, left)


def harden(session: S, *, connections: int = 1, transport: BaseAdapter | None = None) -> S:
    """Return the session with the limits of this module, for up to `connections` requests at a time.

    `transport` replaces the socket transport.
    """
    session.trust_env = False
    session.hooks["response"].append(_read_within_limit)
    adapter = transport or _Adapter(pool_maxsize=connections, max_retries=0)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def read_object(response: requests.Response) -> dict[str, object] | None:
    """Return the JSON object in the answer's body; None for anything else."""
    try:
        answer = read_json(response.content)
    except NotJson:
        return None
    return answer if isinstance(answer, dict) else None


def _read_within_limit(response: requests.Response, **_: Any) -> None:
    body = bytearray()
    for chunk in response.iter_content(64 * 1024):
        body += chunk
        if len(body) > LARGEST_ANSWER:
            response.close()
            raise AnswerTooLarge(bytes(body))
    response._content = bytes(body)


class _Reader(io.RawIOBase):
    """Reads a socket until a deadline, which a server that sends a byte a second cannot extend."""

    def __init__(self, raw: io.RawIOBase, sock: socket) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = DeadlineAdapter(sock.gettimeout() or ANSWER_SECONDS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline.left()
        if not left:
            raise TimeoutError("the answer takes too long")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class _Http(HTTPConnection):
    response_class = _Answer


class _Https(HTTPSConnection):
    response_class = _Answer


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
