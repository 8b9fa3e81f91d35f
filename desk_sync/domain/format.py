"""The format of instants and durations in reasons and comments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MINUTE = timedelta(minutes=1)


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
