"""Teaching the partner: what a ticket lacks, told to the agent always and to the partner if the admin wants it.

R5, R8, R10-R16: the template and the registered domain; R51, R52: why the super admin's address matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from desk_sync.domain.fingerprint import fingerprint
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.template import TemplatePart

if TYPE_CHECKING:
    from desk_sync.domain.account.partner import TicketWriter
    from desk_sync.domain.ticket.ticket import Ticket


class EducationOccasion(StrEnum):
    """Why the partner is taught. The first that holds gives the text."""

    NO_IDENTIFIER = "no_identifier"
    PUBLIC_MAIL = "public_mail"


_SAID: Mapping[EducationOccasion, str] = {
    EducationOccasion.NO_IDENTIFIER: (
        "The ticket names no customer: no address, no ZUID, ZOID or ZGID, no domain (R51)."
    ),
    EducationOccasion.PUBLIC_MAIL: (
        "The partner writes from a public mail provider's address, not from its own domain (R8)."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationPolicy:
    """Whether the partner gets a public reply, how often at most, and in which words.

    `lessons` has a text for each language and occasion; `language` is used where there is none in the ticket's. A
    description of fewer than `shortest_description` words is named in the note.
    """

    reply: bool = False
    every: timedelta = timedelta(days=30)
    shortest_description: int = 150
    language: str = "en"
    texts: Mapping[str, Mapping[EducationOccasion, str]] = field(default_factory=dict)


NOTE, REPLY = "education", "education:lesson"
"""The keys of the two comments: each comes once for a ticket, and the lesson together with the note or never."""


def educate(ticket: Ticket, *, nameless: bool, policy: EducationPolicy, may_reply: bool) -> Iterator[Effect]:
    """The note for the agents, and the public lesson if the policy wants one. `nameless`: no identifier was found."""
    occasions = list(_occasions(ticket, nameless=nameless))
    if not occasions or ticket.closed or ticket.in_bin:
        return
    yield Effect(key=NOTE, kind=EffectKind.EDUCATION, text=_note(ticket, occasions, policy))
    if policy.reply and may_reply:
        spoken = policy.texts.get(ticket.language or "") or policy.texts[policy.language]
        yield Effect(key=REPLY, kind=EffectKind.EDUCATION, text=spoken[occasions[0]], public=True)


def partner_key(ticket: Ticket, writer: TicketWriter) -> str:
    """A mark of who is taught, the same for all tickets of a partner; it tells nobody who that is (L11)."""
    who = writer.partner.name.casefold() if writer.partner else ticket.sender or ticket.ticket_id
    return fingerprint(who)


def _occasions(ticket: Ticket, *, nameless: bool) -> Iterator[EducationOccasion]:
    if nameless:
        yield EducationOccasion.NO_IDENTIFIER
    if ticket.sender and ticket.sender_domain is None:
        yield EducationOccasion.PUBLIC_MAIL


def _note(ticket: Ticket, occasions: list[EducationOccasion], policy: EducationPolicy) -> str:
    lacking = [*_missing(ticket), *_too_short(ticket, policy)]
    lines = [_SAID[occasion] for occasion in occasions]
    lines += ["Of the template these parts are missing:", *(f"- {each}" for each in lacking)] if lacking else []
    return "\n".join(lines)


def _missing(ticket: Ticket) -> Iterator[str]:
    """The parts that neither the text nor a field of the ticket gives."""
    in_fields = {
        TemplatePart.SUPER_ADMIN_EMAIL: ticket.customer_primary_email,
        TemplatePart.REQUEST_TYPE: ticket.request_type,
        TemplatePart.PRODUCT: ticket.product,
    }
    return (part for part in TemplatePart if part in ticket.missing and not in_fields.get(part))


def _too_short(ticket: Ticket, policy: EducationPolicy) -> Iterator[str]:
    words = ticket.description_words
    if words is not None and words < policy.shortest_description and TemplatePart.DESCRIPTION not in ticket.missing:
        yield f"a longer description: {words} words of {policy.shortest_description} (R14)"
