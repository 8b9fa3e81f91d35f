"""Business time: how much of a span counts, and when a given amount will have passed.

Spans are half-open, [start, end). Instants are aware datetimes, results are in UTC, and sums are done in UTC: a shift
across a daylight-saving change counts the time that really passed.

A calendar is open at an instant if the local time at that instant is in its hours. If an edge is in a gap (clocks go
forward), the calendar therefore opens or closes at the transition. In a fold (clocks go back) a local time occurs twice
and its hours are open both times: 01:30–05:00 opens at the first 01:30, closes when the clocks go back, and opens again
at the second 01:30.

A calendar is never open before the year 1900 or after 2199.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias
from zoneinfo import ZoneInfo

Span: TypeAlias = tuple[datetime, datetime]
# A span in which a clock is paused; without an end it still is.
Pause: TypeAlias = tuple[datetime, datetime | None]

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A calendar that is closed for longer counts as closed for ever.
HORIZON = timedelta(days=800)
MOST_HOURS = 24
"""Windows of one day. More cost memory for every year that a clock is computed in, and no office has them."""
_MOST_CACHED = 300_000
"""Shifts that are cached for one calendar: 70 MB. A year of usual hours has 500."""

_YEARS = range(1900, 2200)
_FOREVER = datetime.max.replace(tzinfo=UTC)
_NOTHING = timedelta(0)
_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_LEAP_DAY = (2, 29)
_LOCAL_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|(24):(00)")


class HolidayMode(StrEnum):
    """The time that a holiday closes: its civil date, or the hours that begin on it, up to their end."""

    CIVIL_DATE = "civil_date"
    SHIFT_START = "shift_start"


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Opening hours of a date, as local time since its midnight. Hours across midnight have `closes` above 24 h."""

    opens: timedelta
    closes: timedelta

    def __post_init__(self) -> None:
        if not _NOTHING <= self.opens <= _DAY or not self.opens <= self.closes <= self.opens + _DAY:
            raise ValueError(f"hours {self.opens}–{self.closes}: begin on their date and last up to a day")

    @classmethod
    def of(cls, opens: str, closes: str) -> WeeklyHours:
        """Return hours from their text: ("09:00", "17:00"), ("22:00", "06:00"), ("20:00", "24:00").

        The hours are empty if both texts are the same. Raises ValueError for a text that is not a local time.
        """
        start, end = local_time(opens), local_time(closes)
        return cls(start, end if start <= end else end + _DAY)


def local_time(text: str) -> timedelta:
    """Return the time since midnight of HH:MM, from 00:00 to 24:00. Raises ValueError for any other text."""
    match = _LOCAL_TIME.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is not a time from 00:00 to 24:00')
    hours, minutes = (int(digits) for digits in match.groups() if digits)
    return timedelta(hours=hours, minutes=minutes)


