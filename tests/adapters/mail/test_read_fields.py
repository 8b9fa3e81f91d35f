"""The mail template is recognised in six languages and any order, and its values are kept as written."""

from __future__ import annotations

import pytest

from desk_sync.adapters.mail.body import read_html, read_plain
from desk_sync.adapters.mail.template import label_in, read_template
from desk_sync.adapters.mail.values import read_product, read_reproducible, read_request_type
from desk_sync.adapters.mail.words import LabelPart

LABELS = {
    LabelPart.CUSTOMER_EMAIL: (
        "Customer Primary Email Address",
        "Customer Email Address",
        "Customer's e-mail",
        "E-Mail-Adresse des Kunden",
        "Kunden-E-Mail-Adresse",
        "Endereço de e-mail do cliente",
        "Endereço de e-mail principal do cliente",
        "E-mail do cliente",
        "Dirección de correo electrónico del cliente",
        "Correo electrónico del cliente",
        "Adresse e-mail du client",
        "お客様のメールアドレス",
        "顧客のメールアドレス",
    ),
    LabelPart.SUPER_ADMIN: (
        "Super admin email",
        "Super-Admin-E-Mail",
        "E-Mail-Adresse des Super-Admins",
        "E-mail do superadministrador",
        "Correo del superadministrador",
        "E-mail du super administrateur",
        "スーパー管理者のメールアドレス",
    ),
    LabelPart.REQUEST_TYPE: (
        "Type of support request",
        "Request type",
        "Art der Supportanfrage",
        "Art der Anfrage",
        "Tipo de solicitação de suporte",
        "Tipo da solicitação",
        "Tipo de solicitud",
        "Tipo de solicitud de soporte",
        "Type de la demande d'assistance",
        "Type de demande",
        "サポートリクエストの種類",
        "種類",
        "お問い合わせの種類",
    ),
    LabelPart.REPRODUCIBLE: (
        "Is the issue reproducible?",
        "Is the issue reproducible? Yes/No",
        "Is the issue reproducible (Yes/No)",
        "Can the problem be reproduced",
        "Reproducible",
        "Kann das Problem reproduziert werden?",
        "Ist das Problem reproduzierbar",
        "O problema pode ser reproduzido?",
        "É possível reproduzir o problema",
        "¿Se puede reproducir el problema?",
        "¿Es reproducible el problema?",
        "Le problème est-il reproductible ?",
        "Peut-on reproduire le problème ?",
        "問題は再現可能ですか",
        "問題は再現できますか？",
        "再現しますか？",
        "再現",
        "再現性",
    ),
    LabelPart.PRODUCT: (
        "Zoho Product Name",
        "Product",
        "Zoho service",
        "Name des Zoho Produkts",
        "Zoho-Produkt",
        "Produktname",
        "Nome do produto Zoho",
        "Produto",
        "Nombre del producto Zoho",
        "Producto de Zoho",
        "Nom du produit Zoho",
        "Produit Zoho",
        "Zoho製品名",
        "製品",
        "ご利用製品名",
    ),
    LabelPart.DESCRIPTION: (
        "Description of the issue/question",
        "Description of the issue",
        "Issue description",
        "Beschreibung des Problems/der Frage",
        "Problembeschreibung",
        "Descrição do problema",
        "Descripción del problema/pregunta",
        "Description du problème",
        "問題の説明",
        "お問い合わせ内容",
    ),
    LabelPart.STEPS: (
        "Troubleshooting steps performed",
        "Troubleshooting steps performed, if any",
        "Steps taken so far",
        "Durchgeführte Schritte zur Fehlerbehebung",
        "Bereits unternommene Schritte",
        "Etapas de solução de problemas realizadas",
        "Passos realizados",
        "Pasos de solución realizados",
        "Pasos realizados",
        "Étapes effectuées",
        "Mesures de dépannage prises",
        "Mesures de dépannage déjà effectuées",
        "実施したトラブルシューティング手順",
        "実施した手順",
    ),
    LabelPart.OTHER: (
        "Screenshots/screen recording",
        "Bildschirmübertragung",
        "Capturas de pantalla",
        "Captures d'écran",
        "スクリーンショット",
        "User ID (ZUID)",
        "ID da organização [ZOID ou ZGID]",
        "Steps to reproduce",
        "Date and time",
    ),
    None: (
        "Hello",
        "Product manager",
        "Ticket",
        "The customer told us",
        "Der Kunde schreibt uns",
        "O contato do cliente prefere telefone",
        "Note",
        "",
    ),
}
ALL_LABELS = [pytest.param(label, part, id=f"{part}: {label}") for part, labels in LABELS.items() for label in labels]


