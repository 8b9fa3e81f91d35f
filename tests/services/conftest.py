"""Fixtures for services: one portal on a new SQLite store, a Desk in memory, and a clock that only the test moves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk_sync.adapters.store.bindings import SqlBindings
from desk_sync.adapters.store.engine import open_engine
from desk_sync.adapters.store.heartbeats import SqlHeartbeats
from desk_sync.adapters.store.held_back import SqlHeldBack
from desk_sync.adapters.store.hours import SqlHours
from desk_sync.adapters.store.inbox import SqlInbox
from desk_sync.adapters.store.metrics import SqlMetrics
from desk_sync.adapters.store.partner_places import SqlPartnerPlaces
from desk_sync.adapters.store.partners import SqlEducationLog, SqlPartners
from desk_sync.adapters.store.portals import SqlPortalFacts
from desk_sync.adapters.store.pulls import SqlPulls
from desk_sync.adapters.store.related_tickets import SqlRelatedTickets
from desk_sync.adapters.store.reviews import SqlReviews
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.adapters.store.ticket_bindings import SqlTicketBindings
from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.domain.account.partner import Partner
from desk_sync.domain.account.subscription import Account
from desk_sync.ports.subscriptions import ReplacedSnapshot
from desk_sync.ports.tickets import Lease
from desk_sync.services.import_accounts import ImportAccounts
from desk_sync.services.reconcile.adoption import TraceAdoption
from desk_sync.services.reconcile.business_hours import HoursFromDesk
from desk_sync.services.reconcile.live_lookup import LiveLookup
from desk_sync.services.reconcile.partner import PartnerResolver
from desk_sync.services.reconcile.read import TicketReader
from desk_sync.services.reconcile.reconcile import LookOutcome, Reconcile
from desk_sync.services.reconcile.write_comments import CommentsWriter
from desk_sync.services.reconcile.write_fields import FieldsWriter
from desk_sync.services.watch.health import Health
from desk_sync.services.watch.sources import SourceWatch
from tests.support.fake_budget import FakeBudget
from tests.support.fake_clock import FakeClock
from tests.support.fake_desk import FakeDesk
from tests.support.makers import FRESHNESS, NOW, POLICY, make_account, make_event, make_ticket


class World:
    """The services and stores of one portal, and short methods for the steps of a test."""

    def __init__(self, engine: Any, desk: FakeDesk, name: str = "default") -> None:
        self.engine = engine
        self.name = name
        self.desk = desk
        self.clock = FakeClock()
        desk.now = self.desk_now
        self.budget = FakeBudget()
        self.tickets = SqlTickets(engine, self.name)
        self.inbox = SqlInbox(engine, self.name)
        self.portal = SqlPortalFacts(engine, self.name)
        self.subscriptions = SqlSubscriptions(engine)
        self.reviews = SqlReviews(engine, self.name)
        self.bindings = SqlBindings(engine, self.subscriptions.sources)
        self.ticket_bindings = SqlTicketBindings(engine, self.name, self.subscriptions.sources)
        self.places = SqlPartnerPlaces(engine, self.name)
        self.hours = SqlHours(engine, self.name)
        self.held_back = SqlHeldBack(engine, self.name)
        self.policy = POLICY
        self.live: LiveLookup | None = None
        self.listed: Sequence[Partner] = ()
        self.metrics = SqlMetrics(engine, self.name)
        self._time = NOW

    def now(self) -> datetime:
        return self._time

    def desk_now(self) -> datetime:
        return self.clock.offset.in_desk_time(self._time)

    def waits(self, **span: float) -> None:
        self._time += timedelta(**span)

    def receives(self, **facts: Any) -> None:
        """Record an event, as a delivery does."""
        self.inbox.record([make_event(**{"occurred_at": self._time} | facts)], now=self._time)

    def imports(self, *accounts: Account, **facts: Any) -> ReplacedSnapshot:
        return self.importing().run(accounts, source="file", **{"max_shrink": 1.0, "as_of": None} | facts)

    def importing(self) -> ImportAccounts:
        return ImportAccounts(subscriptions=self.subscriptions, policy=self.policy.licences, now=self.now)

    def claim(self) -> Sequence[Lease]:
        return self.tickets.claim(now=self._time, until=self._time + timedelta(seconds=45), limit=10)

    def reconcile(self) -> Reconcile:
        return Reconcile(
            reader=self.reader(),
            budget=self.budget,
            education_log=SqlEducationLog(self.engine, self.name),
            tickets=self.tickets,
            fields=FieldsWriter(desk=self.desk, portal=self.portal, held_back=self.held_back, now=self.now),
            comments=CommentsWriter(desk=self.desk, portal=self.portal, now=self.now),
            related_tickets=SqlRelatedTickets(self.engine, self.name),
            adoption=self.adoption(),
            now=self.now,
        )

    def adoption(self) -> TraceAdoption:
        log = SqlEducationLog(self.engine, self.name)
        return TraceAdoption(desk=self.desk, portal=self.portal, reader=self.reader(), education_log=log)

    def reader(self) -> TicketReader:
        return TicketReader(
            desk=self.desk,
            subscriptions=self.subscriptions,
            partners=self.partners(),
            portal=self.portal,
            related_tickets=SqlRelatedTickets(self.engine, self.name),
            bound=self.ticket_bindings,
            policy=self.policy,
            now=self.now,
            live=self.live,
            clock=self.clock,
            hours=HoursFromDesk(desk=self.desk, kept=self.hours, now=self.now),
        )

    def partners(self) -> PartnerResolver:
        return PartnerResolver(
            desk=self.desk,
            book=SqlPartners(self.engine, self.name),
            places=self.places,
            listed=self.listed,
            policy=self.policy.partners,
            now=self.now,
        )

    def look(self) -> list[LookOutcome]:
        """Look at everything that is due."""
        reconcile = self.reconcile()
        return [reconcile.look(lease) for lease in self.claim()]

    def references(self) -> list[str]:
        return [text.rsplit("[", 1)[1].rstrip("]") for comments in self.desk.comments.values() for text in comments]


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk(make_ticket(severity="S2-Moderate"))


@pytest.fixture
def world(tmp_path: Any, desk: FakeDesk, sqlite_template: Path) -> Iterator[World]:
    """A world with one large account, that of the ticket in Desk."""
    engine = open_engine(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'store.sqlite3')}")
    world = World(engine, desk)
    world.imports(make_account())
    yield world
    engine.dispose()


@pytest.fixture
def health(world: World) -> Health:
    portals = [SqlMetrics(world.engine, name) for name in ("default", "other")]
    return Health(
        metrics=portals,
        heartbeats=SqlHeartbeats(world.engine),
        sources=SourceWatch(
            subscriptions=world.subscriptions, pulls=SqlPulls(world.engine), freshness=FRESHNESS, now=world.now
        ),
        now=world.now,
    )
