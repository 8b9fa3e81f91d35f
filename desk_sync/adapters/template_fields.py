"""The parts of the mail template (R10-R15) in lines of text: translated, reordered, shortened, or not there at all.

A value stands behind its label, or on the next line. Those of several lines end at the next label or at the closing
words of the mail. Blanks in values are single; words and signs are as written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from desk_sync.adapters import mail_words
from desk_sync.adapters.mail_words import Part, fold

_Answer = TypeVar("_Answer")

_SHORTEST_PROSE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of lines: under a label, before the first one (`part` is None), or after the closing words."""

    part: Part | None = None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a mail's template says. None: there is no such label, or its value cannot be understood.

    `description` is "" where the label is there and nothing stands behind it; without a label it is what is written
    besides the template. `customer_lines` are the values that should hold the customer's address, and `admin_lines`
    the super admin's. `text` are all lines without the signature.
    """

    parts: frozenset[Part]
    request_type: str | None
    request_type_raw: str | None
    reproducible: bool | None
    product: str | None
    description: str
    steps: tuple[str, ...]
    customer_lines: tuple[str, ...]
    admin_lines: tuple[str, ...]
    text: tuple[str, ...]

    @property
    def description_words(self) -> int:
        """Words parted by blanks; Japanese has none."""
        return 0 if _is_japanese(self.description) else len(self.description.split())


def read_template(lines: Sequence[str]) -> Template:
    """The template in the lines of one mail."""
    text = lines[: _signature(lines)]
    sections = list(_sections(text))
    values = [(section.part, *_value(section)) for section in sections]

    def of(part: Part) -> list[str]:
        """What stands behind a label, for each time it is there; values on one line are joined."""
        return [_joined(own) for labelled, own, _ in values if labelled is part]

    parts = frozenset(section.part for section in sections if section.part)
    return Template(
        parts=parts,
        request_type=_first(of(Part.REQUEST_TYPE), read_request_type),
        request_type_raw=next(filter(None, of(Part.REQUEST_TYPE)), None),
        reproducible=_first(of(Part.REPRODUCIBLE), read_reproducible),
        product=_first(of(Part.PRODUCT), read_product),
        description=_description(of(Part.DESCRIPTION), values, templated=bool(parts)),
        steps=tuple(step for labelled, own, _ in values if labelled is Part.STEPS for step in read_steps(own)),
        customer_lines=tuple(of(Part.CUSTOMER_EMAIL)),
        admin_lines=tuple(of(Part.SUPER_ADMIN)),
        text=tuple(text),
    )


# Where parts begin and end.

_BRACKETED = r"[(（\[【][^()（）\[\]【】]{0,80}[)）\]】]"
_BRACKETS = re.compile(_BRACKETED)
_LABEL = re.compile(rf"(?:[^:：?？=\t()（）\[\]【】]|{_BRACKETED}){{1,120}}(?=[:：?？=\t]|\Z)")
_LABEL_BEFORE_DASH = re.compile(rf"(?:[^:：?？=\t()（）\[\]【】]|{_BRACKETED}){{1,60}}?(?=\s[–—-]\s)")
_BEFORE_LABEL = re.compile(r"\A[\s>*_#•·▪■●◦‣–—-]*(?:\(?\d{1,2}[.)．）]\s*)?[\s*_【\[¿■●]*")
_BEFORE_VALUE = re.compile(r"\A(?:\s[–—-]\s|[\s*_:：?？=】\]]+)")
_BULLET = re.compile(
    r"\s*(?:[-–—*•·▪■●◦‣►➢→※✓✔](?=\s|[^\s\d-])|・|[①-⑳]|[(（]?\d{1,2}[)）．]|\d{1,2}\.(?!\d)|[(]?[a-hA-H]\)(?=\s))\s*"
)
_ANOTHER_LABEL = re.compile(r"(?=[^\Wa-z])[^:：.;,]{1,30}[:：]\s*\S")
_ONE_LINE = frozenset(Part) - {Part.DESCRIPTION, Part.STEPS}


def _sections(lines: Sequence[str]) -> Iterator[Section]:
    """The lines, cut at the labels."""
    part: Part | None = None
    held: list[str] = []
    for line in lines:
        if found := label_in(line):
            yield Section(part=part, lines=tuple(held))
            part, held = found[0], [found[1]]
        else:
            held.append(line)
    yield Section(part=part, lines=tuple(held))


def label_in(line: str) -> tuple[Part, str] | None:
    """The part whose label the line begins with, and what follows it on the line."""
    rest = _BEFORE_LABEL.sub("", line, count=1)
    for found in (_LABEL.match(rest), _LABEL_BEFORE_DASH.match(rest)):
        if found and (found.end() < len(rest) or _stands_alone(rest)) and (part := _part(found[0])):
            return part, _value_after(rest[found.end() :])
    return None


def _part(label: str) -> Part | None:
    return mail_words.part_of(label) or mail_words.part_of(_BRACKETS.sub(" ", label))


def _stands_alone(line: str) -> bool:
    """Whether a line without a separator can be a label all the same: no sentence, and not the end of one."""
    return bool(line) and not line[0].islower() and line.rstrip("*_】] ")[-1:].isalpha()


def _value_after(text: str) -> str:
    return _BEFORE_VALUE.sub("", text, count=1).strip()


def _signature(lines: Sequence[str]) -> int:
    """Where the closing words are behind which no label follows; the number of lines if there are none."""
    end = len(lines)
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at].strip()
        if _closes(line):
            end = at
        elif line and label_in(line):
            break
    return end


_SIGN_OFF = re.compile(rf"(?:{mail_words.SIGN_OFFS})(?:[\s,.!。、]+[^\s,.!]+){{0,2}}[\s,.!。、]*")
_SENT_FROM = re.compile(rf"(?:{mail_words.SENT_FROM})")
_LONGEST_CLOSING = 60


def _closes(line: str) -> bool:
    if len(line) > _LONGEST_CLOSING:
        return False
    folded = fold(line)
    return line in ("--", "—") or bool(_SIGN_OFF.fullmatch(folded) or _SENT_FROM.search(folded))


def _value(section: Section) -> tuple[Sequence[str], Sequence[str]]:
    """The lines that answer the label, and those that only follow."""
    if section.part is None:
        return (), section.lines
    if section.part is Part.DESCRIPTION:
        return section.lines, ()
    filled = next((at for at, line in enumerate(section.lines) if line.strip()), len(section.lines))
    end = filled + 1 if section.part in _ONE_LINE else _end_of_steps(section.lines, filled)
    return section.lines[filled:end], section.lines[end:]


def _end_of_steps(lines: Sequence[str], start: int) -> int:
    """Steps end at what looks like another label, and at an empty line behind which no list goes on."""
    filled = [at for at in range(start, len(lines)) if lines[at].strip()]
    for before, at in pairwise(filled):
        if not _BULLET.match(lines[at]) and (at > before + 1 or _ANOTHER_LABEL.match(lines[at])):
            return at
    return len(lines)


# What values mean.


def _either(words: str) -> str:
    return "|".join(words.split())


_CHECKED = re.compile(r"(?:[(\[]\s*[x✓✔]\s*[)\]]|[☑☒✅])\s*(\w+)")
_PARENTHESES = re.compile(r"[(（][^()（）]*[)）]")
_NEITHER = re.compile(mail_words.NEITHER)
_YES, _NO = frozenset(mail_words.YES.split()), frozenset(mail_words.NO.split())
_CHOICE = re.compile(
    rf"\W*(?:{_either(mail_words.YES)})\s*(?:/|\||or|oder|ou|o)?\s*(?:{_either(mail_words.NO)})(?!\w)[\s)）:：]*"
)
_NEXT_PRODUCT = re.compile(
    rf"\s*[(（\[【,，;；/|、・\n\t]|\s+[-–—+&]\s+|\s+(?:{_either(mail_words.AND)})\s+|\s*(?:と|および|及び)(?=\s*[A-ZＡ-Ｚ])"
    r"|[.。](?:\s|$)|\s*[:：]\s",
    re.IGNORECASE,
)
_LONGEST_PRODUCT = 60


def read_request_type(value: str) -> str | None:
    """The preset (R11) that a value names; None if it names none, or several."""
    for text in (value, _PARENTHESES.sub(" ", value), re.split(r"[(（,;:–—]|\s-\s", value)[0]):
        if len(named := mail_words.request_types_in(text[:200])) == 1:
            return named[0]
    return None


def read_reproducible(value: str) -> bool | None:
    """Yes or no; None for "does not apply", "sometimes", and for a choice that nobody made."""
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
    """The product named first, without what follows in parentheses."""
    if mail_words.says_none(value):
        return None
    first = unicodedata.normalize("NFKC", _NEXT_PRODUCT.split(value.strip(" .。"), maxsplit=1)[0]).strip(" -*_\"'“”„«»")
    return first if first and len(first) <= _LONGEST_PRODUCT else None


def read_steps(lines: Sequence[str]) -> list[str]:
    """The items of a list without their bullets; without a list, the paragraph parted at its semicolons."""
    items = [item for item in _items(lines) if any(map(str.isalnum, item))]
    return [] if mail_words.says_none(" ".join(items)) else items


def _items(lines: Sequence[str]) -> list[str]:
    if not any(_BULLET.match(line) for line in lines):
        return [piece for stretch in _stretches(lines) for piece in _pieces(stretch)]
    items: list[list[str]] = []
    for line in filter(str.strip, lines):
        bullet = _BULLET.match(line)
        if bullet or not items:
            items.append([])
        items[-1].append(line[bullet.end() :] if bullet else line)
    introduced = not _BULLET.match(next(filter(str.strip, lines))) and items[0][-1].rstrip().endswith((":", "："))
    return [numbered for item in items[introduced:] for numbered in _numbered(_joined(item))]


def _pieces(paragraph: str) -> list[str]:
    pieces = [piece.strip() for piece in re.split("[;；]", paragraph)]
    while pieces and not pieces[-1]:
        pieces.pop()
    return [*pieces[:-1], re.sub(r"(?<![.。])[.。]$", "", pieces[-1])] if pieces else []


def _numbered(item: str) -> list[str]:
    """The items of a list that was written into one line: "one 2) two 3) three", its first number taken off."""
    return [piece.strip() for piece in re.split(r"\s(?=[2-9][.)]\s)(?:[2-9][.)])\s", item)] if "2) " in item else [item]


_SHORT_LINE = 50


def _stretches(lines: Sequence[str]) -> list[str]:
    """Lines as their writer meant them: one that ends long before the margin was ended by hand."""
    stretches: list[list[str]] = []
    room = True
    for line in filter(None, map(str.strip, lines)):
        if room or not stretches:
            stretches.append([])
        stretches[-1].append(line)
        room = _width(line) < _SHORT_LINE
    return [_joined(stretch) for stretch in stretches]


def _description(
    labelled: Sequence[str], values: Iterable[tuple[object, object, Sequence[str]]], *, templated: bool
) -> str:
    """What stands behind the label; without one, the prose that follows the template, or the whole mail's."""
    if labelled:
        return next((text for text in labelled if text and not mail_words.says_none(text)), "")
    loose = (line for part, _, rest in values if part or not templated for line in (*rest, ""))
    return _joined([line for paragraph in _paragraphs(loose) if _is_prose(_joined(paragraph)) for line in paragraph])


_SHORT_LABEL = re.compile(r"[^:：]{1,40}[:：]\s*\S")


def _paragraphs(lines: Iterable[str]) -> Iterator[list[str]]:
    held: list[str] = []
    for line in lines:
        if line.strip() and not _SHORT_LABEL.match(line):
            held.append(line)
        elif held:
            yield held
            held = []


def _is_prose(paragraph: str) -> bool:
    return len(paragraph.split()) >= _SHORTEST_PROSE or (
        _is_japanese(paragraph) and len(paragraph) >= 3 * _SHORTEST_PROSE
    )


# Text.


def _first(values: Iterable[str], read: Callable[[str], _Answer | None]) -> _Answer | None:
    return next((answer for value in values if (answer := read(value)) is not None), None)


def _joined(lines: Iterable[str]) -> str:
    """One line of several: a blank between them, but none inside Japanese."""
    text = ""
    for line in (" ".join(line.split()) for line in lines if line.strip()):
        seam = "" if not text or (_is_wide(text[-1]) and _is_wide(line[0])) else " "
        text += seam + line
    return text


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _width(line: str) -> int:
    return len(line) + sum(map(_is_wide, line))


def _is_japanese(text: str) -> bool:
    return sum(map(_is_wide, text)) * 2 > len(text)
