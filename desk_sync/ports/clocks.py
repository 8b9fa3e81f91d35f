"""The open clocks of one portal, as the looks left them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class OpenClocks(Protocol):
    """All clocks that still change by themselves, and all ladders that still climb."""

    def remake(self, *, now: datetime) -> int:
        """Mark the tickets that no look is planned for though a clock of theirs changes, or a step of their escalation
        is due; returns how many.

        None of them is in anybody's hands, parked, or gone.
        """
        ...
