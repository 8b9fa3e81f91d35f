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
from desk_sync.domain.commitment.clock import Clock, State
from desk_sync.domain.commitment.promise import Milestone
from desk_sync.domain.escalation.ladder import Cause
from desk_sync.domain.escalation.requests import Asker, Request
from desk_sync.domain.format import spell_instant, spell_span
from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Something that starts a ladder, once per (ticket, key). `calendar` is that of the clock it comes from, if any."""

    key: str
    because: Cause
    at: datetime
    reason: Reason
    calendar: BusinessCalendar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Something that starts no ladder, and that a person must look at; once per (ticket, key)."""

    key: str
    reason: Reason


def breaches(clocks: Iterable[Clock]) -> list[Trigger]:
    """The commitments that were broken, each by its clock; of updates that are late no ladder tells (R32)."""
    broken = (clock for clock in clocks if clock.state is State.BREACHED and clock.milestone in _LADDERS)
    return [_breach(clock, clock.due_at) for clock in broken if clock.due_at is not None]


_LADDERS = frozenset(Milestone) - {Milestone.UPDATE}


def _breach(clock: Clock, due_at: datetime) -> Trigger:
    return Trigger(
        key=clock.key,
        because=Cause(clock.milestone),
        at=due_at,
        reason=Reason("R33", f"the commitment of {clock.milestone} ran out at {spell_instant(due_at)}"),
        calendar=clock.calendar,
    )


class Gate(StrEnum):
    """When a request is followed (R33)."""

    AFTER_RESPONSE_TIME = "after_response_time"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRules:
    """How a request is made, besides a checkbox (statuses and tags, whatever their case), and when it is followed."""

    statuses: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    gates: Mapping[Asker, Gate] = field(default_factory=dict)

    def made_by(self, *, ticked: bool, status: str, tags: Iterable[str] = ()) -> bool:
        """Whether the ticket, as it is, asks for an escalation."""
        named = {tag.casefold() for tag in tags} & {tag.casefold() for tag in self.tags}
        return ticked or bool(named) or status.casefold() in {each.casefold() for each in self.statuses}

    def gate(self, asker: Asker) -> Gate:
        return self.gates.get(asker, Gate.AFTER_RESPONSE_TIME)


def requested(request: Request, gate: Gate, partner: Partner, response_due_at: datetime | None) -> Trigger | Review:
    """A request is followed if the contract is valid or unknown and the response time has passed (R33).

    `response_due_at`: when the acknowledgement's commitment is used up; None where none is promised.
    """
    key = f"request:{request.at:%Y%m%dT%H%M%SZ}"
    if refusal := _refusal(request, gate, partner, response_due_at):
        said = f"the {request.by} asked for an escalation, and {refusal}: a person must decide"
        return Review(key=key, reason=Reason("R33", said))
    reason = Reason("R33", f"the {request.by} asked for an escalation at {spell_instant(request.at)}")
    return Trigger(key=key, because=Cause.REQUEST, at=request.at, reason=reason)


def _refusal(request: Request, gate: Gate, partner: Partner, response_due_at: datetime | None) -> str | None:
    if gate is Gate.ALWAYS:
        return None
    if gate is Gate.NEVER:
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
) -> Trigger | None:
    """When a problem runs past its window. `calendar` is the one by which the ticket's clocks count."""
    at = calendar.due(created_at, rule.window) if issue_type in rule.issue_types else None
    if at is None:
        return None
    reason = Reason(
        "R36", f"{issue_type} unsolved since {spell_instant(created_at)}, longer than {spell_span(rule.window)}"
    )
    return Trigger(key="overrun", because=Cause.OVERRUN, at=at, reason=reason, calendar=calendar)


def security(issue_type: str | None, inferred: Iterable[str], seen_at: datetime) -> Trigger | None:
    """A report of a security breach, by its type or by its words. What follows is a person's matter (R36d)."""
    if issue_type == "security":
        said = "the ticket reports a security problem"
    elif "security" in inferred:
        said = "the words of the ticket suggest a security problem"
    else:
        return None
    return Trigger(key="security", because=Cause.SECURITY, at=seen_at, reason=Reason("R36", said))


class Kin(StrEnum):
    """What the tickets of a cluster share: one account, or one product of several accounts."""

    ACCOUNT = "account"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRule:
    """So many severity-1 tickets within `period` are a cluster (R36c)."""

    by: Kin
    tickets: int
    period: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Severe:
    """A severity-1 ticket, as far as clusters are concerned."""

    ticket_id: str
    at: datetime
    account_id: str | None = None
    product: str | None = None

    def kin(self, by: Kin) -> str | None:
        return {Kin.ACCOUNT: self.account_id, Kin.PRODUCT: self.product}[by]


def clusters(severe: Iterable[Severe], rule: ClusterRule) -> Mapping[str, Trigger]:
    """The tickets that complete a cluster, each with its trigger. A ticket belongs to one cluster of a rule at most.

    Of one product a cluster spans several accounts: one account's trouble is that account's.
    """
    return dict(found for group in _groups(severe, rule.by) for found in _completed(group, rule))


def _groups(severe: Iterable[Severe], by: Kin) -> Iterable[Sequence[Severe]]:
    groups: dict[str, list[Severe]] = defaultdict(list)
    for ticket in sorted(severe, key=lambda ticket: (ticket.at, ticket.ticket_id)):
        if (kin := ticket.kin(by)) is not None:
            groups[kin].append(ticket)
    return groups.values()


def _completed(group: Sequence[Severe], rule: ClusterRule) -> Iterator[tuple[str, Trigger]]:
    recent: list[Severe] = []
    for ticket in group:
        recent = [other for other in recent if other.at > ticket.at - rule.period] + [ticket]
        if len(recent) >= rule.tickets and _spans(recent, rule.by):
            yield ticket.ticket_id, _cluster(recent, rule)
            recent = []


def _spans(recent: Sequence[Severe], by: Kin) -> bool:
    return by is Kin.ACCOUNT or len({ticket.account_id for ticket in recent}) > 1


def _cluster(recent: Sequence[Severe], rule: ClusterRule) -> Trigger:
    last = recent[-1]
    said = f"{len(recent)} severity-1 tickets of {rule.by} {last.kin(rule.by)} within {spell_span(rule.period)}"
    return Trigger(key=f"cluster:{rule.by}", because=Cause.CLUSTER, at=last.at, reason=Reason("R36", said))
