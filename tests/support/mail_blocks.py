"""Blocks that are no new text of a mail: quoted, signed, disclaimed or attached, in six languages and many forms.

Each holds the evidence of another customer. `BLOCKS` are those of a plain text, `PAGES` those of HTML, `PARTS` whole
parts of a mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

SENDER = "Ada Meyer"
OTHER = "it@other-customer.example"
SIGNED = "ada@second-brand.example"


@dataclass(frozen=True, slots=True)
class MailLanguage:
    """The words of one language: the template's labels, four headers, "wrote", rulers, a closing, a legal notice."""

    code: str
    customer: str
    product: str
    headers: tuple[str, str, str, str]
    date: str
    wrote: str
    above: str
    original: str
    closing: str
    notice: str

    @property
    def template(self) -> str:
        """The template of another customer."""
        return f"{self.customer}: {OTHER}\n{self.product}: Zoho CRM\nZOID: 76009999"


LANGUAGES = (
    MailLanguage(
        "en",
        "Customer Primary Email Address",
        "Zoho Product Name",
        ("From", "Sent", "To", "Subject"),
        "Tuesday, 3 November 2026 10:02",
        "wrote",
        "Please reply above this line",
        "Original Message",
        "Kind regards",
        "This message is confidential. If you are not the intended recipient, tell",
    ),
    MailLanguage(
        "nl",
        "Customer email",
        "Product",
        ("Van", "Verzonden", "Aan", "Onderwerp"),
        "dinsdag 3 november 2026 10:02",
        "schreef",
        "Antwoord boven deze regel",
        "Oorspronkelijk bericht",
        "Met vriendelijke groet",
        "Dit bericht is vertrouwelijk. Bent u niet de geadresseerde, meld het aan",
    ),
    MailLanguage(
        "de",
        "E-Mail-Adresse des Kunden",
        "Name des Zoho Produkts",
        ("Von", "Gesendet", "An", "Betreff"),
        "Dienstag, 3. November 2026 10:02",
        "schrieb",
        "Bitte antworten Sie oberhalb dieser Zeile",
        "Ursprüngliche Nachricht",
        "Mit freundlichen Grüßen",
        "Diese Nachricht ist vertraulich. Sind Sie nicht der richtige Empfänger, melden Sie es",
    ),
    MailLanguage(
        "pt",
        "Endereço de e-mail do cliente",
        "Nome do produto Zoho",
        ("De", "Enviado", "Para", "Assunto"),
        "terça-feira, 3 de novembro de 2026 10:02",
        "escreveu",
        "Responda acima desta linha",
        "Mensagem original",
        "Atenciosamente",
        "Esta mensagem é confidencial. Avise",
    ),
    MailLanguage(
        "it",
        "Customer email",
        "Product",
        ("Da", "Inviato", "A", "Oggetto"),
        "martedì 3 novembre 2026 10:02",
        "ha scritto",
        "Si prega di rispondere sopra questa riga",
        "Messaggio originale",
        "Cordiali saluti",
        "Questo messaggio è riservato. Se ricevuto per errore scrivere a",
    ),
    MailLanguage(
        "ja",
        "お客様のメールアドレス",
        "製品",
        ("差出人", "送信日時", "宛先", "件名"),
        "2026年11月3日 10:02",
        "書きました",
        "この線より上に返信してください",
        "元のメッセージ",
        "よろしくお願いいたします",
        "このメールは機密です。誤って受信した場合の連絡先",
    ),
)


