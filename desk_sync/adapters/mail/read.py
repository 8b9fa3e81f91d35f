"""Reading a mail: the identifiers of the customer, and the values of the template (R10-R16).

The new text is read first; the subject only if the text has no identifier, links and quoted mails only after both. No
answer is better than a wrong one: an address is the customer's if it has a label, or if it is the only one. Addresses
of the writer's own domains and of Zoho are never the customer's. If the template's field for the customer is there but
names none, the partner is asked: no other address takes its place. Identifiers are in normal form (`identifiers.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

from desk_sync.adapters.mail.addresses import MailAddress, addresses_in
from desk_sync.adapters.mail.body import BodyText, read_html, read_plain
from desk_sync.adapters.mail.facts import (
    AddressReason,
    AddressVerdict,
    FactConfidence,
    FactPlace,
    FactSource,
    MailFacts,
)
from desk_sync.adapters.mail.flaws import NO_ADDRESS, AddressFlaw, is_doubtful
from desk_sync.adapters.mail.labelled_ids import LabelledNumber, numbers_in
from desk_sync.adapters.mail.message import MailBody, MailMessage, parse
from desk_sync.adapters.mail.quotes import answers, forwards, without_copies
from desk_sync.adapters.mail.template import MailTemplate, holds_label, read_template
from desk_sync.adapters.mail.words import LabelPart
from desk_sync.adapters.mail.writer import MailWriter
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import IdentifierKind


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAddress:
    """The identifiers of one text. `several` are the kinds with more than one answer. `labelled`: the address is."""

    email: str | None = None
    source: FactSource = FactSource.NONE
    labelled: bool = False
    numbers: tuple[LabelledNumber, ...] = ()
    several: frozenset[IdentifierKind] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.email or self.numbers or self.several)

    def number(self, kind: IdentifierKind) -> LabelledNumber | None:
        return next((number for number in self.numbers if number.kind is kind), None)


def read_mail(raw: bytes | str, *, own_domains: frozenset[str] = frozenset()) -> MailFacts:
    """Return the facts of a mail in a file: MIME, or plain headers and a decoded body. Never raises.

    Of alternatives the plain text is read, and the HTML text too: what only one of them shows as new text of the
    partner's is not certain, except that only HTML has links. `own_domains` are further domains of the writer's.
    """
    mail = parse(raw)
    writer = replace(mail.writer, own_domains=own_domains)
    plain = _read_bodies(mail, mail.bodies, writer)
    if not mail.html_bodies:
        return plain
    html = _read_bodies(mail, mail.html_bodies, writer)
    return _agreed(plain, html)


def _read_bodies(mail: MailMessage, bodies: Sequence[MailBody], writer: MailWriter) -> MailFacts:
    is_html = any(body.is_html for body in bodies)
    text = _read(bodies) + BodyText(unread=mail.unread)
    return read_text(text, writer=writer, subject=mail.subject, is_html=is_html)


def _agreed(plain: MailFacts, html: MailFacts) -> MailFacts:
    """Return the facts of the plain text, or those of the HTML text if they differ in who the customer is."""
    if plain.is_earlier and not plain.contradicts(html):
        return plain
    if html.confidence is FactConfidence.NONE or (plain.acts and html.acts and not plain.contradicts(html)):
        return plain
    return plain.contradicted() if plain.acts and html.acts else html


def read_text(
    text: BodyText,
    *,
    writer: MailWriter | None = None,
    sender: str | None = None,
    subject: str = "",
    is_html: bool = False,
) -> MailFacts:
    """Return the facts of a text, with new and quoted lines separated (`body.py`). A `sender` alone is the writer."""
    author = writer or MailWriter(sender=sender)
    template = read_template(text.fresh, author.names)
    author = author.with_signature(template.signature)
    if forwards(subject) and not text.earlier and not holds_label(template.text):
        # A mail that was forwarded without a mark: its words are not the writer's.
        text, template = replace(text, fresh=(), forwarded=template.text), read_template(())
    text, title = _with_subject(text, subject)
    quoted_lines = without_copies(text.earlier)
    quoted_template = read_template(quoted_lines)
    passes = (
        _search(template, template.text, author),
        _search(_beside(read_template(title), template), title, author),
        _in_links(template.text, author),
        _in_earlier(_search(quoted_template, quoted_lines, author, tolerated=_HEADERS), text, author),
    )
    found = FoundAddress() if author.automatic else next(filter(None, passes), FoundAddress())
    shown = template if template.parts or template.description else quoted_template
    places = _places(template, text, title if found is passes[1] else ())
    verdicts = tuple(_verdicts(template, places, author, found))
    zoid, zgid, zuid = map(found.number, (IdentifierKind.ZOID, IdentifierKind.ZGID, IdentifierKind.ZUID))
    return MailFacts(
        sender=author.sender,
        sender_is_free_mail=author.is_free_mail,
        is_html=is_html,
        customer_email=found.email,
        source=found.source,
        labelled=found.labelled,
        verdicts=verdicts,
        links=frozenset(number.kind for number in found.numbers if number.link),
        zuid=zuid.value if zuid else None,
        zoid=zoid.value if zoid else None,
        zgid=zgid.value if zgid else None,
        organization_id_is_open=bool(zoid and zoid.open),
        several=found.several,
        confidence=_confidence(found, weak=any(found is each for each in passes[2:])),
        labelled_domain=None if author.automatic else _domain(template, author),
        template=shown,
        missing=_missing(shown, author),
        unread=text.unread,
        forwarded=found is passes[-1] and not _is_quoted(found, text, author),
    )


def _with_subject(text: BodyText, subject: str) -> tuple[BodyText, tuple[str, ...]]:
    """Return the text, and the subject as a line of its own if its words are new; else they are of the earlier mail."""
    if forwards(subject):
        return text.with_quoted_forwarded() + BodyText(forwarded=(subject,)), ()
    return (text + BodyText(quoted=(subject,)), ()) if answers(subject) else (text, (subject,))


def _read(bodies: Iterable[MailBody]) -> BodyText:
    whole = BodyText()
    for body in bodies:
        text = read_html(body.text) if body.is_html else read_plain(body.text)
        whole += text.as_forwarded() if body.earlier else text
    return whole


def may_be_customers(address: str, *, sender: str | None) -> bool:
    """Return False for an address, in normal form, of the writer's own domain or of Zoho: it is not the customer's."""
    return not MailWriter(sender=sender).owns(address)


# In earlier mails, the labels of the headers.
_HEADERS = frozenset({AddressFlaw.OTHER_LABEL})
_NO_FLAWS: frozenset[AddressFlaw] = frozenset()


def _found(lines: Sequence[str], writer: MailWriter, tolerated: frozenset[AddressFlaw]) -> list[MailAddress]:
    """Return the addresses in the lines that are not the writer's, without the tolerated flaws."""
    found = writer.without_own(addresses_in(lines))
    return [replace(each, flaw=None) if each.flaw in tolerated else each for each in found]


