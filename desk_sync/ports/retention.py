"""Retention: what is deleted, by its age, and what is kept of a ticket that has ended.

A ticket is ended once Desk shows it as closed, in the bin or gone. It is at rest if, besides, no look and no step is
planned, it is not parked, and nothing of it is unfinished: no announced effect, no message that is not sent.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol


class KeptPart(StrEnum):
    """How much of a ticket is kept.

    WHOLE: everything. REOPENABLE: the facts for reports, the clocks, and what a look needs if it is reopened. NO_KEYS:
    the same without the keys of its effects; Desk is asked for each before it is made.
    """

    WHOLE = "whole"
    REOPENABLE = "reopenable"
    NO_KEYS = "no_keys"


class Deletion(StrEnum):
    """The kinds of what is deleted. UNDELIVERED counts messages, of deleted notices, that had reached no recipient."""

    DELIVERIES = "deliveries"
    DECISIONS = "decisions"
    MESSAGES = "messages"
    NOTICES = "notices"
    PARTNERS = "partners"
    SHRUNK = "shrunk_tickets"
    EFFECTS = "effects"
    TICKETS = "tickets"
    UNDELIVERED = "undelivered"


class RetentionStore(Protocol):
    """Deletes what is too old, a few hundred rows at a time. Each method returns False once nothing is left to do."""

    def delete_deliveries(self, before: datetime) -> bool:
        """Delete events that were processed before the instant."""
        ...

    def shrink_tickets(self, before: datetime) -> bool:
        """Shrink tickets at rest that ended before the instant to what is REOPENABLE."""
        ...

    def delete_notices(self, before: datetime) -> bool:
        """Delete notices that were settled before the instant, and that no message is left of."""
        ...

    def delete_partners(self, before: datetime) -> bool:
        """Delete partners that were last read from Desk before the instant: they are read anew."""
        ...

    def delete_keys(self, before: datetime) -> bool:
        """Delete the keys of the effects of shrunk tickets that ended before the instant."""
        ...

    def delete_tickets(self, before: datetime) -> bool:
        """Delete shrunk tickets that ended before the instant. What happened before it raises no escalation again."""
        ...

    def end_run(self, *, now: datetime) -> None:
        """Record that everything that was old enough is deleted."""
        ...
