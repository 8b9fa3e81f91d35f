"""Several rows about one subscription: the newest counts, and of rows of one age all, in any order of the rows."""

from __future__ import annotations

import json
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desk_sync.adapters.mapping.file import load
from desk_sync.adapters.subscriptions.account_file import read_accounts, read_correct_accounts
from desk_sync.adapters.subscriptions.one_of_each import MOST_READINGS
from desk_sync.domain.account.entitlement import Verdict, entitle
from desk_sync.errors import InputError
from tests.adapters.subscriptions.test_account_file import table

POLICY = load("partner_support").policy.licences
GERMAN = {"country_code": "DE", "region": "EUROPE_UK"}


@pytest.fixture
def read(tmp_path):
    def read_rows(*rows, of=read_accounts):
        file = tmp_path / "accounts.csv"
        file.write_text(table(*(GERMAN | row for row in rows)), encoding="utf-8")
        return of(file)

    return read_rows


def decisions(read, rows):
    """Return the different decisions for all orders of the rows."""
    found = (entitle(read(*order).accounts[0], POLICY) for order in permutations(rows))
    return {(each.verdict, each.licences) for each in found}


def row(quantity, **facts):
    return {"plan_quantity": str(quantity)} | facts


@pytest.mark.parametrize(
    ("rows", "decision"),
    [
        pytest.param([row(60), row(10)], (Verdict.REVIEW, 10), id="two quantities"),
        pytest.param([row(80), row(70)], (Verdict.PRIORITY, 70), id="enough either way"),
        pytest.param([row(35), row(30)], (Verdict.NOT_PRIORITY, 30), id="too few either way"),
        pytest.param(
            [row(40), row(30, plan_name="Additional User")], (Verdict.REVIEW, 30), id="one row for each item, perhaps"
        ),
        pytest.param(
            [row(20), row(30, plan_name="Additional User")], (Verdict.NOT_PRIORITY, 20), id="together too few, too"
        ),
        pytest.param([row(60), row(60, status="cancelled")], (Verdict.REVIEW, 0), id="in force or ended"),
        pytest.param([row(60), row("")], (Verdict.REVIEW, 0), id="one without a number"),
        pytest.param([row(60), row(60, zoid="7000001009")], (Verdict.PRIORITY, 60), id="differ elsewhere"),
        pytest.param([row(60), row(60, country_code="IN", region="INDIA")], (Verdict.REVIEW, 60), id="two regions"),
        pytest.param([row(60), row(10, as_of_date="")], (Verdict.REVIEW, 10), id="no date is no older date"),
        pytest.param([row(60), row(10, start_date="")], (Verdict.REVIEW, 10), id="no start is no earlier start"),
        pytest.param([row(60), row(10, as_of_date="2026-11-19")], (Verdict.PRIORITY, 60), id="one is newer"),
        pytest.param([row(60), row(10, start_date="2026-01-31")], (Verdict.PRIORITY, 60), id="one began later"),
        pytest.param(
            [row(60), row(10), row(99, as_of_date="2026-11-19")], (Verdict.REVIEW, 10), id="the older of three is out"
        ),
    ],
)
def test_the_decision_is_the_same_in_every_order_of_the_rows(read, rows, decision):
    assert decisions(read, rows) == {decision}


FACTS = st.fixed_dictionaries(
    {
        "plan_quantity": st.sampled_from(["", "10", "40", "60", "80"]),
        "plan_name": st.sampled_from(["CRM Enterprise", "Additional User"]),
        "status": st.sampled_from(["live", "cancelled", "unpaid"]),
        "as_of_date": st.sampled_from(["", "2026-11-19", "2026-11-20"]),
        "start_date": st.sampled_from(["", "2026-02-01"]),
        "addons": st.sampled_from(["", json.dumps([{"name": "User", "quantity": 25, "unit": "users"}])]),
    }
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(FACTS, min_size=2, max_size=3))
def test_the_position_of_a_row_never_decides(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("rows")

    def read_rows(*rows):
        file = folder / "accounts.csv"
        file.write_text(table(*(GERMAN | row for row in rows)), encoding="utf-8")
        return read_accounts(file)

    assert len(decisions(read_rows, rows)) == 1


def test_rows_of_one_date_are_a_warning_and_none_is_called_newer(read):
    (warning,) = read(row(60), row(10)).warnings

    assert str(warning).endswith(
        ':3:13: subscription_id: subscription "90300000000001" is on line 2 too; of no later date, and they differ'
    )


@pytest.mark.parametrize(
    ("column", "written"),
    [
        pytest.param("customer_domain", "other.example", id="two domains"),
        pytest.param("partner_domain", "other.example", id="two partners"),
        pytest.param("partner_tag_status", "untagged", id="with a partner, or without"),
    ],
)
def test_a_contradiction_about_the_account_is_refused_on_every_row(read, column, written):
    file = read(row(60), {column: written}, of=lambda file: read_correct_accounts([file]))

    assert [(each.line, each.where) for each in file.refused] == [(2, column), (3, column)]
    assert file.accounts == ()


def test_a_subscription_of_two_accounts_is_refused_on_every_row(read):
    other = {"account_id": "A02", "super_admin_email": "ops@else.example"}

    with pytest.raises(InputError) as refused:
        read(row(60), other)

    assert [(each.line, each.where) for each in refused.value.problems] == [(2, "account_id"), (3, "account_id")]


def test_a_subscription_that_moved_to_another_account_later_is_the_later_ones(read):
    other = {"account_id": "A02", "super_admin_email": "ops@else.example", "as_of_date": "2026-11-21"}

    assert [each.account_id for each in read(row(60), other).accounts] == ["A02"]


def test_the_number_of_readings_has_a_bound(read):
    with pytest.raises(InputError, match="rows of one date differ about one subscription"):
        read(*(row(quantity) for quantity in range(MOST_READINGS + 1)))


@pytest.mark.parametrize("written", ["'90300000000001", "90,300,000,000,001", "90300000000001.0", "９0300000000001"])
def test_a_subscription_in_two_spellings_counts_once(read, written):
    file = read(row(40), row(40, subscription_id=written))

    assert (len(file.accounts[0].items), file.warnings) == (1, ())


@pytest.mark.parametrize("zeros", ["0", "000"])
def test_ids_that_differ_in_zeros_in_front_are_refused_on_every_row(read, zeros):
    file = read(
        row(40),
        row(40, subscription_id=f"{zeros}90300000000001", account_id="A02", super_admin_email="ops@else.example"),
        of=lambda file: read_correct_accounts([file]),
    )

    assert [(each.line, each.where) for each in file.refused] == [(2, "subscription_id"), (3, "subscription_id")]
    assert "on line 2" in file.refused[1].message
    assert file.accounts == ()


@pytest.mark.parametrize("other", ["903000000000010", "S-090300000000001", "1"])
def test_ids_that_differ_elsewhere_are_two(read, other):
    assert len(read(row(40), row(40, subscription_id=other)).accounts[0].items) == 2


@pytest.mark.parametrize("moved", ["A01, Ltd", "Zoho, CRM"])
def test_an_account_with_cells_that_moved_is_left_out_as_a_whole(tmp_path, moved):
    file = tmp_path / "accounts.csv"
    broken = table({"subscription_id": "2"}).splitlines()[1].replace(moved.replace(",", "").split(" ")[0], moved, 1)
    file.write_text(table({}) + broken + "\r\n", encoding="utf-8")

    read_file = read_correct_accounts([file])

    assert [each.message for each in read_file.refused] == ["23 cells under 22 columns"]
    assert read_file.accounts == ()
