"""The parts of the mail template (R10-R15) in lines of text: translated, reordered, shortened, or absent.

A value is behind its label, or on the next line. Values of several lines end at the next label or at the closing words
of the mail. Blanks in values are single; words and signs are unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

from desk_sync.adapters.mail import words as mail_words
from desk_sync.adapters.mail.addresses import is_value
from desk_sync.adapters.mail.labelled_ids import opens_with_id
from desk_sync.adapters.mail.steps import BULLET, read_steps
from desk_sync.adapters.mail.values import is_unanswered, read_product, read_reproducible, read_request_type
from desk_sync.adapters.mail.words import LabelPart
from desk_sync.adapters.mail.writer import begins_signature
from desk_sync.adapters.text.fold import fold
from desk_sync.adapters.text.wide import is_japanese, joined

_Answer = TypeVar("_Answer")

# Lengths in words. A shorter opening of a mail is a greeting.
_SHORTEST_PROSE = 5
_SHORTEST_OPENING = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateSection:
    """Adjacent lines: under a label, or before the first label (`part` is None)."""

    part: LabelPart | None = None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTemplate:
    """The values of a mail's template. None: the label is absent, or its value is not understood.

    `description` is "" if nothing is behind its label; without a label it is the text outside the template.
    `customer_lines` are the values for the customer's address, `admin_lines` those for the super admin's address,
    `domain_lines` those for the customer's domain, `reproducible_lines` the answers that can name the super
    admin (R12). `text` are all lines without the signature; `described` are those behind the label of the description.
    """

    parts: frozenset[LabelPart]
    request_type: str | None
    request_type_raw: str | None
    reproducible: bool | None
    product: str | None
    description: str
    steps: tuple[str, ...]
    customer_lines: tuple[str, ...]
    admin_lines: tuple[str, ...]
    domain_lines: tuple[str, ...]
    reproducible_lines: tuple[str, ...]
    described: tuple[str, ...]
    text: tuple[str, ...]
    signature: tuple[str, ...]

    @property
    def asks_for_customer(self) -> bool:
        """True if the field for the customer's address is there, filled or not."""
        return not self.parts.isdisjoint((LabelPart.CUSTOMER_EMAIL, LabelPart.SUPER_ADMIN))

    @property
    def description_words(self) -> int:
        """The number of words between blanks; 0 for Japanese, which has no blanks."""
        return 0 if is_japanese(self.description) else len(self.description.split())


def read_template(lines: Sequence[str], names: Sequence[str] = ()) -> MailTemplate:
    """Return the template in the lines of one mail. `names` are the writer's: they begin the signature."""
    end = begins_signature(lines, names, [at for at, line in enumerate(lines) if _is_labelled(line)])
    text = lines[:end]
    sections = list(_sections(list(_fields(text))))
    values = [(section.part, *_value(section)) for section in sections]

    def of(part: LabelPart) -> list[str]:
        """Return the value behind each occurrence of the label, as one line."""
        return [joined(own) for labelled, own, _ in values if labelled is part]

    parts = frozenset(section.part for section in sections if section.part)
    return MailTemplate(
        parts=parts,
        request_type=_first(of(LabelPart.REQUEST_TYPE), read_request_type),
        request_type_raw=next(filter(None, of(LabelPart.REQUEST_TYPE)), None),
        reproducible=_first(of(LabelPart.REPRODUCIBLE), read_reproducible),
        product=_first(of(LabelPart.PRODUCT), read_product),
        description=_description(of(LabelPart.DESCRIPTION), values, templated=bool(parts)),
        steps=tuple(step for labelled, own, _ in values if labelled is LabelPart.STEPS for step in read_steps(own)),
        customer_lines=(*of(LabelPart.CUSTOMER_EMAIL), *(each for each in of(LabelPart.CUSTOMER) if "@" in each)),
        admin_lines=tuple(of(LabelPart.SUPER_ADMIN)),
        domain_lines=tuple(of(LabelPart.CUSTOMER_DOMAIN)),
        reproducible_lines=tuple(of(LabelPart.REPRODUCIBLE)),
        described=tuple(line for part, own, _ in values if part is LabelPart.DESCRIPTION for line in own),
        text=tuple(text),
        signature=tuple(lines[end:]),
    )


# Boundaries of the parts.

