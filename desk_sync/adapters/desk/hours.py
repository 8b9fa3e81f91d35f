"""Calendars as Desk describes them: business hours and their lists of holidays.

Desk writes a closed day as 00:00–00:00 and cannot write 24:00, so an end at 23:59 is read as midnight. If a day has
slots, they are its hours, and its start and end only enclose them. Holidays are days of the year (MM-dd), both ends
included, of every year or of one; a range may cross the end of the year. An impossible description is refused with a
PermanentError.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import chain

from desk_sync.adapters.desk.lists import GetCall, entries
from desk_sync.adapters.desk.raw import Raw, identifier, items, object_in, text
from desk_sync.domain.commitment.calendar import BusinessCalendar, HolidayMode, WeeklyHours
from desk_sync.errors import PermanentError

PAGE = 50
_HINT = "correct it under Setup → Business Hours in Desk, or write the calendar into the mapping"
_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_ALL_DAY = (WeeklyHours.of("00:00", "24:00"),)
_MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")
_DAY = timedelta(days=1)
_LEAP_YEAR = 2000
MOST_LISTS = 20
"""Lists of holidays of one calendar; each costs a call."""
MOST_HOLIDAYS = 500
"""Holidays of one list, each of up to a year."""


def read(named: str, get: GetCall) -> BusinessCalendar:
    """Return the calendar of the business hours with this id or name."""
    hours = get(f"/businessHours/{named if named.isdecimal() else _id_of(named, get)}")
    lists = [get(f"/holidayList/{each}") for each in _holiday_lists(hours)]
    return calendar(hours, lists)


def calendar(hours: Raw, lists: Iterable[Raw]) -> BusinessCalendar:
    """Return the calendar that business hours and their lists of holidays describe together."""
    if text(hours.get("status")) == "INACTIVE":
        raise _impossible("are inactive")
    yearly, once = _holidays(lists)
    try:
        described = BusinessCalendar(
            tz=text(object_in(hours, "timeZone").get("id")) or "",
            weekly=_weekly(hours),
            holidays=frozenset(once),
            holiday_mode=HolidayMode.CIVIL_DATE,
            yearly=frozenset((day.month, day.day) for day in yearly),
        )
    except ValueError as error:
        raise _impossible(f"cannot be used: {error}") from None
    if not described.ever_opens:
        raise _impossible("never open, so no clock would ever run out")
    return described


def _id_of(named: str, get: GetCall) -> str:
    found = [each for each in entries(get, "/businessHours", PAGE) if text(each.get("name")) == named]
    ids = [found_id for each in found if (found_id := identifier(each, "id"))]
    if len(ids) != 1:
        raise _impossible(f'{len(ids) or "none"} of them are named "{named}"', what="business hours: ")
    return ids[0]


def _holiday_lists(hours: Raw) -> Iterator[str]:
    """Yield the ids of the lists in force."""
    lists = items({"data": hours.get("holidayLists")})
    if len(lists) > MOST_LISTS:
        raise _impossible(f"have {len(lists):,} lists of holidays, more than {MOST_LISTS}")
    for each in lists:
        found = identifier(each, "id")
        if found and text(each.get("status")) != "INACTIVE":
            yield found


def _weekly(hours: Raw) -> Mapping[str, tuple[WeeklyHours, ...]]:
    if text(hours.get("type")) == "24X7":
        return {day.lower()[:3]: _ALL_DAY for day in _WEEKDAYS}
    weekly: dict[str, tuple[WeeklyHours, ...]] = {}
    for each in items({"data": hours.get("businessTimes")}):
        day = text(each.get("day")) or ""
        if day not in _WEEKDAYS or day.lower()[:3] in weekly:
            raise ValueError(f'"{day}" is not a day of the week, or is listed twice')
        weekly[day.lower()[:3]] = tuple(_of_day(each))
    return weekly


def _of_day(day: Raw) -> Iterator[WeeklyHours]:
    for slot in items({"data": day.get("timeSlots")}) or [day]:
        opens, closes = (text(slot.get(edge)) or "" for edge in ("startTime", "endTime"))
        hours = WeeklyHours.of(opens, "24:00" if closes == "23:59" else closes)
        if hours.opens != hours.closes:
            yield hours
        elif opens != "00:00":
            raise ValueError(f"{opens}–{closes} has no length")


def _holidays(lists: Iterable[Raw]) -> tuple[set[date], set[date]]:
    """Return the holidays of every year, as days of a leap year, and those of single years."""
    yearly: set[date] = set()
    once: set[date] = set()
    for each in lists:
        holidays = items({"data": each.get("holidays")})
        if len(holidays) > MOST_HOLIDAYS:
            raise _impossible(f"have {len(holidays):,} holidays in one list, more than {MOST_HOLIDAYS}")
        if text(each.get("holidayListType")) == "RECURRING":
            yearly.update(day for holiday in holidays for day in _days(holiday, _LEAP_YEAR, _LEAP_YEAR))
        else:
            year = _year(text(each.get("year")) or "")
            once.update(day for holiday in holidays for day in _days(holiday, year, year + 1))
    return yearly, once


def _year(written: str) -> int:
    if not re.fullmatch("[0-9]{4}", written):
        raise _impossible(f'have holidays of the year "{written}"')
    return int(written)


def _days(holiday: Raw, year: int, following: int) -> Iterator[date]:
    """Return each day of the range. If its end comes before its beginning, it ends in the following year."""
    begins, ends = (text(holiday.get(edge)) or "" for edge in ("from", "to"))
    if begins <= ends:
        return _between(_day(begins, year), _day(ends, year))
    old_year = _between(_day(begins, year), date(year, 12, 31))
    return chain(old_year, _between(date(following, 1, 1), _day(ends, following)))


def _between(first: date, last: date) -> Iterator[date]:
    return (first + number * _DAY for number in range((last - first).days + 1))


def _day(written: str, year: int) -> date:
    match = _MONTH_DAY.fullmatch(written)
    try:
        return date(year, int(match[1]), int(match[2]))  # type: ignore[index]
    except (TypeError, ValueError):
        raise _impossible(f'have the holiday "{written}", which {year} does not have') from None


def _impossible(message: str, *, what: str = "Desk's business hours ") -> PermanentError:
    return PermanentError(f"{what}{message}", hint=_HINT)
