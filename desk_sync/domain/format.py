"""The format of instants, durations and texts of others in reasons and comments."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_MINUTE = timedelta(minutes=1)
_MENTION = re.compile(r"(zsu)\[", re.IGNORECASE)


def format_instant(at: datetime) -> str:
    """Return the instant in UTC, cut to the minute: "2026-11-23 04:00Z"."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}Z"


def format_duration(duration: timedelta) -> str:
    """Return the duration in hours and minutes, cut to the minute: "2 h", "1 h 30 min", "0 min"."""
    hours, minutes = divmod(duration // _MINUTE, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes or not hours)
    return " ".join(parts)


def mention(zuid: str) -> str:
    """Return the text by which Desk notifies the agent of a comment."""
    return f"zsu[@user:{zuid}]zsu"


def without_mentions(text: str) -> str:
    """Return a text of others in which Desk finds no mention."""
    return _MENTION.sub(r"\1(", text)
