"""How instants and spans of time are spelt."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk_sync.domain.format import format_duration, format_instant


@pytest.mark.parametrize(
    ("minutes", "spelt"), [(0, "0 min"), (0.9, "0 min"), (30, "30 min"), (120, "2 h"), (1530, "25 h 30 min")]
)
def test_a_span_is_spelt_in_hours_and_minutes(minutes, spelt):
    assert format_duration(timedelta(minutes=minutes)) == spelt


def test_an_instant_is_spelt_in_utc():
    assert format_instant(datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Asia/Kolkata"))) == "2026-11-23 04:00Z"
