"""The triggers of ladders (R33–R36): rules over facts, each with its reason.

A request that is not followed becomes a review, with the reason, if a person must decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.calendar import BusinessCalendar, Pause
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.past import stamp
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.escalation.ladder import LadderCause
from desk_sync.domain.escalation.requests import EscalationRequest, Requester
from desk_sync.domain.format import format_duration, format_instant
from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationTrigger:
    """An event that starts a ladder, once per (ticket, key). `calendar` is that of the clock that caused it, if any.

    `about` names the clock that is breached, or the overrun: the ladder holds while a trigger about it does. `former`
    is the key that older versions gave it.
    """

    key: str
    because: LadderCause
    at: datetime
    reason: Reason
    calendar: BusinessCalendar | None = None
    about: str = ""
    former: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    """An event that starts no ladder but needs a person's decision, once per (ticket, key)."""

    key: str
    reason: Reason


def breaches(clocks: Iterable[Clock]) -> list[EscalationTrigger]:
    """Return a trigger for each breached clock, except those of late updates, which start no ladder (R32).

    A folded clock has none: it ended long ago, and its trigger is known.
    """
    late = (clock for clock in clocks if clock.state is ClockState.BREACHED and not clock.folded)
    broken = (clock for clock in late if clock.milestone in WITH_LADDER)
    return [_breach(clock, clock.due_at) for clock in broken if clock.due_at is not None]


WITH_LADDER = frozenset(Milestone) - {Milestone.UPDATE}


def _breach(clock: Clock, due_at: datetime) -> EscalationTrigger:
    return EscalationTrigger(
        key=clock.breach_key,
        because=LadderCause(clock.milestone),
        at=due_at,
        reason=Reason("R33", f"the commitment of {clock.milestone} ran out at {format_instant(due_at)}"),
        calendar=clock.calendar,
        about=clock.name,
        former=clock.key,
    )


class RequestGate(StrEnum):
    """The condition under which a request is followed (R33)."""

    AFTER_RESPONSE_TIME = "after_response_time"
    ALWAYS = "always"
    NEVER = "never"


class WordsEffect(StrEnum):
    """The effect of a request in the partner's words: a note and a review entry, an escalation by R33's rule, none."""

    SUGGEST = "suggest"
    RAISE = "raise"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRules:
    """The statuses and tags that request an escalation besides a checkbox (case is ignored), and each side's gate.

    `words` is the effect of a request in the partner's mails (R33, R34); `box` is the name of the check box in Desk,
    None if the portal has none.
    """

    statuses: frozenset[str]
    tags: frozenset[str]
    gates: Mapping[Requester, RequestGate]
    words: WordsEffect = WordsEffect.SUGGEST
    box: str | None = None

    def made_by(self, *, ticked: bool, status: str, tags: Iterable[str] = ()) -> bool:
        """Return True if the ticket, in its current state, requests an escalation."""
        named = {tag.casefold() for tag in tags} & {tag.casefold() for tag in self.tags}
        return ticked or bool(named) or status.casefold() in {each.casefold() for each in self.statuses}

    def gate(self, requester: Requester) -> RequestGate:
        return self.gates[requester]


def request_key(at: datetime) -> str:
    """Return the key of the ladder that a request at an instant starts."""
    return f"request:{stamp(at)}"


def requested(
    request: EscalationRequest, gate: RequestGate, partner: Partner, response_due_at: datetime | None
) -> EscalationTrigger | ReviewRequest:
    """Return a trigger if the request is followed, else a review (R33).

    Under AFTER_RESPONSE_TIME it is followed if the contract is valid or unknown and the response time has passed.
    `response_due_at` is the end of the acknowledgement's commitment; None if none is promised.
    """
    key = request_key(request.at)
    if refusal := _refusal(request, gate, partner, response_due_at):
        text = f"{request}, and {refusal}: a person must decide"
        return ReviewRequest(key=key, reason=Reason("R33", text))
    reason = Reason("R33", f"{request} at {format_instant(request.at)}")
    return EscalationTrigger(key=key, because=LadderCause.REQUEST, at=request.at, reason=reason)


