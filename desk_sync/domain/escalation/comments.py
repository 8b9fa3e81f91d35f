"""The internal texts of an escalation: the private comments for agents, and the notices of mail and chat.

Each has one order: what happened and since when, who is in charge, what to do, what comes next and when, the clocks,
and the reasons with their rules last. Instants are in the local time of the ticket's region, with its zone. Notices
contain no text of the ticket and no name of the customer: those stay in Desk (L11).
The texts for partners are in `public_update.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.escalation.escalate import EscalationStep, StoppedLadder
from desk_sync.domain.escalation.ladder import LadderCause, LadderSignal, RaisedLevel, SignalEffect
from desk_sync.domain.escalation.notice import LINK
from desk_sync.domain.escalation.staff import StaffMember, StaffRoster
from desk_sync.domain.escalation.triggers import ReviewRequest
from desk_sync.domain.format import duration_in_words, format_local, with_local_times
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.mention import mention, without_mentions

Titles = Mapping[int, str]
"""The title of each level in words, for agents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelDuty:
    """The people in charge of a level on a date, its title, and those of its roles that have no person (R37)."""

    title: str
    people: tuple[StaffMember, ...] = ()
    vacant: tuple[str, ...] = ()

    @property
    def owner(self) -> str:
        """The value of the field `escalation_owner`: the names with the title; it fits into a line of text."""
        names = [person.name for person in self.people]
        more = [f"{len(names) - SHOWN} more"] * (len(names) > SHOWN)
        return (
            f"{_listed([*names[:SHOWN], *more])} ({self.title})" if names else f"{self.title} (nobody holds the role)"
        )

    def __str__(self) -> str:
        """The people with the title; without people, the setting that an admin must fill."""
        if self.people:
            return f"{_names(self.people)} ({self.title})"
        if self.vacant:
            return f"{self.title}, but {_vacancy(self.vacant)}"
        return "nobody, because no level has people: set them in `escalation.roles`"


SHOWN = 3
"""So many names are shown in a field."""


def level_duty(level: int, roles: Sequence[str], titles: Titles, staff: StaffRoster, on: date) -> LevelDuty:
    """Return the people in charge of a level that answers with these roles."""
    people = {role: staff.on_duty(role, on) for role in roles}
    return LevelDuty(
        title=level_title(level, roles, titles),
        people=tuple(dict.fromkeys(person for present in people.values() for person in present)),
        vacant=tuple(role for role, present in people.items() if not present),
    )


