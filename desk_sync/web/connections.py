"""The connections of the web process: limits that hold before anything in a request is checked.

uvicorn bounds neither the head of a request nor the time that it takes; its `limit_concurrency` refuses good requests
while half ones stay open. Here every phase of a connection has a timer, and the bytes between two steps have a limit.

Bytes that drip on hundreds of connections come in one iteration of the event loop, so each must be cheap: the parser
gets those of a head when it may be complete, the application those of a body when they are worth waking it.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar, TypeAlias

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = structlog.get_logger()

MOST_OPEN = 500
PIECE = 4_096
"""Bytes of a body for which the application is woken before its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Limits of connections: `open` at a time; `head` in bytes and `fields` for the head of a request.

    `between` is in bytes, too: for empty lines before a head, trailers, and the extensions of one chunk.
    `head_within` is the time from its first byte, or from the connection, until it is complete; `answer_within` the
    time from then until the answer is sent. The receiver answers deliveries sooner; this one holds for all requests.
    """

    head: int = 65_536
    fields: int = 100
    between: int = 4_096
    head_within: timedelta = timedelta(seconds=3)
    answer_within: timedelta = timedelta(seconds=10)
    open: int = MOST_OPEN


class CutReason(StrEnum):
    """The reason for which a connection was closed."""

    LONG_HEAD = "long head"
    SLOW_HEAD = "slow head"
    SLOW_REQUEST = "slow request"
    FULL = "too many connections"


CountCut: TypeAlias = Callable[[CutReason], None]


@dataclass(slots=True, kw_only=True)
class CutLog:
    """Counts the connections that were closed, and logs them: for each reason at most one line in `pause`."""

    count: CountCut = lambda reason: None
    pause: timedelta = timedelta(seconds=10)
    _since: Counter[CutReason] = field(default_factory=Counter)
    _next: dict[CutReason, float] = field(default_factory=dict)

    def record(self, reason: CutReason, at: float, connections: int) -> None:
        """Record a closed connection; `at` is in seconds on the clock of the event loop."""
        self.count(reason)
        self._since[reason] += 1
        if at >= self._next.get(reason, at):
            log.warning("connections.cut", reason=reason.value, count=self._since.pop(reason), open=connections)
            self._next[reason] = at + self.pause.total_seconds()


class LongHead(Exception):
    """The head of a request is longer than the limit. Raised in the parser, which refuses the request."""


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection, with limits. When too many are open, the one that is without a request longest is closed.

    So a new connection always finds room, except when as many requests as that are being answered.
    """

    limits: ClassVar[ConnectionLimits] = ConnectionLimits()
    cuts: ClassVar[CutLog] = CutLog()

    _quiet: ClassVar[OrderedDict[BoundedConnection, None]] = OrderedDict()
    """The connections without a request; first the one that is without it for longest."""

    _time_limit: asyncio.Handle | None = None
    _head_open = False
    _unread = 0
    """Bytes since the last complete head or piece of a body: of a head, of trailers, or of extensions of chunks."""
    _last = b""
    """The last two bytes."""

    _held: bytearray
    """The bytes of an open head that the parser does not have yet: it would copy a long value for each piece of it."""

    def __init_subclass__(cls) -> None:
        cls._quiet = OrderedDict()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._held = bytearray()
        self._await_head()
        if len(self.connections) > self.limits.open:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_limit()
        self._quiet.pop(self, None)
        self._held.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._unread += len(data)
        if self._head_open and not _has_empty_line(self._last + data):
            self._held += data
        else:
            self._parse(data)
        self._last = (self._last + data[-2:])[-2:]
        if self._unread > self._limit and not self.transport.is_closing():
            self.send_400_response("The head is too long.")
            self._record(CutReason.LONG_HEAD)

    def _parse(self, data: bytes) -> None:
        if self._held:
            data = bytes(self._held + data)
            self._held.clear()
        super().data_received(data)
        if self._time_limit is None:
            self._await_head()  # most heads are complete with their first bytes, and need no timer

    @property
    def _limit(self) -> int:
        return self.limits.head if self._head_open else self.limits.between

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_open = True

    def on_headers_complete(self) -> None:
        if len(self.headers) > self.limits.fields or self._head_size() > self.limits.head:
            self._record(CutReason.LONG_HEAD)
            raise LongHead
        self._head_open, self._unread = False, 0
        self._quiet.pop(self, None)
        self._limit_time(self.limits.answer_within, CutReason.SLOW_REQUEST)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        if self.cycle.response_complete or len(self.cycle.body) + len(body) >= PIECE:
            super().on_body(body)
        else:
            self.cycle.body += body  # the end of the body, or of the connection, wakes the application

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            return  # the timer goes on: a client that does not read its answer could keep the connection for ever
        if not self.cycle.response_complete:
            self._limit_time(self.limits.answer_within, CutReason.SLOW_REQUEST)  # the next, sent before this answer
        elif self.cycle.more_body:
            self.transport.close()  # nothing reads the rest of an answered request
        elif self._head_open:
            self._await_head()
        else:
            self._be_quiet()
            self._end_limit()  # until the next byte; uvicorn closes idle connections

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _be_quiet(self) -> None:
        self._quiet[self] = None
        self._quiet.move_to_end(self)

    def _await_head(self) -> None:
        self._be_quiet()
        self._limit_time(self.limits.head_within, CutReason.SLOW_HEAD)

    def _limit_time(self, within: timedelta, reason: CutReason) -> None:
        self._end_limit()
        self._time_limit = self.loop.call_later(within.total_seconds(), self._cut, reason)

    def _end_limit(self) -> None:
        if self._time_limit is not None:
            self._time_limit.cancel()
            self._time_limit = None

    def _make_room(self) -> None:
        """Close the connection that has been without a request for longest; this one, if all others have one."""
        next(iter(self._quiet))._cut(CutReason.FULL)

    def _cut(self, reason: CutReason) -> None:
        self._quiet.pop(self, None)
        self._record(reason)
        self.transport.abort()

    def _record(self, reason: CutReason) -> None:
        self.cuts.record(reason, self.loop.time(), len(self.connections))


def bounded(count: CountCut) -> type[BoundedConnection]:
    """Return the protocol for uvicorn; `count` is called with each connection that is closed by a limit."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = MOST_OPEN if files == resource.RLIM_INFINITY else min(MOST_OPEN, files // 2)
    shared = {"limits": ConnectionLimits(open=limit), "cuts": CutLog(count=count)}
    return type(BoundedConnection.__name__, (BoundedConnection,), shared)


def _has_empty_line(data: bytes) -> bool:
    return b"\n\r\n" in data or b"\n\n" in data
