"""From a ticket's identifiers to one account, or to "unknown"."""

from __future__ import annotations

import pytest

from desk_sync.domain.identity import Identifier, Kind, choose
from tests.support.makers import ADMIN, make_account, make_snapshot

EMAIL, ZOID = Identifier(Kind.EMAIL, ADMIN), Identifier(Kind.ZOID, "76006415")
ONE, TWO = make_account(account_id="A1"), make_account(account_id="A2")


@pytest.mark.parametrize(
    ("identifiers", "matches", "found", "said"),
    [
        pytest.param([EMAIL], {EMAIL: [ONE]}, "A1", "email leads to account A1", id="one"),
        pytest.param([EMAIL, ZOID], {ZOID: [TWO]}, "A2", "no account has this email", id="the next one tells"),
        pytest.param([EMAIL, ZOID], {EMAIL: [ONE], ZOID: [TWO]}, "A1", "account A1", id="the first that tells"),
        pytest.param([EMAIL, ZOID], {EMAIL: [ONE, TWO], ZOID: [TWO]}, None, "2 accounts", id="many are unknown"),
        pytest.param([EMAIL], {}, None, "no account has this email", id="none"),
        pytest.param([], {}, None, "names no identifier", id="nothing to go by"),
    ],
)
def test_only_one_answer_is_an_answer(identifiers, matches, found, said):
    lookup = choose(identifiers, matches, make_snapshot())

    assert (lookup.account and lookup.account.account_id) == found
    assert said in "\n".join(map(str, lookup.reasons))
    assert (lookup.by is None) == (found is None)


def test_without_data_nothing_is_known():
    assert "no subscription data" in str(choose([EMAIL], {}, None).reasons[0])