def time_zone(name: str) -> ZoneInfo:
    """Return the IANA zone of this name. Raises ValueError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f'"{name}" is not an IANA time zone') from error


class _Expanded:
    """The cache of a calendar's years. It is not a field: it takes no part in comparison, hash, repr or JSON."""

    __slots__ = ("_expanded",)
    _expanded: dict[int, _Year]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCalendar(_Expanded):
    """The hours in which time counts, in the local time of `tz`. Hours may touch or overlap: no minute counts twice.

    The keys of `weekly` are WEEKDAYS; a weekday without hours is closed. `overrides` replace the weekly hours of a
    date; an empty one closes the date. A holiday closes overrides too; `yearly` are the holidays of every year, as
    (month, day). The mappings must not be changed after construction: expanded years are cached.
    """

    tz: str
    weekly: Mapping[str, tuple[WeeklyHours, ...]] = field(hash=False)
    holidays: frozenset[date] = frozenset()
    holiday_mode: HolidayMode
    overrides: Mapping[date, tuple[WeeklyHours, ...]] = field(default_factory=dict, hash=False)
    yearly: frozenset[tuple[int, int]] = frozenset()

    def __post_init__(self) -> None:
        time_zone(self.tz)
        if unknown := self.weekly.keys() - set(WEEKDAYS):
            raise ValueError(f"weekly: {', '.join(sorted(unknown))} is none of {', '.join(WEEKDAYS)}")
        for day, hours in (*self.weekly.items(), *self.overrides.items()):
            if len(hours) > MOST_HOURS:
                raise ValueError(f"{day}: {len(hours)} windows are more than {MOST_HOURS} on one day")
        object.__setattr__(self, "_expanded", _expansion(self))

    @property
    def ever_opens(self) -> bool:
        """True if the calendar is open at any instant."""
        weekly = any(hours.opens < hours.closes for day in self.weekly.values() for hours in day)
        if weekly and len(self.yearly - {_LEAP_DAY}) < 365:
            return True
        noons = (datetime.combine(day, time(12), UTC) for day in self.overrides)
        return any(self._open(noon - 2 * _DAY, noon + 3 * _DAY) for noon in noons)

    def elapsed(self, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> timedelta:
        """Return the business time in [start, end) outside the pauses, which may overlap and have any order.

        Zero if `end` is not after `start`. Raises ValueError for a naive datetime or a pause that ends before it
        begins.
        """
        end = _utc(end)
        running = _running(_utc(start), pauses)
        return sum((self._open(begins, min(stops, end)) for begins, stops in running), _NOTHING)

    def due(self, start: datetime, amount: timedelta, pauses: Iterable[Pause] = ()) -> datetime | None:
        """Return the first instant from `start` on at which `amount` of business time has passed.

        That is at closing, not at the next opening; `start` itself for an amount of zero. None if there is no such
        instant: the calendar is closed for longer than HORIZON, or the last pause has no end. Raises ValueError for a
        negative amount, a naive datetime, or a pause that ends before it begins.
        """
        if amount < _NOTHING:
            raise ValueError(f"amount {amount}: must not be negative")
        start, left = _utc(start), amount
        if not left:
            return start
        if not pauses:
            return self._after(start, left)
        for begins, stops in _running(start, pauses):
            if stops == _FOREVER or (counted := self._open(begins, stops)) >= left:
                return self._after(begins, left)
            left -= counted
        return None

    def shifts(self, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> list[Span]:
        """Return the spans of [start, end) that count, outside the pauses: sorted, apart, `elapsed` in total."""
        end = _utc(end)
        running = [(begins, min(stops, end)) for begins, stops in _running(_utc(start), pauses) if begins < end]
        return union(
            (max(opens, begins), min(closes, stops))
            for begins, stops in running
            for year in map(self._year, _years(begins, stops))
            for opens, closes in year.shifts
        )

    def _open(self, start: datetime, end: datetime) -> timedelta:
        """Return the open time in [start, end); both are in UTC."""
        if end <= start:
            return _NOTHING
        years = map(self._year, _years(start, end))
        return sum((year.until(end) - year.until(start) for year in years), _NOTHING)

    def _after(self, start: datetime, amount: timedelta) -> datetime | None:
        """Return the first instant at which `amount` (above zero) of open time has passed since `start` (in UTC)."""
        last_open, left = start, amount
        for number in range(start.year, _YEARS.stop):
            year = self._year(number)
            if year.opens_at - last_open > HORIZON:
                return None
            before = year.until(start)
            if before + left <= year.total:
                return year.at(before + left)
            left -= year.total - before
            last_open = max(last_open, year.closes_at or start)
        return None

    def _year(self, number: int) -> _Year:
        # Two threads may expand the same year: the results are equal.
        if known := self._expanded.get(number):
            return known
        year = _Year(number, self._shifts_of(number))
        if (len(self._expanded) + 1) * len(year.shifts) > _MOST_CACHED:
            self._expanded.clear()
        self._expanded[number] = year
        return year

    def _shifts_of(self, year: int) -> list[Span]:
        """Return the open spans of the UTC year, sorted."""
        hours = union(span for day in _days_around(year) for span in self._local_spans(day))
        return union(
            (max(opens - offset, begins), min(closes - offset, ends))
            for begins, ends, offset in _offsets(time_zone(self.tz), year)
            for opens, closes in hours
        )

    def _local_spans(self, day: date) -> Iterator[Span]:
        """Yield the hours that begin on the date, split at midnight, without holidays: local time, typed as UTC."""
        midnight = datetime.combine(day, time(), UTC)
        tomorrow = midnight + _DAY
        ends_on = day if self.holiday_mode is HolidayMode.SHIFT_START else tomorrow.date()
        for hours in self.overrides.get(day, self.weekly.get(WEEKDAYS[day.weekday()], ())):
            opens, closes = midnight + hours.opens, midnight + hours.closes
            if not self._is_holiday(day):
                yield opens, min(closes, tomorrow)
            if not self._is_holiday(ends_on):
                yield max(opens, tomorrow), closes

    def _is_holiday(self, day: date) -> bool:
        return day in self.holidays or (day.month, day.day) in self.yearly


def cadence(calendar: BusinessCalendar, start: datetime, every: timedelta, count: int) -> list[datetime | None]:
    """Return the end of each of `count` periods of `every` business time; None as for `due`."""
    ends: list[datetime | None] = []
    at: datetime | None = start
    for _ in range(count):
        at = None if at is None else calendar.due(at, every)
        ends.append(at)
    return ends


def thresholds(
    calendar: BusinessCalendar, start: datetime, amount: timedelta, percents: Iterable[Decimal]
) -> dict[Decimal, datetime | None]:
    """Return when each percentage of the amount, cut to the microsecond, has passed; None as for `due`."""
    whole = amount // _MICROSECOND
    return {percent: calendar.due(start, int(whole * percent / 100) * _MICROSECOND) for percent in percents}


class _Year:
    """The shifts of one UTC year, with the open time from the start of the year to the end of each."""

    def __init__(self, number: int, shifts: Sequence[Span]) -> None:
        self.shifts = shifts
        self._starts = [start for start, _ in shifts]
        self._ends = [end for _, end in shifts]
        self._sums: list[timedelta] = []
        self.total = _NOTHING
        for start, end in shifts:
            self.total += end - start
            self._sums.append(self.total)
        # A year without shifts: the next one opens at the end of the year or later.
        self.opens_at = shifts[0][0] if shifts else datetime(number + 1, 1, 1, tzinfo=UTC)
        self.closes_at = shifts[-1][1] if shifts else None

    def until(self, instant: datetime) -> timedelta:
        """Return the open time of the year before the instant, which may be outside the year."""
        shift = bisect_right(self._starts, instant) - 1
        return self._sums[shift] - max(self._ends[shift] - instant, _NOTHING) if shift >= 0 else _NOTHING

    def at(self, amount: timedelta) -> datetime:
        """Return the first instant before which the year was open for `amount`: above zero, at most the total."""
        shift = bisect_left(self._sums, amount)
        return self._ends[shift] - (self._sums[shift] - amount)


@lru_cache(maxsize=128)
def _expansion(_calendar: BusinessCalendar) -> dict[int, _Year]:
    """Return the cache of expanded years: one dict for all equal calendars, such as those of frozen promises."""
    return {}


def _years(start: datetime, end: datetime) -> range:
    """Return the years that a span touches, within the years that can be open."""
    return range(max(start.year, _YEARS.start), min(end.year + 1, _YEARS.stop))


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat()}: has no time zone")
    return instant.astimezone(UTC)


def _running(start: datetime, pauses: Iterable[Pause]) -> Iterator[Span]:
    """Yield the spans from `start` on that are in no pause; the last ends at _FOREVER unless a pause has no end."""
    for begins, ends in union(map(_pause, pauses)) if pauses else ():
        if start < begins:
            yield start, begins
        start = max(start, ends)
    if start < _FOREVER:
        yield start, _FOREVER


def _pause(pause: Pause) -> Span:
    begins, ends = _utc(pause[0]), _FOREVER if pause[1] is None else _utc(pause[1])
    if ends < begins:
        raise ValueError(f"pause from {begins.isoformat()}: ends before it begins, at {ends.isoformat()}")
    return begins, ends


def union(spans: Iterable[Span]) -> list[Span]:
    """Return the same time as sorted spans that neither touch nor overlap; empty spans are dropped."""
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _days_around(year: int) -> Iterator[date]:
    """Return the local dates with hours that may be in the UTC year: offsets are up to a day, hours end within two."""
    first = date(year, 1, 1) - 3 * _DAY
    return (first + number * _DAY for number in range((date(year + 1, 1, 1) - first).days + 2))


def _offsets(zone: tzinfo, year: int) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Yield the spans of the UTC year in which the offset of local time is the same. No zone changes twice in a day."""

    def offset(instant: datetime) -> timedelta:
        return instant.astimezone(zone).utcoffset() or _NOTHING

    def change(start: datetime) -> datetime:
        old = offset(start)
        return start + timedelta(
            seconds=bisect_left(
                range(86_400), True, key=lambda second: offset(start + timedelta(seconds=second)) != old
            )
        )

    first, last = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    midnights = [first + number * _DAY for number in range((last - first).days + 1)]
    changes = (change(start) for start, end in pairwise(midnights) if offset(start) != offset(end))
    for start, end in pairwise([first, *changes, last]):
        yield start, end, offset(start)
