"""The Partner Store: its recorded answer, and other possible answers."""

from __future__ import annotations

import pytest

from desk_sync.adapters.mapping import file as mapping_file
from desk_sync.adapters.subscriptions.partner_store import PAGE, PartnerStore
from desk_sync.domain.account.entitlement import ItemStanding, Verdict, entitle, judge
from desk_sync.errors import PermanentError
from tests.adapters.subscriptions.conftest import at, sample
from tests.support.fake_checkpoints import FakeCheckpoints
from tests.support.zoho_host import Reply

PATH = "/api/v1/partner/subscriptions"
LICENCES = mapping_file.load("partner_support").policy.licences


def pulled(api):
    return {
        account.super_admin_email: account
        for account in PartnerStore(api, data_center="us").pull(FakeCheckpoints()).accounts
    }


def row(number, **facts):
    return {
        "subscription_id": f"{number}",
        "status": "active",
        "email_id": f"admin{number}@e{number}.example",
        "service_name": "Workplace",
        "plan_name": "Mail Flexible Plan",
        "addons": [{"addon_name": "User", "value": 5}],
    } | facts


def counted(account):
    return sum(item.quantity for item in account.items if judge(item, LICENCES).standing is ItemStanding.COUNTED)


def test_the_recorded_answer_is_three_accounts(host, api):
    host.answers.append(at(PATH, sample("partner_store_subscriptions")))

    accounts = pulled(api)

    northwind = accounts["it.admin+zoho@northwind-labs.example"]
    assert (northwind.zoids, northwind.countries, northwind.domain) == (
        ("100055000",),
        ("US",),
        "northwind-labs.example",
    )
    assert {address: counted(account) for address, account in accounts.items()} == {
        "it.admin+zoho@northwind-labs.example": 88,
        "admin@kumo-studio.example": 55,
        "free@small-shop.example": 0,
    }


@pytest.mark.parametrize(
    ("facts", "licences", "verdict"),
    [
        pytest.param({"addons": [{"addon_name": "User", "value": "1050"}]}, 1050, Verdict.PRIORITY, id="text"),
        pytest.param({"addons": [{"addon_name": "User", "value": "1,050"}]}, 0, Verdict.REVIEW, id="not ours to read"),
        pytest.param({"addons": [{"addon_name": "User", "value": "2.5"}]}, 0, Verdict.REVIEW, id="half a user"),
        pytest.param({"addons": [{"addon_name": "User", "value": -5}]}, 0, Verdict.REVIEW, id="fewer than none"),
        pytest.param({"subscription_id": None}, 0, Verdict.REVIEW, id="no id"),
        pytest.param(
            {"addons": [{"addon_name": "Mail Lite User", "value": 99}]}, 99, Verdict.PRIORITY, id="name ends in User"
        ),
        pytest.param({"addons": [{"addon_name": "Extra_5_GB", "value": 99}]}, 0, Verdict.NOT_PRIORITY, id="storage"),
        pytest.param({"addons": [{"addon_name": "Boxes", "value": 99}]}, 0, Verdict.REVIEW, id="unknown add-on"),
        pytest.param(
            {"addons": [{"addon_name": "User", "value": 99}], "status": "inactive"},
            0,
            Verdict.NOT_PRIORITY,
            id="inactive",
        ),
        pytest.param(
            {"addons": [{"addon_name": "User", "value": 99}], "status": "odd"}, 0, Verdict.REVIEW, id="odd status"
        ),
        pytest.param(
            {"addons": [{"addon_name": "User", "value": 99}], "plan_name": "CRM Trial"},
            0,
            Verdict.NOT_PRIORITY,
            id="trial",
        ),
        pytest.param(
            {"addons": [{"addon_name": "User", "value": 99}], "plan_name": None}, 0, Verdict.REVIEW, id="no plan"
        ),
        pytest.param({"addons": None}, 0, Verdict.REVIEW, id="add-ons are missing"),
        pytest.param({"addons": []}, 0, Verdict.NOT_PRIORITY, id="no add-ons"),
    ],
)
def test_users_are_in_the_add_ons(host, api, facts, licences, verdict):
    host.answers.append(at(PATH, [row(1, customer_address={"country": "Japan"}, **facts)]))

    [account] = pulled(api).values()

    assert (counted(account), entitle(account, LICENCES).verdict) == (licences, verdict)


def test_one_super_admin_is_one_account(host, api):
    same = {"email_id": "Admin@One.example"}
    host.answers.append(at(PATH, [row(1, **same), row(2, email_id="admin@one.example")]))

    [account] = pulled(api).values()

    assert counted(account) == 10


def paged(*pages, headers=()):
    def answer(asked):
        number = int(asked.query["page"]) - 1
        headers_sent = {"X-Has-More-Page": "true" if number + 1 < len(pages) else "false"} if headers else {}
        return Reply(pages[number] if number < len(pages) else [], headers=headers_sent)

    return answer


@pytest.mark.parametrize("headers", [(), ("more",)])
def test_every_page_is_read(host, api, headers):
    full = [row(number) for number in range(PAGE)]
    host.answers.append(paged(full, [row(999)], headers=headers))

    assert len(pulled(api)) == PAGE + 1


def test_a_short_page_is_followed_if_the_header_announces_more(host, api):
    host.answers.append(paged([row(1)], [row(2)], headers=("more",)))

    assert len(pulled(api)) == 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda _: Reply([row(number) for number in range(PAGE)]), id="the same page for ever"),
        pytest.param(lambda _: Reply({"data": []}), id="no array"),
        pytest.param(lambda _: Reply([row(1)], headers={"X-More": "true"}), id="a page that announces itself again"),
        pytest.param(lambda _: Reply("", status=403), id="not permitted"),
    ],
)
def test_an_incomplete_or_invalid_answer_is_refused(host, api, answer):
    host.answers.append(answer)

    with pytest.raises(PermanentError):
        pulled(api)