def _search(
    template: MailTemplate, lines: Sequence[str], writer: MailWriter, *, tolerated: frozenset[AddressFlaw] = _NO_FLAWS
) -> FoundAddress:
    """Return the identifiers of one text. Of the possible places of an address, the first that holds one decides."""
    found = _found(lines, writer, tolerated)
    source, addresses = _addresses(template, lines, found, writer)
    emails = {address.value for address in addresses}
    numbered = numbers_in(lines)
    labelled_numbers = [number for number in numbered if not number.link]
    links = [number for number in numbered if number.link] if labelled_numbers or emails else []
    kinds = (IdentifierKind.ZUID, IdentifierKind.ZOID, IdentifierKind.ZGID)
    numbers = {kind: _of_kind(kind, labelled_numbers) for kind in kinds}
    several = {kind for kind, of_kind in numbers.items() if len(of_kind) > 1} | (
        {IdentifierKind.EMAIL} if len(emails) > 1 else set()
    )
    return FoundAddress(
        email=emails.pop() if len(emails) == 1 else None,
        source=source if IdentifierKind.EMAIL not in several else FactSource.NONE,
        labelled=any(address.labelled for address in addresses) or source is FactSource.FIELD,
        numbers=(*(of_kind[0] for of_kind in numbers.values() if len(of_kind) == 1), *_single(links)),
        several=frozenset(several),
    )


def _single(numbers: Sequence[LabelledNumber]) -> tuple[LabelledNumber, ...]:
    """Return the numbers that are the only ones of their kind."""
    return tuple(number for number in numbers if sum(each.kind is number.kind for each in numbers) == 1)


