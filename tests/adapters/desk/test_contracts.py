"""Contracts that cannot be read cost only the contracts: the partner is known without them (L16, R33)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import responses

from tests.adapters.desk.portal import API, VOCABULARY, make_client

NAMES = replace(VOCABULARY, account_fields=replace(VOCABULARY.account_fields, contracts=True))
ACCOUNT = {"id": "900", "accountName": "Prairie", "country": "Germany"}
CONTRACT = {"data": [{"endDate": "2026-12-31"}]}


def read(status, body):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{API}/accounts/900", json=ACCOUNT)
        mock.get(f"{API}/accounts/900/contracts", status=status, json=body)
        return make_client(vocabulary=NAMES).read_partner("900")


@pytest.mark.parametrize(
    ("status", "body", "until"),
    [
        pytest.param(200, CONTRACT, "2026-12-31", id="read"),
        pytest.param(403, {"errorCode": "SCOPE_MISMATCH"}, "None", id="the token lacks the scope"),
        pytest.param(403, {"errorCode": "LICENSE_ACCESS_LIMITED"}, "None", id="the edition has none"),
        pytest.param(403, {"errorCode": "FORBIDDEN"}, "None", id="our agent may not"),
    ],
)
def test_the_partner_is_known_whether_or_not_its_contracts_may_be_read(status, body, until):
    partner = read(status, body)

    assert (partner.name, partner.country, f"{partner.contract_until}") == ("Prairie", "DE", until)
