"""What is said of an escalation inside the house: the whole picture to agents, a line to whoever is told by notice.

What the partner is told is in `public_update.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.escalation.escalate import EscalationStep
from desk_sync.domain.escalation.staff import StaffMember
from desk_sync.domain.format import format_duration, format_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """The whole picture of a step, for agents alone.

    `account` and `partner` are sentences about them. `mentions` are Desk's ids of users by the names of people.
    `unassigned`: the level gives the ticket to an agent, and nobody of it may have it.
    """

    step: EscalationStep
    clocks: Sequence[Clock] = ()
    account: str = "unknown"
    partner: str = "unknown"
    mentions: Mapping[str, str] = field(default_factory=dict)
    unassigned: bool = False


def private_comment(picture: StepFacts) -> str:
    """What happened, why, who is told, and what comes next."""
    return "\n".join(_lines(picture))


def _lines(picture: StepFacts) -> Iterator[str]:
    step = picture.step
    yield f"Escalation level {step.level}, because of: {step.because}"
    yield from (f"- {reason}" for reason in step.reasons)
    if step.late_since:
        yield f"- it happened at {format_instant(step.late_since)} and was first seen later: later levels wait from now"
    yield f"Told: {_told(picture)}"
    if picture.unassigned:
        yield "- warning: no agent of the level is active in this department, so the ticket was not given to one"
    yield f"Partner: {picture.partner}"
    yield f"Account: {picture.account}"
    yield from (f"Clock {_clock(clock)}" for clock in picture.clocks)
    yield f"Next: {_next(step)}"


def _told(picture: StepFacts) -> str:
    reach = picture.step.reach
    people = ", ".join(_person(person, picture.mentions) for person in reach.people)
    roles = ", ".join(reach.roles) or "nobody"
    return f"{roles} ({people})" if people else roles


def _person(person: StaffMember, mentions: Mapping[str, str]) -> str:
    """The name, or Desk's mention of an agent, which notifies them."""
    mention = mentions.get(person.name)
    return f"zsu[@user:{mention}]zsu" if mention else person.name


def _clock(clock: Clock) -> str:
    due = f", due {format_instant(clock.due_at)}" if clock.due_at else ""
    used = f", {format_duration(clock.used)} used" if clock.state is not ClockState.EXEMPT else ""
    return f"{clock.milestone} {clock.round}: {clock.state}{due}{used}"


def _next(step: EscalationStep) -> str:
    if step.next_at:
        return f"level {step.next_level} at {format_instant(step.next_at)}, unless the ladder stops before"
    return f"level {step.next_level}, when the ladder is not paused any more" if step.next_level else "no further level"


def subject(step: EscalationStep, ticket: str) -> str:
    """What a notice is about."""
    return f"Ticket {ticket}: escalation level {step.level} ({step.because})"


def line(step: EscalationStep, ticket: str, links: Mapping[str, str]) -> str:
    """A line of a notice: no words of the ticket and no names of a customer, which stay in Desk (L11)."""
    late = f"; it happened at {format_instant(step.late_since)}" if step.late_since else ""
    told = "; ".join((f"{subject(step, ticket)}{late}", f"next: {_next(step)}"))
    return "\n".join((told, *(f"  {name}: {url}" for name, url in links.items())))
