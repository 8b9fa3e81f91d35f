"""Business time: the time that counts, when an amount has passed, and daylight-saving changes."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk_sync.domain.commitment import calendar as calendar_module
from desk_sync.domain.commitment.calendar import (
    HORIZON,
    MOST_HOURS,
    WEEKDAYS,
    BusinessCalendar,
    HolidayMode,
    WeeklyHours,
    cadence,
    thresholds,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ALL_DAY, OFFICE, NIGHT = (
    WeeklyHours.of("00:00", "24:00"),
    WeeklyHours.of("09:00", "17:00"),
    WeeklyHours.of("22:00", "06:00"),
)
MONDAY, FRIDAY = date(2025, 6, 2), date(2025, 6, 6)


def make_calendar(
    *hours: WeeklyHours, days: Iterable[str] = WEEKDAYS, tz: str = "UTC", **rest: object
) -> BusinessCalendar:
    return BusinessCalendar(
        **{"tz": tz, "weekly": dict.fromkeys(days, hours), "holiday_mode": HolidayMode.CIVIL_DATE} | rest
    )


def at(text: str, tz: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz)).astimezone(UTC)


EVERY_DAY = frozenset(
    ((date(2024, 1, 1) + number * DAY).month, (date(2024, 1, 1) + number * DAY).day) for number in range(366)
)
WEEKDAYS_9_TO_5 = make_calendar(OFFICE, days=WEEKDAYS[:5])


# The programme's own examples, region time, 24×5; a login problem counts at weekends too.


@pytest.mark.parametrize(
    ("days", "created", "amounts", "expected"),
    [
        pytest.param(5, "20 22:30", (1, 3, 2, 8), ("20 23:30", "23 01:30", "23 00:30", "23 06:30"), id="Friday night"),
        pytest.param(5, "21 10:00", (1, 3, 2, 8), ("23 01:00", "23 03:00", "23 02:00", "23 08:00"), id="Saturday"),
        pytest.param(7, "21 10:00", (1, 3, 2, 8), ("21 11:00", "21 13:00", "21 12:00", "21 18:00"), id="login problem"),
        pytest.param(5, "19 20:00", (6, 12, 24, 48), ("20 02:00", "20 08:00", "20 20:00", "23 20:00"), id="S2"),
        pytest.param(5, "20 09:00", (16, 24, 48, 72), ("23 01:00", "23 09:00", "24 09:00", "25 09:00"), id="S3"),
    ],
)
@pytest.mark.parametrize("tz", ["Europe/Berlin", "Asia/Kolkata", "America/New_York"])
def test_the_programmes_examples_come_out(days, created, amounts, expected, tz):
    calendar = make_calendar(ALL_DAY, days=WEEKDAYS[:days], tz=tz)
    start = at(f"2026-11-{created}", tz)

    assert [calendar.due(start, amount * HOUR) for amount in amounts] == [at(f"2026-11-{e}", tz) for e in expected]


# Days that are not 24 hours long, and offsets that are not whole hours.


@pytest.mark.parametrize(
    ("tz", "day", "length"),
    [
        pytest.param("America/New_York", "2025-03-09", 23 * HOUR, id="New York, clocks go forward"),
        pytest.param("America/New_York", "2025-11-02", 25 * HOUR, id="New York, clocks go back"),
        pytest.param("Europe/Berlin", "2025-03-30", 23 * HOUR, id="Berlin, clocks go forward"),
        pytest.param("Europe/Berlin", "2025-10-26", 25 * HOUR, id="Berlin, clocks go back"),
        pytest.param("Australia/Lord_Howe", "2026-10-04", 23.5 * HOUR, id="Lord Howe, half an hour forward"),
        pytest.param("Australia/Lord_Howe", "2026-04-05", 24.5 * HOUR, id="Lord Howe, half an hour back"),
        pytest.param("Pacific/Chatham", "2025-09-28", 23 * HOUR, id="Chatham (+12:45), clocks go forward"),
        pytest.param("Pacific/Chatham", "2026-04-05", 25 * HOUR, id="Chatham (+13:45), clocks go back"),
        pytest.param("America/Havana", "2025-11-02", 25 * HOUR, id="Havana, midnight itself shows twice"),
        pytest.param("America/St_Johns", "2010-11-06", DAY + 59 * MINUTE, id="St John's, went back into Saturday"),
        pytest.param("Asia/Kolkata", "2025-06-02", 24 * HOUR, id="Kolkata (+05:30), never changes"),
        pytest.param("Pacific/Apia", "2011-12-30", 0 * HOUR, id="Apia, a day that was left out"),
    ],
)
def test_a_local_day_counts_the_time_that_really_passed(tz, day, length):
    opened_on_the_day_only = make_calendar(tz=tz, overrides={date.fromisoformat(day): (ALL_DAY,)})
    before, after = at(day) - 2 * DAY, at(day) + 3 * DAY

    assert opened_on_the_day_only.elapsed(before, after) == length
    assert make_calendar(ALL_DAY, tz=tz, holidays=frozenset({date.fromisoformat(day)})).elapsed(before, after) == (
        5 * DAY - length
    )


@pytest.mark.parametrize(
    ("tz", "hours", "start", "amount", "due"),
    [
        pytest.param(
            "America/New_York", ("02:30", "05:00"), "2025-03-09 00:00", 2 * HOUR, "09:00", id="opens in a gap"
        ),
        pytest.param("America/New_York", ("00:00", "02:30"), "2025-03-09 00:00", 2 * HOUR, "07:00", id="ends in a gap"),
        pytest.param("America/New_York", ("01:30", "05:00"), "2025-11-02 00:00", HOUR, "07:00", id="opens in a fold"),
        pytest.param(
            "America/New_York", ("00:00", "01:30"), "2025-11-02 00:00", 2 * HOUR, "06:30", id="ends in a fold"
        ),
        pytest.param("America/New_York", ("01:15", "01:30"), "2025-11-02 00:00", HOUR / 2, "06:30", id="inside a fold"),
    ],
)
def test_hours_are_open_whenever_the_local_clocks_show_them(tz, hours, start, amount, due):
    calendar = make_calendar(WeeklyHours.of(*hours), tz=tz)

    assert calendar.due(at(start, tz), amount) == at(f"{start[:10]} {due}")


def test_hours_that_end_at_a_midnight_that_shows_twice_end_at_its_first_time():
    saturdays = make_calendar(ALL_DAY, days=["sat"], tz="America/Havana")

    assert saturdays.elapsed(at("2025-10-31"), at("2025-11-04")) == DAY


# Holidays and overrides.


@pytest.mark.parametrize(
    ("rest", "open_hours"),
    [
        pytest.param({}, 8, id="an ordinary day"),
        pytest.param({"overrides": {MONDAY: (WeeklyHours.of("09:00", "12:00"),)}}, 3, id="a half day"),
        pytest.param({"overrides": {MONDAY: ()}}, 0, id="closed by an override"),
        pytest.param({"holidays": frozenset({MONDAY})}, 0, id="a holiday"),
        pytest.param(
            {"holidays": frozenset({MONDAY}), "overrides": {MONDAY: (OFFICE,)}}, 0, id="a holiday closes overrides too"
        ),
    ],
)
@pytest.mark.parametrize("holiday_mode", HolidayMode)
def test_a_date_has_its_own_hours(rest, open_hours, holiday_mode):
    calendar = make_calendar(OFFICE, holiday_mode=holiday_mode, **rest)

    assert calendar.elapsed(at("2025-06-02"), at("2025-06-03")) == open_hours * HOUR


@pytest.mark.parametrize(
    ("holiday_mode", "closed"),
    [
        pytest.param(HolidayMode.CIVIL_DATE, [("2025-06-02 00:00", "2025-06-03 00:00")], id="the date"),
        pytest.param(HolidayMode.SHIFT_START, [("2025-06-02 06:00", "2025-06-03 22:00")], id="what begins on it"),
    ],
)
def test_a_holiday_closes_its_date_or_the_shift_that_begins_on_it(holiday_mode, closed):
    nights = make_calendar(NIGHT, holidays=frozenset({MONDAY}), holiday_mode=holiday_mode)

    assert [nights.elapsed(at(start), at(end)) for start, end in closed] == [timedelta(0)]
    assert nights.elapsed(at("2025-06-01"), at("2025-06-04")) == 16 * HOUR


def test_a_holiday_of_every_year_closes_its_date_each_year():
    calendar = make_calendar(ALL_DAY, yearly=frozenset({(12, 31), (1, 1), (2, 29)}))

    assert [calendar.elapsed(at(f"{year}-12-31"), at(f"{year + 1}-01-02")) for year in (2023, 2024, 2025)] == [
        timedelta(0)
    ] * 3
    assert calendar.elapsed(at("2024-02-28"), at("2024-03-02")) == 2 * DAY
    assert calendar.elapsed(at("2025-02-28"), at("2025-03-02")) == 2 * DAY


def test_the_shift_of_the_evening_before_runs_on_into_an_override():
    calendar = make_calendar(NIGHT, overrides={MONDAY: ()})

    assert calendar.elapsed(at("2025-06-02"), at("2025-06-03")) == 6 * HOUR


# Amounts that are never due, and values that are refused.


def test_no_time_at_all_is_due_at_once_even_while_closed_or_paused():
    saturday = at("2025-06-07 12:00")

    assert WEEKDAYS_9_TO_5.due(saturday, timedelta(0), [(saturday - DAY, None)]) == saturday


@pytest.mark.parametrize(
    ("closed_for", "opens_again"),
    [
        pytest.param(HORIZON, True, id="the horizon itself"),
        pytest.param(HORIZON + DAY, False, id="a day longer"),
    ],
)
def test_what_stays_closed_beyond_the_horizon_never_opens_again(closed_for, opens_again):
    evening, morning = WeeklyHours.of("20:00", "24:00"), WeeklyHours.of("00:00", "04:00")
    last, first = MONDAY, MONDAY + DAY + closed_for
    calendar = make_calendar(overrides={last: (evening,), first: (morning,)})
    due = calendar.due(at("2025-06-02 20:00"), 5 * HOUR)

    assert due == (at(f"{first} 01:00") if opens_again else None)


def test_the_last_closing_of_a_year_is_still_due_at_closing():
    assert WEEKDAYS_9_TO_5.due(at("2025-12-31 16:00"), HOUR) == at("2025-12-31 17:00")


def test_rare_hours_are_due_however_long_they_take():
    minute_a_week = make_calendar(WeeklyHours.of("09:00", "09:01"), days=["mon"])

    assert minute_a_week.due(at("2025-06-02"), 200 * MINUTE) == at("2025-06-02 09:01") + 199 * 7 * DAY


def test_a_long_pause_is_not_a_closed_calendar():
    paused = [(at("2025-06-02 10:00"), at("2028-06-05 10:00"))]

    assert WEEKDAYS_9_TO_5.due(at("2025-06-02 09:00"), 2 * HOUR, paused) == at("2028-06-05 11:00")


@pytest.mark.parametrize(
    ("calendar", "opens"),
    [
        pytest.param(WEEKDAYS_9_TO_5, True, id="weekly hours"),
        pytest.param(make_calendar(), False, id="no hours"),
        pytest.param(make_calendar(WeeklyHours.of("09:00", "09:00")), False, id="empty hours"),
        pytest.param(make_calendar(OFFICE, yearly=EVERY_DAY), False, id="a holiday all the year"),
        pytest.param(make_calendar(OFFICE, yearly=EVERY_DAY - {(2, 29)}), False, id="only on leap days"),
        pytest.param(make_calendar(OFFICE, yearly=EVERY_DAY - {(6, 2)}), True, id="one day a year"),
        pytest.param(make_calendar(overrides={MONDAY: (OFFICE,)}), True, id="one date"),
        pytest.param(make_calendar(overrides={MONDAY: (OFFICE,)}, holidays=frozenset({MONDAY})), False, id="a holiday"),
        pytest.param(
            make_calendar(tz="Pacific/Apia", overrides={date(2011, 12, 30): (OFFICE,)}), False, id="a date left out"
        ),
        pytest.param(
            make_calendar(tz="Pacific/Kiritimati", overrides={MONDAY: (NIGHT,)}, holidays=frozenset({MONDAY})),
            True,
            id="after the midnight of a holiday",
        ),
    ],
)
def test_a_calendar_ever_opens_if_any_time_is_open(calendar, opens):
    assert calendar.ever_opens is opens
    assert (calendar.due(at("2011-01-01"), MINUTE) or calendar.due(at("2025-01-01"), MINUTE)) if opens else True
    assert opens or calendar.due(at("2025-01-01"), MINUTE) is None


@pytest.mark.parametrize("tz", ["Europe/Berln", "", "../zone", "Europe", "/UTC"])
def test_an_unknown_zone_is_refused(tz):
    with pytest.raises(ValueError, match="is not an IANA time zone"):
        make_calendar(OFFICE, tz=tz)


def test_an_unknown_weekday_is_refused():
    with pytest.raises(ValueError, match="weekly: someday is none of mon, tue"):
        make_calendar(OFFICE, days=["mon", "someday"])


@pytest.mark.parametrize("text", ["9:00", "24:01", "25:00", "12:60", "12", "", "12:00 ", "١٢:00", "-1:00"])
def test_only_local_times_make_hours(text):
    with pytest.raises(ValueError, match="is not a time from 00:00 to 24:00"):
        WeeklyHours.of("00:00", text)


@pytest.mark.parametrize(
    ("opens", "closes"),
    [
        pytest.param(-HOUR, HOUR, id="before their date"),
        pytest.param(25 * HOUR, 26 * HOUR, id="after their date"),
        pytest.param(2 * HOUR, HOUR, id="end before they begin"),
        pytest.param(HOUR, 26 * HOUR, id="longer than a day"),
    ],
)
def test_hours_begin_on_their_date_and_last_up_to_a_day(opens, closes):
    with pytest.raises(ValueError, match="begin on their date"):
        WeeklyHours(opens, closes)


NAIVE, AWARE = datetime(2025, 6, 2), datetime(2025, 6, 2, tzinfo=UTC)  # noqa: DTZ001


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda: WEEKDAYS_9_TO_5.due(NAIVE, HOUR), id="start of due"),
        pytest.param(lambda: WEEKDAYS_9_TO_5.due(NAIVE, timedelta(0)), id="start of nothing"),
        pytest.param(lambda: WEEKDAYS_9_TO_5.due(AWARE, HOUR, [(NAIVE, None)]), id="start of a pause"),
        pytest.param(lambda: WEEKDAYS_9_TO_5.due(AWARE, HOUR, [(AWARE, NAIVE)]), id="end of a pause"),
        pytest.param(lambda: WEEKDAYS_9_TO_5.elapsed(NAIVE, AWARE), id="start of elapsed"),
        pytest.param(lambda: WEEKDAYS_9_TO_5.elapsed(AWARE, NAIVE), id="end of elapsed"),
    ],
)
def test_naive_datetimes_are_refused(call):
    with pytest.raises(ValueError, match="has no time zone"):
        call()


def test_a_negative_amount_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        WEEKDAYS_9_TO_5.due(AWARE, -HOUR)


def test_a_pause_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="ends before it begins"):
        WEEKDAYS_9_TO_5.elapsed(AWARE, AWARE, [(AWARE, AWARE - HOUR)])


# A calendar is a value.


def test_equal_calendars_stay_equal_after_one_was_used():
    used, fresh = make_calendar(NIGHT, tz="Asia/Tokyo"), make_calendar(NIGHT, tz="Asia/Tokyo")
    used.due(AWARE, HOUR)

    assert (used, hash(used), repr(used)) == (fresh, hash(fresh), repr(fresh))
    assert used != make_calendar(OFFICE, tz="Asia/Tokyo")
    with pytest.raises(FrozenInstanceError):
        used.tz = "UTC"


def test_an_edited_calendar_does_not_use_the_old_hours():
    before = make_calendar(OFFICE)
    before.due(at("2025-06-02"), HOUR)
    after = replace(before, holidays=frozenset({MONDAY}))

    assert before.due(at("2025-06-02"), HOUR) == at("2025-06-02 10:00")
    assert after.due(at("2025-06-02"), HOUR) == at("2025-06-03 10:00")


def test_threads_share_a_calendar():
    calendar = make_calendar(OFFICE, tz="Asia/Almaty")
    spans = [(at(f"{year}-01-01"), at(f"{year + 1}-01-01")) for year in range(2020, 2040)] * 4
    with ThreadPoolExecutor(8) as pool:
        counted = list(pool.map(lambda span: calendar.elapsed(*span), spans))

    assert counted == [calendar.elapsed(*span) for span in spans]
    assert sum(counted[:20], timedelta(0)) == calendar.elapsed(spans[0][0], spans[19][1])


def test_instants_of_other_zones_are_accepted_and_results_are_in_utc():
    start = datetime(2025, 6, 2, 9, tzinfo=ZoneInfo("Asia/Kolkata"))

    assert WEEKDAYS_9_TO_5.due(start, HOUR).isoformat() == "2025-06-02T10:00:00+00:00"
    assert WEEKDAYS_9_TO_5.due(start, timedelta(0)).isoformat() == "2025-06-02T03:30:00+00:00"


def test_far_away_times_are_closed_rather_than_an_error():
    always = make_calendar(ALL_DAY)
    edge = datetime.max.replace(tzinfo=UTC)

    assert always.elapsed(at("2199-12-31"), edge) == DAY
    assert always.elapsed(datetime.min.replace(tzinfo=UTC), at("1900-01-02")) == DAY
    assert always.due(edge, MINUTE) is None
    assert always.due(at("2025-06-02"), MINUTE, [(at("2025-06-02"), edge)]) is None
    assert always.due(at("2025-06-02"), 365_000 * DAY) is None


# Periods and percentages of an amount.


@given(st.integers(0, 20_000), st.integers(0, 3_000), st.integers(0, 12))
def test_a_cadence_ends_each_period_when_as_many_have_passed_since_the_start(minute, every, count):
    start, period = at("2025-06-02") + minute * MINUTE, every * MINUTE

    assert cadence(WEEKDAYS_9_TO_5, start, period, count) == [
        WEEKDAYS_9_TO_5.due(start, period * number) for number in range(1, count + 1)
    ]


def test_a_cadence_counts_its_periods_from_the_start():
    assert cadence(WEEKDAYS_9_TO_5, at("2025-06-06 16:15"), 90 * MINUTE, 2) == [
        at("2025-06-09 09:45"),
        at("2025-06-09 11:15"),
    ]
    assert cadence(make_calendar(), AWARE, HOUR, 2) == [None, None]
    assert cadence(WEEKDAYS_9_TO_5, AWARE, HOUR, 0) == []


def test_thresholds_are_exact_to_the_microsecond():
    third, whole, beyond = Decimal("33.3"), Decimal(100), Decimal(150)
    start = at("2025-06-02 09:00")

    assert thresholds(WEEKDAYS_9_TO_5, start, timedelta(seconds=1), [third, whole, beyond]) == {
        third: start + timedelta(milliseconds=333),
        whole: start + timedelta(seconds=1),
        beyond: start + timedelta(seconds=1.5),
    }


# Laws, on calendars and weeks that hold every kind of change.

ZONES = ("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Chatham", "Asia/Kolkata")
WEEKS = ("2025-03-07", "2025-03-28", "2025-06-05", "2025-09-26", "2025-10-24", "2025-10-31", "2026-04-03", "2026-10-02")
times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 45])) | st.just("24:00")
windows = st.lists(st.builds(WeeklyHours.of, times, times), max_size=3).map(tuple)
# One microsecond beside the quarter hours, where edges are.
hairs = st.sampled_from([timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1)])
instants = st.builds(
    lambda week, quarters, hair: at(week) + quarters * MINUTE * 15 + hair,
    st.sampled_from(WEEKS),
    st.integers(0, 96 * 5),
    hairs,
)
dates = instants.map(datetime.date)
amounts = st.builds(lambda quarters, hair: quarters * MINUTE * 15 + hair, st.integers(1, 300), hairs)
calendars = st.builds(
    BusinessCalendar,
    tz=st.sampled_from(ZONES),
    weekly=st.fixed_dictionaries(dict.fromkeys(WEEKDAYS, windows)),
    holidays=st.frozensets(dates, max_size=2),
    holiday_mode=st.sampled_from(HolidayMode),
    overrides=st.dictionaries(dates, windows, max_size=2),
    yearly=st.frozensets(dates.map(lambda day: (day.month, day.day)), max_size=2),
)
pauses = st.lists(
    st.builds(lambda start, amount: (start, amount and start + amount), instants, amounts | st.none()), max_size=3
)


def shows(calendar: BusinessCalendar, instant: datetime) -> bool:
    """Return True if the calendar is open at the instant, by the definition in the module's docstring."""
    local = instant.astimezone(ZoneInfo(calendar.tz))
    today = local.date()
    festive = {
        day for day in (today, today - DAY) if day in calendar.holidays or (day.month, day.day) in calendar.yearly
    }
    if calendar.holiday_mode is HolidayMode.CIVIL_DATE and today in festive:
        return False
    for begins_on in (today, today - DAY):
        if calendar.holiday_mode is HolidayMode.SHIFT_START and begins_on in festive:
            continue
        since = local.replace(tzinfo=None) - datetime.combine(begins_on, datetime.min.time())
        hours = calendar.overrides.get(begins_on, calendar.weekly[WEEKDAYS[begins_on.weekday()]])
        if any(each.opens <= since < each.closes for each in hours):
            return True
    return False


