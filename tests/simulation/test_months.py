"""Months with retention every night: the database stops growing, and a portal sees no difference."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.ports.retention import Deletion
from desk_sync.services.retention import RetentionAges
from tests.support.counts import count
from tests.support.months import TABLES, LivedMonths, live

DAYS, PER_DAY = count(16, 180), count(3, 30)
WEEK = 7
DAY = timedelta(days=1)
AGES = RetentionAges(details=DAY, keys=2 * DAY, tickets=4 * DAY)
FOR_EVER = RetentionAges(details=1000 * DAY)

pytestmark = [pytest.mark.crowd, pytest.mark.timeout(7200)]


@pytest.fixture(scope="module")
def months(tmp_path_factory) -> LivedMonths:
    return live(tmp_path_factory.mktemp("months"), days=DAYS, per_day=PER_DAY, ages=AGES)


def test_the_database_stops_growing(months):
    """A ticket is forgotten a week after its opening; then, from week to week, what comes replaces what goes."""
    settled, last = months.nights[WEEK + 1], months.nights[(DAYS - 2) // WEEK * WEEK + 1]

    for table in TABLES:
        assert last.rows[table] <= settled.rows[table] + 2 * PER_DAY, table
    assert last.used <= 1.1 * settled.used
    assert months.deleted[Deletion.TICKETS] > (DAYS - 9) * PER_DAY


def test_a_portal_sees_no_difference(months, tmp_path):
    """One in five tickets is reopened after it was shrunk and its keys were deleted: no comment is made again."""
    untouched = live(tmp_path, days=DAYS, per_day=PER_DAY, ages=FOR_EVER)

    assert months.in_desk == untouched.in_desk
    assert not any(untouched.deleted.values())
