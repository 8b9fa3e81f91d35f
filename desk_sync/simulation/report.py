"""The report on a scenario, as one document. Instants are UTC, ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from desk_sync import documents
from desk_sync.documents import instant
from desk_sync.domain.commitment.calendar import time_zone
from desk_sync.domain.escalation.ladder import RaisedLevel
from desk_sync.domain.escalation.notice import Notice
from desk_sync.domain.fingerprint import without_blanks
from desk_sync.domain.ticket.effect import EffectKind
from desk_sync.domain.ticket.wording import Wording
from desk_sync.ports.tickets import TicketHistory
from desk_sync.simulated_desk.portal.seed import Record
from desk_sync.simulated_desk.portal.ticket import DeskTicket, plain
from desk_sync.simulation.setup import SimulationSetup
from desk_sync.simulation.timeline import US, timeline
from desk_sync.wiring.process import DEFAULT

_REFERENCE = re.compile(r"\[(ds-[0-9a-f]{12})(?:\.[0-9a-f]{14})?\]\s*$")
_LINE = re.compile(r"<br\s*/?>")


def document(simulation: SimulationSetup) -> dict[str, Any]:
    """Return the report: tickets, notifications, calls to Desk, sweeps, deliveries, time line."""
    desk, deliveries = simulation.site.desk, simulation.deliveries.counts
    tickets = {key: _ticket(simulation, ticket) for key, ticket in simulation.actors.tickets.items()}
    return {
        "tickets": tickets,
        "notifications": list(_notifications(simulation)),
        "desk": {"calls": dict(sorted(desk.calls.items())), "credits": desk.credits},
        "source": simulation.source.document(),
        "credits_per_ticket": round(desk.credits / len(tickets), 2) if tickets else None,
        "sweeps": {name: simulation.sweeps[name] for name in ("ok", "failed", "missed")},
        "deliveries": {name: deliveries[name] for name in ("sent", "accepted", "dropped", "failed")},
        "timeline": [asdict(entry) | {"at": instant(entry.at)} for entry in timeline(simulation, tickets)],
    }


def _ticket(simulation: SimulationSetup, ticket: DeskTicket) -> dict[str, Any]:
    """Return the final state of a ticket: fields and status from the simulated Desk, the rest from our store."""
    whole = simulation.site.portal.whole(ticket)
    history = simulation.desk_sync.portal(DEFAULT).tickets.history(ticket.ticket_id)
    decision = history.decisions[-1].decision if history and history.decisions else None
    agents = {each["id"]: each["emailId"] for each in simulation.site.portal.seed.agents}
    return {
        "ticket_id": ticket.ticket_id,
        "fields": simulation.vocabulary.mapped_fields(whole),
        "status": whole["status"],
        "assignee": agents.get(whole["assigneeId"]),
        "decision": documents.decision(decision) if decision else None,
        "suggestion": documents.suggestion(decision.suggestions[0]) if decision and decision.suggestions else None,
        "clocks": [
            documents.clock(each) for each in (history.clocks(simulation.virtual_time.now()) if history else ())
        ],
        "escalations": [documents.escalation(each) for each in _raised(history)],
        "comments": [
            each | {"local_time": _local_time(datetime.fromisoformat(each["at"]), history)}
            for each in _comments(ticket, simulation, history)
        ],
        "parked": history.error if history and history.parked_at else None,
        "held_back": documents.held_back(history.memory.fields.held_back if history else {}),
        "writes": [
            {"at": instant(each.at), "fields": dict(each.fields)}
            for each in simulation.event_log.writes(ticket.ticket_id)
        ],
    }


def _raised(history: TicketHistory | None) -> tuple[RaisedLevel, ...]:
    return history.memory.escalation.state.raised if history else ()


def _notifications(simulation: SimulationSetup) -> Iterator[dict[str, Any]]:
    for at, notice in simulation.notices.sent:
        yield {
            "at": instant(at),
            "local_time": _local_time(at, _history_of(simulation, notice)),
            "by": US,
            "channel": notice.to.channel,
            "to": notice.to.to,
            "about": notice.subject,
            "lines": list(notice.lines),
        }


def _history_of(simulation: SimulationSetup, notice: Notice) -> TicketHistory | None:
    """Return what is stored of the first ticket that the notice is about."""
    ticket_id = notice.messages[0].ticket_id if notice.messages else ""
    return simulation.desk_sync.portal(DEFAULT).tickets.history(ticket_id)


def _local_time(at: datetime, history: TicketHistory | None) -> str:
    """Return the instant in the time zone of the ticket's calendar; in UTC for a ticket without clocks."""
    zone = history.promise.calendar.tz if history and history.promise else "UTC"
    return at.astimezone(time_zone(zone)).isoformat()


def _comments(
    ticket: DeskTicket, simulation: SimulationSetup, history: TicketHistory | None
) -> Iterator[dict[str, Any]]:
    """Yield our own agent's comments on the ticket, with their present text."""
    known = {effect.reference: effect.kind for effect in history.effects} if history else {}
    kinds, own = simulation.kinds | known, simulation.site.portal.own_agent["id"]
    for comment in ticket.comments:
        if comment["commenterId"] == own:
            text, reference = _text_with_reference(comment)
            yield {
                "at": instant(datetime.fromisoformat(comment["commentedTime"])),
                "by": US,
                "public": comment["isPublic"],
                "kind": _public_kind(text, simulation.educations) if comment["isPublic"] else kinds.get(reference),
                "text": text,
            }


def _public_kind(text: str, educations: Iterable[Wording]) -> EffectKind:
    """Return the kind of a public comment, which carries no reference: it educates, or it is an update."""
    educates = any(each.matches(without_blanks(text)) for each in educations)
    return EffectKind.EDUCATION if educates else EffectKind.UPDATE


def _text_with_reference(comment: Record) -> tuple[str, str]:
    """Return the comment's text without the reference at its end, and the reference; "" without one."""
    text = plain(_LINE.sub("\n", comment["content"]))
    found = _REFERENCE.search(text)
    return (text[: found.start()].rstrip(), found[1]) if found else (text, "")
