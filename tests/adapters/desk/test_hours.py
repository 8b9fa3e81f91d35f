"""Calendars as Desk describes them: business hours, and holidays as days of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from desk_sync.adapters.desk.hours import calendar, read
from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.errors import PermanentError

HOUR = timedelta(hours=1)
CLOSED = {"startTime": "00:00", "endTime": "00:00", "timeSlots": []}


def slots(*written: str) -> dict[str, Any]:
    """A day with hours such as 09:00-12:30, and a start and an end that span them."""
    pairs = [dict(zip(("startTime", "endTime"), each.split("-"), strict=True)) for each in written]
    return {"startTime": pairs[0]["startTime"], "endTime": pairs[-1]["endTime"], "timeSlots": pairs}


def make_hours(monday: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    days = {"MONDAY": monday or slots("09:00-12:30", "13:30-18:00"), "SUNDAY": CLOSED}
    return {
        "id": "7001",
        "name": "Office hours",
        "type": "SPECIFIC",
        "status": "ACTIVE",
        "timeZone": {"id": "Europe/Berlin", "name": "Central European Time"},
        "businessTimes": [{"day": day, **times} for day, times in days.items()],
        "holidayLists": [],
    } | changes


def make_list(*ranges: str, **changes: Any) -> dict[str, Any]:
    holidays = [dict(zip(("from", "to"), each.split(" "), strict=True), holidayName="Holiday") for each in ranges]
    return {"holidayListType": "RECURRING", "year": None, "holidays": holidays} | changes


def once(year: object, *ranges: str) -> dict[str, Any]:
    return make_list(*ranges, holidayListType="YEAR_SPECIFIC", year=year)


def open_hours(described: BusinessCalendar, day: date) -> float:
    """The hours that the calendar is open on a date in Berlin's winter."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - HOUR
    return described.elapsed(midnight, midnight + 24 * HOUR) / HOUR


MONDAY = date(2026, 11, 16)


@pytest.mark.parametrize(
    ("monday", "hours"),
    [
        pytest.param(slots("09:00-12:30", "13:30-18:00"), 8, id="the slots are the hours, and leave out the break"),
        pytest.param({"startTime": "09:00", "endTime": "18:00", "timeSlots": []}, 9, id="without slots, start and end"),
        pytest.param({"startTime": "09:00", "endTime": "18:00"}, 9, id="without the key for slots"),
        pytest.param(CLOSED, 0, id="a closed day"),
        pytest.param(slots("00:00-23:59"), 24, id="23:59 is as late as Desk can write"),
        pytest.param(slots("20:00-00:00"), 4, id="until midnight"),
        pytest.param(slots("22:00-06:00"), 2, id="over midnight"),
    ],
)
def test_a_day_has_the_hours_that_desk_shows(monday, hours):
    described = calendar(
        make_hours(monday, businessTimes=[{"day": "MONDAY", **monday}, {"day": "FRIDAY", **slots("09:00-10:00")}]), []
    )

    assert (described.tz, open_hours(described, MONDAY)) == ("Europe/Berlin", hours)


def test_a_day_that_is_not_there_is_closed():
    assert open_hours(calendar(make_hours(), []), date(2026, 11, 17)) == 0


def test_round_the_clock_needs_no_times():
    described = calendar(make_hours(type="24X7", businessTimes=None), [])

    assert [open_hours(described, date(2026, 11, day)) for day in range(16, 23)] == [24] * 7


@pytest.mark.parametrize(
    ("holidays", "closed"),
    [
        pytest.param(make_list("12-24 12-26"), {(12, 24), (12, 25), (12, 26)}, id="both ends are included"),
        pytest.param(make_list("12-31 01-01"), {(12, 31), (1, 1)}, id="a range wraps the year"),
        pytest.param(
            make_list("12-31 02-29"),
            {(12, 31), *((1, d) for d in range(1, 32)), *((2, d) for d in range(1, 30))},
            id="into a leap day",
        ),
        pytest.param(make_list("02-29 02-29"), {(2, 29)}, id="a leap day"),
    ],
)
def test_a_recurring_holiday_is_one_of_every_year(holidays, closed):
    described = calendar(make_hours(), [holidays])

    assert (described.yearly, described.holidays) == (closed, frozenset())


@pytest.mark.parametrize("year", [pytest.param(2026, id="a number"), pytest.param("2026", id="a text")])
def test_a_holiday_of_one_year_may_end_in_the_next(year):
    described = calendar(make_hours(), [once(year, "12-31 01-01", "10-03 10-03")])

    assert described.holidays == {date(2026, 10, 3), date(2026, 12, 31), date(2027, 1, 1)}
    assert described.yearly == frozenset()


