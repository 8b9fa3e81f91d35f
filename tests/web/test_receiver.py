"""The answers to deliveries, over a real server, and the state of the store when they are sent."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import requests
from structlog.testing import capture_logs

from desk_sync.domain.ticket.event import Event, EventHint
from desk_sync.errors import BadDelivery, BadToken, ConfigurationError, DeliveryFault, TemporaryError
from desk_sync.ports.tickets import RecordedDelivery
from desk_sync.services.intake import Intake
from desk_sync.web.doorbell import Doorbell
from desk_sync.web.receiver import STATUS, DeliveryThreads, ReceiverLimits, app
from tests.support.processes import wait_until

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EVENT = Event(key="1", type="Ticket_Update", hint=EventHint.STATE, ticket_id="7", occurred_at=NOW)
SIGNED = {"X-ZDesk-JWT": "good"}
SLOW = {"X-ZDesk-JWT": "slow"}
CANARY = "canary@customer.example"
QUICK = ReceiverLimits(body=1_000, within=timedelta(seconds=0.4), threads=2)


class Store:
    """An inbox that commits once `gate` is open, or raises `error` instead."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.committed: list[Event] = []

    def submit(self, events: Sequence[Event], *, now: datetime) -> Future[RecordedDelivery]:
        future: Future[RecordedDelivery] = Future()
        threading.Thread(target=self._commit, args=(future, events), daemon=True).start()
        return future

    def _commit(self, future: Future[RecordedDelivery], events: Sequence[Event]) -> None:
        self.gate.wait(10)
        if not future.set_running_or_notify_cancel():
            return
        if self.error:
            future.set_exception(self.error)
            return
        self.committed.extend(events)
        future.set_result(RecordedDelivery(stored=len(events), known=0))