def _quoted(words: MailLanguage, writer: str) -> Iterator[str]:
    """Yield the earlier mail of `writer` as eight programs quote it."""
    sender, sent, to, subject = words.headers
    headers = f"{sender}: {writer}\n{sent}: {words.date}\n{to}: Ada\n{subject}: RE: x"
    marked = "\n".join(f"> {line}" for line in words.template.split("\n"))
    yield f"{headers}\n\n{words.template}"
    yield "\n".join(f"*{line.replace(':', ':*', 1)}" for line in headers.split("\n")) + f"\n\n{words.template}"
    yield f"-----{words.original}-----\n{headers}\n\n{words.template}"
    yield f"{words.date}, {writer} {words.wrote}:\n\n{marked}"
    yield f"{words.date}, {writer}\n{words.wrote}:\n{words.template}"
    yield f">>> {writer} 03.11.2026 10:02 >>>\n{words.template}"
    yield f"##- {words.above} -##\n\nAda, 10:02\n\n{words.template}"
    yield f"====== {words.above} ======\n{words.template}"


def _signed(words: MailLanguage) -> Iterator[str]:
    contact = f"{SENDER}\nSecond Brand\nTel. +49 000 1234567\n{SIGNED}\nwww.second-brand.example"
    yield f"{words.closing}\n{contact}"
    yield f"{words.closing} / Best regards\n{contact}"
    yield f"-- \n{contact}"
    yield f"{SENDER} | Second Brand | {SIGNED}"
    yield f"{SENDER}\nAccount manager: {SIGNED}"


def _disclaimed(words: MailLanguage) -> Iterator[str]:
    yield f"________________________________\n{words.notice} {SIGNED}."
    yield f"{SENDER}\n\n---------------\n{words.notice} {SIGNED}."


WRITERS = ("Zoho <partner-support@zohocorp.com>", "Kim <kim@old-customer.example>")
QUOTED = [block for words, writer in product(LANGUAGES, WRITERS) for block in _quoted(words, writer)]
BELOW_NEW_TEXT = [block for words in LANGUAGES for block in (*_signed(words), *_disclaimed(words))]
BLOCKS = [*QUOTED, *BELOW_NEW_TEXT]
"""Blocks of a plain text, all of which end the new text or mark each of their lines."""

_QUOTING_ELEMENTS = (
    '<div class="gmail_quote">{}</div>',
    '<blockquote type="cite">{}</blockquote>',
    '<div name="quote">{}</div>',
    '<div class="yahoo_quoted">{}</div>',
    '<div class="protonmail_quote">{}</div>',
    '<div class="zmail_extra">{}</div>',
    '<blockquote class="front-blockquote">{}</blockquote>',
    '<blockquote style="margin:0 0 0 .8ex;border-left:1px #ccc solid">{}</blockquote>',
    '<div id="mail-editor-reference-message-container">{}</div>',
    '<div style="display:none">{}</div>',
    '<div style="font-size:0">{}</div>',
)
_LAST_ELEMENTS = ('<div id="divRplyFwdMsg">x</div>{}', '<div id="appendonsend"></div>{}')
CLOSED_PAGES = [
    each.format(words.template.replace("\n", "<br>")) for words, each in product(LANGUAGES, _QUOTING_ELEMENTS)
]
PAGES = [
    *CLOSED_PAGES,
    f'<div class="gmail_signature"><div>{SENDER}</div><div>{SIGNED}</div></div>',
    f'<div id="Signature"><p>Second Brand</p><p>{SIGNED}</p></div>',
    *(each.format(words.template.replace("\n", "<br>")) for words, each in product(LANGUAGES, _LAST_ELEMENTS)),
    *(block.replace("<", "&lt;").replace("\n", "<br>") for block in BLOCKS),
]
_PARTS = (
    "Content-Type: message/rfc822\nContent-Disposition: attachment\n\nFrom: Kim <kim@old.example>\nSubject: x\n\n{}",
    'Content-Type: text/plain; charset=utf-8; name="mail.log"\nContent-Disposition: inline; filename="mail.log"\n\n{}',
    "Content-Type: text/plain; charset=utf-8\nContent-Disposition: attachment\n\n{}",
    "Content-Type: text/plain; charset=utf-8\n\n{}",
)
PARTS = [each.format(words.template) for words, each in product(LANGUAGES, _PARTS)]
