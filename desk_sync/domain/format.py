"""How reasons and comments spell instants and spans of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_MINUTE = timedelta(minutes=1)


def format_instant(at: datetime) -> str:
    """To the minute, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def format_duration(span: timedelta) -> str:
    """In hours and minutes, cut to the minute: "2 h", "1 h 30 min", "0 min"."""
    hours, minutes = divmod(span // _MINUTE, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)
