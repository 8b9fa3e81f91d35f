"""Zoho Mail's partner API: its recorded answer, and other possible answers."""

from __future__ import annotations

import pytest

from desk_sync.adapters.subscriptions.mail_partner import PAGE, MailPartner
from desk_sync.domain.account.identity import Identifier, IdentifierKind
from desk_sync.errors import PermanentError
from tests.adapters.subscriptions.conftest import at, sample
from tests.support.fake_checkpoints import FakeCheckpoints
from tests.support.zoho_host import Reply

PATH = "/api/organization"
KUMO = "90000046000"


def organisation(**facts):
    recorded = sample("mail_partner_organization")
    return recorded | {"data": recorded["data"] | facts}


def pulled(api, *zoids, checkpoints=None):
    return list(MailPartner(api, zoids=lambda: zoids, data_center="jp").pull(checkpoints or FakeCheckpoints()).accounts)


def any_organisation(asked):
    """Return an organisation for every ZOID."""
    zoid = asked.path.rpartition("/")[2]
    return Reply(organisation(zoid=zoid, superAdmin=f"admin@{zoid}.example"))


def test_the_recorded_organisation_ties_zoid_super_admin_and_domains(host, api):
    domains = ["shop.example", "kumo-studio.example", "gmail.com"]
    host.answers.append(at(f"{PATH}/{KUMO}", organisation(domains=domains)))

    [account] = pulled(api, KUMO)

    assert (account.account_id, account.super_admin_email) == (f"mail-{KUMO}", "admin@kumo-studio.example")
    assert (account.zoids, account.domain, account.other_domains) == ((KUMO,), "kumo-studio.example", ("shop.example",))
    assert [(item.service, item.quantity, item.unit, item.paid) for item in account.items] == [
        ("Mail", 55, "users", True)
    ]


def test_an_organisation_that_is_not_ours_is_left_out(host, api):
    host.answers.append(at(f"{PATH}/{KUMO}", organisation()))

    assert [each.zoids for each in pulled(api, "999999", KUMO)] == [(KUMO,)]


def test_another_organisations_answer_is_refused(host, api):
    host.answers.append(at(f"{PATH}/999999", organisation()))

    with pytest.raises(PermanentError, match="another organisation instead of 999999"):
        pulled(api, "999999")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(organisation(zoid="x"), id="no ZOID"),
        pytest.param({"status": {"code": 500}}, id="an error with status 200"),
        pytest.param([], id="no object"),
    ],
)
def test_half_an_answer_is_refused(host, api, body):
    host.answers.append(at(f"{PATH}/{KUMO}", body))

    with pytest.raises(PermanentError):
        pulled(api, KUMO)


@pytest.mark.parametrize("several", [False, True], ids=["one", "a list"])
def test_a_domain_is_searched_for(host, api, several):
    found = organisation()
    host.answers.append(at(PATH, found | {"data": [found["data"]]} if several else found))

    [account] = MailPartner(api).ask(Identifier(IdentifierKind.DOMAIN, "kumo-studio.example"))

    assert account.zoids == (KUMO,)
    assert host.requests[0].query == {"mode": "getCustomerOrgDetails", "searchKey": "kumo-studio.example"}


def test_an_unknown_domain_leads_to_no_account(host, api):
    host.answers.append(at(PATH, {"status": {"code": 200}}))

    assert MailPartner(api).ask(Identifier(IdentifierKind.DOMAIN, "nowhere.example")) == []


def test_a_pull_goes_on_after_the_organisations_it_has_read(host, api):
    zoids = [f"{number}" for number in range(100000, 100000 + PAGE + 1)]
    host.answers.append(any_organisation)
    checkpoints = FakeCheckpoints()
    assert len(pulled(api, *zoids, checkpoints=checkpoints)) == PAGE + 1
    host.requests.clear()

    assert len(pulled(api, *zoids, checkpoints=checkpoints)) == PAGE + 1
    assert [each.path for each in host.requests] == [f"{PATH}/{zoids[-1]}"]


def test_an_organisation_without_a_super_admin_is_found_by_its_zoid(host, api):
    host.answers.append(at(f"{PATH}/{KUMO}", organisation(superAdmin=None)))

    [account] = pulled(api, KUMO)

    assert (account.super_admin_email, account.zoids) == ("", (KUMO,))


def test_an_organisation_at_which_the_api_fails_costs_itself_only(host, api):
    broken = at(f"{PATH}/{KUMO}", {"code": "9", "message": "odd"}, status=500)
    host.answers.extend((broken, any_organisation))
    source = MailPartner(api, zoids=lambda: [KUMO, "100055000"])
    found = source.pull(FakeCheckpoints())

    accounts = {each.zoids[0]: each for each in found.accounts}

    assert (accounts["100055000"].items[0].quantity, accounts[KUMO].items[0].quantity) == (55, None)
    assert "code 9, odd" in str(found.problems[0])


def test_an_organisation_that_is_found_twice_and_differs_is_refused(host, api):
    found = organisation()
    other = found["data"] | {"licenseCount": 99}
    host.answers.append(at(PATH, found | {"data": [found["data"], found["data"], other]}))

    with pytest.raises(PermanentError, match="twice"):
        MailPartner(api).ask(Identifier(IdentifierKind.DOMAIN, "kumo-studio.example"))


def test_without_organisations_there_is_nothing_to_read(host, api):
    assert (pulled(api), host.requests) == ([], [])
