"""The readers of text from outside, each with inputs that are hostile to it.

An input is a function of a length in characters. Its name says what is repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from desk_sync.adapters.desk import conversation, partner, payload, raw, template
from desk_sync.adapters.desk.evidence import of_text, of_threads
from desk_sync.adapters.mail.issue_words import infer
from desk_sync.adapters.mail.labelled_ids import identifier_in
from desk_sync.adapters.mail.read import read_mail
from desk_sync.adapters.mail.requests.request_words import requested_in
from desk_sync.adapters.subscriptions.tables import cells
from desk_sync.adapters.text import identifiers
from desk_sync.adapters.text.countries import country_code
from desk_sync.adapters.text.fold import fold
from desk_sync.adapters.text.wide import joined
from desk_sync.adapters.yaml.tree import read_tree
from desk_sync.adapters.zoho.json_reader import NotJson, beginning_of, read_json
from desk_sync.domain.account.licence_policy import plain
from desk_sync.domain.escalation.us_states import state_code

HALF_EMOJI, EMOJI, ZERO_WIDTH, MARK, LOW_MARK = "\ud83d", "\U0001f600", "\u200b", "\u0301", "\u0323"
SENDER = "help@partner.example"


@dataclass(frozen=True, slots=True)
class HostileInput:
    """One reader and what it is given: `before` once, `unit` again and again, `after` once."""

    reader: str
    before: str
    unit: str
    after: str = ""

    def __str__(self) -> str:
        return f"{self.reader}: {self.before[:40]!r} + n * {self.unit!r} + {self.after!r}"

    def read(self, length: int) -> object:
        return READERS[self.reader](self.before + self.unit * (length // len(self.unit)) + self.after)


def _text(written: str) -> object:
    return of_text(written, sender=SENDER)


def _threads(written: str) -> object:
    half = len(written) // 2
    return of_threads([written[:half], written[half:]], sender=SENDER)


def _mail(written: str) -> object:
    return read_mail(written)


def _words(written: str) -> object:
    """The text with a number after each blank, so that no word repeats."""
    words = written.split(" ")
    return of_text(" ".join(f"{word}{_letters(number)}" for number, word in enumerate(words)), sender=SENDER)


def _letters(number: int) -> str:
    return "".join(chr(97 + number // 26**place % 26) for place in range(4))


def _links(written: str) -> object:
    """The text with many links behind it, whose target it holds."""
    return of_text(f"<p>{written}" + "<a href=x></a>" * (len(written) // 20), sender=SENDER)


def _lines(written: str) -> object:
    return joined(written.split("|"))


def _requested(written: str) -> object:
    return requested_in(written.split("\n"))


def _json(written: str) -> object:
    try:
        return read_json(written.encode("utf-8", "surrogatepass"))
    except NotJson:
        return None


def _cut_json(written: str) -> object:
    return beginning_of("content", written.encode("utf-8", "surrogatepass"))


def _cell(read: Callable[[str], object], written: str) -> object:
    try:
        return read(written)
    except ValueError:
        return None


def _in_list(read: Callable[[raw.Raw], object], key: str, written: str) -> object:
    return read({"data": [{"id": "1", "commentedTime": "2026-11-20T10:00:00Z", key: written}]})


READERS: Mapping[str, Callable[[str], object]] = {
    "text": _text,
    "threads": _threads,
    "distinct words": _words,
    "links": _links,
    "mail": _mail,
    "issue words": infer,
    "request words": _requested,
    "typed identifier": identifier_in,
    "address": identifiers.email,
    "domain": identifiers.domain,
    "number": identifiers.number,
    "country": country_code,
    "state": lambda written: state_code("US", written),
    "language": template.language,
    "fold": fold,
    "joined lines": _lines,
    "name": plain.__wrapped__,
    "quantity": partial(_cell, cells.quantity),
    "id cell": partial(_cell, cells.number),
    "day cell": partial(_cell, cells.day),
    "json": _json,
    "cut json": _cut_json,
    "yaml": read_tree,
    "recipients": lambda written: partner.mailboxes({"to": written}),
    "our comment": lambda written: raw.our_reference({"content": written}),
    "comments": partial(_in_list, conversation.comments, "content"),
    "written comment": lambda written: payload.private_comment(written, "ds-000000000000"),
    "evidence basis": lambda written: payload._evidence_basis(written),
}


def _inputs(reader: str, *units: str | tuple[str, ...]) -> Iterator[HostileInput]:
    for unit in units:
        yield HostileInput(reader, *(("", unit) if isinstance(unit, str) else unit))


HOSTILE: Sequence[HostileInput] = (
    *_inputs(
        "text",
        " <p>",
        ("<li>", " <tr>"),
        ("<li>", "<td><tr>"),
        ("<li>", "\u00a0<td> <tr>"),
        ("<li><pre>", "\n <tr>"),
        ("<pre>", "\n"),
        ("<pre>", " \n\t"),
        "<a href=mailto:admin@large.example>",
        "<a href=https://x.example/>x</a>",
        ("<div class=gmail_quote>", "<div>"),
        ("<div class=gmail_quote>", "</p>"),
        "<div style=display:none>",
        "<p style=display:none>x",
        "<blockquote>x",
        "<table><tr><td>",
        "</td></tr>",
        "<",
        "<!",
        "<!--",
        "<a<a",
        ("<p>", "<a href="),
        ("<p ", "class='"),
        ("<p ", 'id="'),
        ("<p ", "style "),
        ("<p>", "&#1"),
        ("<p>&#", "1"),
        ("<p>&#x", "f"),
        ("<p>", "&amp"),
        ("<p>&", "a"),
        ("<p>", "%41"),
        " ",
        "\t",
        "\n",
        "\r\n",
        "\n \t",
        "\u00a0",
        "\u3000",
        ZERO_WIDTH,
        f"a{ZERO_WIDTH}",
        EMOJI,
        HALF_EMOJI,
        MARK + LOW_MARK,
        ("a", MARK + LOW_MARK),
        "\ufdfa",
        "cid:",
        "[cid:x]",
        "> ",
        ">\n",
        "-----Original Message-----\n>",
        "On 1 May 2026 10:00 <a@b.example>\n",
        "wrote:\n",
        "10:00 <",
        ("From", " ", "x"),
        ("From:\n", "To: x\n"),
        ("> x\n> Cc", " ", "x"),
        "Regards\n",
        "Customer Email: \n",
        "(",
        "Customer (x",
        "Customer \u2013 x",
        ("Reproducible:\nyes", "\t", "!"),
        ("Reproducible:\n", "yes / no x\n"),
        ("Product:\nx", " \u3000", "(y"),
        ("Product: x", " and", "!"),
        ("Steps:\n", "1. x\n"),
        ("Steps:\n", "x;"),
        ("Steps:\n", "wrapped words that continue on the following line\n"),
        ("Description:\n", "x\n\n"),
        "a: b\n",
        "a@b.example: 1 May\n",
        "10:00 1 May 2026 a@b.example\n",
        "## a b c d ##\n",
        "a|Product: ",
        "Product\tType\n",
        "do not use ",
        "www.a.example\n",
        "Tel. +49 000\n",
        "Regards / ",
        "not the recipient ",
        ("https://", "a@"),
        "https://a@b.example ",
        "@\u0430",
        "a@b.example, ",
        ("<p>", "<div name=quote>"),
        ("<p>", "<blockquote style=margin:0>"),
        ("<p>", "<a href='https://x.example/?url=https://y.example/'>z</a>"),
        ("<pre style=white-space:pre>", "\n"),
        ("<p>", "<div style='border-left:1px solid'>"),
        "mails to a@b.example ",
        "the same problem as at\na@b.example\n",
        "same as ",
        "a,a@b.example,a\n",
        ("a@b.example", ",x"),
        "[10:00] A B: x\n",
        "A B (10:00): x\n",
        ("10:00 ", "A "),
    ),
    *_inputs(
        "text",
        "zoid ",
        "zoid: ",
        "zoid 1",
        "zoid 123 456 ",
        "user id or ",
        "0",
        "1 ",
        "1,000,",
        "(zoid)",
        "12345678 (zoid",
        "https://crm.zoho.com/",
        "https://crm.zoho.com/crm/org1/",
        "https://x.zoho.com/a?&zoid=",
        "a@",
        "a@b.",
        ("a@", "1."),
        ("a@", "b-"),
        "a.",
        "a+a@b.example ",
        "(at)",
        "\uff20",
    ),
    *_inputs("links", "x", "x ", "あ"),
    *_inputs("threads", " <p>", ("<li>", " <tr>"), "zoid 1\n", "a@b.example\n"),
    *_inputs("distinct words", "none ", "a ", ("Steps: ", "no "), "a@ "),
    *_inputs(
        "mail",
        ("From: a@b.example\nContent-Type: text/plain; a=", '";'),
        ("From: a@b.example\nSubject: ", "=?utf-8?q?x?= "),
        ("From: a@b.example\nSubject: x\n", " y\n"),
        ("From: ", "<"),
        "From: a@b.example\n",
        "Content-Type: multipart/mixed; boundary=x\n\n--x\n",
        ("From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n", "--x\n"),
        ("From: a@b.example\nContent-Transfer-Encoding: quoted-printable\n\n", "=\n"),
        ("From: a@b.example\nContent-Transfer-Encoding: base64\n\n", "YQ==\n"),
        "\r",
        "<p",
        ("From: ", "a@b.example, "),
        ("From: ", "(a"),
        ("From: a@b.example\nContent-Type: text/plain; format=flowed; delsp=yes\n\n", "a \n"),
        ("From: a@b.example\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n", "YQ==\n"),
        ("From: a@b.example\nContent-Type: text/plain\n\n", "\x1b$B"),
    ),
    *_inputs("request words", "please escalate ", "not ", "no, ", "エ", '"a', ("", "w"), MARK + LOW_MARK),
    *_inputs("issue words", "not working ", "no ", "再現", ("", "w"), MARK + LOW_MARK, "\u0390"),
    *_inputs("typed identifier", "zoid ", " ", "a.", MARK + LOW_MARK),
    *_inputs("address", "a.", ("a@", "b."), MARK + LOW_MARK, ZERO_WIDTH),
    *_inputs("domain", "a.", "xn--", MARK + LOW_MARK, "ß"),
    *_inputs("number", "1", " ", MARK + LOW_MARK),
    *_inputs("country", " ", "a ", MARK + LOW_MARK),
    *_inputs("state", " ", "a1"),
    *_inputs("language", "(", "- "),
    *_inputs("fold", "\uff9e" + MARK, MARK + LOW_MARK, "\u0344", "’", "\u1100\u1161\u11a8", "\u0f73\u0f71"),
    *_inputs("joined lines", "x|", "あ|", " |", "x "),
    *_inputs("name", "_ ", "a_", MARK + LOW_MARK),
    *_inputs("quantity", "1", "1,000", " ", MARK + LOW_MARK),
    *_inputs("id cell", "1", "1e1", "1.0"),
    *_inputs("day cell", "2026-11-20T", "1"),
    *_inputs("json", ('{"a":"', "\\ud83d"), ('{"a":"', "\\"), '"', ('"\0', "\\u0000"), ('{"a":"\0', '\\"'), "\xed\xa0"),
    *_inputs("cut json", '"content":"', ('{"content":"', "\\u00"), '"content" ', ('"content"', " ")),
    *_inputs(
        "yaml",
        "a: b\n",
        "- x\n",
        "# x\n",
        ("a: ", "x "),
        ("a: |\n", "  x\n"),
        '"',
        ("a: ", "\\"),
        ("a: ", "1"),
        ("a: ", "1:1"),
        ("a: ", "0_"),
        "[",
        "- ",
        "? ",
        "{a: ",
        ("a: ", "&a "),
        "- &a\n",
    ),
    *_inputs("recipients", "a", "a@", "<a@b.example>, ", '"', " "),
    *_inputs("our comment", "[ds-000000000000]", "[ds-000000000000] ", "[ds-000000000000]<", "&nbsp;", " ", "<>"),
    *_inputs("comments", "[ds-000000000000]<p>", " "),
    *_inputs("written comment", "&", "<", "\n"),
    *_inputs("evidence basis", "<", "<p>", "&nbsp;", "< a"),
)
