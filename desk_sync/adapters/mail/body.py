"""A mail's text as lines, with quoted lines separated from new ones.

Lines contain no invisible characters, and no blanks other than spaces and tabs; letters are unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from desk_sync.adapters.mail import html as mail_html
from desk_sync.adapters.mail import quotes

LONGEST_HTML = 1_000_000
LONGEST_TEXT = 100_000

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyText:
    """The new lines of a mail, and the lines quoted from earlier mails; `unread` names what was not read, and why."""

    fresh: Lines = ()
    quoted: Lines = ()
    unread: tuple[str, ...] = ()

    def __add__(self, other: BodyText) -> BodyText:
        return BodyText(
            fresh=self.fresh + other.fresh,
            quoted=self.quoted + other.quoted,
            unread=tuple(dict.fromkeys(self.unread + other.unread)),
        )

    def as_quoted(self) -> BodyText:
        return BodyText(quoted=self.fresh + self.quoted, unread=self.unread)


def read_plain(text: str) -> BodyText:
    """Return the lines of a plain text; only the first 100,000 characters are read."""
    return split_quotes(_tidy(text[:LONGEST_TEXT]).split("\n")) + _cut(text, LONGEST_TEXT)


def read_html(text: str, is_over: Callable[[], bool] = lambda: False) -> BodyText:
    """Return the lines of an HTML text: of its first 1,000,000 characters, 100,000 of new and of quoted text.

    Raises TimeoutError once `is_over` returns True.
    """
    fresh, quoted = map("\n".join, mail_html.lines_of(text[:LONGEST_HTML], is_over))
    cut = _cut(text, LONGEST_HTML) + _cut(fresh, LONGEST_TEXT) + _cut(quoted, LONGEST_TEXT)
    new = split_quotes(_tidy(fresh[:LONGEST_TEXT]).split("\n"))
    return new + BodyText(quoted=tuple(_tidy(quoted[:LONGEST_TEXT]).split("\n"))) + cut


def _cut(text: str, most: int) -> BodyText:
    """Return the note about the rest of a text that is longer than `most` characters."""
    return BodyText(unread=(f"the text after {most:,} characters",) if len(text) > most else ())


def split_quotes(lines: Sequence[str]) -> BodyText:
    """Separate new lines from those of earlier mails (`quotes.py`)."""
    fresh, quoted = quotes.split(lines)
    return BodyText(fresh=fresh, quoted=quoted)


_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_BLANK = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LINE_END = re.compile("\r\n?|[\n\x0b\x0c\x85\u2028\u2029]")
_EMPTY_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+\n")
_CONTENT_ID = re.compile(r"\[?\bcid:[^\s\]]{1,200}\]?", re.IGNORECASE)


def _tidy(text: str) -> str:
    visible = _INVISIBLE.sub("", _LINE_END.sub("\n", text))
    return _EMPTY_LINES.sub("\n\n", _CONTENT_ID.sub("", _BLANK.sub(" ", visible)))
