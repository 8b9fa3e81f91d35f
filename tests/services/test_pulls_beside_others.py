"""A pull beside an import, live look-ups and a second portal: what changed is decided again, once in each portal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from threading import Barrier

import pytest
from sqlalchemy import Engine

from desk_sync.adapters.store.answers import SqlAnswers
from desk_sync.adapters.store.pulls import SqlPulls
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.account.identity import IdentifierKind
from desk_sync.domain.account.subscription import Account
from desk_sync.ports.subscriptions import FILE, PulledAccounts, ReplacedSnapshot
from desk_sync.services.import_accounts import ImportAccounts
from desk_sync.services.pull import Pull
from desk_sync.services.reconcile.live_lookup import LimitedSource, LiveLookup
from tests.services.conftest import World
from tests.services.test_pull import RHYTHM
from tests.support.fake_desk import FakeDesk
from tests.support.makers import make_account, make_evidence, make_ticket

BILLING = "billing"
ACCOUNTS = 24
PULLED, IMPORTED, UNCHANGED, YOUNG = "pulled", "imported", "unchanged", "young"


def account(kind: str, number: int, licences: int) -> Account:
    name = f"{kind}{number}"
    return make_account(licences, account_id=name, super_admin_email=f"admin@{name}.example", domain=f"{name}.example")


def accounts(kind: str, licences: int) -> list[Account]:
    return [account(kind, number, licences) for number in range(ACCOUNTS)]


class FakeSource:
    """A source with these accounts."""

    def __init__(self, found: Iterable[Account]) -> None:
        self.found = found

    def pull(self, _: object) -> PulledAccounts:
        return PulledAccounts(accounts=self.found)


class YoungAccounts:
    """A source that is queried: it has accounts that no snapshot has."""

    kinds = frozenset({IdentifierKind.EMAIL})

    def ask(self, identifier: object) -> list[Account]:
        return [each for each in accounts(YOUNG, 90) if each.super_admin_email == identifier.value]


def together(found: Iterable[Account], barrier: Barrier) -> Iterator[Account]:
    """Yield the accounts, each when the other threads are at theirs."""
    for each in found:
        barrier.wait(timeout=60)
        yield each


@pytest.fixture
def portals(engine):
    return [World(engine, FakeDesk(), name) for name in ("europe", "india")]


def look_at_all(portal: World) -> Counter[str]:
    """Look at all that is due, and return how often each ticket was looked at."""
    looks: Counter[str] = Counter()
    reconcile = portal.reconcile()
    while leases := portal.claim():
        for lease in leases:
            looks[lease.ticket_id] += 1
            reconcile.look(lease)
    return looks


def decided(portal: World, ticket_id: str) -> tuple[Verdict, int]:
    decision = portal.tickets.history(ticket_id).decisions[-1].decision
    return decision.verdict, decision.licences


@dataclass(frozen=True, slots=True)
class Sources:
    """What works on the subscription data of both portals: a pull, an import, and a look-up at a source."""

    engine: Engine
    world: World

    @property
    def subscriptions(self) -> SqlSubscriptions:
        return SqlSubscriptions(self.engine, (BILLING, FILE))

    def importing(self) -> ImportAccounts:
        return ImportAccounts(subscriptions=self.subscriptions, policy=self.world.policy.licences, now=self.world.now)

    def pull(self, found: Iterable[Account]) -> ReplacedSnapshot:
        pull = Pull(
            name=BILLING,
            source=FakeSource(found),
            importing=self.importing(),
            pulls=SqlPulls(self.engine),
            now=self.world.now,
            rhythm=RHYTHM,
            max_shrink=1.0,
        )
        return pull.run()

    def bring(self, found: Iterable[Account]) -> ReplacedSnapshot:
        return self.importing().run(found, source=FILE, as_of=None, max_shrink=1.0)

    def look_up(self, wanted: Iterable[Account]) -> list[str]:
        """Ask a source for accounts that no snapshot has; return those that it had."""
        live = LiveLookup(
            sources=[LimitedSource(name="live", source=YoungAccounts(), per_minute=10**6)],
            answers=SqlAnswers(self.engine),
            subscriptions=self.subscriptions,
            now=self.world.now,
        )
        asked = (live.find(make_evidence(each.super_admin_email).readings).matches for each in wanted)
        return [found.account_id for matches in asked for several in matches.values() for found in several]


def open_tickets(portal: World) -> Mapping[str, str]:
    """Open a ticket for each account in a portal; return the kinds of their accounts by ticket."""
    kinds = {}
    for place, kind in enumerate((PULLED, IMPORTED, UNCHANGED), start=1):
        for number, each in enumerate(accounts(kind, 88)):
            ticket_id = str(place * 10**17 + number)
            ticket = make_ticket(ticket_id=ticket_id, customer_primary_email=each.super_admin_email)
            portal.desk.tickets[ticket_id] = ticket
            portal.receives(ticket_id=ticket_id, key=f"k{ticket_id}", state=None)
            kinds[ticket_id] = kind
    return kinds


def test_each_open_ticket_of_a_changed_account_is_decided_again_once_in_each_portal(engine, portals):
    sources = Sources(engine, portals[0])
    sources.pull([*accounts(PULLED, 88), *accounts(UNCHANGED, 88)])
    sources.bring(accounts(IMPORTED, 88))
    for portal in portals:
        portal.subscriptions = sources.subscriptions
        kinds = open_tickets(portal)
        look_at_all(portal)
        assert {decided(portal, each) for each in kinds} == {(Verdict.PRIORITY, 88)}
        portal.waits(hours=2)

    barrier = Barrier(3)
    with ThreadPoolExecutor(3) as pool:
        pulled = pool.submit(sources.pull, chain(together(accounts(PULLED, 10), barrier), accounts(UNCHANGED, 88)))
        imported = pool.submit(sources.bring, together(accounts(IMPORTED, 20), barrier))
        asked = pool.submit(sources.look_up, together(accounts(YOUNG, 90), barrier))

    marked = 2 * ACCOUNTS
    assert (pulled.result().tickets, imported.result().tickets) == (marked, marked)
    assert asked.result() == [each.account_id for each in accounts(YOUNG, 90)]
    changed = {ticket_id for ticket_id, kind in kinds.items() if kind != UNCHANGED}
    for portal in portals:
        assert look_at_all(portal) == Counter(dict.fromkeys(changed, 1))
        assert {(kind, *decided(portal, ticket_id)) for ticket_id, kind in kinds.items()} == {
            (PULLED, Verdict.NOT_PRIORITY, 10),
            (IMPORTED, Verdict.NOT_PRIORITY, 20),
            (UNCHANGED, Verdict.PRIORITY, 88),
        }
        assert [len(portal.tickets.history(each).decisions) for each in changed] == [2] * len(changed)
