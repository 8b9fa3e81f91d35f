"""Who may be taught in public now: each partner once within the time that the policy gives."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from desk_sync.domain.account.partner import TicketWriter
from desk_sync.domain.plan.education import NOTE, REPLY, partner_key
from desk_sync.domain.plan.plan import Plan
from desk_sync.domain.plan.policy import Policy
from desk_sync.domain.ticket.ticket import Ticket
from desk_sync.ports.now import Now
from desk_sync.ports.partners import EducationLog


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationLimiter:
    """Keeps a plan's public lesson from being given too often."""

    education_log: EducationLog
    policy: Policy
    now: Now

    def sparing(self, wish: Plan, ticket: Ticket, writer: TicketWriter, references: Collection[str]) -> Plan:
        """The plan, without a lesson whose partner has had one lately, or whose ticket has had its note before.

        `references` are those of our comments on the ticket; a lesson that is among them is not counted again.
        """
        ours = {each.key: each for each in wish.effects if each.key in (NOTE, REPLY)}
        known = {key for key, each in ours.items() if each.reference(ticket.ticket_id) in references}
        if REPLY not in ours or REPLY in known:
            return wish
        if NOTE not in known and self._may_reply(ticket, writer):
            return wish
        return replace(wish, effects=tuple(each for each in wish.effects if each.key != REPLY))

    def _may_reply(self, ticket: Ticket, writer: TicketWriter) -> bool:
        every = self.policy.education.every
        return self.education_log.claim(partner_key(ticket, writer), ticket.ticket_id, now=self.now(), every=every)
