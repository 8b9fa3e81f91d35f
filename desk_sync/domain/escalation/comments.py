"""The internal texts of an escalation step: the private comment for agents, and the subject and line of a notice.

The texts for partners are in `public_update.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.escalation.escalate import EscalationStep, StoppedLadder
from desk_sync.domain.escalation.staff import StaffMember
from desk_sync.domain.format import format_duration, format_instant
from desk_sync.domain.ticket.mention import mention, without_mentions


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """Everything that agents are shown about a step; not for partners.

    `account` and `partner` describe them in one sentence each. `mentions` maps names of people to Desk's user ids.
    `unassigned`: the level assigns the ticket to an agent, but none of its agents can take it.
    """

    step: EscalationStep
    clocks: Sequence[Clock] = ()
    account: str = "unknown"
    partner: str = "unknown"
    mentions: Mapping[str, str] = field(default_factory=dict)
    unassigned: bool = False


def private_comment(facts: StepFacts) -> str:
    """Return the private comment: the level, its reasons, its recipients and the next level.

    It mentions the agents among the recipients, and nobody whom a text of others names.
    """
    return "\n".join(_lines(facts))


def _lines(facts: StepFacts) -> Iterator[str]:
    step = facts.step
    yield f"Escalation level {step.level}, because of: {step.because}"
    yield from (f"- {without_mentions(str(reason))}" for reason in step.reasons)
    if step.late_since:
        yield f"- it happened at {format_instant(step.late_since)} and is raised only now: later levels wait from now"
    yield f"Told: {_recipients(facts)}"
    if facts.unassigned:
        yield "- warning: no agent of the level is active in this department, so the ticket was not given to one"
    yield f"Partner: {without_mentions(facts.partner)}"
    yield f"Account: {without_mentions(facts.account)}"
    yield from (f"Clock {_clock(clock)}" for clock in facts.clocks)
    yield f"Next: {_next(step)}"


def _recipients(facts: StepFacts) -> str:
    recipients = facts.step.recipients
    people = ", ".join(_person(person, facts.mentions) for person in recipients.people)
    roles = without_mentions(", ".join(recipients.roles)) or "nobody"
    return f"{roles} ({people})" if people else roles


def _person(person: StaffMember, mentions: Mapping[str, str]) -> str:
    """Return the name, or for an agent a mention, by which Desk notifies them."""
    zuid = mentions.get(person.name)
    return mention(zuid) if zuid else without_mentions(person.name)


def _clock(clock: Clock) -> str:
    due = f", due {format_instant(clock.due_at)}" if clock.due_at else ""
    used = f", {format_duration(clock.used)} used" if clock.state is not ClockState.EXEMPT else ""
    return f"{clock.milestone} {clock.round}: {clock.state}{due}{used}"


def _next(step: EscalationStep) -> str:
    if step.next_at:
        return f"level {step.next_level} at {format_instant(step.next_at)}, unless the ladder stops before"
    return f"level {step.next_level}, when the ladder is not paused any more" if step.next_level else "no further level"


def subject(step: EscalationStep, ticket: str) -> str:
    """Return the subject of a notice."""
    return f"Ticket {ticket}: escalation level {step.level} ({step.because})"


def line(step: EscalationStep, ticket: str, links: Mapping[str, str]) -> str:
    """Return a line of a notice, without text of the ticket or names of the customer: those stay in Desk (L11)."""
    late = f"; it happened at {format_instant(step.late_since)}" if step.late_since else ""
    summary = "; ".join((f"{subject(step, ticket)}{late}", f"next: {_next(step)}"))
    return "\n".join((summary, *(f"  {name}: {url}" for name, url in links.items())))


def stop_note(stopped: StoppedLadder, clocks: Sequence[Clock], now: datetime) -> str:
    """Return the private note on a ladder that stops because its reason has gone."""
    because = stopped.ladder.because
    own = (clock for clock in clocks if str(clock.milestone) == str(because))
    lines = (
        f"The escalation because of {because} stopped at {format_instant(now)}, after level {stopped.level}.",
        f"- what started it does not hold any more: {without_mentions(str(stopped.ladder.reason))}",
        _AFTERWARDS,
        *(f"Clock {_clock(clock)}" for clock in own),
    )
    return "\n".join(lines)


_AFTERWARDS = """\
- no further level is raised, and the partner hears nothing more of it
- a later breach is raised from level 1; if the same one holds again, the escalation goes on where it stood"""


def warning(clock: Clock, ticket: str, links: Mapping[str, str]) -> tuple[str, str]:
    """Return subject and line of the notice that the target of a clock has passed (R36b)."""
    about = f"Ticket {ticket}: {clock.milestone} of severity {clock.level} is at risk"
    target, due = (format_instant(at) if at else "no instant" for at in (clock.target_at, clock.due_at))
    summary = f"{about}: its target passed at {target}, it is due at {due}; no level is raised"
    return about, "\n".join((summary, *(f"  {name}: {url}" for name, url in links.items())))
