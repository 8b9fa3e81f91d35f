"""A hostile mail of a megabyte, in each of its forms, is read in less than 1.5 seconds of processor time."""

from __future__ import annotations

from functools import partial

import pytest

from desk_sync.adapters.mail.read import read_mail
from tests.laws.cost import seconds

LENGTH, SLOWEST, ATTEMPTS = 1_000_000, 1.5, 4
HEAD = "From: Jana <a@partner.example>\nSubject: x\nMIME-Version: 1.0\n"
PLAIN = f"{HEAD}Content-Type: text/plain; charset=utf-8\n\n"
HTML = f"{HEAD}Content-Type: text/html; charset=utf-8\n\n"
MIXED = f"{HEAD}Content-Type: multipart/mixed; boundary=b\n\n"
ADDRESS = "a@b.example"

# What is repeated behind a beginning.
REPEATED = {
    "templates": (PLAIN, f"Customer email: {ADDRESS}\nProduct: CRM\n"),
    "tables in plain text": (PLAIN, f"Customer email\tProduct\n{ADDRESS}\tCRM\n"),
    "labels without values": (PLAIN, "Customer email:\n"),
    "a chat": (PLAIN, f"[10:00] Bob Miller: {ADDRESS}\n"),
    "a sentence over two lines": (PLAIN, f"the same problem as at\n{ADDRESS} today\n"),
    "rows of values": (PLAIN, f"a,{ADDRESS},d\n"),
    "rulers": (PLAIN, "-- reply above this line --\n\n"),
    "attributions without an end": (PLAIN, "On 3 Nov 2026 at 10:12 a b c d\n"),
    "attributions over two lines": (PLAIN, f"On 3 Nov 2026 at 10:12, A <{ADDRESS}>\nwrote\n"),
    "blocks of headers": (PLAIN, f"From: {ADDRESS}\nDate: x\n"),
    "signatures": (PLAIN, "Jana\nTel. +49 30 123456\nwww.a.example\n"),
    "outages": (PLAIN, "niemand kann sich anmelden. nothing works "),
    "ids": (PLAIN, "ZOID 700123456 or ZGID 700123457 "),
    "steps": (PLAIN, "Steps:\n- a\n- b\n"),
    "addresses on one line": (PLAIN, f"{ADDRESS} "),
    "words of all patterns": (PLAIN, "mails to customer record field supplier "),
    "full-width letters and marks": (PLAIN, "ａ＠ｂ．ｅ\u0301\u00ad"),
    "Japanese": (PLAIN, "お客様のメールアドレス：製品 "),
    "business cards": (PLAIN, f"BEGIN:VCARD\nEMAIL:{ADDRESS}\nEND:VCARD\n"),
    "encrypted texts": (PLAIN, "-----BEGIN PGP MESSAGE-----\nabc\n"),
    "styles": (HTML, "<div style='border-left:1px solid;margin:0;color:#fff;background:#fff'>x"),
    "classes": (f"{HTML}<style>{'.a{display:none}' * 30_000}</style>", "<p class=a>x</p>"),
    "nested tables": (HTML, f"<table><tr><td>Customer email</td><td>{ADDRESS}</td>"),
    "links": (HTML, f"<a href='https://x.example/?url=mailto:{ADDRESS}'>x</a>"),
    "preformatted fields": (HTML, f"<pre>Customer email:\n {ADDRESS}\n</pre>"),
    "quotations": (HTML, f"<blockquote>On 3 Nov 2026 10:12 {ADDRESS} wrote:</blockquote>x"),
    "entities": (HTML, "&#64;&nbsp;&amp;&lt;"),
    "parts": (MIXED, f"--b\nContent-Type: text/plain\n\nCustomer email: {ADDRESS}\n"),
    "mails in mails": (HEAD, "Content-Type: message/rfc822\n\n"),
    "writers": ("Subject: x\nFrom: ", f"A <{ADDRESS}>, "),
    "comments in an address": (f"{HEAD}Reply-To: ", "(a (b) c) x@y.example,"),
    "encoded words": ("From: a@b.example\nSubject: ", "=?utf-8?B?YUBiLmV4YW1wbGU=?= "),
    "base64": (f"{HEAD}Content-Transfer-Encoding: base64\n\n", "Q3VzdG9tZXIgZW1haWw6IGFAYi5leGFtcGxlCg==\n"),
    "quoted-printable": (
        f"{HEAD}Content-Transfer-Encoding: quoted-printable\n\n",
        "Customer email=3A a=40b.example=\n",
    ),
    "escapes of a charset": (f"{HEAD}Content-Type: text/plain; charset=iso-2022-jp\n\n", '\x1b$B$"\x1b(B a@b '),
}


def repeated(before, unit, *, length=LENGTH):
    return (before + unit * ((length - len(before)) // len(unit.encode()))).encode()


def alternatives():
    plain = repeated("Content-Type: text/plain\n\n", f"Customer email: {ADDRESS}\n", length=LENGTH // 2)
    html = repeated("Content-Type: text/html\n\n", f"<p>Customer email: {ADDRESS}</p>", length=LENGTH // 2)
    head = f"{HEAD}Content-Type: multipart/alternative; boundary=b\n\n--b\n".encode()
    return head + plain + b"\n--b\n" + html + b"\n--b--\n"


def nested():
    return (HEAD + "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(20_000))).encode()


MAILS = {name: partial(repeated, *parts) for name, parts in REPEATED.items()} | {
    "alternatives": alternatives,
    "nested parts": nested,
}


def test_there_are_at_least_thirty():
    assert len(MAILS) >= 30


@pytest.mark.parametrize("name", MAILS)
def test_a_hostile_mail_of_a_megabyte_is_read_in_time(name):
    mail = MAILS[name]()

    assert 0.9 * LENGTH < len(mail) < 1.2 * LENGTH
    assert any(seconds(lambda: read_mail(mail)) < SLOWEST for _ in range(ATTEMPTS))


def test_of_more_than_two_hundred_parts_the_first_are_read_and_the_others_named():
    parts = "--b\nContent-Type: text/plain\n\nHello\n" * 201
    facts = read_mail(f"{MIXED}{parts}--b--\n")

    assert facts.unread == ("the parts of the mail after the first 200",)
