"""The format of instants and durations in reasons and comments."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)
_INSTANT = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d)Z")


def format_instant(at: datetime) -> str:
    """Return the instant in UTC, cut to the minute: "2026-11-23 04:00Z"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def format_local(at: datetime, zone: str) -> str:
    """Return the local time with its zone, which is read alike in all languages: "2026-11-23 05:00 (Europe/Berlin)"."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"


def format_duration(duration: timedelta) -> str:
    """Return the duration in hours and minutes, cut to the minute: "2 h", "1 h 30 min", "0 min"."""
    hours, minutes = divmod(duration // _MINUTE, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)


def duration_in_words(duration: timedelta) -> str:
    """Return the duration in hours and minutes, cut to the minute: "2 hours", "1 hour 30 minutes", "0 minutes"."""
    hours, minutes = divmod(duration // _MINUTE, 60)
    parts = [_counted(hours, "hour")] * bool(hours) + [_counted(minutes, "minute")] * bool(minutes or not hours)
    return " ".join(parts)


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def with_local_times(text: str, zone: str) -> str:
    """Return the text with each instant of `format_instant` in local time, with its zone."""
    return _INSTANT.sub(lambda found: format_local(datetime.fromisoformat(f"{found[1]}+00:00"), zone), text)
