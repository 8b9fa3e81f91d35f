"""The time zone database: that of the pinned package, never the operating system's, which may be years older (R21).

A country that keeps its summer time or gives it up changes every due instant of its calendar by an hour. Which rules
count must not depend on the machine.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo, reset_tzpath


def use_pinned() -> None:
    """Read zones from the package `tzdata` alone from now on, those that were read before included."""
    reset_tzpath(())
    ZoneInfo.clear_cache()


def version() -> str:
    """Return the version of the database in use, in IANA's words: `2026f`."""
    import tzdata  # no other command needs it

    return str(tzdata.IANA_VERSION)
