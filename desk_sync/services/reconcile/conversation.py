"""The conversation and the past of a ticket, read from Desk where something may be new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from desk_sync.domain.commitment.conversation import DESK_STATUSES, ConversationItem
from desk_sync.domain.commitment.history import History
from desk_sync.domain.commitment.learning import ConversationUpdate, HistoryBuilder
from desk_sync.domain.commitment.promise import CommitmentPolicy
from desk_sync.domain.plan.adoption.own_comments import OwnComments
from desk_sync.domain.plan.inquiry import InquiryTopic, topics
from desk_sync.domain.plan.memory import ClocksMemory, EvidenceMemory, Memory
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.event import Event
from desk_sync.domain.ticket.ticket import Ticket
from desk_sync.errors import PermanentError, Unreadable
from desk_sync.logs import get_logger
from desk_sync.ports.desk import Desk
from desk_sync.ports.now import Now
from desk_sync.ports.portal import PortalFacts

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReading:
    """What is new in the conversation, and what is remembered of it; `evidence` with that of the partner's mails.

    `ours` are our own comments, which are no part of the conversation, and `commenters` the authors of the others; None
    if the comments were not read.
    """

    update: ConversationUpdate
    memory: ClocksMemory
    evidence: EvidenceMemory
    ours: Sequence[ConversationItem] | None = None
    commenters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationReader:
    """Reads the conversations of one portal's tickets."""

    desk: Desk
    portal: PortalFacts
    policy: Policy
    now: Now

    @property
    def rules(self) -> CommitmentPolicy:
        return self.policy.commitment

    def read_new(self, ticket: Ticket, memory: Memory, news: Sequence[Event], *, evidence: bool) -> ConversationReading:
        """Read each list that may hold something new, one call each; the contents of mails only for `evidence`."""
        needed = topics(ticket, memory.clocks, news, self.rules.statuses, self.now())
        known = memory.evidence.current()
        wanted = evidence and not known.is_used_up
        unread = wanted and ticket.threads > max(known.threads_read, 1)
        memory = replace(memory, evidence=known) if unread else memory
        reading = _nothing_read(replace(memory, clocks=memory.clocks.doubting(ticket, news)))
        if unread or InquiryTopic.THREADS in needed:
            reading = self._with_threads(reading, ticket, contents=wanted)
        if InquiryTopic.COMMENTS in needed:
            reading = self._with_comments(reading, ticket)
        if InquiryTopic.STATUS in needed:
            reading = self._with_status(reading, ticket)
        return reading

    def read_again(self, ticket: Ticket, memory: Memory) -> ConversationReading:
        """Read threads and comments, whatever is known of them, and the past of a status that is in doubt."""
        reading = self._with_comments(self._with_threads(_nothing_read(memory), ticket, contents=False), ticket)
        return self._with_status(reading, ticket) if memory.clocks.in_doubt else reading

    def read_all(self, ticket: Ticket, memory: Memory) -> ConversationUpdate:
        """Read all lists, whatever is known of them."""
        return self._with_status(self.read_again(ticket, memory), ticket).update

    def history(self, ticket: Ticket, memory: ClocksMemory, update: ConversationUpdate) -> History | None:
        """Return the ticket's history so far; None without clocks: it was closed before its first look."""
        if ticket.created_at is None or (memory.inputs is None and ticket.closed):
            return None
        before = memory.inputs.history if memory.inputs else History(created_at=ticket.created_at)
        return self.extend(before, ticket, update)

    def extend(self, history: History, ticket: Ticket, update: ConversationUpdate) -> History:
        """Return the history with the update."""
        builder = HistoryBuilder(
            replies=self.rules.replies, statuses=self.rules.statuses, types=self._types(ticket, update)
        )
        return builder.learn(history, ticket, update, now=self.now())

    def _types(self, ticket: Ticket, update: ConversationUpdate) -> Mapping[str, str]:
        """Return Desk's types of the statuses; the layouts are asked for one that no ticket had at a look."""
        types = self.portal.learn_statuses({ticket.status: ticket.status_type})
        if update.statuses <= types.keys() | DESK_STATUSES.keys():
            return types
        try:
            known = self.desk.status_types(ticket.department_id)
        except PermanentError as error:
            log.warning("statuses.unknown", ticket_id=ticket.ticket_id, error=str(error))
            return types
        return self.portal.learn_statuses({**known, ticket.status: ticket.status_type})

    def _with_threads(self, reading: ConversationReading, ticket: Ticket, *, contents: bool) -> ConversationReading:
        read_at, seen, known = self.now(), reading.memory.threads_seen, reading.evidence
        threads = self.desk.read_threads(ticket, known=known.mails_read, contents=contents)
        found = known.after(threads.evidence, threads.mails_read, threads=ticket.threads, unread=threads.unread)
        return ConversationReading(
            update=reading.update.with_items(map(seen.dated, threads.items)),
            memory=replace(reading.memory, threads_seen=seen.after(threads.items, read_at)),
            evidence=(found if contents else known).with_requests(threads.requests),
        )

    def _with_comments(self, reading: ConversationReading, ticket: Ticket) -> ConversationReading:
        read_at, seen = self.now(), reading.memory.comments_seen
        own = OwnComments(self.policy, ticket.ticket_id, self.portal.own_agents())
        comments = own.part(self.desk.read_comments(ticket.ticket_id))
        return replace(
            reading,
            update=reading.update.with_items(map(seen.dated, comments.others)),
            memory=replace(reading.memory, comments_seen=seen.after(comments.others, read_at)),
            ours=comments.ours,
            commenters=comments.commenters,
        )

    def _with_status(self, reading: ConversationReading, ticket: Ticket) -> ConversationReading:
        try:
            status = self.desk.read_status_changes(ticket.ticket_id)
        except Unreadable as error:  # the clocks go on by what the ticket shows
            log.warning("history.unread", ticket_id=ticket.ticket_id, error=str(error))
            since = reading.memory.left_at or ticket.created_at
            return replace(reading, update=replace(reading.update, unread_since=since))
        return replace(
            reading,
            update=reading.update.with_status_changes(status.changes, whole=status.whole),
            memory=replace(reading.memory, in_doubt=False),
        )


def _nothing_read(memory: Memory) -> ConversationReading:
    return ConversationReading(update=ConversationUpdate(), memory=memory.clocks, evidence=memory.evidence)
