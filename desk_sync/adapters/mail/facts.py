"""The facts read from a mail: the identifiers of the customer, and the parts of the template (R10-R16)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from desk_sync.adapters.mail.addresses import MailAddress
from desk_sync.adapters.mail.flaws import STRANGERS, AddressFlaw
from desk_sync.adapters.mail.template import MailTemplate
from desk_sync.adapters.mail.words import LabelPart
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Identifier, IdentifierKind


class FactSource(StrEnum):
    """The place of the customer's address: behind its label, elsewhere in the new text, in a link, in earlier mail."""

    FIELD = "field"
    TEXT = "text"
    LINK = "link"
    FORWARDED = "forwarded"
    QUOTED = "quoted"
    NONE = "none"


class FactPlace(StrEnum):
    """The part of a mail in which an address is."""

    NEW = "new text"
    SUBJECT = "subject"
    SIGNATURE = "signature"
    FORWARDED = "forwarded mail"
    QUOTED = "quoted text"


class AddressReason(StrEnum):
    """The reason for the weight of an address that has no flaw."""

    FIELD = "in the template's field"
    LABEL = "behind a label"
    TEXT = "in the text, without a label"
    RESEMBLES = "may be of the writer's side: it shares a name with the writer, or is copied"
    ASKED = "the template's field is there, and does not name it"
    LINK = "only in a link"
    FORWARDED = "in a forwarded mail"
    QUOTED = "in quoted text"
    SIGNATURE = "in the signature"
    OWN = "the writer's own, or Zoho's"
    AUTOMATIC = "a machine wrote the mail"


class VerdictWeight(StrEnum):
    """The weight of an address: it acts, it is one that a person should see, or it is not the customer's."""

    TAKEN = "taken"
    WEAK = "weak"
    REJECTED = "rejected"


_REJECTING = frozenset({AddressReason.OWN, AddressReason.SIGNATURE, AddressReason.AUTOMATIC})
_WEAK = frozenset({AddressReason.RESEMBLES, AddressReason.LINK, AddressReason.FORWARDED, AddressReason.QUOTED})


@dataclass(frozen=True, slots=True)
class AddressVerdict:
    """One address of a mail with its place and the reason for its weight. `taken`: it is the answer."""

    address: MailAddress
    place: FactPlace
    reason: AddressReason | AddressFlaw
    taken: bool

    @property
    def weight(self) -> VerdictWeight:
        """The weight of the address."""
        if self.reason in _REJECTING or (isinstance(self.reason, AddressFlaw) and self.reason not in _WEAK_FLAWS):
            return VerdictWeight.REJECTED
        return VerdictWeight.TAKEN if self.taken and self.reason not in _WEAK else VerdictWeight.WEAK


_WEAK_FLAWS = STRANGERS | {AddressFlaw.OTHER_LABEL, AddressFlaw.UNSURE, AddressFlaw.COLLEAGUE}