def level_title(level: int, roles: Sequence[str], titles: Titles) -> str:
    """Return the title of a level in words; without one, its roles in words."""
    return (
        titles.get(level) or _listed([role.replace("_", " ").replace(".", " ") for role in roles]) or f"level {level}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """Everything that agents are shown about a step; not for partners.

    `zone` is the region's, `duty` the people in charge, `earlier` the levels that this ladder raised before, each with
    the people who were in charge then. `account` and `partner` describe them in a few words. `mentions` maps names of
    people to Desk's user ids. `unassigned`: the level assigns the ticket, but none of its agents can take it.
    """

    step: EscalationStep
    now: datetime
    zone: str
    duty: LevelDuty
    titles: Titles = field(default_factory=dict)
    earlier: Sequence[tuple[RaisedLevel, LevelDuty]] = ()
    clocks: Sequence[Clock] = ()
    account: str = "unknown"
    partner: str = "unknown"
    mentions: Mapping[str, str] = field(default_factory=dict)
    unassigned: bool = False


def private_comment(facts: StepFacts) -> str:
    """Return the private comment on a level.

    It mentions the agents among the recipients, and nobody whom a text of others names.
    """
    return "\n".join(_lines(facts))


def _lines(facts: StepFacts) -> Iterator[str]:
    yield f"Escalation level {facts.step.level}: {_happened(facts)}."
    yield from _charge(facts)
    yield from _notified(facts)
    yield from _what_to_do(facts)
    yield f"Partner: {without_mentions(facts.partner)}. Account: {without_mentions(facts.account)}."
    yield from _clocks(facts.clocks, facts.zone)
    yield from _why(facts.step.reasons, facts.zone)


def _happened(facts: StepFacts) -> str:
    step, zone = facts.step, facts.zone
    text = _SENTENCES[step.because].format(since=format_local(step.ladder.started_at, zone))
    past = facts.now - step.ladder.started_at
    ago = f", {duration_in_words(past)} ago" if past >= timedelta(minutes=1) else ""
    late = ". It was noticed only now, so the waits for the later levels begin now" if step.late_since else ""
    return f"{text}{ago}{late}"


_SENTENCES = {
    LadderCause.ACKNOWLEDGEMENT: "the first reply to the partner has been late since {since}",
    LadderCause.DETERMINATION: "the next reply to the partner has been late since {since}",
    LadderCause.RESOLUTION: "the solution has been late since {since}",
    LadderCause.REQUEST: "an escalation was requested at {since}",
    LadderCause.OVERRUN: "the problem has lasted longer than planned since {since}",
    LadderCause.CLUSTER: "several tickets of severity 1 have belonged together since {since}",
    LadderCause.SECURITY: "a security problem has been reported or suspected since {since}",
}
_SUBJECTS = {
    LadderCause.ACKNOWLEDGEMENT: "first reply late",
    LadderCause.DETERMINATION: "next reply late",
    LadderCause.RESOLUTION: "solution late",
    LadderCause.REQUEST: "escalation requested",
    LadderCause.OVERRUN: "longer than planned",
    LadderCause.CLUSTER: "several severe tickets",
    LadderCause.SECURITY: "security problem",
}
_TO_DO = {
    LadderCause.ACKNOWLEDGEMENT: "answer the partner in public",
    LadderCause.DETERMINATION: "answer the partner in public, with what is known and what comes next",
    LadderCause.RESOLUTION: "solve the problem, or agree with the partner on a date",
    LadderCause.REQUEST: "read the request and answer the partner in public",
    LadderCause.OVERRUN: "solve the problem, or agree with the partner on a date",
    LadderCause.CLUSTER: "look for the common cause of these tickets, and answer the partner in public",
    LadderCause.SECURITY: "check the report before anything else",
}
_STOPS = {
    LadderSignal.REPLY: "answers the partner in public",
    LadderSignal.CLOSING: "closes the ticket",
    LadderSignal.HOLDING: "puts the ticket on hold",
    LadderSignal.TAKE_OVER: "takes the escalation over",
}


def _charge(facts: StepFacts) -> Iterator[str]:
    duty = facts.duty
    yield f"In charge: {without_mentions(str(duty))}."
    if duty.people and duty.vacant:
        yield f"In part, {_vacancy(duty.vacant)}."


def _vacancy(roles: Sequence[str]) -> str:
    these = "this role" if len(roles) == 1 else "these roles"
    return f"nobody holds {these}: set {_listed([f'`escalation.roles.{role}`' for role in roles])}"


def _notified(facts: StepFacts) -> Iterator[str]:
    """Yield who is notified, by which channel; and the settings of those who cannot be reached."""
    people = facts.duty.people
    sent = [f"{without_mentions(each.name)} by {each.addresses[0].channel}" for each in people if each.addresses]
    if sent:
        yield f"A notice goes to {_listed(sent)}."
    mentioned = [mention(facts.mentions[each.name]) for each in people if each.name in facts.mentions]
    if mentioned:
        yield f"Desk notifies {_listed(mentioned)}."
    for person in people:
        if not person.addresses and person.name not in facts.mentions:
            name = without_mentions(person.name)
            yield f"{name} cannot be notified: set `mail` or `chat` in `escalation.people.{name}`."
    if not people:
        yield "Nobody is notified."
    if facts.unassigned:
        yield "Warning: no agent of the level is active in this department, so the ticket was not given to one."


def _what_to_do(facts: StepFacts) -> Iterator[str]:
    step = facts.step
    yield f"To do: {_TO_DO[step.because]}."
    stops = [text for signal, text in _STOPS.items() if step.ladder.answers.get(signal) is SignalEffect.STOP]
    if stops:
        yield f"The escalation stops when a person {_listed(stops, 'or')}."
    for raised, duty in facts.earlier:
        people = f"{_names(duty.people)} ({duty.title})" if duty.people else f"{duty.title}, held by nobody"
        yield f"Before: level {raised.level} at {format_local(raised.at, facts.zone)}, {without_mentions(people)}."
    yield f"Next: {_next(facts)}."


def _next(facts: StepFacts) -> str:
    step = facts.step
    if step.next_level is None:
        return "no further level"
    level = f"level {step.next_level} ({_next_title(step, facts.titles)})"
    if step.next_at is None:
        return f"{level}, once the escalation is not paused any more"
    return f"{level} at {format_local(step.next_at, facts.zone)}, unless the escalation stops before"


def _next_title(step: EscalationStep, titles: Titles) -> str:
    level = step.next_level or step.level
    return level_title(level, dict(enumerate(step.ladder.chain, 1)).get(level, ()), titles)


def _clocks(clocks: Iterable[Clock], zone: str) -> Iterator[str]:
    shown = [f"- {_clock(clock, zone)}" for clock in clocks]
    if shown:
        yield from ("Clocks:", *shown)


def _clock(clock: Clock, zone: str) -> str:
    is_past = clock.due_at is not None and clock.due_at <= clock.read_at
    due = f", {'was due' if is_past else 'due'} at {format_local(clock.due_at, zone)}" if clock.due_at else ""
    used = f", {duration_in_words(clock.used)} used" if clock.state is not ClockState.EXEMPT else ""
    number = f", round {clock.round}" if clock.round > 1 else ""
    return f"{_MILESTONES[clock.milestone].capitalize()} ({clock.milestone}{number}): {_state(clock)}{due}{used}"


def _state(clock: Clock) -> str:
    if clock.state is ClockState.BREACHED:
        return "perhaps late" if clock.is_doubtful else "late"
    if clock.state is ClockState.RUNNING:
        return "at risk" if clock.at_risk else "on track"
    return str(clock.state)


_MILESTONES = {
    Milestone.ACKNOWLEDGEMENT: "first reply",
    Milestone.DETERMINATION: "next reply",
    Milestone.RESOLUTION: "solution",
    Milestone.UPDATE: "progress update",
}


def _why(reasons: Iterable[Reason], zone: str) -> Iterator[str]:
    yield "Why:"
    for reason in reasons:
        yield f"- {without_mentions(with_local_times(reason.text, zone))} [{reason.rule}]"


def subject(step: EscalationStep, ticket: str) -> str:
    """Return the subject of a notice."""
    return f"Ticket {ticket}, escalation level {step.level}: {_SUBJECTS[step.because]}"


def line(facts: StepFacts, ticket: str, link: str | None) -> str:
    """Return the text of a notice on a step. Its first line and its link are enough for a chat."""
    head = f"Ticket {ticket}, escalation level {facts.step.level}: {_happened(facts)}."
    return "\n".join((head, *_charge(facts), *_what_to_do(facts), *_linked(link)))


def _linked(link: str | None) -> Iterator[str]:
    if link:
        yield f"{LINK}{link}"


def stop_note(stopped: StoppedLadder, clocks: Sequence[Clock], now: datetime, zone: str) -> str:
    """Return the private note on a ladder that stops because its reason has gone."""
    ladder = stopped.ladder
    reported = _SENTENCES[ladder.because].format(since=format_local(ladder.started_at, zone))
    own = (clock for clock in clocks if str(clock.milestone) == str(ladder.because))
    stopped_at = f"at {format_local(now, zone)}, after level {stopped.level}"
    lines = (
        f"The escalation stopped {stopped_at}: what started it does not hold any more.",
        f"It reported that {reported}.",
        _AFTERWARDS,
        *_clocks(own, zone),
        *_why((ladder.reason,), zone),
    )
    return "\n".join(lines)


_AFTERWARDS = """\
In charge: the ticket's assignee again.
To do: nothing for this escalation. The partner hears nothing more of it.
Next: no further level. If the same breach holds again, the escalation goes on where it stood.
A later breach is raised from level 1."""


def warning(
    clock: Clock, ticket: str, link: str | None, *, now: datetime, zone: str, duty: LevelDuty
) -> tuple[str, str]:
    """Return subject and text of the notice that the target of a clock has passed (R36b); `duty` is level 1's."""
    about = f"Ticket {ticket}: {_MILESTONES[clock.milestone]} at risk"
    due = f"; it is due at {format_local(clock.due_at, zone)}{_ahead(clock.due_at - now)}" if clock.due_at else ""
    lines = (
        f"Ticket {ticket}: the {_MILESTONES[clock.milestone]} is at risk{due}.",
        *(f"Its target passed at {format_local(at, zone)}." for at in (clock.target_at,) if at),
        f"In charge of level 1: {duty}.",
        f"To do before it is due: {_TO_DO[LadderCause(clock.milestone)]}.",
        "Next: no level is raised now. An escalation starts if it is late.",
        f"The ticket has severity {clock.level}.",
        *_linked(link),
    )
    return about, "\n".join(lines)


def _ahead(duration: timedelta) -> str:
    return f", in {duration_in_words(duration)}" if duration >= timedelta(minutes=1) else ""


def request_note(review: ReviewRequest, zone: str) -> str:
    """Return the private note on a request that a person must decide (R33)."""
    text = without_mentions(with_local_times(review.reason.text, zone))
    lines = (
        f"{text[:1].upper()}{text[1:]}.",
        "To do: decide on the request, and answer the partner in public.",
        "Next: no level is raised for this request.",
        f"[{review.reason.rule}]",
    )
    return "\n".join(lines)


def _names(people: Iterable[StaffMember]) -> str:
    return _listed([person.name for person in people])


def _listed(words: Sequence[str], before_last: str = "and") -> str:
    """Return the words as a list in a sentence: "a", "a and b", "a, b and c"."""
    *first, last = words or ("",)
    return f"{', '.join(first)} {before_last} {last}" if first else last
