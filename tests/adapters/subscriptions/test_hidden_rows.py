"""Rows of a workbook that cannot be seen are named, and never decide alone."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from desk_sync.adapters.mapping.file import load
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.adapters.subscriptions.partner_file import read_partners
from desk_sync.adapters.subscriptions.tables.hidden_rows import HiddenRows
from desk_sync.domain.account.entitlement import Verdict, entitle
from desk_sync.errors import InputError
from tests.adapters.subscriptions.test_account_file import ROW

POLICY = load("partner_support").policy.licences
GERMAN = ROW | {"country_code": "DE", "region": "EUROPE_UK"}


def write(file, rows, hidden=()):
    """Write a workbook with these rows; those at the positions in `hidden` (from 0) cannot be seen."""
    book = Workbook()
    book.active.append(list(GERMAN))
    for row in rows:
        book.active.append(list((GERMAN | row).values()))
    for at in hidden:
        book.active.row_dimensions[at + 2].hidden = True
    book.save(file)
    return file


def decide(file):
    accounts = read_accounts(file).accounts
    return entitle(accounts[0], POLICY).verdict if accounts else Verdict.NOT_PRIORITY


def plan(quantity, subscription_id="1", **cells):
    return {"plan_quantity": str(quantity), "subscription_id": subscription_id} | cells


@pytest.mark.parametrize(
    ("rows", "hidden", "verdict"),
    [
        pytest.param([plan(40), plan(48, "2")], [1], Verdict.REVIEW, id="it would decide"),
        pytest.param([plan(40), plan(10, "2")], [1], Verdict.NOT_PRIORITY, id="too few with it"),
        pytest.param([plan(60), plan(10, "2")], [1], Verdict.PRIORITY, id="enough without it"),
        pytest.param([plan(80)], [0], Verdict.REVIEW, id="the only one"),
        pytest.param([plan(40), plan(80, as_of_date="2026-11-21")], [1], Verdict.REVIEW, id="the newer row is hidden"),
        pytest.param(
            [plan(80), plan(40, as_of_date="2026-11-19")], [1], Verdict.PRIORITY, id="the older row is hidden"
        ),
        pytest.param([plan(80), plan(80)], [0], Verdict.PRIORITY, id="the same row is in sight"),
    ],
)
def test_a_hidden_row_that_would_decide_is_left_to_a_person(tmp_path, rows, hidden, verdict):
    assert decide(write(tmp_path / "accounts.xlsx", rows, hidden)) is verdict


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.builds(
                plan,
                st.sampled_from([10, 40, 60]),
                st.sampled_from("12"),
                as_of_date=st.sampled_from(["2026-11-19", "2026-11-20"]),
            ),
            st.booleans(),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_the_decision_holds_with_the_hidden_rows_and_without_them(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("hidden")
    hidden = [at for at, (_, is_hidden) in enumerate(rows) if is_hidden]
    decided = decide(write(folder / "hidden.xlsx", [row for row, _ in rows], hidden))

    with_them = decide(write(folder / "all.xlsx", [row for row, _ in rows]))
    without_them = decide(write(folder / "seen.xlsx", [row for row, is_hidden in rows if not is_hidden]))
    assert decided is Verdict.REVIEW or decided is with_them is without_them


def test_hidden_rows_are_counted_and_named(tmp_path):
    file = write(tmp_path / "accounts.xlsx", [plan(1, str(n)) for n in range(6)], [1, 3, 4, 5])

    (warning,) = read_accounts(file).warnings

    assert str(warning).startswith(f"{file}:3:1: 4 rows are hidden: 3, 5 to 7 (show them if they count")


def test_the_reason_says_that_a_row_is_hidden(tmp_path):
    (account,) = read_accounts(write(tmp_path / "accounts.xlsx", [plan(40), plan(48, "2")], [1])).accounts

    reasons = [str(each) for each in entitle(account, POLICY).reasons]

    assert "R42: hidden rows may count for subscription 2: 0 to 48 licences" in reasons


def test_a_hidden_row_of_a_partner_file_is_refused(tmp_path):
    book = Workbook()
    book.active.append(["partner_name", "domains"])
    book.active.append(["One", "one.example"])
    book.active.append(["Two", "two.example"])
    book.active.row_dimensions[3].hidden = True
    book.save(tmp_path / "partners.xlsx")

    with pytest.raises(InputError, match="1 row is hidden: 3"):
        read_partners(tmp_path / "partners.xlsx")


@pytest.mark.parametrize(
    ("xml", "hidden"),
    [
        pytest.param(b'<row r="1"/><row r="2" hidden="1"/>', [2], id="one"),
        pytest.param(b'<row r="1" hidden="0"/><row r="2" hidden="false"/>', [], id="none"),
        pytest.param(b"<x:row r='3' hidden = 'true'><c/></x:row>", [3], id="in another style"),
        pytest.param(b'<row><c/></row><row hidden="1"/><row/>', [2], id="without numbers"),
        pytest.param(b'<row r="2" ht="0" customHeight="1"/><row r="3" ht="0.75"/>', [2], id="of no height"),
        pytest.param(b'<rows hidden="1"/><col hidden="1"/><row r="1"/>', [], id="other tags"),
    ],
)
def test_the_tags_of_the_rows_say_which_are_hidden(xml, hidden):
    rows = HiddenRows(BytesIO(xml))

    assert [number for number in range(1, 6) if rows.has(number)] == hidden


@given(st.integers(min_value=0, max_value=80))
def test_a_tag_between_two_pieces_is_read(before):
    class Pieces(BytesIO):
        """Returns a few bytes at a time."""

        def read(self, _=-1):
            return super().read(before + 1)

    rows = HiddenRows(Pieces(b'<c/><row r="1"><c><v>1</v></c></row><row r="2" spans="1:9" hidden="1"></row>'))

    assert [rows.has(1), rows.has(2), rows.has(3)] == [False, True, False]
