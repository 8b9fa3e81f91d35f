"""Facts from outside the ticket that its escalation depends on: related tickets, locations, Desk's agents."""

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
    """The location of partner and customer, and related tickets. Triggers before `active_since` raise nothing.

    `severe` are the other severity-1 tickets that may form a cluster with this one, `questions` the other how-to
    tickets of its partner. `agents` are Desk's agents by e-mail address, for the addresses that the plan requested.
    """

    origin: TicketOrigin = NOWHERE
    active_since: datetime | None = None
    severe: tuple[SevereTicket, ...] = ()
    questions: tuple[BasicQuestion, ...] = ()
    agents: Mapping[str, DeskAgent | None] = field(default_factory=dict)


NOTHING_KNOWN = RelatedFacts()
