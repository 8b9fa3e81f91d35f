"""The door for Desk's deliveries: POST /webhooks/desk/{portal}.

200 is answered after the delivery is committed and never before (L1); every other outcome has its row in STATUS.
410 would end the subscription and 202 or 204 are failures to Desk, so none of them is ever answered.
Desk waits 5 seconds for the answer; `reading` and `answering` together stay below.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from traceback import extract_tb
from typing import TypeAlias, TypeVar

import structlog
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from desk_sync.errors import BadDelivery, BadToken, ConfigurationError, TemporaryError
from desk_sync.ports import Recorded
from desk_sync.services.intake import Door
from desk_sync.web.doorbell import Doorbell

log = structlog.get_logger()

T = TypeVar("T")
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What deliveries may cost: `body` in bytes, `threads` for those whose sender is not known yet or that are long.

    A body of up to `short` bytes, with a token that is known, is read in less time than a thread takes to wake.
    """

    body: int = 5_000_000
    short: int = 20_000
    reading: timedelta = timedelta(seconds=2.5)
    answering: timedelta = timedelta(seconds=2)
    threads: int = 16


class TooLarge(Exception):
    """The body is longer than the limit."""


class TooSlow(Exception):
    """The body did not come in time."""


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
    doors: Mapping[str, Door],
    doorbells: Mapping[str, Doorbell],
    *,
    limits: Limits | None = None,
    watch: Callable[[Endpoint], Endpoint] = lambda receive: receive,
    beside: Sequence[BaseRoute] = (),
) -> Starlette:
    """The web application that receives deliveries; each portal has a door and a doorbell under its name.

    `watch` sees every answer to a delivery; the routes `beside` are served too.
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

    receiver = Receiver(doors, doorbells, limits or Limits())
    routes = [
        Route("/webhooks/desk/{portal}", watch(receiver.receive), methods=["GET", "POST"]),
        *beside,
    ]
    return Starlette(routes=routes, lifespan=ringing)


class Receiver:
    """Answers deliveries. What may wait or take long is done on a few threads; who finds none in time gets 503."""

    def __init__(self, doors: Mapping[str, Door], doorbells: Mapping[str, Doorbell], limits: Limits) -> None:
        self._doors = doors
        self._doorbells = doorbells
        self._limits = limits
        self._threads = Threads(limits.threads)

    async def receive(self, request: Request) -> Response:
        """One delivery, or one of Desk's handshakes (GET, or a POST that is no array)."""
        portal = request.path_params["portal"]
        door = self._doors.get(portal)
        if door is None:
            return _answer(HTTPStatus.NOT_FOUND)
        if request.method != "POST":
            return _ok()
        try:
            recorded = await self._accept(door, request)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, Desk must hear that it was not stored
            return _refusal(portal, error)
        # Its rows say the same, for less than the line costs.
        log.debug("delivery.accepted", portal=portal, stored=recorded.stored, known=recorded.known)
        return _ok(self._doorbells[portal] if recorded.stored else None)

    async def _accept(self, door: Door, request: Request) -> Recorded:
        body = await self._body(request)
        token = request.headers.get("X-ZDesk-JWT")
        async with asyncio.timeout(self._limits.answering.total_seconds()):
            at_once = len(body) <= self._limits.short and door.knows(token)
            accept = partial(door.accept, token, body)
            return await asyncio.wrap_future(accept() if at_once else await self._threads.run(accept))

    async def _body(self, request: Request) -> bytes:
        try:
            async with asyncio.timeout(self._limits.reading.total_seconds()):
                return await _read(request, self._limits.body)
        except TimeoutError:
            raise TooSlow from None


class Threads:
    """`count` threads and no queue: who finds none free waits outside and takes the delivery along when giving up.

    A call that was given up keeps its thread until it has ended. (With anyio's limiter it would not, and a store
    that hangs would cost one thread for each delivery.)
    """

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="delivery")

    async def run(self, call: Callable[[], T]) -> T:
        """Wait for a thread, then for the call."""
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        work = self._pool.submit(call)
        work.add_done_callback(lambda _: loop.call_soon_threadsafe(self._free.release))
        return await asyncio.wrap_future(work)


async def _read(request: Request, limit: int) -> bytes:
    if _announced(request) > limit:
        raise TooLarge
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge
    return bytes(body)


def _announced(request: Request) -> int:
    length = request.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else 0


def _refusal(portal: str, error: Exception) -> Response:
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), None)
    kind = type(error).__name__
    if status is None:
        # Neither message nor traceback: an error that nobody foresaw may quote a ticket (L11).
        log.error("delivery.failed", portal=portal, error=kind, where=_where(error))
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE)
    log.warning("delivery.refused", portal=portal, status=int(status), error=kind, cause=str(error))
    return _answer(status)


def _where(error: Exception) -> str:
    frame = extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _ok(doorbell: Doorbell | None = None) -> Response:
    """The ring comes after the answer, on the doorbell's own thread."""
    return PlainTextResponse("ok", background=BackgroundTask(_ring, doorbell) if doorbell else None)


def _answer(status: HTTPStatus) -> Response:
    """A refusal. It ends the connection, so that the rest of a body is not waited for."""
    return PlainTextResponse(status.phrase, status_code=status, headers={"Connection": "close"})


async def _ring(doorbell: Doorbell) -> None:
    doorbell.ring()
