"""Our traces on a ticket, read from Desk where our memory of it may be behind, and adopted as done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desk_sync.domain.commitment.conversation import ConversationItem
from desk_sync.domain.plan.adoption.own_comments import OwnComments
from desk_sync.domain.plan.adoption.traces import TicketTraces, is_behind, is_unexplained, writers_of
from desk_sync.domain.plan.draft import PlanDraft, draft_plan
from desk_sync.domain.plan.education import REPLY, LastEducation, partner_key
from desk_sync.domain.plan.memory import Memory
from desk_sync.domain.plan.observed import ObservedTicket
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.effect import reference_of
from desk_sync.domain.ticket.past import TicketPast
from desk_sync.errors import NotSent, PermanentError, Unreadable
from desk_sync.logs import get_logger
from desk_sync.ports.desk import Desk
from desk_sync.ports.partners import EducationLog
from desk_sync.ports.portal import PortalFacts
from desk_sync.services.reconcile.own_agents import OwnAgents
from desk_sync.services.reconcile.read import TicketReader

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceAdoption:
    """Adopts the traces of one portal's tickets. An ordinary look costs no call more."""

    desk: Desk
    portal: PortalFacts
    reader: TicketReader
    education_log: EducationLog

    @property
    def own_agents(self) -> OwnAgents:
        return OwnAgents(desk=self.desk, portal=self.portal)

    def catch_up(
        self, observed: ObservedTicket, memory: Memory, policy: Policy
    ) -> tuple[ObservedTicket, Memory, PlanDraft]:
        """Return facts, memory and draft, after the traces were adopted if the memory is behind."""
        draft = draft_plan(observed, memory, policy)
        if not self._is_behind(observed, memory, draft):
            return observed, memory, draft
        traces = self._read(observed, policy)
        policy = self.reader.current_policy()
        adopted, memory = self.reader.adopt(observed, memory, policy, traces)
        self._remember_education(adopted, traces)
        log.info(
            "traces.adopted",
            ticket_id=observed.ticket.ticket_id,
            comments=len(traces.comments),
            changes=sum(1 for _ in traces.ours),
            levels=[each.level for each in memory.escalation.state.raised],
        )
        return adopted, memory, draft_plan(adopted, memory, policy)

    def _is_behind(self, observed: ObservedTicket, memory: Memory, draft: PlanDraft) -> bool:
        if is_behind(observed, memory, self.own_agents.known(), self.portal.traces_wanted_at()):
            return True
        if draft.fields.seem_overwritten:
            return True
        if memory.traces.read_at == observed.host_now:
            return False
        if is_unexplained(observed, memory):
            return bool(draft.replaced)
        doubtful = draft.fields.doubtful
        return bool(doubtful and doubtful & draft.replaced)

    def _read(self, observed: ObservedTicket, policy: Policy) -> TicketTraces:
        """Read the traces; comments that this look has read already are not read again, if our agent was known then."""
        known = self.own_agents.known()
        is_read = self.own_agents.ask() == known and observed.ours is not None
        ours, commenters = (observed.ours or (), observed.commenters) if is_read else self._comments(observed, policy)
        self.portal.learn_former_agents(writers_of(ours, commenters))
        return TicketTraces(comments=tuple(ours), past=self._past(observed), agents=self.own_agents.known())

    def _comments(self, observed: ObservedTicket, policy: Policy) -> tuple[Sequence[ConversationItem], frozenset[str]]:
        """Return our comments, and the authors of the others."""
        ticket = observed.ticket
        listed = self.desk.read_comments(ticket.ticket_id) if ticket.comments else ()
        comments = OwnComments(policy, ticket.ticket_id, self.own_agents.known()).part(listed)
        return comments.ours, comments.commenters

    def _past(self, observed: ObservedTicket) -> TicketPast:
        """Return the ticket's past. If Desk does not show it, our comments are adopted alone."""
        try:
            return self.desk.read_past(observed.ticket)
        except NotSent:
            raise
        except (PermanentError, Unreadable) as error:
            log.warning("past.unread", ticket_id=observed.ticket.ticket_id, error=str(error))
            return TicketPast(whole=False)

    def _remember_education(self, observed: ObservedTicket, traces: TicketTraces) -> None:
        """Record a public reply that educated the partner, so that no other ticket gets one too soon."""
        ticket = observed.ticket
        reply = traces.comment(reference_of(ticket.ticket_id, REPLY))
        if reply:
            last = LastEducation(ticket_id=ticket.ticket_id, at=reply.at)
            self.education_log.learn(partner_key(ticket, observed.writer), last)
