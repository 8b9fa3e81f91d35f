"""The clocks in the note: what is late or about to be, with what to do, then every clock in local time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import accumulate

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.format import format_duration, format_local, with_local_times
from desk_sync.domain.plan.note_policy import NoteWords


def alarms(reading: ClockReading, words: NoteWords) -> Iterator[str]:
    """Yield what is late or about to be, the most urgent first, each with what a person should do."""
    late = sorted((each for each in reading.alarms.values() if each.open), key=_urgency)
    for clock in late:
        yield f"{_alarm(clock, reading.zone, words)} {words.say('todo', text=words.say(_TO_DO[clock.milestone]))}"
    if not late:
        yield words.say("on_time")


def clock_lines(reading: ClockReading, now: datetime, words: NoteWords, room: int) -> Iterator[str]:
    """Yield a line for each clock, open ones first, then the newest, as far as `room`, a number of characters, reaches.

    Of those for which there is no room only the number is given.
    """
    backwards = tuple(reversed(reading.clocks))
    ordered = [each for is_open in (True, False) for each in backwards if each.open is is_open]
    lines = [_line(clock, reading.zone, words) for clock in ordered]
    ends = accumulate((len(line) + 1 for line in lines), initial=0)
    shown = sum(end <= room for end in ends) - 1
    yield words.say("clocks", now=format_local(now, reading.zone))
    yield from lines[:shown]
    number, late = reading.others(ordered[:shown])
    if number:
        yield words.say("earlier", number=number, late=late)


def doubt(clock: Clock, zone: str, words: NoteWords) -> str:
    """Return the question about a breach that rests on unknown time."""
    todo = words.say("todo", text=words.say("check_history"))
    unknown = (each for each in clock.reasons if each.rule == "L8")
    lines = (f"- {with_local_times(each.text, zone)} [{each.rule}]" for each in unknown)
    return "\n".join((_alarm(clock, zone, words), todo, words.say("why"), *lines))


def has_passed_its_target(clock: Clock) -> bool:
    """Return True for a clock that was at risk once, or late."""
    return clock.target_at is not None and clock.target_at <= (clock.ended_at or clock.read_at)


def _urgency(clock: Clock) -> tuple[bool, datetime, str]:
    return clock.state is not ClockState.BREACHED, clock.due_at or clock.read_at, clock.key


def _alarm(clock: Clock, zone: str, words: NoteWords) -> str:
    text = "perhaps_late" if clock.is_doubtful else "late" if clock.state is ClockState.BREACHED else "at_risk"
    target, due = (format_local(at, zone) if at else "–" for at in (clock.target_at, clock.due_at))
    return words.say(text, clock=_name(clock, words), target=target, due=due)


_TO_DO: Mapping[Milestone, str] = {
    Milestone.ACKNOWLEDGEMENT: "reply",
    Milestone.DETERMINATION: "tell",
    Milestone.RESOLUTION: "solve",
    Milestone.UPDATE: "report",
}


def _line(clock: Clock, zone: str, words: NoteWords) -> str:
    at = clock.ended_at or clock.due_at
    return words.say(
        _layout(clock),
        clock=_name(clock, words),
        state=words.say(f"state_{_state(clock)}"),
        due=format_local(clock.due_at, zone) if clock.due_at else "–",
        at=format_local(at, zone) if at else "–",
        used=format_duration(clock.used),
        left=format_duration(clock.left),
    )


def _layout(clock: Clock) -> str:
    if clock.state is ClockState.EXEMPT:
        return "exempt_clock"
    if not clock.open:
        return "ended"
    return "running" if clock.due_at else "paused"


def _state(clock: Clock) -> str:
    if clock.state is ClockState.BREACHED:
        return "perhaps_late" if clock.is_doubtful else "late"
    return "at_risk" if clock.at_risk else clock.state


def _name(clock: Clock, words: NoteWords) -> str:
    name = words.say(clock.milestone)
    return words.say("round", clock=name, round=clock.round) if clock.round > 1 else name