def test_several_lists_add_up():
    described = calendar(make_hours(), [make_list("12-25 12-25"), once(2026, "10-03 10-03")])

    assert (described.yearly, described.holidays) == ({(12, 25)}, {date(2026, 10, 3)})


@pytest.mark.parametrize(
    ("hours", "lists", "message"),
    [
        pytest.param(make_hours(status="INACTIVE"), [], "are inactive", id="switched off"),
        pytest.param(make_hours(timeZone={"id": "Central European Time"}), [], "IANA", id="no zone"),
        pytest.param(make_hours(timeZone=None), [], '"" is not an IANA', id="no zone at all"),
        pytest.param(make_hours(slots("9-18")), [], '"9" is not a time', id="no time"),
        pytest.param(make_hours(slots("09:00-09:00")), [], "09:00–09:00 has no length", id="no length"),
        pytest.param(
            make_hours(businessTimes=[{"day": "FREITAG", **CLOSED}]), [], '"FREITAG" is not a day', id="no day"
        ),
        pytest.param(make_hours(businessTimes=[{"day": "MONDAY", **CLOSED}] * 2), [], "is listed twice", id="twice"),
        pytest.param(make_hours(CLOSED), [], "never open", id="closed every day"),
        pytest.param(make_hours(), [make_list("01-01 12-31")], "never open", id="a holiday all the year"),
        pytest.param(
            make_hours(), [make_list("00-01 01-01")], '"00-01", which 2000', id="Desk's pattern admits month 00"
        ),
        pytest.param(make_hours(), [once(2026, "02-29 02-29")], '"02-29", which 2026', id="no leap year"),
        pytest.param(make_hours(), [make_list("25.12. 26.12.")], '"25.12."', id="another form"),
        pytest.param(make_hours(), [once(None, "12-25 12-25")], 'of the year ""', id="of which year?"),
        pytest.param(make_hours(slots(*["09:00-09:30"] * 25)), [], "25 windows are more than 24", id="windows"),
        pytest.param(make_hours(), [make_list(*["01-01 12-31"] * 501)], "501 holidays in one list", id="501 holidays"),
    ],
)
def test_an_impossible_description_is_refused_in_clear_words(hours, lists, message):
    with pytest.raises(PermanentError, match=f"Desk's business hours .*{message}") as refused:
        calendar(hours, lists)

    assert refused.value.hint


def answers(*names: str) -> Any:
    """A Desk with business hours of these names, each with a list of holidays in force and one that is not."""
    lists = [{"id": "8001", "status": "ACTIVE"}, {"id": "8002", "status": "INACTIVE"}]
    known = [make_hours(id=str(7000 + number), name=name, holidayLists=lists) for number, name in enumerate(names)]

    def get(path: str, query: Any = None) -> Any:
        if path == "/businessHours":
            return {"data": known[query["from"] : query["from"] + query["limit"]]}
        kind, _, found = path.rpartition("/")
        return (
            next(each for each in known if each["id"] == found)
            if kind == "/businessHours"
            else {"/holidayList/8001": make_list("12-25 12-25")}[path]
        )

    return get


@pytest.mark.parametrize(
    "named", [pytest.param("7060", id="by id"), pytest.param("Hours 60", id="by name, on the second page")]
)
def test_business_hours_are_found(named):
    described = read(named, answers(*(f"Hours {number}" for number in range(70))))

    assert described.yearly == {(12, 25)}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        pytest.param(["Other"], 'none of them are named "Office"', id="none"),
        pytest.param(["Office", "Office"], '2 of them are named "Office"', id="two"),
    ],
)
def test_a_name_must_belong_to_exactly_one(names, message):
    with pytest.raises(PermanentError, match=message):
        read("Office", answers(*names))


def test_no_more_than_twenty_lists_of_holidays_are_asked_for():
    calls = []

    with pytest.raises(PermanentError, match="have 21 lists of holidays"):
        read("7001", lambda path, query=None: calls.append(path) or make_hours(holidayLists=[{"id": "1"}] * 21))

    assert calls == ["/businessHours/7001"]


def test_a_day_after_the_wrap_is_open_again():
    described = calendar(make_hours(type="24X7"), [make_list("12-31 01-01")])

    assert [
        open_hours(described, day)
        for day in (date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 2))
    ] == [24, 0, 0, 24]
