"""Where earlier mail begins among the lines of a mail: found by its form, in any language.

Forms: a line that begins with `>`; a block of short `Word: value` lines with an address and a date or a time; a line
with a date, a time and an address that ends in a colon; a sentence between two rulers ("reply above this line").
The words that mail programs use in some languages are a second signal. A label of the template is never a header.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from desk_sync.adapters.mail import words as mail_words
from desk_sync.adapters.mail.template import label_in
from desk_sync.adapters.mail.words import LabelPart
from desk_sync.adapters.text.fold import fold

Lines = tuple[str, ...]

_LONGEST_ATTRIBUTION = 300
_LINES_OF_HEADERS = 7
_FEWEST_HEADERS = 3
_LINES_OF_ATTRIBUTION = 3


def split(lines: Sequence[str]) -> tuple[Lines, Lines]:
    """Return the new lines and the quoted ones.

    Everything after a header block or a ruler is quoted. So is everything after an attribution, unless the quote is
    marked with `>`: then an answer can follow it.
    """
    fresh: list[str] = []
    quoted: list[str] = []
    spoken = _spoken(lines)
    at = 0
    while at < len(lines):
        if _begins_earlier_mail(lines, at):
            return tuple(fresh), (*quoted, *_unmarked(lines[at:]))
        if at in spoken:
            quoted.append(lines[at])
            at += 1
        elif _MARK.match(lines[at]):
            quoted.append(_MARK.sub("", lines[at], count=1))
            at += 1
        elif length := _attribution(lines, at):
            if not _is_marked(lines, at + length):
                return tuple(fresh), (*quoted, *_unmarked(lines[at:]))
            quoted += lines[at : at + length]
            at += length
        else:
            fresh.append(lines[at])
            at += 1
    return tuple(fresh), tuple(quoted)


def _spoken(lines: Sequence[str]) -> frozenset[int]:
    """Return the lines of a chat that is copied into the text; none if there is only one such line."""
    found = frozenset(at for at, line in enumerate(lines) if _is_spoken(line[:_LONGEST_ATTRIBUTION]))
    return found if len(found) >= _FEWEST_SPOKEN else frozenset()


def _is_spoken(line: str) -> bool:
    found = _SPOKEN.match(line)
    return found is not None and not _is_of_template(f"{found['name'] or 'x'}: x")


def is_attribution(line: str) -> bool:
    """Return True if the line introduces a quotation: a date, a time and an address, or a known word for "wrote"."""
    if len(line) > _LONGEST_ATTRIBUTION or not line.rstrip().endswith((":", "：", "-", ">")):
        return False
    folded = fold(line).strip()
    bare = folded.rstrip("-: ")
    if len(_ADDRESS.findall(bare)) == 1 and _is_dated_with_time(folded) and label_in(line) is None:
        return not folded.endswith(">") or bool(_TIMED_ADDRESS.search(folded))
    named = "@" in folded or any(character.isdigit() for character in folded)
    return named and not folded.endswith(">") and bool(_WROTE.search(folded)) and not _is_of_template(line)


def is_forwarded(lines: Iterable[str]) -> bool:
    """Return True if a program's line for a forwarded mail is the first of the lines that is not empty."""
    first = next((line for line in lines if line.strip()), "")
    return bool(_FORWARDED.fullmatch(fold(first[:_LONGEST_RULER])))


def answers(subject: str) -> bool:
    """Return True for the subject of an answer: its words are those of an earlier mail."""
    return bool(_SUBJECT_OF_ANSWER.match(fold(subject[:_LONGEST_RULER])))


def forwards(subject: str) -> bool:
    """Return True for the subject of a mail that forwards another one."""
    return bool(_SUBJECT_OF_FORWARD.match(fold(subject[:_LONGEST_RULER])))


def without_copies(lines: Iterable[str]) -> Lines:
    """Return the lines of earlier mails without their Cc and Bcc headers."""
    return tuple(line for line in lines if not _COPIED.match(fold(line[:_LONGEST_ATTRIBUTION])))


