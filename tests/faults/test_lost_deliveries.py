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

from desk_sync import wiring
from desk_sync.adapters.store.engine import open_engine, writing
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.cli.stage import stage
from desk_sync.errors import TemporaryError
from desk_sync.ports.sweeps import SweepKind
from desk_sync.services.sweep import SweepPace
from desk_sync.settings import Settings
from tests.support.processes import START_SECONDS, wait_until

ACCOUNTS = Path(__file__).parents[1] / "cases" / "accounts" / "accounts.csv"
FAULTS = {"seed": 3, "drop": 0.2, "duplicate": 0.2, "reorder": True}
ADDRESS = "cf_customer_primary_email_address"


@pytest.fixture
def on(tmp_path):
    """The stage, on which a worker has swept once: from then on every delivery is expected."""
    with stage(tmp_path, ACCOUNTS, record=False) as on:
        ringer = Celery(broker=on.broker.url.replace("unix://", "redis+socket://"))
        ringer.send_task("desk_sync.sweep_all", kwargs={"which": "recent"}, queue="desk_sync")
        wait_until(on.desk_sync.sweeps("default").coverage, seconds=START_SECONDS)
        yield on


@pytest.fixture
def sweep(on, monkeypatch):
    """The sweep of one more process; it does not wait for deliveries that may be on their way."""
    # A logger keeps the settings that it was first used with: these are not for the tests to come.
    monkeypatch.setattr("desk_sync.services.sweep.log", structlog.get_logger())
    prefix = "DESK_SYNC_"
    ours = {name.removeprefix(prefix).lower(): on.environment[name] for name in on.environment if prefix in name}
    with wiring.open_app(Settings(**ours)) as desk_sync:
        yield replace(desk_sync.sweep("default"), pace=SweepPace(grace=timedelta(0)))


@contextmanager
def nobody_looks(on):
    """Whatever is delivered meanwhile, each look comes after all of it."""
    worker = os.getpgid(on.children["worker"].pid)
    stop_between_writes(worker, on.environment["DESK_SYNC_DATABASE_URL"])
    try:
        yield
        wait_until(lambda: on.desk.call("GET", "/_simulator/idle")["idle"], seconds=60)
    finally:
        os.killpg(worker, signal.SIGCONT)


def stop_between_writes(worker, database):
    """One that stood still in the middle of a transaction would keep everybody else from writing to SQLite."""
    engine = open_engine(database, busy_timeout=timedelta(seconds=0.5))

    def stopped_well():
        os.killpg(worker, signal.SIGSTOP)
        with suppress(TemporaryError), writing(engine):
            return True
        os.killpg(worker, signal.SIGCONT)
        return False

    wait_until(stopped_well, seconds=START_SECONDS)
    engine.dispose()


def opened(on, accounts):
    """A ticket for each account, that says nothing of it yet. The tickets' ids, by account."""
    nameless = [replace(account, super_admin_email="") for account in accounts]
    tickets = on.desk.open_tickets(nameless)
    on.wait_until_quiet(0)
    time.sleep(1.1)  # Desk's times are whole seconds
    return tickets


def filled_in(on, accounts, tickets):
    """A person looks up whose ticket it is; every third time wrongly at first."""
    for number, account in enumerate(accounts):
        path = f"/_simulator/tickets/{tickets[account.account_id]}/write"
        for address in ["nobody@nowhere.example", account.super_admin_email][number % 3 > 0 :]:
            on.desk.call("POST", path, json={"fields": {"cf": {ADDRESS: address}}})


def told(on, ticket):
    """Whether a delivery told of what a person did."""
    history = on.desk_sync.tickets("default").history(ticket)
    return bool(history) and any(event.actor_id == on.desk.facts["person_id"] for event in history.events)


def end_state(on, tickets):
    return {
        account: (on.desk.read(ticket), repeated(on, ticket), verdict(on, ticket))
        for account, ticket in tickets.items()
    }


def repeated(on, ticket):
    """How many comments say what another says. A ticket that was seen before its field was filled has a note more."""
    comments = on.desk.call("GET", f"/api/v1/tickets/{ticket}/comments").get("data", [])
    return len(comments) - len({comment["content"] for comment in comments})


def verdict(on, ticket):
    return on.desk_sync.tickets("default").history(ticket).decisions[-1].decision.verdict


def test_what_no_delivery_told_of_is_found_counted_once_and_brought_to_the_same_end(on, sweep):
    accounts = read_accounts(ACCOUNTS).accounts
    undisturbed = opened(on, accounts)
    with nobody_looks(on):
        filled_in(on, accounts, undisturbed)
    on.wait_until_quiet(0)

    on.desk.call("POST", "/_simulator/faults", json=FAULTS)
    tickets = opened(on, accounts)
    with nobody_looks(on):
        filled_in(on, accounts, tickets)
    on.wait_until_quiet(0)
    missed = [ticket for ticket in tickets.values() if not told(on, ticket)]
    first, second = sweep.run(SweepKind.RECENT), sweep.run(SweepKind.FULL)
    on.wait_until_quiet(0)

    assert on.desk.counters()["deliveries"]["dropped"] >= len(missed)
    assert (first.missed, second.missed) == (len(missed), 0)
    assert end_state(on, tickets) == end_state(on, undisturbed)
    assert sweep.run(SweepKind.FULL).marked == 0
    assert on.desk_sync.figures("default").deliveries().missed == len(missed)
