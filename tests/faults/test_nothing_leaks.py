"""Least data, and secrets (L11, L12): planted texts go through the whole product with its most verbose logs, and are
then searched wherever it could have left them. One run each on SQLite and PostgreSQL, with faults that cause errors."""

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

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.store.columns import metadata
from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.portals import SqlTokens
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.demo_processes import demo_processes
from desk_sync.domain.account.entitlement import Verdict, entitle_each
from desk_sync.wiring.environment import utc_now
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
    """Return accounts whose tickets the product writes to."""
    policy = mapping_file.load("partner_support").policy.licences
    decided = entitle_each(read_accounts(ACCOUNTS).accounts, policy)
    return [account for account, entitlement in decided if entitlement.verdict is Verdict.PRIORITY][:count]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'desk-sync.sqlite3'}"
    server = request.getfixturevalue("postgres")
    return server.url(server.new_database()).replace("@/", f":{PASSWORD}@/")


@pytest.fixture
def demo(tmp_path, database, monkeypatch):
    monkeypatch.setenv("DESK_SYNC_LOG_LEVEL", "DEBUG")
    with demo_processes(tmp_path, ACCOUNTS, record=True, database=database) as demo:
        yield demo


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


def write_planted_texts(demo, accounts):
    """Yield the ids of new tickets full of planted texts, with a reply and a comment of each kind."""
    for number, account in enumerate(accounts):
        body = {
            "departmentId": demo.desk.facts["department_id"],
            "contact": {"lastName": TEXTS["partner's name"], "email": TEXTS["partner's address"]},
            "email": TEXTS["partner's address"],
            "subject": f"{TEXTS['subject']} of {TEXTS['address in the subject']}",
            "description": f"<div>{TEXTS['description']}</div>",
            "cf": {"cf_customer_primary_email_address": account.super_admin_email, "cf_issue_type": "Defect"},
        }
        ticket = str(demo.desk.call("POST", "/api/v1/tickets", json=body)["id"])
        path = f"/_simulator/tickets/{ticket}"
        demo.desk.call("POST", f"{path}/reply", json={"content": TEXTS["thread"], "from": "customer"})
        demo.desk.call("POST", f"{path}/reply", json={"content": TEXTS["thread"]})
        demo.desk.call("POST", f"{path}/comment", json={"content": f"{TEXTS['comment']} {number}"})
        yield ticket


def nothing_under_way(demo):
    backlog = demo.desk_sync.portal("default").metrics.backlog(utc_now())
    return demo.desk.counters()["idle"] and not backlog.due and not backlog.leased


# Faults of Desk, each with the mark that it leaves in the worker's log. A look that waits for a token is long: last.
PAGE = ({"status": 502, "calls": ["GET /tickets/{id}"]}, b"502")
NO_TOKEN = ({"status": 500, "calls": ["POST /oauth/v2/token"]}, b"the token server answered")
REFUSALS = [
    ({"status": 422, "calls": ["PATCH /tickets/{id}"]}, b"field.held_back"),
    ({"status": 422, "calls": ["GET /tickets/{id}"]}, b"look.postponed"),
]
DESK_FAULTS = {"sqlite": [PAGE, NO_TOKEN], "postgresql": []}


@contextmanager
def desk_fault(demo, fault, mark):
    demo.desk.call("POST", "/_simulator/faults", json=fault)
    yield
    wait_until(lambda: mark in (demo.processes.folder / "worker.log").read_bytes(), seconds=30)
    demo.desk.call("POST", "/_simulator/faults", json={})


def send_refused_deliveries(demo):
    """Send deliveries that the receiver refuses, with planted texts, under a token of Desk. Return Desk's tokens."""
    tokens = WEBHOOK_TOKEN.findall((demo.processes.folder / "serve.har").read_bytes())
    event = {"payload": {"id": TEXTS["subject"], "subject": TEXTS["subject"]}, "orgId": demo.desk.facts["org_id"]}
    bodies = [
        [event | {"eventType": "Ticket_Add", "eventTime": TEXTS["thread"]}],
        [event | {"eventType": TEXTS["comment"], "eventTime": "1"}, TEXTS["description"]],
        [TEXTS["description"]],
    ]
    for body in bodies:
        requests.post(demo.deliver_to, json=body, headers={"X-ZDesk-JWT": tokens[-1].decode()}, timeout=5)
    requests.post(demo.deliver_to, data=f'["{TEXTS["thread"]}', headers={"X-ZDesk-JWT": tokens[-1].decode()}, timeout=5)
    requests.post(demo.deliver_to, json=bodies[0], headers={"X-ZDesk-JWT": TEXTS["subject"]}, timeout=5)
    return tokens


