"""A mail's text as lines, with quoted lines separated from new ones.

Lines contain no invisible characters, and no blanks other than spaces and tabs; letters are unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from desk_sync.adapters.mail import html as mail_html
from desk_sync.adapters.text.fold import fold

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
    """Separate new lines from quoted ones, at `>`, an attribution ("On … wrote:") or an earlier mail's header block.

    Everything after a header block is quoted. So is everything after an attribution, unless the quote is marked with
    `>`: then an answer can follow it.
    """
    fresh: list[str] = []
    quoted: list[str] = []
    at = 0
    while at < len(lines):
        if lines[at].lstrip().startswith(">"):
            quoted.append(lines[at].lstrip("> "))
            at += 1
        elif _begins_earlier_mail(lines, at):
            return BodyText(fresh=tuple(fresh), quoted=(*quoted, *_unmarked(lines[at:])))
        elif length := _attribution(lines, at):
            after = next((line for line in lines[at + length : at + length + 5] if line.strip()), "")
            if not after.lstrip().startswith(">"):
                return BodyText(fresh=tuple(fresh), quoted=(*quoted, *_unmarked(lines[at:])))
            quoted += lines[at : at + length]
            at += length
        else:
            fresh.append(lines[at])
            at += 1
    return BodyText(fresh=tuple(fresh), quoted=tuple(quoted))


def _unmarked(lines: Iterable[str]) -> Iterable[str]:
    return (line.lstrip("> ") for line in lines)


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


_LONGEST_ATTRIBUTION = 300
_RULED = re.compile(
    r"[-_*\s]*(?:begin )?(?:original message|forwarded message|ursprungliche nachricht|originalnachricht"
    r"|(?:anfang der )?weitergeleiteten? nachricht|mensagem original|mensagem encaminhada"
    r"|(?:inicio da )?mensagem reencaminhada|mensaje original|mensaje reenviado|inicio del mensaje reenviado"
    r"|message d'origine|message original|message transfere|debut du message (?:transfere|reexpedie)"
    r"|元のメッセージ|転送されたメッセージ|転送メッセージ|オリジナルメッセージ)[-_*\s:]*"
)
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|schreibt|escreveu|escribio|a ecrit)\b|書きました|からのメッセージ|のメール:$|wrote ?-*$"
)
_TIMED_ADDRESS = re.compile(r"\d{1,2}(?::|時)\d{2}[^<>]{0,120}<[^<>@\s]{1,64}@[^<>\s]{1,255}>\s*:?$")
_ATTRIBUTION_OPENS = re.compile(r"[-\s]*(?:on|am|em|el|le|\d{1,4})\b", re.IGNORECASE)
_FROM = re.compile(r"[*\s]*(?:from|von|de|expediteur|remetente|remitente|差出人|送信者)\s*+(?:\*\s*+)?:")
_FURTHER_HEADER = re.compile(
    r"[*\s]*(?:sent|date|to|subject|cc|gesendet|datum|an|betreff|enviad[oa](?: em| el)?|data|para|assunto|fecha|asunto"
    r"|envoye(?: le)?|a|objet|送信日時|日時|宛先|件名)\s*+(?:\*\s*+)?:"
)


_COPIED = re.compile(r"[*\s]*(?:b?cc|kopie|copia|copie|cci|cco)\s*+(?:\*\s*+)?:")


def without_copies(lines: Iterable[str]) -> Lines:
    """Return the lines of earlier mails without their Cc and Bcc headers."""
    return tuple(line for line in lines if not _COPIED.match(fold(line[:_LONGEST_ATTRIBUTION])))


def _begins_earlier_mail(lines: Sequence[str], at: int) -> bool:
    """Return True if a ruler ("-----Original Message-----") or a block of at least three mail headers begins here."""
    line = fold(lines[at][:_LONGEST_ATTRIBUTION])
    if _RULED.fullmatch(line):
        return True
    if not _FROM.match(line):
        return False
    block = [fold(each[:_LONGEST_ATTRIBUTION]) for each in lines[at + 1 : at + 10] if each.strip()][:5]
    return sum(bool(_FURTHER_HEADER.match(each)) for each in block) >= 2


def _attribution(lines: Sequence[str], at: int) -> int:
    """Return the number of lines of the attribution that begins here: 1, 2 if a mail program wrapped it, or 0."""
    if _is_attribution(lines[at]):
        return 1
    if not _ATTRIBUTION_OPENS.match(lines[at]) or at + 1 == len(lines) or _is_attribution(lines[at + 1]):
        return 0
    return 2 if _is_attribution(f"{lines[at]} {lines[at + 1]}") else 0


def _is_attribution(line: str) -> bool:
    if len(line) > _LONGEST_ATTRIBUTION or not line.rstrip().endswith((":", "：", "-", ">")):
        return False
    folded = fold(line).strip()
    named = any(character.isdigit() for character in folded) or "@" in folded
    return bool(_TIMED_ADDRESS.search(folded)) or (named and not folded.endswith(">") and bool(_WROTE.search(folded)))
