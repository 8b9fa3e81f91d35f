"""An organisation whose list moves while it is read, and needs more calls than a day has, in virtual time.

The customers, the calls of a day and the moving lists are the stand-in's; pull, journal and count of calls are the
product's, on real databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from desk_sync.adapters.store import subscription_tables as tables
from desk_sync.adapters.store.engine import reading
from desk_sync.adapters.store.pulls import SqlPulls
from desk_sync.adapters.store.source_calls import SqlCallMeter, SqlUnits
from desk_sync.adapters.store.subscriptions import SqlSubscriptions
from desk_sync.adapters.store.values import ACCOUNT
from desk_sync.adapters.subscriptions.billing import BillingSource
from desk_sync.adapters.subscriptions.zoho_api import CallAllowance, CallPace
from desk_sync.domain.account.subscription import Account
from desk_sync.services.import_accounts import ImportAccounts
from desk_sync.services.pull import Pull, PullRhythm
from desk_sync.simulated_sources.book import BookedCustomer
from desk_sync.simulated_sources.limits import SourceLimits
from tests.support.counts import count
from tests.support.fake_checkpoints import FakeCheckpoints
from tests.support.makers import LICENCES, NOW
from tests.support.stand_in import StandIn, of_size, stand_in

NAME = "billing"
CUSTOMERS = count(400, 5_000)
PER_DAY = count(60, 300)
DAY = timedelta(days=1)
SOME_DAYS = 60


@dataclass(slots=True)
class VirtualClock:
    """The time of the trial; it passes when somebody sleeps."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def seconds(self) -> float:
        return (self.at - NOW).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True, kw_only=True)
class RecordedCalls(SourceLimits):
    """The limits of the source, with the instant of each call that it counted."""

    instants: list[datetime] = field(default_factory=list)

    def spend(self) -> None:
        SourceLimits.spend(self)
        self.instants.append(self.now())


def puller(engine, sources: StandIn, clock: VirtualClock) -> Pull:
    meter = SqlCallMeter(engine, NAME, clock.now)
    api = sources.api(
        "billing",
        pace=CallPace(60, clock=clock.seconds, sleep=clock.sleep),
        now=clock.now,
        sleep=clock.sleep,
        allowance=CallAllowance(for_look_ups=partial(meter.spend, PER_DAY), for_pulls=partial(meter.spend, PER_DAY)),
    )
    return Pull(
        name=NAME,
        source=BillingSource(api, units=SqlUnits(engine, NAME, clock.now)),
        importing=ImportAccounts(subscriptions=SqlSubscriptions(engine, (NAME,)), policy=LICENCES, now=clock.now),
        pulls=SqlPulls(engine),
        now=clock.now,
        rhythm=PullRhythm(every=timedelta(days=SOME_DAYS), per_day=PER_DAY),
    )


def pull_until_it_is_complete(pull: Pull, clock: VirtualClock) -> Sequence[str]:
    """Pull whenever the source is due, and return what the state said each time that it had to wait."""
    said = []
    while pull.run_if_due() is None:
        state = pull.pulls.states()[NAME]
        assert state.error is None
        assert state.waiting
        assert state.due_at
        said.append(state.waiting)
        assert len(said) < SOME_DAYS
        clock.at = max(state.due_at, clock.at)
    return said


def read_accounts(engine) -> Sequence[Account]:
    current = select(tables.accounts.c.account).join(tables.snapshots)
    with reading(engine) as connection:
        rows = connection.scalars(current.where(tables.snapshots.c.state == "current")).all()
    return [ACCOUNT.validate_python(row) for row in rows]


def most_in_a_day(instants: Sequence[datetime]) -> int:
    """Return the most calls within any 24 hours."""
    first, most = 0, 0
    for last, at in enumerate(instants):
        while instants[first] <= at - DAY:
            first += 1
        most = max(most, last - first + 1)
    return most


@pytest.fixture(scope="module")
def undisturbed() -> Mapping[str, Account]:
    """The accounts of the same customers, read in one go while nothing moves."""
    with stand_in() as sources:
        sources.site.book.fill(of_size(CUSTOMERS))
        pulled = sources.source("billing").pull(FakeCheckpoints())
        return {each.account_id: each for each in pulled.accounts}


def by_id(customers: Iterable[BookedCustomer]) -> set[str]:
    return {each.customer_id for each in customers}


def announced_day(waiting: str) -> date:
    """Return the day on which a pull that waits says that it will be complete."""
    return date.fromisoformat(waiting.partition("complete in about ")[2].partition(", on ")[2][:10])


@pytest.mark.crowd
@pytest.mark.timeout(1200)
def test_it_is_read_whole_within_the_calls_of_its_days_and_says_when_it_will_be(engine, undisturbed):
    clock = VirtualClock()
    quirks = ("rows_are_added", "rows_are_deleted")
    with stand_in(now=clock.now, per_day=PER_DAY, quirks=quirks) as sources:
        sources.site.book.fill(of_size(CUSTOMERS))
        calls = RecordedCalls(now=clock.now, per_minute=60, per_day=PER_DAY)
        sources.site.limits["billing"] = calls

        said = pull_until_it_is_complete(puller(engine, sources, clock), clock)

        deleted, added = by_id(sources.site.book.deleted), by_id(sources.site.book.added)

    accounts = read_accounts(engine)
    found = {each.account_id: each for each in accounts}
    assert most_in_a_day(calls.instants) <= PER_DAY
    assert sources.site.calls.total() == len(calls.instants), "a call was refused"
    assert len(deleted) > 1
    assert len(added) > 1
    assert len(found) == len(accounts), "an account is there twice"
    others = undisturbed.keys() - deleted
    assert {name: found.get(name) for name in others} == {name: undisturbed[name] for name in others}
    assert found.keys() <= undisturbed.keys() | added
    days = {(clock.at.date() - announced_day(each)).days for each in said}
    assert days <= {0, 1}, said
