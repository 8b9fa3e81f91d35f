"""The writer of a mail: the addresses and domains that are the writer's own, and where the signature begins.

Own addresses are never the customer's. They are known before candidates are counted: those of the mail's headers, the
registered domains of the partner, and those in the signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from desk_sync.adapters.mail import words as mail_words
from desk_sync.adapters.mail.addresses import MailAddress, addresses_in
from desk_sync.adapters.mail.flaws import NO_ADDRESS
from desk_sync.adapters.text import identifiers
from desk_sync.adapters.text.fold import fold

# The domains of Zoho, and those under which its services send and receive mail for others: nobody's mailbox.
_ZOHO = re.compile(
    r"(?:.+\.)?zoho(?:corp|support|desk|crm|campaigns|creator|cliq|public|external|meeting|books|bugtracker|calendar)?"
    r"\.(?:com|eu|in|jp|sa|ca|uk|com\.(?:au|cn))|(?:.+\.)?zoho\..+|(?:.+\.)?zcsend\.(?:net|in|eu)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWriter:
    """The writer of a mail. `sender` is the first address, in normal form; `names` are the names beside the addresses.

    `own_domains` are further domains of the writer, such as the registered ones of a partner. `signed` are the
    addresses in the signature, `copied` those in Cc. `automatic`: a machine wrote the mail.
    """

    sender: str | None = None
    further: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    own_domains: frozenset[str] = frozenset()
    signed: tuple[str, ...] = ()
    signed_domains: frozenset[str] = frozenset()
    copied: tuple[str, ...] = ()
    automatic: bool = False

    @property
    def is_free_mail(self) -> bool:
        """True if the sender writes from a public mail provider (R8)."""
        return bool(self.sender) and identifiers.is_public_mail(_domain(self.sender or ""))

    def owns(self, address: str) -> bool:
        """Return True for an own address, one of an own domain or the domains above and below it, and for Zoho's."""
        domain, own = _domain(address), (self.sender, *self.further)
        if address in (*own, *self.signed) or _is_zoho(domain):
            return True
        return _is_of(domain, {*self.own_domains, *(_domain(each) for each in own if each)})

    def may_own(self, address: str) -> bool:
        """Return True for an own address, and for one of a domain that the signature names."""
        return self.owns(address) or _is_of(_domain(address), self.signed_domains)

    def resembles(self, address: str) -> bool:
        """Return True for an address in Cc, in the writer's name, or of a domain that shares a name with theirs."""
        local_part, _, domain = address.partition("@")
        named = {word for name in self.names for word in _words(name)} - _ROLES
        own = {_domain(each) for each in (self.sender, *self.further) if each} | self.own_domains
        of_writer = {word for each in own if not identifiers.is_public_mail(each) for word in _names_in(each)}
        in_address = frozenset(_words(local_part))
        of_person = bool(in_address) and in_address <= named and len(max(in_address, key=len)) >= _SHORTEST_NAME
        shares_name = not of_writer.isdisjoint(_names_in(domain)) or any(_are_siblings(domain, each) for each in own)
        return of_person or shares_name or address in self.copied

    def accepts_domain(self, domain: str) -> bool:
        """Return True if a domain can identify a customer."""
        return not identifiers.is_public_mail(domain) and not self.owns(f"@{domain}")

    def with_signature(self, lines: Sequence[str]) -> MailWriter:
        """Return the writer with the addresses in a signature, and the domains of these and of its web addresses."""
        found = tuple(each.value for each in addresses_in(lines) if each.flaw not in NO_ADDRESS)
        hosts = (identifiers.domain(host) for line in lines for host in _HOST.findall(line[:_LONGEST_LINE]))
        domains = {*map(_domain, found), *filter(None, hosts)}
        return replace(self, signed=found, signed_domains=frozenset(domains))

    def without_own(self, addresses: Iterable[MailAddress]) -> list[MailAddress]:
        """Return the addresses that are not the writer's; those of the signature's domains only with a label."""
        return [each for each in addresses if not (self.owns if each.labelled else self.may_own)(each.value)]


_SHORTEST_OF_DOMAIN = 5
_ROLES = frozenset(mail_words.ROLES.split())
_HOST = re.compile(r"(?<![\w@.-])www\.([\w-]{1,63}(?:\.[\w-]{1,63}){1,4})", re.IGNORECASE)
_LONGEST_LINE = 2_000


