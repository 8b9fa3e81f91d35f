"""What may start a ladder (R33–R36): each trigger is a rule over facts that says so with a reason.

A trigger that does not fire says why not, where a person must know of it: that is a review.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from desk_sync.domain.account.partner import Partner
from desk_sync.domain.commitment.calendar import BusinessCalendar
from desk_sync.domain.commitment.clock import Clock, ClockState
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.escalation.ladder import LadderCause
from desk_sync.domain.escalation.requests import EscalationRequest, Requester
from desk_sync.domain.format import format_duration, format_instant
from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationTrigger:
    """Something that starts a ladder, once per (ticket, key). `calendar` is that of the clock it comes from, if any."""

    key: str
    because: LadderCause
    at: datetime
    reason: Reason
    calendar: BusinessCalendar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRequest:
    """Something that starts no ladder, and that a person must look at; once per (ticket, key)."""

    key: str
    reason: Reason


def breaches(clocks: Iterable[Clock]) -> list[EscalationTrigger]:
    """The commitments that were broken, each by its clock; of updates that are late no ladder tells (R32)."""
    broken = (clock for clock in clocks if clock.state is ClockState.BREACHED and clock.milestone in _LADDERS)
    return [_breach(clock, clock.due_at) for clock in broken if clock.due_at is not None]


_LADDERS = frozenset(Milestone) - {Milestone.UPDATE}


def _breach(clock: Clock, due_at: datetime) -> EscalationTrigger:
    return EscalationTrigger(
        key=clock.key,
        because=LadderCause(clock.milestone),
        at=due_at,
        reason=Reason("R33", f"the commitment of {clock.milestone} ran out at {format_instant(due_at)}"),
        calendar=clock.calendar,
    )


class RequestGate(StrEnum):
    """When a request is followed (R33)."""

    AFTER_RESPONSE_TIME = "after_response_time"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRules:
    """How a request is made, besides a checkbox (statuses and tags, whatever their case), and when it is followed."""

    statuses: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    gates: Mapping[Requester, RequestGate] = field(default_factory=dict)

    def made_by(self, *, ticked: bool, status: str, tags: Iterable[str] = ()) -> bool:
        """Whether the ticket, as it is, asks for an escalation."""
        named = {tag.casefold() for tag in tags} & {tag.casefold() for tag in self.tags}
        return ticked or bool(named) or status.casefold() in {each.casefold() for each in self.statuses}

    def gate(self, asker: Requester) -> RequestGate:
        return self.gates.get(asker, RequestGate.AFTER_RESPONSE_TIME)


def requested(
    request: EscalationRequest, gate: RequestGate, partner: Partner, response_due_at: datetime | None
) -> EscalationTrigger | ReviewRequest:
    """A request is followed if the contract is valid or unknown and the response time has passed (R33).

    `response_due_at`: when the acknowledgement's commitment is used up; None where none is promised.
    """
    key = f"request:{request.at:%Y%m%dT%H%M%SZ}"
    if refusal := _refusal(request, gate, partner, response_due_at):
        said = f"the {request.by} asked for an escalation, and {refusal}: a person must decide"
        return ReviewRequest(key=key, reason=Reason("R33", said))
    reason = Reason("R33", f"the {request.by} asked for an escalation at {format_instant(request.at)}")
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
    """Outages and login problems that are unsolved after `window` of the ticket's own time (R36a, R36b)."""

    issue_types: frozenset[str]
    window: timedelta


def overrun(
    rule: OverrunRule, issue_type: str | None, created_at: datetime, calendar: BusinessCalendar
) -> EscalationTrigger | None:
    """When a problem runs past its window. `calendar` is the one by which the ticket's clocks count."""
    at = calendar.due(created_at, rule.window) if issue_type in rule.issue_types else None
    if at is None:
        return None
    reason = Reason(
        "R36", f"{issue_type} unsolved since {format_instant(created_at)}, longer than {format_duration(rule.window)}"
    )
    return EscalationTrigger(key="overrun", because=LadderCause.OVERRUN, at=at, reason=reason, calendar=calendar)


def security(issue_type: str | None, inferred: Iterable[str], seen_at: datetime) -> EscalationTrigger | None:
    """A report of a security breach, by its type or by its words. What follows is a person's matter (R36d)."""
    if issue_type == "security":
        said = "the ticket reports a security problem"
    elif "security" in inferred:
        said = "the words of the ticket suggest a security problem"
    else:
        return None
    return EscalationTrigger(key="security", because=LadderCause.SECURITY, at=seen_at, reason=Reason("R36", said))


class ClusterBy(StrEnum):
    """What the tickets of a cluster share: one account, or one product of several accounts."""

    ACCOUNT = "account"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRule:
    """So many severity-1 tickets within `period` are a cluster (R36c)."""

    by: ClusterBy
    tickets: int
    period: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SevereTicket:
    """A severity-1 ticket, as far as clusters are concerned."""

    ticket_id: str
    at: datetime
    account_id: str | None = None
    product: str | None = None

    def kin(self, by: ClusterBy) -> str | None:
        return {ClusterBy.ACCOUNT: self.account_id, ClusterBy.PRODUCT: self.product}[by]


def clusters(severe: Iterable[SevereTicket], rule: ClusterRule) -> Mapping[str, EscalationTrigger]:
    """The tickets that complete a cluster, each with its trigger. A ticket belongs to one cluster of a rule at most.

    Of one product a cluster spans several accounts: one account's trouble is that account's.
    """
    return dict(found for group in _groups(severe, rule.by) for found in _completed(group, rule))


def _groups(severe: Iterable[SevereTicket], by: ClusterBy) -> Iterable[Sequence[SevereTicket]]:
    groups: dict[str, list[SevereTicket]] = defaultdict(list)
    for ticket in sorted(severe, key=lambda ticket: (ticket.at, ticket.ticket_id)):
        if (kin := ticket.kin(by)) is not None:
            groups[kin].append(ticket)
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
    said = f"{len(recent)} severity-1 tickets of {rule.by} {last.kin(rule.by)} within {format_duration(rule.period)}"
    return EscalationTrigger(
        key=f"cluster:{rule.by}", because=LadderCause.CLUSTER, at=last.at, reason=Reason("R36", said)
    )