_BRACKETED = r"[(（\[【][^()（）\[\]【】]{0,80}[)）\]】]"
_BRACKETS = re.compile(_BRACKETED)
_LABEL = re.compile(rf"(?:[^:：?？=\t()（）\[\]【】]|{_BRACKETED}){{1,120}}(?=[:：?？=\t】\]]|\Z)")
_LABEL_BEFORE_DASH = re.compile(rf"(?:[^:：?？=\t()（）\[\]【】]|{_BRACKETED}){{1,60}}?(?=\s[–—-]\s)")
_LABEL_BEFORE_BLANK = re.compile(r"[^\s:：]{1,30}[ぁ-ヿ一-鿿](?= \S)")
_BEFORE_LABEL = re.compile(r"\A[\s>*_#•·▪■□●○◆◇★☆※➤◦‣–—-]*(?:\(?(?:\d{1,2}|[a-h])[.)．）°º/](?!\d)\s*)?[\s*_【\[¿■●]*")
_BEFORE_VALUE = re.compile(r"\A(?:\s[–—-]\s|[\s*_:：?？=】\]]+)")
_ONLY_ASKED = re.compile(r"\s*[*_]*[:：=][\s*_]*[?？]+\s*")
_ANOTHER_LABEL = re.compile(r"(?=[^\Wa-z])[^:：.;,]{1,30}[:：]\s*\S")
_ONE_LINE = frozenset(LabelPart) - {LabelPart.DESCRIPTION, LabelPart.STEPS}


def _sections(lines: Sequence[str]) -> Iterator[TemplateSection]:
    """Yield the lines, split at the labels."""
    part: LabelPart | None = None
    held: list[str] = []
    for line in lines:
        if found := label_in(line):
            yield TemplateSection(part=part, lines=tuple(held))
            part, held = found[0], [found[1]]
        else:
            held.append(line)
    yield TemplateSection(part=part, lines=tuple(held))


def label_in(line: str) -> tuple[LabelPart, str] | None:
    """Return the part whose label begins the line, and the rest of the line."""
    rest = _BEFORE_LABEL.sub("", line, count=1)
    for found in (_LABEL.match(rest), _LABEL_BEFORE_DASH.match(rest), _LABEL_BEFORE_BLANK.match(rest)):
        if found and (found.end() < len(rest) or _stands_alone(rest)) and (part := _part(found[0])):
            value = _value_after(rest[found.end() :])
            if part is LabelPart.OTHER and "@" in value and mail_words.names_address_and_id(found[0]):
                part = LabelPart.CUSTOMER_EMAIL
            return None if _is_only_a_name(part, value) else (part, value)
    return None


def holds_label(lines: Iterable[str]) -> bool:
    """Return True if a line begins with a label of the template, or with a labelled number."""
    return any(map(_is_labelled, lines))


def _is_only_a_name(part: LabelPart, value: str) -> bool:
    """Return True for a customer who is named without an address: "Customer: Lakeview Freight"."""
    return part is LabelPart.CUSTOMER and bool(value) and "@" not in value


def _is_labelled(line: str) -> bool:
    return bool(line.strip()) and (label_in(line) is not None or opens_with_id(line))


# Several fields on one line, and labels in the first row of a table.

_DIVIDERS = ("|", "\t", ";", " / ", "•", " · ")
_LONGEST_FIELDS = 2_000
_FEWEST_FIELDS = 2
_OF_ADDRESS = (LabelPart.CUSTOMER_EMAIL, LabelPart.SUPER_ADMIN)
_OF_CUSTOMER = (*_OF_ADDRESS, LabelPart.CUSTOMER)
_FREE = frozenset({LabelPart.DESCRIPTION, LabelPart.STEPS})


