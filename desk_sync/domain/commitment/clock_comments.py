"""The questions about a ticket's clocks: a comment for each breach that rests on unknown time (L8).

What is certain is in the note on the ticket (`domain/plan/note`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from desk_sync.domain.commitment.clock import Clock
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.format import format_local
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.effect import Effect, EffectKind


def doubts(reading: ClockReading, *, suppressed: Collection[str]) -> Iterator[Effect]:
    """Yield a comment for each breach that rests on unknown time, which a person should check, unless `suppressed`."""
    for key, clock in reading.alarms.items():
        if clock.is_doubtful and key not in suppressed:
            yield Effect(key=alarm_effect(key), kind=EffectKind.UPDATE, text=_doubt(clock, reading.zone))


def alarm_effect(key: str) -> str:
    """Return the key of a comment on an alarm: on a doubt, or by an older version on any."""
    return f"clock:{key}"


def is_escalated(clock: Clock, escalated: Collection[str]) -> bool:
    """Return True if an escalation reports the clock's breach; a ladder of an older version is named by the clock."""
    return clock.breach_key in escalated or clock.key in escalated


def _doubt(clock: Clock, zone: str) -> str:
    said = f"{_may_be_breached(clock, zone)}, unless it was paused meanwhile, which is not known."
    todo = "It is not escalated before that is known: please check the ticket's history."
    return "\n".join((said, todo, *map(str, _unknown(clock))))


def _unknown(clock: Clock) -> Iterator[Reason]:
    return (reason for reason in clock.reasons if reason.rule == "L8")


def _may_be_breached(clock: Clock, zone: str) -> str:
    return f"{_name(clock)} may be breached: it was due at {_instant(clock.due_at, zone)}"


def _name(clock: Clock) -> str:
    number = f", round {clock.round}" if clock.round > 1 else ""
    return f"{clock.milestone.capitalize()}{number}"


def _instant(instant: datetime | None, zone: str) -> str:
    return format_local(instant, zone) if instant else "no instant while it is paused"
