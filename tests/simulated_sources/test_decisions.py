"""The decision for each account of the sample: through each source as through the file, where the source can say it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.domain.account.entitlement import Verdict, entitle
from desk_sync.domain.account.subscription import Account
from tests.support.fake_checkpoints import FakeCheckpoints
from tests.support.stand_in import SAMPLE

LICENCES = mapping_file.load("partner_support").policy.licences
FILE = {each.super_admin_email: each for each in read_accounts(SAMPLE).accounts}
IDS = {address: each.account_id for address, each in FILE.items()}

# Accounts about which a source says something else than the file, and why.
UNSAID = {
    "billing": {},
    "store": {
        "A22": "the store does not name the plan of a Free Edition, so that its users may be complimentary",
        "A31": "the customer is not tagged to the partner, so the store does not have it",
        "A39": "to the store an unpaid subscription is active",
        "A44": "the store has no units: ten light agents may count",
        "A56": "the store has no units: 50,000 API calls may count",
    },
}
MAIL = {"A29": 55, "A46": 55, "A48": 49}
"""The organisations that Mail has, with their licences there."""


def pulled(start, name: str) -> Mapping[str, Account]:
    accounts = start().source(name).pull(FakeCheckpoints()).accounts
    return {IDS[each.super_admin_email]: each for each in accounts}


def decided(account: Account) -> tuple[Verdict, int]:
    found = entitle(account, LICENCES)
    return found.verdict, found.licences


@pytest.mark.parametrize("name", UNSAID)
def test_the_decision_through_a_source_is_that_through_the_file(start, name):
    through_source, unsaid = pulled(start, name), UNSAID[name]

    assert {IDS[each] for each in FILE} - through_source.keys() <= unsaid.keys()
    for account in (each for each in FILE.values() if each.account_id not in unsaid):
        assert decided(through_source[account.account_id]) == decided(account), account.account_id


@pytest.mark.parametrize("name", UNSAID)
def test_a_source_gives_the_organisations_and_countries_of_the_file(start, name):
    in_force = {account_id: each for account_id, each in pulled(start, name).items() if each.zoids}
    assert len(in_force) >= 40
    for account_id, account in in_force.items():
        in_file = next(each for each in FILE.values() if each.account_id == account_id)

        assert (account.zoids, account.countries) == (in_file.zoids, in_file.countries)


def test_mail_gives_the_licences_of_its_organisations(start):
    through_mail = pulled(start, "mail")

    assert {account_id: decided(each)[1] for account_id, each in through_mail.items()} == MAIL


def test_mail_does_not_say_the_country_so_a_person_decides_where_it_matters(start):
    verdicts = {account_id: decided(each)[0] for account_id, each in pulled(start, "mail").items()}

    assert verdicts == {"A29": Verdict.REVIEW, "A46": Verdict.REVIEW, "A48": Verdict.NOT_PRIORITY}


@pytest.mark.parametrize("name", ["billing", "store", "mail"])
def test_two_pulls_give_the_same_accounts(start, name):
    source = start().source(name)

    assert list(source.pull(FakeCheckpoints()).accounts) == list(source.pull(FakeCheckpoints()).accounts)


def test_the_store_has_tagged_customers_only(start):
    assert {IDS[each] for each in FILE} - pulled(start, "store").keys() == {"A31"}


def test_billing_has_every_customer(start):
    assert pulled(start, "billing").keys() == set(IDS.values())
