"""Calendars that a mapping takes from Desk: how often they are read, and which one is in force for a ticket.

The ticket was opened on Monday 23 November 2026 at 10:00 in Berlin, by a large user account: severity 1, to be
acknowledged within an hour.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from desk_sync.domain.commitment.calendar import WEEKDAYS, BusinessCalendar, HolidayMode, WeeklyHours
from desk_sync.domain.commitment.regions import DeskCalendar
from desk_sync.errors import NotPermitted, TemporaryError
from desk_sync.services.reconcile.business_hours import HoursFromDesk
from desk_sync.services.reconcile.reconcile import LookOutcome
from desk_sync.services.watch.health import check
from tests.support.clock_scenes import WEEK
from tests.support.makers import NOW, POLICY, make_ticket

TICKET = "100000000000000001"
HOUR = timedelta(hours=1)


def open_from(opens: str) -> BusinessCalendar:
    return replace(WEEK, weekly=dict.fromkeys(WEEKDAYS, (WeeklyHours.of(opens, "18:00"),)))


ALWAYS, AFTERNOON = open_from("00:00"), open_from("13:00")


def taking(**more: object):
    """The policy, with every calendar taken from Desk's business hours "Office"."""
    regions = POLICY.commitment.regions
    office = {"hours": "Office", "overrides": {}, "holiday_mode": HolidayMode.CIVIL_DATE}
    taken = dict.fromkeys(regions.calendars, DeskCalendar(**office | more))
    return replace(
        POLICY, commitment=replace(POLICY.commitment, regions=replace(regions, calendars=taken, country_calendars={}))
    )


@pytest.fixture
def taken(desk, world):
    """The mapping takes its calendars from Desk, whose hours are those of an afternoon."""
    world.policy = taking()
    desk.hours["Office"] = AFTERNOON
    desk.tickets[TICKET] = make_ticket(created_at=NOW, threads=1)
    world.receives(key="add")
    return world


@pytest.fixture
def service(taken, desk):
    return HoursFromDesk(desk=desk, kept=taken.hours, now=taken.now)


def due(world):
    (first, *_) = world.tickets.history(TICKET).clocks(world.now())
    return first.due_at


def fails(desk, error):
    def refuse():
        raise error

    desk.before["business_hours"] = refuse


def test_the_first_look_asks_desk_and_the_next_does_not(desk, taken):
    taken.look()
    taken.waits(minutes=5)
    taken.receives(key="again")
    taken.look()

    assert due(taken) == NOW + 6 * HOUR  # from 13:00 on three hours
    assert desk.count("business_hours") == 1


def test_a_clock_has_the_origin_of_its_calendar_as_a_reason(taken):
    taken.look()

    (first, *_) = taken.tickets.history(TICKET).clocks(taken.now())
    assert 'R21: by the calendar of EUROPE_UK, Europe/Berlin, "Office" of Desk as of 2026-11-23 09:00Z' in map(
        str, first.reasons
    )


def test_dates_in_the_mapping_replace_desks_hours(taken):
    taken.policy = taking(overrides={NOW.date(): (WeeklyHours.of("14:00", "18:00"),)})
    taken.look()

    assert due(taken) == NOW + 7 * HOUR


def test_an_edited_calendar_applies_to_later_tickets_only(desk, taken, service):
    taken.look()
    desk.hours["Office"] = ALWAYS
    taken.waits(days=1)
    service.refresh(["Office"])
    taken.receives(key="again")
    taken.look()
    desk.tickets["2"] = make_ticket(ticket_id="2", created_at=NOW + timedelta(days=1), threads=1)
    taken.receives(key="new", ticket_id="2")
    taken.look()

    assert due(taken) == NOW + 6 * HOUR
    (later, *_) = taken.tickets.history("2").clocks(taken.now())
    assert later.due_at == NOW + timedelta(days=1) + 3 * HOUR


