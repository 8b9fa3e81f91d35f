"""The demo's stage: broker, simulated Desk, receiver, worker and beat, each a process that dies with this one."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Event
from time import monotonic
from typing import IO, Any

import orjson
import requests
from pydantic import SecretStr

from desk_sync import __version__, har, wiring
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, spawn, stop
from desk_sync.domain.account.subscription import Account
from desk_sync.errors import TemporaryError
from desk_sync.settings import Settings

TIMEOUT = 120.0
API = "/api/v1"
SETTINGS = ("desk_url", "accounts_url", "org_id", "webhook_id", "client_id", "client_secret", "refresh_token")
"""Those of the simulated Desk's facts that are settings of ours, by the same names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedDesk:
    """The simulated Desk from outside: as another REST client sees it, and its control interface."""

    facts: Mapping[str, str]
    session: requests.Session = field(default_factory=requests.Session)

    def sign_in(self) -> None:
        """Fetch a token, as any OAuth client does."""
        form = {
            "grant_type": "refresh_token",
            **{key: self.facts[key] for key in ("client_id", "client_secret", "refresh_token")},
        }
        answer = self.session.post(f"{self.facts['accounts_url']}/oauth/v2/token", data=form, timeout=10).json()
        self.session.headers["Authorization"] = f"Zoho-oauthtoken {answer['access_token']}"
        self.session.headers["orgId"] = self.facts["org_id"]

    def open_tickets(self, accounts: Sequence[Account]) -> dict[str, str]:
        """A ticket for each account, by its partner, about a defect; returns the tickets' ids by account."""
        with ThreadPoolExecutor(4) as pool:
            return dict(zip((each.account_id for each in accounts), pool.map(self.open_ticket, accounts), strict=True))

    def open_ticket(self, account: Account) -> str:
        """A ticket by the account's partner, about a defect; its id."""
        ticket = {
            "departmentId": self.facts["department_id"],
            "contact": {"lastName": "Help desk", "email": f"help@{account.partner_domain or 'partner.example'}"},
            "email": f"help@{account.partner_domain or 'partner.example'}",
            "subject": "Records are not saved",
            "description": "<div>Since this morning, saving a record fails.</div>",
            "cf": {
                "cf_customer_primary_email_address": account.super_admin_email,
                "cf_type_of_support_request": "Technical Support",
                "cf_issue_type": "Defect",
            },
        }
        return str(self.call("POST", f"{API}/tickets", json=ticket)["id"])

    def read(self, ticket_id: str) -> Mapping[str, str | None]:
        """The ticket's custom fields, as Desk answers them."""
        answer: Mapping[str, str | None] = self.call("GET", f"{API}/tickets/{ticket_id}")["cf"]
        return answer

    def counters(self) -> dict[str, Any]:
        """Calls, credits and deliveries since the start."""
        return self.call("GET", "/_simulator/state")

    def nudge(self, ticket_ids: Iterable[str]) -> None:
        """Have each ticket sent once more, with a field that has changed and changed back."""
        for ticket_id in ticket_ids:
            self.call("POST", f"/_simulator/tickets/{ticket_id}/nudge")

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        """One exchange; the answer's object. Raises requests.HTTPError for a refusal."""
        response = self.session.request(method, self.facts["desk_url"] + path, timeout=30, **body)
        response.raise_for_status()
        answer: dict[str, Any] = orjson.loads(response.content or b"{}")
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoProcesses:
    """Everything is running. `children` by name; their logs and records are in `folder`.

    `start` starts one again, or a second of its kind: `beat-2`. `environment` is theirs; Desk delivers to `deliver_to`.
    """

    folder: Path
    desk: SimulatedDesk
    desk_sync: wiring.DeskSync
    children: Mapping[str, Popen[bytes]]
    start: Callable[[str], Popen[bytes]]
    broker: EmbeddedBroker
    environment: Mapping[str, str]
    deliver_to: str

    def wait_until_quiet(self, tickets: int) -> None:
        """Until every delivery has come and been processed, and every ticket has been looked at.

        Raises TemporaryError if a process ends or it takes too long.
        """
        end = monotonic() + TIMEOUT
        while not self._is_quiet(tickets):
            if ended := [name for name, child in self.children.items() if child.poll() is not None]:
                raise TemporaryError(f"{', '.join(ended)} ended early\n{self._last_words(ended)}")
            if monotonic() > end:
                raise TemporaryError(f"not done after {TIMEOUT:.0f} s\n{self._last_words(self.children)}")
            Event().wait(0.05)

    def write_archive(self, path: Path) -> None:
        """Everything that was on the wire, as one HTTP Archive."""
        path.write_bytes(orjson.dumps(har.archive(*self.folder.glob("*.har"), creator_version=__version__)))

    def _is_quiet(self, tickets: int) -> bool:
        idle = self.desk.counters()["idle"]
        events = self.desk_sync.inbox("default").counts()
        looks = self.desk_sync.figures("default").backlog(wiring.now())
        arrived = idle and events.stored >= tickets
        return bool(arrived and events.stored == events.processed and not looks.due and not looks.leased)

    def _last_words(self, names: Iterable[str]) -> str:
        lines = [line for name in names for line in (self.folder / f"{name}.log").read_text().splitlines()[-10:]]
        return "\n".join(lines)


