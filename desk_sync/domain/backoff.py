"""Pauses between repeated attempts. Each has an upper bound, so that no number of attempts makes one too long."""

from __future__ import annotations

from datetime import datetime, timedelta


def doubled(pause: timedelta, attempts: int, longest: timedelta) -> timedelta:
    """Return the pause after `attempts` attempts: `pause` after the first, doubled with each further, up to `longest`.

    The bound is compared before each doubling: a power of the number of attempts would overflow.
    """
    for _ in range(attempts - 1):
        if pause >= longest / 2:
            return longest
        pause *= 2
    return min(pause, longest)


def as_long_again(waited: timedelta, shortest: timedelta, longest: timedelta) -> timedelta:
    """Return a pause as long as the time waited so far: so the time between two attempts doubles, within the bounds."""
    return min(max(waited, shortest), longest)


def lies_ahead(at: datetime, now: datetime, longest: timedelta) -> bool:
    """Return True if a pause of at most `longest` lasts from `now` to `at`.

    An instant further ahead was recorded before our clock was put back, and is void.
    """
    return timedelta(0) < at - now <= longest
