"""What one look has to know of a ticket: read from Desk, looked up in the data, and never written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from desk_sync.domain.account.identity import Evidence, Identifier, IdentifierKind, Lookup, choose, readings
from desk_sync.domain.account.licence_policy import AccountScope
from desk_sync.domain.account.partner import NOBODY_ASKED, Partner, TicketWriter, customers
from desk_sync.domain.account.subscription import combine
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.commitment.regions import TicketOrigin
from desk_sync.domain.escalation.basic_questions import HOWTO, BasicQuestion
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.escalation.triggers import SevereTicket
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.plan.plan import ObservedTicket, Plan, plan
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Ticket
from desk_sync.ports.desk import Desk
from desk_sync.ports.now import Now
from desk_sync.ports.portal import PortalFacts
from desk_sync.ports.related_tickets import RelatedTickets
from desk_sync.ports.subscriptions import SubscriptionStore
from desk_sync.ports.tickets import PendingWork, TicketHistory
from desk_sync.services.reconcile.business_hours import HoursFromDesk
from desk_sync.services.reconcile.conversation import ConversationReader
from desk_sync.services.reconcile.live_lookup import LiveLookup, LiveMatches
from desk_sync.services.reconcile.partner import PartnerResolver


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReader:
    """Finds out what the looks at one portal's tickets have to know. Raises Gone, TemporaryError or PermanentError."""

    desk: Desk
    subscriptions: SubscriptionStore
    writers: PartnerResolver
    portal: PortalFacts
    related_tickets: RelatedTickets
    policy: Policy
    now: Now
    hours: HoursFromDesk
    live: LiveLookup | None = None

    def find(self, ticket_id: str, pending: PendingWork, news: Sequence[Event]) -> tuple[ObservedTicket, Memory]:
        """What is so now; and what is remembered, with what was heard for it."""
        ticket = self._tagged(self.desk.read_ticket(ticket_id))
        policy, memory, writer = self._policy(), pending.memory, self._writer(ticket)
        lookup = self._look_up(ticket, writer.partner, memory.heard)
        listening = self._listening(policy)
        wanted = _more_is_said(ticket, lookup, memory)
        told = listening.ask(ticket, memory, news, evidence=wanted)
        if wanted:
            heard = tuple(dict.fromkeys((*memory.heard, *told.evidence)))
            memory = replace(memory, heard=heard, threads_read=ticket.threads)
            lookup = self._look_up(ticket, writer.partner, memory.heard)
        memory = replace(memory, mailboxes=self._mailboxes(ticket, lookup, memory))
        writer = policy.partners.reached(writer, memory.mailboxes or ())
        found = ObservedTicket(
            ticket=ticket,
            lookup=lookup,
            events=news,
            writer=writer,
            history=listening.history(ticket, memory, told.heard),
            promise=pending.promise,
            around=self._around(ticket, lookup, writer),
            now=self.now(),
        )
        return found, memory

    def plan(self, found: ObservedTicket, memory: Memory) -> Plan:
        """What follows from it, once Desk has told of the agents that the plan asks about."""
        policy = self._policy()
        wish = plan(found, memory, policy)
        if not wish.asks:
            return wish
        agents = {address: self.desk.read_agent(address) for address in sorted(wish.asks)}
        return plan(replace(found, around=replace(found.around, agents=agents)), memory, policy)

    def rejudge(self, past: TicketHistory) -> ClockReading | None:
        """The clocks of a ticket as today's policy judges its whole past, asked of Desk anew; nothing is written.

        None for a ticket without clocks.
        """
        ticket, policy, memory = self.desk.read_ticket(past.ticket_id), self._policy(), past.memory.unjudged()
        writer, listening = self._writer(ticket), self._listening(policy)
        writer = policy.partners.reached(writer, memory.mailboxes or ())
        lookup = self._look_up(ticket, writer.partner, memory.heard)
        found = ObservedTicket(
            ticket=ticket,
            lookup=lookup,
            writer=writer,
            history=listening.history(ticket, memory, listening.recall(ticket)),
            around=RelatedFacts(origin=_origin(writer, lookup)),
            now=self.now(),
        )
        return plan(found, memory, policy).watch

    def _tagged(self, ticket: Ticket) -> Ticket:
        """With its tags, where some of them ask for an escalation: Desk tells them apart."""
        if not ticket.tagged or not self.policy.escalation.requests.tags:
            return ticket
        return replace(ticket, tags=self.desk.read_tags(ticket.ticket_id))

    def _around(self, ticket: Ticket, lookup: Lookup, writer: TicketWriter) -> RelatedFacts:
        rules, now = self.policy.escalation, self.now()
        severe: Sequence[SevereTicket] = ()
        questions: Sequence[BasicQuestion] = ()
        if rules.clusters:
            since = now - max(rule.period for rule in rules.clusters)
            account_id = lookup.account.account_id if lookup.account else None
            severe = self.related_tickets.severe(account_id=account_id, product=ticket.product, since=since)
        if rules.questions and writer.partner and ticket.issue_type == HOWTO:
            since = now - 2 * rules.questions.within
            questions = self.related_tickets.questions(writer.partner.name, since=since)
        return RelatedFacts(
            origin=_origin(writer, lookup),
            active_since=self.portal.active_since(),
            severe=tuple(each for each in severe if each.ticket_id != ticket.ticket_id),
            questions=tuple(each for each in questions if each.ticket_id != ticket.ticket_id),
        )

    def _listening(self, policy: Policy) -> ConversationReader:
        return ConversationReader(desk=self.desk, portal=self.portal, rules=policy.commitment, now=self.now)

    def _writer(self, ticket: Ticket) -> TicketWriter:
        """Who wrote the ticket, if it matters."""
        return self.writers.of(ticket) if self.policy.asks_who_writes and not ticket.in_bin else NOBODY_ASKED

    def _mailboxes(self, ticket: Ticket, lookup: Lookup, memory: Memory) -> tuple[str, ...] | None:
        """Those that the ticket came to, asked of Desk once, and only where the account's region follows from them."""
        if memory.mailboxes is None and lookup.account and self.policy.asks_mailbox(lookup.account):
            return self.writers.mailboxes(ticket)
        return memory.mailboxes

    def _look_up(self, ticket: Ticket, partner: Partner | None, heard: Sequence[Evidence]) -> Lookup:
        evidence = customers((*ticket.evidence, *heard), partner)
        told = self._find(readings(evidence))
        snapshots = self.subscriptions.current()
        newest = snapshots[0] if snapshots else None
        lookup = choose(evidence, told.matches, newest, self.policy.strategies)
        lookup = replace(lookup, reasons=(*lookup.reasons, *told.reasons))
        account = lookup.account
        if account is None or account.domain is None or self.policy.licences.per is AccountScope.SUPER_ADMIN:
            return lookup
        domain = Identifier(IdentifierKind.DOMAIN, account.domain)
        others = [each for each in self.subscriptions.find([domain]).get(domain, ()) if each != account]
        return replace(lookup, account=combine(account, others))

    def _find(self, identifiers: Sequence[Identifier]) -> LiveMatches:
        """What the local data say; the sources themselves are asked only where those know nothing at all."""
        matches = self.subscriptions.find(identifiers)
        tried = [each for each in identifiers if each.kind in self.policy.strategies]
        if matches or self.live is None or not tried:
            return LiveMatches(matches=matches)
        return self.live.find(tried)

    def _policy(self) -> Policy:
        """The policy, with the calendars that it takes from Desk, and our own agent among those who are no persons."""
        policy, own = self.hours.complete(self.policy), self.portal.own_agent()
        return policy.knowing(own) if own else policy


def _origin(writer: TicketWriter, lookup: Lookup) -> TicketOrigin:
    account = lookup.account
    countries = account.countries if account else ()
    return TicketOrigin(
        partner_country=writer.partner.country if writer.partner else None,
        customer_country=countries[0] if len(countries) == 1 else None,
        data_centers=(account.data_centers if account else ()) or tuple(sorted(writer.data_centers)),
    )


def _more_is_said(ticket: Ticket, lookup: Lookup, memory: Memory) -> bool:
    """Whether threads that we have not read could lead to the account: the first one is the description."""
    sought = lookup.account is None and lookup.snapshot is not None and not ticket.closed
    return sought and ticket.threads > max(memory.threads_read, 1)
