"""The receiver of Desk's deliveries: POST /webhooks/desk/{portal}.

200 is sent after the delivery is committed and never before (L1); every other outcome has its row in STATUS.
410 would end the subscription, and Desk treats 202 and 204 as failures, so none of them is ever sent.
Desk waits 5 seconds for the answer; the receiver sends it within three.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from threading import Lock
from typing import TypeAlias, TypeVar

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from desk_sync.errors import BadDelivery, BadToken, ConfigurationError, DeliveryFault, TemporaryError, where
from desk_sync.ports.tickets import RecordedDelivery
from desk_sync.services.intake import DeliveryDoor
from desk_sync.web.doorbell import Doorbell

log = structlog.get_logger()

T = TypeVar("T")
Count: TypeAlias = Callable[[str, HTTPStatus], None]
Refused: TypeAlias = Callable[[str, DeliveryFault], None]
Headers: TypeAlias = Mapping[bytes, bytes]

PATH_PREFIX = "/webhooks/desk/"
HANDSHAKES: Mapping[str, HTTPStatus] = {"GET": HTTPStatus.OK, "HEAD": HTTPStatus.OK}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverLimits:
    """Limits of deliveries: `body` in bytes, `threads` for those whose token is not known yet or whose body is long.

    `within` is the time from a delivery's head to its answer, one timer for all of it.
    A body of up to `short` bytes with a known token is read without a thread: waking one would take longer.
    A longer one is read only with a valid token, and all of them together take at most `room` bytes.
    """

    body: int = 5_000_000
    short: int = 20_000
    room: int = 10_000_000
    within: timedelta = timedelta(seconds=3)
    threads: int = 16


class TooLarge(Exception):
    """The body is longer than the limit."""


class TooSlow(Exception):
    """The body did not arrive in time."""


FAULTS: Mapping[type[Exception], DeliveryFault] = {
    TooSlow: DeliveryFault.TOO_SLOW,
    TooLarge: DeliveryFault.TOO_LARGE,
}
"""Those of errors that know no fault; after any other error the receiver was not available."""

STATUS: Mapping[type[Exception], HTTPStatus] = {
    BadDelivery: HTTPStatus.BAD_REQUEST,
    ClientDisconnect: HTTPStatus.BAD_REQUEST,
    BadToken: HTTPStatus.UNAUTHORIZED,
    TooSlow: HTTPStatus.REQUEST_TIMEOUT,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    TemporaryError: HTTPStatus.SERVICE_UNAVAILABLE,
    TimeoutError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def app(
    doors: Mapping[str, DeliveryDoor],
    doorbells: Mapping[str, Doorbell],
    *,
    limits: ReceiverLimits | None = None,
    count: Count = lambda portal, status: None,
    refused: Refused = lambda portal, fault: None,
    extra_routes: Sequence[BaseRoute] = (),
) -> ASGIApp:
    """Return the web application that receives deliveries; each portal has a door and a doorbell under its name.

    `count` is called with every answer, with "unknown" for a portal that is not ours, and `refused` with every fault of
    a delivery to one that is; `extra_routes` are served too.
    """
    if doors.keys() != doorbells.keys():
        raise ConfigurationError(f"doors {sorted(doors)} and doorbells {sorted(doorbells)} do not match")

    @asynccontextmanager
    async def ringing(_: Starlette) -> AsyncIterator[None]:
        for doorbell in doorbells.values():
            doorbell.start()
        yield
        for doorbell in doorbells.values():
            doorbell.stop()

    receiver = DeliveryReceiver(doors, doorbells, limits or ReceiverLimits(), count, refused)
    others = Starlette(routes=extra_routes, lifespan=ringing)

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        delivered = scope["type"] == "http" and scope["path"].startswith(PATH_PREFIX)
        await (receiver if delivered else others)(scope, receive, send)

    return route


class DeliveryReceiver:
    """Answers deliveries. Work that may take long runs on a few threads; a delivery without one in time gets 503.

    A bare ASGI application: a framework's routing, request and response would cost more than the rest.
    """

    def __init__(
        self,
        doors: Mapping[str, DeliveryDoor],
        doorbells: Mapping[str, Doorbell],
        limits: ReceiverLimits,
        count: Count,
        refused: Refused,
    ) -> None:
        self._doors = doors
        self._doorbells = doorbells
        self._limits = limits
        self._count = count
        self._refused = refused
        self._threads = DeliveryThreads(limits.threads)
        self._room = BodyRoom(limits.room)
        self._ended = FutureWaiter()
        self._log = log.bind()  # bound once: binding for each line costs more than a line that is filtered out

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a delivery, or one of Desk's handshakes (GET, or a POST that is no array), then ring the doorbell."""
        portal = scope["path"].removeprefix(PATH_PREFIX)
        status, stored = await self._take(portal, scope, receive)
        await _answer(status, send)
        self._count(portal if portal in self._doors else "unknown", status)
        if stored:
            self._doorbells[portal].ring()

    async def _take(self, portal: str, scope: Scope, receive: Receive) -> tuple[HTTPStatus, int]:
        """Return the status to answer, and the number of new events."""
        door = self._doors.get(portal)
        if door is None:
            return HTTPStatus.NOT_FOUND, 0
        if scope["method"] != "POST":
            return HANDSHAKES.get(scope["method"], HTTPStatus.METHOD_NOT_ALLOWED), 0
        try:
            recorded = await self._accept(door, scope, receive)
        except Exception as error:  # noqa: BLE001 - after any error the answer must be a refusal: nothing was stored
            status = _refusal(portal, error)
            if fault := fault_of(error):
                self._refused(portal, fault)
            error.__traceback__ = None  # its frames hold the body, and futures that they hold may hold the error
            return status, 0
        # Only for debugging: the stored rows hold the same facts and cost less than the line.
        self._log.debug("delivery.accepted", portal=portal, stored=recorded.stored, known=recorded.known)
        return HTTPStatus.OK, recorded.stored

    async def _accept(self, door: DeliveryDoor, scope: Scope, receive: Receive) -> RecordedDelivery:
        headers, body = dict(scope["headers"]), None
        token = headers.get(b"x-zdesk-jwt", b"").decode("latin-1")
        with self._room.reserved() as reserve:
            try:
                async with asyncio.timeout(self._limits.within.total_seconds()):
                    _check_announced(headers, self._limits.body)
                    body = await self._read(door, token, receive, reserve)
                    return await self._ended.wait_for(await self._submit(door, token, body))
            except TimeoutError:
                if body is None:
                    raise TooSlow from None
                raise

    async def _read(self, door: DeliveryDoor, token: str, receive: Receive, reserve: Callable[[int], None]) -> bytes:
        """Return the body. Before a long one is read to its end, there must be room, and the token must be valid."""
        body, more, is_long = bytearray(), True, False
        while more:
            piece, more = await _piece(receive)
            body += piece
            if len(body) > self._limits.body:
                raise TooLarge
            if len(body) > self._limits.short:
                reserve(len(body))
                if not is_long and not door.is_known(token):
                    await self._threads.run(partial(door.verify, token))
                is_long = True
        return bytes(body)

    async def _submit(self, door: DeliveryDoor, token: str, body: bytes) -> Future[RecordedDelivery]:
        if len(body) <= self._limits.short and door.is_known(token):
            return door.take(body)
        return await self._threads.run(partial(door.accept, token, body))


