"""The port KeptHours: the business hours that are taken from Desk."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from desk_sync.adapters.store.hours import SqlHours
from desk_sync.domain.commitment.calendar import BusinessCalendar, HolidayMode, WeeklyHours
from desk_sync.ports.hours import StoredHours
from tests.support.makers import NOW

OFFICE = BusinessCalendar(
    tz="Europe/Berlin",
    weekly={"mon": (WeeklyHours.of("09:00", "12:30"), WeeklyHours.of("13:30", "18:00"))},
    holidays=frozenset({date(2026, 10, 3)}),
    holiday_mode=HolidayMode.SHIFT_START,
    overrides={date(2026, 12, 24): ()},
    yearly=frozenset({(12, 25), (12, 26)}),
)
READ = StoredHours(tried_at=NOW, calendar=OFFICE, since=NOW - timedelta(days=3), read_at=NOW)


@pytest.fixture
def hours(engine):
    return SqlHours(engine, "default")


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(READ, id="a calendar"),
        pytest.param(StoredHours(tried_at=NOW, problem="Desk did not answer"), id="none was ever read"),
    ],
)
def test_it_is_recalled_as_it_was_kept(hours, stored):
    hours.keep("Office", stored)

    assert hours.recall("Office") == stored


def test_the_last_reading_is_replaced(hours):
    hours.keep("Office", READ)

    hours.keep("Office", StoredHours(tried_at=NOW, problem="gone"))

    assert hours.recall("Office") == StoredHours(tried_at=NOW, problem="gone")


def test_hours_that_were_never_read_are_unknown(hours, engine):
    hours.keep("Office", READ)

    assert hours.recall("Night") is None
    assert SqlHours(engine, "other").recall("Office") is None