def _refusal(
    request: EscalationRequest, gate: RequestGate, partner: Partner, response_due_at: datetime | None
) -> str | None:
    if gate is RequestGate.ALWAYS:
        return None
    if gate is RequestGate.NEVER:
        return "the mapping follows no such request"
    if partner.contract_until is not None and partner.contract_until < request.at.date():
        return f"the support contract ended on {partner.contract_until}"
    if response_due_at is None or request.at < response_due_at:
        return "the response time had not passed"
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrunRule:
    """A limit for outages and login problems: unsolved after `window` of the ticket's own time (R36a, R36b)."""

    issue_types: frozenset[str]
    window: timedelta


def overrun(
    rule: OverrunRule,
    issue_type: str | None,
    began_at: datetime,
    calendar: BusinessCalendar,
    pauses: Sequence[Pause] = (),
) -> EscalationTrigger | None:
    """Return a trigger at the end of the problem's window, outside the pauses; None for other issue types.

    `calendar` is the ticket's. While the problem is paused before that end, there is none.
    """
    at = calendar.due(began_at, rule.window, pauses) if issue_type in rule.issue_types else None
    if at is None:
        return None
    text = f"{issue_type} unsolved since {format_instant(began_at)}, longer than {format_duration(rule.window)}"
    reason = Reason("R36", f"{text} of its own time" if pauses else text)
    return EscalationTrigger(
        key=f"{OVERRUN}:{stamp(at)}",
        because=LadderCause.OVERRUN,
        at=at,
        reason=reason,
        calendar=calendar,
        about=OVERRUN,
        former=OVERRUN,
    )


OVERRUN = "overrun"
"""The name of a ticket's overrun, and the key that older versions gave it."""


def security(issue_type: str | None, inferred: Iterable[str], seen_at: datetime) -> EscalationTrigger | None:
    """Return a trigger for a report of a security breach, by issue type or inferred from words; else None (R36d)."""
    if issue_type == "security":
        text = "the ticket reports a security problem"
    elif "security" in inferred:
        text = "the words of the ticket suggest a security problem"
    else:
        return None
    return EscalationTrigger(key="security", because=LadderCause.SECURITY, at=seen_at, reason=Reason("R36", text))


class ClusterBy(StrEnum):
    """The common element of a cluster's tickets: one account, or one product of several accounts."""

    ACCOUNT = "account"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRule:
    """The size of a cluster: `tickets` severity-1 tickets within `period` (R36c)."""

    by: ClusterBy
    tickets: int
    period: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SevereTicket:
    """The facts of a severity-1 ticket that clusters depend on."""

    ticket_id: str
    at: datetime
    account_id: str | None = None
    product: str | None = None

    def cluster_key(self, by: ClusterBy) -> str | None:
        return {ClusterBy.ACCOUNT: self.account_id, ClusterBy.PRODUCT: self.product}[by]


def clusters(severe: Iterable[SevereTicket], rule: ClusterRule) -> Mapping[str, EscalationTrigger]:
    """Return the ids of the tickets that complete a cluster, each with its trigger.

    A ticket belongs to at most one cluster of a rule. A product cluster must span several accounts.
    """
    return dict(found for group in _groups(severe, rule.by) for found in _completed(group, rule))


def _groups(severe: Iterable[SevereTicket], by: ClusterBy) -> Iterable[Sequence[SevereTicket]]:
    groups: dict[str, list[SevereTicket]] = defaultdict(list)
    for ticket in sorted(severe, key=lambda ticket: (ticket.at, ticket.ticket_id)):
        if (key := ticket.cluster_key(by)) is not None:
            groups[key].append(ticket)
    return groups.values()


def _completed(group: Sequence[SevereTicket], rule: ClusterRule) -> Iterator[tuple[str, EscalationTrigger]]:
    recent: list[SevereTicket] = []
    for ticket in group:
        recent = [other for other in recent if other.at > ticket.at - rule.period] + [ticket]
        if len(recent) >= rule.tickets and _spans(recent, rule.by):
            yield ticket.ticket_id, _cluster(recent, rule)
            recent = []


def _spans(recent: Sequence[SevereTicket], by: ClusterBy) -> bool:
    return by is ClusterBy.ACCOUNT or len({ticket.account_id for ticket in recent}) > 1


def _cluster(recent: Sequence[SevereTicket], rule: ClusterRule) -> EscalationTrigger:
    last = recent[-1]
    shared = f"{rule.by} {last.cluster_key(rule.by)}"
    text = f"{len(recent)} severity-1 tickets of {shared} within {format_duration(rule.period)}"
    return EscalationTrigger(
        key=f"cluster:{rule.by}", because=LadderCause.CLUSTER, at=last.at, reason=Reason("R36", text)
    )