def to_the_minute(instant: datetime | None) -> datetime | None:
    return instant and instant.replace(second=0, microsecond=0)


@settings(max_examples=60, deadline=None)
@given(calendars, st.sampled_from(WEEKS), pauses)
def test_what_has_elapsed_is_what_was_open_minute_by_minute(calendar, week, paused):
    start, length = at(week), 3 * 24 * 60
    paused = [(to_the_minute(begins), to_the_minute(ends)) for begins, ends in paused]
    running = (
        now
        for now in (start + minute * MINUTE for minute in range(length))
        if not any(begins <= now and (ends is None or now < ends) for begins, ends in paused)
    )

    assert calendar.elapsed(start, start + length * MINUTE, paused) == MINUTE * sum(
        shows(calendar, now) for now in running
    )


@given(calendars, instants, amounts, pauses)
def test_due_is_the_first_instant_at_which_the_amount_has_elapsed(calendar, start, amount, paused):
    due = calendar.due(start, amount, paused)

    if due is None:
        assert not calendar.ever_opens or calendar.elapsed(start, start + HORIZON, paused) < amount
    else:
        assert calendar.elapsed(start, due, paused) == amount
        assert calendar.elapsed(start, due - timedelta(microseconds=1), paused) < amount


@given(calendars, instants, amounts, amounts, pauses)
def test_more_is_never_due_sooner(calendar, start, amount, more, paused):
    sooner, later = calendar.due(start, amount, paused), calendar.due(start, amount + more, paused)

    assert later is None or (sooner is not None and sooner < later)


