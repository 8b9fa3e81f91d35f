"""What a mail tells of whose ticket it is, and what of the template is in it (R10-R16)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from desk_sync.adapters.mail.template import MailTemplate
from desk_sync.adapters.mail.words import LabelPart
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Identifier, IdentifierKind


class FactSource(StrEnum):
    """Where the customer's address stands: behind its label, elsewhere in the new text, or in a quoted mail."""

    FIELD = "field"
    TEXT = "text"
    QUOTED = "quoted"
    NONE = "none"


class FactConfidence(StrEnum):
    """How surely the identifiers are the customer's: labelled, the only ones there are, only quoted, or none."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """What a mail tells. None: it does not say, or not clearly.

    `candidates` are all addresses that could be the customer's, new ones first. `zoid` may be a ZGID where
    `organization_id_is_open`: the label names both. `missing` are the parts of the template that are not there.
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

    @property
    def customer_domain(self) -> str | None:
        """The domain of the customer's address, unless anybody can have one there (R8); without one, the labelled."""
        if not self.customer_email:
            return self.labelled_domain
        _, _, domain = self.customer_email.rpartition("@")
        return None if identifiers.is_public_mail(domain) else domain

    @property
    def needs_manual(self) -> bool:
        """Whether a person should look: nothing sure was found, answers differ, or the partner wrote privately (R8)."""
        unsure = self.confidence in (FactConfidence.LOW, FactConfidence.NONE)
        return unsure or bool(self.several) or self.sender_is_free_mail

    @property
    def identifiers(self) -> tuple[Identifier, ...]:
        """What can be looked up, strongest first; a number whose label names ZOID and ZGID stands for both."""
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
    """The facts as the command prints them."""
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
