"""Evidence of a ticket's account, in normal form: from its mapped fields and its texts.

A domain is evidence only if it can belong to a customer: not to a public mail provider, the sender, or Zoho.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import structlog

from desk_sync.adapters.mail.body import BodyText, read_html, read_plain
from desk_sync.adapters.mail.facts import FactConfidence as MailConfidence
from desk_sync.adapters.mail.facts import FactPlace, FactSource, MailFacts
from desk_sync.adapters.mail.labelled_ids import numbers_in
from desk_sync.adapters.mail.read import may_be_customers, read_text
from desk_sync.adapters.mail.writer import MailWriter
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Evidence, EvidencePlace, Identifier, IdentifierKind
from desk_sync.errors import where

log = structlog.get_logger()

OTHERS = 10
"""So many other addresses of a text are kept: a list of recipients is no list of customers."""
_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", re.IGNORECASE)
_NUMBERS = (IdentifierKind.ZOID, IdentifierKind.ZGID, IdentifierKind.ZUID)
_PLACES: Mapping[FactSource, EvidencePlace] = {
    FactSource.FIELD: EvidencePlace.TEMPLATE,
    FactSource.TEXT: EvidencePlace.TEXT,
    FactSource.LINK: EvidencePlace.LINK,
    FactSource.FORWARDED: EvidencePlace.FORWARDED,
    FactSource.QUOTED: EvidencePlace.QUOTED,
}

_OTHER_PLACES: Mapping[FactPlace, EvidencePlace] = {
    FactPlace.FORWARDED: EvidencePlace.FORWARDED,
    FactPlace.QUOTED: EvidencePlace.QUOTED,
}


def of_fields(email: str | None, organisation: str | None, *, sender: str | None) -> Iterator[Evidence]:
    """Yield the evidence in the fields for the customer's address (in normal form) and for the organisation."""
    if email:
        yield _one(EvidencePlace.FIELD, IdentifierKind.EMAIL, email)
        _, _, domain = email.rpartition("@")
        if not identifiers.is_public_mail(domain) and may_be_customers(email, sender=sender):
            yield _one(EvidencePlace.FIELD, IdentifierKind.DOMAIN, domain)
    yield from _organisation(organisation or "")


def _organisation(written: str) -> Iterator[Evidence]:
    """The field is meant for a ZOID or a ZGID, but people enter any id: a number without a label may be a ZUID too."""
    if number := identifiers.number(written):
        yield Evidence(EvidencePlace.ORGANISATION_FIELD, tuple(Identifier(kind, number) for kind in _NUMBERS))
        return
    labelled = numbers_in((written,))
    for kind in _NUMBERS:
        found = [each for each in labelled if each.kind is kind]
        if len(found) == 1:
            yield Evidence(EvidencePlace.ORGANISATION_FIELD, _readings(kind, found[0].value, is_open=found[0].open))


def of_text(written: str, *, sender: str | None) -> tuple[Evidence, ...]:
    """Return the evidence in a text, HTML or plain."""
    return of_parts(read(written), sender=sender) if written else ()


def of_threads(contents: Sequence[str], *, sender: str | None) -> tuple[Evidence, ...]:
    """Return the evidence in later mails of the partner. Each counts by itself, whenever it is read (L18)."""
    facts = facts_of_threads(contents, sender=sender)
    return tuple(dict.fromkeys(evidence for each in facts for evidence in of_facts(each)))


def facts_of_threads(
    contents: Sequence[str],
    *,
    sender: str | None,
    own_domains: frozenset[str] = frozenset(),
    is_over: Callable[[], bool] = lambda: False,
) -> Sequence[MailFacts]:
    """Return the facts of each of the mails. Those that `is_over` leaves no time for are not read."""
    return [facts_in(read(each, is_over), sender=sender, own_domains=own_domains) for each in contents]


