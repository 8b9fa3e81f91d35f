"""A workbook gives the same accounts as the same table in CSV, whatever types its cells have."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from pathlib import Path
from zipfile import ZipFile

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


class TestSeveralSheets:
    """Every visible sheet is read, or named."""

    @pytest.fixture
    def sheets(self, tmp_path):
        """Write a workbook with these sheets: rows of cells by the name of the sheet."""

        def write_file(**sheets):
            book = Workbook()
            book.remove(book.active)
            for name, rows in sheets.items():
                page = book.create_sheet(name)
                for row in rows:
                    page.append(list(row))
            file = tmp_path / "accounts.xlsx"
            book.save(file)
            return file

        return write_file

    @staticmethod
    def rows(*changed):
        return [list(ROW), *((ROW | cells).values() for cells in changed)]

    @property
    def other(self):
        return {"account_id": "A02", "super_admin_email": "ops@else.example", "subscription_id": "2"}

    def test_a_second_table_is_read_with_a_warning(self, sheets):
        file = sheets(Export=self.rows({}), Additions=self.rows(self.other))

        read = read_accounts(file)

        assert [each.account_id for each in read.accounts] == ["A01", "A02"]
        assert [str(each) for each in read.warnings] == [
            f"{file}[Additions]:1:1: this sheet is read as well (hide it if it is no part of the export)"
        ]
        assert read.places["A02"] == (f"{file}[Additions]", 2)

    @pytest.mark.parametrize("cover_first", [True, False], ids=["a cover", "an appendix"])
    def test_a_sheet_that_is_no_table_is_named(self, sheets, cover_first):
        notes, export = {"Notes": [["As of today"]]}, {"Export": self.rows({})}
        file = sheets(**(notes | export if cover_first else export | notes))

        read = read_accounts(file)

        assert [each.account_id for each in read.accounts] == ["A01"]
        assert [str(each) for each in read.warnings] == [
            f"{file}[Notes]:1:1: this sheet is no table of this kind, and is not read (hide it or delete it)"
        ]

    def test_an_empty_sheet_needs_no_word(self, sheets):
        assert read_accounts(sheets(Export=self.rows({}), Sheet2=[])).warnings == ()

    def test_a_table_that_lacks_a_column_is_not_left_out(self, sheets):
        without = [row[:-2] for row in map(list, self.rows(self.other))]
        file = sheets(Export=self.rows({}), Additions=without)

        with pytest.raises(InputError) as refused:
            read_accounts(file)

        (problem,) = refused.value.problems
        assert (problem.file, problem.message) == (f"{file}[Additions]", "the heading has no is_paid")

    def test_a_mistake_names_its_sheet(self, sheets):
        file = sheets(Export=self.rows({}), Additions=self.rows(self.other | {"zoid": "x"}))

        with pytest.raises(InputError, match=r"accounts\.xlsx\[Additions\]:2:6: zoid: "):
            read_accounts(file)

    def test_an_older_sheet_is_refused_because_what_it_alone_has_may_have_ended(self, sheets):
        file = sheets(November=self.rows({}), October=self.rows(self.other | {"as_of_date": "2026-10-20"}))

        with pytest.raises(InputError) as refused:
            read_accounts(file)

        (problem,) = refused.value.problems
        assert (problem.file, problem.where) == (f"{file}[October]", "as_of_date")
        assert problem.message == "the sheet is of 2026-10-20, and another one of 2026-11-20"

    def test_a_workbook_without_a_table_has_the_mistakes_of_its_first_sheet(self, sheets):
        with pytest.raises(InputError) as refused:
            read_accounts(sheets(Notes=[["a", "b"]], More=[["c", "d"]]))

        (problem,) = refused.value.problems
        assert problem.hint == 'it has "a", "b"'

    def test_a_workbook_without_a_visible_sheet_has_nothing_to_read(self, tmp_path):
        book = Workbook()
        book.create_sheet("x").sheet_state = "hidden"
        book.active.sheet_state = "hidden"
        file = tmp_path / "accounts.xlsx"
        book.active = 0
        book._sheets[0].sheet_state = "visible"
        book.save(file)
        hide(file)

        with pytest.raises(InputError, match="has no visible sheet"):
            read_accounts(file)


def hide(file: Path) -> None:
    """Hide the first sheet of a workbook, which spreadsheets do not allow."""
    with ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b'state="visible"', b'state="hidden"')
    with ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("number", [59.99999999, 59.123456789, 1e-9])
def test_a_fraction_is_refused_as_it_stands_in_the_cell(read, number):
    with pytest.raises(InputError) as refused:
        read({"plan_quantity": number})

    (problem,) = refused.value.problems
    assert problem.message.startswith(f'"{number!r}')