@given(calendars, st.lists(instants, min_size=3, max_size=3), pauses)
def test_a_span_is_the_sum_of_its_parts(calendar, edges, paused):
    start, middle, end = sorted(edges)

    assert calendar.elapsed(start, end, paused) == sum(
        (calendar.elapsed(start, middle, paused), calendar.elapsed(middle, end, paused)), timedelta(0)
    )
    assert timedelta(0) <= calendar.elapsed(start, end, paused) <= end - start


@given(calendars, instants, instants, pauses)
def test_backwards_nothing_elapses(calendar, one, other, paused):
    assert calendar.elapsed(max(one, other), min(one, other), paused) == timedelta(0)


@given(calendars, instants, amounts, amounts)
def test_a_pause_takes_away_what_would_have_counted(calendar, start, begins, lasts):
    pause = (start + begins, start + begins + lasts)
    end = start + 10 * DAY

    assert calendar.elapsed(start, end, [pause]) == calendar.elapsed(start, end) - calendar.elapsed(*pause)


@given(calendars, instants, amounts, instants, amounts)
def test_a_pause_in_closed_time_changes_nothing(calendar, start, amount, begins, lasts):
    pause = (begins, begins + lasts)
    if calendar.elapsed(*pause) == timedelta(0):
        assert calendar.due(start, amount, [pause]) == calendar.due(start, amount)


