"""The partner: the company that writes to us. How it is found, and how its customers are recognised.

Domains and addresses are in normal form; countries are ISO 3166-1 alpha-2 codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from desk_sync.domain.account.identity import Evidence, EvidencePlace, Identifier, IdentifierKind
from desk_sync.domain.account.subscription import Account
from desk_sync.domain.reason import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A partner. Unknown facts are None; `domains` is empty if no domain is known.

    `state` is a state of the country, as Desk has it. `domains` are the registered ones. The support contract is valid
    up to `contract_until`, that day included.
    """

    name: str
    country: str | None = None
    state: str | None = None
    tier: str | None = None
    domains: frozenset[str] = frozenset()
    contract_until: date | None = None

    def owns(self, domain: str) -> bool:
        """Return True if the domain is a registered domain of the partner or a subdomain of one."""
        return any(domain == own or domain.endswith(f".{own}") for own in self.domains)

    @property
    def called(self) -> frozenset[str]:
        """The names by which a person may mean the partner, case folded: its name, its domains, those above."""
        labels = (own.split(".") for own in self.domains)
        above = (".".join(each[start:]) for each in labels for start in range(len(each) - 1))
        return frozenset((self.name.casefold(), *above))


class PartnerOrigin(StrEnum):
    """The source of the partner: the Desk account of the ticket's contact, the partner file, or the sender's domain."""

    DESK = "desk"
    FILE = "file"
    DOMAIN = "domain"


class TaggedElsewhere(StrEnum):
    """The treatment of a ticket about an account that is tagged to another partner than the writing one (R8)."""

    REVIEW = "review"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPolicy:
    """How the partner of a ticket is found, and the consequences (R8).

    `order` is the order in which the sources are tried. Facts read from Desk are valid for `max_age`. `mailboxes` maps
    the address of a mailbox to the data centres that it serves (R61, C2).
    """

    order: tuple[PartnerOrigin, ...]
    max_age: timedelta
    tagged_elsewhere: TaggedElsewhere
    mailboxes: Mapping[str, frozenset[str]]

    def with_data_centers(self, writer: TicketWriter, mailboxes: Iterable[str]) -> TicketWriter:
        """Return the writer with the data centres of these mailboxes (R61, C2); unchanged if they have none."""
        centers = frozenset(center for each in mailboxes for center in self.mailboxes.get(each, ()))
        if not centers:
            return writer
        reason = Reason("R61", f"the mail came to the mailbox of {', '.join(sorted(centers))}")
        return replace(writer, data_centers=centers, reasons=(*writer.reasons, reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWriter:
    """The writer of a ticket: the partner and its source (`origin`), or no partner and the reasons why.

    Without reasons the partner was not looked up, because nothing depends on it. `data_centers` are those of the
    mailboxes that the ticket was sent to.
    """

    partner: Partner | None = None
    origin: PartnerOrigin | None = None
    reasons: tuple[Reason, ...] = ()
    data_centers: frozenset[str] = frozenset()

    def called(self, domains: frozenset[str]) -> frozenset[str]:
        """Return the names by which a person may mean the writer, who writes from these domains."""
        partner = self.partner or Partner(name="")
        return replace(partner, domains=partner.domains | domains).called - {""}

    def placed(self, country: str, domains: frozenset[str], reason: Reason) -> TicketWriter:
        """Return the writer in this country, by the decision of a person; unchanged if it is known to be there.

        A partner that is not known is the one who writes from these domains, of which there is one then.
        """
        partner = self.partner or Partner(name=min(domains), domains=domains)
        if partner.country == country:
            return self
        # A state is one of the country that was read.
        moved = replace(partner, country=country, state=None)
        return replace(self, partner=moved, origin=self.origin or PartnerOrigin.DOMAIN, reasons=(*self.reasons, reason))

    @property
    def countries(self) -> tuple[str, ...]:
        """The partner's country; empty if it is not known."""
        return (self.partner.country,) if self.partner and self.partner.country else ()


WRITER_NOT_LOOKED_UP = TicketWriter()


class PartnerTag(StrEnum):
    """The partner that an account is tagged to, compared with the writing one.

    UNTAGGED: the data say that the account has no partner. SILENT: the data have no partner's domain. UNSETTLED: the
    writing partner is not known well enough to compare.
    """

    OWN = "own"
    ANOTHERS = "another's"
    UNTAGGED = "untagged"
    UNSETTLED = "unsettled"
    SILENT = "silent"


def tag_of(account: Account, writer: TicketWriter) -> PartnerTag:
    """Return how the account's tag compares with the registered domains of the writing partner (R8).

    A partner that is known by the sender's domain alone may be the tagged one under a second, unregistered domain:
    UNSETTLED, not ANOTHERS.
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


def customer_evidence(evidence: Iterable[Evidence], partner: Partner | None) -> tuple[Evidence, ...]:
    """Return the evidence without the partner's own domains, and without its addresses outside the customer field."""
    if partner is None:
        return tuple(evidence)
    kept = (
        replace(each, readings=tuple(one for one in each.readings if not _is_own(partner, each.place, one)))
        for each in evidence
    )
    return tuple(each for each in kept if each.readings)


def _is_own(partner: Partner, place: EvidencePlace, reading: Identifier) -> bool:
    match reading.kind:
        case IdentifierKind.DOMAIN:
            return partner.owns(reading.value)
        case IdentifierKind.EMAIL:
            return place is not EvidencePlace.FIELD and partner.owns(reading.value.rpartition("@")[2])
        case _:
            return False
