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
from desk_sync.adapters.mail.labelled_ids import opens_with_id
from desk_sync.adapters.mail.steps import BULLET, read_steps
from desk_sync.adapters.mail.values import is_unanswered, read_product, read_reproducible, read_request_type
from desk_sync.adapters.mail.words import LabelPart
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
    `domain_lines` those for the customer's domain. `text` are all lines without the signature.
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
    text: tuple[str, ...]

    @property
    def description_words(self) -> int:
        """The number of words between blanks; 0 for Japanese, which has no blanks."""
        return 0 if is_japanese(self.description) else len(self.description.split())


def read_template(lines: Sequence[str]) -> MailTemplate:
    """Return the template in the lines of one mail."""
    text = lines[: _signature(lines)]
    sections = list(_sections(text))
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
        customer_lines=tuple(of(LabelPart.CUSTOMER_EMAIL)),
        admin_lines=tuple(of(LabelPart.SUPER_ADMIN)),
        domain_lines=tuple(of(LabelPart.CUSTOMER_DOMAIN)),
        text=tuple(text),
    )


# Boundaries of the parts.

_BRACKETED = r"[(（\[【][^()（）\[\]【】]{0,80}[)）\]】]"
_BRACKETS = re.compile(_BRACKETED)
_LABEL = re.compile(rf"(?:[^:：?？=\t()（）\[\]【】]|{_BRACKETED}){{1,120}}(?=[:：?？=\t】\]]|\Z)")
_LABEL_BEFORE_DASH = re.compile(rf"(?:[^:：?？=\t()（）\[\]【】]|{_BRACKETED}){{1,60}}?(?=\s[–—-]\s)")
_LABEL_BEFORE_BLANK = re.compile(r"[^\s:：]{1,30}[ぁ-ヿ一-鿿](?= \S)")
_BEFORE_LABEL = re.compile(r"\A[\s>*_#•·▪■□●○◆◇★☆※➤◦‣–—-]*(?:\(?(?:\d{1,2}|[a-h])[.)．）°º/](?!\d)\s*)?[\s*_【\[¿■●]*")
_BEFORE_VALUE = re.compile(r"\A(?:\s[–—-]\s|[\s*_:：?？=】\]]+)")
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
            return part, _value_after(rest[found.end() :])
    return None


def _part(label: str) -> LabelPart | None:
    return mail_words.part_of(label) or mail_words.part_of(_BRACKETS.sub(" ", label))


def _stands_alone(line: str) -> bool:
    """Return True if a line without a separator can still be a label: it is not a sentence, nor the end of one."""
    return bool(line) and not line[0].islower() and line.rstrip("*_】] ")[-1:].isalpha()


def _value_after(text: str) -> str:
    return _BEFORE_VALUE.sub("", text, count=1).strip()


def _signature(lines: Sequence[str]) -> int:
    """Return the index of the closing words that begin the signature; the number of lines if there are none.

    A signature contains no label, no labelled number and no postscript.
    """
    end = len(lines)
    for at in range(len(lines) - 1, -1, -1):
        line = lines[at].strip()
        if _closes(line):
            end = at
        elif line and (label_in(line) or opens_with_id(line) or _POSTSCRIPT.match(fold(line))):
            break
    return end


_SIGN_OFF = re.compile(rf"(?:{mail_words.SIGN_OFFS})(?:[\s,.!。、]+[^\s,.!]+){{0,2}}[\s,.!。、]*")
_SENT_FROM = re.compile(rf"(?:{mail_words.SENT_FROM})")
_POSTSCRIPT = re.compile(rf"(?:{mail_words.POSTSCRIPT})(?![a-z])")
_LONGEST_CLOSING = 60


def _closes(line: str) -> bool:
    if len(line) > _LONGEST_CLOSING:
        return False
    folded = fold(line)
    return line in ("--", "—") or bool(_SIGN_OFF.fullmatch(folded) or _SENT_FROM.search(folded))


def _value(section: TemplateSection) -> tuple[Sequence[str], Sequence[str]]:
    """Return the lines of the label's value, and the lines after it."""
    if section.part is None:
        return (), section.lines
    if section.part is LabelPart.DESCRIPTION:
        return section.lines, ()
    filled = next((at for at, line in enumerate(section.lines) if not is_unanswered(line)), len(section.lines))
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


_SHORT_LABEL = re.compile(r"[^:：]{1,40}[:：]\s*\S")


def _paragraphs(lines: Iterable[str]) -> Iterator[list[str]]:
    held: list[str] = []
    for line in lines:
        if line.strip() and not _SHORT_LABEL.match(line):
            held.append(line)
        elif held:
            yield held
            held = []


def _is_long(text: str, words: int) -> bool:
    return len(text.split()) >= words or (is_japanese(text) and len(text) >= 3 * words)


def _first(values: Iterable[str], read: Callable[[str], _Answer | None]) -> _Answer | None:
    return next((answer for value in values if (answer := read(value)) is not None), None)
