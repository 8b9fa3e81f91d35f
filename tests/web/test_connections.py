"""Connections to a real server with small limits: which ones are closed, when, and how that is reported."""

from __future__ import annotations

import socket
import time
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from desk_sync.web.connections import BoundedConnection, ConnectionLimits, CutLog, CutReason, bounded
from tests.support.processes import wait_until

HEAD, BETWEEN, FIELDS, OPEN = 2_000, 500, 20, 5
SOON = timedelta(seconds=0.4)
LIMITS = ConnectionLimits(
    head=HEAD, between=BETWEEN, fields=FIELDS, head_within=SOON, answer_within=2 * SOON, open=OPEN
)
START = b"GET / HTTP/1.1\r\nHost: x\r\n"
GET = START + b"\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def answer(request: Request) -> Response:
    """Answer a GET at once, a POST after its body."""
    if request.method == "POST":
        await request.body()
    return PlainTextResponse("ok")


class Site:
    """The server: connections to it, and the reasons for which it closed some."""

    def __init__(self) -> None:
        self.cuts: Counter[CutReason] = Counter()
        self.address = ("", 0)

    def connect(self, data: bytes = b"") -> socket.socket:
        connection = socket.create_connection(self.address, timeout=5)
        connection.sendall(data)
        return connection


@pytest.fixture
def site(serve):
    site = Site()

    def count(reason: CutReason) -> None:
        site.cuts[reason] += 1

    class Small(BoundedConnection):
        limits = LIMITS
        cuts = CutLog(count=count)

    url = urlsplit(serve(Starlette(routes=[Route("/", answer, methods=["GET", "POST"])]), http=Small))
    site.address = (url.hostname, url.port)
    return site


def status(connection: socket.socket) -> int:
    """Return the status of the next answer; 0 if the connection is closed without one."""
    try:
        line = connection.recv(1_000)
    except ConnectionResetError:
        return 0
    return int(line.split()[1]) if line else 0


def is_closed(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1_000)
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    ("fields", "answered"),
    [
        pytest.param(b"A: " + b"a" * (HEAD - 100) + b"\r\n", 200, id="a long head"),
        pytest.param(b"A: " + b"a" * HEAD + b"\r\n", 400, id="one that is too long"),
        pytest.param(b"A: " + b"a" * 100 * HEAD + b"\r\n", 400, id="one of many times the limit"),
        pytest.param(b"a:\r\n" * (FIELDS - 1), 200, id="many fields"),
        pytest.param(b"a:\r\n" * FIELDS, 400, id="too many fields"),
    ],
)
def test_a_head_has_a_limit(site, fields, answered):
    connection = site.connect(START + fields + b"\r\n")

    assert status(connection) == answered
    assert site.cuts == ({CutReason.LONG_HEAD: 1} if answered == 400 else {})


@pytest.mark.parametrize(
    ("start", "most"),
    [
        pytest.param(b"GET /", HEAD, id="of a head: its address"),
        pytest.param(START + b"A: ", HEAD, id="of a head: a value"),
        pytest.param(POST + b"1;", BETWEEN, id="of a body: an extension of a chunk"),
        pytest.param(POST + b"0\r\nA: ", BETWEEN, id="after a body: a trailer"),
    ],
)
def test_nothing_but_a_body_is_taken_in_without_end(site, start, most):
    connection = site.connect(start)
    time.sleep(0.1)
    connection.sendall(b"a" * (most + 1))

    assert status(connection) == 400
    assert site.cuts == {CutReason.LONG_HEAD: 1}


@pytest.mark.parametrize(
    ("first", "drip", "reason"),
    [
        pytest.param(b"", b"", CutReason.SLOW_HEAD, id="nothing at all"),
        pytest.param(START, b"", CutReason.SLOW_HEAD, id="half a head"),
        pytest.param(START, b"a", CutReason.SLOW_HEAD, id="a head that drips"),
        pytest.param(b"", b"\r\n", CutReason.SLOW_HEAD, id="empty lines"),
        pytest.param(GET + START, b"a", CutReason.SLOW_HEAD, id="a good request, then a head that drips"),
        pytest.param(POST, b"1\r\na\r\n", CutReason.SLOW_REQUEST, id="a body that drips"),
    ],
)
def test_a_connection_that_makes_no_progress_is_closed(site, first, drip, reason):
    connection = site.connect(first)
    began = time.monotonic()
    while reason not in site.cuts:
        assert time.monotonic() - began < 4 * SOON.total_seconds()
        try:
            connection.sendall(drip)
        except OSError:
            break
        time.sleep(0.05)

    wait_until(lambda: site.cuts == {reason: 1}, seconds=1)
    assert is_closed(connection) or is_closed(connection)  # an answer to the good request may come first


def test_the_rest_of_a_request_that_was_answered_is_not_waited_for(site):
    connection = site.connect(START + b"Content-Length: 1000\r\n\r\n")

    assert status(connection) == 200
    assert is_closed(connection)


def test_requests_on_one_connection_are_all_answered(site):
    """Each has its own time: together they take longer than one may."""
    connection = site.connect()
    for _ in range(6):
        time.sleep(0.6 * SOON.total_seconds())
        connection.sendall(GET + GET)
        while b"ok" not in connection.recv(200):
            pass
    assert not site.cuts[CutReason.SLOW_HEAD]


def test_when_too_many_are_open_the_one_that_is_longest_without_a_request_gives_way(site):
    busy = site.connect(POST)
    half = [site.connect(START) for _ in range(OPEN - 1)]
    time.sleep(0.1)

    late = site.connect(GET)

    assert status(late) == 200
    assert is_closed(half[0])
    busy.sendall(b"0\r\n\r\n")
    assert status(busy) == 200
    assert site.cuts[CutReason.FULL] == 1


def test_a_new_connection_is_closed_if_all_others_have_a_request(site):
    busy = [site.connect(POST) for _ in range(OPEN)]
    time.sleep(0.1)

    assert is_closed(site.connect())

    for each in busy:
        each.sendall(b"0\r\n\r\n")
        assert status(each) == 200


def test_the_log_has_one_line_for_many_closed_connections():
    cut_log = CutLog(pause=timedelta(seconds=10))
    with capture_logs() as lines:
        for at in (0.0, 1.0, 9.0, 10.0, 11.0):
            cut_log.record(CutReason.FULL, at, 500)
        cut_log.record(CutReason.SLOW_HEAD, 11.0, 500)

    assert [(line["reason"], line["count"]) for line in lines] == [
        ("too many connections", 1),
        ("too many connections", 3),
        ("slow head", 1),
    ]


def test_no_more_connections_are_allowed_than_the_process_has_descriptors_for(monkeypatch):
    monkeypatch.setattr("resource.getrlimit", lambda _: (256, 256))

    assert bounded(lambda _: None).limits.open == 128
