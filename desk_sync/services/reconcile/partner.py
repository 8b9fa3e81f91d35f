"""The partner who writes a ticket, found in the places and in the order that the mapping gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

from desk_sync.domain.account.partner import Partner, PartnerOrigin, PartnerPolicy, TicketWriter
from desk_sync.domain.reason import Reason
from desk_sync.domain.ticket.ticket import Ticket
from desk_sync.errors import CredentialsRefused, Gone, NotPermitted, Unreadable
from desk_sync.logs import get_logger
from desk_sync.ports.desk import Desk
from desk_sync.ports.now import Now
from desk_sync.ports.partners import PartnerBook, StoredPartner
from desk_sync.ports.review import PlaceStore

log = get_logger()

REFUSED_FOR = timedelta(minutes=10)
"""The pause after Desk refused to let us read accounts."""

Finding: TypeAlias = tuple[Partner | None, str]
"""A partner, or none, and the text of the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerResolver:
    """Finds the writers of one portal's tickets. `listed` are the partners of the partner file.

    A country that a person settled takes precedence, wherever the partner was found.
    """

    desk: Desk
    book: PartnerBook
    places: PlaceStore
    listed: Sequence[Partner]
    policy: PartnerPolicy
    now: Now

    def writer_of(self, ticket: Ticket) -> TicketWriter:
        """Return the partner where a person placed it, or the reasons why none was found. Raises TemporaryError."""
        found, domains = self._found(ticket), _domain_of(ticket)
        place = self.places.place_of(found.called(domains))
        if place is None:
            return found
        said = f"a person placed the partner in {place.country} on {place.settled.at:%F}"
        return found.placed(place.country, domains, Reason("R8", said))

    def _found(self, ticket: Ticket) -> TicketWriter:
        """Return the first partner found, or the reasons why none was. Raises TemporaryError."""
        find = {
            PartnerOrigin.DESK: self._in_desk,
            PartnerOrigin.FILE: self._in_file,
            PartnerOrigin.DOMAIN: self._by_domain,
        }
        reasons: list[Reason] = []
        for origin in self.policy.order:
            partner, text = find[origin](ticket)
            reasons.append(Reason("R8", text))
            if partner:
                known = self._with_domains(partner, ticket)
                return TicketWriter(partner=known, origin=origin, reasons=tuple(reasons[-1:]))
        return TicketWriter(reasons=(*reasons, Reason("R8", "who the partner is remains unknown")))

    def _with_domains(self, partner: Partner, ticket: Ticket) -> Partner:
        """Return the partner with the domains that the partner file has for it too.

        If no domain of it is registered, the one that it writes from is its own.
        """
        listed = self._listed(partner.domains | _domain_of(ticket))
        domains = partner.domains | (listed.domains if listed else frozenset())
        return replace(partner, domains=domains or _domain_of(ticket))

    def _listed(self, domains: Iterable[str]) -> Partner | None:
        """Return the partner of the partner file that owns one of the domains, if the file is used."""
        used = self.listed if PartnerOrigin.FILE in self.policy.order else ()
        return next((each for each in used if any(map(each.owns, domains))), None)

    def mailboxes(self, ticket: Ticket) -> tuple[str, ...]:
        """Return the mapping's mailboxes that received the ticket (R61). Raises an error of `Desk.read_mailboxes`."""
        sent_to = self.desk.read_mailboxes(ticket.ticket_id)
        return tuple(sorted(self.policy.mailboxes.keys() & sent_to))

    def _in_desk(self, ticket: Ticket) -> Finding:
        account, contact = ticket.partner_id, ticket.contact_id
        if account:
            stored = self._stored(f"account:{account}", lambda: self.desk.read_partner(account))
        elif contact:
            stored = self._stored(f"contact:{contact}", lambda: self._of_contact(contact))
        else:
            return None, "the ticket has no contact in Desk"
        if stored.partner:
            return stored.partner, f"the partner is the Desk account of the ticket's contact{_where(stored.partner)}"
        return None, "Desk does not let us read accounts" if stored.refused else "the contact has no account in Desk"

    def _in_file(self, ticket: Ticket) -> Finding:
        partner = self._listed(_domain_of(ticket))
        if partner:
            return partner, f"the partner file has the sender's domain{_where(partner)}"
        return None, "the partner file does not have the sender's domain"

    def _by_domain(self, ticket: Ticket) -> Finding:
        domain = ticket.sender_domain
        if domain:
            partner = Partner(name=domain, domains=frozenset({domain}))
            return partner, "the partner is known by the sender's domain alone"
        return None, "the sender's address has no domain of its own"

    def _stored(self, key: str, read: Callable[[], Partner | None]) -> StoredPartner:
        """Return the stored reading while it is fresh, else a new one."""
        known = self.book.recall(key)
        if known and self.now() < known.at + (REFUSED_FOR if known.refused else self.policy.max_age):
            return known
        fresh = self._read(read, known)
        self.book.learn(key, fresh)
        return fresh

    def _read(self, read: Callable[[], Partner | None], known: StoredPartner | None) -> StoredPartner:
        """Return a new reading; while the account cannot be read, the last one, to be tried again soon."""
        try:
            return StoredPartner(partner=read(), at=self.now())
        except Gone:
            return StoredPartner(partner=None, at=self.now())
        except CredentialsRefused:  # nothing is known about the account
            raise
        except NotPermitted as error:
            log.error("partner.refused", error=str(error), hint=error.hint)
            return StoredPartner(partner=None, at=self.now(), refused=True)
        except Unreadable as error:  # this contact or account alone; the ticket is decided without it
            log.warning("partner.unread", error=str(error), hint=error.hint)
            return StoredPartner(partner=known.partner if known else None, at=self.now(), refused=True)

    def _of_contact(self, contact_id: str) -> Partner | None:
        account_id = self.desk.partner_of(contact_id)
        return self.desk.read_partner(account_id) if account_id else None


def _domain_of(ticket: Ticket) -> frozenset[str]:
    """Return the domain that the ticket's sender writes from; none of a public mail provider."""
    return frozenset({ticket.sender_domain} if ticket.sender_domain else ())


def _where(partner: Partner) -> str:
    return f", in {partner.country}" if partner.country else ", which names no country"
