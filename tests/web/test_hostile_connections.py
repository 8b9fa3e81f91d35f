"""Hostile connections to the real receiver process: good deliveries are answered as usual, and memory stays bounded.

Each attack lasts as long as the measurement; what it sends is beyond any limit. Good deliveries come on connections of
their own, as from a proxy that keeps none.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
import requests

from desk_sync.adapters.store.upgrade import upgrade
from desk_sync.wiring.launcher import answers, free_port, launcher
from tests.support.forked import SERVER
from tests.support.key_host import KeyHost, signed
from tests.support.processes import wait_until

pytestmark = [pytest.mark.alone, pytest.mark.slow]
ORG, WEBHOOK = "60001234567", "7"
MEGABYTE = 1_000_000
SECONDS = 3.0
ROUNDS = 3  # the processor is shared: what disturbs one round is not the attack if another goes well
EVERY = 0.01  # seconds between good deliveries
NOISE = 0.010  # seconds; a busy machine alone delays one answer in a hundred as long as that
MOST_GROWTH = 50 * MEGABYTE
TICK = 0.05  # seconds
RENEWED = 2.5  # seconds
POST = b"POST /webhooks/desk/default HTTP/1.1\r\nHost: desk-sync\r\n"


@dataclass
class LiveReceiver:
    """The receiver as a process. `token` is valid."""

    port: int
    pid: int
    log: Path
    token: str
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(int(time.time() * 1000)))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def deliver(self) -> float:
        """Send a good delivery; return the seconds until its answer."""
        event = {"eventType": "Ticket_Delete", "orgId": ORG, "payload": {"id": "1"}}
        body = json.dumps([event | {"eventTime": str(next(self.numbers))}])
        began = time.monotonic()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("POST", "/webhooks/desk/default", body, {"X-ZDesk-JWT": self.token})
            assert connection.getresponse().status == 200
        return time.monotonic() - began

    def p99(self) -> float:
        """Deliver at a steady rate for some seconds; return the 99th percentile of the answers, in seconds."""
        waits, end = [], time.monotonic() + SECONDS
        while time.monotonic() < end:
            waits.append(self.deliver())
            time.sleep(EVERY)
        return sorted(waits)[int(0.99 * (len(waits) - 1))]

    @property
    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    @property
    def peak(self) -> int:
        """The most memory that the process ever had, in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return next(1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))

    def cuts(self, reason: str) -> float:
        """Return how many connections were closed for this reason, by the process's metrics."""
        text = requests.get(f"http://127.0.0.1:{self.port}/metrics", timeout=10).text
        name = f'desk_sync_connections_cut_total{{reason="{reason}"}} '
        return sum(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))


@pytest.fixture(scope="module")
def live(tmp_path_factory) -> Iterator[LiveReceiver]:
    folder, port, now = tmp_path_factory.mktemp("live"), free_port(), int(time.time())
    database = f"sqlite:///{folder / 'store.sqlite3'}"
    upgrade(database)
    with closing(KeyHost()) as keys, launcher(folder) as processes:
        processes.environment.update(
            DESK_SYNC_DATABASE_URL=database,
            DESK_SYNC_DESK_URL=keys.url.rpartition("/.well-known")[0],
            DESK_SYNC_ORG_ID=ORG,
            DESK_SYNC_WEBHOOK_ID=WEBHOOK,
        )
        process = processes.start_product("serve", "serve", "--port", str(port))
        processes.wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        token = signed(iss=f"orgId:{ORG}", aud=f"webhookId:{WEBHOOK}", iat=now, exp=now + 3600)
        receiver = LiveReceiver(port=port, pid=process.pid, log=processes.log("serve"), token=token)
        receiver.p99()  # warm
        yield receiver


Attack = Callable[[LiveReceiver, Event], None]


