"""Addresses in lines of text: whole, or not at all.

A visible character directly beside an address that may belong to it makes the match a piece of something else.
Japanese, Chinese and Korean are written without blanks around an address: their letters are no part of it. What
contains an `@` but is no mailbox of a customer has a flaw: a web address, a Message-ID, a repository, a machine.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from desk_sync.adapters.mail import words as mail_words
from desk_sync.adapters.mail.flaws import (
    COUNTED_FLAWS,
    AddressFlaw,
    ends_with_field,
    flaw_of,
    is_notice,
    is_of_colleague,
    stranger,
)
from desk_sync.adapters.mail.words import LabelPart
from desk_sync.adapters.text import identifiers
from desk_sync.adapters.text.fold import fold
from desk_sync.normal_form import normal_form


@dataclass(frozen=True, slots=True)
class MailAddress:
    """An address in normal form, or a piece of a text with an `@` that is none.

    `label` is the part of the template that the words directly before it name: the customer's or the super admin's
    address. `link`: it is only the target of a link.
    """

    value: str
    label: LabelPart | None = None
    flaw: AddressFlaw | None = None
    link: bool = False

    @property
    def labelled(self) -> bool:
        """True if a label names it as the customer's or the super admin's."""
        return self.label is not None

    @property
    def counts(self) -> bool:
        """True if another address beside it is not the only one."""
        return self.flaw is None or self.flaw in COUNTED_FLAWS


def addresses_in(lines: Sequence[str]) -> list[MailAddress]:
    """Return everything with an `@` in the lines, in its order, with its flaw; nothing for more than 1,000 of them."""
    every = (each for at, line in enumerate(lines) if _has_at(line) for each in _addresses(lines, at))
    found = list(islice(every, _MOST_ADDRESSES + 1))
    return found if len(found) <= _MOST_ADDRESSES else []


_MOST_ADDRESSES = 1_000
"""A text with more is a list or a log, which names no customer."""


def _has_at(line: str) -> bool:
    return "@" in line or "＠" in line or bool(_SPELT_AT.search(line))


_SPELT_AT = re.compile(r" ?[(\[] ?(?:at|arroba) ?[)\]] ?", re.IGNORECASE)
_HALFWIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}
_WEB = re.compile(
    r"(?:https?|ftps?|ssh|git|svn|sips?|xmpp|wss?|mongodb|postgres(?:ql)?|redis|smtps?|imaps?)://[^\s<>\"]*+",
    re.IGNORECASE,
)
_CHARACTERS = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff"
_LOCAL_PART = re.compile(rf"[{_CHARACTERS}_](?:[{_CHARACTERS}_.+'&-]{{0,62}}[{_CHARACTERS}_+-])?")
_ELISION = re.compile(r"(?:[dljnstmc]|qu|un|(?:d|n|s)?[ae]ll|quest|sull|dall)'", re.IGNORECASE)
_LABEL_OF_DOMAIN = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"(?:{_LABEL_OF_DOMAIN}\.)+(?:[A-Za-z][A-Za-z0-9-]*+|[^\W\d_a-zA-Z]++)")
_ENDS = re.compile(
    r"(?:[\s<>()\[\]{}\"“”„«»‹›,;|、。，；：・「」『』【】—―]|\Z|['’]s?(?!\w)|[.!?:*_`…]+(?![^\s<>()\[\]\"”»*_`'’|]))"
)
_SEPARATORS = frozenset(' \t\u00a0<>()[]{}"“”„«»‹›,;:|¡¿、。，；：・「」『』【】〈〉《》—―→⇒•·▪▸➤✓※')
_WRAPPING = "*`'‘’"
_WITHOUT_BLANKS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "IDEOGRAPHIC", "HALFWIDTH", "FULLWIDTH")
_LONGEST_LOCAL_PART = 80
_LONGEST_DOMAIN = 260
_BEGINS_SENTENCE = re.compile(r"\A[^A-Z]+\.[A-Z][a-z]+\Z")
_GOES_ON = re.compile(r"[.@_]\w|-[\w-]{1,60}\.[a-z]")
_WENT_BEFORE = re.compile(r"\w[-_+&/]\Z")
_OTHER_SCHEME = re.compile(r"(?<![a-z])(?:sips?|xmpp|ssh|git|im|acct|callto|skype|cid|mid):\Z", re.IGNORECASE)


def _halfwidth(line: str) -> str:
    """Return the line with full-width ASCII as ASCII, accents composed with their letters, and "(at)" as "@"."""
    return _SPELT_AT.sub("@", normal_form("NFC", line.translate(_HALFWIDTH)))


def _addresses(lines: Sequence[str], at: int) -> Iterator[MailAddress]:
    line = _halfwidth(lines[at])
    links = deque(found.span() for found in _WEB.finditer(line))
    cut_before = at > 0 and bool(_WENT_BEFORE.search(lines[at - 1]))
    cut_after = at + 1 < len(lines) and bool(_GOES_ON.match(lines[at + 1]))
    sign, end = line.find("@"), 0
    last: MailAddress | None = None
    while sign >= 0:
        while links and links[0][1] <= sign:
            links.popleft()
        if links and links[0][0] <= sign:
            yield MailAddress(line[links[0][0] : links[0][1]], flaw=AddressFlaw.WEB)
            end = links[0][1]
        else:
            start = _start(line, sign, end)
            found = _Match(line, start, sign)
            if start < sign:
                cut = (cut_before and start == 0) or (cut_after and found.end == len(line))
                between = line[max(end, start - 80) : start]
                address = _beside_others(found.address(between, cut=cut), between, line[found.end :][:80], lines, at)
                last = _like(last, address) if last and _IN_LIST.fullmatch(between) else address
                yield last
            end = max(found.end, sign + 1)
        sign = line.find("@", end)


def _beside_others(address: MailAddress, before: str, after: str, lines: Sequence[str], at: int) -> MailAddress:
    """Return an address without a label with its flaw if the sentence, which lines can divide, gives it to others."""
    if address.flaw or address.labelled:
        return address
    above = lines[at - 1] if at else ""
    below = lines[at + 1] if at + 1 < len(lines) else ""
    if ":" in before and below[:1].islower() and ends_with_field(above):
        return replace(address, flaw=AddressFlaw.DATA)
    wrapped = f"{above[-80:]} {before}" if _GOES_ON_BELOW.search(above) and lines[at].startswith(before) else before
    clause = _CLAUSE.split(wrapped.rstrip("<([（*'\"“„ "))[-1]
    return replace(address, flaw=stranger(lines[at], wrapped, clause, f"{after} {below[:40]}"))


_GOES_ON_BELOW = re.compile(r"[\w,]\s*\Z")


_IN_LIST = re.compile(r"[\s,;/&+<>()\"'、]{1,10}(?:(?:and|und|e|y|et|ou|or|oder|o|と)\s?)?[<(\"']{0,2}")
_SHARED = frozenset(
    {AddressFlaw.OTHER_LABEL, AddressFlaw.NOT_TO_USE, AddressFlaw.EXAMPLE, AddressFlaw.UNSURE, AddressFlaw.COLLEAGUE}
)


def _like(before: MailAddress, address: MailAddress) -> MailAddress:
    """Return an address of a list with the label, or the flaw, of the one before it."""
    if address.flaw is not None or address.labelled:
        return address
    return replace(address, label=before.label, flaw=before.flaw if before.flaw in _SHARED else None)


def _start(line: str, sign: int, first: int) -> int:
    """Return the start of the local part of an address: after the first separator before the sign."""
    start = sign
    while start > max(first, sign - _LONGEST_LOCAL_PART) and not _separates(line[start - 1]):
        start -= 1
    while start < sign and line[start] in _WRAPPING:
        start += 1
    return start


def _separates(character: str) -> bool:
    return character in _SEPARATORS or _has_no_blanks(character) or _is_drawn(character)


def _is_drawn(character: str) -> bool:
    """Return True for a drawing; the character in place of an unreadable one can be a letter of the address."""
    return character != "\N{REPLACEMENT CHARACTER}" and unicodedata.category(character) == "So"


def _has_no_blanks(character: str) -> bool:
    """Return True for a character of a script that is written without blanks around an address."""
    return not character.isascii() and _script(character) in _WITHOUT_BLANKS


def _script(character: str) -> str:
    return unicodedata.name(character, "").replace("-", " ").split(" ")[0]


def _has_mixed_scripts(label: str) -> bool:
    if label.isascii():
        return False
    scripts = {_script(each) for each in label if each.isalpha()}
    return len({"CJK" if each in _WITHOUT_BLANKS else each for each in scripts}) > 1


class _Match:
    """The text around one `@`: from `start` to `end`, which is exclusive."""

    def __init__(self, line: str, start: int, sign: int) -> None:
        domain = _DOMAIN.match(line, sign + 1, sign + 1 + _LONGEST_DOMAIN)
        self._domain = domain[0] if domain else ""
        self.end = domain.end() if domain else sign + 1
        is_emphasised = line[start] == "_" == line[self.end : self.end + 1]
        self._line, self._start = line, start + is_emphasised
        self._local_part = line[self._start : sign]

    def address(self, before: str, *, cut: bool) -> MailAddress:
        """Return the address with its label and its flaw."""
        link = before.lower().endswith(("<mailto:", "[mailto:"))
        before = before[: -len("<mailto:")] if link else before
        value = None if cut or not self._is_whole(link=link) else self._normal()
        if value is None:
            return MailAddress(self._line[self._start : self.end], flaw=self._flaw_of_piece(), link=link)
        clause = _CLAUSE.split(before.rstrip("<([（*'\"“„ "))[-1]
        label = label_before(clause)
        flaw = flaw_of(value, before, clause, self._line[self.end : self.end + 80])
        if flaw is None and label is None:
            flaw = self._foreign(before, clause)
        return MailAddress(value, label, flaw, link)

    def _foreign(self, before: str, clause: str) -> AddressFlaw | None:
        """Return the flaw of an address without a label of the template."""
        if is_notice(self._line):
            return AddressFlaw.NOTICE
        if is_of_colleague(clause, self._line[self.end : self.end + 80]):
            return AddressFlaw.COLLEAGUE
        return AddressFlaw.OTHER_LABEL if _is_behind_another_label(before) else None

    def _normal(self) -> str | None:
        return identifiers.email(f"{self._local_part}@{self._domain}")

    def _is_whole(self, *, link: bool) -> bool:
        after = self._line[self.end : self.end + 1]
        ends = bool(_ENDS.match(self._line, self.end)) or _has_no_blanks(after) or (link and after == "?")
        scheme = _OTHER_SCHEME.search(self._line[max(0, self._start - 10) : self._start])
        local_part = self._local_part
        well_formed = bool(_LOCAL_PART.fullmatch(local_part)) and ".." not in local_part
        single = not any(map(_has_mixed_scripts, self._domain.split("."))) and not _BEGINS_SENTENCE.search(self._domain)
        handle = self._line[self._start - 1 : self._start] == "@"
        return ends and not (scheme or handle) and well_formed and single and not _ELISION.match(local_part)

    def _flaw_of_piece(self) -> AddressFlaw:
        return AddressFlaw.REPOSITORY if self._line[self.end : self.end + 1] in (":", "/") else AddressFlaw.PIECE


# Labels.

_CLAUSE = re.compile(r"[.;,|!?。、;]\s|[<>()（）\t]")
_LINKING = frozenset(["is", "ist", "lautet", "es", "e", "est", "sera", "lauten", "are", "は", "が", "という", "です"])
_ADDRESS_WORDS = frozenset(
    ["address", "adresse", "adressen", "direccion", "endereco", "indirizzo", "adres", "アドレス"]
)
_NAMING = frozenset({"mail", "customer", "admin", "super admin"})


def label_before(text: str) -> LabelPart | None:
    """Return the part that the words at the end of a text name, directly before an address."""
    folded = fold(text)
    links = folded.rstrip().endswith((":", "=", "：", "-", "–"))
    tail: list[str] = []
    for word in reversed(mail_words.words(folded)):
        if not mail_words.is_known(word):
            break
        tail.insert(0, word)
    if not tail:
        return None
    last = mail_words.groups_in(tail[-1])
    if not links and tail[-1] not in _LINKING | _ADDRESS_WORDS and not last & _NAMING:
        return None
    return mail_words.address_part(" ".join(tail))


# What can stand between a label and the address behind it: a person's name.
_BETWEEN = re.compile(
    r"[\s*\"'“„<(\[]{0,10}+"
    r"(?:(?:[A-ZÀ-Þ][\w.'’-]{0,30}+\s){0,3}[A-ZÀ-Þ][\w.'’-]{0,30}+\s?[,(<]|[一-鿿ァ-ヿ]{1,8}(?:様|さん)?[ (<])?"
    r"[\s<*\"'“„(\[]{0,10}"
)
_COLON = re.compile("[:：]")
_MAILTO = re.compile(r"(?<![=\w])mailto:\Z", re.IGNORECASE)
_SECTION = re.compile(r"[|;\t。]|[.,]\s")
# Persons who ask for help: of the partner, or of the customer, but not the customer's account.
_ASKING = re.compile(
    r"request[eo]rs?|solicitantes?|demandeu(?:r|se)s?|requerentes?|richiedent[ei]|aanvragers?|anfragestellerin?"
    r"|anfragesteller|依頼者|報告者"
)
_ACCOUNT_WORDS = frozenset(
    [
        "account",
        "accounts",
        "konto",
        "zoho",
        "login",
        "compte",
        "cuenta",
        "conta",
        "usuario",
        "アカウント",
        "ログイン",
        "id",
        "crm",
        "mailto",
    ]
)
_MOST_WORDS = 4
# A label that begins with an address can be longer.
_MOST_WORDS_OF_ADDRESS = 10
_FIRST_WORDS = 2
_LONGEST_LABELLED = 160


def _is_behind_another_label(before: str) -> bool:
    """Return True for a short label before an address, or before a name and an address, not of the template's words."""
    label = _label_of(before)
    words = mail_words.words(fold(label or ""))
    if not label or len(label.split()) > _MOST_WORDS_OF_ADDRESS:
        return False
    if mail_words.names_no_customer(label):
        return True
    groups = mail_words.groups_in(label)
    if len(label.split()) > _MOST_WORDS and ("customer" in groups or not _names_an_address(words)):
        return False
    if groups & {"support", "service"} or any(map(_ASKING.fullmatch, words)):
        return True
    if groups & {"user", "organisation"} and "customer" not in groups:
        return False
    return not all(mail_words.is_known(word) or word in _ACCOUNT_WORDS for word in words)


