"""Identifiers in lines of text: addresses, and numbers whose kind a label or a link gives.

A number has 6 to 11 digits directly behind its label, with or without thousands separators; a longer one (a record, an
order, a telephone) is ignored. The path of a link to a Zoho service holds the id of its organisation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from desk_sync.adapters.mail.words import OWN
from desk_sync.adapters.text import identifiers
from desk_sync.adapters.text.fold import fold
from desk_sync.domain.account.identity import Identifier, IdentifierKind

_TERM = (
    r"(?<![a-z])(?:(?P<zuid>zuid)|(?P<zoid>zoid)|(?P<zgid>zgid)"
    r"|(?P<user>user[\s-]?id|(?:be)?nutzer-?(?:id|kennung)|usuario id"
    r"|id (?:d[oea] |del |de l'|de la )?(?:usuari[oa]|utilizador|utilisateur)|ユーザー? ?の?id)"
    r"|(?P<org>org(?:ani[sz]ations?)?[\s.-]{0,2}id|id (?:d[aeo] |del |der |de la |de l'|l')?organi[sz]a\w{1,8}"
    r"|組織 ?の?id))(?![a-z])"
)
_ANY_TERM = re.sub(r"\?P<\w+>", "?:", _TERM)
_CONNECTIVE = (
    r"(?<![a-z])(?:or|ou|oder|o|und|and|et|is|ist|es|est|sont|lautet|e|y|n[ro][.o]?|number|nummer|numero|number|d[oae]s?|del|der"
    r"|the|of|zoho|crm|mail|cliente?s?|customers?|kunden?|org(?:ani[sz]a[a-z]{1,8})?|user|usuario|benutzer|utilisateur"
    r"|super[a-z]{0,20}|admin[a-z]{0,12})(?![a-z])|または|番号|は|の"
)
_GROUPED = r"[0-9]{1,3}(?:(?P<mark>[ .,'-])[0-9]{3})(?:(?P=mark)[0-9]{3}){0,2}"
_SPACED = r"[0-9]{1,5}(?: [0-9]{1,5}){1,5}"
_CONTINUED = r"[0-9@a-z]|[ .,'-][0-9]{3}(?![0-9])|[.,/-][0-9]"
_NUMBER = rf"(?P<number>[0-9]{{6,11}}|(?:{_GROUPED}|{_SPACED})(?! ?[0-9]))(?!{_CONTINUED})"
_BRACKETED = r"\s?[(\[]\s?(?P<after>zuid|zoid|zgid)\s?[)\]]"
_LABELLED = re.compile(
    rf"(?P<label>{_ANY_TERM}(?:[\s:=#,&()\[\]<>\"'“”„«»–—|*/_-]|{_ANY_TERM}|{_CONNECTIVE})*+)(?:{_NUMBER}(?:{_BRACKETED})?)?"
)
_NUMBER_FIRST = re.compile(rf"(?<![0-9a-z.,'+/-]){_NUMBER}{_BRACKETED}")
_LABEL = re.compile(_TERM)
_ALONE = re.compile(rf"\s*{_NUMBER}[\s.]*")
_OWN = re.compile(rf"(?<![a-z])(?:{OWN})\W*$")
_END_OF_LABEL = re.compile("[:=]")
_ZOHO = r"(?:[a-z0-9-]+\.)?zoho(?:cloud)?\.(?:com\.au|com\.cn|com|eu|in|jp|sa|ca|uk)"
_LINKS = (
    (IdentifierKind.ZGID, re.compile(rf"https?://{_ZOHO}/(?:[\w./-]{{0,100}}/)?crm/org([0-9]{{6,11}})(?![0-9])")),
    (
        IdentifierKind.ZOID,
        re.compile(rf"https?://{_ZOHO}/[^\s?]{{0,100}}\?(?:[^\s#]{{0,100}}&)?(?:zaaid|zoid)=([0-9]{{6,11}})(?!\w)"),
    ),
)
_LONGEST_LINE = 20_000
_LONGEST_LIST = 60
_DIGITS = re.compile(r"[0-9]{6,11}")
_LISTED = re.compile(r"[0-9]{6,11}(?: ?(?:[/,;|&+]|and|und|e|y|et|ou|or) ?[0-9]{6,11}){1,2}(?![0-9])")
# The name of a header in a call of an API, which ends in what looks like a label.
_HEADER_OF_CALL = re.compile(r"(?<![a-z0-9])x-(?:[a-z0-9]{1,20}-){1,5}\Z")


@dataclass(frozen=True, slots=True)
class LabelledNumber:
    """An id with a label or from a link. `open`: the label names both ZOID and ZGID, or only an organisation."""

    kind: IdentifierKind
    value: str
    open: bool = False
    link: bool = False


def numbers_in(lines: Iterable[str]) -> list[LabelledNumber]:
    """Return the labelled numbers, then those of links, each once, in their order. Two of one kind are a contradiction.

    A number can be on the line after its label.
    """
    folded = [fold(line[:_LONGEST_LINE]) for line in lines if line.strip()]
    labelled = [number for at, line in enumerate(folded) for number in _labelled(line, folded[at + 1 : at + 2])]
    labelled_kinds = {number.kind for number in labelled}
    linked = (number for line in folded for number in _linked(line) if number.kind not in labelled_kinds)
    return list(dict.fromkeys((*labelled, *linked)))


def identifier_in(text: str) -> Identifier | None:
    """Return the identifier that a person typed: an address, a customer's domain, or a number behind its label."""
    if address := identifiers.email(text):
        return Identifier(IdentifierKind.EMAIL, address)
    match numbers_in((text,)):
        case [LabelledNumber(kind, value, open=False)]:
            return Identifier(kind, value)
        case [_, *_]:
            return None
    host = identifiers.domain(text.strip().removeprefix("@"))
    return Identifier(IdentifierKind.DOMAIN, host) if host and not identifiers.is_public_mail(host) else None


