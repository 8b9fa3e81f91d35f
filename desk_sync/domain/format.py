"""The format of instants and durations in reasons, comments and keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_MINUTE = timedelta(minutes=1)


def format_instant(at: datetime) -> str:
    """Return the instant in UTC, cut to the minute: "2026-11-23 04:00Z"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def stamp(at: datetime) -> str:
    """Return the instant in UTC as it stands in keys, cut to the second: "20261123T040000Z"; a later one is greater."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def format_duration(duration: timedelta) -> str:
    """Return the duration in hours and minutes, cut to the minute: "2 h", "1 h 30 min", "0 min"."""
    hours, minutes = divmod(duration // _MINUTE, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)