def long_heads(live: LiveReceiver, over: Event, *, size: int, line: bytes) -> None:
    """Send heads of this size, one after the other, of one line that is repeated."""
    piece = (line * (MEGABYTE // len(line) + 1))[:MEGABYTE]
    while not over.wait(0.2):
        with suppress(OSError), live.connect() as connection:
            connection.sendall(POST + b"X-Long: ")
            for _ in range(size // MEGABYTE):
                connection.sendall(piece)
            connection.recv(1000)


def half_heads(live: LiveReceiver, over: Event, *, count: int) -> None:
    """Open connections whose heads never end, and again when they are closed."""
    crowd(live, over, count, lambda: POST + b"X-Half: " + b"a" * 60_000)


def slow_bodies(live: LiveReceiver, over: Event, *, count: int, size: int, token: str | None = None) -> None:
    """Open connections with bodies that begin with `size` bytes and then drip."""
    head = POST + f"X-ZDesk-JWT: {token or live.token}\r\nContent-Length: 4900000\r\n\r\n".encode()
    crowd(live, over, count, lambda: head + b"[" + b" " * size)


def crowd(live: LiveReceiver, over: Event, count: int, begin: Callable[[], bytes]) -> None:
    """Keep so many connections open, send `begin` on each, then a byte each half second; replace those that end.

    They are opened evenly over `RENEWED` seconds: as many at a time would measure the price of their opening.
    """
    open_ones: list[socket.socket] = []
    with ExitStack() as stack:
        for turn in itertools.count():
            if over.wait(TICK):
                break
            if turn % 10 == 0:
                open_ones = [each for each in open_ones if sent(each, b" ")]
            for _ in range(min(round(count * TICK / RENEWED), count - len(open_ones))):
                connection = stack.enter_context(live.connect())
                connection.setblocking(False)
                sent(connection, begin())
                open_ones.append(connection)


def sent(connection: socket.socket, data: bytes) -> bool:
    """Send what the socket takes at once; return False, and close it, if the receiver has closed it."""
    try:
        connection.send(data)
        if connection.recv(1000):
            return True
    except BlockingIOError:
        return True
    except OSError:
        pass
    connection.close()
    return False


@contextmanager
def under(attack: Attack, live: LiveReceiver) -> Iterator[None]:
    """Attack from another process, so that the measurement does not wait for the attacker; it has begun."""
    over = SERVER.Event()
    attacker = SERVER.Process(target=attack, args=(live, over), daemon=True)
    attacker.start()
    time.sleep(RENEWED)
    try:
        yield
    finally:
        over.set()
        attacker.join(10)
    assert attacker.exitcode == 0


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(partial(long_heads, size=40 * MEGABYTE, line=b"a"), id="heads of 40 MB"),
        pytest.param(partial(long_heads, size=300 * MEGABYTE, line=b"a"), id="heads of 300 MB"),
        pytest.param(partial(long_heads, size=40 * MEGABYTE, line=b"a\r\nb: "), id="heads of ten million fields"),
        pytest.param(partial(half_heads, count=400), id="400 half heads"),
        pytest.param(partial(half_heads, count=700), id="more half heads than connections may be open"),
        pytest.param(partial(slow_bodies, count=400, size=10), id="400 slow bodies"),
        pytest.param(partial(slow_bodies, count=400, size=200_000), id="400 slow bodies that begin with 200 KB"),
        pytest.param(
            partial(slow_bodies, count=400, size=200_000, token="forged"), id="400 slow bodies without a token"
        ),
    ],
)
def test_good_deliveries_are_answered_as_usual_and_memory_stays_bounded(live, hostile):
    before = live.peak

    assert any(is_as_usual(live, hostile) for _ in range(ROUNDS))
    assert live.peak - before <= MOST_GROWTH


def is_as_usual(live: LiveReceiver, hostile: Attack) -> bool:
    """Return True if the answers during the attack take at most twice as long as just before it."""
    wait_until(lambda: live.descriptors < 100, seconds=20)
    calm = live.p99()
    with under(hostile, live):
        attacked = live.p99()
    print(f"\np99 {1000 * calm:.1f} ms, attacked {1000 * attacked:.1f} ms, peak {live.peak / 1e6:.1f} MB")
    return attacked <= 2 * max(calm, NOISE)


@pytest.mark.parametrize(
    ("count", "reason"),
    [pytest.param(400, "slow head", id="slow"), pytest.param(700, "too many connections", id="too many")],
)
def test_closed_connections_are_counted_logged_seldom_and_give_their_descriptors_back(live, count, reason):
    counted, logged = live.cuts(reason), cut_lines(live)
    with under(partial(half_heads, count=count), live):
        wait_until(lambda: live.cuts(reason) > counted + 50, seconds=10)
    wait_until(lambda: live.descriptors < 100, seconds=20)

    assert cut_lines(live) - logged <= 4


def cut_lines(live: LiveReceiver) -> int:
    return live.log.read_text().count("connections.cut")
