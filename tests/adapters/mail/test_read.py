"""Identifiers in mails: the right one is found, or none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.adapters.mail.body import BodyText
from desk_sync.adapters.mail.facts import FactConfidence, FactSource
from desk_sync.adapters.mail.read import read_mail, read_text
from desk_sync.adapters.text import identifiers
from desk_sync.domain.account.identity import Identifier, IdentifierKind

PARTNER = "help@partner.example"
SIGNATURE = "\n\nRegards,\nAda Partner\nhelp@partner.example | sales@eu.partner.example | +1 555 0100 233\n"


def read(body, *, html=False, sender=PARTNER, subject="A question"):
    kind = "html" if html else "plain"
    return read_mail(f"From: Help <{sender}>\nSubject: {subject}\nContent-Type: text/{kind}; charset=utf-8\n\n{body}")


@pytest.mark.parametrize(
    ("body", "email"),
    [
        pytest.param("Customer Primary Email Address: admin@big.example", "admin@big.example", id="en"),
        pytest.param("Customer Email Address = admin@big.example", "admin@big.example", id="en, older, equals sign"),
        pytest.param("E-Mail-Adresse des Kunden: admin@big.example", "admin@big.example", id="de"),
        pytest.param("Kunden-E-Mail: admin@big.example", "admin@big.example", id="de, compound"),
        pytest.param("Endereço de e-mail principal do cliente: admin@big.example", "admin@big.example", id="pt"),
        pytest.param("Correo electrónico del cliente: admin@big.example", "admin@big.example", id="es"),
        pytest.param("Correo del superadministrador: admin@big.example", "admin@big.example", id="es, super admin"),
        pytest.param("Adresse e-mail du client : admin@big.example", "admin@big.example", id="fr"),
        pytest.param("Courriel du client : admin@big.example", "admin@big.example", id="fr, Canada"),
        pytest.param("お客様のメールアドレス：admin@big.example", "admin@big.example", id="ja"),
        pytest.param("顧客メールアドレス　admin@big.exampleです。", "admin@big.example", id="ja, no blank after it"),
        pytest.param("メールはadmin@big.exampleです", "admin@big.example", id="ja, no blank before it"),
        pytest.param("Customer email:\n\nadmin@big.example", "admin@big.example", id="on another line"),
        pytest.param("**Customer email:** admin@big.example", "admin@big.example", id="bold"),
        pytest.param("1. Customer email: admin@big.example", "admin@big.example", id="numbered"),
        pytest.param("Customer email: <Admin@BIG.example>", "admin@big.example", id="brackets and case"),
        pytest.param("Customer email: ad\u200bmin@big\u200d.exa\u00admple", "admin@big.example", id="zero width"),
        pytest.param("Customer email: ａｄｍｉｎ＠ｂｉｇ．ｅｘａｍｐｌｅ", "admin@big.example", id="full width"),
        pytest.param("Customer email: it+zoho@big.example.", "it+zoho@big.example", id="plus tag, full stop"),
        pytest.param("Customer email: it@Bäckerei.example", "it@xn--bckerei-5wa.example", id="domain with an umlaut"),
        pytest.param("Customer email: it@例え.example", "it@xn--r8jz45g.example", id="domain in Japanese"),
        pytest.param("Customer email: it@big.example<mailto:it@big.example>", "it@big.example", id="written twice"),
        pytest.param("Customer email: baker@gmail.com", "baker@gmail.com", id="a customer without a domain"),
        pytest.param("Customer email: admin(at)big.example", "admin@big.example", id="spelt out"),
        pytest.param("The customer is admin@big.example, please help.", "admin@big.example", id="the only address"),
        pytest.param("(super admin: admin@big.example, user: jo@big.example)", "admin@big.example", id="label in text"),
        pytest.param(
            "Super admin is admin@big.example. Jo is jo@big.example", "admin@big.example", id="a label in prose"
        ),
        pytest.param("See [cid:image001.png@01DB.ABCD] of admin@big.example", "admin@big.example", id="a picture's id"),
        pytest.param("Ask jo@big.example or al@big.example", None, id="two, no label"),
        pytest.param("Customer email: jo@big.example, al@small.example", None, id="two behind one label"),
        pytest.param("Customer email: jo@a.example\nCustomer email: al@b.example", None, id="two customers"),
        pytest.param("Customer email: help@partner.example", None, id="the writer's own"),
        pytest.param("Customer email: boss@partner.example", None, id="a colleague's"),
        pytest.param("Customer email: boss@de.partner.example", None, id="a colleague's below the domain"),
        pytest.param("We wrote to partner-support@eu.zohocorp.com", None, id="Zoho's"),
        pytest.param("See support@zoho.com", None, id="Zoho's help desk"),
        pytest.param("Customer email: unknown", None, id="no address"),
        pytest.param("Customer email: admin at big", None, id="not an address"),
        pytest.param("Hello\n\nRegards\nJo\njo@other-brand.example", None, id="only in the signature"),
        pytest.param("Thanks!\nCustomer email: admin@big.example", "admin@big.example", id="the template after thanks"),
    ],
)
def test_the_customers_address_is_found_or_left_open(body, email):
    assert read(body).customer_email == email


def test_the_super_admins_address_goes_before_an_ordinary_users():
    facts = read("Customer Email Address: jo@big.example\nSuper admin email: admin@big.example")

    assert (facts.customer_email, facts.source) == ("admin@big.example", FactSource.FIELD)
    assert facts.candidates == ("admin@big.example", "jo@big.example")


@pytest.mark.parametrize(
    ("markup", "email"),
    [
        pytest.param('<a href="mailto:a@big.example?subject=x">us</a>', "a@big.example", id="only in the link"),
        pytest.param('<a href="mailto:A%2Bb@big.example">us</a>', "a+b@big.example", id="escaped"),
        pytest.param('<a href="mailto:a@big.example">a@big.example</a>', "a@big.example", id="link and text"),
        pytest.param("&lt;a&#64;big.example&gt;", "a@big.example", id="entities"),
        pytest.param("<a@big.example>", "a@big.example", id="brackets that are no tag"),
        pytest.param("<b>a@</b><i>big.example</i>", "a@big.example", id="cut by markup"),
        pytest.param("<!-- x@y.example -->a@big.example", "a@big.example", id="a comment"),
        pytest.param("<style>@x{a@b.example}</style>a@big.example", "a@big.example", id="a style"),
        pytest.param('<a href="mailto:b@evil.example">a@big.example</a>', None, id="text and link differ"),
    ],
)
@pytest.mark.parametrize(
    "frame",
    [
        pytest.param("<div>Customer email&nbsp;: {}</div>", id="div"),
        pytest.param("<table><tr><td><b>Customer email</b></td>\n<td>{}</td></tr></table>", id="cells"),
        pytest.param("<table><td><p>Customer email</p></td><td><p>{}</p></td></table>", id="paragraphs in cells"),
        pytest.param("<p><strong>Customer email</strong><br>\n{}</p>", id="next line"),
        pytest.param("<ul><li><p>Customer email: {}</p></li></ul>", id="list"),
    ],
)
def test_html_is_read_as_it_is_seen(frame, markup, email):
    assert read(frame.format(markup), html=True).customer_email == email


IDS = [
    pytest.param("ZUID: 100021002", ("100021002", None, None), id="ZUID"),
    pytest.param("User ID (ZUID): 100021002", ("100021002", None, None), id="ZUID with its long name"),
    pytest.param("Benutzer-ID: 20 000 054 002", ("20000054002", None, None), id="de, blanks"),
    pytest.param("ID do usuário 100.021.002", ("100021002", None, None), id="pt, dots, no colon"),
    pytest.param("ID de usuario: 100,021,002", ("100021002", None, None), id="es, commas"),
    pytest.param("ID utilisateur : 20\u202f000\u202f016\u202f002", ("20000016002", None, None), id="fr, thin blanks"),
    pytest.param("ID de l’utilisateur : 20000016002", ("20000016002", None, None), id="fr, apostrophe"),
    pytest.param("ユーザーID：９０００００２４００２", ("90000024002", None, None), id="ja, full width"),
    pytest.param("ZOID=100021000", (None, "100021000", None), id="ZOID"),
    pytest.param("Org ID (ZOID): 100021000", (None, "100021000", None), id="ZOID with its long name"),
    pytest.param("Organisations-ID (ZGID): 100021005", (None, None, "100021005"), id="de, ZGID"),
    pytest.param("Organization ID: 100021005 (ZGID)", (None, None, "100021005"), id="named behind the number"),
    pytest.param("100021005 [ZGID]", (None, None, "100021005"), id="named only behind the number"),
    pytest.param("ID da organização [ZOID ou ZGID]: 100.048.000", (None, "100048000", None), id="pt, either"),
    pytest.param("ID de la organización: 100048000", (None, "100048000", None), id="es"),
    pytest.param("ID de l'organisation : 100048000", (None, "100048000", None), id="fr"),
    pytest.param("組織ＩＤは100048000です", (None, "100048000", None), id="ja"),
    pytest.param("The customer's ZOID is 100048000.", (None, "100048000", None), id="prose"),
    pytest.param("ZOID:\n100048000\n", (None, "100048000", None), id="on the next line"),
    pytest.param("ZUID: – / ZOID: 100048000", (None, "100048000", None), id="the label before is empty"),
    pytest.param("ZU\u200bID: 1000\u200b21002", ("100021002", None, None), id="zero width"),
    pytest.param("ZUID 100021002 13 Nov 2026", ("100021002", None, None), id="a date behind it"),
    pytest.param("ZUID: 900 0000 240 2", ("90000002402", None, None), id="odd groups"),
    pytest.param("ZOID (organisation): 100021000", (None, "100021000", None), id="a word behind the label"),
    pytest.param("ZUID des Super-Admins: 100021002", ("100021002", None, None), id="the owner in the label"),
    pytest.param("ZUID: 512 000 000 123 45 6", (None, None, None), id="a record in odd groups"),
    pytest.param("ZOID: 100021000, ZUID: 100021002", ("100021002", "100021000", None), id="two on a line"),
    pytest.param(
        "https://crm.zoho.eu/crm/org20000016005/tab/Quotes/512000000000123456", (None, None, "20000016005"), id="CRM"
    ),
    pytest.param("https://crm.zohocloud.ca/crm/org20000016005/", (None, None, "20000016005"), id="CRM, Canada"),
    pytest.param("https://mailadmin.zoho.com/cpanel/home.do?zaaid=76006415", (None, "76006415", None), id="Mail"),
    pytest.param("https://mailadmin.zoho.com/cpanel/index.do?zoid=76006415ab12cd", (None, None, None), id="encrypted"),
    pytest.param("https://store.zoho.com/store/reseller.do?profileId=76006415", (None, None, None), id="store profile"),
    pytest.param("https://crm.zoho.com.evil.example/crm/org20000016005/", (None, None, None), id="another host"),
    pytest.param("ZOID: 512000000000123456", (None, None, None), id="a record"),
    pytest.param("ZOID: 512 000 000 000 123", (None, None, None), id="a record in groups"),
    pytest.param("ZUID: +55 00 90000-1234", (None, None, None), id="a telephone behind a label"),
    pytest.param("ZUID: não temos. Pedido 2026111", (None, None, None), id="no value, then an order"),
    pytest.param("ZUID: 13.11.2026", (None, None, None), id="a date"),
    pytest.param("ZUID: 12345", (None, None, None), id="too short"),
    pytest.param("ZUID/ZOID: 100021002", (None, None, None), id="two labels, one number"),
    pytest.param("100021002", (None, None, None), id="no label"),
    pytest.param("Ticket ID: 100021002, order ID 100021003", (None, None, None), id="other ids"),
    pytest.param("Our ZOID: 100021000", (None, None, None), id="the writer's own"),
    pytest.param("Partner Org ID: 100021000", (None, None, None), id="the partner's"),
    pytest.param("ZOID: 100021000\nZOID: 100022000", (None, None, None), id="two answers"),
    pytest.param("[#48213] call +1 555 0100 233", (None, None, None), id="ticket and telephone"),
]


@pytest.mark.parametrize(("line", "ids"), IDS)
def test_only_a_label_or_a_link_makes_a_number_an_id(line, ids):
    facts = read(f"Hello,\n\n{line}\n\nThe 1.800 rows of 17.11.2026, order 2026111200045, are wrong.")

    assert (facts.zuid, facts.zoid, facts.zgid) == ids


DELIMITER = re.compile(r"^\s*--\s*$", re.MULTILINE)


@given(before=st.text("abc xyz.,\n(-").filter(lambda text: not DELIMITER.search(text)), after=st.text("abc xyz.;\n)-"))
@pytest.mark.parametrize("label", ["ZUID: ", "Benutzer-ID ", "ユーザーID："])
def test_noise_around_a_labelled_id_changes_nothing(label, before, after):
    assert read(f"{before}\n{label}100021002 {after}").zuid == "100021002"


NOISE = st.lists(
    st.sampled_from(
        [
            "Call +1 555 0100 233.",
            "Order 2026111200045, invoice 76006415.",
            "> ZUID: 900000001",
            "https://crm.zoho.eu/crm/tab/Leads/512000000000123456",
            "17.11.2026, 16:45",
            "1.800 rows of 60",
            "Ticket ID: 100021999",
            "<b>",
            "Product: Zoho CRM",
            "",
        ]
    ),
    max_size=6,
)


@given(before=NOISE, after=NOISE)
@pytest.mark.parametrize("line", ["ZUID: 100021002", "User ID (ZUID) 100.021.002", "ZUID:\n100021002"])
@pytest.mark.parametrize("html", [False, True])
def test_other_numbers_around_a_labelled_id_change_nothing(line, before, after, html):
    break_ = "<br>" if html else "\n"

    assert read(break_.join([*before, line, *after]), html=html).zuid == "100021002"


def test_a_label_for_either_organisation_is_tried_as_both():
    assert read("ZOID or ZGID: 100048000").identifiers == (
        Identifier(IdentifierKind.ZOID, "100048000"),
        Identifier(IdentifierKind.ZGID, "100048000"),
    )


def test_identifiers_come_strongest_first():
    facts = read("Customer email: a@big.example\nZUID: 100021002\nZGID: 100021005\nZOID: 100021000")

    assert [identifier.kind for identifier in facts.identifiers] == list(IdentifierKind)


def test_a_free_mail_domain_is_no_customers_domain():
    facts = read("Customer email: baker@gmail.com")

    assert (facts.customer_email, facts.customer_domain) == ("baker@gmail.com", None)


def test_a_writer_at_a_free_mail_provider_owns_one_address_of_it():
    facts = read("Customer email: baker@gmail.com\nI am ada@gmail.com", sender="ada@gmail.com")

    assert (facts.customer_email, facts.needs_manual) == ("baker@gmail.com", True)


def test_the_subject_counts_only_if_the_text_has_no_identifier():
    assert read("Please help", subject="Trial, ZOID 100048000").zoid == "100048000"
    assert read("Customer email: a@big.example", subject="RE: ZOID 100048000").zoid is None


OLD = "Customer email: old@other.example\nZOID: 100022000"
QUOTED = "> Customer email: old@other.example\n> ZOID: 100022000"
QUOTES = [
    pytest.param(QUOTED, id="marked"),
    pytest.param(f"On Tue, Nov 3, 2026 at 10:02, Jo <jo@o.example> wrote:\n\n{QUOTED}", id="en"),
    pytest.param(f"On Tue, Nov 3, 2026 at 10:02,\nJo <jo@o.example> wrote:\n{OLD}", id="en, broken and unmarked"),
    pytest.param(f"Am 03.11.2026 um 10:02 schrieb Jo:\n{OLD}", id="de"),
    pytest.param(f"Em ter., 3 de nov. de 2026 às 10:02, Jo <jo@o.example> escreveu:\n{OLD}", id="pt"),
    pytest.param(f"El mar, 3 nov 2026 a las 10:02, Jo (<jo@o.example>) escribió:\n{OLD}", id="es"),
    pytest.param(f"Le mar. 3 nov. 2026 à 10:02, Jo <jo@o.example> a écrit :\n{OLD}", id="fr"),
    pytest.param(f"2026年11月3日(火) 10:02 Jo <jo@o.example>:\n{OLD}", id="ja"),
    pytest.param(f"2026/11/3 10:02、Joさんは書きました:\n{OLD}", id="ja, wrote"),
    pytest.param(f"---- On Tue, 03 Nov 2026 10:02 +0100 Jo <jo@o.example> wrote ----\n{OLD}", id="ruled"),
    pytest.param(f"-----Original Message-----\n{OLD}", id="en, ruler"),
    pytest.param(f"-----Ursprüngliche Nachricht-----\n{OLD}", id="de, ruler"),
    pytest.param(f"From: Jo <jo@o.example>\nSent: Tuesday\nTo: x\nSubject: y\n\n{OLD}", id="en, headers"),
    pytest.param(f"Von: Jo\nGesendet: Dienstag\nAn: x\nBetreff: y\n\n{OLD}", id="de, headers"),
    pytest.param(f"De : Jo\nEnvoyé : mardi\nÀ : x\nObjet : y\n\n{OLD}", id="fr, headers"),
    pytest.param(f"差出人: Jo\n送信日時: 2026年\n宛先: x\n件名: y\n\n{OLD}", id="ja, headers"),
]


FORWARDED = [
    pytest.param(f"---------- Forwarded message ---------\n{OLD}", "", id="en, Gmail"),
    pytest.param(f"Begin forwarded message:\n\n> From: Jo <jo@o.example>\n{QUOTED}", "", id="en, Apple"),
    pytest.param(f"-------- Weitergeleitete Nachricht --------\nVon: Jo <jo@o.example>\n\n{OLD}", "", id="de, Mozilla"),
    pytest.param(f"---------- Mensagem encaminhada ---------\n{OLD}", "", id="pt, Gmail"),
    pytest.param(f"Inicio del mensaje reenviado:\n\n{QUOTED}", "", id="es, Apple"),
    pytest.param(f"Début du message réexpédié :\n\n{QUOTED}", "", id="fr, Apple"),
    pytest.param(f"---------- 転送メッセージ ---------\n{OLD}", "", id="ja, Yahoo"),
    pytest.param(f"Von: Jo <jo@o.example>\nGesendet: 3.11.2026\nAn: x\nBetreff: y\n\n{OLD}", "WG: y", id="de, Outlook"),
    pytest.param(f"De : Jo\nEnvoyé : mardi\nÀ : x\nObjet : y\n\n{OLD}", "TR : y", id="fr, Outlook"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "subject"), FORWARDED)
def test_a_forwarded_mail_is_named_as_one(text, subject):
    facts = read(f"See below.\n\n{text}", subject=subject)

    assert (facts.customer_email, facts.source) == ("old@other.example", FactSource.FORWARDED)
    assert (facts.zoid, facts.forwarded, facts.evidence, facts.acts) == ("100022000", True, "quoted", False)


def test_forwarded_mail_in_html_is_named_as_one_wherever_its_ruler_stands():
    ruler, quote = "Begin forwarded message:", "<p>Customer email: old@other.example</p>"
    pages = (
        f"<p>See</p><div>{ruler}</div><blockquote type=cite>{quote}</blockquote>",
        f"<p>See</p><blockquote type=cite>{ruler}<br>{quote}</blockquote>",
    )

    assert [read(page, html=True).source for page in pages] == [FactSource.FORWARDED] * 2


def test_an_address_that_is_quoted_too_counts_as_quoted():
    text = BodyText(quoted=("Customer email: old@other.example",), forwarded=("Customer email: old@other.example",))

    assert read_text(text, sender=PARTNER).source is FactSource.QUOTED


@pytest.mark.parametrize("quote", QUOTES)
def test_a_quoted_identifier_never_wins_over_a_fresh_one(quote):
    facts = read(f"Customer email: new@big.example\nSteps: none\n\n{quote}")

    assert (facts.customer_email, facts.source, facts.zoid) == ("new@big.example", FactSource.FIELD, None)
    assert facts.confidence is FactConfidence.HIGH


@pytest.mark.parametrize("quote", QUOTES)
def test_a_quote_is_read_if_nothing_else_leads_to_the_customer(quote):
    facts = read(f"Any news?\n\n{quote}{SIGNATURE}")

    assert (facts.customer_email, facts.zoid, facts.source) == ("old@other.example", "100022000", FactSource.QUOTED)
    assert (facts.confidence, facts.needs_manual) == (FactConfidence.LOW, True)


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param("<blockquote>{}</blockquote>", id="blockquote"),
        pytest.param("<blockquote><div><blockquote>{}</blockquote></div></blockquote>", id="nested"),
        pytest.param('<div class="x gmail_quote"><div>{}</div></div>', id="Gmail"),
        pytest.param("<div class='zmail_extra'>{}", id="Zoho Mail, never closed"),
        pytest.param(
            "<hr><div id='divRplyFwdMsg'><b>From:</b> Jo<br><b>Sent:</b> x<br><b>To:</b> y</div>{}", id="Outlook"
        ),
    ],
)
def test_quotes_in_html_are_separated_from_new_text(markup):
    quote = markup.format("<p>Customer email: old@other.example</p>")

    assert read(f"<p>Customer email: new@big.example</p>{quote}", html=True).customer_email == "new@big.example"
    assert read(f"<p>Any news?</p>{quote}", html=True).source is FactSource.QUOTED


@pytest.mark.parametrize(
    "markup", ['<div class="gmail_signature">{}</div>', "<p>--<br>{}</p>", "<p>Merci,<br>Ada<br>{}</p>"]
)
def test_an_address_in_a_signature_of_html_is_the_writers(markup):
    assert read(f"<!DOCTYPE html><p>Hello</p>{markup.format('ada@other-brand.example')}", html=True).candidates == ()


def test_an_answer_below_a_marked_quote_is_new():
    facts = read(f"On Tue, Nov 3, 2026, Jo wrote:\n{QUOTED}\n\nCustomer email: new@big.example")

    assert facts.customer_email == "new@big.example"


def test_several_new_answers_are_not_settled_by_a_quote():
    facts = read(f"Ask jo@big.example or al@big.example\n\n{QUOTED}")

    assert (facts.customer_email, facts.zoid, facts.several) == (None, None, {IdentifierKind.EMAIL})
    assert facts.needs_manual


def test_a_quoted_template_is_shown_if_nothing_new_was_written():
    assert read("\n> Zoho Product Name: Zoho CRM").template.product == "Zoho CRM"
    assert read("Zoho Product Name: Zoho Mail\n> Zoho Product Name: Zoho CRM").template.product == "Zoho Mail"


def test_missing_parts_of_the_template_are_listed():
    assert read("Customer email: a@big.example\nProduct: Zoho CRM\nDescription:\nSteps: none").missing == (
        "request_type",
        "reproducible",
        "description",
    )


local_parts = st.from_regex(r"\A[a-z][a-z0-9.]{0,8}[a-z]\Z").filter(lambda text: ".." not in text)
addresses = st.builds("{}@{}.example".format, local_parts, st.sampled_from(["big", "small", "bäcker", "xn--bcker-gra"]))


@given(st.lists(addresses, max_size=3), st.booleans())
def test_the_partners_signature_changes_nothing(found, closed):
    body = "Hello\n" + "\n".join(found)
    with_signature = read(body + (SIGNATURE if closed else SIGNATURE.replace("Regards,", "")))

    assert (with_signature.customer_email, with_signature.candidates) == (
        read(body).customer_email,
        read(body).candidates,
    )


@given(addresses, addresses)
def test_a_quoted_address_never_wins(fresh, quoted):
    facts = read_text(BodyText(fresh=(f"ask {fresh}",), quoted=(f"Super admin: {quoted}",)), sender=PARTNER)

    assert facts.customer_email == identifiers.email(fresh)


@given(addresses)
def test_an_address_is_returned_in_normal_form(address):
    found = read(f"Customer email: {address.upper()}").customer_email

    assert found is not None
    assert found == identifiers.email(found) == identifiers.email(address)
