"""A subscription export becomes accounts, or every mistake in it is reported."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.adapters.subscriptions.account_file import REQUIRED, read_accounts
from desk_sync.errors import InputError

CASES = Path(__file__).parents[2] / "cases" / "accounts" / "accounts.csv"
TEXT = CASES.read_text(encoding="utf-8")
ROW = {
    "as_of_date": "2026-11-20",
    "account_id": "A01",
    "customer_domain": "banksia-legal.example",
    "super_admin_email": "admin@banksia-legal.example",
    "super_admin_zuid": "7000001002",
    "zoid": "7000001000",
    "service_org_id": "7000001005",
    "data_center": "AU",
    "country_code": "AU",
    "region": "ANZ",
    "partner_domain": "southern-cross-it.example",
    "partner_tag_status": "tagged",
    "subscription_id": "90300000000001",
    "service_name": "Zoho CRM",
    "plan_code": "crm-enterprise",
    "plan_name": "CRM Enterprise",
    "plan_quantity": "49",
    "plan_unit": "users",
    "addons": "[]",
    "status": "live",
    "is_paid": "true",
    "start_date": "2026-02-01",
}


def table(*rows: dict[str, str], delimiter: str = ",") -> str:
    """Return a file of `ROW`s with the given cells changed."""
    file = io.StringIO()
    writer = csv.DictWriter(file, list(ROW), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROW | row for row in rows)
    return file.getvalue()


@pytest.fixture
def read(tmp_path):
    def read_text(text: str, encoding: str = "utf-8"):
        file = tmp_path / "accounts.csv"
        file.write_bytes(text.encode(encoding))
        return read_accounts(file)

    return read_text


def problems_of(read, text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(InputError) as refused:
        read(text)
    return [(problem.line, problem.where, problem.message) for problem in refused.value.problems]


def test_a_row_becomes_an_account_with_its_plan(read):
    file = read(table({}))

    (account,) = file.accounts
    (item,) = account.items
    assert (account.account_id, account.super_admin_email) == ("A01", "admin@banksia-legal.example")
    assert (account.countries, account.regions, account.data_centers) == (("AU",), ("ANZ",), ("AU",))
    assert (account.zoids, account.zgids, account.zuids) == (("7000001000",), ("7000001005",), ("7000001002",))
    assert (account.domain, account.partner_domain) == ("banksia-legal.example", "southern-cross-it.example")
    assert account.tagged
    assert (item.name, item.code, item.quantity, item.unit) == ("CRM Enterprise", "crm-enterprise", 49, "users")
    assert (item.service, item.status, item.edition, item.paid) == (
        "Zoho CRM",
        "live",
        "CRM Enterprise crm-enterprise",
        True,
    )
    assert (file.as_of, file.warnings) == (date(2026, 11, 20), ())


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [
        pytest.param(",", "utf-8", id="as the programme exports"),
        pytest.param(";", "utf-8-sig", id="a German spreadsheet"),
        pytest.param("\t", "utf-16", id="a spreadsheet's Unicode text"),
        pytest.param(";", "latin-1", id="an old program"),
        pytest.param(",", "utf-16-le", id="UTF-16 without its mark"),
        pytest.param(",", "utf-16-be", id="the same, the other way round"),
    ],
)
def test_delimiter_and_encoding_do_not_matter(read, delimiter, encoding):
    plan_name = {"plan_name": "Käserei, 1; 2"}

    assert read(table(plan_name, delimiter=delimiter), encoding) == read(table(plan_name))


def test_a_spreadsheet_can_declare_its_delimiter_on_the_first_line(read):
    assert read("sep=;\r\n" + table({}, delimiter=";")).accounts == read(table({})).accounts


def test_a_curly_apostrophe_of_windows_is_one(read):
    assert read(table({"plan_quantity": "1’050"}), "cp1252").accounts[0].items[0].quantity == 1050


def test_a_character_of_latin_1_alone_is_read(read):
    assert read(table({"plan_name": "A\x81"}), "latin-1").accounts[0].items[0].name == "A\x81"


@pytest.mark.parametrize(
    ("written", "quantity"),
    [
        pytest.param("1050", 1050, id="digits"),
        pytest.param("1,050", 1050, id="comma"),
        pytest.param("1.050", 1050, id="full stop"),
        pytest.param("1 050", 1050, id="blank"),
        pytest.param("1\u00a0050", 1050, id="no-break blank"),
        pytest.param("1\u202f050", 1050, id="thin blank"),
        pytest.param("1’050", 1050, id="apostrophe"),
        pytest.param("20,000,000", 20_000_000, id="several"),
        pytest.param("１０５０", 1050, id="full-width"),
        pytest.param("12.0", 12, id="a whole number with a fraction"),
        pytest.param("12,00", 12, id="the same in another language"),
        pytest.param("1,050.00", 1050, id="groups and a fraction of zeros"),
        pytest.param("1.050,0", 1050, id="the same in another language, too"),
        pytest.param("'1050", 1050, id="marked as a text"),
        pytest.param("", None, id="empty: not 0"),
        pytest.param("0", 0, id="none"),
    ],
)
def test_a_quantity_is_read_in_every_style(read, written, quantity):
    (account,) = read(table({"plan_quantity": written})).accounts

    assert account.items[0].quantity == quantity


@pytest.mark.parametrize(
    "written",
    [
        "1,05",
        "12.5",
        "2,0E+10",
        "-5",
        "0.500",
        "1,050.50",
        "1.050,000",
        "1,050,00",
        "1,0500",
        "10,50,000",
        "many",
        "٤٩",
        "9" * 13,
    ],
)
def test_a_possible_fraction_is_refused(read, written):
    assert problems_of(read, table({"plan_quantity": written})) == [
        (2, "plan_quantity", f'"{written}" is not a whole number')
    ]


@given(quantity=st.integers(0, 10**11), separator=st.sampled_from([",", ".", " ", "'", "\u00a0", ""]))
def test_separators_change_nothing(tmp_path_factory, quantity, separator):
    file = tmp_path_factory.mktemp("accounts") / "accounts.csv"
    file.write_text(table({"plan_quantity": f"{quantity:,}".replace(",", separator)}), encoding="utf-8")

    assert read_accounts(file).accounts[0].items[0].quantity == quantity


def test_an_add_on_is_an_item_of_its_own(read):
    addons = [
        {"code": "10779", "name": "Standard User", "quantity": 30, "unit": "users"},
        {"name": "Extra_100_GB", "quantity": "1,020", "unit": None},
    ]
    cells = {"plan_quantity": "", "plan_unit": "plan", "addons": json.dumps(addons), "is_paid": "false"}

    plan, users, storage = read(table(cells)).accounts[0].items

    assert (plan.quantity, plan.unit) == (None, "plan")
    assert (users.name, users.code, users.quantity, users.unit) == ("Standard User", "10779", 30, "users")
    assert (users.service, users.edition, users.paid) == ("Zoho CRM", "CRM Enterprise crm-enterprise", False)
    assert (storage.quantity, storage.unit) == (1020, "")


@pytest.mark.parametrize(
    ("written", "paid"),
    [("true", True), ("TRUE", True), ("yes", True), ("1", True), ("WAHR", True), ("false", False), ("0", False)],
)
def test_paid_is_read_in_every_spelling(read, written, paid):
    assert read(table({"is_paid": written})).accounts[0].items[0].paid is paid


def test_rows_of_one_super_admin_are_one_account(read):
    second = {
        "subscription_id": "90300000000002",
        "super_admin_email": "Admin@BANKSIA-LEGAL.example",
        "service_org_id": "7000001006",
        "country_code": "nz",
    }

    (account,) = read(table({}, second)).accounts

    assert len(account.items) == 2
    assert account.zgids == ("7000001005", "7000001006")
    assert account.zoids == ("7000001000",)
    assert account.countries == ("AU", "NZ")


def test_super_admins_on_one_domain_stay_apart(read):
    other = {"account_id": "A02", "subscription_id": "2", "super_admin_email": "ops@banksia-legal.example"}

    assert [account.account_id for account in read(table({}, other)).accounts] == ["A01", "A02"]


def test_an_account_id_cannot_stand_for_two_super_admins(read):
    other = {"subscription_id": "2", "super_admin_email": "ops@banksia-legal.example"}

    assert problems_of(read, table({}, other)) == [(3, "account_id", '"A01" has another super admin on line 2')]


def test_an_address_that_cannot_be_read_is_not_another_one(read):
    assert problems_of(read, table({"super_admin_email": "?"}, {"subscription_id": "2"})) == [
        (2, "super_admin_email", "is not an e-mail address")
    ]


def test_an_internationalised_domain_is_one_in_both_spellings(read):
    cells = {"customer_domain": "Grünwald-Käserei.example", "super_admin_email": "IT@grünwald-käserei.example"}

    (account,) = read(table(cells)).accounts

    assert account.domain == "xn--grnwald-kserei-eib09a.example"
    assert account.super_admin_email == "it@xn--grnwald-kserei-eib09a.example"


def test_a_public_mail_domain_is_not_the_customers(read):
    assert read(table({"customer_domain": "gmail.com"})).accounts[0].domain is None


def test_an_untagged_customer_is_flagged(read):
    assert not read(table({"partner_tag_status": "untagged"})).accounts[0].tagged
    assert read(table({"partner_tag_status": ""})).accounts[0].tagged


def test_an_identical_row_counts_once(read):
    file = read(table({}, {}))

    assert (len(file.accounts[0].items), file.warnings) == (1, ())


@pytest.mark.parametrize(
    ("first", "second", "quantity"),
    [
        pytest.param({"as_of_date": "2026-11-20"}, {"as_of_date": "2026-11-19"}, 10, id="the newer export"),
        pytest.param({"start_date": "2026-02-01"}, {"start_date": "2026-03-01"}, 20, id="the later start"),
    ],
)
def test_of_two_rows_about_one_subscription_the_newer_wins(read, first, second, quantity):
    file = read(table(first | {"plan_quantity": "10"}, second | {"plan_quantity": "20"}))

    assert [item.quantity for item in file.accounts[0].items] == [quantity]
    assert [(warning.line, warning.where) for warning in file.warnings] == [(3, "subscription_id")]


def test_a_country_that_is_none_is_a_warning(read):
    (warning,) = read(table({"country_code": "UK"})).warnings

    assert (warning.message, warning.hint) == (
        '"UK" is not an ISO 3166-1 alpha-2 country code',
        "did you mean GB?",
    )


@pytest.mark.parametrize(
    ("column", "written", "message"),
    [
        pytest.param("super_admin_email", "", "is not an e-mail address", id="no address"),
        pytest.param("account_id", "", "must not be empty", id="no account"),
        pytest.param("subscription_id", "", "must not be empty", id="no subscription"),
        pytest.param(
            "zoid", "2,0E+10", '"2,0E+10" was rounded by a spreadsheet: format the column as text', id="a rounded id"
        ),
        pytest.param(
            "subscription_id",
            "9,03E+13",
            '"9,03E+13" was rounded by a spreadsheet: format the column as text',
            id="a rounded subscription, which is equal to others",
        ),
        pytest.param("zoid", "=A1", "is a formula: save the table with its values", id="a formula"),
        pytest.param("plan_name", "#REF!", "#REF!: a formula has failed", id="a formula that failed"),
        pytest.param("customer_domain", "no domain", "is not a domain such as company.example", id="not a domain"),
        pytest.param("is_paid", "maybe", '"maybe" is neither true nor false', id="neither"),
        pytest.param("as_of_date", "20.11.2026", '"20.11.2026" is not a date such as 2026-11-20', id="a local date"),
        pytest.param("addons", "[{", "not JSON: Expecting property name enclosed in double quotes", id="no JSON"),
        pytest.param("addons", "{}", "must be a list of add-ons, each with name, quantity and unit", id="no list"),
        pytest.param("addons", '[{"quantity": 1}]', "an add-on has no name", id="an add-on without a name"),
        pytest.param("addons", '[{"name": "x", "quantity": -1}]', '"-1" is not a whole number', id="less than none"),
        pytest.param("addons", '[{"name": "x", "quantity": 1.5}]', '"1.5" is not a whole number', id="a fraction"),
    ],
)
def test_an_invalid_cell_is_reported_with_its_position(read, column, written, message):
    with pytest.raises(InputError) as refused:
        read(table({column: written}))

    (problem,) = refused.value.problems
    assert (problem.where, problem.message) == (column, message)
    assert (problem.line, problem.column) == (2, list(ROW).index(column) + 1)


def test_all_mistakes_are_reported_at_once_on_their_physical_lines(read):
    text = table({"addons": "[\n]"}, {"plan_quantity": "x", "zoid": "1"}).replace("\r\n", "\r\n\r\n", 1)

    assert problems_of(read, text + "a,b\r\n") == [
        (5, "zoid", '"1" is not an id of 6 to 11 digits'),
        (5, "plan_quantity", '"x" is not a whole number'),
        *((6, where, message) for _, where, message in problems_of(read, table({}) + "a,b\r\n")),
    ]


def test_missing_columns_are_named_and_unknown_ones_ignored(read):
    missing = ", ".join(name for name in REQUIRED if name != "account_id")
    assert problems_of(read, "colour,account_id\nred,A01\n") == [(1, "", f"the heading has no {missing}")]
    file = read(table({}).replace("start_date", "colour").replace("2026-02-01", "red"))
    assert file.accounts
    assert [warning.message for warning in file.warnings] == ['columns that were not read: "colour"']


def test_blank_rows_are_skipped(read):
    assert read(table({}) + "\r\n , \r\n") == read(table({}))


def test_a_column_cannot_appear_twice(read):
    assert problems_of(read, table({}).replace("start_date", "status")) == [(1, "status", "the column appears twice")]


def test_a_row_longer_than_the_heading_is_refused(read):
    assert problems_of(read, table({}).rstrip() + ",1\n") == [(2, "", "23 cells under 22 columns")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(b"PK\x03\x04\x00\x00", "is not a readable workbook (BadZipFile)", id="half a workbook"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1", "is an old Excel workbook (XLS)", id="an old workbook"),
        pytest.param(b"account_id\n\0\n", "is not a text file", id="no text"),
        pytest.param(b"\xff\xfea", "is not a text file", id="half a character"),
        pytest.param(
            ",".join(REQUIRED).encode() + b'\n"a"b\n', "not CSV: ',' expected after '\"'", id="a stray quotation mark"
        ),
    ],
)
def test_a_file_that_is_not_a_table_is_reported(tmp_path, content, message):
    file = tmp_path / "accounts.csv"
    file.write_bytes(content)

    with pytest.raises(InputError) as refused:
        read_accounts(file)

    assert message in [problem.message for problem in refused.value.problems]


def test_a_cell_that_a_program_marked_as_text_is_that_text(read):
    assert read(table({"zoid": '="20071234567"'})).accounts[0].zoids == ("20071234567",)


def test_a_missing_file_is_a_mistake_too(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        read_accounts(tmp_path / "absent.csv")


def test_the_sample_that_ships_is_the_worked_one():
    shipped = Path(__file__).parents[3] / "desk_sync" / "simulated_desk" / "sample" / "accounts.csv"

    assert shipped.read_text(encoding="utf-8") == TEXT
    assert len(read_accounts(shipped).accounts) == 42


@pytest.mark.parametrize(
    "column", ["account_id", "subscription_id", "plan_name", "plan_quantity", "start_date", "status"]
)
@pytest.mark.parametrize("signs", ["#", "########"])
def test_signs_in_place_of_a_value_that_was_wider_than_its_column_are_refused(read, column, signs):
    (problem,) = problems_of(read, table({column: signs}))

    assert problem == (
        2,
        column,
        f'"{signs}": the column was too narrow for the value: widen it, and save the table again',
    )
