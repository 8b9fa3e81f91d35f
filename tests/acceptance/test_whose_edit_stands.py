"""L7 on real processes: simulator, receiver, worker and beat; each delivery is carried to the receiver by hand.

A person's severity stands although its event is late, although the answer to our write is lost, and although the worker
is killed between Desk's answer and its record.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, spawn, stop
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.demo_client import SETTINGS, DemoClient
from desk_sync.domain.ticket.ticket import Field
from desk_sync.simulated_desk.webhooks import HEADER
from desk_sync.wiring.environment import utc_now
from desk_sync.wiring.process import DEFAULT
from tests.support.processes import START_SECONDS, wait_until

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
COMMAND = [sys.executable, "-m", "desk_sync.cli"]
ADDRESS, BOX, SEVERITY = "cf_customer_primary_email_address", "cf_priority_customer_large_user_account", "cf_severity"
LARGE = {each.account_id: each for each in read_accounts(ACCOUNTS).accounts if each.account_id in ("A02", "A03")}
OUR_WRITE = ["PATCH /tickets/{id}"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(slots=True)
class Carrier:
    """Takes the deliveries of the simulated Desk, and carries each to the receiver when it is told to."""

    url: str = ""
    receiver: str = ""
    waiting: list[tuple[bytes, str]] = field(default_factory=list)

    def take(self, body: bytes, token: str) -> None:
        if body:
            self.waiting.append((body, token))

    def next_about(self, ticket_id: str) -> tuple[bytes, str]:
        """Return the oldest delivery about the ticket, which waits no longer; wait for it."""

        def about(delivery: tuple[bytes, str]) -> bool:
            return ticket_id.encode() in delivery[0]

        wait_until(lambda: any(map(about, self.waiting)), seconds=30)
        found = next(filter(about, self.waiting))
        self.waiting.remove(found)
        return found

    def carry(self, delivery: tuple[bytes, str]) -> None:
        body, token = delivery
        headers = {HEADER: token, "Content-Type": "application/json"}
        assert requests.post(self.receiver, data=body, headers=headers, timeout=10).status_code == 200


@contextmanager
def carrying() -> Iterator[Carrier]:
    carrier = Carrier()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            carrier.take(self.rfile.read(int(self.headers["Content-Length"] or 0)), self.headers[HEADER] or "")
            self.send_response(200)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 -- the name that http.server calls

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    carrier.url = f"http://127.0.0.1:{server.server_port}/"
    Thread(target=server.serve_forever, daemon=True).start()
    yield carrier
    server.shutdown()
    server.server_close()


@dataclass(slots=True, kw_only=True)
class RunningSite:
    """The processes, the foreign client of Desk, and the store as it can be read from outside."""

    desk: DemoClient
    carrier: Carrier
    environment: dict[str, str]
    engine: Any
    children: dict[str, Any]
    log: Any

    def start(self, name: str, *arguments: str) -> None:
        self.children[name] = spawn([*COMMAND, *arguments], env=self.environment, stdout=self.log, stderr=self.log)

    def kill_worker(self) -> None:
        os.killpg(self.children["worker"].pid, signal.SIGKILL)
        self.children["worker"].wait()

    def open_ticket(self) -> str:
        """Open a ticket of a large account whose partner chose severity 3."""
        ticket = self.desk.open_ticket(LARGE["A02"])
        self.carrier.carry(self.carrier.next_about(ticket))
        return ticket

    def write(self, ticket: str, **fields: str) -> None:
        """Set custom fields as a person."""
        self.desk.call("POST", f"/_simulator/tickets/{ticket}/write", json={"fields": {"cf": fields}})

    def carry_next(self, ticket: str) -> None:
        """Carry the next delivery about the ticket, and wait for the look."""
        self.carrier.carry(self.carrier.next_about(ticket))
        self.wait_until_quiet()

    def wait_until_quiet(self) -> None:
        inbox, metrics = SqlInbox(self.engine, DEFAULT), SqlMetrics(self.engine, DEFAULT)

        def quiet() -> bool:
            counts, backlog = inbox.counts(), metrics.backlog(utc_now())
            return counts.stored == counts.processed and not backlog.due and not backlog.leased

        wait_until(quiet, seconds=90)

    def wait_for_our_write(self, ticket: str) -> None:
        wait_until(lambda: self.desk.read(ticket)[SEVERITY] == "S1-Critical", seconds=30)

    def set_faults(self, **faults: object) -> None:
        self.desk.call("POST", "/_simulator/faults", json=faults)

    def overrides(self, ticket: str) -> dict[Field, object]:
        kept = SqlTickets(self.engine, DEFAULT).history(ticket).memory.fields.overrides
        return {name: each.value for name, each in kept.items()}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    folder = tmp_path_factory.mktemp("site")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    children: dict[str, Any] = {}
    with EmbeddedBroker.start() as broker, carrying() as carrier, (folder / "log").open("wb") as log:
        try:
            simulator = [*COMMAND, "simulator", "--deliver-to", carrier.url, "--json"]
            children["simulator"] = spawn(simulator, stdout=subprocess.PIPE)
            facts = json.loads(children["simulator"].stdout.readline())
            environment = os.environ | {f"DESK_SYNC_{name.upper()}": facts[name] for name in SETTINGS}
            environment |= {
                "DESK_SYNC_DATABASE_URL": f"sqlite:///{folder / 'desk.sqlite3'}",
                "DESK_SYNC_REDIS_URL": broker.url,
            }
            for arguments in (["db", "upgrade"], ["subscriptions", "import", str(ACCOUNTS)]):
                subprocess.run([*COMMAND, *arguments], env=environment, check=True, capture_output=True)
            carrier.receiver = f"http://127.0.0.1:{port}/webhooks/desk/default"
            desk = DemoClient(facts=facts)
            desk.sign_in()
            engine = open_engine(environment["DESK_SYNC_DATABASE_URL"])
            site = RunningSite(
                desk=desk, carrier=carrier, environment=environment, engine=engine, children=children, log=log
            )
            site.start("serve", "serve", "--port", str(port))
            site.start("worker", "worker")
            site.start("beat", "beat")
            wait_until(lambda: _answers(port), seconds=START_SECONDS)
            yield site
            engine.dispose()
        finally:
            stop(reversed(children.values()))


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_stands_when_our_echo_overtakes_its_event(site):
    ticket = site.open_ticket()
    site.wait_for_our_write(ticket)
    site.wait_until_quiet()
    echo = site.carrier.next_about(ticket)
    site.write(ticket, **{ADDRESS: LARGE["A03"].super_admin_email})
    site.carry_next(ticket)
    site.write(ticket, **{SEVERITY: "S2-Moderate"})
    late = site.carrier.next_about(ticket)

    site.carrier.carry(echo)
    site.wait_until_quiet()
    between = site.desk.read(ticket)[SEVERITY]
    site.carrier.carry(late)
    site.wait_until_quiet()

    assert (between, site.desk.read(ticket)[SEVERITY]) == ("S2-Moderate", "S2-Moderate")
    assert site.overrides(ticket) == {Field.SEVERITY: "S2-Moderate"}


def test_it_stands_when_the_answer_to_our_write_drips(site):
    site.set_faults(calls=OUR_WRITE, drip=0.2)
    ticket = site.open_ticket()
    site.wait_for_our_write(ticket)
    site.write(ticket, **{SEVERITY: "S2-Moderate"})
    site.set_faults()
    site.wait_until_quiet()
    between = site.desk.read(ticket)[SEVERITY]
    for _ in range(2):
        site.carry_next(ticket)

    assert (between, site.desk.read(ticket)[SEVERITY]) == ("S2-Moderate", "S2-Moderate")
    assert site.desk.read(ticket)[BOX] == "true"
    assert site.overrides(ticket) == {Field.SEVERITY: "S2-Moderate"}


def test_it_stands_when_the_worker_is_killed_before_the_answer_to_our_write(site):
    site.set_faults(calls=OUR_WRITE, drip=0.2)
    ticket = site.open_ticket()
    site.wait_for_our_write(ticket)
    site.kill_worker()
    site.write(ticket, **{SEVERITY: "S2-Moderate"})
    site.set_faults()
    site.start("worker", "worker")
    site.wait_until_quiet()

    assert site.desk.read(ticket)[SEVERITY] == "S2-Moderate"
    assert site.overrides(ticket) == {Field.SEVERITY: "S2-Moderate"}
