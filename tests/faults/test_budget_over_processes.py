"""The budget with real processes, a real Redis and the simulated Desk, which counts what is in flight (L13)."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from desk_sync.adapters.desk.limits.breaker import FAILURES
from desk_sync.adapters.desk.limits.budget import RECHECK_AFTER
from desk_sync.adapters.desk.limits.slots import connect
from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker, spawn, stop
from desk_sync.adapters.store.portals import SqlAllowances
from desk_sync.ports.portal import CreditLevel, DeskPause
from desk_sync.settings import Settings
from desk_sync.simulated_desk.faults import NONE, FaultInjector
from desk_sync.simulated_desk.server import running
from desk_sync.wiring.environment import utc_now
from desk_sync.wiring.opening import open_database
from desk_sync.wiring.process import DEFAULT
from tests.support.processes import START_SECONDS, wait_until

LIMIT = 4
WORKERS = 8
ROOT = Path(__file__).parents[2]
FACTS = ("desk_url", "accounts_url", "org_id", "webhook_id", "client_id", "client_secret", "refresh_token")


class BudgetSetup:
    """A simulated Desk, a broker and a database, and the settings that name them."""

    def __init__(self, simulation, url, broker, folder):
        self.simulation = simulation
        self.broker = broker
        self.desk = simulation.desk
        facts = simulation.facts(url)
        database = f"sqlite:///{folder / 'store.sqlite3'}"
        self.settings = {name: facts[name] for name in FACTS} | {
            "database_url": database,
            "redis_url": broker.url,
            "concurrency": str(LIMIT),
            "credit_reserve": "100",
            "workers": str(WORKERS),
        }
        self._department = facts["department_id"]

    @property
    def reads(self):
        """The number of calls that read a ticket."""
        return self.desk.calls["GET /tickets/{id}"]

    def open_ticket(self):
        wanted = {
            "departmentId": self._department,
            "subject": "A question",
            "contact": {"lastName": "Partner", "email": "help@partner.example"},
        }
        portal = self.simulation.portal
        return portal.open_ticket(wanted, by=portal.own_agent["id"]).ticket_id

    def open_app(self):
        secrets = ("client_id", "client_secret", "refresh_token", "database_url", "redis_url")
        facts = {name: SecretStr(value) if name in secrets else value for name, value in self.settings.items()}
        return open_database(Settings(**facts))

    def start_caller(self, ticket_id):
        environment = {f"DESK_SYNC_{name.upper()}": value for name, value in self.settings.items()}
        command = [sys.executable, "-m", "tests.support.caller", ticket_id, "6"]
        return spawn(command, env=os.environ | environment, cwd=ROOT)


@pytest.fixture
def setup(tmp_path):
    with ExitStack() as stack:
        simulation, url = stack.enter_context(running())
        setup = BudgetSetup(simulation, url, EmbeddedBroker.start(), tmp_path)
        stack.callback(lambda: setup.broker.stop())
        with setup.open_app() as app:
            app.upgrade()
        yield setup


def flush(setup):
    connect(setup.broker.url).flushall()


def restart(setup):
    setup.broker.process.kill()
    setup.broker.process.wait()
    setup.broker = setup.broker.again()


def freeze(setup):
    os.kill(setup.broker.process.pid, signal.SIGSTOP)
    time.sleep(2)
    os.kill(setup.broker.process.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    "strike",
    [
        pytest.param(flush, id="Redis is flushed"),
        pytest.param(restart, id="Redis is killed and replaced"),
        pytest.param(freeze, id="Redis is frozen"),
    ],
)
def test_two_processes_never_have_more_calls_in_flight_than_the_portal_allows(setup, strike):
    ticket = setup.open_ticket()
    setup.simulation.chance.set(FaultInjector(latency=0.7, calls=("GET /tickets/{id}",)))
    callers = [setup.start_caller(ticket) for _ in range(2)]
    try:
        wait_until(lambda: setup.desk.quota.in_flight == LIMIT, seconds=START_SECONDS)

        strike(setup)

        before = setup.reads
        wait_until(lambda: setup.reads > before + 2 * LIMIT, seconds=10)
        assert [caller.poll() for caller in callers] == [None, None]
        assert setup.desk.quota.most_in_flight == LIMIT
    finally:
        stop(callers)


class TestStorms:
    @pytest.fixture
    def app(self, setup):
        with setup.open_app() as app:
            yield app

    def looked_at(self, app, tickets):
        histories = [app.portal(DEFAULT).tickets.history(ticket) for ticket in tickets]
        return sum(1 for history in histories if history.looked_at and not history.error)

    def test_a_busy_desk_pauses_its_portal_and_nothing_is_lost(self, setup, app):
        tickets = [setup.open_ticket() for _ in range(20)]
        app.portal(DEFAULT).tickets.look_now(tickets, now=utc_now())
        setup.simulation.chance.set(FaultInjector(latency=0.05))
        setup.desk.quota.concurrent = 1

        app.portal(DEFAULT).drain.run()
        allowances = SqlAllowances(app.engine, DEFAULT)
        assert allowances.read().pause is not None

        setup.desk.quota.concurrent = 25
        wait_until(lambda: allowances.read().pause.until <= utc_now(), seconds=10)
        app.portal(DEFAULT).tickets.look_now(tickets, now=utc_now())
        app.portal(DEFAULT).drain.run()

        assert (allowances.read().pause, self.looked_at(app, tickets)) == (None, len(tickets))

    def test_a_day_without_credits_costs_one_call_per_thread_and_nothing_is_lost(self, setup, app):
        tickets = [setup.open_ticket() for _ in range(20)]
        app.portal(DEFAULT).tickets.look_now(tickets, now=utc_now())
        setup.desk.quota.daily = setup.desk.quota.spent
        app.portal(DEFAULT).drain.run()

        allowances = SqlAllowances(app.engine, DEFAULT)
        pause, credits_left = allowances.read().pause, allowances.read().credits.left
        assert credits_left == 0
        assert pause.until - utc_now() == pytest.approx(setup.desk.quota.until_tomorrow(), abs=timedelta(seconds=5))
        assert setup.reads <= WORKERS

        setup.desk.quota.daily = 125_000
        allowances.exchange(pause, DeskPause(begun_at=utc_now(), until=utc_now(), number=1))  # midnight
        known = allowances.read().credits
        assert allowances.exchange_credits(known, CreditLevel(left=0, at=utc_now() - RECHECK_AFTER))
        app.portal(DEFAULT).tickets.look_now(tickets, now=utc_now())
        app.portal(DEFAULT).drain.run()

        assert (allowances.read().pause, self.looked_at(app, tickets)) == (None, len(tickets))

    def test_a_desk_that_is_down_gets_few_calls_and_nothing_is_lost(self, setup, app):
        tickets = [setup.open_ticket() for _ in range(20)]
        app.portal(DEFAULT).tickets.look_now(tickets, now=utc_now())
        setup.simulation.chance.set(FaultInjector(status=503))
        app.portal(DEFAULT).drain.run()
        app.portal(DEFAULT).drain.run()

        assert setup.reads < FAILURES + WORKERS

        setup.simulation.chance.set(NONE)
        allowances = SqlAllowances(app.engine, DEFAULT)
        wait_until(lambda: allowances.read().pause.until <= utc_now(), seconds=10)
        app.portal(DEFAULT).tickets.look_now(tickets, now=utc_now())
        app.portal(DEFAULT).drain.run()

        assert (allowances.read().pause, self.looked_at(app, tickets)) == (None, len(tickets))
