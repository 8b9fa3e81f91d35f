"""What a look knows of the world around a ticket, beside the ticket itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from desk_sync.domain.commitment.regions import TicketOrigin
from desk_sync.domain.escalation.basic_questions import BasicQuestion
from desk_sync.domain.escalation.triggers import SevereTicket
from desk_sync.domain.ticket.agent import DeskAgent

NOWHERE = TicketOrigin()


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedFacts:
    """Where partner and customer are; what happened before `active_since` sets off no escalation.

    `severe` are the other severity-1 tickets that may make a cluster with this one, `questions` the other how-to
    tickets of its partner. `agents` are those of Desk by the addresses that a plan asked about.
    """

    origin: TicketOrigin = NOWHERE
    active_since: datetime | None = None
    severe: tuple[SevereTicket, ...] = ()
    questions: tuple[BasicQuestion, ...] = ()
    agents: Mapping[str, DeskAgent | None] = field(default_factory=dict)


NOTHING_KNOWN = RelatedFacts()
