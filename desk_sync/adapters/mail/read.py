"""From a mail to identifiers: whose ticket it is, as far as the text tells, and what the template says (R10-R16).

What is new in the mail is read first; its subject only where that leads nowhere, quoted mails only after both. Rather
no answer than a wrong one: an address is the customer's if a label says so, or if it is the only one. Addresses of the
writer's own domain and of Zoho are never the customer's, and a signature tells of its writer. Identifiers are in normal
form (`identifiers.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from desk_sync.adapters.mail.body import BodyText, read_html, read_plain, without_copies
from desk_sync.adapters.mail.facts import FactConfidence, FactSource, MailFacts
from desk_sync.adapters.mail.labelled_ids import LabelledAddress, LabelledNumber, addresses_in, numbers_in
from desk_sync.adapters.mail.message import MailBody, parse
from desk_sync.adapters.mail.template import MailTemplate, read_template
from desk_sync.adapters.mail.words import LabelPart
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import IdentifierKind

_ZOHO = ("zohocorp.com", "zohosupport.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAddress:
    """The identifiers of one text. `several` are the kinds for which it gives more than one answer."""

    email: str | None = None
    source: FactSource = FactSource.NONE
    numbers: tuple[LabelledNumber, ...] = ()
    several: frozenset[IdentifierKind] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.email or self.numbers or self.several)

    def number(self, kind: IdentifierKind) -> str | None:
        return next((number.value for number in self.numbers if number.kind is kind), None)


def read_mail(raw: bytes | str) -> MailFacts:
    """What a mail in a file tells: MIME, or plain headers and a decoded body. Never raises."""
    mail = parse(raw)
    return read_text(_read(mail.bodies), sender=mail.sender, subject=mail.subject, is_html=mail.is_html)


def read_text(text: BodyText, *, sender: str | None, subject: str = "", is_html: bool = False) -> MailFacts:
    """What a text tells, once it is parted into what is new and what is quoted (`mail_body`); `sender` wrote it."""
    own = _Own(sender)
    template = read_template(text.fresh)
    told_in_quotes = without_copies(text.quoted)
    quoted_template = read_template(told_in_quotes)
    passes = (
        _search(template, template.text, own),
        _search(read_template((subject,)), (subject,), own),
        _in_quotes(_search(quoted_template, told_in_quotes, own)),
    )
    found = next(filter(None, passes), FoundAddress())
    quoted = found is passes[2]
    shown = template if template.parts or template.description else quoted_template
    addresses = own.strangers((*addresses_in(template.text), *addresses_in(told_in_quotes)))
    zoids = [number for number in found.numbers if number.kind is IdentifierKind.ZOID]
    return MailFacts(
        sender=sender,
        sender_is_free_mail=bool(sender) and identifiers.is_public_mail(own.domain),
        is_html=is_html,
        customer_email=found.email,
        source=found.source,
        candidates=tuple(dict.fromkeys(address.value for address in addresses)),
        zuid=found.number(IdentifierKind.ZUID),
        zoid=found.number(IdentifierKind.ZOID),
        zgid=found.number(IdentifierKind.ZGID),
        organization_id_is_open=any(number.open for number in zoids),
        several=found.several,
        confidence=_confidence(found, quoted=quoted),
        labelled_domain=_domain(template, own),
        template=shown,
        missing=_missing(shown),
    )


def _read(bodies: Iterable[MailBody]) -> BodyText:
    whole = BodyText()
    for body in bodies:
        text = read_html(body.text) if body.is_html else read_plain(body.text)
        whole += text.as_quoted() if body.earlier else text
    return whole


def may_be_customers(address: str, *, sender: str | None) -> bool:
    """Whether an address, in normal form, can be the customer's: it is not of the writer's own domain, nor Zoho's."""
    return not _Own(sender).owns(address)


