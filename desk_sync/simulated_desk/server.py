"""The simulated Desk on one port: REST interface, accounts server, key set and control interface.

It listens on 127.0.0.1 only. Every change of the portal runs on the event loop, one call at a time; only the
handshake with the URL of a new webhook runs on a thread. The clock is read here.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from urllib.parse import parse_qsl

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as WebRequest
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from desk_sync.har import HarRecorder
from desk_sync.simulated_desk import control
from desk_sync.simulated_desk.beside import ApisBeside, MakeBeside
from desk_sync.simulated_desk.error import RestError
from desk_sync.simulated_desk.faults import NONE, FaultChance, FaultInjector
from desk_sync.simulated_desk.portal.quirks import DeskQuirks
from desk_sync.simulated_desk.rest.api import BASE, RestRequest, RestResponse, SimulatedDesk, failure, joined
from desk_sync.simulated_desk.running import KEYS_PATH, TOKEN_PATH, RunningDesk, add_partners

HOST = "127.0.0.1"
ABORT = "desk_sync.abort"


def serve(
    *,
    port: int,
    accounts: Path | None = None,
    deliver_to: str | None = None,
    har: Path | None = None,
    quirks: DeskQuirks | None = None,
    beside: MakeBeside | None = None,
    announce: Callable[[dict[str, str]], None],
) -> None:
    """Serve until SIGINT or SIGTERM; port 0 is any free one. `announce` gets the settings of a client when ready.

    The APIs that `beside` makes are on the same port.
    """
    site = RunningDesk(now=_now, quirks=quirks, deliver_to=deliver_to)
    if accounts:
        add_partners(site.portal, accounts)
    others = beside(_now, site.accounts) if beside else None
    with _listening(port) as (listener, url):
        facts = site.facts(url) | dict(others.facts(url) if others else {})
        _server(site, har, lambda: announce(facts), others).run(sockets=[listener])
    site.webhook_sender.close()


@contextmanager
def running(
    *,
    deliver_to: str | None = None,
    quirks: DeskQuirks | None = None,
    har: Path | None = None,
    beside: MakeBeside | None = None,
) -> Iterator[tuple[RunningDesk, str]]:
    """Run a simulated Desk on a thread of this process, for tests; yield it and its URL."""
    site, ready = RunningDesk(now=_now, quirks=quirks, deliver_to=deliver_to), threading.Event()
    others = beside(_now, site.accounts) if beside else None
    with _listening(0) as (listener, url):
        server = _server(site, har, ready.set, others)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            if not ready.wait(10):
                raise TimeoutError("the simulated Desk did not start")
            yield site, url
        finally:
            server.should_exit = True
            thread.join()
            site.webhook_sender.close()


def application(site: RunningDesk, beside: ApisBeside | None = None) -> ASGIApp:
    """Return the ASGI application of a simulated Desk, with the APIs `beside` it."""

    async def token(request: WebRequest) -> object:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        return site.accounts.answer({**request.query_params, **form})

    async def keys(request: WebRequest) -> object:
        return site.signer.key_set()

    routes: list[BaseRoute] = [
        Mount(BASE, app=_Rest(site.desk)),
        Route(TOKEN_PATH, _OtherPath(site.chance, f"POST {TOKEN_PATH}", token), methods=["POST"]),
        Route(KEYS_PATH, _OtherPath(site.chance, f"GET {KEYS_PATH}", keys), methods=["GET"]),
        *control.routes(site),
    ]
    if beside:
        routes += [Mount(place, app=_Beside(site.chance, beside)) for place in beside.places]
    return Starlette(routes=routes)


class _Rest:
    """Desk's REST interface. A call holds its slot until its response has been sent."""

    def __init__(self, desk: SimulatedDesk) -> None:
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = monotonic()
        request = await _read(scope, receive)
        try:
            with self._desk.quota.slot():
                await self._respond(request, scope, send)
        except RestError as error:
            await _send(self._desk.dated(self._desk.error_response(error)), NONE, scope, send)
        finally:
            self._desk.longest_call = max(self._desk.longest_call, monotonic() - began)

    async def _respond(self, request: RestRequest, scope: Scope, send: Send) -> None:
        faults = self._desk.draw_faults(request)
        await asyncio.sleep(faults.latency)
        if faults.disconnects and not faults.after:
            self._desk.count(request)
            await _disconnect(scope, faults)
            return
        await _send(self._desk.dated(await self._handle(request, faults)), faults, scope, send)

    async def _handle(self, request: RestRequest, faults: FaultInjector) -> RestResponse:
        if request.path == f"{BASE}/webhooks" or request.path.startswith(f"{BASE}/webhooks/"):
            return await run_in_threadpool(self._desk.handle, request, faults)
        return self._desk.handle(request, faults)


