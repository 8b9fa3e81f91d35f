"""A mail's text as lines, with quoted lines separated from new ones.

Lines contain no invisible characters, and no blanks other than spaces and tabs; letters are unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from desk_sync.adapters.mail import html as mail_html
from desk_sync.adapters.mail import quotes

LONGEST_HTML = 1_000_000
LONGEST_TEXT = 100_000

Lines = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyText:
    """The new lines of a mail, those quoted from earlier mails, and those of mails that the writer passed on.

    `unread` names what was not read, and why.
    """

    fresh: Lines = ()
    quoted: Lines = ()
    forwarded: Lines = ()
    unread: tuple[str, ...] = ()

    def __add__(self, other: BodyText) -> BodyText:
        return BodyText(
            fresh=self.fresh + other.fresh,
            quoted=self.quoted + other.quoted,
            forwarded=self.forwarded + other.forwarded,
            unread=tuple(dict.fromkeys(self.unread + other.unread)),
        )

    @property
    def earlier(self) -> Lines:
        """All lines that are not new."""
        return self.quoted + self.forwarded

    def as_forwarded(self) -> BodyText:
        """Return the text as that of a mail that the writer passed on."""
        return BodyText(forwarded=self.fresh + self.earlier, unread=self.unread)

    def with_quoted_forwarded(self) -> BodyText:
        """Return the text with its quoted lines as those of a mail that the writer passed on."""
        return replace(self, quoted=(), forwarded=self.earlier)


def read_plain(text: str) -> BodyText:
    """Return the lines of a plain text; only the first 100,000 characters are read."""
    tidy = _tidy(text[:LONGEST_TEXT])
    unread = BodyText(unread=("an encrypted text",) if _ENCRYPTED in tidy else ())
    return split_quotes(_OF_PGP.sub("", tidy).split("\n")) + unread + _cut(text, LONGEST_TEXT)


def read_html(text: str, is_over: Callable[[], bool] = lambda: False) -> BodyText:
    """Return the lines of an HTML text: of its first 1,000,000 characters, 100,000 of new and of quoted text.

    Raises TimeoutError once `is_over` returns True.
    """
    fresh, quoted = map("\n".join, mail_html.lines_of(text[:LONGEST_HTML], is_over))
    cut = _cut(text, LONGEST_HTML) + _cut(fresh, LONGEST_TEXT) + _cut(quoted, LONGEST_TEXT)
    new, earlier = quotes.split(_tidy(fresh[:LONGEST_TEXT]).split("\n"))
    return BodyText(fresh=new) + _earlier((*earlier, *_tidy(quoted[:LONGEST_TEXT]).split("\n"))) + cut


def _cut(text: str, most: int) -> BodyText:
    """Return the note about the rest of a text that is longer than `most` characters."""
    return BodyText(unread=(f"the text after {most:,} characters",) if len(text) > most else ())


def split_quotes(lines: Sequence[str]) -> BodyText:
    """Separate new lines from those of earlier mails (`quotes.py`)."""
    fresh, earlier = quotes.split(lines)
    return BodyText(fresh=fresh) + _earlier(earlier)


def _earlier(lines: Lines) -> BodyText:
    """Return the lines of an earlier mail: forwarded if a program says so at their beginning, else quoted."""
    return BodyText(forwarded=lines) if quotes.is_forwarded(lines) else BodyText(quoted=lines)


_ENCRYPTED = "-----BEGIN PGP MESSAGE-----"
# What PGP puts around a text that it has signed, and a text that it has encrypted.
_OF_PGP = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:Hash: [^\n]*+\n)?|-----BEGIN PGP SIGNATURE-----[\w+/=:.() \n-]*+"
    rf"|{_ENCRYPTED}[\w+/=:.() \n-]*+"
)
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
