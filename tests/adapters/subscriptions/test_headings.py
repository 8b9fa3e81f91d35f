"""Headings: in our words, in those of five other languages, or refused with the names that were found."""

from __future__ import annotations

import pytest

from desk_sync.adapters.subscriptions.tables.headings import MOST_COLUMNS, _lines, _plain, read_heading
from desk_sync.adapters.subscriptions.tables.subscription_row import REQUIRED

FOREIGN = {
    "German": (
        "Konto-ID;Super-Admin-E-Mail;Abonnement-ID;Dienst;Plan;Menge;Einheit;Status;Bezahlt",
        "Ländercode;Zusatzmodule;Startdatum",
    ),
    "Portuguese": (
        "ID da conta;E-mail do superadministrador;ID da assinatura;Serviço;Plano;Quantidade;Unidade;Situação;Pago",
        "Código do país;Complementos;Data de início",
    ),
    "Spanish": (
        "ID de cuenta;Correo del superadministrador;ID de suscripción;Servicio;Plan;Cantidad;Unidad;Estado;Pagado",
        "Código de país;Complementos;Fecha de inicio",
    ),
    "French": (
        "ID de compte;E-mail du super administrateur;ID d’abonnement;Service;Forfait;Quantité;Unité;Statut;Payé",
        "Code pays;Modules complémentaires;Date de début",
    ),
    "Japanese": (
        "アカウントID;特権管理者のメールアドレス;サブスクリプションID;サービス名;プラン名;数量;単位;ステータス;有料",
        "国コード;アドオン;開始日",
    ),
}
OPTIONAL = ("country_code", "addons", "start_date")


@pytest.mark.parametrize(("required", "optional"), FOREIGN.values(), ids=FOREIGN)
def test_a_heading_is_read_in_its_language(required, optional):
    heading = read_heading([*required.split(";"), *optional.split(";"), "zoid"], REQUIRED, 1)

    assert (heading.mistakes, heading.unread) == ([], [])
    assert heading.columns == {name: at for at, name in enumerate((*REQUIRED, *OPTIONAL, "zoid"))}


@pytest.mark.parametrize("style", [str.upper, str.title, lambda name: name.replace("_", " "), lambda name: f" {name}:"])
def test_our_names_are_read_in_every_style(style):
    assert list(read_heading(list(map(style, REQUIRED)), REQUIRED, 1).columns) == list(REQUIRED)


def mistake(*names, delimiters=""):
    heading = read_heading(names, REQUIRED, 3, delimiters=delimiters)
    (problem,) = heading.mistakes
    assert (problem.line, heading.columns) == (3, {})
    return problem, heading.resembles


def test_a_heading_that_mixes_languages_is_refused_with_the_names_that_are_meant():
    problem, meant = mistake("Konto-ID", *REQUIRED[1:5], "Menge", *REQUIRED[6:])

    assert problem.message == "the heading mixes languages, so its words can mean something else"
    assert problem.hint == 'rename "Konto-ID" to account_id, "Menge" to plan_quantity'
    assert meant


def test_a_heading_without_a_column_names_what_it_has_instead():
    problem, meant = mistake("Account number", *REQUIRED[1:])

    assert (problem.message, problem.hint) == ("the heading has no account_id", 'it has "Account number"')
    assert meant


def test_a_foreign_heading_without_a_column_lacks_only_that_one():
    problem, _ = mistake("ID da xpto", *FOREIGN["Portuguese"][0].split(";")[1:])

    assert (problem.message, problem.hint) == ("the heading has no account_id", 'it has "ID da xpto"')


@pytest.mark.parametrize(
    ("delimiters", "advice"),
    [(",;|", "separate the cells by comma, semicolon or |"), ("", "divide it into one cell for each column")],
    ids=["CSV", "a workbook"],
)
def test_a_heading_of_one_cell_is_shown(delimiters, advice):
    problem, meant = mistake(":".join(REQUIRED), delimiters=delimiters)

    assert problem.hint == f'it has the one cell "account_id:super_admin_email:subscriptio…"; {advice}'
    assert not meant


@pytest.mark.parametrize("cells", [["Export of 20.11.2026"], ["Export of 20.11.2026", "", ""]])
@pytest.mark.parametrize("delimiters", [",;", ""], ids=["CSV", "a workbook"])
def test_a_title_above_the_heading_has_to_go(cells, delimiters):
    problem, _ = mistake(*cells, delimiters=delimiters)

    assert problem.hint == (
        'it has the one cell "Export of 20.11.2026"; the heading must come first: delete the rows above it'
    )


@pytest.mark.parametrize("name", ["E-Mail des Superadmins", "Email des Super-Admins", "Superadmin-E-Mail-Adresse"])
def test_words_may_be_joined_in_another_way(name):
    german = FOREIGN["German"][0].split(";")

    assert read_heading([german[0], name, *german[2:]], REQUIRED, 1).columns["super_admin_email"] == 1


@pytest.mark.parametrize(
    ("name", "meant"),
    [("E-Mail der Superadmins", "super_admin_email"), ("Super_Admin_Emails", "super_admin_email")],
)
def test_a_name_that_is_nearly_one_of_ours_is_suggested(name, meant):
    problem, _ = mistake(REQUIRED[0], name, *REQUIRED[2:])

    assert problem.hint == f'rename "{name}" to {meant}, if it is that'


def test_a_column_that_is_there_twice_is_named_with_the_one_that_is_lacking():
    problem, _ = mistake(*REQUIRED[:-1], "Status")

    assert problem.message == "the heading has no is_paid, and status twice"


def test_no_word_means_two_columns_in_one_language():
    meanings = {}
    for language, name, words in _lines():
        for word in words:
            meanings.setdefault((language, _plain(word)), set()).add(name)

    assert [word for word, names in meanings.items() if len(names) > 1] == []


def test_a_row_of_data_in_place_of_the_heading_repeats_no_address():
    problem, meant = mistake("A1", "admin@one.example", *(f"x{n}" for n in range(50)))

    assert problem.hint.startswith('it has "A1", an e-mail address, "x0"')
    assert problem.hint.endswith(", …")
    assert not meant


def test_two_columns_of_one_meaning_are_refused():
    heading = read_heading([*FOREIGN["German"][0].split(";"), "Produkt"], REQUIRED, 1)

    assert [(each.where, each.column, each.message) for each in heading.mistakes] == [
        ("service_name", 10, "the column appears twice")
    ]


def test_columns_that_are_none_of_ours_are_named():
    assert read_heading([*REQUIRED, "notes", "", "Zusatz"], REQUIRED, 1).unread == ["Zusatz"]


def test_the_number_of_columns_has_a_bound():
    problem, _ = mistake(*map(str, range(MOST_COLUMNS + 1)))

    assert "columns are more than" in problem.message