def _names_an_address(words: Sequence[str]) -> bool:
    """Return True for a label that begins with an address, such as "E-mail address of the engineer"."""
    return any(word in _ADDRESS_WORDS or "mail" in mail_words.groups_in(word) for word in words[:_FIRST_WORDS])


def _label_of(before: str) -> str | None:
    """Return the label at the end of a text, with nothing or only a person's name behind it."""
    *_, label, behind = (None, None, *_COLON.split(_MAILTO.sub("", before[-_LONGEST_LABELLED:])))
    if label is None or behind is None or not _BETWEEN.fullmatch(behind):
        return None
    return _SECTION.split(label)[-1].strip()


# Values.

_LONGEST_VALUE = 300
_MOST_WORDS_BEHIND = 4
_ENUMERATION = re.compile(r"\A[\s>*_#•·▪■□●○–—-]*+(?:\w{1,10}[.)]\s)?")
_IN_BRACKETS = re.compile(r"[(\[<][^()\[\]<>]*+[)\]>]")


def is_value(line: str) -> bool:
    """Return True if a line below an empty field is its value: an address, with at most a name before it.

    Another label with its value is none, and neither is a sentence with an address in it.
    """
    text = _halfwidth(line[:_LONGEST_VALUE])
    sign = text.find("@")
    before = _MAILTO.sub("", _ENUMERATION.sub("", text[: _start(text, sign, 0)], count=1)) if sign > 0 else "\t"
    behind = [word for word in _IN_BRACKETS.sub(" ", text[sign:]).split()[1:] if "@" not in word]
    return "\t" not in before and bool(_BETWEEN.fullmatch(before)) and len(behind) <= _MOST_WORDS_BEHIND
