"""What was said and done on a ticket, asked of Desk where it matters, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desk_sync.domain.account.identity import Evidence
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.learning import ConversationUpdate, HistoryBuilder
from desk_sync.domain.commitment.promise import CommitmentPolicy
from desk_sync.domain.plan.inquiry import InquiryTopic, topics
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Ticket
from desk_sync.ports.desk import Desk
from desk_sync.ports.now import Now
from desk_sync.ports.portal import PortalFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReading:
    """What Desk told. `evidence` is what the partner's further mails say of whose ticket it is."""

    heard: ConversationUpdate
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReader:
    """Asks one portal's Desk about a ticket's past."""

    desk: Desk
    portal: PortalFacts
    rules: CommitmentPolicy
    now: Now

    def ask(self, ticket: Ticket, memory: Memory, news: Sequence[Event], *, evidence: bool) -> ConversationReading:
        """Ask for what is new: one call for each list that may hold something, and for contents only for evidence."""
        asked = topics(ticket, memory, news, self.rules.statuses)
        heard = ConversationUpdate()
        found: tuple[Evidence, ...] = ()
        if evidence or InquiryTopic.THREADS in asked:
            threads = self.desk.read_threads(ticket, known=max(memory.threads_read, 1), contents=evidence)
            heard, found = heard.saying(threads.said), tuple(threads.evidence)
        if InquiryTopic.COMMENTS in asked:
            heard = heard.saying(self.desk.read_comments(ticket.ticket_id))
        if InquiryTopic.STATUS in asked:
            told = self.desk.read_status_changes(ticket.ticket_id)
            heard = heard.changing(told.changes, whole=told.whole)
        return ConversationReading(heard=heard, evidence=found)

    def recall(self, ticket: Ticket) -> ConversationUpdate:
        """Ask for everything that was said and done, whatever is known of it."""
        threads = self.desk.read_threads(ticket, known=ticket.threads, contents=False)
        told = self.desk.read_status_changes(ticket.ticket_id)
        heard = ConversationUpdate().saying(threads.said).saying(self.desk.read_comments(ticket.ticket_id))
        return heard.changing(told.changes, whole=told.whole)

    def history(self, ticket: Ticket, memory: Memory, heard: ConversationUpdate) -> History | None:
        """What happened on the ticket so far; None for one without clocks: it was closed before we knew it."""
        if ticket.created_at is None or (memory.watched is None and ticket.closed):
            return None
        before = memory.watched.history if memory.watched else History(created_at=ticket.created_at)
        types = self.portal.learn_status(ticket.status, ticket.status_type)
        learning = HistoryBuilder(replies=self.rules.replies, statuses=self.rules.statuses, types=types)
        return learning.learn(before, ticket, heard, now=self.now())