def _is_of(domain: str, own: Iterable[str]) -> bool:
    return any(_are_related(domain, each) for each in own if not identifiers.is_public_mail(each))


def _names_in(domain: str) -> frozenset[str]:
    """Return the words of a domain that tell one company from another."""
    words = {word for label in domain.split(".")[:-1] for word in label.split("-")}
    return frozenset(word for word in words if len(word) >= _SHORTEST_OF_DOMAIN) - _ROLES


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


def _is_zoho(domain: str) -> bool:
    return bool(_ZOHO.fullmatch(domain))


def _are_related(one: str, other: str) -> bool:
    """Return True if the domains are equal, or one is a subdomain of the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _are_siblings(one: str, other: str) -> bool:
    """Return True if two domains are below one that is a name, not such as `co.uk`."""
    if identifiers.is_public_mail(other):
        return False
    _, _, parent = one.partition(".")
    _, _, other_parent = other.partition(".")
    return parent == other_parent and parent.count(".") > 0 and len(parent.partition(".")[0]) > _LONGEST_OF_REGISTRY


_LONGEST_OF_REGISTRY = 4


# Signatures.

_FEWEST_LABELS = 2
_LONGEST_CLOSING = 60
_LONGEST_NAME_LINE = 120
_LONGEST_CONTACT = 90
_MOST_LINES_OF_CONTACT = 10
_MOST_WORDS_OF_CONTACT = 10
_FEWEST_LINES_OF_CONTACT = 2
_SHORTEST_NAME = 3
_SIGN_OFF = re.compile(rf"(?:{mail_words.SIGN_OFFS})(?:[\s,.!。、]+[^\s,.!]+){{0,2}}[\s,.!。、]*")
_SENT_FROM = re.compile(rf"(?:{mail_words.SENT_FROM})")
_POSTSCRIPT = re.compile(rf"(?:{mail_words.POSTSCRIPT})(?![a-z])")
_LEGAL_NOTICE = re.compile(mail_words.LEGAL_NOTICE)
_BETWEEN_CLOSINGS = re.compile(r" [/|&+-] |/")
_MOST_MARKS_OF_RULER = 2
_SHORTEST_RULER = 5
_WORD = re.compile(r"[^\W\d_]+")
_TITLES = frozenset(mail_words.TITLES.split())
_BESIDES = re.compile(r"[|,;•·/(–—]")
_BESIDE_NAME = re.compile(r" ?[|,•·/(–—]|\Z")
_TELEPHONE = re.compile(
    r"(?<![a-z])(?:tel|telefon[eo]?|telephone|phone|mobile?|mobil|movil|celular|cell|fon|fax|hotline|ph|t|m|p|f)(?![a-z])"
    r"[^\w+]{1,4}[+(]{0,2}\d|\+\d[\d ()./-]{6}|(?<!\d)0\d{1,5}[ /-][\d /-]{5}|[☎☏✆📞]|電話|携帯"
)
_WEB_ADDRESS = re.compile(r"(?<![\w@.])www\.[\w-]|^\W{0,3}https?://[^\s/]+/?\s?$")
# A name, a title and a company on one line.
_TITLED = re.compile(r"\w ?([|•·]) [^|•·]{1,60}?\1 \w")
_ENDS_SENTENCE = (".", "!", "?", ":", "。", "：", ";")
_CUSTOMERS = frozenset({"customer", "user", "super admin"})


def begins_signature(lines: Sequence[str], names: Sequence[str], labels: Sequence[int]) -> int:
    """Return the index of the first line of the signature; the number of lines if there is none.

    `labels` are the lines that begin with a label of the template or with a labelled number. Closing words, a ruler, a
    legal notice, and a block with a telephone or a web address at the end, begin a signature if no label is below. The
    writer's own name, and a delimiter, begin one unless a template is below: at least two labels. No signature has a
    postscript.
    """
    postscript = max((at for at, line in enumerate(lines) if _POSTSCRIPT.match(fold(line[:5].lstrip()))), default=-1)
    behind_labels = max([postscript, *labels[-1:]])
    behind_template = max(postscript, labels[-_FEWEST_LABELS] if len(labels) >= _FEWEST_LABELS else -1)
    own = [words for words in (_words(name) for name in names) if words]
    begins = [at for at in range(behind_labels + 1, len(lines)) if _closes(lines[at])]
    begins += [at for at in range(behind_template + 1, len(lines)) if _is_named(lines[at], own)]
    begins += [_contact_block(lines[: min(begins, default=len(lines))], behind_labels + 1)]
    return min(begins)


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def _closes(line: str) -> bool:
    """Return True for closing words in any mixture of languages, a ruler, and a legal notice."""
    bare = line.strip()
    if not bare:
        return False
    if len(bare) > _LONGEST_CLOSING:
        return _is_ruler(bare) or bool(_LEGAL_NOTICE.search(fold(bare[:_LONGEST_LINE])))
    folded = fold(bare)
    if any(_SIGN_OFF.fullmatch(each.strip()) for each in (folded, *_BETWEEN_CLOSINGS.split(folded)) if each.strip()):
        return True
    return _is_ruler(bare) or bool(_SENT_FROM.search(folded) or _LEGAL_NOTICE.search(folded))


def _is_ruler(bare: str) -> bool:
    """Return True for a line of one or two marks that repeat, in any drawing."""
    marks = {each for each in bare if not each.isspace()}
    drawn = len(marks) <= _MOST_MARKS_OF_RULER and not any(map(str.isalnum, marks))
    return drawn and len(bare) >= _SHORTEST_RULER


def _is_named(line: str, names: Sequence[Sequence[str]]) -> bool:
    """Return True for a delimiter, and for a line that is the writer's name, or begins with it."""
    bare = line.strip()
    if bare in ("--", "—"):
        return True
    if not bare or len(bare) > _LONGEST_NAME_LINE or not names:
        return False
    words, alone = _words(bare), _words(_BESIDES.split(bare, maxsplit=1)[0])
    return any(
        _is_name(words, name) or _is_shortened(alone, name) or _begins_with_name(fold(bare), name) for name in names
    )