@pytest.mark.parametrize(("label", "part"), ALL_LABELS)
@pytest.mark.parametrize("form", ["{}: x", " - {}: x", "* {} : x", "{}：x", "3. {}: x", "**{}:** x", "{}\tx", "{} – x"])
def test_a_label_is_recognised_in_its_languages_and_forms(form, label, part):
    found, value = label_in(form.format(label)) or (None, "x")

    assert found is part
    assert value.endswith("x")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        *[pytest.param(text, "TECHNICAL_SUPPORT", id=text) for text in ("Technical Support", "technischer support")],
        *[pytest.param(text, "TECHNICAL_SUPPORT", id=text) for text in ("Suporte técnico", "Soporte técnico")],
        *[pytest.param(text, "TECHNICAL_SUPPORT", id=text) for text in ("Assistance", "Support technique")],
        pytest.param("テクニカルサポート", "TECHNICAL_SUPPORT", id="ja, technical"),
        pytest.param("TECHNICAL_SUPPORT", "TECHNICAL_SUPPORT", id="our word"),
        *[pytest.param(text, "PAYMENTS_RENEWAL", id=text) for text in ("Payments Renewal", "Zahlungsverlängerung")],
        *[
            pytest.param(text, "PAYMENTS_RENEWAL", id=text)
            for text in ("Renovação de pagamentos", "Renovación de pagos")
        ],
        *[pytest.param(text, "PAYMENTS_RENEWAL", id=text) for text in ("Renouvellement de paiement", "お支払い更新")],
        *[pytest.param(text, "TRIAL_EXTENSION", id=text) for text in ("Trial Extension", "Extensión de la prueba")],
        *[
            pytest.param(text, "TRIAL_EXTENSION", id=text)
            for text in ("Verlängerung des Testzeitraums", "試用期間の延長")
        ],
        *[pytest.param(text, "TRIAL_EXTENSION", id=text) for text in ("Prolongation de l’essai", "Extensão do teste")],
        *[pytest.param(text, "STORE_RELATED", id=text) for text in ("Store Related", "Shop", "Loja", "Tienda")],
        *[pytest.param(text, "STORE_RELATED", id=text) for text in ("Boutique", "ストア関連")],
        *[pytest.param(text, "UPGRADES", id=text) for text in ("Upgrades", "Atualizações", "Upgrades / Atualizações")],
        *[pytest.param(text, "UPGRADES", id=text) for text in ("Actualizaciones", "Mises à niveau", "アップグレード")],
        *[pytest.param(text, "INVOICE_CHANGES", id=text) for text in ("Invoice changes", "Rechnungsänderungen")],
        *[pytest.param(text, "INVOICE_CHANGES", id=text) for text in ("Alterações de fatura", "Cambios en la factura")],
        *[pytest.param(text, "INVOICE_CHANGES", id=text) for text in ("Modifications de facture", "請求書の変更")],
        *[pytest.param(text, "COMMISSION_PAYMENT", id=text) for text in ("Commission Payment", "Provisionszahlungen")],
        *[
            pytest.param(text, "COMMISSION_PAYMENT", id=text)
            for text in ("Pagamento de comissão", "Pago de comisiones")
        ],
        *[pytest.param(text, "COMMISSION_PAYMENT", id=text) for text in ("Paiement de commission", "手数料の支払い")],
        pytest.param("Product Management Related", "PRODUCT_MANAGEMENT_RELATED", id="en, product"),
        pytest.param("Produktmanagement", "PRODUCT_MANAGEMENT_RELATED", id="de, product"),
        pytest.param("Gestão de produto", "PRODUCT_MANAGEMENT_RELATED", id="pt, product"),
        pytest.param("Gestión de producto", "PRODUCT_MANAGEMENT_RELATED", id="es, product"),
        pytest.param("Gestion de produit", "PRODUCT_MANAGEMENT_RELATED", id="fr, product"),
        pytest.param("プロダクトマネジメント関連", "PRODUCT_MANAGEMENT_RELATED", id="ja, product"),
        *[pytest.param(text, "SALES_DISCUSSIONS", id=text) for text in ("Sales Discussions", "Verkaufsgespräche")],
        *[pytest.param(text, "SALES_DISCUSSIONS", id=text) for text in ("Conversas de vendas", "営業相談")],
        *[pytest.param(text, "SALES_DISCUSSIONS", id=text) for text in ("Conversaciones de ventas",)],
        *[pytest.param(text, "SALES_DISCUSSIONS", id=text) for text in ("Discussions commerciales",)],
        pytest.param("Technical Support (invoice module)", "TECHNICAL_SUPPORT", id="a remark in parentheses"),
        pytest.param("Technical Support, after an upgrade", "TECHNICAL_SUPPORT", id="a remark behind a comma"),
        pytest.param("Technical Support / Payments Renewal / Upgrades", None, id="no choice was made"),
        pytest.param("urgent", None, id="no preset"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_request_type_is_one_of_the_nine_presets(value, name):
    assert read_request_type(value) == name


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        *[
            pytest.param(text, True, id=text)
            for text in ("Yes", "ja", "Sim, com qualquer usuário", "Sí.", "Oui (préciser) : x")
        ],
        *[pytest.param(text, True, id=text) for text in ("はい、毎回", "可能です", "Yes, no errors", "Always")],
        *[
            pytest.param(text, False, id=text)
            for text in ("No", "Nein", "Não", "non", "いいえ", "No se puede reproducir")
        ],
        *[pytest.param(text, None, id=text) for text in ("No aplica", "Não se aplica", "N/A", "Nicht zutreffend")],
        *[
            pytest.param(text, None, id=text)
            for text in ("Ne s'applique pas", "Non applicable", "該当なし", "sometimes")
        ],
        *[pytest.param(text, None, id=text) for text in ("Nicht immer", "No siempre", "Nem sempre", "", "?")],
        *[pytest.param(text, None, id=text) for text in ("Yes/No", "Ja / Nein", "Sim ou Não", "はい/いいえ")],
        pytest.param("Yes/No: no", False, id="the choice, then the answer"),
        pytest.param("(Ja/Nein) Ja", True, id="the choice in parentheses"),
        pytest.param("[ ] Yes [x] No", False, id="ticked"),
        pytest.param("☑ Ja ☐ Nein", True, id="ticked with a sign"),
    ],
)
def test_reproducible_is_yes_or_no_or_open(value, answer):
    assert read_reproducible(value) is answer


