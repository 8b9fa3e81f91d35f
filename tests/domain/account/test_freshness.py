"""The two ages of subscription data, and how long the data are valid."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.account.freshness import FreshnessRule
from tests.support.makers import NOW, make_freshness, make_snapshot

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEK = 7 * DAY
TODAY = NOW.date()
STRICT = FreshnessRule(max_age=DAY)
ages = st.timedeltas(min_value=timedelta(0), max_value=30 * DAY)
days = st.none() | st.dates(TODAY - 30 * DAY, TODAY + DAY)


@pytest.mark.parametrize(
    ("policy", "facts", "stale_at"),
    [
        pytest.param(make_freshness(WEEK), {}, NOW + WEEK, id="by the reading"),
        pytest.param(make_freshness(WEEK), {"as_of": date(2026, 1, 1)}, NOW + WEEK, id="never by the date by default"),
        pytest.param(
            make_freshness(WEEK, data=2 * DAY), {"as_of": TODAY}, NOW - 9 * HOUR + 2 * DAY, id="the date ends first"
        ),
        pytest.param(make_freshness(WEEK, data=30 * DAY), {"as_of": TODAY}, NOW + WEEK, id="the reading ends first"),
        pytest.param(make_freshness(WEEK, data=2 * DAY), {}, NOW + WEEK, id="the data state no date"),
        pytest.param(make_freshness(WEEK, file=STRICT), {}, NOW + DAY, id="a source with a rule of its own"),
        pytest.param(make_freshness(WEEK, store=STRICT), {}, NOW + WEEK, id="the rule of another source"),
    ],
)
def test_data_are_valid_until_one_of_the_limits_is_reached(policy, facts, stale_at):
    snapshot = make_snapshot(timedelta(0), **facts)

    assert policy.stale_at(snapshot) == stale_at
    assert not policy.is_stale(snapshot, stale_at)
    assert policy.is_stale(snapshot, stale_at + timedelta(seconds=1))


@given(reading=ages, as_of=days, limit=ages, data=st.none() | ages)
def test_a_limit_on_the_date_never_makes_data_valid_for_longer(reading, as_of, limit, data):
    snapshot = make_snapshot(reading, as_of=as_of)

    assert make_freshness(limit, data=data).stale_at(snapshot) <= make_freshness(limit).stale_at(snapshot)


@pytest.mark.parametrize(
    ("age", "facts", "text"),
    [
        pytest.param(timedelta(0), {}, "read just now, data of no date, valid until 2026-11-25 00:00Z", id="no date"),
        pytest.param(3 * HOUR, {"as_of": TODAY}, "read 3 h ago, data of 2026-11-23 (of today), valid", id="of today"),
        pytest.param(HOUR, {"as_of": TODAY - DAY}, "data of 2026-11-22 (1 day old), valid until", id="of yesterday"),
        pytest.param(HOUR, {"as_of": TODAY + DAY}, "data of 2026-11-24 (in the future), valid", id="of tomorrow"),
        pytest.param(
            HOUR, {"as_of": TODAY - 9 * DAY}, "(9 days old), out of date since 2026-11-16 00:00Z", id="out of date"
        ),
    ],
)
def test_a_person_reads_both_ages_and_how_long_the_data_are_valid(age, facts, text):
    policy = make_freshness(timedelta(hours=39), data=2 * DAY)

    assert text in str(policy.age(make_snapshot(age, **facts), NOW))