# A quoted line: `>`, initials and `>`, or a bar; a line with several bars is a row of a table.
_MARK = re.compile(r"\A\s*+(?:>[> ]*+|[A-Z][A-Za-z]{0,3}>[> ]*+|\|\s(?=[^|]*+\Z))")
_ADDRESS = re.compile(r"[^\s<>()@]{1,64}@[^\s<>()@]{1,255}")
_TIMED_ADDRESS = re.compile(r"\d{1,2}(?::|時)\d{2}[^<>]{0,120}<[^<>@\s]{1,64}@[^<>\s]{1,255}>$")
_BRACKETED = re.compile(r"<[^\s<>@]{1,64}@[^\s<>@]{1,255}>")
_DATE = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-](?:\d\d){1,2}(?!\d)|\d{1,2}月\d{1,2}日"
    r"|\d{1,2}[.,]? [^\W\d]{3,12}|[^\W\d]{3,12}[.,]? \d{1,2}(?![\d:.]))"
)
_TIME = re.compile(r"(?<![\d.])\d{1,2}(?:[:.h時点시]|\s?[h:]\s?)\d{2}(?![\d.])")
_WROTE = re.compile(
    r"\b(?:wrote|writes|schrieb|schreibt|escreveu|escribio|a ecrit|ha scritto|scrive|schreef|heeft geschreven|skrev"
    r"|kirjoitti|napisal|napisala|pisze|napsal|napsala|irta|scris|yazdi|написал|написала|пише|пишет|εγραψε"
    r"|replied|commented|antwortete|a repondu|respondio|respondeu|ha risposto"
    r"|antwoordde)\b"
    r"|書きました|からのメッセージ|のメール:$|写道|寫道|작성|wrote ?-*$"
)
_OF_FORWARD = (
    r"(?:begin )?forwarded message|(?:anfang der )?weitergeleiteten? nachricht|mensagem encaminhada"
    r"|(?:inicio da )?mensagem reencaminhada|(?:inicio del )?mensaje reenviado"
    r"|(?:debut du )?message (?:transfere|reexpedie)|(?:inizio )?messaggio inoltrato"
    r"|(?:begin )?doorgestuurd bericht|vidarebefordrat meddelande|videresendt (?:melding|meddelelse)"
    r"|valitetty viesti|przekazana wiadomosc|preposlana zprava|iletilen mesaj|пересылаемое сообщение"
    r"|転送されたメッセージ|転送メッセージ|转发的邮件|轉寄郵件"
)
_RULED = re.compile(
    rf"[-_*\s]*(?:{_OF_FORWARD}|original message|ursprungliche nachricht|originalnachricht|mensagem original"
    r"|mensaje original|message d'origine|message original|messaggio originale|oorspronkelijk bericht"
    r"|ursprungligt meddelande|oprindelig meddelelse|wiadomosc oryginalna|puvodni zprava|orijinal mesaj"
    r"|исходное сообщение|元のメッセージ|オリジナルメッセージ)[-_*\s:]*"
)
_FORWARDED = re.compile(rf"[-_*\s]*(?:{_OF_FORWARD})[-_*\s:]*")
_SUBJECT_OF_ANSWER = re.compile(
    r"\s*(?:re|aw|antw|antwort|sv|vs|rif|odp|ynt|res|resp|r|回复|回覆|答复|返信)(?:\[\d{1,3}\]|\(\d{1,3}\))?\s?[:：]\s?\S"
)
_SUBJECT_OF_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr|rv|enc|i|inoltro|doorst|vb|vs|pd|ilt|転送|转发|轉寄)\s?[:：]\s?\S")
_RULERS = "-#=*_~+<>—–―─═"
_ABOVE = re.compile(
    r"\babove\b|\boberhalb\b|\buber dies|\bacima\b|\barriba\b|\bencima\b|\bpor encima\b|\bau-?dessus\b|\bsopra\b"
    r"|\bboven\b|\bovan(?:for)?\b|\bovenfor\b|\bover denne\b|\bpowyzej\b|\bnad\b|\byukari|\bustunde|\bвыше\b"
    r"|より上|の上|以上"
)
_LINE = re.compile(
    r"\blines?\b|\bzeile\b|\blinie\b|\blinha\b|\blinea\b|\bligne\b|\briga\b|\bregel\b|\blijn\b|\brad(?:en)?\b"
    r"|\blinj|\blini"
    r"|\bradk|\bsatir|\bcizgi|\bчерт|\bстрок|\bлини|線|ライン|行"
)
_ASKS = re.compile(
    r"\b(?:repl(?:y|ies)|respond|type|write|antwort\w*|schreib\w*|respost\w*|respond\w*|respuest\w*|escrib\w*|escrev\w*"
    r"|repond\w*|repons\w*|rispond\w*|rispost\w*|antwoord\w*|reageer|svar\w*|odpow\w*|odpis\w*|valasz\w*|yanit\w*|vastaa"
    r"|ответ\w*)|返信|回答|回复|回覆|답장"
)
_CLOCK = r"\d{1,2}[:.h]\d{2}(?::\d{2})?(?:\s?[ap]m)?"
_DAY = r"(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}[,\s]{1,3})?"
_SPEAKER = r"[^\W\d][\w.'’-]{0,30}(?: [^\W\d][\w.'’-]{0,30}){0,2}"
# A line of a chat: an instant, a name, a colon; or a name, an instant in brackets, a colon.
_SPOKEN = re.compile(
    rf"\s*[\[(]?{_DAY}{_CLOCK}[\])]?\s?[-–,]?\s?(?:<{_SPEAKER}>|(?P<name>{_SPEAKER})\s?:)\s"
    rf"|\s*(?:{_SPEAKER})\s[\[(]{_DAY}{_CLOCK}[\])]\s?:\s",
    re.IGNORECASE,
)
_FEWEST_SPOKEN = 2
_LONGEST_RULER = 200
_SHORTEST_DRAWN = 5
_FEWEST_WORDS = 4
_FEWEST_WIDE = 6
_NAME_OF_HEADER = re.compile(r"[*_\s]*+([^\W\d_]++(?:[ '’-][^\W\d_]++){0,2})[*_]*+\s{0,3}[:：][*_]*+(?=\s*+\S)")
_LONGEST_NAME = 25
_ID_OF_MAIL = re.compile(r"[*\s]*+(?:message|nachrichten|mensaje|mensagem)-?id\s?:")
_REPLY = re.compile(r"[:：]\s{0,3}[^\W\d]{1,5}(?:\[\d{1,3}\])?\s?[:：]\s{0,3}\S")
_FROM = re.compile(r"[*\s]*(?:from|von|de|expediteur|remetente|remitente|差出人|送信者)\s*+(?:\*\s*+)?:")
_FURTHER_HEADER = re.compile(
    r"[*\s]*(?:sent|date|to|subject|cc|gesendet|datum|an|betreff|enviad[oa](?: em| el)?|data|para|assunto|fecha|asunto"
    r"|envoye(?: le)?|a|objet|送信日時|日時|宛先|件名)\s*+(?:\*\s*+)?:"
)
_COPIED = re.compile(r"[*\s]*(?:b?cc|kopie|copia|copie|cci|cco|kopia|kopi)\s*+(?:\*\s*+)?:")
_OWN_WORDS = frozenset(
    {"customer", "super admin", "product", "problem", "description", "steps", "user", "numbered id", "reproducible"}
)