def opens_with_id(line: str) -> bool:
    """Return True if a line begins with a labelled number."""
    found = _LABELLED.match(fold(line[:_LONGEST_LINE]).lstrip(" \t-*"))
    return bool(found and found["number"])


def _labelled(line: str, next_line: list[str]) -> Iterator[LabelledNumber]:
    for found in _LABELLED.finditer(line):
        written = found["number"]
        if written is None and found.end() == len(line) and next_line and (alone := _ALONE.fullmatch(next_line[0])):
            written = alone["number"]
        before = line[max(0, found.start() - 30) : found.start()]
        if _HEADER_OF_CALL.search(before):
            continue
        if _OWN.search(before):
            continue
        if listed := list(_in_order(found["label"], line[found.end("label") :][:_LONGEST_LIST])):
            yield from listed
        elif written:
            yield from _named(found["label"], found["after"], written)
    for found in _NUMBER_FIRST.finditer(line):
        yield from _named("", found["after"], found["number"])


def _in_order(label: str, behind: str) -> Iterator[LabelledNumber]:
    """Yield the numbers behind as many labels, in the same order: "ZOID/ZUID: 123456 / 654321"."""
    terms = list(_LABEL.finditer(label))
    if len(terms) > 1 and (listed := _LISTED.match(behind)):
        numbers = _DIGITS.findall(listed[0])
        if len(terms) == len(numbers):
            for term, number in zip(terms, numbers, strict=True):
                yield from _named(term[0], None, number)


def _named(label: str, after: str | None, written: str) -> Iterator[LabelledNumber]:
    number = identifiers.number(re.sub("[^0-9]", "", written))
    clauses = [clause for clause in _END_OF_LABEL.split(label) if _LABEL.search(clause)]
    terms = {after} if after else {term.lastgroup for term in _LABEL.finditer(clauses[-1])}
    if number is None or {"zuid", "zoid"} <= terms or {"zuid", "zgid"} <= terms:
        return
    if "zuid" in terms or terms == {"user"}:
        yield LabelledNumber(IdentifierKind.ZUID, number)
    elif "zgid" in terms and "zoid" not in terms:
        yield LabelledNumber(IdentifierKind.ZGID, number)
    else:
        yield LabelledNumber(IdentifierKind.ZOID, number, open={"zoid", "zgid"} <= terms or "zoid" not in terms)


def _linked(line: str) -> Iterator[LabelledNumber]:
    for kind, pattern in _LINKS:
        for found in pattern.finditer(line):
            yield LabelledNumber(kind, found[1], link=True)
