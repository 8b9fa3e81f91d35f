"""Several exports at once, and the accounts that remain when rows are refused."""

from __future__ import annotations

import pytest

from desk_sync.adapters.subscriptions.account_file import read_accounts, read_correct_accounts
from desk_sync.errors import InputError
from tests.adapters.subscriptions.test_account_file import table

OTHER = {"account_id": "A02", "subscription_id": "2", "super_admin_email": "ops@else.example"}


@pytest.fixture
def write(tmp_path):
    def write_file(name, *rows):
        file = tmp_path / name
        file.write_text(table(*rows), encoding="utf-8")
        return file

    return write_file


def names(file):
    return [account.account_id for account in file.accounts]


def test_the_rows_of_several_files_are_taken_together(write):
    files = write("a.csv", {}), write("b.csv", OTHER, {"subscription_id": "3"})

    file = read_accounts(*files)

    assert names(file) == ["A01", "A02"]
    assert len(file.accounts[0].items) == 2
    assert file.places == {"A01": (str(files[0]), 2), "A02": (str(files[1]), 2)}


def test_of_one_subscription_in_two_files_the_newer_row_wins(write):
    new = write("new.csv", {"plan_quantity": "90", "as_of_date": "2026-11-21"})
    old = write("old.csv", {"plan_quantity": "10", "as_of_date": "2026-11-20"})

    file = read_accounts(new, old)

    assert [item.quantity for item in file.accounts[0].items] == [90]
    assert [str(warning) for warning in file.warnings] == [
        f'{old}:2:13: subscription_id: subscription "90300000000001" is on line 2 of {new} too; line 2 is newer'
    ]


def test_a_predecessor_stays_beside_its_successor_under_its_own_status(write):
    rows = {"subscription_id": "1", "status": "cancelled"}, {"subscription_id": "2", "plan_quantity": "60"}

    (account,) = read_accounts(write("a.csv", *rows)).accounts

    assert [(item.status, item.quantity) for item in account.items] == [("cancelled", 49), ("live", 60)]


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        pytest.param([OTHER | {"plan_quantity": "x"}, {}], ["A01"], id="its own account goes"),
        pytest.param([OTHER, {}, OTHER | {"subscription_id": "3", "zoid": "x"}], ["A01"], id="with its other rows"),
        pytest.param([OTHER, {}, OTHER | {"super_admin_email": "?"}], ["A01"], id="known by its account"),
        pytest.param([OTHER, {}, OTHER | {"account_id": ""}], ["A01"], id="known by its address"),
        pytest.param([OTHER, {"account_id": "A02"}], [], id="two super admins of one account"),
    ],
)
def test_an_account_with_a_refused_row_is_left_out_as_a_whole(write, rows, left):
    assert names(read_correct_accounts([write("a.csv", *rows)])) == left


def test_refused_rows_are_reported_with_file_line_and_column(write):
    files = write("a.csv", {}, OTHER | {"plan_quantity": "x"}), write("b.csv", {"is_paid": "?"})

    file = read_correct_accounts(files)

    assert [str(problem) for problem in file.refused] == [
        f'{files[0]}:3:17: plan_quantity: "x" is not a whole number',
        f'{files[1]}:2:21: is_paid: "?" is neither true nor false',
    ]


def test_a_file_that_is_not_a_table_refuses_all_files(write, tmp_path):
    with pytest.raises(InputError, match=r"absent\.csv:1:1: cannot be read"):
        read_correct_accounts([write("a.csv", {}), tmp_path / "absent.csv"])
