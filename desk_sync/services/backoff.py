"""How long to wait before something is tried again."""

from __future__ import annotations

from datetime import timedelta


def doubled(pause: timedelta, attempts: int) -> timedelta:
    """The pause after so many attempts, 1 for the first: it doubles with each."""
    return pause * int(2 ** (attempts - 1))