@contextmanager
def stage(folder: Path, accounts: Path, *, record: bool, database: str | None = None) -> Iterator[DemoProcesses]:
    """Set everything up on a fresh database in `folder`; on the way out everything ends, in order."""
    with ExitStack() as stack:
        broker = stack.enter_context(EmbeddedBroker.start())
        port = _free_port()
        database = database or f"sqlite:///{folder / 'desk-sync.sqlite3'}"
        environment = os.environ | {"DESK_SYNC_DATABASE_URL": database, "DESK_SYNC_REDIS_URL": broker.url}
        children: dict[str, Popen[bytes]] = {}
        stack.callback(lambda: stop(list(reversed(children.values()))))
        deliver_to = f"http://127.0.0.1:{port}/webhooks/desk/default"
        records = {name: ["--har", str(folder / f"{name}.har")] if record else [] for name in ("simulator", "serve")}
        options = {
            "simulator": ["--json", "--accounts", str(accounts), "--deliver-to", deliver_to],
            "serve": ["--port", str(port)],
        }

        def start(name: str, stdout: int | None = None) -> Popen[bytes]:
            command = name.partition("-")[0]
            arguments = [command, *options.get(command, []), *records.get(command, [])]
            with (folder / f"{name}.log").open("ab") as log:
                child = [sys.executable, "-m", "desk_sync.cli", *arguments]
                children[name] = spawn(child, env=environment, stdout=stdout or log, stderr=log)
            return children[name]

        simulator = start("simulator", PIPE)
        desk_sync = stack.enter_context(_prepared(database, accounts))
        desk = SimulatedDesk(facts=_announced(simulator.stdout))
        environment |= _as_settings(desk.facts)
        for name in ("serve", "worker", "beat"):
            start(name)
        _wait_for(f"http://127.0.0.1:{port}/healthz", children["serve"])
        desk.sign_in()
        yield DemoProcesses(
            folder=folder,
            desk=desk,
            desk_sync=desk_sync,
            children=children,
            start=start,
            broker=broker,
            environment=environment,
            deliver_to=deliver_to,
        )


@contextmanager
def _prepared(database: str, accounts: Path) -> Iterator[wiring.DeskSync]:
    with wiring.open_app(Settings(database_url=SecretStr(database))) as desk_sync:
        desk_sync.upgrade()
        desk_sync.import_file(accounts)
        yield desk_sync


def _announced(stdout: IO[bytes] | None) -> dict[str, str]:
    line = stdout.readline() if stdout else b""
    if not line:
        raise TemporaryError("the simulated Desk did not start")
    facts: dict[str, str] = orjson.loads(line)
    return facts


def _as_settings(facts: Mapping[str, str]) -> dict[str, str]:
    return {f"DESK_SYNC_{name.upper()}": facts[name] for name in SETTINGS}


def _wait_for(url: str, process: Popen[bytes]) -> None:
    end = monotonic() + TIMEOUT
    while monotonic() < end and process.poll() is None:
        try:
            requests.get(url, timeout=1).raise_for_status()
            return
        except requests.RequestException:
            Event().wait(0.05)
    raise TemporaryError("the receiver did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
