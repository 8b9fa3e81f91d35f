"""Pauses between repeated attempts."""

from __future__ import annotations

from datetime import timedelta


def doubled(pause: timedelta, attempts: int) -> timedelta:
    """Return the pause after `attempts` attempts: `pause` after the first, doubled with each further one."""
    return pause * int(2 ** (attempts - 1))