def _addresses(
    template: MailTemplate, lines: Sequence[str], found: Sequence[MailAddress], writer: MailWriter
) -> tuple[FactSource, Sequence[MailAddress]]:
    """Return the addresses of the first place that holds any: the super admin's field, the customer's, the text.

    The super admin can be named inside an answer (R12). Another customer with a label in the text contradicts a field;
    what the description says does not.
    """
    in_doubt = _in_doubt((*template.admin_lines, *template.customer_lines))
    anywhere = [each for each in found if each.flaw is None and each.value not in in_doubt]
    whole = {each.value for each in found if each.flaw not in NO_ADDRESS}
    answers = {each.value for each in addresses_in(template.reproducible_lines)}
    admins = [each for each in _values(template.admin_lines, writer) if each.value in whole]
    admins += [each for each in anywhere if each.label is LabelPart.SUPER_ADMIN and each.value in answers]
    customers = [each for each in _values(template.customer_lines, writer) if each.value in whole]
    labelled = [each for each in anywhere if each.labelled and not each.link]
    described = {each.value for each in addresses_in(template.described)}
    if admins or customers:
        known = {each.value for each in (*admins, *customers)}
        domains = {value.rpartition("@")[2] for value in known}
        others = [each for each in labelled if each.value not in known]
        of_customer = [each for each in others if each.label is LabelPart.SUPER_ADMIN and _host(each) in domains]
        strangers = [each for each in others if each not in of_customer and each.value not in described]
        return FactSource.FIELD, [*(admins or of_customer or customers), *strangers]
    if labelled:
        return FactSource.TEXT, labelled
    if template.asks_for_customer or _names_own(lines, writer):
        return FactSource.NONE, []
    counted = [each for each in found if each.counts and not each.link and not writer.resembles(each.value)]
    return (FactSource.TEXT, counted) if any(each.flaw is None for each in counted) else (FactSource.NONE, [])


def _names_own(lines: Sequence[str], writer: MailWriter) -> bool:
    """Return True if the customer's label names the writer's own address: it is answered, and not with the customer."""
    return any(each.labelled and not each.link and writer.owns(each.value) for each in addresses_in(lines))


def _beside(subject: MailTemplate, template: MailTemplate) -> MailTemplate:
    """Return the template of the subject with the parts that the text has."""
    return replace(subject, parts=subject.parts | template.parts)


def _host(address: MailAddress) -> str:
    return address.value.rpartition("@")[2]


_IN_VALUES = (None, AddressFlaw.OTHER_LABEL, AddressFlaw.COLLEAGUE)


def _values(lines: Sequence[str], writer: MailWriter) -> list[MailAddress]:
    """Return the addresses that are the values of a field, whose label is not in the lines any more."""
    in_doubt = _in_doubt(lines)
    found = (replace(each, label=each.label or LabelPart.CUSTOMER_EMAIL) for each in addresses_in(lines))
    return [each for each in writer.without_own(found) if each.flaw in _IN_VALUES and each.value not in in_doubt]


_MOST_VALUES = 100
"""A text with more values of a field names no single customer."""
_LONGEST_VALUE = 1_000


def _in_doubt(lines: Iterable[str]) -> frozenset[str]:
    """Return the addresses in the values of a field that the value itself puts in doubt."""
    values = [line[:_LONGEST_VALUE] for line in islice(lines, _MOST_VALUES)]
    each = ((value, address.value) for value in values for address in addresses_in((value,)))
    return frozenset(value for line, value in each if is_doubtful(line, value))


def _in_links(lines: Sequence[str], writer: MailWriter) -> FoundAddress:
    """Return the identifiers that are only in links."""
    emails = {each.value for each in _found(lines, writer, _NO_FLAWS) if each.link and each.flaw is None}
    numbers = [number for number in numbers_in(lines) if number.link]
    single = _single(numbers)
    several = {number.kind for number in numbers if number not in single}
    email = emails.pop() if len(emails) == 1 else None
    return FoundAddress(
        email=email, source=FactSource.LINK if email else FactSource.NONE, numbers=single, several=frozenset(several)
    )


def _domain(template: MailTemplate, writer: MailWriter) -> str | None:
    """Return the domain behind the label of the customer's domain; None if several differ."""
    named = {identifiers.domain(line.strip("<> ").removeprefix("@")) for line in template.domain_lines}
    return next((each for each in named if each and writer.accepts_domain(each)), None) if len(named) == 1 else None


