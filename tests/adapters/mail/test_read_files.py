"""Mails in files: MIME as it is sent, and any other content, in bounded time."""

from __future__ import annotations

import sys
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desk_sync.adapters.mail.body import LONGEST_HTML, read_html
from desk_sync.adapters.mail.facts import document
from desk_sync.adapters.mail.message import LONGEST_MAIL, parse
from desk_sync.adapters.mail.read import read_mail, read_text

BODY = "Customer email: it@Bäckerei.example\nZoho製品名：Zoho CRM\n"
EMAIL = "it@xn--bckerei-5wa.example"


def mail(body=BODY, **how):
    message = EmailMessage()
    message["From"] = "Äda Partner <Help@Partner.example>"
    message["Subject"] = "Anfrage für Zoho, 件名"
    message.set_content(body, **how)
    return message


def test_encoded_headers_are_read():
    read = parse(mail().as_bytes())

    assert (read.sender, read.subject) == ("help@partner.example", "Anfrage für Zoho, 件名")


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
def test_transfer_encodings_are_undone(encoding):
    assert read_mail(mail(cte=encoding).as_bytes()).customer_email == EMAIL


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        pytest.param("utf-8", BODY, id="UTF-8"),
        pytest.param("iso-8859-1", "Customer email: it@Bäckerei.example", id="Latin 1"),
        pytest.param("windows-1252", "Customer email: it@Bäckerei.example “x”", id="Windows"),
        pytest.param("iso-2022-jp", "お客様のメールアドレス：it@xn--bckerei-5wa.example", id="Japanese, by escapes"),
        pytest.param("shift_jis", "お客様のメールアドレス：it@xn--bckerei-5wa.example", id="Japanese, Shift JIS"),
    ],
)
def test_charsets_are_read(charset, body):
    assert read_mail(mail(body, charset=charset).as_bytes()).customer_email == EMAIL


def test_a_text_that_was_decoded_already_is_not_decoded_again():
    raw = f"From: a@partner.example\nContent-Type: text/plain; charset=iso-8859-1\n\n{BODY}"

    assert read_mail(raw).customer_email == EMAIL


def test_an_unknown_charset_does_not_matter():
    raw = b"From: a@partner.example\nContent-Type: text/plain; charset=x-none\n\nCustomer email: it@B\xe4ckerei.example"

    assert read_mail(raw).customer_email == EMAIL


@pytest.mark.parametrize(
    ("plain", "html", "answer"),
    [
        pytest.param(BODY, f"<p>{BODY}</p>", (EMAIL, True), id="both say the same"),
        pytest.param(BODY, "<p>Customer email: other@big.example</p>", (None, False), id="they differ"),
        pytest.param(
            "Customer email: them\n", "<p>Customer email: <a href='mailto:a@big.example'>them</a></p>",
            ("a@big.example", True), id="only HTML has the link",
        ),
        pytest.param(
            "Any news?\n\nCustomer email: old@other.example",
            "<p>Any news?</p><div name='quote'>Customer email: old@other.example</div>",
            ("old@other.example", False), id="only HTML marks the quotation",
        ),
        pytest.param(BODY, "<p>There is a plain text, which is not shown here.</p>", (EMAIL, True), id="a notice"),
    ],
)  # fmt: skip
def test_of_alternatives_both_are_read(plain, html, answer):
    message = mail(plain)
    message.add_alternative(html, subtype="html")
    facts = read_mail(message.as_bytes())

    assert (facts.customer_email, facts.acts) == answer


def test_of_alternatives_html_is_read_if_the_plain_text_is_empty():
    message = mail(" \n")
    message.add_alternative(f"<p>{BODY}</p>", subtype="html")
    facts = read_mail(message.as_bytes())

    assert (facts.customer_email, facts.is_html) == (EMAIL, True)


def test_attachments_are_not_read():
    message = mail()
    message.add_attachment("Customer email: other@big.example", filename="notes.txt")

    assert read_mail(message.as_bytes()).candidates == (EMAIL,)