class _Own:
    """Who wrote, and which addresses are therefore not the customer's."""

    def __init__(self, sender: str | None) -> None:
        self.sender = sender
        self.domain = (sender or "").rpartition("@")[2]

    def strangers(self, addresses: Iterable[LabelledAddress]) -> list[LabelledAddress]:
        return [address for address in addresses if not self.owns(address.value)]

    def spares(self, domain: str) -> bool:
        """Whether a domain, by itself, can be a customer's."""
        return not identifiers.is_public_mail(domain) and not self.owns(f"@{domain}")

    def owns(self, address: str) -> bool:
        domain = address.rpartition("@")[2]
        if address == self.sender or _is_zoho(domain):
            return True
        return bool(self.domain) and not identifiers.is_public_mail(self.domain) and _are_kin(domain, self.domain)


def _is_zoho(domain: str) -> bool:
    return domain.startswith("zoho.") or any(_are_kin(domain, zoho) for zoho in _ZOHO)


def _are_kin(one: str, other: str) -> bool:
    """Whether two domains are one, or one stands above the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _search(template: MailTemplate, lines: Sequence[str], own: _Own) -> FoundAddress:
    """The identifiers of one text. Of the places where an address may stand, the first that has one decides."""
    anywhere = own.strangers(addresses_in(lines))
    told = numbers_in(lines)
    places = (
        (FactSource.FIELD, own.strangers(addresses_in(template.admin_lines))),
        (FactSource.FIELD, own.strangers(addresses_in(template.customer_lines))),
        (FactSource.TEXT, [address for address in anywhere if address.labelled]),
        (FactSource.TEXT, anywhere),
    )
    source, addresses = next((place for place in places if place[1]), (FactSource.NONE, []))
    emails = {address.value for address in addresses}
    numbers = {kind: _of_kind(kind, told) for kind in (IdentifierKind.ZUID, IdentifierKind.ZOID, IdentifierKind.ZGID)}
    several = {kind for kind, found in numbers.items() if len(found) > 1} | (
        {IdentifierKind.EMAIL} if len(emails) > 1 else set()
    )
    return FoundAddress(
        email=emails.pop() if len(emails) == 1 else None,
        source=source if IdentifierKind.EMAIL not in several else FactSource.NONE,
        numbers=tuple(found[0] for found in numbers.values() if len(found) == 1),
        several=frozenset(several),
    )


def _domain(template: MailTemplate, own: _Own) -> str | None:
    """The one domain behind a label for the customer's."""
    named = {identifiers.domain(line.strip("<> ").removeprefix("@")) for line in template.domain_lines}
    return next((each for each in named if each and own.spares(each)), None) if len(named) == 1 else None


def _of_kind(kind: IdentifierKind, numbers: Iterable[LabelledNumber]) -> list[LabelledNumber]:
    """The different numbers of a kind; one whose label leaves its kind open stands back behind one that does not."""
    of_kind = [number for number in numbers if number.kind is kind]
    return [number for number in of_kind if not number.open] or of_kind


def _in_quotes(found: FoundAddress) -> FoundAddress:
    return replace(found, source=FactSource.QUOTED) if found.email else found


def _confidence(found: FoundAddress, *, quoted: bool) -> FactConfidence:
    if not found.email and not found.numbers:
        return FactConfidence.NONE
    if quoted:
        return FactConfidence.LOW
    return FactConfidence.HIGH if found.numbers or found.source is FactSource.FIELD else FactConfidence.MEDIUM


def _missing(template: MailTemplate) -> tuple[LabelPart, ...]:
    """The parts of the template that a partner should have filled in and did not (R10-R15)."""
    given = {
        LabelPart.CUSTOMER_EMAIL: any((*template.customer_lines, *template.admin_lines)),
        LabelPart.REQUEST_TYPE: template.request_type,
        LabelPart.REPRODUCIBLE: template.reproducible is not None,
        LabelPart.PRODUCT: template.product,
        LabelPart.DESCRIPTION: template.description,
        LabelPart.STEPS: LabelPart.STEPS in template.parts,
    }
    return tuple(part for part, value in given.items() if not value)
