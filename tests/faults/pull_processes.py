"""Processes that pull one Billing organisation at the same time, and are killed and suspended while they do.

The host is in the process of the test. It has more than one page of everything, and answers 503 at random requests.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import Engine, select

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.store.engine import open_engine, reading
from desk_sync.adapters.store.pulls import SqlPulls
from desk_sync.adapters.store.source_calls import SqlUnits
from desk_sync.adapters.store.subscription_tables import accounts, pages, snapshots
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.adapters.store.values import ACCOUNT
from desk_sync.adapters.subscriptions.billing import BillingSource
from desk_sync.adapters.subscriptions.zoho_api import CallPace, ZohoApi
from desk_sync.errors import DeskSyncError
from desk_sync.services.import_accounts import ImportAccounts
from desk_sync.services.pull import Pull, PullRhythm
from tests.adapters.desk.portal import FakeTokens, make_access, make_token
from tests.support.billing_answers import BillingAnswers
from tests.support.forked import SERVER
from tests.support.zoho_host import HostRequest, Reply, ZohoHost

NAME = "billing"
CUSTOMERS = 20
LICENCES = 25
TURN = timedelta(seconds=0.6)
RHYTHM = PullRhythm(every=timedelta(0), again=timedelta(0), turn=TURN)
PATIENCE = 60.0  # seconds
FAILURES = 0.04
"""The share of requests that are answered by 503."""
LATENCY = 0.01  # seconds
MOST_CALLS_BETWEEN = 12
"""The most calls to the source between two strikes: a pull takes some thirty."""
POLICY = mapping_file.load("partner_support").policy.licences


class StruckHost:
    """A Billing organisation with this many customers, some of whose requests fail."""

    def __init__(self, host: ZohoHost, seed: int) -> None:
        self.random = Random(seed)
        self.fails = True
        self.failed = self.calls = 0
        billing = BillingAnswers(size=8)
        record = billing.records["S1"] | {"addons": []}
        names = [f"{number:03}" for number in range(CUSTOMERS)]
        billing.rows["customers"] = [{"customer_id": each, "email": f"e{each}@e.example"} for each in names]
        billing.rows["subscriptions"] = [
            {"subscription_id": f"S{each}", "customer_id": each, "status": "live"} for each in names
        ]
        billing.records = {
            f"S{each}": record | {"subscription_id": f"S{each}", "customer": {"customer_id": each}} for each in names
        }
        self.billing = billing
        host.answers[:] = [self._reply]

    def _reply(self, asked: HostRequest) -> Reply | None:
        time.sleep(LATENCY)
        self.calls += 1
        if self.fails and self.random.random() < FAILURES:
            self.failed += 1
            return Reply("", status=503)
        return self.billing.reply(asked)


def utc_now() -> datetime:
    return datetime.now(UTC)


def make_pull(engine: Engine, host_url: str, holder: str) -> Pull:
    access = make_access(FakeTokens(make_token()), accounts_url=host_url)
    api = ZohoApi(host_url, access=access, pace=CallPace(10**9), now=utc_now, attempts=1)
    subscriptions = SqlSubscriptions(engine, (NAME,))
    return Pull(
        name=NAME,
        source=BillingSource(api, units=SqlUnits(engine, NAME, utc_now)),
        importing=ImportAccounts(subscriptions=subscriptions, policy=POLICY, now=utc_now),
        pulls=SqlPulls(engine),
        now=utc_now,
        rhythm=RHYTHM,
        holder=holder,
    )


def pull_in_turns(url: str, host_url: str, holder: str, by_hand: bool, until: float) -> None:
    """Pull until it succeeds once, or the time is over."""
    engine = open_engine(url)
    pull = make_pull(engine, host_url, holder)
    while time.time() < until:
        with suppress(DeskSyncError):
            if pull.run() if by_hand else pull.run_if_due():
                return
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class StruckPull:
    """The end of one trial: the accounts of the current snapshot with their licences, and the runs of the pages.

    `failed` counts the calls that were answered by 503.
    """

    found: dict[str, int]
    runs: frozenset[int]
    strikes: Sequence[str]
    failed: int


def trial(url: str, host: ZohoHost, seed: int) -> StruckPull:
    """Let two workers and a hand-made pull run beside each other, strike them at random, and let the last one end."""
    random = Random(seed)
    struck = StruckHost(host, seed)
    engine = open_engine(url)
    runs = _Runs(engine)
    until = time.time() + PATIENCE
    strikes: list[str] = []
    arguments = [(url, host.url, name, name == "by hand", until) for name in ("worker 1", "worker 2", "by hand")]
    children = [SERVER.Process(target=pull_in_turns, args=each, daemon=True) for each in arguments]
    for child in children:
        child.start()
    suspended: list[int] = []
    while any(child.is_alive() for child in children) and len(strikes) < 4:
        _await_calls(struck, random.randint(1, MOST_CALLS_BETWEEN))
        runs.look()
        victim = random.choice(children)
        if not victim.is_alive() or victim.pid is None:
            continue
        strike = random.choice(("kill", "stop", "stop"))
        strikes.append(strike)
        os.kill(victim.pid, signal.SIGKILL if strike == "kill" else signal.SIGSTOP)
        if strike == "stop":
            suspended.append(victim.pid)
        if random.random() < 0.5 and suspended:
            _continue(suspended.pop(0))
    struck.fails = False
    time.sleep(TURN.total_seconds())
    for pid in suspended:
        _continue(pid)
    pull_in_turns(url, host.url, "the last one", False, until)
    for child in children:
        child.join(PATIENCE)
        runs.look()
    found = StruckPull(found=_current(engine), runs=frozenset(runs.mixed), strikes=strikes, failed=struck.failed)
    engine.dispose()
    return found


def _await_calls(struck: StruckHost, number: int) -> None:
    """Wait until so many further calls have come, or none comes: all processes may be suspended."""
    goal, until = struck.calls + number, time.time() + 2 * TURN.total_seconds()
    while struck.calls < goal and time.time() < until:
        time.sleep(0.005)


class _Runs:
    """Looks at the journal now and then; `mixed` are the runs that were in it together with another one."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.mixed: set[int] = set()

    def look(self) -> None:
        with reading(self.engine) as connection:
            found = set(connection.scalars(select(pages.c.run).where(pages.c.source == NAME).distinct()))
        if len(found) > 1:
            self.mixed |= found


def _continue(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


def _current(engine: Engine) -> dict[str, int]:
    """Return the licences of every snapshot that ever became current and still is, by account."""
    query = (
        select(accounts.c.account_id, accounts.c.account)
        .join(snapshots, snapshots.c.id == accounts.c.snapshot_id)
        .where(snapshots.c.source == NAME, snapshots.c.state == "current")
    )
    with reading(engine) as connection:
        rows: Sequence[Any] = connection.execute(query).all()
    return {name: sum(item.quantity or 0 for item in ACCOUNT.validate_python(stored).items) for name, stored in rows}


def sizes_that_became_current(url: str) -> Sequence[tuple[int, int]]:
    """Return the accounts and licences of each snapshot that ever became current."""
    engine = open_engine(url)
    query = select(snapshots.c.accounts, snapshots.c.licences).where(snapshots.c.current_at.is_not(None))
    with reading(engine) as connection:
        found = [(each.accounts, each.licences) for each in connection.execute(query)]
    engine.dispose()
    return found
