"""How a ticket's history is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import Any

from desk_sync import documents
from desk_sync.cli.output import say, table
from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.ports.tickets import PastDecision, TicketHistory


def document(history: TicketHistory, now: datetime) -> dict[str, Any]:
    """The history as one JSON document, with the clocks as they stand at `now`; instants in UTC."""
    return {
        "ticket_id": history.ticket_id,
        "state": state(history),
        "look_at": history.look_at,
        "looked_at": history.looked_at,
        "attempts": history.attempts,
        "error": history.error,
        "written": {name: ours.value for name, ours in history.memory.written.items()},
        "overrides": {name: kept.value for name, kept in history.memory.overrides.items()},
        "effects": {effect.key: effect.state for effect in history.effects},
        "decisions": [_decision(past) for past in history.decisions],
        "clocks": [clock_document(clock) for clock in history.clocks(now)],
        "told": [
            {"at": each.at, "topic": each.topic, "to": str(each.to), "state": each.state, "sent_at": each.sent_at}
            for each in history.told
        ],
        "escalations": [documents.escalation(step) for step in history.memory.escalation.raised],
        "events": [
            {"at": event.occurred_at, "type": event.type, "changed": sorted(event.changed), "actor_id": event.actor_id}
            for event in history.events
        ],
    }


def clock_document(clock: Clock) -> dict[str, Any]:
    """A clock with the spans that it counted and those in which it stood still."""
    spent = {"counted": documents.spans(clock.counted), "pauses": documents.spans(clock.pauses)}
    return documents.clock(clock) | spent


def rejudged(again: ClockReading | None) -> dict[str, Any]:
    """The clocks as today's mapping has them; none for a ticket without clocks."""
    if again is None:
        return {"clocks": []}
    facts = {"mapping_version": again.promise.mapping_version, "region": again.promise.region}
    return facts | {"clocks": [clock_document(clock) for clock in again.clocks]}


def compare(then: Iterable[Clock], today: Iterable[Clock]) -> None:
    """The clocks as they were judged then beside the clocks as they are judged now, for a person."""
    before, after = ({clock.key: clock for clock in clocks} for clocks in (then, today))
    rows = [[key, *_standing(before.get(key)), *_standing(after.get(key))] for key in dict.fromkeys((*before, *after))]
    say()
    table(["clock", "as judged then", "due", "as judged now", "due"], rows)


def _standing(clock: Clock | None) -> tuple[str, str]:
    return (clock.state, _spoken(clock.due_at)) if clock else ("no such clock", "")


def state(history: TicketHistory) -> str:
    """In one word, where the ticket stands with us."""
    if history.dropped_at:
        return "dropped"
    if history.parked_at:
        return "parked"
    if history.ended_at:
        return "gone"
    return "due" if history.look_at else "settled"


def tell(history: TicketHistory, now: datetime) -> None:
    """The same for a person, newest decision first."""
    say(f"ticket {history.ticket_id}: {state(history)}" + (f" – {history.error}" if history.error else ""))
    for past in reversed(history.decisions):
        say()
        say(f"{past.at:%F %T}Z  {past.decision.verdict}, {past.decision.licences} licences counted")
        for reason in past.decision.reasons:
            say(f"  {reason}")
        for name, value in past.fields_written.items():
            say(f"  written: {name} = {value}")
    for name, kept in history.memory.overrides.items():
        say(f"\n{name} = {kept.value} was set by a person and stays")
    for clock in history.clocks(now):
        say()
        tell_clock(clock)
    for step in history.memory.escalation.raised:
        told = ", ".join(step.roles) or "nobody"
        say(f"\n{_spoken(step.at)}  level {step.level} was raised because of {step.because}, and told {told}")
    for each in history.told:
        say(f"  {each.topic}: {each.to}, {each.state}" + (f" at {_spoken(each.sent_at)}" if each.sent_at else ""))


def tell_clock(clock: Clock) -> None:
    """Where a clock stands, why, and how it came to it, span by span."""
    round_ = f", round {clock.round}" if clock.round > 1 else ""
    met = f", met at {_spoken(clock.met_at)}" if clock.met_at else ""
    say(f"{clock.milestone}{round_}: {clock.state}{met}; used {clock.used}, paused {clock.paused}")
    if clock.target_at or clock.due_at:
        say(f"  target {_spoken(clock.target_at)}, due {_spoken(clock.due_at)}")
    for reason in clock.reasons:
        say(f"  {reason}")
    told = [("counted", *span) for span in clock.counted] + [("paused", *pause) for pause in clock.pauses]
    for what, start, end in sorted(told, key=itemgetter(1)):
        say(f"  {what:8}{_spoken(start)} – {_spoken(end)}")


def _spoken(instant: datetime | None) -> str:
    return f"{instant:%F %T}Z" if instant else "…"


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
