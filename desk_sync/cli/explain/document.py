"""A ticket's history, as a JSON document and as text."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from desk_sync import documents, time_zones
from desk_sync.cli.output import print_line, table
from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.escalation.ladder import Ladder
from desk_sync.domain.format import format_duration
from desk_sync.ports.pulling.source_report import SourceReport
from desk_sync.ports.tickets import PastDecision, TicketHistory


def document(history: TicketHistory, now: datetime) -> dict[str, Any]:
    """Return the history as one JSON document, with the clocks as of `now`; instants in UTC."""
    return {
        "ticket_id": history.ticket_id,
        "state": state(history),
        "look_at": history.look_at,
        "looked_at": history.looked_at,
        "attempts": history.attempts,
        "error": history.error,
        "written": {name: ours.value for name, ours in history.memory.fields.applied.items()},
        "overrides": {name: kept.value for name, kept in history.memory.fields.overrides.items()},
        "held_back": documents.held_back(history.memory.fields.held_back),
        "effects": {effect.key: effect.state for effect in history.effects},
        "decisions": [_decision(past) for past in history.decisions],
        "clocks": [clock_document(clock) for clock in history.clocks(now)],
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
    used = _used_snapshot(history)
    data = [
        {"source": report.name, **documents.data_age(report.age), "used": report.age.snapshot.snapshot_id == used}
        for report in reports
        if report.age
    ]
    return {"data": data}


def print_data(history: TicketHistory, reports: Iterable[SourceReport]) -> None:
    """Print the ages of the subscription data as they are now, and on which the last decision rests."""
    used = _used_snapshot(history)
    print_line()
    for report in reports:
        rests = "; the last decision rests on them" if report.age and report.age.snapshot.snapshot_id == used else ""
        print_line(f"data of source {report.name}: {report.age or 'none'}{rests}")


def _used_snapshot(history: TicketHistory) -> str | None:
    return history.decisions[-1].decision.snapshot_id if history.decisions else None


def rejudged(again: ClockReading | None) -> dict[str, Any]:
    """Return the clocks under today's mapping; none for a ticket without clocks."""
    if again is None:
        return {"clocks": []}
    facts = {"mapping_version": again.promise.mapping_version, "region": again.promise.region}
    return facts | {"clocks": [clock_document(clock) for clock in again.clocks]}


def print_comparison(then: Iterable[Clock], today: Iterable[Clock]) -> None:
    """Print the clocks as judged then beside the clocks as judged now."""
    before, after = ({clock.key: clock for clock in clocks} for clocks in (then, today))
    rows = [[key, *_cells(before.get(key)), *_cells(after.get(key))] for key in dict.fromkeys((*before, *after))]
    print_line()
    table(["clock", "as judged then", "due", "as judged now", "due"], rows)


def _cells(clock: Clock | None) -> tuple[str, str]:
    return (clock.state, _format(clock.due_at)) if clock else ("no such clock", "")


def state(history: TicketHistory) -> str:
    """Return the state of our work on the ticket, in one word."""
    if history.dropped_at:
        return "dropped"
    if history.parked_at:
        return "parked"
    if history.ended_at:
        return "gone"
    if history.missing_at:
        return "missing"
    return "due" if history.look_at else "settled"


def print_history(history: TicketHistory, now: datetime) -> None:
    """Print the history for a person, newest decision first."""
    print_line(f"ticket {history.ticket_id}: {state(history)}" + (f" – {history.error}" if history.error else ""))
    for past in reversed(history.decisions):
        print_line()
        print_line(f"{past.at:%F %T}Z  {past.decision.verdict}, {past.decision.licences} licences counted")
        for reason in past.decision.reasons:
            print_line(f"  {reason}")
        for name, value in past.fields_written.items():
            print_line(f"  written: {name} = {value}")
    for name, kept in history.memory.fields.overrides.items():
        print_line(f"\n{name} = {kept.value} was set by a person and stays, until what ours is based on changes later")
    for name, held in history.memory.fields.held_back.items():
        print_line(f"\n{name} is held back since {_format(held.since)}: {held.reason}")
    for clock in (clocks := history.clocks(now)):
        print_line()
        print_clock(clock)
    if clocks:
        print_line(f"\nlocal times by the time zone database IANA {time_zones.version()}")
    for step in history.memory.escalation.state.raised:
        roles = ", ".join(step.roles) or "no role"
        print_line(f"\n{_format(step.at)}  level {step.level} was raised because of {step.because}; roles: {roles}")
    if ladder := history.memory.escalation.state.ladder:
        print_ladder(ladder)
    for each in history.sent_notices:
        print_line(
            f"  {each.topic}: {each.to}, {each.state}" + (f" at {_format(each.sent_at)}" if each.sent_at else "")
        )


def print_ladder(ladder: Ladder) -> None:
    """Print the levels of the ladder that started last, which were frozen with it (decision 41)."""
    levels = ", ".join(f"{rung.level} {_wait(rung.wait)}" for rung in ladder.rungs)
    print_line(f"\nthe ladder of {ladder.because} since {_format(ladder.started_at)}: levels {levels}")
    print_line(f"  frozen when it started, by the mapping {ladder.policy_version or 'of then'}; not with its clock")


def _wait(wait: timedelta) -> str:
    return f"after {format_duration(wait)}" if wait else "at once"


def print_clock(clock: Clock) -> None:
    """Print a clock's state, its reasons, and its history span by span."""
    round_ = f", round {clock.round}" if clock.round > 1 else ""
    met = f", met at {_format(clock.met_at)}" if clock.met_at else ""
    used, paused = format_duration(clock.used), format_duration(clock.paused)
    print_line(f"{clock.milestone}{round_}: {clock.state}{met}; used {used}, paused {paused}")
    if clock.target_at or clock.due_at:
        print_line(f"  target {_format(clock.target_at)}, due {_format(clock.due_at)}")
    for reason in clock.reasons:
        print_line(f"  {reason}")
    spans = [("counted", *span) for span in clock.counted] + [("paused", *pause) for pause in clock.pauses]
    for what, start, end in sorted(spans, key=itemgetter(1)):
        print_line(f"  {what:8}{_format(start)} – {_format(end)}")


def _format(instant: datetime | None) -> str:
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
