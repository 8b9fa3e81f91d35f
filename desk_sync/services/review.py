"""Decisions of a person: the account that an identifier or a ticket leads to, the country of a partner, dismissals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from desk_sync.domain.account.identity import Identifier
from desk_sync.domain.account.partner import Partner
from desk_sync.errors import PermanentError
from desk_sync.logs import get_logger
from desk_sync.ports.now import Now
from desk_sync.ports.review import (
    BindingStore,
    IdentifierBinding,
    PartnerPlace,
    PlaceStore,
    RecordedRequest,
    RequestStore,
    ReviewStore,
    SettledReview,
    TicketBinding,
    TicketBindingStore,
)

log = get_logger()

PersonDecision: TypeAlias = IdentifierBinding | TicketBinding | PartnerPlace
"""A decision that can be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Records a person's decisions. Only `bindings` apply to all portals. `listed` reads the partner file."""

    reviews: ReviewStore
    bindings: BindingStore
    tickets: TicketBindingStore
    places: PlaceStore
    listed: Callable[[], Sequence[Partner]]
    requests: RequestStore
    now: Now

    def bind(
        self,
        identifier: Identifier,
        account_id: str,
        *,
        by: str | None = None,
        why: str | None = None,
        dry_run: bool = False,
    ) -> int:
        """Bind the identifier to the account; return how many open tickets are looked at again.

        With `dry_run` nothing is changed. Raises PermanentError if no source has the account.
        """
        binding = IdentifierBinding(
            identifier=identifier, account_id=account_id, settled=SettledReview(at=self.now(), by=by, why=why)
        )
        marked = self.bindings.bind(binding, dry_run=dry_run)
        if not dry_run:
            log.info("identifier.bound", kind=identifier.kind, account_id=account_id, tickets=marked)
        return marked

    def unbind(self, identifier: Identifier, *, dry_run: bool = False) -> int:
        """Remove the binding, so that the sources decide again; return how many open tickets are looked at again.

        Raises PermanentError if it is not bound.
        """
        marked = self.bindings.unbind(identifier, now=self.now(), dry_run=dry_run)
        if marked is None:
            raise PermanentError(f"this {identifier.kind} is not bound", hint="see `desk-sync review`")
        if not dry_run:
            log.info("identifier.unbound", kind=identifier.kind, tickets=marked)
        return marked

    def bind_ticket(
        self, ticket_id: str, account_id: str, *, by: str | None = None, why: str | None = None, dry_run: bool = False
    ) -> None:
        """Bind one ticket to the account; its next look acts on it.

        Raises PermanentError if the ticket is not known, or if no source has the account.
        """
        settled = SettledReview(at=self.now(), by=by, why=why)
        binding = TicketBinding(ticket_id=ticket_id, account_id=account_id, settled=settled)
        self.tickets.bind(binding, dry_run=dry_run)
        if not dry_run:
            log.info("ticket.bound", ticket_id=ticket_id, account_id=account_id)

    def unbind_ticket(self, ticket_id: str, *, dry_run: bool = False) -> None:
        """Remove a ticket's binding, so that its evidence decides again. Raises PermanentError if it is not bound."""
        if not self.tickets.unbind(ticket_id, now=self.now(), dry_run=dry_run):
            raise PermanentError(f"ticket {ticket_id} is not bound", hint="see `desk-sync review`")
        if not dry_run:
            log.info("ticket.unbound", ticket_id=ticket_id)

    def place(
        self, partner: str, country: str, *, by: str | None = None, why: str | None = None, dry_run: bool = False
    ) -> int:
        """Settle the partner's country; return how many open tickets are looked at again.

        `partner` is its name, or a domain of it. Raises PermanentError for a name that no partner has.
        """
        place = PartnerPlace(partner=partner, country=country, settled=SettledReview(at=self.now(), by=by, why=why))
        marked = self.places.place(place, known=self._listed_as(partner), dry_run=dry_run)
        if not dry_run:
            log.info("partner.placed", country=country, tickets=marked)
        return marked

    def displace(self, partner: str, *, dry_run: bool = False) -> int:
        """Remove a partner's place: Desk and the partner file decide again; return how many are looked at again.

        Raises PermanentError if it has none.
        """
        marked = self.places.displace(partner, now=self.now(), known=self._listed_as(partner), dry_run=dry_run)
        if marked is None:
            raise PermanentError(f"no person has placed {partner}", hint="see `desk-sync review`")
        if not dry_run:
            log.info("partner.displaced", tickets=marked)
        return marked

    def _listed_as(self, partner: str) -> Sequence[str]:
        """Return the names of the partners of the partner file that are meant."""
        return [each.name for each in self.listed() if partner.casefold() in each.called]

    def last_decision(self) -> PersonDecision | None:
        """Return the last binding or place; None if there is none. Of those of one instant a ticket's is the last."""
        made: list[PersonDecision] = [*self.bindings.bindings(), *self.places.places(), *self.tickets.bindings()]
        return max(reversed(made), key=lambda each: each.settled.at, default=None)

    def take_back(self, made: PersonDecision, *, dry_run: bool = False) -> int:
        """Take a decision back; return how many open tickets are looked at again. Raises PermanentError if it is gone.

        What it replaced is not kept, and does not come back.
        """
        if isinstance(made, IdentifierBinding):
            return self.unbind(made.identifier, dry_run=dry_run)
        if isinstance(made, PartnerPlace):
            return self.displace(made.partner, dry_run=dry_run)
        self.unbind_ticket(made.ticket_id, dry_run=dry_run)
        return 1

    def request_escalation(self, ticket_id: str, *, by: str | None = None, dry_run: bool = False) -> None:
        """Record that the partner asked for an escalation: the next look follows it by R33's rule.

        Raises PermanentError if the ticket is not known, or is gone.
        """
        self.requests.record(RecordedRequest(ticket_id=ticket_id, at=self.now(), by=by), dry_run=dry_run)
        if not dry_run:
            log.info("escalation.requested", ticket_id=ticket_id)

    def dismiss(self, ticket_id: str, *, by: str | None = None, why: str | None = None, dry_run: bool = False) -> None:
        """Take the ticket off the list until its decision changes. Raises PermanentError if it is not on the list."""
        if ticket_id not in {each.ticket_id for each in self.reviews.undecided()}:
            raise PermanentError(f"ticket {ticket_id} is not on the list", hint="see `desk-sync review`")
        if not dry_run:
            self.reviews.dismiss(ticket_id, SettledReview(at=self.now(), by=by, why=why))
            log.info("review.dismissed", ticket_id=ticket_id)
