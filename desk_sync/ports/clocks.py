"""The open clocks of one portal, as the looks left them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class OpenClocks(Protocol):
    """All clocks that still change by themselves."""

    def remake(self, *, now: datetime) -> int:
        """Mark the tickets that no look is planned for though one of their clocks changes; returns how many.

        None of them is in anybody's hands, parked, or gone.
        """
        ...
