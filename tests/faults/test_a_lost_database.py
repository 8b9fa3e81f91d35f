"""Real processes whose database comes back old, or is lost, and Redis with it: Desk shows no difference."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis

from desk_sync.adapters.runtime.embedded_broker import stop
from desk_sync.adapters.store.engine import open_engine
from desk_sync.cli.demo_processes import DemoProcesses, demo_processes
from desk_sync.wiring.offline import read_accounts
from tests.support.processes import START_SECONDS

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
LARGE, SEVERITY = "cf_priority_customer_large_user_account", "cf_severity"
PRODUCT = ("serve", "worker", "beat")
SINCE = "2020-01-01T00:00Z"
AS_OF = re.compile(r"The clocks, as of .*?(?=Why:)|Subscription data: .*?(?=<br>)|(?<=\[ds-[0-9a-f]{12})\.\w+")
"""The parts of the note that depend on when it was edited last, and by which installation."""


@pytest.fixture
def demo(tmp_path):
    with demo_processes(tmp_path, ACCOUNTS, record=False) as demo:
        yield demo


class Portal:
    """The tickets that the test opened, and what Desk shows of them."""

    def __init__(self, demo: DemoProcesses) -> None:
        self.demo = demo
        self.tickets: list[str] = []

    def open(self, accounts: Any) -> None:
        """Open a ticket for each account, and two that report a security problem and name no customer."""
        self.tickets += self.demo.desk.open_tickets(accounts).values()
        self.tickets += [self._open_insecure() for _ in range(2)]
        self.demo.wait_until_quiet(len(self.tickets))
        time.sleep(1.1)  # Desk's times are whole seconds

    def _open_insecure(self) -> str:
        ticket = {
            "departmentId": self.demo.desk.facts["department_id"],
            "contact": {"lastName": "Help desk", "email": "help@partner.example"},
            "subject": "Somebody reads our mails",
            "cf": {"cf_issue_type": "Security"},
        }
        return str(self.demo.desk.call("POST", "/api/v1/tickets", json=ticket)["id"])

    def untick_every_second(self) -> None:
        """Take box and severity back as a person, on tickets where they are ours."""
        ticked = [each for each in self.tickets if self.demo.desk.read(each)[LARGE] == "true"]
        for ticket in ticked[::2]:
            fields = {"cf": {LARGE: "false", SEVERITY: "S3-Minimal"}}
            self.demo.desk.call("POST", f"/_simulator/tickets/{ticket}/write", json={"fields": fields})
        assert ticked
        self.demo.wait_until_quiet(0)

    def state(self) -> Mapping[str, Any]:
        return {each: (self.demo.desk.read(each), self._comments(each)) for each in self.tickets}

    def _comments(self, ticket: str) -> Counter[tuple[bool, str]]:
        listed = self.demo.desk.call("GET", f"/api/v1/tickets/{ticket}/comments?limit=100").get("data", [])
        return Counter((each["isPublic"], AS_OF.sub("", each["content"])) for each in listed)


def file_of(demo: DemoProcesses) -> Path:
    return Path(demo.processes.environment["DESK_SYNC_DATABASE_URL"].removeprefix("sqlite:///"))


def copied(demo: DemoProcesses, to: Path) -> Path:
    """Copy the database while the product runs."""
    engine = open_engine(f"sqlite:///{to}")
    source, target = demo.desk_sync.engine.raw_connection(), engine.raw_connection()
    source.driver_connection.backup(target.driver_connection)
    source.close()
    target.close()
    engine.dispose()
    return to


def strike(demo: DemoProcesses, copy: Path | None) -> None:
    """Stop the product, forget all that Redis knows, and put the copy in the place of the database, or an empty one."""
    children = demo.processes.children
    stop([children.pop(name) for name in PRODUCT])
    redis.Redis.from_url(demo.processes.broker.url.replace("redis+socket", "unix")).flushall()
    demo.desk_sync.engine.dispose()
    database = file_of(demo)
    for each in database.parent.glob(f"{database.name}*"):
        each.unlink()
    if copy:
        shutil.copy(copy, database)
    else:
        demo.desk_sync.upgrade()
        demo.desk_sync.sources.imports.run_file(read_accounts(ACCOUNTS))


def command(demo: DemoProcesses, *arguments: str) -> dict[str, Any]:
    """Run a command of the product; return its JSON."""
    run = [sys.executable, "-m", "desk_sync.cli", *arguments, "--json"]
    done = subprocess.run(run, env=demo.processes.environment, capture_output=True, timeout=START_SECONDS, check=True)
    answer: dict[str, Any] = orjson.loads(done.stdout)
    return answer


@pytest.mark.parametrize("is_lost", [pytest.param(False, id="restored"), pytest.param(True, id="lost")])
def test_what_desk_shows_is_as_if_nothing_had_been_forgotten(demo, tmp_path, is_lost):
    portal, accounts = Portal(demo), read_accounts(ACCOUNTS).accounts
    portal.open(accounts[:6])
    copy = copied(demo, tmp_path / "copy.sqlite3")
    portal.open(accounts[6:10])
    portal.untick_every_second()
    before = portal.state()

    strike(demo, None if is_lost else copy)
    estimate = command(demo, "adopt", "--since", SINCE, "--dry-run")
    adopted = command(demo, "adopt", "--since", SINCE)
    for name in PRODUCT:
        demo.start(name)
    demo.wait_until_quiet(0)

    assert (estimate["tickets"], estimate["marked"]) == (len(portal.tickets), 0)
    assert adopted["marked"] == len(portal.tickets)
    assert any(public for _, comments in before.values() for public, _ in comments)
    assert portal.state() == before
    demo.desk.nudge(portal.tickets)
    demo.wait_until_quiet(len(portal.tickets))
    assert portal.state() == before
