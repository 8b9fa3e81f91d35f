"""What came of a scenario, as one document. Instants are UTC, ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from desk_sync import documents
from desk_sync.documents import instant
from desk_sync.ports.tickets import TicketHistory
from desk_sync.simulated_desk.seed import Record
from desk_sync.simulated_desk.ticket import DeskTicket, plain
from desk_sync.simulation.setup import SimulationSetup
from desk_sync.simulation.timeline import timeline
from desk_sync.wiring import DEFAULT

_REFERENCE = re.compile(r"\s*\[(ds-[0-9a-f]{12})\]\s*$")
_LINE = re.compile(r"<br\s*/?>")


def document(on: SimulationSetup) -> dict[str, Any]:
    """The outcome, ticket by ticket, and what it cost."""
    desk, deliveries = on.site.desk, on.deliveries.counts
    tickets = {key: _ticket(on, ticket) for key, ticket in on.people.tickets.items()}
    return {
        "tickets": tickets,
        "notifications": list(_notifications(on)),
        "desk": {"calls": dict(sorted(desk.calls.items())), "credits": desk.credits},
        "deliveries": {name: deliveries[name] for name in ("sent", "accepted", "dropped", "failed")},
        "timeline": [asdict(entry) | {"at": instant(entry.at)} for entry in timeline(on, tickets)],
    }


def _ticket(on: SimulationSetup, ticket: DeskTicket) -> dict[str, Any]:
    """How the ticket stands: fields and status as the simulated Desk answers them, the rest as our store has it."""
    whole = on.site.portal.whole(ticket)
    history = on.desk_sync.tickets(DEFAULT).history(ticket.ticket_id)
    agents = {each["id"]: each["emailId"] for each in on.site.portal.seed.agents}
    return {
        "ticket_id": ticket.ticket_id,
        "fields": on.words.told(whole),
        "status": whole["status"],
        "assignee": agents.get(whole["assigneeId"]),
        "decision": documents.decision(history.decisions[-1].decision) if history and history.decisions else None,
        "clocks": [documents.clock(each) for each in (history.clocks(on.virtual_time.now()) if history else ())],
        "escalations": [documents.escalation(each) for each in (history.memory.escalation.raised if history else ())],
        "comments": list(_comments(ticket, history, on.site.portal.own_agent["id"])),
        "writes": [
            {"at": instant(each.at), "fields": dict(each.fields)} for each in on.event_log.writes(ticket.ticket_id)
        ],
    }


def _notifications(on: SimulationSetup) -> Iterator[dict[str, Any]]:
    for at, notice in on.notices.sent:
        told = {"channel": notice.to.channel, "to": notice.to.to, "about": notice.subject, "lines": list(notice.lines)}
        yield {"at": instant(at)} | told


def _comments(ticket: DeskTicket, history: TicketHistory | None, own: str) -> Iterator[dict[str, Any]]:
    """What our agent has said on the ticket, as it reads now."""
    kinds = {effect.reference: effect.kind for effect in history.effects} if history else {}
    for comment in ticket.comments:
        if comment["commenterId"] == own:
            text, reference = _said(comment)
            yield {
                "at": instant(datetime.fromisoformat(comment["commentedTime"])),
                "public": comment["isPublic"],
                "kind": kinds.get(reference),
                "text": text,
            }


def _said(comment: Record) -> tuple[str, str]:
    """The comment's text, and the reference at its end."""
    text = plain(_LINE.sub("\n", comment["content"]))
    found = _REFERENCE.search(text)
    return (text[: found.start()], found[1]) if found else (text, "")
