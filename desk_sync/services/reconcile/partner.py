"""Who writes: the partner behind a ticket, found where the mapping says, in its order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

import structlog

from desk_sync.domain.account.partner import Partner, PartnerOrigin, PartnerPolicy, TicketWriter
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.ticket import Ticket
from desk_sync.errors import Gone, NotPermitted
from desk_sync.ports.desk import Desk
from desk_sync.ports.now import Now
from desk_sync.ports.partners import PartnerBook, StoredPartner

log = structlog.get_logger()

REFUSED_FOR = timedelta(minutes=10)
"""How long we do not ask again, after Desk said that we may not."""

Found: TypeAlias = tuple[Partner | None, str]
"""A partner, or none, and what a reason says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerResolver:
    """Finds who writes to one portal. `listed` are the partners of the partner file."""

    desk: Desk
    book: PartnerBook
    listed: Sequence[Partner]
    policy: PartnerPolicy
    now: Now

    def of(self, ticket: Ticket) -> TicketWriter:
        """The first partner that is found, or why there is none. Raises TemporaryError."""
        find = {
            PartnerOrigin.DESK: self._in_desk,
            PartnerOrigin.FILE: self._in_file,
            PartnerOrigin.DOMAIN: self._by_domain,
        }
        reasons: list[Reason] = []
        for origin in self.policy.order:
            partner, said = find[origin](ticket)
            reasons.append(Reason("R8", said))
            if partner:
                return TicketWriter(partner=_with_domain(partner, ticket), origin=origin, reasons=tuple(reasons[-1:]))
        return TicketWriter(reasons=(*reasons, Reason("R8", "who the partner is remains unknown")))

    def mailboxes(self, ticket: Ticket) -> tuple[str, ...]:
        """The mapping's mailboxes that the ticket came to (R61). Raises Gone, TemporaryError or PermanentError."""
        sent_to = self.desk.read_mailboxes(ticket.ticket_id)
        return tuple(sorted(self.policy.mailboxes.keys() & sent_to))

    def _in_desk(self, ticket: Ticket) -> Found:
        account, contact = ticket.partner_id, ticket.contact_id
        if account:
            learnt = self._learnt(f"account:{account}", lambda: self.desk.read_partner(account))
        elif contact:
            learnt = self._learnt(f"contact:{contact}", lambda: self._of_contact(contact))
        else:
            return None, "the ticket has no contact in Desk"
        if learnt.partner:
            return learnt.partner, f"the partner is the Desk account of the ticket's contact{_where(learnt.partner)}"
        return None, "Desk does not let us read accounts" if learnt.refused else "the contact has no account in Desk"

    def _in_file(self, ticket: Ticket) -> Found:
        domain = ticket.sender_domain
        partner = next((each for each in self.listed if domain and each.owns(domain)), None)
        if partner:
            return partner, f"the partner file has the sender's domain{_where(partner)}"
        return None, "the partner file does not have the sender's domain"

    def _by_domain(self, ticket: Ticket) -> Found:
        domain = ticket.sender_domain
        if domain:
            partner = Partner(name=domain, domains=frozenset({domain}))
            return partner, "the partner is known by the sender's domain alone"
        return None, "the sender's address has no domain of its own"

    def _learnt(self, key: str, ask: Callable[[], Partner | None]) -> StoredPartner:
        """What Desk said of it lately, or says now."""
        known = self.book.recall(key)
        if known and self.now() < known.at + (REFUSED_FOR if known.refused else self.policy.max_age):
            return known
        learnt = self._asked(ask)
        self.book.learn(key, learnt)
        return learnt

    def _asked(self, ask: Callable[[], Partner | None]) -> StoredPartner:
        try:
            return StoredPartner(partner=ask(), at=self.now())
        except Gone:
            return StoredPartner(partner=None, at=self.now())
        except NotPermitted as error:
            log.error("partner.refused", error=str(error), hint=error.hint)
            return StoredPartner(partner=None, at=self.now(), refused=True)

    def _of_contact(self, contact_id: str) -> Partner | None:
        account_id = self.desk.partner_of(contact_id)
        return self.desk.read_partner(account_id) if account_id else None


def _with_domain(partner: Partner, ticket: Ticket) -> Partner:
    """The partner; where nothing says which domains are registered, the one that it writes from is."""
    if partner.domains or ticket.sender_domain is None:
        return partner
    return replace(partner, domains=frozenset({ticket.sender_domain}))


def _where(partner: Partner) -> str:
    return f", in {partner.country}" if partner.country else ", which names no country"
