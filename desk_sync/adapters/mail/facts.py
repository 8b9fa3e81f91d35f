"""The facts read from a mail: the identifiers of the customer, and the parts of the template (R10-R16)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from desk_sync.adapters.mail.template import MailTemplate
from desk_sync.adapters.mail.words import LabelPart
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Identifier, IdentifierKind


class FactSource(StrEnum):
    """The place of the customer's address: behind its label, elsewhere in the new text, or in a quoted mail."""

    FIELD = "field"
    TEXT = "text"
    QUOTED = "quoted"
    NONE = "none"


class FactConfidence(StrEnum):
    """The certainty of the identifiers: labelled, the only ones in the text, only quoted, or none."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """The facts read from a mail. None: absent or ambiguous.

    `unread` names what of the text was not read, and why. `candidates` are all addresses that can be the customer's,
    those in new text first. `zoid` can be a ZGID if `organization_id_is_open`: its label names both. `missing` are the
    absent parts of the template.
    """

    sender: str | None
    sender_is_free_mail: bool
    is_html: bool
    customer_email: str | None
    source: FactSource
    candidates: tuple[str, ...]
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
        "customer_email_source": facts.source,
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
    }