def rows(demo):
    with reading(demo.desk_sync.engine) as connection:
        return [repr(row).encode() for table in metadata.sorted_tables for row in connection.execute(select(table))]


def output(demo, *command):
    """Return the output of a command of desk-sync at a terminal, its log included."""
    called = [sys.executable, "-m", "desk_sync.cli", *command]
    done = subprocess.run(called, env=dict(demo.processes.environment), capture_output=True, timeout=60, check=False)
    return done.stdout + done.stderr


def decoded(haystack):
    """Return the text with its base64 parts decoded, as in messages of Celery."""
    parts = [haystack]
    for each in BASE64.findall(haystack):
        with suppress(ValueError):
            parts.append(base64.b64decode(each + b"=" * (-len(each) % 4)))
    return b"\n".join(parts)


def find(needles, haystacks):
    return {
        (what, where)
        for what, needle in needles.items()
        for where, haystack in haystacks.items()
        if needle.encode() in decoded(haystack)
    }


@pytest.mark.slow
def test_planted_texts_and_secrets_are_found_nowhere(demo, tmp_path):
    wire = Wire(demo.processes.broker.url)
    accounts = large_accounts(6)
    tickets = []
    for refusal in REFUSALS:
        with desk_fault(demo, *refusal):
            tickets += write_planted_texts(demo, accounts)
        wait_until(lambda: nothing_under_way(demo), seconds=30)
    demo.desk_sync.portal("default").tickets.look_now(tickets, now=utc_now())
    demo.wait_until_quiet(len(tickets))
    outputs = {
        "parked": output(demo, "parked", "list", "--json"),
        "metrics": requests.get(demo.deliver_to.replace("/webhooks/desk/default", "/metrics"), timeout=5).content,
    }
    ready = requests.get(demo.deliver_to.replace("/webhooks/desk/default", "/readyz"), timeout=5)
    assert (ready.status_code, ready.json()["checks"]["heartbeat"]) == (200, True)
    for fault in DESK_FAULTS[demo.desk_sync.engine.dialect.name]:
        with desk_fault(demo, *fault):
            demo.desk.call("POST", "/_simulator/tokens/revoke")
            demo.desk_sync.portal("default").tickets.look_now(tickets, now=utc_now())
    outputs["doctor"] = output(demo, "doctor", "--json", "--online")
    webhook_tokens = send_refused_deliveries(demo)

    logs = {
        f"log of {path.stem}": path.read_bytes()
        for path in demo.processes.folder.glob("*.log")
        if path.stem != "simulator"
    }
    outputs["redis"] = wire.text()
    explained = {f"explain {ticket}": output(demo, "explain", ticket, "--json") for ticket in tickets[:2]}
    # Another process reads the file: closing it in this one would end the locks of this one's engine.
    files = [str(path) for path in tmp_path.glob("*.sqlite3*")]
    file = subprocess.run(["cat", *files], stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
    stored = {"rows": b"\n".join(rows(demo)), "file": file}

    token = SqlTokens(demo.desk_sync.engine, "default").read().access_token
    secrets = {
        **TEXTS,
        "client secret": demo.desk.facts["client_secret"],
        "refresh token": demo.desk.facts["refresh_token"],
        **{f"webhook token {number}": each.decode() for number, each in enumerate(webhook_tokens)},
    }
    addresses = {f"super admin {each.account_id}": each.super_admin_email for each in accounts}
    assert all(len(haystack) > 50 for haystack in {**logs, **outputs, **explained, "rows": stored["rows"]}.values())
    assert b"look.postponed" in logs["log of worker"]
    assert b"event.refused" in logs["log of serve"]
    assert b"desk_sync.drain" in outputs["redis"]
    assert find(secrets, {**logs, **outputs, **explained, **stored}) == set()
    assert find({"access token": token, **addresses}, {**logs, **outputs}) == set()
    assert find({"access token": token}, explained) == set()


def test_the_search_would_find_a_text_in_a_message_of_celery():
    message = base64.b64encode(b'[[], {"subject": "canary subject"}, {}]')

    assert find(TEXTS, {"redis": b'"LPUSH" "{\\"body\\": \\"' + message + b'\\"}"'}) == {("subject", "redis")}
