"""The partner: the company that writes to us. Who that is, how we know, and whose the customer is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

from desk_sync.domain.account.identity import Evidence, EvidencePlace, Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Who writes. None, and no domain, where we do not know.

    `country` is an ISO 3166-1 alpha-2 code, `state` one of its states as Desk has it. `domains` are registered ones, in
    normal form. The support contract holds up to and with `contract_until`.
    """

    name: str
    country: str | None = None
    state: str | None = None
    tier: str | None = None
    domains: frozenset[str] = frozenset()
    contract_until: date | None = None

    def owns(self, domain: str) -> bool:
        """Whether the domain, in normal form, is one of the partner's, or lies below one."""
        return any(domain == own or domain.endswith(f".{own}") for own in self.domains)


class PartnerOrigin(StrEnum):
    """Where we learn who writes: the Desk account of the ticket's contact, the partner file, the sender's domain."""

    DESK = "desk"
    FILE = "file"
    DOMAIN = "domain"


class TaggedElsewhere(StrEnum):
    """What becomes of a customer who is tagged to another partner than the writing one."""

    REVIEW = "review"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPolicy:
    """How we learn who writes, and what follows from it (R8).

    What Desk said of a partner is good for `max_age`. `mailboxes` gives the data centres of those who write to an
    address, which is in normal form (R61, C2).
    """

    order: tuple[PartnerOrigin, ...] = tuple(PartnerOrigin)
    max_age: timedelta = timedelta(days=1)
    tagged_elsewhere: TaggedElsewhere = TaggedElsewhere.REVIEW
    mailboxes: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def reached(self, writer: TicketWriter, mailboxes: Iterable[str]) -> TicketWriter:
        """The writer, with the data centres of those who write to these mailboxes (R61, C2)."""
        centers = frozenset(center for each in mailboxes for center in self.mailboxes.get(each, ()))
        if not centers:
            return writer
        said = Reason("R61", f"the mail came to the mailbox of {', '.join(sorted(centers))}")
        return replace(writer, data_centers=centers, reasons=(*writer.reasons, said))


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWriter:
    """Who wrote a ticket, and how we know (`origin`); no partner, and why not.

    Without reasons nobody asked: nothing depends on it. `data_centers` are those of the mailbox that it came to.
    """

    partner: Partner | None = None
    origin: PartnerOrigin | None = None
    reasons: tuple[Reason, ...] = ()
    data_centers: frozenset[str] = frozenset()

    @property
    def countries(self) -> tuple[str, ...]:
        """The partner's country, if it is known."""
        return (self.partner.country,) if self.partner and self.partner.country else ()


NOBODY_ASKED = TicketWriter()


class PartnerTag(StrEnum):
    """Whose customer an account is, seen from the writing partner. SILENT: the subscription data do not say."""

    OWN = "own"
    ANOTHERS = "another's"
    UNTAGGED = "untagged"
    UNSETTLED = "unsettled"
    SILENT = "silent"


def tag_of(account: Account, writer: TicketWriter) -> PartnerTag:
    """Whether the account is tagged to the partner who writes, by the partner's registered domains (R8).

    A domain that nobody registered may be the tagged partner's second one: by itself it settles nothing.
    """
    if not account.tagged:
        return PartnerTag.UNTAGGED
    if account.partner_domain is None:
        return PartnerTag.SILENT
    if writer.partner is None or not writer.partner.domains:
        return PartnerTag.UNSETTLED
    if writer.partner.owns(account.partner_domain):
        return PartnerTag.OWN
    return PartnerTag.UNSETTLED if writer.origin is PartnerOrigin.DOMAIN else PartnerTag.ANOTHERS


def customers(evidence: Iterable[Evidence], partner: Partner | None) -> tuple[Evidence, ...]:
    """The evidence without what names the partner itself: its domains, and its addresses outside the customer field."""
    if partner is None:
        return tuple(evidence)
    kept = (
        Evidence(each.place, tuple(reading for reading in each.readings if not _names(partner, each.place, reading)))
        for each in evidence
    )
    return tuple(each for each in kept if each.readings)


def _names(partner: Partner, place: EvidencePlace, reading: Identifier) -> bool:
    match reading.kind:
        case IdentifierKind.DOMAIN:
            return partner.owns(reading.value)
        case IdentifierKind.EMAIL:
            return place is not EvidencePlace.FIELD and partner.owns(reading.value.rpartition("@")[2])
        case _:
            return False
