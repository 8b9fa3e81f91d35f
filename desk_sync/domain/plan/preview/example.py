"""The example ticket of a preview of texts: every name, number and address in it is invented.

It is of a partner without a country, so the region of the mapping's fallback is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from desk_sync.domain.account.identity import (
    AccountCandidate,
    Evidence,
    EvidencePlace,
    Identifier,
    IdentifierKind,
    Lookup,
)
from desk_sync.domain.account.partner import Partner, PartnerOrigin, TicketWriter
from desk_sync.domain.account.subscription import Account, LicenceItem, Snapshot
from desk_sync.domain.commitment.calendar import WEEKDAYS, BusinessCalendar, HolidayMode, WeeklyHours
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.commitment.history import History, HistoryEvent, HistoryEventKind
from desk_sync.domain.commitment.read_clocks import ClockBasis, read_clocks
from desk_sync.domain.commitment.regions import SourcedCalendar, TicketOrigin
from desk_sync.domain.escalation.escalate import NO_ESCALATION, EscalationOutcome, escalate
from desk_sync.domain.escalation.ladder import LadderCause
from desk_sync.domain.escalation.matrix import LEVELS
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.escalation.requests import NO_REQUESTS, EscalationRequest, Requester
from desk_sync.domain.escalation.triggers import (
    ClusterRule,
    EscalationTrigger,
    RequestGate,
    ReviewRequest,
    SevereTicket,
    breaches,
    clusters,
    overrun,
    requested,
    security,
)
from desk_sync.domain.plan.decision import decide
from desk_sync.domain.plan.escalation import EscalationContext
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.ticket import Ticket

PARTNER = Partner(name="Example Partner", domains=frozenset({"partner.example.com"}))
WRITER = TicketWriter(partner=PARTNER, origin=PartnerOrigin.DESK)
ADMIN = "super.admin@customer.example.com"
OFFICE_HOURS = BusinessCalendar(
    tz="UTC",
    weekly=dict.fromkeys(WEEKDAYS[:5], (WeeklyHours.of("09:00", "18:00"),)),
    holiday_mode=HolidayMode.CIVIL_DATE,
)
"""Stands for business hours of Desk, which are not read for a preview."""


def example_ticket(**facts: Any) -> Ticket:
    usual = {
        "ticket_id": "100000000000001042",
        "number": "1042",
        "url": "https://desk.example.com/tickets/1042",
        "department_id": "100000000000000001",
        "status": "Open",
        "sender": "person@partner.example.com",
        "sender_domain": "partner.example.com",
    }
    return Ticket(**usual | facts)


@dataclass(frozen=True)
class PreviewScene:
    """The example ticket, opened at an instant with severity 1, under a policy without business hours of Desk."""

    policy: Policy
    opened_at: datetime

    @classmethod
    def of(cls, policy: Policy, opened_at: datetime) -> PreviewScene:
        hours = dict.fromkeys(policy.commitment.regions.desk_hours, SourcedCalendar(calendar=OFFICE_HOURS))
        regions = replace(policy.commitment.regions, desk_calendars=hours)
        return cls(replace(policy, commitment=replace(policy.commitment, regions=regions)), opened_at)

    def account(self, service: str = "CRM", *, quantity: int = 500) -> Account:
        """Return an account with users of a service."""
        item = LicenceItem(
            subscription_id="EXAMPLE-1",
            service=service,
            name="Example plan",
            quantity=quantity,
            unit=min(self.policy.licences.counted_units, default="users"),
            status=min(self.policy.licences.in_force, default="live"),
            edition="Example plan",
        )
        return Account(account_id="EXAMPLE-ACCOUNT", super_admin_email=ADMIN, items=(item,))

    def lookup(self, account: Account | None = None, *, age: timedelta = timedelta(0), **facts: Any) -> Lookup:
        snapshot = Snapshot(snapshot_id="example", source="example", imported_at=self.opened_at - age)
        return Lookup(**{"account": account, "reasons": (), "snapshot": snapshot} | facts)

    def evidence(self) -> Evidence:
        return Evidence(EvidencePlace.QUOTED, (Identifier(IdentifierKind.EMAIL, ADMIN),))

    def candidate(self) -> AccountCandidate:
        return AccountCandidate(account=self.account(), evidence=self.evidence())

    def reading(self, now: datetime) -> ClockReading:
        """Return the clocks of the ticket at an instant, without an answer."""
        severe = HistoryEvent(kind=HistoryEventKind.SEVERITY, at=self.opened_at, level=1)
        history = History(created_at=self.opened_at, events=(severe,))
        promise = self.policy.commitment.promise(TicketOrigin(), self.policy.version)
        basis = ClockBasis(large=True, large_since=self.opened_at)
        clocks = read_clocks(history, promise, basis, now)
        return ClockReading(history=history, promise=promise, basis=basis, clocks=clocks)

    def context(self, now: datetime, **facts: Any) -> EscalationContext:
        ticket = example_ticket(**facts)
        return EscalationContext(
            ticket=ticket,
            reading=self.reading(now),
            severity=1,
            decision=decide(ticket, self.lookup(self.account()), WRITER, self.policy, self.opened_at),
            writer=WRITER,
            related=RelatedFacts(),
            requests=NO_REQUESTS,
            policy=self.policy,
            now=now,
        )

    def triggers(self) -> Mapping[LadderCause, EscalationTrigger]:
        """Return a trigger for each cause that the mapping allows."""
        return {each.because: each for each in self._triggers()}

    def _triggers(self) -> Iterator[EscalationTrigger]:
        policy = self.policy.escalation
        due = [each.due_at for each in self.reading(self.opened_at).clocks if each.due_at]
        yield from breaches(self.reading(max(due, default=self.opened_at)).clocks)
        found = [security("security", (), self.opened_at), self.request(RequestGate.ALWAYS)]
        yield from (each for each in found if isinstance(each, EscalationTrigger))
        if policy.overrun:
            issue_type, calendar = min(policy.overrun.issue_types), self.context(self.opened_at).ladder.calendar
            late = overrun(policy.overrun, issue_type, self.opened_at, calendar)
            yield from (late,) if late else ()
        for rule in policy.clusters:
            yield from clusters(self._severe(rule), rule).values()

    def request(self, gate: RequestGate) -> EscalationTrigger | ReviewRequest:
        """Return the outcome of a partner's request for an escalation."""
        return requested(EscalationRequest(by=Requester.PARTNER, at=self.opened_at), gate, PARTNER, None)

    def _severe(self, rule: ClusterRule) -> Iterator[SevereTicket]:
        """Yield tickets that are a cluster: of one account, or of one product and several accounts."""
        for number in range(rule.tickets):
            account = "EXAMPLE-ACCOUNT" if rule.by == "account" else f"EXAMPLE-ACCOUNT-{number}"
            yield SevereTicket(
                ticket_id=str(1042 + number), at=self.opened_at, account_id=account, product="Example product"
            )

    def climb(self, trigger: EscalationTrigger, **facts: Any) -> Iterator[tuple[EscalationOutcome, EscalationContext]]:
        """Yield the outcome of each level that the trigger raises, if nothing happens on the ticket."""
        state, holding, policy = NO_ESCALATION, frozenset({trigger.about}), self.policy.escalation
        now: datetime | None = trigger.at
        for _ in LEVELS:
            if now is not None:
                context = self.context(now, **facts)
                outcome = escalate(state, [trigger], {}, context.ladder, policy, now=now, holding=holding)
                yield outcome, context
                state, now = outcome.state, outcome.next_at