@given(calendars, instants, amounts, pauses, st.randoms())
def test_the_order_of_pauses_does_not_matter(calendar, start, amount, paused, random):
    shuffled = random.sample(paused * 2, len(paused) * 2)

    assert calendar.due(start, amount, shuffled) == calendar.due(start, amount, paused)


@given(calendars, instants, instants, st.integers(1, 3))
def test_splitting_hours_changes_nothing(calendar, start, end, parts):
    def split(hours: WeeklyHours) -> list[WeeklyHours]:
        middle = min(hours.opens + (hours.closes - hours.opens) * parts / 4, DAY)
        return [WeeklyHours(hours.opens, middle), WeeklyHours(middle, hours.closes)]

    weekly = {day: tuple(part for hours in each for part in split(hours)) for day, each in calendar.weekly.items()}

    assert replace(calendar, weekly=weekly).elapsed(start, end) == calendar.elapsed(start, end)


@given(calendars, instants, instants, st.integers(1, 3))
def test_hours_that_are_within_others_change_nothing(calendar, start, end, parts):
    def within(hours: WeeklyHours) -> WeeklyHours:
        return WeeklyHours(hours.opens, hours.opens + (hours.closes - hours.opens) * parts / 4)

    weekly = {day: (*each, *map(within, each)) for day, each in calendar.weekly.items()}

    assert replace(calendar, weekly=weekly).elapsed(start, end) == calendar.elapsed(start, end)


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param({"weekly": {"mon": (OFFICE,) * (MOST_HOURS + 1)}}, id="on a weekday"),
        pytest.param({"overrides": {MONDAY: (OFFICE,) * (MOST_HOURS + 1)}}, id="on a date"),
    ],
)
def test_a_day_has_at_most_24_windows(hours):
    with pytest.raises(ValueError, match="25 windows are more than 24 on one day"):
        make_calendar(**hours)

    assert make_calendar(*[OFFICE] * MOST_HOURS).elapsed(at("2025-06-02"), at("2025-06-03")) == 8 * HOUR


def test_years_that_are_no_longer_cached_are_expanded_again(monkeypatch):
    monkeypatch.setattr(calendar_module, "_MOST_CACHED", 1_000)
    monday = make_calendar(OFFICE, days=["mon"], tz="Atlantic/Azores")
    spans = [(at(f"{year}-01-01"), at(f"{year + 1}-01-01")) for year in range(1990, 2020)]

    first = [monday.elapsed(*span) for span in spans]

    assert [monday.elapsed(*span) for span in spans] == first
    assert sum(first, timedelta()) == monday.elapsed(spans[0][0], spans[-1][1])
    assert len(monday._expanded) < len(spans)
