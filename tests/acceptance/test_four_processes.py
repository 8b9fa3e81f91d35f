"""Simulator, receiver, worker and beat started by hand, and a foreign REST client (acceptance: by curl)."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, spawn, stop
from desk_sync.cli.demo_client import SETTINGS
from tests.support.processes import wait_until

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
COMMAND = [sys.executable, "-m", "desk_sync.cli"]
AFTER_START = 8.0
IDLE_SECONDS = 15.0
A_SWEEP = 600  # bytes of the lines of one sweep, which may come in any fifteen seconds
LARGE = "admin@nile-valley-clinics.example"  # A11


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def portal(tmp_path):
    """The settings that the simulator printed; the other processes get them by environment variables alone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    children = []
    with EmbeddedBroker.start() as broker, (tmp_path / "log").open("wb") as log:
        try:
            deliver_to = f"http://127.0.0.1:{port}/webhooks/desk/default"
            simulator = spawn([*COMMAND, "simulator", "--deliver-to", deliver_to, "--json"], stdout=subprocess.PIPE)
            children.append(simulator)
            facts = json.loads(simulator.stdout.readline())
            environment = os.environ | {f"DESK_SYNC_{name.upper()}": facts[name] for name in SETTINGS}
            environment |= {
                "DESK_SYNC_DATABASE_URL": f"sqlite:///{tmp_path / 'new' / 'desk.sqlite3'}",
                "DESK_SYNC_REDIS_URL": broker.url,
            }
            for arguments in (["db", "upgrade"], ["subscriptions", "import", str(ACCOUNTS)]):
                subprocess.run([*COMMAND, *arguments], env=environment, check=True, capture_output=True)
            for arguments in (["serve", "--port", str(port)], ["worker"], ["beat"]):
                children.append(spawn([*COMMAND, *arguments], env=environment, stdout=log, stderr=log))
            wait_until(lambda: answers(port), seconds=30)
            yield facts | {"environment": environment}
        finally:
            stop(reversed(children))


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_ticket_that_curl_opens_is_marked_a_moment_later(portal):
    def curl(*arguments):
        answer = subprocess.run(["curl", "-sS", *arguments], capture_output=True, check=True).stdout
        return json.loads(answer)

    form = {"grant_type": "refresh_token"} | {n: portal[n] for n in ("client_id", "client_secret", "refresh_token")}
    fields = [part for name, value in form.items() for part in ("-d", f"{name}={value}")]
    token = curl(*fields, f"{portal['accounts_url']}/oauth/v2/token")["access_token"]
    headers = ["-H", f"Authorization: Zoho-oauthtoken {token}", "-H", f"orgId: {portal['org_id']}"]
    ticket = {
        "departmentId": portal["department_id"],
        "contact": {"lastName": "Partner", "email": "help@levant-systems.example"},
        "subject": "Nobody can log in",
        "cf": {"cf_customer_primary_email_address": LARGE},
    }
    url = f"{portal['desk_url']}/api/v1/tickets"
    opened = curl(*headers, "-H", "Content-Type: application/json", "-d", json.dumps(ticket), url)

    wait_until(lambda: curl(*headers, f"{url}/{opened['id']}")["cf"]["cf_severity"], seconds=30)

    fields = curl(*headers, f"{url}/{opened['id']}")["cf"]
    assert fields["cf_priority_customer_large_user_account"] == "true"
    assert fields["cf_severity"] == "S1-Critical"
    explained = subprocess.run(
        [*COMMAND, "explain", opened["id"], "--json"], env=portal["environment"], stdout=subprocess.PIPE, check=True
    )
    assert json.loads(explained.stdout)["decisions"][0]["decision"] == "PRIORITY"


def test_an_idle_installation_logs_less_than_a_megabyte_a_day(portal, tmp_path):
    log = tmp_path / "log"
    wait_until(lambda: b"startup.checked" in log.read_bytes(), seconds=60)
    sleep(AFTER_START)
    before = log.stat().st_size
    sleep(IDLE_SECONDS)

    written = log.read_bytes()[before:]
    assert len(written) <= A_SWEEP + 1_000_000 * IDLE_SECONDS / 86_400, written.decode()
