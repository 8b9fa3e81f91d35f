"""Education of the partner: a note for the agents on what a ticket lacks, and a public reply if the admin wants one.

R5, R8, R10-R16: the template and the registered domain; R51, R52: why the super admin's address matters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from desk_sync.domain.account.partner import TicketWriter
from desk_sync.domain.fingerprint import fingerprint
from desk_sync.domain.ticket.effect import Effect, EffectKind
from desk_sync.domain.ticket.template import TemplatePart
from desk_sync.domain.ticket.ticket import Ticket
from desk_sync.domain.ticket.wording import Wording


class EducationOccasion(StrEnum):
    """A reason to educate the partner. The first that holds gives the text."""

    NO_IDENTIFIER = "no_identifier"
    PUBLIC_MAIL = "public_mail"


_LACKS: Mapping[EducationOccasion, str] = {
    EducationOccasion.NO_IDENTIFIER: (
        "The ticket names no customer: no address, no ZUID, ZOID or ZGID, no domain (R51)."
    ),
    EducationOccasion.PUBLIC_MAIL: (
        "The partner writes from a public mail provider's address, not from its own domain (R8)."
    ),
}

_UNREAD = (
    "No customer was found, and not all of the ticket could be read: {}. Please read the mail itself, and enter the "
    "super admin's address in the customer's field (R51, R53)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationPolicy:
    """The admin's choice: a public `reply` or none, at most one in `every` to each partner, and its texts.

    `texts` has one for each language and occasion; `language` is used where the ticket's has none. The note names a
    description of fewer than `shortest_description` words.
    """

    reply: bool
    every: timedelta
    shortest_description: int
    language: str
    texts: Mapping[str, Mapping[EducationOccasion, str]]

    def wordings(self) -> Iterator[Wording]:
        """Yield the wording of each text, in all languages."""
        return (Wording.of([text]) for texts in self.texts.values() for text in texts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class LastEducation:
    """The last public reply to a partner: on which ticket, and when."""

    ticket_id: str
    at: datetime

    def permits(self, ticket_id: str, now: datetime, *, every: timedelta) -> bool:
        """Return True if this ticket may get a reply: the last is `every` ago or longer, or was on the same ticket."""
        return self.ticket_id == ticket_id or self.at <= now - every


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationClaim:
    """The right of one ticket to educate its partner, which is taken when the `reply` is announced."""

    reply: Effect
    partner_key: str
    every: timedelta


@dataclass(frozen=True, slots=True)
class EducationPlan:
    """The comments that educate, and the claim that the public one needs."""

    effects: tuple[Effect, ...] = ()
    claim: EducationClaim | None = None


NOTE, REPLY = "education", "education:lesson"
"""The keys of the two comments: each is made once on a ticket, and the reply together with the note or never."""


@dataclass(frozen=True)
class EducationDraft:
    """The comments that educate, before it is known when the partner last got a reply.

    `references` are those of the comments that were made before, or may have been. `nameless`: no identifier was found.
    """

    ticket: Ticket
    writer: TicketWriter
    references: Collection[str]
    nameless: bool
    policy: EducationPolicy
    may_reply: bool

    @property
    def partner_key(self) -> str | None:
        """The partner, if it matters when it last got a reply: this ticket would get one, and has had no note yet."""
        decided = any(self._made(each) for each in self._comments)
        return None if self._reply is None or decided else partner_key(self.ticket, self.writer)

    def finish(self, last: LastEducation | None, now: datetime) -> EducationPlan:
        """Return the plan, without the reply if its time has not come, or if the note was made without it."""
        if self._reply is None or self._made(self._reply):
            return EducationPlan(self._comments)
        key, every = self.partner_key, self.policy.every
        if key and (last is None or last.permits(self.ticket.ticket_id, now, every=every)):
            return EducationPlan(self._comments, EducationClaim(reply=self._reply, partner_key=key, every=every))
        return EducationPlan(tuple(each for each in self._comments if each != self._reply))

    @cached_property
    def _comments(self) -> tuple[Effect, ...]:
        return tuple(educate(self.ticket, nameless=self.nameless, policy=self.policy, may_reply=self.may_reply))

    @property
    def _reply(self) -> Effect | None:
        return next((each for each in self._comments if each.key == REPLY), None)

    def _made(self, effect: Effect) -> bool:
        return effect.reference(self.ticket.ticket_id) in self.references


def educate(ticket: Ticket, *, nameless: bool, policy: EducationPolicy, may_reply: bool) -> Iterator[Effect]:
    """Yield the note, and the public reply if the policy wants one. `nameless`: no identifier was found."""
    occasions = list(_occasions(ticket, nameless=nameless))
    if not occasions or ticket.closed or ticket.in_bin:
        return
    yield Effect(key=NOTE, kind=EffectKind.EDUCATION, text=_note(ticket, occasions, policy))
    if policy.reply and may_reply and not _in_doubt(ticket, occasions[0]):
        texts = policy.texts.get(ticket.language or "") or policy.texts[policy.language]
        yield Effect(key=REPLY, kind=EffectKind.EDUCATION, text=texts[occasions[0]], public=True)


def partner_key(ticket: Ticket, writer: TicketWriter) -> str:
    """Return a fingerprint of the partner, the same for all its tickets, from which nobody can be identified (L11)."""
    name = writer.partner.name.casefold() if writer.partner else ticket.sender or ticket.ticket_id
    return fingerprint(name)


def _occasions(ticket: Ticket, *, nameless: bool) -> Iterator[EducationOccasion]:
    if nameless:
        yield EducationOccasion.NO_IDENTIFIER
    if ticket.sender and ticket.sender_domain is None:
        yield EducationOccasion.PUBLIC_MAIL


def _in_doubt(ticket: Ticket, occasion: EducationOccasion) -> bool:
    """Return True if the ticket may name the customer in what could not be read of it: the partner hears nothing."""
    return bool(ticket.unread) and occasion is EducationOccasion.NO_IDENTIFIER


def _note(ticket: Ticket, occasions: list[EducationOccasion], policy: EducationPolicy) -> str:
    lacking = [*_missing(ticket), *_too_short(ticket, policy)]
    lines = [
        _UNREAD.format(", ".join(ticket.unread)) if _in_doubt(ticket, each) else _LACKS[each] for each in occasions
    ]
    lines += ["Of the template these parts are missing:", *(f"- {each}" for each in lacking)] if lacking else []
    return "\n".join(lines)


def _missing(ticket: Ticket) -> Iterator[str]:
    """Return the parts that neither the text nor a field of the ticket gives."""
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
