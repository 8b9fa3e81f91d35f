"""The form of instants in keys: of clocks, cycles and breaches."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(at: datetime) -> str:
    """Return the instant in UTC, cut to the second: "20261123T040000Z"; a later one is greater."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
