"""Values of the mail template: the preset, yes or no, the product (R11-R13)."""

from __future__ import annotations

import re

from desk_sync.adapters.mail import words as mail_words
from desk_sync.adapters.text.fold import fold
from desk_sync.normal_form import normal_form


def _alternatives(words: str) -> str:
    return "|".join(words.split())


_CHECKED = re.compile(r"(?:[(\[]\s*[x✓✔]\s*[)\]]|[☑☒✅])\s*(\w+)")
_PARENTHESES = re.compile(r"[(（][^()（）]*[)）]")
_NEITHER = re.compile(mail_words.NEITHER)
_YES, _NO = frozenset(mail_words.YES.split()), frozenset(mail_words.NO.split())
_CHOICE = re.compile(
    rf"\W*+(?:{_alternatives(mail_words.YES)})\s*+(?:(?:/|\||or|oder|ou|o)\s*+)?(?:{_alternatives(mail_words.NO)})(?!\w)"
    r"[\s)）:：]*"
)
_NEXT_PRODUCT = re.compile(
    rf" ?[(（\[【,，;；/|、・]| [-–—+&] | (?:{_alternatives(mail_words.AND)}) | ?(?:と|および|及び)(?= ?[A-ZＡ-Ｚ])"
    r"|[.。](?: |$)| ?[:：] ",
    re.IGNORECASE,
)
_LONGEST_PRODUCT = 60


def read_request_type(value: str) -> str | None:
    """Return the preset (R11) that a value names; None if it names none, or several."""
    for text in (value, _PARENTHESES.sub(" ", value), re.split(r"[(（,;:–—]|\s-\s", value)[0]):
        if len(named := mail_words.request_types_in(text[:200])) == 1:
            return named[0]
    return None


def read_reproducible(value: str) -> bool | None:
    """Return the answer; None for "does not apply", "sometimes", and a choice that was left open."""
    folded = fold(value[:200])
    if checked := _CHECKED.search(folded):
        return checked[1] in _YES if checked[1] in _YES | _NO else None
    if choice := _CHOICE.match(folded):
        return read_reproducible(folded[choice.end() :])
    first = next(iter(mail_words.words(folded)), "")
    if first not in _YES | _NO or _NEITHER.match(folded):
        return None
    return first in _YES


def read_product(value: str) -> str | None:
    """Return the first product of a value, without a remark in parentheses."""
    if mail_words.means_none(value):
        return None
    single_blanks = " ".join(value.split())
    first = normal_form("NFKC", _NEXT_PRODUCT.split(single_blanks.strip(" .。"), maxsplit=1)[0]).strip(" -*_\"'“”„«»")
    return first if first and len(first) <= _LONGEST_PRODUCT else None


def is_unanswered(line: str) -> bool:
    """Return True if a line behind a label is empty, or still the choice of the form ("Yes/No")."""
    return not line.strip() or bool(_CHOICE.fullmatch(fold(line)))
