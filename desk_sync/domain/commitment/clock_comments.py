"""The comments about a ticket's clocks: a note that is kept up to date by editing, and a question for each doubt.

The note holds the alarms, so that an agent reads what is late, and what to do, in one place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.format import format_duration, format_local
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.effect import Effect, EffectKind

STANDING = "clocks"
"""The key of the standing comment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingComment:
    """The comment with the state of all clocks: written once, and edited when its `digest` changes."""

    digest: str
    comment: Effect


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


def standing_comment(reading: ClockReading, before: str | None, now: datetime) -> StandingComment | None:
    """Return the standing comment; None before the first alarm, and if its digest is still `before`."""
    if reading.digest == before or not (reading.alarms or before):
        return None
    comment = Effect(key=STANDING, kind=EffectKind.UPDATE, text=_standing_text(reading, now))
    return StandingComment(digest=reading.digest, comment=comment)


def _doubt(clock: Clock, zone: str) -> str:
    said = f"{_may_be_breached(clock, zone)}, unless it was paused meanwhile, which is not known."
    todo = "It is not escalated before that is known: please check the ticket's history."
    return "\n".join((said, todo, *map(str, _unknown(clock))))


def _unknown(clock: Clock) -> Iterator[Reason]:
    return (reason for reason in clock.reasons if reason.rule == "L8")


def _standing_text(reading: ClockReading, now: datetime) -> str:
    """Return the state of the clocks, each with its calendar and its rules: open ones first, then the newest.

    Of those for which there is no room only the number is given.
    """
    backwards = tuple(reversed(reading.clocks))
    ordered = [each for is_open in (True, False) for each in backwards if each.open is is_open]
    head = (*_alarms(reading), f"The commitment's clocks, as of {format_local(now, reading.zone)}:")
    entries = ["\n".join(_lines(clock, reading.zone)) for clock in ordered]
    ends = accumulate((len(entry) + 1 for entry in entries), initial=sum(len(line) + 1 for line in head))
    shown = sum(end <= _ROOM for end in ends) - 1
    return "\n".join((*head, *entries[:shown], *_earlier(*reading.others(ordered[:shown]))))


def _alarms(reading: ClockReading) -> Iterator[str]:
    """Yield what is late or about to be, the most urgent first, each with what a person should do."""
    late = sorted((each for each in reading.alarms.values() if each.open), key=_urgency)
    for clock in late:
        yield f"{_alarm(clock, reading.zone)} {_TODO[clock.milestone]}"
    if not late:
        yield "No clock is late or at risk."


def _urgency(clock: Clock) -> tuple[bool, datetime, str]:
    return clock.state is not ClockState.BREACHED, clock.due_at or clock.read_at, clock.key


def _alarm(clock: Clock, zone: str) -> str:
    name, due = _name(clock), _instant(clock.due_at, zone)
    if clock.is_doubtful:
        return f"{_may_be_breached(clock, zone)}, unless it was paused meanwhile."
    if clock.state is ClockState.BREACHED:
        return f"{name} is breached: it was due at {due}."
    return f"{name} is at risk: its target passed at {_instant(clock.target_at, zone)}, it is due at {due}."


def _may_be_breached(clock: Clock, zone: str) -> str:
    return f"{_name(clock)} may be breached: it was due at {_instant(clock.due_at, zone)}"


_TODO: Mapping[Milestone, str] = {
    Milestone.ACKNOWLEDGEMENT: "Please reply to the partner in public.",
    Milestone.DETERMINATION: "Please tell the partner in public what you found, in a reply after the acknowledgement.",
    Milestone.RESOLUTION: "Please solve the ticket.",
    Milestone.UPDATE: "Please tell the partner in public how the work goes on.",
}


def _earlier(number: int, late: int) -> Iterator[str]:
    if number:
        yield f"- and {number} earlier ones, {late} of them breached"


def _lines(clock: Clock, zone: str) -> Iterator[str]:
    state = "perhaps breached" if clock.is_doubtful else "at risk" if clock.at_risk else clock.state
    yield f"- {_name(clock)}: {_WORDS.get(state, state)}"
    if clock.state is not ClockState.EXEMPT:
        word, end = ("met", clock.met_at) if clock.met_at else ("due", clock.due_at)
        used, paused, left = map(format_duration, (clock.used, clock.paused, clock.left))
        yield f"  used {used}, paused {paused}, left {left}, {word} at {_instant(end, zone)}"
    yield from (f"  {reason}" for reason in clock.reasons)


LONGEST_NOTE = 4_000
"""Characters of the standing comment; Desk accepts more, which is not read."""
_ROOM = LONGEST_NOTE - 150

_WORDS: Mapping[str, str] = {ClockState.RUNNING: "on track"}


def _name(clock: Clock) -> str:
    number = f", round {clock.round}" if clock.round > 1 else ""
    return f"{clock.milestone.capitalize()}{number}"


def _instant(instant: datetime | None, zone: str) -> str:
    return format_local(instant, zone) if instant else "no instant while it is paused"