def read(written: str, is_over: Callable[[], bool] = lambda: False) -> BodyText:
    """Return the lines of a text; its form, HTML or plain, is detected.

    One that cannot be read, or not before `is_over` returns True, has no lines, and says why.
    """
    try:
        if is_over():
            raise TimeoutError
        return read_html(written, is_over) if _TAG.search(written) else read_plain(written)
    except Exception as error:  # noqa: BLE001 - the ticket is decided without the text
        return _unread(error)


def facts_in(text: BodyText, *, sender: str | None, own_domains: frozenset[str] = frozenset()) -> MailFacts:
    """Return the facts of a text; those of an empty one if it cannot be read. `own_domains` are the writer's too."""
    writer = MailWriter(sender=sender, own_domains=own_domains)
    try:
        return read_text(text, writer=writer)
    except Exception as error:  # noqa: BLE001 - the ticket is decided without the text
        return read_text(_unread(error), writer=writer)


def _unread(error: Exception) -> BodyText:
    cause = "there was no time left" if isinstance(error, TimeoutError) else f"{type(error).__name__} in {where(error)}"
    log.warning("text.unread", error=type(error).__name__, where=where(error))
    return BodyText(unread=(f"a text ({cause})",))


def of_parts(text: BodyText, *, sender: str | None) -> tuple[Evidence, ...]:
    """Return the evidence in a text that is divided into new and quoted."""
    return of_facts(facts_in(text, sender=sender))


def of_facts(facts: MailFacts) -> tuple[Evidence, ...]:
    """Return the evidence among the facts of a text; none that acts if it contradicts itself."""
    answers = () if facts.is_contradicted else tuple(_evidence(facts))
    return (*answers, *_others(facts))


def _others(facts: MailFacts) -> Iterator[Evidence]:
    """Yield the other addresses that can be the customer's: suggestions, for a person to choose from."""
    places = {
        each.address.value: _OTHER_PLACES.get(each.place, EvidencePlace.TEXT) for each in reversed(facts.verdicts)
    }
    for address in [each for each in facts.candidates if each != facts.customer_email][:OTHERS]:
        yield replace(_one(places[address], IdentifierKind.EMAIL, address), one_of_several=True)


def _evidence(facts: MailFacts) -> Iterator[Evidence]:
    place = _place(facts)
    if facts.customer_email:
        yield _one(place, IdentifierKind.EMAIL, facts.customer_email)
        if facts.customer_domain and place.standing.acts:
            yield _one(place, IdentifierKind.DOMAIN, facts.customer_domain)
    elif facts.customer_domain:
        yield _one(EvidencePlace.TEMPLATE, IdentifierKind.DOMAIN, facts.customer_domain)
    for kind, number in (
        (IdentifierKind.ZOID, facts.zoid),
        (IdentifierKind.ZGID, facts.zgid),
        (IdentifierKind.ZUID, facts.zuid),
    ):
        if number:
            is_open = facts.organization_id_is_open and facts.zgid is None
            yield Evidence(_place_of_number(kind, facts), _readings(kind, number, is_open=is_open))


def _place(facts: MailFacts) -> EvidencePlace:
    """Return the place of the address; one behind a label counts as an answer wherever it stands in the new text."""
    labelled = facts.labelled and facts.source is FactSource.TEXT
    return EvidencePlace.TEMPLATE if labelled else _PLACES.get(facts.source, EvidencePlace.QUOTED)


def _place_of_number(kind: IdentifierKind, facts: MailFacts) -> EvidencePlace:
    if kind in facts.links:
        return EvidencePlace.LINK
    if facts.confidence is not MailConfidence.LOW:
        return EvidencePlace.LABEL
    return EvidencePlace.FORWARDED if facts.forwarded else EvidencePlace.QUOTED


def _readings(kind: IdentifierKind, number: str, *, is_open: bool) -> tuple[Identifier, ...]:
    kinds = (IdentifierKind.ZOID, IdentifierKind.ZGID) if is_open and kind is IdentifierKind.ZOID else (kind,)
    return tuple(Identifier(each, number) for each in kinds)


def _one(place: EvidencePlace, kind: IdentifierKind, value: str) -> Evidence:
    return Evidence(place, (Identifier(kind, value),))
