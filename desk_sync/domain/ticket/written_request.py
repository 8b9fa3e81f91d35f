"""Requests in the words of a partner: to escalate a ticket, or dissatisfaction, which R34 treats alike (R33, R34).

The words themselves are not kept (L11).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RequestKind(StrEnum):
    """The thing that a partner says: that they want an escalation, or that they are dissatisfied."""

    ESCALATION = "escalation"
    DISSATISFACTION = "dissatisfaction"


DESCRIPTION = "description"
"""The name of the mail with which a ticket began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRequest:
    """A request in one mail of the partner: the id of its thread, or DESCRIPTION, and the instant of the mail."""

    kind: RequestKind
    mail: str
    at: datetime
