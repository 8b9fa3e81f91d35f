"""The load of a trial: tickets that partners open in Desk, and deliveries at a steady rate.

Most deliveries are made here, not by the simulated Desk, which sends one at a time: so some are always in flight.
They are signed by its key, and report a comment on a ticket, so that each causes a look. Every tenth is sent
twice. A delivery that is refused is not sent again: Desk documents no retry.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from threading import Event, Lock
from time import monotonic, time

import orjson
import requests

from desk_sync.adapters.desk.events import read_events
from desk_sync.cli.demo_processes import DemoProcesses
from desk_sync.domain.account.subscription import Account

ANSWER_TIMEOUT = 10.0
SENDERS = 4
TWICE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAnswer:
    """The answer to one delivery: its status, 0 if there was none; `seconds` until it arrived."""

    at: float
    status: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadRate:
    """The tickets and deliveries offered each second, for at most `seconds`.

    No more tickets are opened than `most_tickets`. `deliveries` are those beside Desk's own; 0: only Desk delivers.
    """

    tickets: float = 2.0
    deliveries: float = 20.0
    seconds: float = 900.0
    most_tickets: float = inf


@dataclass(slots=True)
class TrialLoad:
    """The load so far. `tickets` holds the account id for each ticket id; `sent` and `acknowledged` hold event keys."""

    demo: DemoProcesses
    tickets: dict[str, str] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    answers: list[DeliveryAnswer] = field(default_factory=list)
    ended: float = 0.0
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(int(time() * 1000)))
    _lock: Lock = field(default_factory=Lock)
    _token: str = ""

    @contextmanager
    def offered(self, accounts: list[Account], rate: LoadRate) -> Iterator[TrialLoad]:
        """Offer the load in the background, until the end of the block or of the rate's seconds."""
        over = Event()
        self.sign()
        count = SENDERS if rate.deliveries else 0
        pool = ThreadPoolExecutor(count + 1)
        opening = pool.submit(_repeat, over, 1 / rate.tickets, rate.seconds, self._opener(accounts, rate.most_tickets))
        senders = [
            pool.submit(_repeat, over, count / rate.deliveries, rate.seconds, self._sender()) for _ in range(count)
        ]
        try:
            yield self
        finally:
            over.set()
            wait([opening, *senders])
            pool.shutdown()
            self.ended = monotonic()
        for each in (opening, *senders):
            each.result()

    def sign(self) -> None:
        """Fetch a fresh token of Desk for the deliveries from now on."""
        self._token = self.demo.desk.call("GET", "/_simulator/deliveries")["token"]

    def slowest(self) -> float:
        """Return the seconds of the slowest answer; 0 without answers."""
        return max((answer.seconds for answer in self.answers if answer.status), default=0.0)

    def _opener(self, accounts: list[Account], most: float) -> Callable[[], None]:
        """Return a function that opens a ticket for the next account, in a cycle, until there are `most` tickets."""
        turns = itertools.cycle(accounts)

        def open_ticket() -> None:
            if len(self.tickets) >= most:
                return
            account = next(turns)
            try:
                ticket_id = self.demo.desk.open_tickets([account])[account.account_id]
            except requests.RequestException:  # the faults of Desk affect its own customers too
                return
            with self._lock:
                self.tickets[ticket_id] = account.account_id

        return open_ticket

    def _sender(self) -> Callable[[], None]:
        session = requests.Session()
        session.trust_env = False

        def send() -> None:
            with self._lock:
                number = next(self._numbers)
                known = list(self.tickets)
            if known:
                body = self._delivery(known[number % len(known)], number)
                for _ in range(1 + (number % TWICE == 0)):
                    self._post(session, body)

        return send

    def _delivery(self, ticket_id: str, number: int) -> bytes:
        payload = {"id": str(number), "ticketId": ticket_id, "content": "Any news?", "commenterId": "7"}
        facts = self.demo.desk.facts
        event = {"payload": payload, "eventTime": str(number), "eventType": "Ticket_Comment_Add"}
        return orjson.dumps([event | {"orgId": facts["org_id"]}])

    def _post(self, session: requests.Session, body: bytes) -> None:
        keys = self.keys(body)
        self.sent |= keys
        began = monotonic()
        try:
            headers = {"Content-Type": "application/json", "X-ZDesk-JWT": self._token}
            status = session.post(self.demo.deliver_to, data=body, headers=headers, timeout=ANSWER_TIMEOUT).status_code
        except requests.RequestException:
            status = 0
        if status == 200:
            self.acknowledged |= keys
        self.answers.append(DeliveryAnswer(at=began, status=status, seconds=monotonic() - began))

    def count_deliveries_of_desk(self) -> None:
        """Count the deliveries of the simulated Desk too."""
        for carried in self.demo.desk.call("GET", "/_simulator/deliveries")["carried"]:
            keys = self.keys(orjson.dumps([carried["event"]]))
            self.sent |= keys
            self.acknowledged |= keys if "accepted" in carried["results"] else set()

    def keys(self, body: bytes) -> set[str]:
        """Return the keys of a delivery's events, as the product computes them."""
        vocabulary = self.demo.desk_sync.mapping.vocabulary
        return {event.key for event in read_events(body, vocabulary, org_id=self.demo.desk.facts["org_id"])}


def _repeat(over: Event, every: float, seconds: float, act: Callable[[], None]) -> None:
    end = monotonic() + seconds
    while not over.is_set() and monotonic() < end:
        act()
        over.wait(every)