@pytest.mark.parametrize(
    ("value", "product"),
    [
        pytest.param("Zoho CRM", "Zoho CRM", id="plain"),
        pytest.param("Zoho CRM Plus", "Zoho CRM Plus", id="three words"),
        pytest.param("Zoho CRM (Enterprise) and Desk", "Zoho CRM", id="parentheses"),
        pytest.param("Zoho　ＣＲＭ（エンタープライズ）", "Zoho CRM", id="full width"),
        pytest.param("Zoho CRM, Zoho Desk", "Zoho CRM", id="comma"),
        pytest.param("Zoho CRM und Zoho Desk", "Zoho CRM", id="and"),
        pytest.param("Zoho CRMとZoho Desk", "Zoho CRM", id="ja, and"),
        pytest.param("Zoho Analytics e Zoho CRM", "Zoho Analytics", id="pt, and"),
        pytest.param("Zoho One / CRM", "Zoho One", id="slash"),
        pytest.param("Zoho Desk – Enterprise", "Zoho Desk", id="dash"),
        pytest.param("CRM+", "CRM+", id="a plus in the name"),
        pytest.param("Zoho Books.", "Zoho Books", id="full stop"),
        pytest.param("n/a", None, id="none"),
        pytest.param("ninguno", None, id="es, none"),
        pytest.param("", None, id="empty"),
        pytest.param("we do not know which of the many products it is that the customer has", None, id="prose"),
    ],
)
def test_the_first_product_is_named_without_its_remark(value, product):
    assert read_product(value) == product


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        pytest.param("1. one.\n2. two.", ["one.", "two."], id="numbers; items keep their full stop"),
        pytest.param("1) one\n2) two", ["one", "two"], id="parentheses"),
        pytest.param("１．一\n２．二", ["一", "二"], id="full width"),
        pytest.param("①一\n②二", ["一", "二"], id="circled"),
        pytest.param("・一（確認）\n・二", ["一（確認）", "二"], id="ja, dots; signs as written"),
        pytest.param("• one\n• two", ["one", "two"], id="bullets"),
        pytest.param("- one\n\n- two", ["one", "two"], id="a blank line inside"),
        pytest.param("- one\n  goes on\n- two", ["one goes on", "two"], id="an item on two lines"),
        pytest.param("- one\n- two\n\nThe customer waits.", ["one", "two"], id="text after the list"),
        pytest.param("- one\nScreenshots: attached", ["one"], id="a label after the list"),
        pytest.param("one; two\nContact: Ada", ["one", "two"], id="an unknown label"),
        pytest.param("none\nContact: Ada", [], id="none, then an unknown label"),
        pytest.param("- one\nRegards,\nAda", ["one"], id="the closing words"),
        pytest.param("We did this:\n- one\n- two", ["one", "two"], id="an introduction"),
        pytest.param("1) one 2) two 3) three", ["one", "two", "three"], id="a list on one line"),
        pytest.param("1. one 2. two 3. three", ["one", "two", "three"], id="a list on one line, with points"),
        pytest.param("(1) one, (2) two", ["one", "two"], id="a list on one line, with commas"),
        pytest.param("（1）一、（2）二", ["一", "二"], id="ja, a list on one line"),
        pytest.param("1. one with 12) and v2) in it", ["one with 12) and v2) in it"], id="numbers that count nothing"),
        pytest.param("1 - one\n2 - two", ["one", "two"], id="numbers with a dash"),
        pytest.param("1/ one\n2/ two", ["one", "two"], id="fr, numbers with a stroke"),
        pytest.param("1° one\n2º two", ["one", "two"], id="ordinal signs"),
        pytest.param("1、一\n2、二", ["一", "二"], id="ja, numbers with a comma"),
        pytest.param("1\ufe0f\u20e3 one\n2\ufe0f\u20e3 two", ["one", "two"], id="key caps"),
        pytest.param("a) one\nb) two", ["one", "two"], id="letters"),
        pytest.param("a. one\nb. two", ["one", "two"], id="letters with a point"),
        pytest.param("i) one\nii) two\niii) three", ["one", "two", "three"], id="roman numbers"),
        pytest.param("✅ one\n✅ two", ["one", "two"], id="ticks"),
        pytest.param("◆一\n○二", ["一", "二"], id="ja, signs"),
        pytest.param("+ one\n+ two", ["one", "two"], id="pluses"),
        pytest.param("§ one\n· two", ["one", "two"], id="bullets as Word converts them"),
        pytest.param("- 1.800 rows; all wrong", ["1.800 rows; all wrong"], id="a number is no bullet"),
        pytest.param("1.800 rows imported", ["1.800 rows imported"], id="a number at the start"),
        pytest.param("one; two.", ["one", "two"], id="a paragraph"),
        pytest.param("one; two;", ["one", "two"], id="a paragraph with a last semicolon"),
        pytest.param("一；二。", ["一", "二"], id="ja, a paragraph"),
        pytest.param("Did one. Did two.", ["Did one. Did two"], id="sentences stay together"),
        pytest.param(
            "one " * 15 + "\nmore; two", [("one " * 15).strip() + " more", "two"], id="a paragraph on two lines"
        ),
        pytest.param("Cleared the cache\nOther browser", ["Cleared the cache", "Other browser"], id="lines"),
        *[
            pytest.param(word, [], id=word)
            for word in ("none", "None.", "N/A", "keine", "noch keine", "nenhuma", "nada")
        ],
        *[
            pytest.param(word, [], id=word)
            for word in ("ninguno", "ninguna por ahora", "aucune", "なし", "特になし", "-")
        ],
        pytest.param("- none", [], id="none as an item"),
        pytest.param("", [], id="empty"),
    ],
)
def test_steps_are_items_or_pieces_of_a_paragraph(text, steps):
    for separator in (" ", "\n"):
        lines = read_plain(f"Troubleshooting steps performed:{separator}{text}\n").fresh

        assert list(read_template(lines).steps) == steps


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param("<ul><li>one</li><li>two</li></ul>", id="list"),
        pytest.param("<ol><li><p>one</p></li><li><p>two</p></li></ol>", id="paragraphs in a list"),
        pytest.param("<br>1. one<br>2. two", id="line breaks"),
        pytest.param("<div>- one</div><div>- two</div>", id="blocks"),
        pytest.param("one; two.", id="a paragraph"),
    ],
)
def test_steps_of_html_are_the_same(markup):
    lines = read_html(f"<div>Étapes effectuées&nbsp;: {markup}</div><p>Cordialement</p>").fresh

    assert list(read_template(lines).steps) == ["one", "two"]


PROSE = "The sync has stopped since noon and nobody can work."


@pytest.mark.parametrize(
    ("text", "description"),
    [
        pytest.param(f"Description: {PROSE}", PROSE, id="behind the label"),
        pytest.param(f"Description:\n\n{PROSE}\n\nMore.\nProduct: x", f"{PROSE} More.", id="paragraphs, up to a label"),
        pytest.param(f"{PROSE}\nDescription:\nSteps: none", "", id="an empty label"),
        pytest.param("Description: n/a", "", id="none"),
        pytest.param(f"Product: Zoho CRM\n\n{PROSE}\n\nPhone: +1 555", PROSE, id="besides the template"),
        pytest.param(f"Hello all,\n\n{PROSE}\n\nRegards\nAda Partner of Partner and Sons", PROSE, id="no template"),
        pytest.param("Hello,\n\nplease call back.", "", id="too little"),
        pytest.param("製品：x\n\n祝日を国ごとに色分けしてほしい。", "祝日を国ごとに色分けしてほしい。", id="ja"),
    ],
)
def test_a_description_is_the_text_of_its_part(text, description):
    assert read_template(text.split("\n")).description == description


def test_words_of_japanese_are_not_counted():
    assert read_template(["問題の説明：動きません"]).description_words == 0