class Guard:
    """Remembers the tokens that it accepted; checks the token "slow" once `gate` is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.known: set[str | None] = set()
        self.entered = 0

    def is_known(self, token: str | None) -> bool:
        return token in self.known

    def verify(self, token: str | None) -> None:
        self.entered += 1
        if token == "slow":
            self.gate.wait(10)
        if token == "down":
            raise TemporaryError("the key host is down")
        if token not in ("good", "slow"):
            raise BadToken("not good")
        self.known.add(token)


def read(body: bytes) -> Sequence[Event]:
    if b"strange" in body:
        raise BadDelivery("an event without a type")
    return [EVENT] * body.count(b"{")


@dataclass
class Site:
    """The receiver as the tests see it."""

    url: str
    store: Store
    guard: Guard
    rings: list[float] = field(default_factory=list)
    refused: list[tuple[str, DeliveryFault]] = field(default_factory=list)

    def post(self, body: bytes, headers: dict[str, str] | None = None, portal: str = "default") -> requests.Response:
        return requests.post(f"{self.url}/webhooks/desk/{portal}", data=body, headers=headers, timeout=10)

    def wait_for_rings(self, count: int) -> None:
        until = time.monotonic() + 5
        while len(self.rings) < count:
            assert time.monotonic() < until, f"{len(self.rings)} rings, not {count}"
            time.sleep(0.01)


@pytest.fixture
def open_site(serve) -> Iterator[Callable[..., Site]]:
    store, guard = Store(), Guard()

    def open_site(*, limits: ReceiverLimits | None = None, ring: Callable[[], None] = lambda: None) -> Site:
        site = Site(url="", store=store, guard=guard)

        def rung() -> None:
            site.rings.append(time.monotonic())
            ring()

        intake = Intake(verify=guard.verify, is_known=guard.is_known, read=read, inbox=store, now=lambda: NOW)
        doors, doorbells = {"default": intake}, {"default": Doorbell(rung)}
        site.url = serve(app(doors, doorbells, limits=limits, refused=lambda *refusal: site.refused.append(refusal)))
        return site

    yield open_site
    store.gate.set()
    guard.gate.set()


@pytest.fixture
def site(open_site) -> Site:
    return open_site(limits=QUICK)


ANSWERS = [
    pytest.param(b'[{"a": 1}]', SIGNED, 200, 1, id="one event"),
    pytest.param(b'[{"a": 1}, {"a": 2}]', SIGNED, 200, 2, id="two events"),
    pytest.param(b"[]", SIGNED, 200, 0, id="no events"),
    pytest.param(b"", {}, 200, 0, id="handshake: an empty body"),
    pytest.param(b"{}", {}, 200, 0, id="handshake: an object"),
    pytest.param(b"not JSON", SIGNED, 400, 0, id="not JSON"),
    pytest.param(b'[{"a": "strange"}]', SIGNED, 400, 0, id="not what Desk sends"),
    pytest.param(b'[{"a": 1}]', {}, 401, 0, id="no token"),
    pytest.param(b'[{"a": 1}]', {"X-ZDesk-JWT": "forged"}, 401, 0, id="a forged token"),
    pytest.param(b'[{"a": 1}]', {"x-zdesk-jwt": "good"}, 200, 1, id="header names have no case"),
    pytest.param(b'[{"a": 1}]', {"Authorization": "good"}, 401, 0, id="a token elsewhere is no token"),
    pytest.param(b'[{"a": 1}]', {"X-ZDesk-JWT": "down"}, 503, 0, id="the keys cannot be fetched"),
    pytest.param(b"[" + b"1," * 500 + b"1]", SIGNED, 413, 0, id="a body above the limit"),
]


@pytest.mark.parametrize(("body", "headers", "status", "stored"), ANSWERS)
def test_a_post_is_answered_by_what_became_of_it(site, body, headers, status, stored):
    assert site.post(body, headers).status_code == status
    assert len(site.store.committed) == stored


REFUSALS = [
    pytest.param(b"not JSON", SIGNED, DeliveryFault.NOT_JSON, id="not JSON"),
    pytest.param(b'[{"a": "strange"}]', SIGNED, DeliveryFault.BAD_EVENTS, id="not what Desk sends"),
    pytest.param(b'[{"a": 1}]', {"X-ZDesk-JWT": "forged"}, DeliveryFault.FORGED, id="a forged token"),
    pytest.param(b'[{"a": 1}]', {"X-ZDesk-JWT": "down"}, DeliveryFault.UNAVAILABLE, id="the keys cannot be fetched"),
    pytest.param(b"[" + b"1," * 500 + b"1]", SIGNED, DeliveryFault.TOO_LARGE, id="a body above the limit"),
]


@pytest.mark.parametrize(("body", "headers", "fault"), REFUSALS)
def test_a_refusal_is_counted_by_its_fault(site, body, headers, fault):
    site.post(body, headers)

    assert site.refused == [("default", fault)]


def test_what_is_taken_or_for_another_portal_is_no_refusal(site):
    site.post(b'[{"a": 1}]', SIGNED)
    site.post(b'[{"a": 1}]', {}, portal="other")

    assert site.refused == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_handshake_is_answered_at_once_and_unsigned(site, method):
    assert requests.request(method, f"{site.url}/webhooks/desk/default", timeout=10).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_portal_that_we_do_not_serve_is_not_found(site, method):
    answer = requests.request(method, f"{site.url}/webhooks/desk/other", data=b"[]", headers=SIGNED, timeout=10)

    assert answer.status_code == 404


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(site):
    answer = site.post(b"[" + b"1," * 300 for _ in range(2))

    assert answer.status_code == 413


STORE_ERRORS = [
    pytest.param(TemporaryError("locked"), id="a store that is busy"),
    pytest.param(OSError("disk full"), id="a disk that is full"),
    pytest.param(RuntimeError(CANARY), id="a bug"),
    pytest.param(TimeoutError(), id="a store that gave up"),
]


@pytest.mark.parametrize("error", STORE_ERRORS)
def test_a_delivery_that_was_not_committed_is_never_answered_200(site, error):
    site.store.error = error

    assert site.post(b"[{}]", SIGNED).status_code == 503
    assert site.store.committed == []


def test_no_answer_is_sent_before_the_commit(open_site):
    site = open_site()
    site.store.gate.clear()

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(site.post, b"[{}]", SIGNED)
        time.sleep(0.3)
        assert not answer.done()
        site.store.gate.set()

    assert answer.result().status_code == 200
    assert site.store.committed == [EVENT]


def test_a_store_that_hangs_is_answered_503_before_desk_gives_up(site):
    site.store.gate.clear()
    began = time.monotonic()

    assert site.post(b"[{}]", SIGNED).status_code == 503
    assert time.monotonic() - began < 1
    assert site.store.committed == []


def test_a_delivery_that_was_given_up_is_withdrawn(site):
    site.store.gate.clear()
    site.post(b"[{}]", SIGNED)
    site.store.gate.set()

    site.post(b"[{}, {}]", SIGNED)

    assert site.store.committed == [EVENT, EVENT]


def test_when_every_thread_hangs_the_others_are_answered_503_too_and_work_goes_on_afterwards(site):
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: site.post(b"[{}]", SLOW).status_code, range(8)))
    took = time.monotonic() - began
    entered = site.guard.entered
    site.guard.gate.set()

    assert answers == [503] * 8
    assert took < 2
    assert entered == QUICK.threads
    assert site.post(b"[{}]", SIGNED).status_code == 200


class Call:
    """A callable that a weak reference can observe."""

    def __init__(self, gate: threading.Event) -> None:
        self.gate = gate

    def __call__(self) -> bool:
        return self.gate.wait(10)


def test_a_delivery_that_was_given_up_is_not_kept_while_every_thread_hangs():
    gate = threading.Event()

    async def give_up(threads: DeliveryThreads) -> weakref.ref[Call]:
        call = Call(gate)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(threads.run(call), 0.05)
        return weakref.ref(call)

    async def kept() -> list[Call | None]:
        threads = DeliveryThreads(1)
        _, *others = await asyncio.gather(*(give_up(threads) for _ in range(4)))
        gc.collect()
        return [call() for call in others]

    with contextlib.closing(asyncio.new_event_loop()) as loop:
        assert loop.run_until_complete(kept()) == [None] * 3
        gate.set()
        loop.run_until_complete(asyncio.sleep(0.05))


def test_a_call_that_ends_after_its_loop_was_closed_logs_no_error(caplog):
    call = Call(threading.Event())
    gate, kept = call.gate, weakref.ref(call)
    with contextlib.closing(asyncio.new_event_loop()) as loop, pytest.raises(TimeoutError):
        loop.run_until_complete(asyncio.wait_for(DeliveryThreads(1).run(call), 0.05))

    gate.set()
    del call
    wait_until(lambda: gc.collect() >= 0 and kept() is None, seconds=5)  # its thread keeps it to the end

    assert caplog.records == []


LONG = ReceiverLimits(short=100, room=2_000, body=1_500, within=timedelta(seconds=1))


def begun(site: Site, token: str, size: int) -> socket.socket:
    """A delivery that has sent so many bytes of its body, and announced more."""
    host, port = site.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=5)
    head = f"POST /webhooks/desk/default HTTP/1.1\r\nHost: x\r\nX-ZDesk-JWT: {token}\r\nContent-Length: 1500\r\n\r\n"
    connection.sendall(head.encode() + b"[" + b" " * (size - 1))
    return connection


@pytest.mark.parametrize(
    ("size", "answer"),
    [
        pytest.param(100, b"408", id="a short one is waited for: a handshake has no token"),
        pytest.param(101, b"401", id="a long one is not"),
    ],
)
def test_a_long_body_is_not_read_to_its_end_without_a_valid_token(open_site, size, answer):
    site = open_site(limits=LONG)

    assert begun(site, "forged", size).recv(100).split()[1] == answer


def test_long_bodies_share_a_room_and_leave_short_ones_alone(open_site):
    site = open_site(limits=LONG)
    slow = [begun(site, "good", 900) for _ in range(2)]
    time.sleep(0.2)

    assert begun(site, "good", 900).recv(100).split()[1] == b"503"
    assert site.post(b"[{}]", SIGNED).status_code == 200
    assert [each.recv(100).split()[1] for each in slow] == [b"408", b"408"]
    assert site.post(b"[{}" + b" " * 1_400 + b"]", SIGNED).status_code == 200


def test_a_sender_that_is_known_needs_no_thread(site):
    site.post(b"[{}]", SIGNED)
    with ThreadPoolExecutor(4) as pool:
        hanging = [pool.submit(site.post, b"[{}]", SLOW) for _ in range(4)]
        time.sleep(0.1)

        assert site.post(b"[{}]", SIGNED).status_code == 200
        assert not any(answer.done() for answer in hanging)


def test_a_long_body_is_read_on_a_thread_though_its_sender_is_known(open_site):
    site = open_site(limits=replace(QUICK, short=10))
    site.post(b"[{}]", SIGNED)
    with ThreadPoolExecutor(4) as pool:
        hanging = [pool.submit(site.post, b"[{}]", SLOW) for _ in range(2)]
        time.sleep(0.1)

        assert site.post(b"[{}, {}, {}]", SIGNED).status_code == 503
        assert [answer.result().status_code for answer in hanging] == [503, 503]


def test_the_handshake_is_answered_while_every_thread_hangs(site):
    with ThreadPoolExecutor(4) as pool:
        hanging = [pool.submit(site.post, b"[{}]", SLOW) for _ in range(4)]
        time.sleep(0.1)

        assert requests.get(f"{site.url}/webhooks/desk/default", timeout=0.2).status_code == 200
        assert not any(answer.done() for answer in hanging)


def test_a_body_that_drips_is_cut_off(site):
    began = time.monotonic()

    with _connect(site) as peer:
        peer.sendall(b"POST /webhooks/desk/default HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n[")
        peer.settimeout(5)
        answer = peer.recv(1_000)
        while peer.recv(1_000):
            pass

    assert answer.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - began < 2


def test_a_client_that_hangs_up_stores_nothing_and_does_no_harm(site):
    with _connect(site) as peer:
        peer.sendall(b"POST /webhooks/desk/default HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n[")

    assert site.post(b"[{}]", SIGNED).status_code == 200
    assert site.store.committed == [EVENT]


def _connect(site: Site) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2])))


def test_every_refusal_is_a_failure_to_desk():
    assert set(STATUS.values()) <= {400, 401, 408, 413, 503}


def test_the_doorbell_rings_after_a_delivery_was_stored(site):
    site.wait_for_rings(1)

    site.post(b"[{}]", SIGNED)

    site.wait_for_rings(2)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(b"", {}, id="handshake"),
        pytest.param(b"[{}]", {}, id="refused"),
        pytest.param(b"[]", SIGNED, id="empty"),
    ],
)
def test_the_doorbell_keeps_silent_when_nothing_was_stored(site, body, headers):
    site.wait_for_rings(1)

    site.post(body, headers)
    time.sleep(0.1)

    assert len(site.rings) == 1


def test_a_frozen_broker_delays_no_answer(open_site):
    thaw = threading.Event()
    site = open_site(ring=lambda: thaw.wait(10) and None)
    site.wait_for_rings(1)
    began = time.monotonic()

    answers = [site.post(b"[{}]", SIGNED).status_code for _ in range(10)]

    assert answers == [200] * 10
    assert time.monotonic() - began < 1
    thaw.set()


def test_a_broker_that_is_gone_delays_no_answer(open_site):
    def gone() -> None:
        raise ConnectionError

    site = open_site(ring=gone)

    assert [site.post(b"[{}]", SIGNED).status_code for _ in range(10)] == [200] * 10


def test_an_unexpected_error_is_logged_without_its_message(site, caplog):
    site.store.error = RuntimeError(CANARY)

    with capture_logs() as lines, caplog.at_level(logging.DEBUG):
        site.post(b'[{"email": "%s"}]' % CANARY.encode(), SIGNED)

    assert [(line["event"], line["error"]) for line in lines] == [("delivery.failed", "RuntimeError")]
    assert CANARY not in f"{lines}{caplog.text}"


def test_each_delivery_is_one_log_line_with_its_cause(site):
    with capture_logs() as lines:
        site.post(b"[{}]", SIGNED)
        site.post(b"[{}]", {"X-ZDesk-JWT": "forged"})

    assert [line["event"] for line in lines] == ["delivery.accepted", "delivery.refused"]
    assert (lines[1]["status"], lines[1]["cause"]) == (401, "not good")
    assert "forged" not in str(lines)


def test_a_door_without_a_doorbell_is_refused_at_start():
    with pytest.raises(ConfigurationError):
        app(
            {
                "default": Intake(
                    verify=Guard().verify, is_known=Guard().is_known, read=read, inbox=Store(), now=lambda: NOW
                )
            },
            {},
        )
