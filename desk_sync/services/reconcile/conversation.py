"""The conversation and the past of a ticket, read from Desk where something may be new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desk_sync.domain.account.identity import Evidence
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.learning import ConversationUpdate, HistoryBuilder
from desk_sync.domain.commitment.promise import CommitmentPolicy
from desk_sync.domain.plan.inquiry import InquiryTopic, topics
from desk_sync.domain.plan.memory import ClocksMemory, Memory
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Ticket
from desk_sync.ports.desk import Desk
from desk_sync.ports.now import Now
from desk_sync.ports.portal import PortalFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReading:
    """What is new in the conversation. `evidence` comes from the partner's further mails."""

    update: ConversationUpdate
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReader:
    """Reads the conversations of one portal's tickets."""

    desk: Desk
    portal: PortalFacts
    rules: CommitmentPolicy
    now: Now

    def read_new(self, ticket: Ticket, memory: Memory, news: Sequence[Event], *, evidence: bool) -> ConversationReading:
        """Read each list that may hold something new, one call each; the contents of mails only for `evidence`."""
        needed = topics(ticket, memory.clocks, news, self.rules.statuses)
        update = ConversationUpdate()
        found: tuple[Evidence, ...] = ()
        if evidence or InquiryTopic.THREADS in needed:
            read = max(memory.evidence.threads_read, 1)
            threads = self.desk.read_threads(ticket, known=read, contents=evidence)
            update, found = update.with_items(threads.items), tuple(threads.evidence)
        if InquiryTopic.COMMENTS in needed:
            update = update.with_items(self.desk.read_comments(ticket.ticket_id))
        if InquiryTopic.STATUS in needed:
            status = self.desk.read_status_changes(ticket.ticket_id)
            update = update.with_status_changes(status.changes, whole=status.whole)
        return ConversationReading(update=update, evidence=found)

    def read_all(self, ticket: Ticket) -> ConversationUpdate:
        """Read all lists, whatever is known of them."""
        threads = self.desk.read_threads(ticket, known=ticket.threads, contents=False)
        status = self.desk.read_status_changes(ticket.ticket_id)
        update = ConversationUpdate().with_items(threads.items).with_items(self.desk.read_comments(ticket.ticket_id))
        return update.with_status_changes(status.changes, whole=status.whole)

    def history(self, ticket: Ticket, memory: ClocksMemory, update: ConversationUpdate) -> History | None:
        """Return the ticket's history so far; None without clocks: it was closed before its first look."""
        if ticket.created_at is None or (memory.inputs is None and ticket.closed):
            return None
        before = memory.inputs.history if memory.inputs else History(created_at=ticket.created_at)
        types = self.portal.learn_status(ticket.status, ticket.status_type)
        builder = HistoryBuilder(replies=self.rules.replies, statuses=self.rules.statuses, types=types)
        return builder.learn(before, ticket, update, now=self.now())
