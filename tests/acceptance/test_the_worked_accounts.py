"""The worked accounts of the programme: every one is decided as it was by hand, and so are its other readings."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from desk_sync.adapters.mapping.file import load
from desk_sync.adapters.subscriptions.account_file import read_accounts
from desk_sync.domain.account.entitlement import entitle, entitle_each
from desk_sync.domain.account.licence_policy import AccountScope, CountBy, LicencePolicy, Threshold

CASES = Path(__file__).parents[1] / "cases" / "accounts"
POLICY = load("partner_support").policy.licences
ACCOUNTS = {account.account_id: account for account in read_accounts(CASES / "accounts.csv").accounts}
with (CASES / "expected.csv").open(encoding="utf-8", newline="") as file:
    EXPECTED = [pytest.param(row, id=row["account_id"]) for row in csv.DictReader(file)]


def european(threshold: Threshold) -> LicencePolicy:
    return replace(POLICY, thresholds={**POLICY.thresholds, "EUROPE_UK": threshold})


def with_soft_licences() -> LicencePolicy:
    soft = {"light agents", "employee profiles"}
    return replace(POLICY, counted_units=POLICY.counted_units | soft, uncounted_units=POLICY.uncounted_units - soft)


# In these readings an unpaid subscription does not count, where the plain reading asks a person.
READINGS = {
    "alt_max_single_service": replace(POLICY, count=CountBy.LARGEST_SERVICE),
    "alt_with_soft_licences": with_soft_licences(),
    "alt_eu_more_than_60": european(Threshold(figure=60, inclusive=False)),
    "alt_eu_reaches_100": european(Threshold(figure=100, inclusive=True)),
}


def unpaid_ended(policy: LicencePolicy) -> LicencePolicy:
    return replace(policy, unsettled=frozenset(), ended=policy.ended | policy.unsettled)


@pytest.mark.parametrize("row", EXPECTED)
def test_a_worked_account_is_decided_as_by_hand(row):
    entitlement = entitle(ACCOUNTS[row["account_id"]], POLICY)

    assert (entitlement.verdict, entitlement.licences) == (row["decision"], int(row["licences_counted"]))
    assert all(reason.rule and reason.text for reason in entitlement.reasons)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("row", EXPECTED)
def test_another_reading_is_another_setting(row, reading):
    if row[reading]:
        entitlement = entitle(ACCOUNTS[row["account_id"]], unpaid_ended(READINGS[reading]))

        assert entitlement.verdict == row[reading]


@pytest.mark.parametrize("row", EXPECTED)
def test_accounts_on_one_domain_can_be_counted_together(row):
    if row["alt_domain_sum"]:
        by_domain = entitle_each(list(ACCOUNTS.values()), replace(unpaid_ended(POLICY), per=AccountScope.DOMAIN))
        entitlement = {account.account_id: found for account, found in by_domain}[row["account_id"]]

        assert (entitlement.verdict, entitlement.licences) == (row["alt_domain_sum"], int(row["domain_licences"]))


def test_every_account_of_the_file_was_worked():
    assert [row.values[0]["account_id"] for row in EXPECTED] == list(ACCOUNTS)
