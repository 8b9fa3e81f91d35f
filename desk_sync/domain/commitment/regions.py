"""Escalation regions: the region of a ticket (C17), and the calendar of a region (R21).

These are not the regions of the thresholds (C10): Canada is in one region with the USA, and Brazil is a region.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from desk_sync.domain.commitment.calendar import BusinessCalendar, HolidayMode, WeeklyHours
from desk_sync.domain.reason import Reason


class RegionBasis(StrEnum):
    """The fact from which the region of a ticket is derived (C17)."""

    PARTNER_COUNTRY = "partner_country"
    CUSTOMER_COUNTRY = "customer_country"
    DATA_CENTER = "data_center"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOrigin:
    """The origin of a ticket, as far as it is known: ISO 3166-1 alpha-2 codes, and data centres.

    The data centres are the account's, or those of the mailboxes that the ticket was sent to.
    """

    partner_country: str | None = None
    customer_country: str | None = None
    data_centers: tuple[str, ...] = ()

    def places(self, by: RegionBasis) -> tuple[str, ...]:
        """Return the countries or data centres that `by` refers to, in capitals; empty if they are unknown."""
        stated = {
            RegionBasis.PARTNER_COUNTRY: (self.partner_country,),
            RegionBasis.CUSTOMER_COUNTRY: (self.customer_country,),
            RegionBasis.DATA_CENTER: self.data_centers,
        }[by]
        return tuple(place.upper() for place in stated if place)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionChoice:
    """The region of a ticket, and the country from which it was derived, if any.

    `by_default`: no fact leads to a region, so it is the fallback, and a person should enter the partner's country.
    """

    region: str
    country: str | None
    reason: Reason
    by_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedCalendar:
    """A calendar and its origin, in words for a reason; the origin is empty if its hours are in the mapping."""

    calendar: BusinessCalendar
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCalendar:
    """A calendar that is taken from Desk: the business hours of that name or id, with our `overrides`."""

    hours: str
    overrides: Mapping[date, tuple[WeeklyHours, ...]]
    holiday_mode: HolidayMode

    def of(self, hours: SourcedCalendar) -> SourcedCalendar:
        """Return the calendar that follows from `hours`, the business hours as they were read from Desk."""
        calendar = replace(hours.calendar, overrides=self.overrides, holiday_mode=self.holiday_mode)
        return replace(hours, calendar=calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPolicy:
    """The countries and data centres of each escalation region, and its calendar.

    `calendars` has one for each region; `country_calendars` are those of countries that have other hours or another
    zone than their region. `fallback` is the region of a partner that is in no region. `desk_calendars` are the
    business hours that were read from Desk, by name or id.
    """

    of_country: Mapping[str, str]
    of_data_center: Mapping[str, str]
    fallback: str
    calendar_by: RegionBasis
    ladder_by: RegionBasis
    calendars: Mapping[str, BusinessCalendar | DeskCalendar]
    country_calendars: Mapping[str, BusinessCalendar | DeskCalendar]
    desk_calendars: Mapping[str, SourcedCalendar] = field(default_factory=dict)

    @property
    def desk_hours(self) -> frozenset[str]:
        """The names or ids of the business hours that must be read from Desk."""
        every = (*self.calendars.values(), *self.country_calendars.values())
        return frozenset(each.hours for each in every if isinstance(each, DeskCalendar))

    def region_of(self, country: str) -> str | None:
        """Return the escalation region of a country; None if it is in no region."""
        return self.of_country.get(country)

    def locate(self, origin: TicketOrigin, by: RegionBasis) -> RegionChoice:
        """Return the region that the places of `by` are in; the fallback if they are in none, or in several."""
        places = origin.places(by)
        table = self.of_data_center if by is RegionBasis.DATA_CENTER else self.of_country
        regions = {table[place] for place in places if place in table}
        basis = f"{by.replace('_', ' ')} {', '.join(places) or 'unknown'}"
        if len(regions) != 1:
            reason = Reason("C17", f"{basis}: in {'several regions' if regions else 'no region'}, so {self.fallback}")
            return RegionChoice(region=self.fallback, country=None, reason=reason, by_default=True)
        (region,) = regions
        country = None if by is RegionBasis.DATA_CENTER else places[0]
        return RegionChoice(region=region, country=country, reason=Reason("C17", f"{basis}: {region}"))

    def calendar(self, located: RegionChoice) -> BusinessCalendar:
        """Return the calendar of the country if it has its own, else that of the region."""
        return self.sourced_calendar(located).calendar

    def sourced_calendar(self, located: RegionChoice) -> SourcedCalendar:
        """Return the same calendar with its origin. Raises KeyError if its hours were not read from Desk before."""
        own = self.country_calendars.get(located.country) if located.country else None
        found = own or self.calendars[located.region]
        return (
            found.of(self.desk_calendars[found.hours])
            if isinstance(found, DeskCalendar)
            else SourcedCalendar(calendar=found)
        )
