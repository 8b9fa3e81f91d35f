"""Deliveries that are dropped, doubled and out of order, with real processes: the sweep makes up for the lost ones."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from celery import Celery

from desk_sync.adapters.store.engine import open_engine, writing
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.demo_processes import demo_processes
from desk_sync.errors import TemporaryError
from desk_sync.ports.sweeps import SweepKind
from desk_sync.services.sweep import SweepPace
from desk_sync.settings import Settings
from desk_sync.wiring.opening import open_app
from tests.support.processes import START_SECONDS, wait_until

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
FAULTS = {"seed": 3, "drop": 0.2, "duplicate": 0.2, "reorder": True}
ADDRESS = "cf_customer_primary_email_address"


@pytest.fixture
def demo(tmp_path):
    """The demo's processes after a worker's first sweep: from then on every delivery is expected."""
    with demo_processes(tmp_path, ACCOUNTS, record=False) as demo:
        ringer = Celery(broker=demo.processes.broker.url.replace("unix://", "redis+socket://"))
        ringer.send_task("desk_sync.sweep_all", kwargs={"which": "recent"}, queue="desk_sync")
        wait_until(demo.desk_sync.portal("default").sweeps.coverage, seconds=START_SECONDS)
        yield demo


@pytest.fixture
def sweep(demo, monkeypatch):
    """The sweep of another process, which does not wait for deliveries that may be on their way."""
    # A logger keeps the settings of its first use, which must not affect later tests.
    monkeypatch.setattr("desk_sync.services.sweep.log", structlog.get_logger())
    prefix = "DESK_SYNC_"
    ours = {
        name.removeprefix(prefix).lower(): demo.processes.environment[name]
        for name in demo.processes.environment
        if prefix in name
    }
    with open_app(Settings(**ours)) as desk_sync:
        yield replace(desk_sync.portal("default").sweep, pace=SweepPace(grace=timedelta(0)))


@contextmanager
def worker_suspended(demo):
    """Suspend the worker, so that each look comes after all deliveries of the block."""
    worker = os.getpgid(demo.processes.children["worker"].pid)
    stop_between_writes(worker, demo.processes.environment["DESK_SYNC_DATABASE_URL"])
    try:
        yield
        wait_until(lambda: demo.desk.call("GET", "/_simulator/idle")["idle"], seconds=60)
    finally:
        os.killpg(worker, signal.SIGCONT)


def stop_between_writes(worker, database):
    """Suspend the worker outside a transaction: inside one it would lock out all other writers of SQLite."""
    engine = open_engine(database, busy_timeout=timedelta(seconds=0.5))

    def suspended_outside_a_transaction():
        os.killpg(worker, signal.SIGSTOP)
        with suppress(TemporaryError), writing(engine):
            return True
        os.killpg(worker, signal.SIGCONT)
        return False

    wait_until(suspended_outside_a_transaction, seconds=START_SECONDS)
    engine.dispose()


def open_tickets(demo, accounts):
    """Open a ticket for each account that does not name it yet. Return the tickets' ids by account id."""
    nameless = [replace(account, super_admin_email="") for account in accounts]
    tickets = demo.desk.open_tickets(nameless)
    demo.wait_until_quiet(0)
    time.sleep(1.1)  # Desk's times are whole seconds
    return tickets


def fill_in(demo, accounts, tickets):
    """Fill in the customer's address as a person; every third time with a wrong one first."""
    for number, account in enumerate(accounts):
        path = f"/_simulator/tickets/{tickets[account.account_id]}/write"
        for address in ["nobody@nowhere.example", account.super_admin_email][number % 3 > 0 :]:
            demo.desk.call("POST", path, json={"fields": {"cf": {ADDRESS: address}}})


def was_delivered(demo, ticket):
    """Return True if a delivery reported the person's change."""
    history = demo.desk_sync.portal("default").tickets.history(ticket)
    return bool(history) and any(event.actor_id == demo.desk.facts["person_id"] for event in history.events)


def end_state(demo, tickets):
    return {
        account: (demo.desk.read(ticket), repeated(demo, ticket), verdict(demo, ticket))
        for account, ticket in tickets.items()
    }


def repeated(demo, ticket):
    """Return the number of repeated comments. A ticket that was read before its field was filled has a note more."""
    comments = demo.desk.call("GET", f"/api/v1/tickets/{ticket}/comments").get("data", [])
    return len(comments) - len({comment["content"] for comment in comments})


def verdict(demo, ticket):
    return demo.desk_sync.portal("default").tickets.history(ticket).decisions[-1].decision.verdict


def test_changes_without_a_delivery_are_found_counted_once_and_lead_to_the_same_end_state(demo, sweep):
    accounts = read_accounts(ACCOUNTS).accounts
    undisturbed = open_tickets(demo, accounts)
    with worker_suspended(demo):
        fill_in(demo, accounts, undisturbed)
    demo.wait_until_quiet(0)

    demo.desk.call("POST", "/_simulator/faults", json=FAULTS)
    tickets = open_tickets(demo, accounts)
    with worker_suspended(demo):
        fill_in(demo, accounts, tickets)
    demo.wait_until_quiet(0)
    undelivered = [ticket for ticket in tickets.values() if not was_delivered(demo, ticket)]
    first, second = sweep.run(SweepKind.RECENT), sweep.run(SweepKind.FULL)
    demo.wait_until_quiet(0)

    assert demo.desk.counters()["deliveries"]["dropped"] >= len(undelivered)
    assert (first.missed, second.missed) == (len(undelivered), 0)
    assert end_state(demo, tickets) == end_state(demo, undisturbed)
    assert sweep.run(SweepKind.FULL).missed == 0
    assert demo.desk_sync.portal("default").metrics.deliveries().missed == len(undelivered)
