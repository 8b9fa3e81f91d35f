"""A workbook gives the same accounts as the same table in CSV, whatever types its cells have."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula

from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.errors import InputError
from tests.adapters.subscriptions.test_account_file import ROW, table

CASES = Path(__file__).parents[2] / "cases" / "accounts" / "accounts.csv"


@pytest.fixture
def write(tmp_path):
    """Write a workbook of `ROW`s with the given cells changed, as a spreadsheet stores them."""

    def write_file(*rows, sheet=None):
        book = Workbook()
        page = sheet(book) if sheet else book.active
        page.append(list(ROW))
        for row in rows:
            page.append(list((ROW | row).values()))
        file = tmp_path / "accounts.xlsx"
        book.save(file)
        return file

    return write_file


@pytest.fixture
def read(write):
    return lambda *rows: read_accounts(write(*rows))


@pytest.fixture
def read_csv(tmp_path):
    def read_text(*rows):
        file = tmp_path / "accounts.csv"
        file.write_text(table(*rows), encoding="utf-8")
        return read_accounts(file)

    return read_text


def test_the_worked_accounts_are_the_same_as_a_workbook(tmp_path):
    book = Workbook()
    for record in csv.reader(io.StringIO(CASES.read_text(encoding="utf-8"))):
        book.active.append([int(cell) if cell.isdigit() and cell[0] != "0" else cell or None for cell in record])
    file = tmp_path / "accounts.xlsx"
    book.save(file)

    assert read_accounts(file).accounts == read_accounts(CASES).accounts


@pytest.mark.parametrize(
    ("column", "kept", "written"),
    [
        pytest.param("zoid", 20071234567, "20071234567", id="an id that became a number"),
        pytest.param("zoid", 20071234567.0, "20071234567", id="an id that became a fraction"),
        pytest.param("plan_quantity", 1050.0, "1050", id="a quantity"),
        pytest.param("plan_quantity", None, "", id="an empty cell"),
        pytest.param("start_date", date(2026, 2, 1), "2026-02-01", id="a day"),
        pytest.param("start_date", datetime.fromisoformat("2026-02-01T12:30"), "2026-02-01", id="an instant"),
        pytest.param("is_paid", False, "false", id="truth"),
    ],
)
def test_a_cell_is_read_as_the_text_that_was_typed(read, read_csv, column, kept, written):
    assert read({column: kept}) == read_csv({column: written})


@pytest.mark.parametrize(
    ("column", "kept", "message"),
    [
        pytest.param("zoid", "2,0E+10", "was rounded by a spreadsheet", id="an id that was rounded before"),
        pytest.param("subscription_id", 903000000055001234, "was rounded by a spreadsheet", id="more than 15 digits"),
        pytest.param("plan_quantity", 1.234, '"1.234000" is not a whole number', id="a fraction is no thousand"),
        pytest.param("plan_quantity", 12.5, '"12.500000" is not a whole number', id="a fraction"),
        pytest.param("plan_quantity", "=SUM(A1:A9)", "is a formula", id="a formula"),
        pytest.param("plan_quantity", ArrayFormula("Q3", "=SUM(A1:A9)"), "is a formula", id="an array formula"),
        pytest.param("plan_quantity", timedelta(hours=1), "is not a whole number", id="a span of time"),
        pytest.param("plan_quantity", "#N/A", "a formula has failed", id="a formula that failed"),
    ],
)
def test_a_value_that_a_spreadsheet_changed_is_refused_with_its_position(read, column, kept, message):
    with pytest.raises(InputError) as refused:
        read({}, {"subscription_id": "2", column: kept})

    (problem,) = refused.value.problems
    assert (problem.where, problem.line, problem.column) == (column, 3, list(ROW).index(column) + 1)
    assert message in problem.message


def test_blank_rows_count_as_lines(write):
    def with_gap(book):
        book.active.append([])
        return book.active

    with pytest.raises(InputError) as refused:
        read_accounts(write({"zoid": "x"}, sheet=with_gap))

    assert [problem.line for problem in refused.value.problems] == [3]


def test_the_first_sheet_that_can_be_seen_counts(write, read_csv):
    def behind_a_hidden_one(book):
        book.active.sheet_state = "hidden"
        return book.create_sheet()

    assert read_accounts(write({}, sheet=behind_a_hidden_one)) == read_csv({})


def test_the_name_of_the_file_does_not_matter(write, read_csv):
    file = write({})

    assert read_accounts(file.rename(file.with_suffix(".csv.download"))) == read_csv({})
