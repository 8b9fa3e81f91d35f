"""The labels of the template as partners translate, shorten and extend them."""

from __future__ import annotations

import pytest

from desk_sync.adapters.mail.read import read_mail
from desk_sync.adapters.mail.template import label_in
from desk_sync.adapters.mail.words import LabelPart

LABELS = {
    LabelPart.CUSTOMER_EMAIL: """
        Customer Primary Email Address|Customer's primary e-mail|Primary email address of the end customer
        End client email|End-customer e-mail address|Main customer email|Customer account email|Customer login email
        Primäre E-Mail-Adresse des Kunden|Haupt-E-Mail-Adresse des Kunden|E-Mail des Endkunden|E-Mail-Adresse vom Kunden
        E-mail principal do cliente|E-mail do cliente final|Endereço eletrônico do cliente
        Correio electrónico do cliente|E-mail do cliente afetado
        Correo principal del cliente|Correo electrónico del cliente final|Dirección electrónica del cliente
        Adresse e-mail principale du client|Adresse de messagerie principale du client|Adresse électronique du client
        Adresse mail client|Adresse e-mail du compte client|Courriel principal du client|Adresse mail du client final
        お客様のメインメールアドレス|エンドユーザー様のメールアドレス|顧客の主要メールアドレス
        Indirizzo e-mail principale del cliente|Primair e-mailadres van de klant""",
    LabelPart.SUPER_ADMIN: """
        Super admin email|Superadmin e-mail of the account|E-Mail des Superadmins|E-mail do super administrador
        Correo del superadministrador|Adresse e-mail du super-administrateur|スーパー管理者のメール""",
    LabelPart.PRODUCT: "Product name|Betroffenes Produkt|Nome do produto|Nombre del producto|Produit concerné|対象製品",
}


def variants(part):
    return [label.strip() for line in LABELS[part].strip().splitlines() for label in line.split("|")]


NO_LABELS = [
    pytest.param("Mail client: bob@cust.example", id="a program"),
    pytest.param("Client de messagerie : bob@cust.example", id="a program, in French"),
    pytest.param("Account manager of the customer: bob@cust.example", id="somebody else"),
    pytest.param("The customer cannot open the account: bob@cust.example", id="a sentence"),
]


@pytest.mark.parametrize("separator", [": ", " : ", "："])
@pytest.mark.parametrize(
    ("part", "label"),
    [pytest.param(part, label, id=label) for part in LABELS for label in variants(part)],
)
def test_a_label_is_known_in_its_usual_variants(part, label, separator):
    assert label_in(f"{label}{separator}bob@cust.example") == (part, "bob@cust.example")


@pytest.mark.parametrize("line", NO_LABELS)
def test_words_that_only_look_like_a_label_are_none(line):
    found = label_in(line)

    assert found is None or found[0] not in (LabelPart.CUSTOMER_EMAIL, LabelPart.SUPER_ADMIN, LabelPart.CUSTOMER)


@pytest.mark.parametrize("label", variants(LabelPart.CUSTOMER_EMAIL))
def test_a_field_that_names_no_customer_is_asked_for_under_each_of_its_labels(label):
    facts = read_mail(
        f"From: a@partner.example\nSubject: x\n\n{label}: ?\nProduct: CRM\nDescription: see bob@cust.example.\n"
    )

    assert (facts.customer_email, facts.acts) == (None, False)


@pytest.mark.parametrize(
    "value",
    [
        "to be confirmed, maybe bob@cust.example",
        "bob@cust.example?",
        "vermutlich bob@cust.example",
        "a confirmar: bob@cust.example",
        "peut-être bob@cust.example",
        "bob@cust.example（未確認）",
    ],
)
def test_an_address_in_a_field_that_is_in_doubt_is_asked_for(value):
    facts = read_mail(f"From: a@partner.example\nSubject: x\n\nCustomer email: {value}\nProduct: CRM\n")

    assert not facts.acts
    assert LabelPart.CUSTOMER_EMAIL in facts.missing


def test_the_super_admins_label_that_names_the_writer_is_answered_and_not_with_the_customer():
    text = "Reproducible: yes, super admin email: {}\nProduct: CRM\nDescription: bob@cust.example sees it\n"
    head = "From: a@partner.example\nSubject: x\n\n"

    assert not read_mail(head + text.format("a@partner.example")).acts
    assert read_mail(head + text.format("boss@cust.example")).customer_email == "boss@cust.example"


def test_a_label_of_an_address_and_an_id_holds_the_address():
    assert label_in("Customer e-mail or ZUID: bob@cust.example") == (LabelPart.CUSTOMER_EMAIL, "bob@cust.example")
    assert label_in("Customer ZUID: 700123456") == (LabelPart.OTHER, "700123456")
