"""What the product survives, with real processes (L2, L3, L6). The full suite counts higher; this is the daily one."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
import redis

from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.stage import stage
from tests.support.processes import wait_until

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
RESUMED_WITHIN = 90


@pytest.fixture
def on(tmp_path):
    """The stage, with a Desk that takes its time, so that there is work in flight."""
    with stage(tmp_path, ACCOUNTS, record=False) as on:
        on.desk.call("POST", "/_simulator/faults", json={"latency": 0.3})
        yield on


def kill(child):
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def looked_at(on, tickets):
    histories = (on.desk_sync.tickets("default").history(ticket) for ticket in tickets)
    return sum(1 for history in histories if history and history.looked_at)


def test_a_killed_worker_and_a_flushed_redis_lose_nothing_and_double_nothing(on):
    accounts = read_accounts(ACCOUNTS).accounts
    tickets = on.desk.open_tickets(accounts)
    wait_until(lambda: looked_at(on, tickets.values()) >= 4, seconds=30)

    kill(on.children["worker"])
    redis.Redis.from_url(on.broker.url).flushall()
    broken_at = time.monotonic()
    on.start("worker")
    on.wait_until_quiet(len(tickets))

    assert time.monotonic() - broken_at < RESUMED_WITHIN
    verdicts = {}
    for account, ticket in tickets.items():
        history = on.desk_sync.tickets("default").history(ticket)
        verdicts[account] = history.decisions[-1].decision.verdict
        fields = on.desk.read(ticket)
        large = verdicts[account] == "PRIORITY"
        assert fields["cf_priority_customer_large_user_account"] == str(large).lower()
        assert fields["cf_severity"] == ("S1-Critical" if large else None)
        comments = on.desk.call("GET", f"/api/v1/tickets/{ticket}/comments").get("data", [])
        assert len(comments) == (verdicts[account] == "REVIEW")
    calls = on.desk.counters()["calls"]
    assert calls["PATCH /tickets/{id}"] <= list(verdicts.values()).count("PRIORITY") + 4  # those in flight, at most


def test_redis_that_vanishes_and_comes_back_stops_nobody_for_long(on):
    """Deliveries are answered without it, and work resumes by itself."""
    broker = on.broker.process.pid
    accounts = read_accounts(ACCOUNTS).accounts

    os.kill(broker, signal.SIGSTOP)
    try:
        tickets = on.desk.open_tickets(accounts)
        wait_until(lambda: on.desk_sync.inbox("default").counts().stored >= len(tickets), seconds=20)
    finally:
        os.kill(broker, signal.SIGCONT)
    on.wait_until_quiet(len(tickets))

    deliveries = on.desk.counters()["deliveries"]
    assert deliveries["failed"] == 0
    assert deliveries["sent"] == deliveries["accepted"]