def _is_name(words: Sequence[str], name: Sequence[str]) -> bool:
    """Return True if the words are the first word of the name, or two or more of its words, such as without a title."""
    alone = list(words) == list(name[:1]) and len(name[0]) >= _SHORTEST_NAME
    whole = "".join(words) == "".join(name) and len("".join(name)) > 1
    return alone or whole or (len(words) > 1 and set(words) <= set(name))


def _is_shortened(words: Sequence[str], name: Sequence[str]) -> bool:
    """Return True if the words end in the last word of the name, and are initials, titles or names before it."""
    if len(words) < 2 or len(name) < 2 or words[-1] != name[-1] or len(name[-1]) < _SHORTEST_NAME:
        return False
    return all(each in name or each in _TITLES or len(each) < _SHORTEST_NAME for each in words[:-1])


def _begins_with_name(line: str, name: Sequence[str]) -> bool:
    """Return True if the line begins with the name, or its first word, and something beside it."""
    whole = " ".join(name)
    if line.startswith(whole):
        return len(name) > 1 and bool(_BESIDE_NAME.match(line, len(whole)))
    return line.startswith(f"{name[0]}, ") and "@" in line and len(line.split()) <= len(name) + 1


def _contact_block(lines: Sequence[str], first: int) -> int:
    """Return the index of a block with a telephone or a web address at the end of the lines, else their number."""
    block: list[int] = []
    for at in range(len(lines) - 1, first - 1, -1):
        if not lines[at].strip():
            continue
        if len(block) == _MOST_LINES_OF_CONTACT or not _is_of_contact(lines[at]):
            break
        block.append(at)
    before = next((line.rstrip() for line in reversed(lines[: block[-1]]) if line.strip()), "") if block else ""
    folded = [fold(lines[at]) for at in block]
    titled = any("@" in line for line in folded) and any(_TITLED.search(line) for line in folded)
    reachable = titled or any(_TELEPHONE.search(line) or _WEB_ADDRESS.search(line) for line in folded)
    is_own = before and not before.endswith((":", "：")) and not any(map(_names_customer, folded))
    return block[-1] if reachable and is_own and len(block) >= _FEWEST_LINES_OF_CONTACT else len(lines)


def _is_of_contact(line: str) -> bool:
    bare, words = line.strip(), len(line.split())
    ends = bare.endswith(_ENDS_SENTENCE) and words > _SHORTEST_NAME
    return len(bare) <= _LONGEST_CONTACT and words <= _MOST_WORDS_OF_CONTACT and not ends


def _names_customer(line: str) -> bool:
    groups = mail_words.groups_in(line)
    return bool(groups & _CUSTOMERS) and not groups & {"support", "service"}