class FactConfidence(StrEnum):
    """The certainty of the identifiers: labelled, the only ones in the text, only quoted, or none."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


class FactEvidence(StrEnum):
    """The kind of evidence, strongest first, as `desk-sync intake` prints it. QUOTED is all that is weak.

    That is quoted and forwarded mail, and links.
    """

    TEMPLATE = "template"
    LABELLED = "labelled"
    TEXT = "text"
    QUOTED = "quoted"
    NONE = "none"


_NUMBERS = frozenset({IdentifierKind.ZUID, IdentifierKind.ZOID, IdentifierKind.ZGID})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """The facts read from a mail. None: absent or ambiguous.

    `unread` names what of the text was not read, and why. `verdicts` are all addresses of the mail. `labelled`: a label
    names the address. `links` are the kinds of numbers that are only in links; `forwarded`: the numbers are those of a
    mail that the writer passed on. `zoid` can be a ZGID if
    `organization_id_is_open`: its label names both. `missing` are the absent parts of the template.
    """

    sender: str | None
    sender_is_free_mail: bool
    is_html: bool
    customer_email: str | None
    source: FactSource
    labelled: bool
    verdicts: tuple[AddressVerdict, ...]
    links: frozenset[IdentifierKind]
    zuid: str | None
    zoid: str | None
    zgid: str | None
    organization_id_is_open: bool
    several: frozenset[IdentifierKind]
    confidence: FactConfidence
    labelled_domain: str | None
    template: MailTemplate
    missing: tuple[LabelPart, ...]
    unread: tuple[str, ...] = ()
    forwarded: bool = False

    @property
    def candidates(self) -> tuple[str, ...]:
        """All addresses that can be the customer's, the answer first, then those in new text."""
        usable = [each for each in self.verdicts if each.weight is not VerdictWeight.REJECTED]
        return tuple(dict.fromkeys(each.address.value for each in sorted(usable, key=lambda each: not each.taken)))

    @property
    def is_contradicted(self) -> bool:
        """True if the text names several numbers of one kind, or several customers, each with a label."""
        return bool(self.several.intersection(_NUMBERS)) or (bool(self.several) and self.labelled)

    @property
    def acts(self) -> bool:
        """True if the evidence is strong: labelled or the only one, in new text, and not contradicted."""
        return self.confidence in (FactConfidence.HIGH, FactConfidence.MEDIUM) and not self.is_contradicted

    @property
    def evidence(self) -> FactEvidence:
        """The kind of evidence that the identifiers are."""
        numbers = any((self.zuid, self.zoid, self.zgid))
        if not self.customer_email and not numbers:
            return FactEvidence.NONE
        if self.confidence is FactConfidence.LOW:
            return FactEvidence.QUOTED
        if self.customer_email and (self.source is FactSource.FIELD or self.labelled):
            return FactEvidence.TEMPLATE
        return FactEvidence.LABELLED if numbers else FactEvidence.TEXT

    @property
    def is_earlier(self) -> bool:
        """True if the address is in quoted or forwarded mail alone."""
        return self.source in (FactSource.QUOTED, FactSource.FORWARDED)

    def contradicts(self, other: MailFacts) -> bool:
        """Return True if an identifier differs from the other's of the same kind."""
        mine, others = ((each.customer_email, each.zuid, each.zoid, each.zgid) for each in (self, other))
        return any(one and two and one != two for one, two in zip(mine, others, strict=True))

    def contradicted(self) -> MailFacts:
        """Return the facts without an answer: another text of the same mail names another customer."""
        several = self.several | {IdentifierKind.EMAIL}
        none = FactConfidence.NONE
        return replace(
            self,
            customer_email=None,
            source=FactSource.NONE,
            several=several,
            confidence=none,
            labelled=True,
            zuid=None,
            zoid=None,
            zgid=None,
        )

    @property
    def customer_domain(self) -> str | None:
        """The domain of the customer's address, None at a public mail provider (R8); else the labelled domain."""
        if not self.customer_email:
            return self.labelled_domain
        _, _, domain = self.customer_email.rpartition("@")
        return None if identifiers.is_public_mail(domain) else domain

    @property
    def needs_manual(self) -> bool:
        """True if a person should look: nothing certain, several answers, or a sender with a free mail address (R8)."""
        unsure = self.confidence in (FactConfidence.LOW, FactConfidence.NONE)
        return unsure or bool(self.several) or self.sender_is_free_mail

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """The identifiers to look up, strongest first; a number whose label names ZOID and ZGID is given as both."""
        open_zgid = self.zoid if self.organization_id_is_open and self.zgid is None else None
        values = (
            (IdentifierKind.EMAIL, self.customer_email),
            (IdentifierKind.ZOID, self.zoid),
            (IdentifierKind.ZGID, self.zgid or open_zgid),
            (IdentifierKind.ZUID, self.zuid),
            (IdentifierKind.DOMAIN, self.customer_domain),
        )
        return tuple(Identifier(kind, value) for kind, value in values if value)


def document(facts: MailFacts) -> dict[str, Any]:
    """Return the facts as the document that `desk-sync intake` prints."""
    template = facts.template
    return {
        "sender_email": facts.sender,
        "sender_is_free_mail": facts.sender_is_free_mail,
        "format": "html" if facts.is_html else "text",
        "customer_email": facts.customer_email,
        "customer_email_source": FactSource.QUOTED if facts.source is FactSource.FORWARDED else facts.source,
        "customer_email_forwarded": facts.source is FactSource.FORWARDED,
        "customer_email_candidates": list(facts.candidates),
        "customer_domain": facts.customer_domain,
        "zuid": facts.zuid,
        "zoid": facts.zoid,
        "zgid": facts.zgid,
        "organization_id_is_open": facts.organization_id_is_open,
        "request_type": template.request_type,
        "request_type_raw": template.request_type_raw,
        "reproducible": template.reproducible,
        "product": template.product,
        "has_description": bool(template.description),
        "description_words": template.description_words,
        "steps": list(template.steps),
        "missing": [str(part) for part in facts.missing],
        "confidence": facts.confidence,
        "several": sorted(str(kind) for kind in facts.several),
        "needs_manual": facts.needs_manual,
        "evidence": facts.evidence,
        "act": facts.acts,
        "unread": list(facts.unread),
    }


def explanation(facts: MailFacts) -> list[dict[str, Any]]:
    """Return each address of the mail with its weight and the reason, as `desk-sync intake --explain` prints it."""
    return [
        {
            "address": each.address.value,
            "place": str(each.place),
            "weight": str(each.weight),
            "reason": str(each.reason),
        }
        for each in facts.verdicts
    ]
