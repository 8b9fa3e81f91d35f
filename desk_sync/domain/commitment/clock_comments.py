"""What the agents are told about a ticket's clocks: a note for each alarm, and one comment that is kept up to date."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.format import format_duration, format_instant
from desk_sync.domain.ticket.effect import Effect, EffectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingComment:
    """The comment on a ticket that says where its clocks stand: made once, and edited when its `digest` changes."""

    digest: str
    comment: Effect


def alarms(seen: ClockReading, *, suppressed: Collection[str], escalated: Collection[str]) -> Iterator[Effect]:
    """A note for each clock that is at risk or breached, once each.

    None for what is `hushed`, nor for a breach of which a step of the escalation tells: `escalated` are those clocks.
    """
    for key, clock in seen.alarms.items():
        if key not in suppressed and not (clock.state is ClockState.BREACHED and clock.key in escalated):
            yield Effect(key=f"clock:{key}", kind=EffectKind.UPDATE, text=_alarm_text(clock))


def sheet(seen: ClockReading, before: str | None, now: datetime) -> StandingComment | None:
    """The standing comment, from the first alarm on, where what it says is not as `before`."""
    if seen.standing == before or not (seen.alarms or before):
        return None
    comment = Effect(key="clocks", kind=EffectKind.UPDATE, text=_sheet_text(seen, now))
    return StandingComment(digest=seen.standing, comment=comment)


def _alarm_text(clock: Clock) -> str:
    name, due = _name(clock), _spoken(clock.due_at)
    if clock.state is ClockState.BREACHED:
        return f"{name} is breached: it was due at {due}."
    return f"{name} is at risk: its target passed at {_spoken(clock.target_at)}, it is due at {due}."


def _sheet_text(seen: ClockReading, now: datetime) -> str:
    """Where every clock stands, by which calendar, from which rule."""
    head = f"The commitment's clocks, as of {_spoken(now)}:"
    return "\n".join((head, *(line for clock in seen.clocks for line in _lines(clock))))


def _lines(clock: Clock) -> Iterator[str]:
    yield f"- {_name(clock)}: {'at risk' if clock.at_risk else _WORDS.get(clock.state, clock.state)}"
    if clock.state is not ClockState.EXEMPT:
        ends = f", met at {_spoken(clock.met_at)}" if clock.met_at else f", due at {_spoken(clock.due_at)}"
        used, paused, left = map(format_duration, (clock.used, clock.paused, clock.left))
        yield f"  used {used}, paused {paused}, left {left}{ends}"
    yield from (f"  {reason}" for reason in clock.reasons)


_WORDS: Mapping[ClockState, str] = {ClockState.RUNNING: "on track"}


def _name(clock: Clock) -> str:
    number = f", round {clock.round}" if clock.round > 1 else ""
    return f"{clock.milestone.capitalize()}{number}"


def _spoken(instant: datetime | None) -> str:
    return format_instant(instant) if instant else "no instant while it is paused"