def test_a_text_behind_a_long_attachment_is_named_as_not_read():
    file = "Content-Type: application/pdf; name=a.pdf\n\n" + "x" * 80 + "\n"
    text = "Content-Type: text/plain\n\nCustomer email: admin@large.example\n"
    head = "From: a@partner.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
    long = file + "y" * LONGEST_MAIL + "\n"

    assert read_mail(f"{head}{file}--b\n{text}--b--\n").acts
    assert read_mail(f"{head}{long}--b\n{text}--b--\n").unread == ("the mail after 2,000,000 bytes",)
    assert read_mail(f"{head}{text}--b\n{long}--b--\n").unread == ()


def test_a_mail_that_is_attached_is_forwarded():
    message = mail("See below.")
    message.add_attachment(mail())
    facts = read_mail(message.as_bytes())

    assert (facts.customer_email, facts.source, facts.evidence) == (EMAIL, "forwarded", "quoted")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(BODY, id="text only"),
        pytest.param(f"\n\n{BODY}", id="empty lines first"),
        pytest.param(f"<html><body><p>{BODY}</p></body></html>", id="HTML only"),
        pytest.param(BODY.encode("utf-16"), id="UTF-16"),
        pytest.param(BODY.encode("utf-8-sig"), id="byte order mark"),
        pytest.param(BODY.encode().replace(b"\n", b"\r"), id="old line ends"),
        pytest.param(f"Product:x\n{BODY}", id="a first line that looks like a header"),
    ],
)
def test_a_text_without_headers_is_all_body(raw):
    facts = read_mail(raw)

    assert (facts.customer_email, facts.sender) == (EMAIL, None)


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        pytest.param("help@partner.example", "help@partner.example", id="bare"),
        pytest.param('"a@b.example" <help@partner.example>', "help@partner.example", id="an address as a name"),
        pytest.param("nobody", None, id="no address"),
        pytest.param("(" * 5000, None, id="parentheses without end"),
        pytest.param("=?utf-8?q?=?= <help@partner.example>", "help@partner.example", id="a broken encoded word"),
        pytest.param("=?x-none?b?aGk=?= <help@partner.example>", "help@partner.example", id="an unknown charset"),
    ],
)
def test_the_sender_is_the_address_in_brackets(header, sender):
    assert parse(f"From: {header}\n\nx").sender == sender


def test_multiparts_nested_without_end_are_read_as_text():
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n" for i in range(2000))

    assert parse(f"From: help@partner.example\n{nested}").sender is None


HEADS = st.sampled_from(
    ["", "From: a@b.example\n\n", "Content-Type: text/html\n\n", "Content-Type: multipart/mixed; boundary=a\n\n--a\n"]
)
TAGS = ["<", ">", "<p>", "</p>", "<blockquote", "&#0;", "mailto:", "a@b.example", "@"]
WORDS = ["Product:", "製品：", "：", "Steps:\n", "- ", "1) ", "ZUID: ", "123456", "(", "[x]", "\n", "\t"]
ODDITIES = ["\x00", "\ufdfa", "\ud800", "On 1 wrote:", "From: x\nTo: y\nDate: z\n", "--a\n"]
BITS = st.sampled_from([*TAGS, *WORDS, *ODDITIES])


@given(st.text() | st.binary() | st.builds(str.__add__, HEADS, st.lists(BITS | st.text(max_size=3)).map("".join)))
@example(b"Content-Type: text/plain; charset=\xff\n\n\xff")
@example("From: x\nContent-Transfer-Encoding: base64\n\n=")
def test_no_content_makes_the_reader_raise(raw):
    assert document(read_mail(raw))["steps"] is not None


