"""The sections of the mapping for the clocks: `regions`, `calendars` and `clocks`, and the policy built from them.

`mappings/README.md` explains each setting. Amounts of time are business time, so a `d` is 24 hours of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Annotated, Literal, TypeAlias
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator
from pydantic import WithJsonSchema as Schema

from desk_sync.adapters.mapping.types import Country, Date, IssueType, Level, RequestType, Text, duration, inverted
from desk_sync.adapters.yaml.problems import MappingSection, closest, mistake, shown
from desk_sync.domain.commitment.calendar import MOST_HOURS, BusinessCalendar, HolidayMode, WeeklyHours, time_zone
from desk_sync.domain.commitment.conversation import ReplyRules, StatusRules
from desk_sync.domain.commitment.promise import (
    CommitmentPolicy,
    CommitmentWindow,
    CountFrom,
    DeterminationRule,
    FirstRound,
    Milestone,
    PromiseScope,
    PromiseTerms,
    ReopenedRule,
    TicketKinds,
    WeekendException,
)
from desk_sync.domain.commitment.regions import DeskCalendar, RegionBasis, RegionPolicy

_PAIR = re.compile(r"([^-–]*)[-–]([^-–]*)")


def _window(written: object) -> CommitmentWindow:
    """Return the window of `1h-3h`, of one figure for both, or of `{target: …, commitment: …}`."""
    match written:
        case {"target": target, "commitment": commitment} if len(written) == 2:  # type: ignore[arg-type]
            pass
        case str(text):
            pair = _PAIR.fullmatch(text)
            target, commitment = pair.groups() if pair else (text, text)
        case _:
            raise mistake(f"{shown(written)} is not a window such as 1h-3h: a target, then a commitment")
    figures = duration(target), duration(commitment)
    if figures[0] > figures[1]:
        raise mistake(f"{target}-{commitment}: the target must not come after the commitment")
    return CommitmentWindow(target=figures[0], commitment=figures[1])


def _hours(written: object) -> tuple[WeeklyHours, ...]:
    if not isinstance(written, str):
        raise mistake(f"{shown(written)} is not a list of hours such as 09:00-12:00, 13:00-17:00")
    shifts = [] if written == "closed" else written.split(",")
    if len(shifts) > MOST_HOURS:
        raise mistake(f"{len(shifts)} windows are more than {MOST_HOURS} on one day")
    return tuple(map(_shift, shifts))


def _shift(written: str) -> WeeklyHours:
    pair = _PAIR.fullmatch(written)
    if not pair:
        raise mistake(f"{shown(written)} is not a list of hours such as 09:00-12:00, 13:00-17:00")
    opens, closes = (edge.strip() for edge in pair.groups())
    if opens == closes:
        raise mistake(f"{opens}-{closes} contains no time", "00:00-24:00")
    try:
        return WeeklyHours.of(opens, closes)
    except ValueError as error:
        raise mistake(str(error)) from None


def _zone(name: str) -> str:
    try:
        time_zone(name)
    except ValueError as error:
        raise mistake(str(error), closest(name, _zones().get(name[:2].casefold(), ()))) from None
    return name


@cache
def _zones() -> Mapping[str, Sequence[str]]:
    """Return the names of all zones by their first two letters: comparing a name with all of them takes 9 ms."""
    zones: dict[str, list[str]] = {}
    for name in sorted(available_timezones()):
        zones.setdefault(name[:2].casefold(), []).append(name)
    return zones


def _seconds(written: object) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,4})s", written) if isinstance(written, str) else None
    if not match:
        raise mistake(f"{shown(written)} is not a number of seconds such as 60s")
    return timedelta(seconds=int(match[1]))


_FIGURE = "[1-9][0-9]{0,4}[dhm]"
_SHIFT = "[0-9]{2}:[0-9]{2} *[-–] *[0-9]{2}:[0-9]{2}"
WindowText = Annotated[
    CommitmentWindow,
    PlainValidator(_window),
    Schema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^{_FIGURE}([-–]{_FIGURE})?$"},
                {"type": "object", "required": ["target", "commitment"], "additionalProperties": {"type": "string"}},
            ]
        }
    ),
]
HoursText = Annotated[
    tuple[WeeklyHours, ...],
    PlainValidator(_hours),
    Schema({"type": "string", "pattern": f"^(closed|{_SHIFT}( *, *{_SHIFT})*)$"}),
]
Zone = Annotated[str, AfterValidator(_zone)]
Seconds = Annotated[
    timedelta,
    PlainValidator(_seconds),
    PlainSerializer(lambda amount: f"{amount // timedelta(seconds=1)}s"),
    Schema({"type": "string", "pattern": "^[0-9]{1,4}s$"}),
]
Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class RegionsSection(MappingSection):
    calendar_by: Annotated[RegionBasis, Field(strict=False)] = RegionBasis.PARTNER_COUNTRY
    ladder_by: Annotated[RegionBasis, Field(strict=False)] = RegionBasis.PARTNER_COUNTRY
    fallback: Text
    countries: Annotated[dict[Text, list[Country]], Field(min_length=1)]
    data_centers: dict[Text, list[Text]] = {}


class OwnCalendar(MappingSection):
    """The calendar of a region or country; missing settings are the common ones, or those of the country's region.

    `desk` names the business hours in Desk from which zone, hours and holidays are read.
    """

    desk: Text | None = None
    zone: Zone | None = None
    hours: dict[Weekday, HoursText] | None = None
    dates: dict[Date, HoursText] | None = None
    holidays: list[Date] | None = None
    holiday_mode: Annotated[HolidayMode, Field(strict=False)] | None = None


class CalendarsSection(MappingSection):
    hours: dict[Weekday, HoursText]
    dates: dict[Date, HoursText] = {}
    holidays: list[Date] = []
    holiday_mode: Annotated[HolidayMode, Field(strict=False)] = HolidayMode.CIVIL_DATE
    regions: Annotated[dict[Text, OwnCalendar], Field(min_length=1)]
    countries: dict[Country, OwnCalendar] = {}

    def of_region(self, region: str) -> BusinessCalendar | DeskCalendar:
        """Return the calendar of the region."""
        return _calendar(self.regions[region], self._common)

    def of_country(self, country: str, region: str) -> BusinessCalendar | DeskCalendar:
        """Return the calendar of a country of the region that has an entry in `countries`."""
        base = self.of_region(region)
        if isinstance(base, DeskCalendar):
            base = replace(self._common, overrides=base.overrides, holiday_mode=base.holiday_mode)
        return _calendar(self.countries[country], base)

    @property
    def _common(self) -> BusinessCalendar:
        return BusinessCalendar(
            tz="UTC",
            weekly=_by_weekday(self.hours),
            holidays=frozenset(self.holidays),
            holiday_mode=self.holiday_mode,
            overrides=self.dates,
        )


def _calendar(own: OwnCalendar, base: BusinessCalendar) -> BusinessCalendar | DeskCalendar:
    overrides = base.overrides if own.dates is None else own.dates
    holiday_mode = own.holiday_mode or base.holiday_mode
    if own.desk:
        return DeskCalendar(hours=own.desk, overrides=overrides, holiday_mode=holiday_mode)
    return BusinessCalendar(
        tz=own.zone or base.tz,
        weekly=base.weekly if own.hours is None else _by_weekday(own.hours),
        holidays=base.holidays if own.holidays is None else frozenset(own.holidays),
        holiday_mode=holiday_mode,
        overrides=overrides,
    )


def _by_weekday(hours: Mapping[Weekday, tuple[WeeklyHours, ...]]) -> Mapping[str, tuple[WeeklyHours, ...]]:
    return dict[str, tuple[WeeklyHours, ...]](hours.items())


class WindowsSection(MappingSection):
    acknowledgement: WindowText | None
    determination: WindowText | None

    def by_milestone(self) -> dict[Milestone, CommitmentWindow]:
        return {Milestone(name): window for name, window in self if window}


class ExemptSection(MappingSection):
    issue_types: list[IssueType] = []
    request_types: list[RequestType] = []


class WeekendSection(MappingSection):
    issue_types: list[IssueType] = []
    severities: list[Level] = [1, 2, 3]
    inferred: bool = True


class RepliesSection(MappingSection):
    comments: bool = True
    receipt_within: Seconds = timedelta(seconds=60)


class ClocksSection(MappingSection):
    s1: WindowsSection
    s2: WindowsSection
    s3: WindowsSection
    without_severity: Level | Literal["none"] = 3
    resolution: WindowText | None = None
    resolution_for: Annotated[PromiseScope, Field(strict=False)] = PromiseScope.LARGE_ACCOUNTS
    update: WindowText | None = None
    determination: Annotated[DeterminationRule, Field(strict=False)] = DeterminationRule.ROUNDS
    first_round: Annotated[FirstRound, Field(strict=False)] = FirstRound.SECOND_REPLY
    replies: RepliesSection = RepliesSection()
    paused: list[Annotated[Milestone, Field(strict=False)]] = list(Milestone)
    waiting_statuses: list[Text] = []
    severity_changed: Annotated[CountFrom, Field(strict=False)] = CountFrom.CREATION
    found_large_late: Annotated[CountFrom, Field(strict=False)] = CountFrom.CREATION
    reopened: Annotated[ReopenedRule, Field(strict=False)] = ReopenedRule.RESUME
    exempt: ExemptSection = ExemptSection()
    weekend_exception: WeekendSection = WeekendSection()


def commitment(
    regions: RegionsSection, calendars: CalendarsSection, clocks: ClocksSection, automation_agents: frozenset[str]
) -> CommitmentPolicy:
    """Return the policy that is built from the three sections."""
    of_country = inverted(regions.countries)
    return CommitmentPolicy(
        terms=_terms(clocks),
        regions=RegionPolicy(
            of_country=of_country,
            of_data_center={name.upper(): region for name, region in inverted(regions.data_centers).items()},
            fallback=regions.fallback,
            calendar_by=regions.calendar_by,
            ladder_by=regions.ladder_by,
            calendars={region: calendars.of_region(region) for region in regions.countries},
            country_calendars={
                country: calendars.of_country(country, of_country[country]) for country in calendars.countries
            },
        ),
        replies=ReplyRules(
            automation_agents=automation_agents,
            comments=clocks.replies.comments,
            receipt_within=clocks.replies.receipt_within,
        ),
        statuses=StatusRules(waiting=frozenset(clocks.waiting_statuses)),
    )


def _terms(clocks: ClocksSection) -> PromiseTerms:
    return PromiseTerms(
        windows={level: windows.by_milestone() for level, windows in enumerate((clocks.s1, clocks.s2, clocks.s3), 1)},
        without_severity=None if clocks.without_severity == "none" else clocks.without_severity,
        resolution=clocks.resolution,
        resolution_for=clocks.resolution_for,
        update=clocks.update,
        determination=clocks.determination,
        first_round=clocks.first_round,
        paused=frozenset(clocks.paused),
        severity_changed=clocks.severity_changed,
        found_large_late=clocks.found_large_late,
        reopened=clocks.reopened,
        exempt=TicketKinds(
            issue_types=frozenset(clocks.exempt.issue_types), request_types=frozenset(clocks.exempt.request_types)
        ),
        weekend=WeekendException(
            issue_types=frozenset(clocks.weekend_exception.issue_types),
            levels=frozenset(clocks.weekend_exception.severities),
            inferred=clocks.weekend_exception.inferred,
        ),
    )