class TestReading:
    @pytest.mark.parametrize(
        ("pause", "asked"),
        [pytest.param(timedelta(hours=23), 1, id="within a day"), pytest.param(timedelta(days=1), 2, id="after a day")],
    )
    def test_desk_is_asked_once_a_day(self, desk, taken, service, pause, asked):
        service.refresh(["Office"])
        taken.waits(seconds=pause.total_seconds())

        service.refresh(["Office"])

        assert desk.count("business_hours") == asked

    def test_after_a_failure_it_is_asked_again_within_minutes(self, desk, taken, service):
        fails(desk, TemporaryError("Desk is away"))
        service.refresh(["Office"])
        taken.waits(minutes=10)

        service.refresh(["Office"])

        assert taken.hours.recall("Office").calendar == AFTERNOON
        assert taken.hours.recall("Office").problem is None

    def test_an_unchanged_calendar_is_in_force_since_it_was_first_read(self, taken, service):
        service.refresh(["Office"])
        taken.waits(days=1)

        service.refresh(["Office"])

        known = taken.hours.recall("Office")
        assert (known.since, known.read_at) == (NOW, NOW + timedelta(days=1))

    def test_a_clock_that_was_put_back_makes_no_wait_longer(self, desk, taken, service):
        taken.waits(days=30)
        service.refresh(["Office"])
        taken.waits(days=-30)

        service.refresh(["Office"])

        assert desk.count("business_hours") == 2


class TestTrouble:
    @pytest.mark.parametrize(
        "error",
        [
            pytest.param(TemporaryError("Desk is away"), id="Desk is down"),
            pytest.param(NotPermitted("the scope is missing"), id="Desk does not let us"),
        ],
    )
    def test_the_last_good_calendar_stays_in_force(self, desk, taken, service, error):
        service.refresh(["Office"])
        taken.waits(days=1)
        fails(desk, error)

        service.refresh(["Office"])

        taken.look()
        assert due(taken) == NOW + 6 * HOUR
        assert taken.hours.recall("Office").problem == str(error)

    def test_without_a_calendar_the_look_is_postponed_with_the_reason(self, desk, taken):
        del desk.hours["Office"]

        assert taken.look() == [LookOutcome.POSTPONED]
        history = taken.tickets.history(TICKET)
        assert history.error == 'no calendar "Office" from Desk: Office is gone'
        assert history.look_at == NOW + timedelta(minutes=10)

    def test_desk_is_not_asked_again_right_after_a_failure(self, desk, taken):
        del desk.hours["Office"]
        taken.look()
        taken.receives(key="again")

        taken.look()

        assert desk.count("business_hours") == 1

    def test_the_look_is_made_as_soon_as_there_is_a_calendar(self, desk, taken):
        hours = desk.hours.pop("Office")
        taken.look()
        desk.hours["Office"] = hours
        taken.waits(minutes=10)

        taken.look()

        assert due(taken) == NOW + 6 * HOUR


class TestTheDoctor:
    @pytest.fixture
    def ask(self, taken, health):
        return lambda: check("calendars", lambda: health.calendars({'"Office"': taken.hours.recall("Office")}))

    def test_it_shows_since_when_a_calendar_is_in_force_and_when_it_was_read(self, taken, service, ask):
        service.refresh(["Office"])
        taken.waits(hours=3)

        assert (ask().ok, ask().what) == (True, '"Office" is Desk\'s as of 2026-11-23 09:00Z, read 3:00:00 ago')

    def test_it_fails_for_hours_that_were_never_requested(self, ask):
        assert (ask().ok, ask().what) == (False, '"Office" was never asked for')

    def test_a_calendar_that_was_refused_every_time_is_a_problem(self, desk, service, ask):
        fails(desk, NotPermitted("the scope is missing"))
        service.refresh(["Office"])

        assert (ask().ok, ask().what) == (False, '"Office" was never read: the scope is missing')

    def test_a_refusal_is_a_problem_although_the_last_good_calendar_is_in_force(self, desk, taken, service, ask):
        service.refresh(["Office"])
        taken.waits(days=1)
        fails(desk, NotPermitted("the scope is missing"))
        service.refresh(["Office"])

        assert not ask().ok
        assert ask().what.endswith("read 1 day, 0:00:00 ago: the scope is missing")

    def test_an_old_calendar_is_a_problem(self, taken, service, ask):
        service.refresh(["Office"])
        taken.waits(days=2, seconds=1)

        assert not ask().ok

    def test_a_mapping_with_all_its_calendars_has_no_problem(self, health):
        assert health.calendars({}) == "all calendars are in the mapping"