MUCH = 200_000  # bytes; anything quadratic would take minutes
HTML, PLAIN = "From: a@partner.example\nContent-Type: text/html\n\n", "From: a@partner.example\n\n"


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("head", "bit"),
    [
        *[
            pytest.param(HTML, bit, id=bit)
            for bit in ("<", "<a ", "<div>", "<blockquote>", "<!--", "</p>", "<li>", "<td>")
        ],
        *[pytest.param(HTML, bit, id=bit) for bit in ("<a href=x>", "<a a=", "&amp;", "href=")],
        *[
            pytest.param(PLAIN, bit, id=bit)
            for bit in ("1", "123 ", "123.", "zoid ", "zoid 12 ", "user id: ", "a@", "a.", "@1.")
        ],
        *[
            pytest.param(PLAIN, bit, id=repr(bit))
            for bit in ("> \n", "On 1 wrote:\n>\n", "On 1 a\n", "From: x\n", "\n", "a\n")
        ],
        *[
            pytest.param(PLAIN, bit, id=repr(bit))
            for bit in ("a:\n", "- \n", "Thanks\n", "Steps:\na\n", "(", " ", "の", "\ufdfa")
        ],
        *[pytest.param(f"{PLAIN}Steps: ", bit, id=f"steps {bit!r}") for bit in ("- a\n", "a\n\n", "a;", "2) a ")],
        *[pytest.param("From: ", bit, id=f"header {bit!r}") for bit in ("(", "<", "=?utf-8?q?a?= ")],
    ],
)
def test_a_long_hostile_text_comes_to_an_end(head, bit):
    assert read_mail(head + bit * (MUCH // len(bit.encode()))) is not None


def distinct(tag):
    return "".join(f"<{tag} id={number}>" for number in range(20_000))


def repeated(bit):
    return bit * (LONGEST_HTML // len(bit))


# HTML libraries need more than 25 s or 4 GB for most of these, end the process, or lose the text (docs/decisions/0021).
PAGES = [
    *[pytest.param(repeated(bit), id=bit) for bit in ("<div>", "<ul><li>", "<template>", "a<br>")],
    pytest.param(repeated("<blockquote>a</blockquote>"), id="many quotes"),
    pytest.param(repeated("\x00\x01\x0b\x0c\x1f\x7f\x80"), id="control characters"),
    pytest.param(repeated("\ud800a\udfff"), id="lone surrogates"),
    pytest.param("<table>" + "<tr>" * 100_000 + "<td>" * 100_000, id="many rows, then many columns"),
    pytest.param("<table>" + "<tr><td>x" * 50_000 + "<tr><td>" + "y" * 500_000, id="many rows, one wide cell"),
    pytest.param("<table><tr>" + "<td>x" * 90_000 + "<td>" + "y<br>" * 90_000, id="many columns, one high cell"),
    pytest.param("<table><tr><td>" * 80 + "x<br>" * 190_000, id="many lines in nested tables"),
    pytest.param(f"<p>{distinct('b')}" + "<p>a" * 120_000, id="many open styles in many paragraphs"),
    pytest.param(distinct("i").replace(">", "><div>") + "</i>" * 40_000, id="styles closed in the wrong order"),
    pytest.param("<table>" + "<div>a" * 150_000, id="blocks outside the cells of a table"),
    pytest.param(f"<p {' '.join(f'a{number}=1' for number in range(90_000))}>", id="many attributes"),
]


@pytest.mark.timeout(20)  # about a second is needed
@pytest.mark.parametrize("page", PAGES)
def test_the_longest_hostile_page_is_read_in_seconds(page):
    facts = read_text(read_html(f"<p>Customer email: admin@big.example</p>{page}"), sender="a@partner.example")

    assert facts.customer_email == "admin@big.example"


@pytest.mark.parametrize("depth", [100, 1_000, 50_000])
def test_no_text_is_lost_at_any_depth(depth):
    page = f"<p>first</p>{'<div>' * depth}<p>deep</p>{'</div>' * depth}<p>last</p>"

    assert [line for line in read_html(page).fresh if line] == ["first", "deep", "last"]


def calls_to_read(raw):
    """Return the number of function calls, built-in functions included, that reading a mail takes."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        read_mail(raw)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    ("head", "bit", "times"),
    [
        pytest.param(HTML, "<", 250_000, id="many <"),
        pytest.param(HTML, "<b>", 25_000, id="nested tags"),
        pytest.param(HTML, "<div><table><td>", 8_000, id="nested blocks"),
        pytest.param(f"{PLAIN}ZOID: ", "7", 250_000, id="many digits"),
        pytest.param(PLAIN, "ZOID: 76006415\n", 15_000, id="many ids"),
        pytest.param(PLAIN, "a@large.example ", 15_000, id="many addresses"),
    ],
)
def test_twice_the_text_takes_at_most_twice_the_work(head, bit, times):
    once = calls_to_read(head + bit * (times // 2))

    assert calls_to_read(head + bit * times) <= 2.2 * once + 1_000
