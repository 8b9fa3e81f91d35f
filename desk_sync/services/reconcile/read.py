"""The reading half of a look: the ticket in Desk, the account in the data, related tickets. It writes to no ticket."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from desk_sync.domain.account.identity import (
    Evidence,
    Identifier,
    IdentifierKind,
    Lookup,
    bound_evidence,
    choose,
    readings,
)
from desk_sync.domain.account.licence_policy import AccountScope
from desk_sync.domain.account.partner import WRITER_NOT_LOOKED_UP, Partner, TicketWriter, customer_evidence
from desk_sync.domain.account.subscription import combine
from desk_sync.domain.commitment.clock_reading import ClockReading
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.learning import ConversationUpdate
from desk_sync.domain.commitment.regions import TicketOrigin
from desk_sync.domain.commitment.status_past import StatusChange
from desk_sync.domain.escalation.basic_questions import HOWTO, BasicQuestion
from desk_sync.domain.escalation.related_tickets import RelatedFacts
from desk_sync.domain.escalation.triggers import SevereTicket
from desk_sync.domain.plan.adoption.adopt import adopt
from desk_sync.domain.plan.adoption.traces import TicketTraces
from desk_sync.domain.plan.draft import draft_plan
from desk_sync.domain.plan.memory import MAILS_READ, EvidenceMemory, FieldsMemory, Memory
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.ownership import evidence_on, own_fields
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.agent import DeskAgent
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Field, Ticket
from desk_sync.errors import NotSent, PartMissing, TemporaryError
from desk_sync.ports.desk import Desk
from desk_sync.ports.desk_clock import ONE_CLOCK, DeskTime
from desk_sync.ports.now import Now
from desk_sync.ports.portal import PortalFacts
from desk_sync.ports.related_tickets import RelatedTickets
from desk_sync.ports.review import TicketBindingStore
from desk_sync.ports.subscriptions import SubscriptionStore
from desk_sync.ports.tickets import PendingWork, TicketHistory
from desk_sync.services.reconcile.business_hours import HoursFromDesk
from desk_sync.services.reconcile.conversation import ConversationReader
from desk_sync.services.reconcile.live_lookup import LiveLookup, LiveMatches
from desk_sync.services.reconcile.partner import PartnerResolver


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReader:
    """Reads all facts that a look needs. Raises Gone, TemporaryError or PermanentError.

    `clock` leads from the host's `now` to Desk's time, in which everything is compared that happens on a ticket.
    """

    desk: Desk
    subscriptions: SubscriptionStore
    partners: PartnerResolver
    portal: PortalFacts
    related_tickets: RelatedTickets
    bound: TicketBindingStore
    policy: Policy
    now: Now
    hours: HoursFromDesk
    live: LiveLookup | None = None
    clock: DeskTime = ONE_CLOCK
    refusal: Callable[[], str | None] = lambda: None

    def current_policy(self) -> Policy:
        """Return the policy with the calendars that it takes from Desk, and with our own agents as no persons.

        If there is a `refusal`, a reason why this installation must not write, it writes nothing.
        """
        policy = self.hours.complete(self.policy)
        policy = policy.in_shadow() if self.refusal() else policy
        return reduce(Policy.knowing, sorted(self.portal.own_agents()), policy)

    def observe(
        self, ticket_id: str, pending: PendingWork, news: Sequence[Event], policy: Policy
    ) -> tuple[ObservedTicket, Memory]:
        """Return the facts, and the memory with the evidence and the conversation that were read for them."""
        ticket = self.desk.read_ticket(ticket_id, self._own_domains)
        with _of_a_part():
            return self._observe(ticket, pending, news, policy)

    def _observe(
        self, ticket: Ticket, pending: PendingWork, news: Sequence[Event], policy: Policy
    ) -> tuple[ObservedTicket, Memory]:
        """Return the facts about a ticket that was read, and the memory."""
        ticket = self._with_tags(ticket)
        memory, writer = pending.memory, self._writer(ticket)
        fields = own_fields(memory.fields, ticket, news, policy.tickets)
        lookup = self._look_up(ticket, writer.partner, fields, memory.evidence)
        conversation = self._conversation(policy)
        new = conversation.read_new(ticket, memory, news, evidence=_needs_evidence(ticket, lookup))
        evidence = new.evidence
        if evidence != memory.evidence:
            lookup = self._look_up(ticket, writer.partner, fields, evidence)
        evidence = replace(evidence, mailboxes=self._mailboxes(ticket, lookup, evidence))
        writer = policy.partners.with_data_centers(writer, evidence.mailboxes or ())
        offset = self.clock.offset
        observed = ObservedTicket(
            ticket=ticket,
            lookup=lookup,
            events=news,
            references=pending.references | memory.traces.references,
            writer=writer,
            history=conversation.history(ticket, memory.clocks, new.update),
            promise=pending.promise,
            related=self._related(ticket, lookup, writer),
            ours=new.ours,
            commenters=new.commenters,
            requests=evidence.requests,
            now=offset.in_desk_time(self.now()),
            offset=offset,
        )
        return observed, replace(memory, evidence=evidence, clocks=new.memory)

    def observe_conversation(
        self, observed: ObservedTicket, memory: Memory, policy: Policy
    ) -> tuple[ObservedTicket, Memory]:
        """Return the facts and the memory with threads and comments as they are in Desk now."""
        conversation, ticket = self._conversation(policy), observed.ticket
        new = conversation.read_again(ticket, memory)
        history = conversation.extend(observed.history, ticket, new.update) if observed.history else None
        observed = replace(
            observed, history=history, ours=new.ours, commenters=new.commenters, requests=new.evidence.requests
        )
        return observed, replace(memory, clocks=new.memory, evidence=new.evidence)

    def adopt(
        self, observed: ObservedTicket, memory: Memory, policy: Policy, traces: TicketTraces
    ) -> tuple[ObservedTicket, Memory]:
        """Return the facts and the memory with what our traces on the ticket show as done."""
        past, conversation = traces.past, self._conversation(policy)
        created_at = observed.ticket.created_at
        if observed.history is None and traces.first_at and created_at:
            observed, memory = self._from_the_start(observed, memory, conversation, created_at)
        history = observed.history and observed.history.without({each.ref for each in traces.comments})
        changes = [
            StatusChange(at=each.at, before=str(each.before), after=str(each.after))
            for each in traces.changes_of(Field.STATUS, None)
        ]
        update = ConversationUpdate().with_status_changes(changes, whole=past.whole)
        history = history and conversation.extend(history, observed.ticket, update)
        observed = replace(observed, history=history, past=past)
        adopted, known = adopt(observed, memory, traces, policy)
        lookup = self._look_up_again(adopted, known, policy)
        if lookup == observed.lookup:
            return adopted, known
        return adopt(replace(observed, lookup=lookup), memory, traces, policy)

    def _look_up_again(self, observed: ObservedTicket, memory: Memory, policy: Policy) -> Lookup:
        """Return the lookup of a ticket of which it was learnt only now what we had written into its fields."""
        ticket, fields = observed.ticket, own_fields(memory.fields, observed.ticket, observed.events, policy.tickets)
        return self._look_up(ticket, observed.writer.partner, fields, memory.evidence)

    def _from_the_start(
        self, observed: ObservedTicket, memory: Memory, conversation: ConversationReader, created_at: datetime
    ) -> tuple[ObservedTicket, Memory]:
        """Return them with the whole conversation: the ticket had clocks, and was closed before this first look."""
        ticket = observed.ticket
        new = conversation.read_again(ticket, memory)
        history = conversation.extend(History(created_at=created_at), ticket, new.update)
        return replace(observed, history=history), replace(memory, clocks=new.memory)

    def agents(self, addresses: Iterable[str]) -> Mapping[str, DeskAgent | None]:
        """Return Desk's agents by address; None for an address without an agent."""
        return {address: self.desk.read_agent(address) for address in sorted(addresses)}

    def rejudge(self, past: TicketHistory) -> ClockReading | None:
        """Return the clocks as today's policy judges the ticket's whole past, read anew; nothing is written.

        None for a ticket without clocks.
        """
        ticket, policy = self.desk.read_ticket(past.ticket_id, self._own_domains), self.current_policy()
        memory = replace(past.memory, clocks=past.memory.clocks.unjudged())
        writer, conversation = self._writer(ticket), self._conversation(policy)
        writer = policy.partners.with_data_centers(writer, memory.evidence.mailboxes or ())
        fields = own_fields(memory.fields, ticket, (), policy.tickets)
        lookup = self._look_up(ticket, writer.partner, fields, memory.evidence)
        offset = self.clock.offset
        observed = ObservedTicket(
            ticket=ticket,
            lookup=lookup,
            writer=writer,
            history=conversation.history(ticket, memory.clocks, conversation.read_all(ticket, memory)),
            related=RelatedFacts(origin=_origin(writer, lookup)),
            now=offset.in_desk_time(self.now()),
            offset=offset,
        )
        return draft_plan(observed, memory, policy).clocks.reading

    def _with_tags(self, ticket: Ticket) -> Ticket:
        """Return the ticket with its tags, if some tags request an escalation: Desk needs a separate call for them."""
        if not ticket.tagged or not self.policy.escalation.requests.tags:
            return ticket
        return replace(ticket, tags=self.desk.read_tags(ticket.ticket_id))

    def _related(self, ticket: Ticket, lookup: Lookup, writer: TicketWriter) -> RelatedFacts:
        rules, now = self.policy.escalation, self._desk_now()
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
            active_since=self.portal.active_since(self.clock.offset),
            severe=tuple(each for each in severe if each.ticket_id != ticket.ticket_id),
            questions=tuple(each for each in questions if each.ticket_id != ticket.ticket_id),
        )

    def _conversation(self, policy: Policy) -> ConversationReader:
        return ConversationReader(desk=self.desk, portal=self.portal, policy=policy, now=self._desk_now)

    def _desk_now(self) -> datetime:
        return self.clock.offset.in_desk_time(self.now())

    def _writer(self, ticket: Ticket) -> TicketWriter:
        """Return the writer of the ticket, where something depends on it."""
        needed = self.policy.asks_who_writes and not ticket.in_bin
        return self.partners.writer_of(ticket) if needed else WRITER_NOT_LOOKED_UP

    def _own_domains(self, ticket: Ticket) -> frozenset[str]:
        """Return the registered domains of the partner who writes the ticket."""
        with _of_a_part():
            partner = self._writer(ticket).partner
        return partner.domains if partner else frozenset()

    def _mailboxes(self, ticket: Ticket, lookup: Lookup, evidence: EvidenceMemory) -> tuple[str, ...] | None:
        """Return the mailboxes that received the ticket, read once, where the account's region depends on them."""
        if evidence.mailboxes is None and lookup.account and self.policy.asks_mailbox(lookup.account):
            return self.partners.mailboxes(ticket)
        return evidence.mailboxes

    def _look_up(self, ticket: Ticket, partner: Partner | None, fields: FieldsMemory, mails: EvidenceMemory) -> Lookup:
        evidence = customer_evidence((*evidence_on(ticket, fields), *mails.from_threads), partner)
        found = self._find(evidence)
        if bound := self.bound.account_of(ticket.ticket_id):
            by_person = bound_evidence(bound, self.policy.strategies)
            found = replace(found, matches={**found.matches, **dict.fromkeys(by_person.readings, (bound,))})
            evidence = (by_person, *evidence)
        snapshots = self.subscriptions.current()
        newest = snapshots[0] if snapshots else None
        lookup = choose(evidence, found.matches, newest, self.policy.strategies, self.policy.admitted)
        unread = tuple(Reason("R45", f"not read: {each}") for each in dict.fromkeys((*ticket.unread, *mails.unread)))
        if mails.is_used_up and not lookup.rests_on_a_field:
            unread = (*unread, Reason("R45", f"not read: mails of the partner after the first {MAILS_READ}"))
        whole = found.whole and not ticket.unread
        lookup = replace(lookup, reasons=(*lookup.reasons, *found.reasons, *unread), whole=whole)
        account = lookup.account
        if account is None or account.domain is None or self.policy.licences.per is AccountScope.SUPER_ADMIN:
            return lookup
        domain = Identifier(IdentifierKind.DOMAIN, account.domain)
        others = [each for each in self.subscriptions.find([domain]).get(domain, ()) if each != account]
        return replace(lookup, account=combine(account, others, self.policy.licences.freshness.stale_at))

    def _find(self, evidence: Sequence[Evidence]) -> LiveMatches:
        """Return the matches in the local data; the sources themselves are asked only where those have none.

        Matches of suggestions do not spare the question for what acts.
        """
        matches = self.subscriptions.find(readings(evidence))
        usable = [each for each in evidence if any(one.kind in self.policy.strategies for one in each.readings)]
        tried = [each for each in usable if each.standing.acts] or usable
        asked = [each for each in readings(tried) if each.kind in self.policy.strategies]
        if self.live is None or not asked or any(each in matches for each in asked):
            return LiveMatches(matches=matches)
        found = self.live.find(asked)
        return replace(found, matches={**matches, **found.matches})


@contextmanager
def _of_a_part() -> Iterator[None]:
    """Raise PartMissing for a temporary failure: the ticket was read, and something that belongs to it was not."""
    try:
        yield
    except NotSent:
        raise
    except TemporaryError as error:
        raise PartMissing(str(error), retry_after=error.retry_after) from error


def _origin(writer: TicketWriter, lookup: Lookup) -> TicketOrigin:
    account = lookup.account
    countries = account.countries if account else ()
    return TicketOrigin(
        partner_country=writer.partner.country if writer.partner else None,
        customer_country=countries[0] if len(countries) == 1 else None,
        data_centers=(account.data_centers if account else ()) or tuple(sorted(writer.data_centers)),
    )


def _needs_evidence(ticket: Ticket, lookup: Lookup) -> bool:
    """Return True if the partner's mails could lead to the account, or to another one."""
    return not lookup.rests_on_a_field and lookup.snapshot is not None and not ticket.closed
