"""Someone has a valid token of Desk and delivers ids that do not exist: the reserve of credits for severity 1 stays.

The real door, queue, drain and budget, with a real Redis and the simulated Desk, which counts credits.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from pydantic import SecretStr

from desk_sync.adapters.runtime.embedded_broker import EmbeddedBroker
from desk_sync.ports.tickets import UNSEEN
from desk_sync.settings import Settings
from desk_sync.simulated_desk.server import running
from desk_sync.wiring.environment import utc_now
from desk_sync.wiring.opening import open_database
from desk_sync.wiring.process import DEFAULT, PortalServices

RESERVE, DAILY, INVENTED, WORKERS = 200, 500, 700, 8
FACTS = ("desk_url", "accounts_url", "org_id", "webhook_id")
SECRETS = ("client_id", "client_secret", "refresh_token")


class LeakedToken:
    """A portal, and deliveries with its token."""

    def __init__(self, portal: PortalServices, simulation, facts) -> None:
        self.portal = portal
        self.desk = simulation.desk
        self._simulation = simulation
        self._facts = facts
        self._door = portal.intake()

    def open_severe_ticket(self) -> str:
        wanted = {
            "departmentId": self._facts["department_id"],
            "subject": "All is down",
            "contact": {"lastName": "Partner", "email": "help@partner.example"},
            "cf": {"cf_severity": "S1-Critical"},
        }
        opened = self._simulation.portal
        return str(opened.open_ticket(wanted, by=opened.own_agent["id"]).ticket_id)

    def deliver(self, *ticket_ids: str) -> None:
        """Deliver an event of each ticket, as Desk does, with a token that is valid."""
        at = str(int(time.time() * 1000))
        event = {"eventType": "Ticket_Comment_Add", "orgId": self._facts["org_id"], "eventTime": at}
        comments = [{"id": str(n), "ticketId": each, "content": "?"} for n, each in enumerate(ticket_ids, int(at))]
        for start in range(0, len(comments), 100):
            body = json.dumps([event | {"payload": each} for each in comments[start : start + 100]])
            self._door.take(body.encode()).result(timeout=10)

    def drain(self) -> None:
        while self.portal.drain.run():
            pass


@pytest.fixture
def leaked(tmp_path) -> Iterator[LeakedToken]:
    with ExitStack() as stack:
        simulation, url = stack.enter_context(running())
        broker = stack.enter_context(EmbeddedBroker.start())
        facts = simulation.facts(url)
        given = {name: facts[name] for name in FACTS} | {name: SecretStr(facts[name]) for name in SECRETS}
        database = SecretStr(f"sqlite:///{tmp_path / 'store.sqlite3'}")
        limits = {"credit_reserve": RESERVE, "workers": WORKERS, "concurrency": WORKERS}
        settings = Settings(database_url=database, redis_url=SecretStr(broker.url), **given, **limits)
        app = stack.enter_context(open_database(settings))
        app.upgrade()
        stack.enter_context(app.group_commit)
        yield LeakedToken(app.portal(DEFAULT), simulation, facts)


def test_invented_ids_leave_half_of_the_reserve_to_tickets_of_severity_1(leaked):
    severe = leaked.open_severe_ticket()
    leaked.deliver(severe)
    leaked.drain()
    leaked.desk.quota.daily = DAILY

    leaked.deliver(*(str(10**17 + number) for number in range(INVENTED)))
    leaked.drain()

    assert RESERVE // 2 - WORKERS <= leaked.desk.quota.left() <= RESERVE // 2
    waiting = leaked.portal.metrics.backlog(utc_now())
    assert waiting.put_off > INVENTED - DAILY

    before = leaked.desk.calls["GET /tickets/{id}"]
    leaked.deliver(severe)
    leaked.drain()
    assert leaked.desk.calls["GET /tickets/{id}"] > before
    assert UNSEEN < 1