def _unmarked(lines: Iterable[str]) -> Iterable[str]:
    return (line.lstrip("> ") for line in lines)


def _is_marked(lines: Sequence[str], at: int) -> bool:
    """Return True if the first of the next lines that is not empty begins with `>`."""
    after = next((line for line in lines[at : at + 5] if line.strip()), "")
    return after.lstrip().startswith(">")


def _begins_earlier_mail(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    if _is_ruled(line) or _is_group_mark(line) or _is_boxed(lines, at):
        return True
    return _is_header(line) and (_is_known_block(lines, at) or _is_block(lines, at))


def _is_group_mark(line: str) -> bool:
    """Return True for GroupWise's line between `>>>` and `>>>`."""
    bare = line.strip()
    return bare.startswith(">>>") and bare.endswith(">>>") and any(map(str.isalnum, bare))


def _is_ruled(line: str) -> bool:
    """Return True for a ruler with words in it: "-----Original Message-----", "##- Reply above this line -##"."""
    if len(line) > _LONGEST_RULER or not line.strip():
        return False
    folded = fold(line)
    if _RULED.fullmatch(folded):
        return True
    if _ABOVE.search(folded) and _LINE.search(folded) and (line.strip()[0] in f"{_RULERS}[(" or _ASKS.search(folded)):
        return True
    if _ABOVE.search(folded) and _ASKS.search(folded) and _is_between_rulers(folded):
        return True
    return (
        _is_between_rulers(folded) and _is_sentence(text := folded.strip(f"{_RULERS} \t")) and not _is_of_template(text)
    )


def _is_boxed(lines: Sequence[str], at: int) -> bool:
    """Return True for a ruler above the words "above this line", or above a sentence and another ruler."""
    if not _is_drawn(lines[at]):
        return False
    below = [each for each in lines[at + 1 : at + 5] if each.strip()][:2]
    text = fold(below[0][:_LONGEST_RULER]) if below else ""
    if _ABOVE.search(text) and _LINE.search(text):
        return True
    closed = len(below) > 1 and _is_drawn(below[1])
    return closed and _is_sentence(text) and not _is_of_template(text)


def _is_drawn(line: str) -> bool:
    """Return True for a line that consists of at least five marks of a ruler."""
    bare = "".join(line[:_LONGEST_RULER].split())
    return len(bare) >= _SHORTEST_DRAWN and all(each in _RULERS for each in bare)


def _is_between_rulers(line: str) -> bool:
    """Return True if at least two marks of a ruler stand at each end of the line."""
    bare = "".join(line.split())
    return all(each in _RULERS for each in (*bare[:2], *bare[-2:])) and len(bare) > 2 * len("--")


def _is_sentence(text: str) -> bool:
    text = _TIME.sub(" ", text)
    wide = sum(not character.isascii() and character.isalpha() for character in text)
    return "@" not in text and ":" not in text and (len(text.split()) >= _FEWEST_WORDS or wide >= _FEWEST_WIDE)


def _is_of_template(text: str) -> bool:
    """Return True if the text holds words that the template's labels are made of."""
    found = label_in(text)
    return bool(found and found[0] is not LabelPart.OTHER) or bool(_OWN_WORDS & mail_words.groups_in(text))


def _is_header(line: str) -> bool:
    """Return True for a short `Word: value` line that is no label of the template."""
    found = _NAME_OF_HEADER.match(line[:_LONGEST_ATTRIBUTION])
    return found is not None and len(found[1]) <= _LONGEST_NAME and _is_name_of_header(found[1])


@lru_cache(maxsize=4096)
def _is_name_of_header(name: str) -> bool:
    return not _is_of_template(name)


def _is_known_block(lines: Sequence[str], at: int) -> bool:
    """Return True if a block of at least three headers with known names begins here."""
    if not _FROM.match(fold(lines[at][:_LONGEST_ATTRIBUTION])):
        return False
    block = [fold(each[:_LONGEST_ATTRIBUTION]) for each in lines[at + 1 : at + 10] if each.strip()][:5]
    return sum(bool(_FURTHER_HEADER.match(each)) for each in block) >= _FEWEST_HEADERS - 1


def _is_block(lines: Sequence[str], at: int) -> bool:
    """Return True if at least three headers in any language follow each other: an address, and a date or a time."""
    filled = [each[:_LONGEST_ATTRIBUTION] for each in lines[at : at + 2 * _LINES_OF_HEADERS] if each.strip()]
    block: list[str] = []
    for line in filled[:_LINES_OF_HEADERS]:
        if not _is_header(line) and "@" not in line:
            break
        block.append(line)
    if len(block) < _FEWEST_HEADERS:
        return False
    addressed = any("@" in line or _REPLY.search(line) for line in block)
    return addressed and any(_is_dated(folded) or _ID_OF_MAIL.match(folded) for folded in map(fold, block))


def _is_dated(folded: str) -> bool:
    return bool(_DATE.search(folded) or _TIME.search(folded))


def _is_dated_with_time(folded: str) -> bool:
    without = _ADDRESS.sub(" ", folded)
    dated, timed = _DATE.search(without), _TIME.search(without)
    return bool(dated and timed) or bool(_BRACKETED.search(folded) and (dated or timed))


def _attribution(lines: Sequence[str], at: int) -> int:
    """Return the number of lines of the attribution that begins here, which a mail program can have wrapped; or 0."""
    if is_attribution(lines[at]):
        return 1
    if _introduces_marked(lines, at):
        return 1
    if not any(character.isdigit() for character in lines[at]):
        return 0
    wrapped = lines[at]
    for length in range(2, _LINES_OF_ATTRIBUTION + 1):
        if at + length > len(lines) or len(wrapped) > _LONGEST_ATTRIBUTION or is_attribution(lines[at + length - 1]):
            return 0
        if not lines[at + length - 1].strip():
            return 0
        wrapped = f"{wrapped} {lines[at + length - 1]}"
        if is_attribution(wrapped):
            return length
    return 0


def _introduces_marked(lines: Sequence[str], at: int) -> bool:
    """Return True for a line with an address that ends in a colon directly before lines with `>`."""
    line = lines[at].rstrip()
    introduces = line.endswith((":", "：")) and "@" in line and len(line) <= _LONGEST_ATTRIBUTION
    return introduces and label_in(line) is None and _is_marked(lines, at + 1)