def _of_kind(kind: IdentifierKind, numbers: Iterable[LabelledNumber]) -> list[LabelledNumber]:
    """Return the numbers of a kind; those with an open label only if there is none with a definite label."""
    of_kind = [number for number in numbers if number.kind is kind]
    return [number for number in of_kind if not number.open] or of_kind


def _in_earlier(found: FoundAddress, text: BodyText, writer: MailWriter) -> FoundAddress:
    """Return what was found in earlier mail with its source: forwarded mail if it is nowhere else."""
    if not found.email:
        return found
    return replace(found, source=FactSource.QUOTED if _is_quoted(found, text, writer) else FactSource.FORWARDED)


def _is_quoted(found: FoundAddress, text: BodyText, writer: MailWriter) -> bool:
    """Return True if quoted lines alone hold an identifier, or if there are no forwarded ones."""
    if not text.forwarded:
        return True
    quoted = without_copies(text.quoted)
    return bool(found and _search(read_template(quoted), quoted, writer, tolerated=_HEADERS))


def _confidence(found: FoundAddress, *, weak: bool) -> FactConfidence:
    if not found.email and not found.numbers:
        return FactConfidence.NONE
    if weak:
        return FactConfidence.LOW
    return (
        FactConfidence.HIGH
        if any(not each.link for each in found.numbers) or found.source is FactSource.FIELD
        else FactConfidence.MEDIUM
    )


def _otherwise(address: MailAddress, template: MailTemplate, writer: MailWriter) -> AddressReason:
    """Return the reason for the weight of an address of the text that nothing else is known of."""
    if template.asks_for_customer:
        return AddressReason.ASKED
    return AddressReason.RESEMBLES if writer.resembles(address.value) else AddressReason.TEXT


MailPlaces: TypeAlias = Sequence[tuple[FactPlace, Sequence[str]]]
"""The lines of a mail by the part that they belong to."""


def _verdicts(
    template: MailTemplate, places: MailPlaces, writer: MailWriter, found: FoundAddress
) -> Iterable[AddressVerdict]:
    """Yield each address of the mail with the reason why it was taken, is weak, or was rejected."""
    in_fields = {each.value for each in addresses_in((*template.customer_lines, *template.admin_lines))}
    for place, lines in places:
        for each in addresses_in(lines):
            known = _known_reason(each, place, writer, is_in_field=each.value in in_fields)
            otherwise = _otherwise(each, template, writer)
            yield AddressVerdict(each, place, known or otherwise, taken=each.value == found.email)


def _places(template: MailTemplate, text: BodyText, subject: Sequence[str]) -> MailPlaces:
    return (
        (FactPlace.NEW, template.text),
        (FactPlace.SUBJECT, subject),
        (FactPlace.SIGNATURE, template.signature),
        (FactPlace.QUOTED, without_copies(text.quoted)),
        (FactPlace.FORWARDED, without_copies(text.forwarded)),
    )


_EARLIER = {FactPlace.QUOTED: AddressReason.QUOTED, FactPlace.FORWARDED: AddressReason.FORWARDED}


def _known_reason(
    address: MailAddress, place: FactPlace, writer: MailWriter, *, is_in_field: bool
) -> AddressReason | AddressFlaw | None:
    """Return the reason for the weight of an address; None for one of the text that nothing is known of."""
    if writer.automatic:
        return AddressReason.AUTOMATIC
    if not writer.without_own([address]):
        return AddressReason.OWN
    if place is FactPlace.SIGNATURE:
        return AddressReason.SIGNATURE
    if address.flaw and not (address.flaw is AddressFlaw.OTHER_LABEL and is_in_field):
        return address.flaw
    if place in _EARLIER:
        return _EARLIER[place]
    if is_in_field:
        return AddressReason.FIELD
    if address.labelled:
        return AddressReason.LABEL
    return AddressReason.LINK if address.link else None


def _missing(template: MailTemplate, writer: MailWriter) -> tuple[LabelPart, ...]:
    """Return the parts of the template that the partner left out or left empty (R10-R15)."""
    given = {
        LabelPart.CUSTOMER_EMAIL: _values((*template.customer_lines, *template.admin_lines), writer),
        LabelPart.REQUEST_TYPE: template.request_type,
        LabelPart.REPRODUCIBLE: template.reproducible is not None,
        LabelPart.PRODUCT: template.product,
        LabelPart.DESCRIPTION: template.description,
        LabelPart.STEPS: LabelPart.STEPS in template.parts,
    }
    return tuple(part for part, value in given.items() if not value)
