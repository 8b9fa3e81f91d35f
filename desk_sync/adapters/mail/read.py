"""Reading a mail: the identifiers of the customer, and the values of the template (R10-R16).

The new text is read first; the subject only if the text has no identifier, quoted mails only after both. No answer is
better than a wrong one: an address is the customer's if it has a label, or if it is the only one. Addresses of the
writer's own domain and of Zoho are never the customer's, and those in a signature are the writer's. Identifiers are in
normal form (`identifiers.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from desk_sync.adapters.mail.body import BodyText, read_html, read_plain
from desk_sync.adapters.mail.facts import FactConfidence, FactSource, MailFacts
from desk_sync.adapters.mail.labelled_ids import LabelledAddress, LabelledNumber, addresses_in, numbers_in
from desk_sync.adapters.mail.message import MailBody, parse
from desk_sync.adapters.mail.quotes import without_copies
from desk_sync.adapters.mail.template import MailTemplate, read_template
from desk_sync.adapters.mail.words import LabelPart
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import IdentifierKind

_ZOHO = ("zohocorp.com", "zohosupport.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAddress:
    """The identifiers of one text. `several` are the kinds with more than one answer."""

    email: str | None = None
    source: FactSource = FactSource.NONE
    numbers: tuple[LabelledNumber, ...] = ()
    several: frozenset[IdentifierKind] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.email or self.numbers or self.several)

    def number(self, kind: IdentifierKind) -> str | None:
        return next((number.value for number in self.numbers if number.kind is kind), None)


def read_mail(raw: bytes | str) -> MailFacts:
    """Return the facts of a mail in a file: MIME, or plain headers and a decoded body. Never raises."""
    mail = parse(raw)
    return read_text(_read(mail.bodies), sender=mail.sender, subject=mail.subject, is_html=mail.is_html)


def read_text(text: BodyText, *, sender: str | None, subject: str = "", is_html: bool = False) -> MailFacts:
    """Return the facts of a text that `sender` wrote, with new and quoted lines separated (`body.py`)."""
    writer = _Writer(sender)
    template = read_template(text.fresh)
    quoted_lines = without_copies(text.quoted)
    quoted_template = read_template(quoted_lines)
    passes = (
        _search(template, template.text, writer),
        _search(read_template((subject,)), (subject,), writer),
        _in_quotes(_search(quoted_template, quoted_lines, writer)),
    )
    found = next(filter(None, passes), FoundAddress())
    quoted = found is passes[2]
    shown = template if template.parts or template.description else quoted_template
    addresses = writer.without_own((*addresses_in(template.text), *addresses_in(quoted_lines)))
    zoids = [number for number in found.numbers if number.kind is IdentifierKind.ZOID]
    return MailFacts(
        sender=sender,
        sender_is_free_mail=bool(sender) and identifiers.is_public_mail(writer.domain),
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
        labelled_domain=_domain(template, writer),
        template=shown,
        missing=_missing(shown),
        unread=text.unread,
    )


def _read(bodies: Iterable[MailBody]) -> BodyText:
    whole = BodyText()
    for body in bodies:
        text = read_html(body.text) if body.is_html else read_plain(body.text)
        whole += text.as_quoted() if body.earlier else text
    return whole


def may_be_customers(address: str, *, sender: str | None) -> bool:
    """Return False for an address, in normal form, of the writer's own domain or of Zoho: it is not the customer's."""
    return not _Writer(sender).owns(address)


class _Writer:
    """The writer of a mail, whose own addresses, like Zoho's, are never the customer's."""

    def __init__(self, sender: str | None) -> None:
        self.sender = sender
        self.domain = (sender or "").rpartition("@")[2]

    def without_own(self, addresses: Iterable[LabelledAddress]) -> list[LabelledAddress]:
        return [address for address in addresses if not self.owns(address.value)]

    def accepts_domain(self, domain: str) -> bool:
        """Return True if a domain can identify a customer."""
        return not identifiers.is_public_mail(domain) and not self.owns(f"@{domain}")

    def owns(self, address: str) -> bool:
        """Return True for an address of the writer's domain, or the domains above and below it, and of Zoho."""
        domain = address.rpartition("@")[2]
        if address == self.sender or _is_zoho(domain):
            return True
        return bool(self.domain) and not identifiers.is_public_mail(self.domain) and _are_related(domain, self.domain)


def _is_zoho(domain: str) -> bool:
    return domain.startswith("zoho.") or any(_are_related(domain, zoho) for zoho in _ZOHO)


def _are_related(one: str, other: str) -> bool:
    """Return True if the domains are equal, or one is a subdomain of the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _search(template: MailTemplate, lines: Sequence[str], writer: _Writer) -> FoundAddress:
    """Return the identifiers of one text. Of the possible places of an address, the first that holds one decides."""
    anywhere = writer.without_own(addresses_in(lines))
    labelled_numbers = numbers_in(lines)
    places = (
        (FactSource.FIELD, writer.without_own(addresses_in(template.admin_lines))),
        (FactSource.FIELD, writer.without_own(addresses_in(template.customer_lines))),
        (FactSource.TEXT, [address for address in anywhere if address.labelled]),
        (FactSource.TEXT, anywhere),
    )
    source, addresses = next((place for place in places if place[1]), (FactSource.NONE, []))
    emails = {address.value for address in addresses}
    kinds = (IdentifierKind.ZUID, IdentifierKind.ZOID, IdentifierKind.ZGID)
    numbers = {kind: _of_kind(kind, labelled_numbers) for kind in kinds}
    several = {kind for kind, found in numbers.items() if len(found) > 1} | (
        {IdentifierKind.EMAIL} if len(emails) > 1 else set()
    )
    return FoundAddress(
        email=emails.pop() if len(emails) == 1 else None,
        source=source if IdentifierKind.EMAIL not in several else FactSource.NONE,
        numbers=tuple(found[0] for found in numbers.values() if len(found) == 1),
        several=frozenset(several),
    )


def _domain(template: MailTemplate, writer: _Writer) -> str | None:
    """Return the domain behind the label of the customer's domain; None if several differ."""
    named = {identifiers.domain(line.strip("<> ").removeprefix("@")) for line in template.domain_lines}
    return next((each for each in named if each and writer.accepts_domain(each)), None) if len(named) == 1 else None


def _of_kind(kind: IdentifierKind, numbers: Iterable[LabelledNumber]) -> list[LabelledNumber]:
    """Return the numbers of a kind; those with an open label only if there is none with a definite label."""
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
    """Return the parts of the template that the partner left out or left empty (R10-R15)."""
    given = {
        LabelPart.CUSTOMER_EMAIL: any((*template.customer_lines, *template.admin_lines)),
        LabelPart.REQUEST_TYPE: template.request_type,
        LabelPart.REPRODUCIBLE: template.reproducible is not None,
        LabelPart.PRODUCT: template.product,
        LabelPart.DESCRIPTION: template.description,
        LabelPart.STEPS: LabelPart.STEPS in template.parts,
    }
    return tuple(part for part, value in given.items() if not value)
