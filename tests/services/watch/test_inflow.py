"""Deliveries that stop raise an alarm within hours, in a small portal too, and a quiet night raises none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from desk_sync.adapters.store.inflow import SqlInflow
from desk_sync.adapters.store.sweeps import SqlSweeps
from desk_sync.errors import DeliveryFault
from desk_sync.ports.inflow import InflowHour
from desk_sync.ports.sweeps import SweepKind
from desk_sync.services.sweep import MissedAlarm, Sweep
from desk_sync.services.watch.inflow import InflowWatch, listed
from tests.support.makers import PERSON, make_ticket

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Notebook:
    """An inflow that a test writes. `last` is when the last delivery was stored."""

    portal = "default"

    def __init__(self, *hours: InflowHour, last: datetime | None = None) -> None:
        self.counted = sorted(hours, key=lambda each: each.at)
        self.last = last

    def refuse(self, counts: Mapping[DeliveryFault, int], *, now: datetime) -> None:
        raise NotImplementedError

    def hours(self, since: datetime) -> Sequence[InflowHour]:
        return [each for each in self.counted if each.at >= since]

    def delivered_since(self, at: datetime) -> bool:
        return self.last is not None and self.last >= at


def ago(hours, **counts):
    """The counts of the hour so long ago."""
    return InflowHour(at=NOW.replace(minute=0) - hours * HOUR, **counts)


def watch(*hours, last=NOW, share=0.05):
    return InflowWatch(inflow=Notebook(*hours, last=last), now=lambda: NOW, alarm=MissedAlarm(share=share))


def alarms(*hours, **facts):
    return watch(*hours, **facts).alarms()


def spread(hours, **counts):
    return [ago(each, **counts) for each in range(hours)]


def refusals(fault, count=3):
    return ago(0, refused={fault: count})


QUIET = [
    pytest.param([], None, id="a new portal"),
    pytest.param([], NOW - 10 * HOUR, id="a night without changes"),
    pytest.param([ago(3, changes=2, missed=2)], NOW - 10 * HOUR, id="two changes, which may be chance"),
    pytest.param(spread(24, changes=10), NOW, id="a day on which every change was delivered"),
    pytest.param([ago(1, changes=100, missed=5)], NOW, id="no more than the share that may be lost"),
    pytest.param([ago(2, changes=20)], NOW - 2.4 * HOUR, id="changes that were delivered before they were counted"),
    pytest.param([ago(26, changes=20, missed=20)], NOW - 30 * HOUR, id="what was more than a day ago"),
    pytest.param([ago(-2, changes=20, missed=20)], NOW, id="counts from before the clock was put back"),
    pytest.param([ago(5, changes=9, missed=9), ago(0, changes=3)], NOW, id="what was repaired since"),
    pytest.param([refusals(DeliveryFault.FORGED, 500)], None, id="what anybody can send"),
    pytest.param([refusals(DeliveryFault.WRONG_WEBHOOK, 500)], NOW, id="refusals beside deliveries that are taken"),
    pytest.param([refusals(DeliveryFault.WRONG_WEBHOOK, 2)], None, id="two refusals"),
]


@pytest.mark.parametrize(("hours", "last"), QUIET)
def test_no_alarm(hours, last):
    assert alarms(*hours, last=last) == ()


ALARMS = [
    pytest.param(
        [ago(0, changes=3)], None, "no delivery in the last hour, in which Desk had 3 changes", id="nothing comes"
    ),
    pytest.param(
        [ago(4, changes=2, missed=2), ago(2, changes=1, missed=1)],
        NOW - 7 * HOUR,
        "no delivery in the last 6 hours, in which Desk had 3 changes",
        id="a small portal",
    ),
    pytest.param(
        spread(24, missed=1),
        NOW - 25 * HOUR,
        "no delivery in the last 6 hours, in which Desk had 7 changes",
        id="changes that no sweep counted as new",
    ),
    pytest.param(
        [ago(0, changes=40, missed=3)],
        NOW,
        "3 of 40 changes of the last hour came without a delivery",
        id="some are lost",
    ),
    pytest.param(
        [ago(20, changes=20), ago(10, changes=10, missed=2), ago(0, changes=2, missed=1)],
        NOW,
        "3 of 32 changes of the last 24 hours came without a delivery",
        id="some are lost in a small portal",
    ),
    pytest.param(
        [ago(3, changes=9, missed=9), ago(0, changes=2)],
        NOW,
        "9 of 11 changes of the last 6 hours came without a delivery",
        id="two that were delivered are no proof of a repair",
    ),
    pytest.param(
        [ago(0, refused={DeliveryFault.WRONG_WEBHOOK: 2, DeliveryFault.EXPIRED: 1, DeliveryFault.FORGED: 9})],
        None,
        "every delivery of the last hour was refused: 2 wrong webhook, 1 expired token",
        id="Desk's own deliveries are refused",
    ),
]


@pytest.mark.parametrize(("hours", "last", "alarm"), ALARMS)
def test_an_alarm(hours, last, alarm):
    assert alarms(*hours, last=last) == (alarm,)


def test_a_portal_without_webhooks_raises_none_about_changes():
    assert alarms(*spread(24, changes=10, missed=10), last=None, share=1) == ()


def test_two_kinds_of_alarms_are_raised_together():
    found = alarms(ago(0, changes=5, missed=5, refused={DeliveryFault.WRONG_ORGANISATION: 5}), last=None)

    assert len(found) == 2


def test_the_windows_have_their_figures():
    hours = [ago(0, changes=1, missed=1, refused={DeliveryFault.FORGED: 2}), ago(5, changes=3)]
    hours.append(ago(20, changes=9, refused={DeliveryFault.FORGED: 1}))

    windows = watch(*hours).windows()

    assert [(each.hours, each.changes, each.missed, each.refused) for each in windows] == [
        (1, 1, 1, {DeliveryFault.FORGED: 2}),
        (6, 4, 1, {DeliveryFault.FORGED: 2}),
        (24, 13, 1, {DeliveryFault.FORGED: 3}),
    ]


def test_refusals_are_listed_by_their_number():
    refused = {DeliveryFault.EXPIRED: 1, DeliveryFault.FORGED: 2, DeliveryFault.EARLY: 1}

    assert listed(refused) == "2 bad token, 1 expired token, 1 token of the future"


class Office:
    """A portal of thirty tickets a day, swept every few minutes; its webhook delivers, or not."""

    def __init__(self, world, desk):
        self.world, self.desk, self.delivers, self.number = world, desk, True, 0
        desk.tickets.clear()
        self.inflow = SqlInflow(world.engine, "default")
        sweeps = SqlSweeps(world.engine, "default")
        self.sweep = Sweep(desk=desk, budget=world.budget, sweeps=sweeps, now=world.now)
        self.watch = InflowWatch(inflow=self.inflow, now=world.now, alarm=MissedAlarm())
        self.sweep.run(SweepKind.RECENT)

    def opens_ticket(self):
        self.number += 1
        ticket_id, at = f"{self.number}", self.world.now()
        self.desk.tickets[ticket_id] = make_ticket(ticket_id=ticket_id, modified_at=at, modified_by=PERSON)
        if self.delivers:
            self.world.receives(ticket_id=ticket_id, key=f"{ticket_id} {at}", state=None, modified_at=at)

    def passes(self, hours, *, tickets_per_hour=1.25):
        """Let time pass; return the hours after which there was an alarm."""
        steps, found = round(hours * 12), []
        for step in range(steps):
            if tickets_per_hour and step % round(12 / tickets_per_hour) == 0:
                self.opens_ticket()
            self.world.waits(minutes=1)
            self.world.look()
            self.world.waits(minutes=4)
            self.sweep.run(SweepKind.RECENT)
            self.world.look()
            if self.watch.alarms():
                found.append((step + 1) / 12)
        return found


@pytest.fixture
def office(world, desk):
    return Office(world, desk)


def test_a_small_portal_has_an_alarm_within_six_hours_and_none_after_a_repair(office):
    assert office.passes(12) == []
    office.delivers = False
    assert min(office.passes(6)) < 6
    office.delivers = True
    office.passes(5)

    assert office.passes(2) == []


def test_a_night_without_changes_raises_nothing(office):
    office.passes(3)

    assert office.passes(14, tickets_per_hour=0) == []
