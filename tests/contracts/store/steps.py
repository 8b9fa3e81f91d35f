"""Steps that the store's tests share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from desk_sync.adapters.store.tickets import SqlTickets
from desk_sync.domain.account.entitlement import Verdict
from desk_sync.domain.plan.decision import Decision
from desk_sync.domain.plan.memory import AppliedValue
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.ticket import Field
from desk_sync.ports.tickets import Lease, Look, PendingWork
from tests.support.makers import NOW, make_memory, make_ticket

A_WHILE = timedelta(minutes=1)
DECISION = Decision(verdict=Verdict.PRIORITY, licences=88, account_id="A1", snapshot_id="1", policy_version="p1")


def claim_due(tickets: SqlTickets, *, now: datetime = NOW, limit: int = 10) -> Sequence[Lease]:
    """Claim the tickets that are due."""
    return tickets.claim(now=now, until=now + A_WHILE, limit=limit)


def take(tickets: SqlTickets, *, now: datetime = NOW) -> Lease:
    """Claim the one ticket that is due."""
    [lease] = claim_due(tickets, now=now)
    return lease


def begin(tickets: SqlTickets, lease: Lease, *, now: datetime = NOW) -> PendingWork:
    return tickets.begin_look(lease, now=now, until=now + A_WHILE)


def finish(tickets: SqlTickets, *, now: datetime = NOW, **facts: Any) -> None:
    """Look at the one ticket that is due, from claim to record."""
    lease = take(tickets, now=now)
    begin(tickets, lease, now=now)
    tickets.finish_look(lease, make_look(at=now, **facts))


def announce(
    tickets: SqlTickets, lease: Lease, *effects: Effect, intended: Mapping[Field, AppliedValue] | None = None
) -> Mapping[Effect, bool]:
    known = tickets.history(lease.ticket_id).memory
    memory = replace(known, fields=known.fields.intending(intended or {}, make_ticket()))
    return tickets.announce(lease, memory=memory, effects=effects)


def make_look(**facts: Any) -> Look:
    return Look(
        **{
            "at": NOW,
            "decision": DECISION,
            "memory": make_memory(written_digest="new"),
            "urgency": 3,
            "next_look_at": None,
        }
        | facts
    )


def make_effect(key: str = "review:A1") -> Effect:
    return Effect(key=key, kind=EffectKind.REVIEW, text="A person must decide about canary@large.example.")
