"""A ticket's history as a JSON document; instants in UTC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from desk_sync import documents, time_zones
from desk_sync.cli.explain.facts import ExplainedTicket
from desk_sync.cli.explain.open_points import open_points
from desk_sync.cli.explain.sentence import summary
from desk_sync.cli.review.questions import OpenQuestion
from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.ports.pulling.source_report import SourceReport
from desk_sync.ports.tickets import PastDecision, TicketHistory


def document(ticket: ExplainedTicket) -> dict[str, Any]:
    """Return the history as one JSON document, with the clocks as of now, and what is open."""
    history = ticket.history
    return {
        "ticket_id": history.ticket_id,
        "number": ticket.names.number,
        "portal": ticket.names.portal,
        "partner": ticket.names.partner,
        "summary": summary(ticket),
        "zone": ticket.zone.name,
        "open": [_point(each, ticket) for each in open_points(ticket)],
        "state": ticket.state,
        "look_at": history.look_at,
        "looked_at": history.looked_at,
        "attempts": history.attempts,
        "error": history.error,
        "written": {name: ours.value for name, ours in history.memory.fields.applied.items()},
        "overrides": {name: kept.value for name, kept in history.memory.fields.overrides.items()},
        "held_back": documents.held_back(history.memory.fields.held_back),
        "effects": {effect.key: effect.state for effect in history.effects},
        "decisions": [_decision(past) for past in history.decisions],
        "clocks": [clock_document(clock) for clock in history.clocks(ticket.now)],
        "time_zones": time_zones.version(),
        "told": [
            {"at": each.at, "topic": each.topic, "to": str(each.to), "state": each.state, "sent_at": each.sent_at}
            for each in history.sent_notices
        ],
        "escalations": [documents.escalation(step) for step in history.memory.escalation.state.raised],
        "ladder": documents.ladder(history.memory.escalation.state),
        "events": [
            {"at": event.occurred_at, "type": event.type, "changed": sorted(event.changed), "actor_id": event.actor_id}
            for event in history.events
        ],
    }


def clock_document(clock: Clock) -> dict[str, Any]:
    """Return a clock with its counted spans and its pauses."""
    spent = {"counted": documents.spans(clock.counted), "pauses": documents.spans(clock.pauses)}
    return documents.clock(clock) | spent


def data_document(history: TicketHistory, reports: Iterable[SourceReport]) -> dict[str, Any]:
    """Return the ages of the subscription data; `used` is True for those that the last decision rests on."""
    used = used_snapshot(history)
    data = [
        {"source": report.name, **documents.data_age(report.age), "used": report.age.snapshot.snapshot_id == used}
        for report in reports
        if report.age
    ]
    return {"data": data}


def used_snapshot(history: TicketHistory) -> str | None:
    """Return the snapshot that the last decision rests on."""
    return history.decisions[-1].decision.snapshot_id if history.decisions else None


def rejudged(again: ClockReading | None) -> dict[str, Any]:
    """Return the clocks under today's mapping; none for a ticket without clocks."""
    if again is None:
        return {"clocks": []}
    facts = {"mapping_version": again.promise.mapping_version, "region": again.promise.region}
    return facts | {"clocks": [clock_document(clock) for clock in again.clocks]}


def _decision(past: PastDecision) -> dict[str, Any]:
    decision = past.decision
    return {
        "at": past.at,
        "decision": decision.verdict,
        "licences_counted": decision.licences,
        "account_id": decision.account_id,
        "snapshot_id": decision.snapshot_id,
        "mapping_version": decision.policy_version,
        "reasons": [str(reason) for reason in decision.reasons],
        "written": dict(past.fields_written),
    }


def _point(point: OpenQuestion, ticket: ExplainedTicket) -> dict[str, Any]:
    settled_by = point.settle_for(ticket.names.ticket_id, ticket.names.partner)
    return {"question": point.text, "settled_by": settled_by}
