"""Least data, and secrets (L11, L12): planted texts go through the whole product at its most talkative, and are looked
for wherever it could have left them. One run each on SQLite and PostgreSQL, with faults that produce errors."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import MappingProxyType

import pytest
import redis
import requests
from sqlalchemy import select

from desk_sync import wiring
from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.portals import SqlTokens
from desk_sync.adapters.store.tables import metadata
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.stage import stage
from desk_sync.domain.account.entitlement import Verdict, entitle_each
from tests.support.processes import wait_until

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
PASSWORD = "canary-database-password"
TEXTS = MappingProxyType(
    {
        "subject": "canary subject",
        "address in the subject": "canary-person@customer.example",
        "description": "canary description",
        "partner's name": "Canarina",
        "partner's address": "canary-helpdesk@partner.example",
        "thread": "canary thread",
        "comment": "canary comment",
        "database password": PASSWORD,
    }
)
BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")
WEBHOOK_TOKEN = re.compile(rb"eyJ[\w-]+\.[\w-]+\.[\w-]+")


def large_accounts(count):
    """Accounts whose tickets are written to."""
    policy = mapping_file.load("partner_support").policy.licences
    decided = entitle_each(read_accounts(ACCOUNTS).accounts, policy)
    return [account for account, found in decided if found.verdict is Verdict.PRIORITY][:count]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'desk-sync.sqlite3'}"
    server = request.getfixturevalue("postgres")
    return server.url(server.new_database()).replace("@/", f":{PASSWORD}@/")


@pytest.fixture
def on(tmp_path, database, monkeypatch):
    monkeypatch.setenv("DESK_SYNC_LOG_LEVEL", "DEBUG")
    with stage(tmp_path, ACCOUNTS, record=True, database=database) as on:
        yield on


class Wire:
    """Everything that was sent to Redis, from now on."""

    def __init__(self, url):
        self.seen = []
        self._redis = redis.Redis.from_url(url)
        Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        with suppress(redis.RedisError, OSError, ValueError), self._redis.monitor() as monitor:
            for command in monitor.listen():
                self.seen.append(command["command"].encode())

    def text(self):
        return b"\n".join(self.seen)


def tell_everything(on, accounts):
    """Tickets full of planted texts, and everything that can be said on them; returns their ids."""
    for number, account in enumerate(accounts):
        body = {
            "departmentId": on.desk.facts["department_id"],
            "contact": {"lastName": TEXTS["partner's name"], "email": TEXTS["partner's address"]},
            "email": TEXTS["partner's address"],
            "subject": f"{TEXTS['subject']} of {TEXTS['address in the subject']}",
            "description": f"<div>{TEXTS['description']}</div>",
            "cf": {"cf_customer_primary_email_address": account.super_admin_email, "cf_issue_type": "Defect"},
        }
        ticket = str(on.desk.call("POST", "/api/v1/tickets", json=body)["id"])
        said = f"/_simulator/tickets/{ticket}"
        on.desk.call("POST", f"{said}/reply", json={"content": TEXTS["thread"], "from": "customer"})
        on.desk.call("POST", f"{said}/reply", json={"content": TEXTS["thread"]})
        on.desk.call("POST", f"{said}/comment", json={"content": f"{TEXTS['comment']} {number}"})
        yield ticket


def nothing_under_way(on):
    backlog = on.desk_sync.figures("default").backlog(wiring.now())
    return on.desk.counters()["idle"] and not backlog.due and not backlog.leased


# What goes wrong in Desk, and what the worker's log says then. A look that waits for a token is a long one: last.
PAGE = ({"status": 502, "calls": ["GET /tickets/{id}"]}, b"502")
NO_TOKEN = ({"status": 500, "calls": ["POST /oauth/v2/token"]}, b"the token server answered")
REFUSAL = ({"status": 422, "calls": ["PATCH /tickets/{id}"]}, b"ticket.parked")
TROUBLES = {"sqlite": [PAGE, NO_TOKEN], "postgresql": []}


@contextmanager
def in_trouble(on, trouble, sign):
    on.desk.call("POST", "/_simulator/faults", json=trouble)
    yield
    wait_until(lambda: sign in (on.folder / "worker.log").read_bytes(), seconds=30)
    on.desk.call("POST", "/_simulator/faults", json={})


def send_odd_deliveries(on):
    """What makes the receiver complain, with planted texts in it, under a token that Desk has sent."""
    tokens = WEBHOOK_TOKEN.findall((on.folder / "serve.har").read_bytes())
    event = {"payload": {"id": TEXTS["subject"], "subject": TEXTS["subject"]}, "orgId": on.desk.facts["org_id"]}
    bodies = [
        [event | {"eventType": "Ticket_Add", "eventTime": TEXTS["thread"]}],
        [event | {"eventType": TEXTS["comment"], "eventTime": "1"}, TEXTS["description"]],
        [TEXTS["description"]],
    ]
    for body in bodies:
        requests.post(on.deliver_to, json=body, headers={"X-ZDesk-JWT": tokens[-1].decode()}, timeout=5)
    requests.post(on.deliver_to, data=f'["{TEXTS["thread"]}', headers={"X-ZDesk-JWT": tokens[-1].decode()}, timeout=5)
    requests.post(on.deliver_to, json=bodies[0], headers={"X-ZDesk-JWT": TEXTS["subject"]}, timeout=5)
    return tokens


def rows(on):
    with reading(on.desk_sync.engine) as connection:
        return [repr(row).encode() for table in metadata.sorted_tables for row in connection.execute(select(table))]


def output(on, *command):
    """What a command of desk-sync says to a person at a terminal, its log included."""
    called = [sys.executable, "-m", "desk_sync.cli", *command]
    done = subprocess.run(called, env=dict(on.environment), capture_output=True, timeout=60, check=False)
    return done.stdout + done.stderr


def decoded(haystack):
    """With what stands in it in base64, as messages of Celery do."""
    parts = [haystack]
    for each in BASE64.findall(haystack):
        with suppress(ValueError):
            parts.append(base64.b64decode(each + b"=" * (-len(each) % 4)))
    return b"\n".join(parts)


def found(needles, haystacks):
    return {
        (what, where)
        for what, needle in needles.items()
        for where, haystack in haystacks.items()
        if needle.encode() in decoded(haystack)
    }


@pytest.mark.slow
def test_planted_texts_and_secrets_are_found_nowhere(on, tmp_path):
    wire = Wire(on.broker.url)
    accounts = large_accounts(6)
    with in_trouble(on, *REFUSAL):
        tickets = list(tell_everything(on, accounts))
    wait_until(lambda: nothing_under_way(on), seconds=30)
    on.desk_sync.tickets("default").look_now(tickets, now=wiring.now())
    on.wait_until_quiet(len(tickets))
    said = {
        "doctor": output(on, "doctor", "--json", "--online"),
        "parked": output(on, "parked", "list", "--json"),
        "metrics": requests.get(on.deliver_to.replace("/webhooks/desk/default", "/metrics"), timeout=5).content,
    }
    ready = requests.get(on.deliver_to.replace("/webhooks/desk/default", "/readyz"), timeout=5)
    assert (ready.status_code, ready.json()["checks"]["heartbeat"]) == (200, True)
    for trouble in TROUBLES[on.desk_sync.engine.dialect.name]:
        with in_trouble(on, *trouble):
            on.desk.call("POST", "/_simulator/tokens/revoke")
            on.desk_sync.tickets("default").look_now(tickets, now=wiring.now())
    webhook_tokens = send_odd_deliveries(on)

    logs = {f"log of {path.stem}": path.read_bytes() for path in on.folder.glob("*.log") if path.stem != "simulator"}
    said["redis"] = wire.text()
    explained = {f"explain {ticket}": output(on, "explain", ticket, "--json") for ticket in tickets[:2]}
    # Another process reads the file: closing it in this one would end the locks of this one's engine.
    files = [str(path) for path in tmp_path.glob("*.sqlite3*")]
    file = subprocess.run(["cat", *files], stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
    stored = {"rows": b"\n".join(rows(on)), "file": file}

    token = SqlTokens(on.desk_sync.engine, "default").read().access_token
    secrets = {
        **TEXTS,
        "client secret": on.desk.facts["client_secret"],
        "refresh token": on.desk.facts["refresh_token"],
        **{f"webhook token {number}": each.decode() for number, each in enumerate(webhook_tokens)},
    }
    addresses = {f"super admin {each.account_id}": each.super_admin_email for each in accounts}
    assert all(len(haystack) > 50 for haystack in {**logs, **said, **explained, "rows": stored["rows"]}.values())
    assert b"ticket.parked" in logs["log of worker"]
    assert b"event.refused" in logs["log of serve"]
    assert b"desk_sync.drain" in said["redis"]
    assert found(secrets, {**logs, **said, **explained, **stored}) == set()
    assert found({"access token": token, **addresses}, {**logs, **said}) == set()
    assert found({"access token": token}, explained) == set()


def test_what_is_looked_for_would_be_found_in_a_message_of_celery():
    message = base64.b64encode(b'[[], {"subject": "canary subject"}, {}]')

    assert found(TEXTS, {"redis": b'"LPUSH" "{\\"body\\": \\"' + message + b'\\"}"'}) == {("subject", "redis")}
