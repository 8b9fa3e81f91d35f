"""Escalation regions: whose country says which one a ticket belongs to (C17), and when that region works (R21).

They are another map than that of the thresholds (C10): Canada goes with the USA, and Brazil is a region of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from desk_sync.domain.commitment.calendar import BusinessCalendar, HolidayMode, WeeklyHours
from desk_sync.domain.reason import Reason


class RegionBasis(StrEnum):
    """By what a region is found (C17)."""

    PARTNER_COUNTRY = "partner_country"
    CUSTOMER_COUNTRY = "customer_country"
    DATA_CENTER = "data_center"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOrigin:
    """Where a ticket comes from, as far as we know: ISO 3166-1 alpha-2 codes, and data centres.

    The data centres are the account's, or those of the mailbox that the ticket came to.
    """

    partner_country: str | None = None
    customer_country: str | None = None
    data_centers: tuple[str, ...] = ()

    def places(self, by: RegionBasis) -> tuple[str, ...]:
        """What `by` goes by, in capitals; nothing where it is unknown."""
        stated = {
            RegionBasis.PARTNER_COUNTRY: (self.partner_country,),
            RegionBasis.CUSTOMER_COUNTRY: (self.customer_country,),
            RegionBasis.DATA_CENTER: self.data_centers,
        }[by]
        return tuple(place.upper() for place in stated if place)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionChoice:
    """The region of a ticket, and the country by which it was found, if it was.

    `by_default`: nothing led to it, so it is the fallback, and a person should say where the partner is.
    """

    region: str
    country: str | None
    reason: Reason
    by_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedCalendar:
    """A calendar, and where it came from, in words for a reason; none for one that the mapping writes out."""

    calendar: BusinessCalendar
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCalendar:
    """A calendar that Desk describes: its business hours of that name or id, but other hours on some dates."""

    hours: str
    overrides: Mapping[date, tuple[WeeklyHours, ...]] = field(default_factory=dict)
    holiday_mode: HolidayMode = HolidayMode.CIVIL_DATE

    def of(self, told: SourcedCalendar) -> SourcedCalendar:
        """The calendar, after what Desk told of its business hours."""
        calendar = replace(told.calendar, overrides=self.overrides, holiday_mode=self.holiday_mode)
        return replace(told, calendar=calendar)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPolicy:
    """Which countries and data centres make up each escalation region, and when each works.

    `calendars` has one for each region; `country_calendars` are those of countries that keep other hours or another
    zone than their region. `fallback` is the region where the partner, or its country, is in none. `told` is what Desk
    said of the business hours that are taken from there.
    """

    of_country: Mapping[str, str]
    of_data_center: Mapping[str, str] = field(default_factory=dict)
    fallback: str
    calendar_by: RegionBasis = RegionBasis.PARTNER_COUNTRY
    ladder_by: RegionBasis = RegionBasis.PARTNER_COUNTRY
    calendars: Mapping[str, BusinessCalendar | DeskCalendar]
    country_calendars: Mapping[str, BusinessCalendar | DeskCalendar] = field(default_factory=dict)
    told: Mapping[str, SourcedCalendar] = field(default_factory=dict)

    @property
    def taken(self) -> frozenset[str]:
        """The names or ids of Desk's business hours that are taken."""
        every = (*self.calendars.values(), *self.country_calendars.values())
        return frozenset(each.hours for each in every if isinstance(each, DeskCalendar))

    def region_of(self, country: str) -> str | None:
        """The escalation region of a country; None for one that is in none."""
        return self.of_country.get(country)

    def locate(self, origin: TicketOrigin, by: RegionBasis) -> RegionChoice:
        """The one region of a ticket by what `by` says, else the fallback."""
        places = origin.places(by)
        table = self.of_data_center if by is RegionBasis.DATA_CENTER else self.of_country
        regions = {table[place] for place in places if place in table}
        named = f"{by.replace('_', ' ')} {', '.join(places) or 'unknown'}"
        if len(regions) != 1:
            reason = Reason("C17", f"{named}: in {'several regions' if regions else 'no region'}, so {self.fallback}")
            return RegionChoice(region=self.fallback, country=None, reason=reason, by_default=True)
        (region,) = regions
        country = None if by is RegionBasis.DATA_CENTER else places[0]
        return RegionChoice(region=region, country=country, reason=Reason("C17", f"{named}: {region}"))

    def calendar(self, located: RegionChoice) -> BusinessCalendar:
        """When the region works, or the country, where it has a calendar of its own."""
        return self.described(located).calendar

    def described(self, located: RegionChoice) -> SourcedCalendar:
        """The same, with where it came from. What is taken from Desk must have been told."""
        own = self.country_calendars.get(located.country) if located.country else None
        found = own or self.calendars[located.region]
        return found.of(self.told[found.hours]) if isinstance(found, DeskCalendar) else SourcedCalendar(calendar=found)
