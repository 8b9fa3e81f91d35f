"""How instants and spans of time are spelt."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk_sync.domain.format import duration_in_words, format_duration, format_instant, with_local_times


@pytest.mark.parametrize(
    ("minutes", "spelt"), [(0, "0 min"), (0.9, "0 min"), (30, "30 min"), (120, "2 h"), (1530, "25 h 30 min")]
)
def test_a_span_is_spelt_in_hours_and_minutes(minutes, spelt):
    assert format_duration(timedelta(minutes=minutes)) == spelt


def test_an_instant_is_spelt_in_utc():
    assert format_instant(datetime(2026, 11, 23, 9, 30, tzinfo=ZoneInfo("Asia/Kolkata"))) == "2026-11-23 04:00Z"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (0, "0 minutes"),
        (1, "1 minute"),
        (60.9, "1 hour"),
        (90, "1 hour 30 minutes"),
        (121, "2 hours 1 minute"),
        (6000, "100 hours"),
    ],
)
def test_a_span_in_words_is_in_hours_and_minutes(minutes, words):
    assert duration_in_words(timedelta(minutes=minutes)) == words


def test_the_instants_of_a_text_are_shown_in_local_time():
    text = "due at 2026-11-23 23:30Z, seen at 2026-07-01 04:00Z by 42Z"

    local = "due at 2026-11-24 00:30 (Europe/Berlin), seen at 2026-07-01 06:00 (Europe/Berlin) by 42Z"
    assert with_local_times(text, "Europe/Berlin") == local
