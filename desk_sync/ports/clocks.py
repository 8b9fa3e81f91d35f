"""The open clocks of one portal, as recorded by the looks."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class OpenClocks(Protocol):
    """All clocks that will still change by themselves, and all ladders that still advance."""

    def requeue_unplanned(self, *, now: datetime) -> int:
        """Mark the tickets for which no look is planned by the time of their next clock change or escalation step.

        Changes and steps of the coming hours are checked, in time to make a missing look without delay. Their instants
        are in Desk's time, looks in the host's. An open ticket for which no look is planned at all is marked too,
        whatever is expected of it; one that was never looked at is not. Leased, postponed, parked and ended tickets
        are left out. Returns how many were marked.
        """
        ...
