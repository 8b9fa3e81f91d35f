"""Regions: the calendar of a ticket's region or country, in the mapping or taken from Desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from desk_sync.domain.commitment.calendar import HolidayMode, WeeklyHours
from desk_sync.domain.commitment.regions import DeskCalendar, RegionBasis, SourcedCalendar, TicketOrigin
from tests.support.clock_scenes import REGIONS, WEEK

HALF_DAY = {date(2026, 12, 24): (WeeklyHours.of("09:00", "12:00"),)}
OFFICE = DeskCalendar(hours="Office", overrides=HALF_DAY, holiday_mode=HolidayMode.SHIFT_START)
FROM_DESK = replace(REGIONS, calendars={**REGIONS.calendars, "EUROPE_UK": OFFICE})
GERMANY, JAPAN = TicketOrigin(partner_country="DE"), TicketOrigin(partner_country="JP")


def locate(origin, regions=REGIONS):
    return regions.locate(origin, RegionBasis.PARTNER_COUNTRY)


def test_a_country_has_a_region_or_none():
    assert REGIONS.region_of("DE") == "EUROPE_UK"
    assert REGIONS.region_of("KZ") is None


@pytest.mark.parametrize(
    ("origin", "by", "region", "country"),
    [
        pytest.param(GERMANY, RegionBasis.PARTNER_COUNTRY, "EUROPE_UK", "DE", id="the partner's country"),
        pytest.param(GERMANY, RegionBasis.CUSTOMER_COUNTRY, "EUROPE_UK", None, id="the fallback is not by the country"),
        pytest.param(
            TicketOrigin(customer_country="jp"), RegionBasis.CUSTOMER_COUNTRY, "APAC_JAPAN", "JP", id="small letters"
        ),
        pytest.param(
            TicketOrigin(data_centers=("JP", "MARS")), RegionBasis.DATA_CENTER, "APAC_JAPAN", None, id="a known centre"
        ),
    ],
)
def test_a_region_that_follows_from_a_country_keeps_the_country(origin, by, region, country):
    found = REGIONS.locate(origin, by)

    assert (found.region, found.country) == (region, country)


@pytest.mark.parametrize(
    ("origin", "zone"),
    [
        pytest.param(JAPAN, "Asia/Tokyo", id="a country with a calendar of its own"),
        pytest.param(GERMANY, "Europe/Berlin", id="the region's calendar"),
        pytest.param(TicketOrigin(partner_country="KZ"), "Europe/Berlin", id="the fallback's calendar"),
    ],
)
def test_a_country_with_its_own_calendar_goes_before_its_region(origin, zone):
    assert REGIONS.calendar(locate(origin)).tz == zone


def test_only_the_hours_that_are_taken_from_desk_are_read_there():
    everywhere = replace(FROM_DESK, country_calendars={"JP": replace(OFFICE, hours="7001")})

    assert [each.desk_hours for each in (REGIONS, FROM_DESK, everywhere)] == [set(), {"Office"}, {"Office", "7001"}]


def test_hours_of_desk_keep_their_origin_and_get_the_overrides_of_the_mapping():
    regions = replace(FROM_DESK, desk_calendars={"Office": SourcedCalendar(calendar=WEEK, origin='Desk\'s "Office"')})

    found = regions.sourced_calendar(locate(GERMANY, regions))

    assert found.calendar == replace(WEEK, overrides=HALF_DAY, holiday_mode=HolidayMode.SHIFT_START)
    assert found.origin == 'Desk\'s "Office"'
    assert regions.sourced_calendar(locate(JAPAN, regions)).origin == ""


def test_hours_that_were_never_read_are_an_error_and_not_another_calendar():
    with pytest.raises(KeyError, match="Office"):
        FROM_DESK.calendar(locate(GERMANY, FROM_DESK))
