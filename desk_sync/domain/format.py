"""The format of instants and durations in reasons and comments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, get_timezone_name

_MINUTE = timedelta(minutes=1)


def format_instant(at: datetime) -> str:
    """Return the instant in UTC, cut to the minute: "2026-11-23 04:00Z"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def format_local(at: datetime, zone: str, language: str) -> str:
    """Return the local time with its zone in a language: "16. November 2026, 09:30 (Golf-Zeit)"."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{format_date(local, 'long', locale=language)}, {local:%H:%M} ({get_timezone_name(local, locale=language)})"


def format_duration(duration: timedelta) -> str:
    """Return the duration in hours and minutes, cut to the minute: "2 h", "1 h 30 min", "0 min"."""
    hours, minutes = divmod(duration // _MINUTE, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)
