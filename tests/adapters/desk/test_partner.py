"""A partner as Desk shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from desk_sync.adapters.desk.partner import account_of, mailboxes, read_partner
from desk_sync.domain.account.partner import Partner
from tests.adapters.desk.portal import VOCABULARY

NAMES = replace(
    VOCABULARY.account_fields,
    tier="cf_tier",
    domains=("cf_registered_domains", "website"),
    contract_until="cf_contract",
    contracts=True,
)
ACCOUNT = {
    "id": "900",
    "accountName": "Prairie Consulting",
    "country": "Germany",
    "state": "BE",
    "website": "https://www.Prairie.example/about?x=1",
    "cf": {
        "cf_tier": "Premium",
        "cf_registered_domains": "prairie.test, help.prairie.example; gmail.com",
        "cf_contract": "2026-12-31",
    },
}


def test_everything_that_the_mapping_names_is_read():
    assert read_partner(ACCOUNT, {}, NAMES) == Partner(
        name="Prairie Consulting",
        country="DE",
        state="BE",
        tier="Premium",
        domains=frozenset({"prairie.example", "prairie.test", "help.prairie.example"}),
        contract_until=date(2026, 12, 31),
    )


def test_values_that_desk_lacks_stay_unknown():
    assert read_partner({"id": "900", "country": "Mars", "website": "-"}, {}, NAMES) == Partner(name="900")


@pytest.mark.parametrize(
    ("ends", "until"),
    [
        pytest.param(["2027-01-31", "2026-05-31"], date(2027, 1, 31), id="the last one counts"),
        pytest.param(["2026-05-31"], date(2026, 12, 31), id="a field with a later day"),
        pytest.param(["unknown", None], date(2026, 12, 31), id="a text that is no day is ignored"),
    ],
)
def test_the_support_contract_holds_as_long_as_the_longest(ends, until):
    contracts = {"data": [{"endDate": end} for end in ends]}

    assert read_partner(ACCOUNT, contracts, NAMES).contract_until == until


@pytest.mark.parametrize(
    ("contact", "account"),
    [
        pytest.param({"accountId": "900"}, "900", id="by its id"),
        pytest.param({"accountId": None, "account": {"id": "900"}}, "900", id="by the account inside"),
        pytest.param({"accountId": None}, None, id="no account"),
    ],
)
def test_a_contact_belongs_to_an_account_or_to_none(contact, account):
    assert account_of(contact) == account


@pytest.mark.parametrize(
    ("to", "addresses"),
    [
        pytest.param("Help@EU.Zoho.example", ["help@eu.zoho.example"], id="one"),
        pytest.param(
            '"Help, Partner"<help@zoho.example>, b@x.example', ["help@zoho.example", "b@x.example"], id="several"
        ),
        pytest.param(None, [], id="a thread that is no mail"),
    ],
)
def test_the_mailboxes_of_a_thread_are_the_addresses_it_was_sent_to(to, addresses):
    assert mailboxes({"to": to}) == addresses
