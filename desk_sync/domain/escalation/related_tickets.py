"""What a look knows of the world around a ticket, beside the ticket itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from desk_sync.domain.commitment.regions import Whereabouts
from desk_sync.domain.escalation.basic_questions import Question
from desk_sync.domain.escalation.triggers import Severe
from desk_sync.domain.ticket.agent import Agent

NOWHERE = Whereabouts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where partner and customer are; what happened before `active_since` sets off no escalation.

    `severe` are the other severity-1 tickets that may make a cluster with this one, `questions` the other how-to
    tickets of its partner. `agents` are those of Desk by the addresses that a plan asked about.
    """

    whereabouts: Whereabouts = NOWHERE
    active_since: datetime | None = None
    severe: tuple[Severe, ...] = ()
    questions: tuple[Question, ...] = ()
    agents: Mapping[str, Agent | None] = field(default_factory=dict)


NOTHING_KNOWN = Surroundings()
