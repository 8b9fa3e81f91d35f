"""Requests that come in pieces: they are answered however they are cut, and a piece costs little.

The connections here have a transport of the test, so that a piece is exactly what the test sends.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from desk_sync.web.connections import PIECE, BoundedConnection, ConnectionLimits, CutLog, CutReason

OPEN = 4
LONG = timedelta(minutes=1)
HEAD = b"POST /a HTTP/1.1\r\nHost: x\r\nA: b\r\n"
BODY = b"[1, 2]"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n4;e=f\r\n, 2]\r\n0\r\nT: u\r\n\r\n"
ANNOUNCED = HEAD + b"Content-Length: 6\r\n\r\n" + BODY


class Transport(asyncio.Transport):
    """Keeps what is written. A connection that is aborted is lost later, as on a real one."""

    def __init__(self):
        super().__init__()
        self.written, self.aborted, self.closing = b"", False, False

    def write(self, data):
        self.written += data

    def abort(self):
        self.aborted = self.closing = True

    def close(self):
        self.closing = True

    def is_closing(self):
        return self.closing

    def pause_reading(self):
        pass

    def resume_reading(self):
        pass


class Site:
    """An application, and connections to it. `pieces` are those in which the application gets bodies."""

    def __init__(self, most_open=OPEN):
        self.pieces, self.cuts = [], []
        self._state = ServerState()

        class Small(BoundedConnection):
            limits = ConnectionLimits(open=most_open, head_within=LONG, answer_within=LONG)
            cuts = CutLog(count=self.cuts.append)

        self._config = uvicorn.Config(self._answer, http=Small, interface="asgi3", ws="none", log_config=None)
        self._config.load()

    async def _answer(self, scope, receive, send):
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            self.pieces.append(message.get("body", b""))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})

    def connect(self):
        protocol = self._config.http_protocol_class
        connection = protocol(config=self._config, server_state=self._state, app_state={})
        connection.connection_made(Transport())
        return connection


async def received(connection, data):
    connection.data_received(data)
    for _ in range(5):
        await asyncio.sleep(0)  # so that the application runs


@pytest.mark.parametrize("request_", [CHUNKED, ANNOUNCED], ids=["chunks", "of known length"])
@given(data=st.data())
def test_requests_are_answered_however_they_are_cut(request_, data):
    sent = request_ * 2
    cuts = data.draw(st.sets(st.integers(1, len(sent) - 1), max_size=len(sent)).map(sorted))

    async def answers():
        site = Site()
        connection = site.connect()
        for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
            await received(connection, sent[start:end])
        return connection.transport.written.count(b"200 OK"), b"".join(site.pieces)

    assert asyncio.run(answers()) == (2, BODY * 2)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(b"\r\n\r\n", id="the end of a head"),
        pytest.param(b"\n\n", id="what some take for it"),
        pytest.param(b"\x00\r\n\r\n", id="a character that is not allowed"),
    ],
)
def test_an_empty_line_ends_the_wait_for_a_head(end):
    async def answer():
        connection = Site().connect()
        for each in (b"GET / HTTP/1.1\r\nHost: x\r\nA: ", b"b", b"c", end):
            await received(connection, each)
        return connection.transport.written

    assert asyncio.run(answer())


def test_a_byte_of_a_long_head_costs_no_more_than_one_of_a_short_head():
    """A receiver with hundreds of half heads gets a byte on each in one iteration of its event loop."""

    async def seconds(length):
        site = Site(most_open=100)
        connections = [site.connect() for _ in range(100)]
        for each in connections:
            await received(each, HEAD + b"X: " + b"a" * length)
        began = time.thread_time()
        for _ in range(40):
            for each in connections:
                each.data_received(b"a")
        return time.thread_time() - began

    assert any(asyncio.run(seconds(60_000)) < 3 * asyncio.run(seconds(10)) for _ in range(5))


@pytest.mark.parametrize(
    ("size", "count", "woken"),
    [
        pytest.param(1, 100, 1, id="bytes"),
        pytest.param(PIECE // 2, 8, 4, id="halves of a piece"),
        pytest.param(PIECE, 4, 4, id="pieces that are worth it"),
    ],
)
def test_an_application_is_woken_for_pieces_of_a_body_and_for_its_end(size, count, woken):
    head = HEAD + b"Content-Length: %d\r\n\r\n" % (size * count)

    async def pieces():
        site = Site()
        connection = site.connect()
        await received(connection, head)
        for _ in range(count):
            await received(connection, b"a" * size)
        assert connection.transport.written.count(b"200 OK") == 1
        return site.pieces

    assert asyncio.run(pieces()) == [b"a" * (size * count // woken)] * woken


def test_connections_that_come_at_once_displace_one_each():
    async def aborted():
        site = Site()
        half = [site.connect() for _ in range(OPEN)]
        for each in half:
            each.data_received(HEAD)
        late = [site.connect() for _ in range(OPEN - 1)]
        return [each.transport.aborted for each in (*half, *late)], site.cuts

    gone, cuts = asyncio.run(aborted())
    assert gone == [True] * (OPEN - 1) + [False] * OPEN
    assert cuts == [CutReason.FULL] * (OPEN - 1)
