"""The comments about a ticket's clocks: one for each alarm, and a standing comment that is kept up to date."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.format import format_duration, format_instant
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.effect import Effect, EffectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingComment:
    """The comment with the state of all clocks: written once, and edited when its `digest` changes."""

    digest: str
    comment: Effect


def alarms(reading: ClockReading, *, suppressed: Collection[str], escalated: Collection[str]) -> Iterator[Effect]:
    """Yield a comment for each alarm that is not `suppressed`.

    A breach that an escalation reports has no comment of its own: `escalated` are the keys of those breaches.
    """
    for key, clock in reading.alarms.items():
        if key not in suppressed and not (clock.state is ClockState.BREACHED and is_escalated(clock, escalated)):
            yield Effect(key=alarm_effect(key), kind=EffectKind.UPDATE, text=_alarm_text(clock))


def alarm_effect(key: str) -> str:
    """Return the key of the comment on an alarm."""
    return f"clock:{key}"


def is_escalated(clock: Clock, escalated: Collection[str]) -> bool:
    """Return True if an escalation reports the clock's breach; a ladder of an older version is named by the clock."""
    return clock.breach_key in escalated or clock.key in escalated


def standing_comment(reading: ClockReading, before: str | None, now: datetime) -> StandingComment | None:
    """Return the standing comment; None before the first alarm, and if its digest is still `before`."""
    if reading.digest == before or not (reading.alarms or before):
        return None
    comment = Effect(key="clocks", kind=EffectKind.UPDATE, text=_standing_text(reading, now))
    return StandingComment(digest=reading.digest, comment=comment)


def _alarm_text(clock: Clock) -> str:
    name, due = _name(clock), _instant(clock.due_at)
    if clock.is_doubtful:
        doubt = f"{name} may be breached: it was due at {due}, unless it was paused meanwhile, which is not known."
        todo = "It is not escalated before that is known: please check the ticket's history."
        return "\n".join((doubt, todo, *map(str, _doubts(clock))))
    if clock.state is ClockState.BREACHED:
        return f"{name} is breached: it was due at {due}."
    return f"{name} is at risk: its target passed at {_instant(clock.target_at)}, it is due at {due}."


def _doubts(clock: Clock) -> Iterator[Reason]:
    return (reason for reason in clock.reasons if reason.rule == "L8")


def _standing_text(reading: ClockReading, now: datetime) -> str:
    """Return the state of the clocks, each with its calendar and its rules: open ones first, then the newest.

    Of those for which there is no room only the number is given.
    """
    backwards = tuple(reversed(reading.clocks))
    ordered = [each for is_open in (True, False) for each in backwards if each.open is is_open]
    entries = ["\n".join(_lines(clock)) for clock in ordered]
    ends = accumulate(len(entry) + 1 for entry in entries)
    shown = sum(end <= _ROOM for end in ends)
    head = f"The commitment's clocks, as of {_instant(now)}:"
    return "\n".join((head, *entries[:shown], *_earlier(*reading.others(ordered[:shown]))))


def _earlier(number: int, late: int) -> Iterator[str]:
    if number:
        yield f"- and {number} earlier ones, {late} of them breached"


def _lines(clock: Clock) -> Iterator[str]:
    state = "perhaps breached" if clock.is_doubtful else "at risk" if clock.at_risk else clock.state
    yield f"- {_name(clock)}: {_WORDS.get(state, state)}"
    if clock.state is not ClockState.EXEMPT:
        ends = f", met at {_instant(clock.met_at)}" if clock.met_at else f", due at {_instant(clock.due_at)}"
        used, paused, left = map(format_duration, (clock.used, clock.paused, clock.left))
        yield f"  used {used}, paused {paused}, left {left}{ends}"
    yield from (f"  {reason}" for reason in clock.reasons)


LONGEST_NOTE = 4_000
"""Characters of the standing comment; Desk accepts more, which is not read."""
_ROOM = LONGEST_NOTE - 150

_WORDS: Mapping[str, str] = {ClockState.RUNNING: "on track"}


def _name(clock: Clock) -> str:
    number = f", round {clock.round}" if clock.round > 1 else ""
    return f"{clock.milestone.capitalize()}{number}"


def _instant(instant: datetime | None) -> str:
    return format_instant(instant) if instant else "no instant while it is paused"
