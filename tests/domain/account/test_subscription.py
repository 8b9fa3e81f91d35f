"""Subscription data: what is refused, and accounts that are counted together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from desk_sync.domain.account.freshness import FreshnessRule
from desk_sync.domain.account.subscription import combine
from tests.support.makers import FRESHNESS, make_account, make_freshness, make_item, make_snapshot

OLD, FRESH = make_snapshot(timedelta(days=3), snapshot_id="old"), make_snapshot(snapshot_id="fresh")


def test_a_negative_quantity_is_refused_by_the_name_of_its_subscription():
    with pytest.raises(ValueError, match="subscription 9001: quantity -1 is negative"):
        make_item(-1)


def test_a_combined_account_has_the_items_of_all_and_is_still_itself():
    account, other = make_account(35, account_id="A"), make_account(30, account_id="B", countries=("IN",))

    together = combine(account, [other], FRESHNESS.stale_at)

    assert [item.quantity for item in together.items] == [35, 30]
    assert (together.account_id, together.countries) == ("A", ("DE",))


@pytest.mark.parametrize(
    ("own", "others", "origin"),
    [
        pytest.param(FRESH, [OLD], OLD, id="another account is older"),
        pytest.param(OLD, [FRESH], OLD, id="it is the oldest itself"),
        pytest.param(FRESH, [None], FRESH, id="an account without an origin"),
        pytest.param(None, [None], None, id="no origin at all"),
    ],
)
def test_a_combined_account_is_as_old_as_its_oldest_part(own, others, origin):
    parts = [make_account(origin=each) for each in others]

    assert combine(make_account(origin=own), parts, FRESHNESS.stale_at).origin == origin


def test_a_combined_account_ends_with_the_part_that_is_out_of_date_first():
    store = make_snapshot(timedelta(0), source="store")
    policy = make_freshness(timedelta(days=7), store=FreshnessRule(max_age=timedelta(hours=1)))

    assert combine(make_account(origin=OLD), [make_account(origin=store)], policy.stale_at).origin == store


def test_one_account_from_two_snapshots_is_the_same_account():
    assert make_account(origin=OLD, also_in=("crm",)) == make_account(origin=FRESH)
    assert make_account(60) != make_account(61)
