"""A ticket's escalation at one look: what its clocks and its type set off, and what is said of each step (R33–R40)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from desk_sync.domain.calendar import BusinessCalendar
from desk_sync.domain.decision import Decision
from desk_sync.domain.effect import Effect, EffectKind
from desk_sync.domain.escalation import Escalation, Owed, Situation, Step, escalate
from desk_sync.domain.escalation_texts import Picture, private_comment
from desk_sync.domain.history import ActKind, History, Stage
from desk_sync.domain.ladder import Signal, Signals
from desk_sync.domain.matrix import Location, location_of
from desk_sync.domain.partner import Writer
from desk_sync.domain.policy import Policy
from desk_sync.domain.public_update import PublicStep, Updates
from desk_sync.domain.regions import Whereabouts
from desk_sync.domain.ticket import Ticket
from desk_sync.domain.triggers import Trigger, breaches, security
from desk_sync.domain.watch import Watch


@dataclass(frozen=True, slots=True)
class Place:
    """Where the ladder of a ticket is, and by which calendar it waits."""

    location: Location
    calendar: BusinessCalendar


def location(policy: Policy, writer: Writer, whereabouts: Whereabouts) -> Place:
    """The place of the ladder (C17)."""
    regions = policy.commitment.regions
    located = regions.locate(whereabouts, regions.ladder_by)
    return Place(location_of(located, writer.partner), regions.calendar(located))


def climb(
    before: Escalation,
    seen: Watch,
    ticket: Ticket,
    level: int,
    place: Place,
    policy: Policy,
    *,
    since: datetime | None,
    now: datetime,
) -> Owed:
    """What the escalation of a ticket of this severity level owes now. What happened before `since` raises nothing."""
    situation = Situation(
        location=place.location, severity=level, calendar=place.calendar, policy_version=policy.version
    )
    triggers = list(_triggers(seen, ticket, now))
    return escalate(before, triggers, signals(seen.history), situation, policy.escalation, now=now, since=since)


def mute(before: Escalation, seen: Watch, ticket: Ticket, now: datetime) -> Escalation:
    """What happened is known from now on and raises nothing, also not when escalation is switched on later."""
    return replace(before, known=before.known | {trigger.key for trigger in _triggers(seen, ticket, now)})


def _triggers(seen: Watch, ticket: Ticket, now: datetime) -> Iterator[Trigger]:
    yield from breaches(seen.clocks)
    if report := security(ticket.issue_type, (), now):
        yield report


def signals(history: History) -> Signals:
    """What happened to the ticket that a ladder may answer to."""
    replies = [(act.at, act.at) for act in history.acts if act.kind is ActKind.REPLY]
    return {
        Signal.REPLY: replies,
        Signal.CLOSING: [*history.solved, *history.spans({Stage.ENDED})],
        Signal.HOLDING: list(history.spans({Stage.PAUSED})),
    }


def comments(
    owed: Owed, seen: Watch, ticket: Ticket, decision: Decision, writer: Writer, told: Updates
) -> Iterator[Effect]:
    """The private comment of each step, with the whole picture; and what `told` has for the partner (R37)."""
    for step in owed.steps:
        said = private_comment(_picture(step, seen, decision, writer))
        yield Effect(key=step.key, kind=EffectKind.ESCALATION, text=said)
        public = told.text(PublicStep(ticket=ticket.number or ticket.ticket_id, level=step.level), ticket.language)
        if public:
            yield Effect(key=f"{step.key}:public", kind=EffectKind.UPDATE, text=public, public=True)


def _picture(step: Step, seen: Watch, decision: Decision, writer: Writer) -> Picture:
    account = decision.account_id
    return Picture(
        step=step,
        clocks=seen.clocks,
        account=f"{account}, {decision.verdict}, {decision.licences} licences" if account else "unknown",
        partner=writer.partner.name if writer.partner else "unknown",
    )