class BodyRoom:
    """Memory in bytes for the long bodies of all deliveries together; those that find none are to be sent again."""

    def __init__(self, size: int) -> None:
        self._free = size

    @contextmanager
    def reserved(self) -> Iterator[Callable[[int], None]]:
        """Yield a function that reserves room for a body of so many bytes in all, until the end of the block.

        It raises TemporaryError if there is no room.
        """
        held = 0

        def reserve(size: int) -> None:
            nonlocal held
            if size - held > self._free:
                raise TemporaryError("too many long deliveries at a time")
            self._free -= size - held
            held = size

        try:
            yield reserve
        finally:
            self._free += held


class FutureWaiter:
    """Waits on the event loop for futures of other threads; those that end together wake the loop once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiters: list[asyncio.Future[None]] = []

    async def wait_for(self, future: Future[T]) -> T:
        """Return or raise the future's outcome; a cancelled wait cancels the future."""
        if not future.done():
            loop = asyncio.get_running_loop()
            waiter = loop.create_future()
            future.add_done_callback(lambda _: self._end(loop, waiter))
            try:
                await waiter
            except asyncio.CancelledError:
                future.cancel()
                raise
        return future.result()

    def _end(self, loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[None]) -> None:
        with self._lock:
            self._waiters.append(waiter)
            first = len(self._waiters) == 1
        if first:
            _call_soon(loop, self._wake)

    def _wake(self) -> None:
        with self._lock:
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class DeliveryThreads:
    """`count` threads and no queue: a call waits on the event loop for a free one, and is dropped when it gives up.

    A call that gave up while running keeps its thread until it has ended. (With anyio's limiter it would not, and a
    store that hangs would cost one thread for each delivery.)
    """

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="delivery")

    async def run(self, call: Callable[[], T]) -> T:
        """Wait for a free thread, then run the call on it and return its result."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        work = self._pool.submit(call)
        work.add_done_callback(lambda _: _call_soon(loop, self._free.release))
        return await asyncio.wrap_future(work)


def _call_soon(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    """Call it on the loop, from another thread; do nothing if the loop is closed, as at the end of the process."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)


def _check_announced(headers: Headers, limit: int) -> None:
    """Raise TooLarge if the body is announced to be longer than `limit`."""
    announced = headers.get(b"content-length", b"")
    if announced.isdigit() and int(announced) > limit:
        raise TooLarge


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    """Return the next piece of a body, and True if more follow. Raises ClientDisconnect."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def fault_of(error: Exception) -> DeliveryFault | None:
    """Return why a delivery was refused; None if the sender went away."""
    if isinstance(error, ClientDisconnect):
        return None
    if isinstance(error, BadToken | BadDelivery):
        return error.fault
    return FAULTS.get(type(error), DeliveryFault.UNAVAILABLE)


def _refusal(portal: str, error: Exception) -> HTTPStatus:
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), None)
    kind = type(error).__name__
    if status is None:
        # Neither message nor traceback: an unexpected error may quote a ticket (L11).
        log.error("delivery.failed", portal=portal, error=kind, where=where(error))
        return HTTPStatus.SERVICE_UNAVAILABLE
    log.warning("delivery.refused", portal=portal, status=int(status), error=kind, cause=str(error))
    return status


async def _answer(status: HTTPStatus, send: Send) -> None:
    """Send the answer. A refusal closes the connection, so that the rest of a body is not waited for."""
    text = b"ok" if status is HTTPStatus.OK else status.phrase.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
    if status is not HTTPStatus.OK:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": text})