def _fields(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines, those with several labels divided, and the cells below a row of labels behind their labels."""
    heads: Sequence[str] = ()
    for at, line in enumerate(lines):
        cells = _cells(line)
        if heads and len(cells) == len(heads) and _part(cells[0]) is None:
            yield from (f"{head}: {cell}" for head, cell in zip(heads, cells, strict=True))
        elif not (heads := cells if cells and _are_above(cells, lines[at + 1 : at + 3]) else ()):
            yield from cells if _name_address(cells) else _divided(line)


def _name_address(cells: Sequence[str]) -> bool:
    """Return True for labels, with that of the customer's address not first, above a row with fewer cells."""
    return not any(":" in cell or "@" in cell for cell in cells) and any(
        _part(cell) in _OF_ADDRESS for cell in cells[1:]
    )


def _are_above(cells: Sequence[str], lines: Sequence[str]) -> bool:
    """Return True if the cells are labels of those in the next row."""
    below = _cells(next(filter(str.strip, lines), ""))
    return len(below) == len(cells) and _part(below[0]) is None and _are_heads(cells, below)


def _cells(line: str) -> list[str]:
    """Return the cells of a row of a table; none if the line is no row."""
    return [cell.strip() for cell in line.split("\t")] if "\t" in line[:_LONGEST_FIELDS] else []


def _are_heads(cells: Sequence[str], below: Sequence[str]) -> bool:
    """Return True for a row of a table that holds labels alone, at least one of the template.

    The other labels can be of any words if an address is below that of the customer's address.
    """
    if not all(cells) or any(":" in cell or "@" in cell for cell in cells):
        return False
    parts = [mail_words.part_of(cell) for cell in cells]
    if any(part in _OF_ADDRESS and "@" in value for part, value in zip(parts, below, strict=True)):
        return True
    known = (all(map(mail_words.is_known, mail_words.words(fold(cell)))) for cell in cells)
    return any(part and part is not LabelPart.OTHER for part in parts) and all(known)


def _divided(line: str) -> list[str]:
    """Return the fields of a line with at least two labels; the line itself if it has none or one."""
    for divider in _DIVIDERS if len(line) <= _LONGEST_FIELDS else ():
        if divider in line:
            fields = [field.strip() for field in line.split(divider)]
            found = [label for field in fields if (label := label_in(field))]
            if len(found) >= _FEWEST_FIELDS and found[0][0] not in _FREE:
                return fields
    return [line]


def _part(label: str) -> LabelPart | None:
    if mail_words.names_no_customer(label):
        return None
    return mail_words.part_of(label) or mail_words.part_of(_BRACKETS.sub(" ", label))


def _stands_alone(line: str) -> bool:
    """Return True if a line without a separator can still be a label: it is not a sentence, nor the end of one."""
    return bool(line) and not line[0].islower() and line.rstrip("*_】] ")[-1:].isalpha()


def _value_after(text: str) -> str:
    return "?" if _ONLY_ASKED.fullmatch(text) else _BEFORE_VALUE.sub("", text, count=1).strip()


def _value(section: TemplateSection) -> tuple[Sequence[str], Sequence[str]]:
    """Return the lines of the label's value, and the lines after it."""
    if section.part is None:
        return (), section.lines
    if section.part is LabelPart.DESCRIPTION:
        return section.lines, ()
    filled = next((at for at, line in enumerate(section.lines) if not is_unanswered(line)), len(section.lines))
    if section.part in _OF_CUSTOMER and 0 < filled < len(section.lines) and not is_value(section.lines[filled]):
        return (), section.lines
    end = filled + 1 if section.part in _ONE_LINE else _end_of_steps(section.lines, filled)
    return section.lines[filled:end], section.lines[end:]


def _end_of_steps(lines: Sequence[str], start: int) -> int:
    """Return the end of the steps: a possible label, or an empty line that does not continue a list."""
    filled = [at for at in range(start, len(lines)) if lines[at].strip()]
    for before, at in pairwise(filled):
        if not BULLET.match(lines[at]) and (at > before + 1 or _ANOTHER_LABEL.match(lines[at])):
            return at
    return len(lines)


# Descriptions.


def _description(
    labelled: Sequence[str], values: Iterable[tuple[object, object, Sequence[str]]], *, templated: bool
) -> str:
    """Return the value behind the label; without a label, the prose after the template, or the prose before it."""
    if labelled:
        return next((text for text in labelled if any(map(str.isalnum, text)) and not mail_words.means_none(text)), "")
    if behind := _prose(line for part, _, rest in values if part or not templated for line in (*rest, "")):
        return behind
    opening = _prose(line for part, _, rest in values if not part for line in rest)
    return opening if _is_long(opening, _SHORTEST_OPENING) else ""


def _prose(lines: Iterable[str]) -> str:
    return joined([line for each in _paragraphs(lines) if _is_long(joined(each), _SHORTEST_PROSE) for line in each])


_SHORT_LABEL = re.compile(r"[^:：]{1,40}[:：]\s*+(?=\S)")


def _is_labelled_word(line: str) -> bool:
    """Return True for a short label with a short value. A sentence with a colon in it is prose."""
    found = _SHORT_LABEL.match(line)
    words = [word for word in line[found.end() :].split() if any(map(str.isalpha, word))] if found else []
    return bool(found) and not _is_long(" ".join(words), _SHORTEST_PROSE)


def _paragraphs(lines: Iterable[str]) -> Iterator[list[str]]:
    held: list[str] = []
    for line in lines:
        if line.strip() and not _is_labelled_word(line):
            held.append(line)
        elif held:
            yield held
            held = []


def _is_long(text: str, words: int) -> bool:
    return len(text.split()) >= words or (is_japanese(text) and len(text) >= 3 * words)


def _first(values: Iterable[str], read: Callable[[str], _Answer | None]) -> _Answer | None:
    return next((answer for value in values if (answer := read(value)) is not None), None)