class _OtherPath:
    """A path outside the REST interface: it has no quota, and only those faults that name it."""

    def __init__(self, chance: FaultChance, name: str, answer: Callable[[WebRequest], Awaitable[object]]) -> None:
        self._chance = chance
        self._name = name
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = WebRequest(scope, receive)
        faults = self._chance.draw_faults(self._name, only_named=True)
        await asyncio.sleep(faults.latency)
        if faults.disconnects and not faults.after:
            await _disconnect(scope, faults)
            return
        content = await self._answer(request)
        answer = failure(faults) if faults.stands_in else _json(content)
        await _send(answer, faults, scope, send)


class _Beside:
    """APIs beside Desk. They have limits of their own, and only those faults that name the call with its path."""

    def __init__(self, chance: FaultChance, apis: ApisBeside) -> None:
        self._chance = chance
        self._apis = apis

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await _read(scope, receive)
        faults = self._chance.draw_faults(f"{request.method} {request.path}", only_named=True)
        with self._apis.slot(request) as refused:
            await asyncio.sleep(faults.latency)
            if faults.disconnects and not faults.after:
                await _disconnect(scope, faults)
                return
            answer = refused or (failure(faults) if faults.stands_in else self._apis.handle(request))
            await _send(answer, faults, scope, send)


async def _read(scope: Scope, receive: Receive) -> RestRequest:
    request = WebRequest(scope, receive)
    return RestRequest(
        method=request.method,
        path=request.url.path,
        query=joined(request.query_params.multi_items()),
        headers=dict(request.headers),
        body=await request.body(),
    )


def _json(content: object) -> RestResponse:
    return RestResponse(status=200, headers={"Content-Type": "application/json"}, body=orjson.dumps(content))


async def _send(response: RestResponse, faults: FaultInjector, scope: Scope, send: Send) -> None:
    if faults.disconnects:
        await _disconnect(scope, faults)
        return
    headers = {**response.headers, "Content-Length": str(len(response.body))}
    if response.status == 204:
        del headers["Content-Length"]
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    if faults.half:
        half = response.body[: len(response.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        await _reset(scope, gently=True)
        return
    await _send_body(response.body, faults.drip, scope, send)


async def _send_body(body: bytes, drip: float, scope: Scope, send: Send) -> None:
    """Send the body, byte by byte with a `drip`; stop when the client closes the connection."""
    if drip:
        for octet in body:
            if scope["extensions"][ABORT]["transport"].is_closing():
                break
            await send({"type": "http.response.body", "body": bytes([octet]), "more_body": True})
            await asyncio.sleep(drip)
        body = b""
    await send({"type": "http.response.body", "body": body})


async def _disconnect(scope: Scope, faults: FaultInjector) -> None:
    """Close the connection without a response: at once, or after the time of a fault that hangs."""
    transport, until = scope["extensions"][ABORT]["transport"], monotonic() + faults.hang
    while monotonic() < until and not transport.is_closing():
        await asyncio.sleep(min(0.05, faults.hang))
    await _reset(scope)


async def _reset(scope: Scope, *, gently: bool = False) -> None:
    """Close the connection before the response is complete; `gently` lets the bytes already sent arrive."""
    transport: asyncio.Transport = scope["extensions"][ABORT]["transport"]
    if gently:
        transport.close()
    else:
        transport.abort()
    await asyncio.sleep(0)


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol; it lets the application close the connection."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: {"transport": self.transport}}


class _Server(uvicorn.Server):
    """uvicorn's server; it calls `ready` once it listens, and returns after a signal instead of raising it again."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _server(site: RunningDesk, har: Path | None, ready: Callable[[], object], beside: ApisBeside | None) -> _Server:
    app = application(site, beside)
    if har:
        app = HarRecorder(app, har, now=_now, skip=control.PREFIX)
    config = uvicorn.Config(
        app,
        http=_Protocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    return _Server(config, ready)


@contextmanager
def _listening(port: int) -> Iterator[tuple[socket.socket, str]]:
    with socket.create_server((HOST, port), backlog=1024) as listener:
        yield listener, f"http://{HOST}:{listener.getsockname()[1]}"


def _now() -> datetime:
    return datetime.now(UTC)
