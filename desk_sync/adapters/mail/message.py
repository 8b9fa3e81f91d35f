"""Mails in files: MIME (`.eml`), or plain headers and a decoded body, as a help desk shows them.

Every content is accepted: anything other than a mail is read as the body of one.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import Compat32
from itertools import chain

from desk_sync.adapters.mail.body import LONGEST_HTML
from desk_sync.adapters.mail.html import lines_of
from desk_sync.adapters.text import identifiers

_HEADERS = frozenset({"from", "to", "subject", "date", "received", "content-type", "mime-version", "message-id"})
_OWN_ESCAPES = ("iso-2022", "utf-16", "utf-32", "utf-7", "hz")
_LOOKS_LIKE_HTML = re.compile(r"\s*<(?:!doctype|html|body|div|table|p)\b[^<>]*>", re.IGNORECASE)
LONGEST_MAIL = 2_000_000
"""Bytes or characters of a mail that are read; its text comes before its attachments."""
_LONGEST_HEADER = 2_000
# The standard library reads each line once for each message that is open around it.
_MOST_BOUNDARIES = 50
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MARKS_OF_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# A plain text with a smaller share of the HTML's words is a stub that only refers to the HTML text.
_SHARE_OF_A_STUB = 1 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MailBody:
    """A piece of a mail's text. `earlier`: it belongs to an attached, earlier mail."""

    text: str
    is_html: bool = False
    earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMessage:
    """The sender (in normal form), the subject, and the pieces of the text in their order."""

    sender: str | None
    subject: str
    bodies: tuple[MailBody, ...]

    @property
    def is_html(self) -> bool:
        return any(body.is_html for body in self.bodies)


class _ShortHeaders(Compat32):
    """Headers cut to 2,000 characters: the standard library takes quadratic time to split long ones."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST_HEADER]


_SHORT_HEADERS = _ShortHeaders()


def parse(raw: bytes | str) -> MailMessage:
    """Return the mail in a file. Never raises; a text without headers is all body."""
    whole = raw[:LONGEST_MAIL]
    content = (whole.encode("utf-8", "replace") if isinstance(whole, str) else _as_utf8(whole)).lstrip()
    if content.lower().count(b"boundary") > _MOST_BOUNDARIES:
        return _bare(content)
    try:
        message = email.message_from_bytes(content, policy=_SHORT_HEADERS)
        headers = {name.lower(): _words(value) for name, value in reversed(list(message.raw_items()))}
        if not headers.keys() & _HEADERS:
            return _bare(content)
        bodies = tuple(_bodies(message))
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError):
        return _bare(content)
    return MailMessage(sender=_address(headers.get("from", "")), subject=headers.get("subject", ""), bodies=bodies)


def _address(sender: str) -> str | None:
    """Return the address of a From header: the content of its last angle brackets, or all of it."""
    _, _, bracketed = sender.rpartition("<")
    return identifiers.email(bracketed.partition(">")[0])


def _bare(content: bytes) -> MailMessage:
    text = _decode(content, None)
    return MailMessage(
        sender=None, subject="", bodies=(MailBody(text=text, is_html=bool(_LOOKS_LIKE_HTML.match(text))),)
    )


def _bodies(message: Message, *, earlier: bool = False) -> Iterator[MailBody]:
    """Yield the texts of a message in their order, the best one of alternatives, without attachments."""
    kind = message.get_content_type()
    if message.is_multipart():
        parts = [each for each in message.get_payload() if isinstance(each, Message)]
        earlier = earlier or kind == "message/rfc822"
        read = [list(_bodies(part, earlier=earlier)) for part in parts]
        if kind == "multipart/alternative":
            yield from _best(read)
        else:
            yield from (body for bodies in read for body in bodies)
    elif kind in ("text/plain", "text/html") and message.get_content_disposition() != "attachment":
        text = _text(message)
        yield MailBody(text=text, is_html=kind == "text/html" or bool(_LOOKS_LIKE_HTML.match(text)), earlier=earlier)


def _best(alternatives: list[list[MailBody]]) -> list[MailBody]:
    """Return the plain text, or another alternative if the plain text is only a stub."""
    filled = [bodies for bodies in alternatives if _length(bodies)]
    plain = [bodies for bodies in filled if not any(body.is_html for body in bodies)]
    longest = max(map(_length, filled), default=0)
    return next((bodies for bodies in (*plain, *filled) if _length(bodies) >= longest * _SHARE_OF_A_STUB), [])


def _length(bodies: list[MailBody]) -> int:
    """Return the length in words."""
    texts = (chain(*lines_of(body.text[:LONGEST_HTML])) if body.is_html else (body.text,) for body in bodies)
    return sum(len(line.split()) for line in chain(*texts))


def _text(message: Message) -> str:
    payload = message.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    return _decode(content, message.get_content_charset())


def _decode(content: bytes, charset: str | None) -> str:
    """Return the text, as UTF-8 if it is valid: help desks convert the text and keep the declared charset."""
    first, second = (charset, "utf-8") if charset and charset.startswith(_OWN_ESCAPES) else ("utf-8", charset)
    for each in (first, second, "cp1252"):
        try:
            return content.decode(each or "utf-8")
        except (LookupError, ValueError):
            continue
    return content.decode("latin-1")


def _as_utf8(content: bytes) -> bytes:
    """Return the content as UTF-8 without a byte order mark."""
    if content.startswith(_MARKS_OF_UTF_16):
        return content.decode("utf-16", "replace").encode("utf-8", "replace")
    return content.removeprefix(_BYTE_ORDER_MARK)


def _words(value: str) -> str:
    """Return a header as one line, with encoded words (RFC 2047) decoded."""
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    plain = " ".join(text.split())
    if "=?" not in plain:
        return plain
    try:
        pieces = decode_header(plain)
    except (HeaderParseError, ValueError):
        return plain
    return "".join(piece if isinstance(piece, str) else _decode(piece, charset) for piece, charset in pieces)
