"""An account id of the file is an account, or a message at its row says what became of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk_sync.adapters.subscriptions.account_file import read_correct_accounts
from tests.adapters.subscriptions.test_account_file import ROW, table

ADDRESSES = [ROW["super_admin_email"], "ops@else.example"]


@pytest.fixture
def read(tmp_path):
    def read_rows(*rows):
        return read_table(tmp_path / "accounts.csv", rows)

    return read_rows


def read_table(file, rows):
    file.write_text(table(*rows), encoding="utf-8")
    return read_correct_accounts([file])


def other(**cells):
    return {"account_id": "A02", "subscription_id": "2", "zoid": "7000009000"} | cells


def test_two_accounts_of_one_super_admin_are_taken_together_and_a_warning_says_so(read):
    file = read({}, other(), other(subscription_id="3"))

    assert [each.account_id for each in file.accounts] == ["A01"]
    assert [str(each).partition(".csv")[2] for each in file.warnings] == [
        ':3:2: account_id: "A02" has the super admin of "A01", and is taken together with it (C18)'
    ]


def test_an_account_whose_only_subscription_moved_is_named(read):
    moved = other(super_admin_email=ADDRESSES[1], subscription_id=ROW["subscription_id"], as_of_date="2026-11-21")

    messages = [each.message for each in read({}, moved).warnings if each.where == "account_id"]

    assert messages == ['"A01" has no subscription left: newer rows give them to other accounts']


CELLS = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from(["A01", "A02", "A03"]),
        "super_admin_email": st.sampled_from(ADDRESSES),
        "subscription_id": st.sampled_from(["1", "01", "2", "3"]),
        "as_of_date": st.sampled_from(["2026-11-20", "2026-11-21"]),
    }
)


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(CELLS, min_size=1, max_size=4))
def test_no_account_id_is_left_out_without_a_word(tmp_path_factory, rows):
    file = read_table(tmp_path_factory.mktemp("names") / "accounts.csv", rows)

    accounts = {each.account_id for each in file.accounts}
    refused = {each.line for each in file.refused}
    names_of_refused = {rows[line - 2][cell] for line in refused for cell in ("account_id", "super_admin_email")}
    named = {rows[each.line - 2]["account_id"] for each in file.warnings if each.where == "account_id"}
    for row in rows:
        excluded = {row["account_id"], row["super_admin_email"]} & names_of_refused
        assert excluded or row["account_id"] in accounts | named
