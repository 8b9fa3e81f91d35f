"""The large-user decision (R42–R48)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk_sync.domain.account.entitlement import ItemStanding, Verdict, entitle, entitle_each, judge
from desk_sync.domain.account.licence_policy import AccountScope, CountBy, RegionBy
from tests.support.makers import LICENCES, make_account, make_item

PRIORITY, NOT_PRIORITY, REVIEW = Verdict.PRIORITY, Verdict.NOT_PRIORITY, Verdict.REVIEW


@pytest.mark.parametrize(
    ("licences", "country", "verdict"),
    [
        pytest.param(59, "DE", NOT_PRIORITY, id="one below"),
        pytest.param(60, "DE", PRIORITY, id="the threshold itself counts"),
        pytest.param(60, "IN", NOT_PRIORITY, id="India requires 100"),
        pytest.param(55, "KZ", REVIEW, id="no region lists the country, and the verdict depends on it"),
        pytest.param(49, "KZ", NOT_PRIORITY, id="no region lists the country, but it is below every threshold"),
        pytest.param(100, "KZ", PRIORITY, id="no region lists the country, but it reaches every threshold"),
    ],
)
def test_an_account_is_large_from_its_regions_threshold_on(licences, country, verdict):
    assert entitle(make_account(licences, countries=(country,)), LICENCES).verdict is verdict


@pytest.mark.parametrize(
    ("facts", "standing", "rule"),
    [
        pytest.param({}, ItemStanding.COUNTED, "R43", id="a live user licence"),
        pytest.param({"status": "non_renewing"}, ItemStanding.COUNTED, "R43", id="in force until the end of its term"),
        pytest.param({"status": "cancelled"}, ItemStanding.NOT_COUNTED, "R42", id="cancelled"),
        pytest.param({"status": "paused"}, ItemStanding.UNSETTLED, "R42", id="an unknown status"),
        pytest.param({"status": ""}, ItemStanding.UNSETTLED, "R42", id="no status"),
        pytest.param({"status": "unpaid"}, ItemStanding.UNSETTLED, "R42", id="unpaid: no rule decides it"),
        pytest.param({"paid": False}, ItemStanding.UNSETTLED, "R42", id="complimentary: no rule decides it"),
        pytest.param({"paid": False, "edition": "CRM Free"}, ItemStanding.NOT_COUNTED, "R42", id="a free edition"),
        pytest.param(
            {"paid": False, "edition": "x one-trial"}, ItemStanding.NOT_COUNTED, "R42", id="a trial by its code"
        ),
        pytest.param({"edition": "Freedom plan"}, ItemStanding.COUNTED, "R43", id="a paid plan may be called anything"),
        pytest.param({"service": "zoho campaigns"}, ItemStanding.NOT_COUNTED, "R46", id="an excluded service's users"),
        pytest.param({"name": "Writer merge pack"}, ItemStanding.NOT_COUNTED, "R46", id="excluded by the item's words"),
        pytest.param({"name": "Writer seats"}, ItemStanding.COUNTED, "R43", id="one of the words is not enough"),
        pytest.param({"unit": "light_agents"}, ItemStanding.NOT_COUNTED, "R43", id="not a person with a login"),
        pytest.param(
            {"unit": "", "name": "Standard User"}, ItemStanding.COUNTED, "R43", id="the unit follows from the name"
        ),
        pytest.param(
            {"unit": "", "name": "Base fee", "quantity": 0},
            ItemStanding.NOT_COUNTED,
            "R43",
            id="no unit, but no quantity either",
        ),
        pytest.param({"unit": "wombats"}, ItemStanding.UNSETTLED, "R43", id="an unknown unit"),
        pytest.param({"service": "Zoho Wombat"}, ItemStanding.UNSETTLED, "R48", id="an unknown service"),
    ],
)
def test_each_item_counts_or_not_by_the_first_rule_that_applies(facts, standing, rule):
    judgement = judge(make_item(**{"quantity": 5} | facts), LICENCES)

    assert (judgement.standing, judgement.reason.rule) == (standing, rule)


@pytest.mark.parametrize(
    ("certain", "unsettled", "verdict"),
    [
        pytest.param(59, 1, REVIEW, id="the unpaid licence decides"),
        pytest.param(58, 1, NOT_PRIORITY, id="too few either way"),
        pytest.param(60, 1, PRIORITY, id="enough either way"),
    ],
)
def test_unsettled_licences_need_a_person_only_if_they_decide(certain, unsettled, verdict):
    account = make_account(items=(make_item(certain), make_item(unsettled, status="unpaid")))

    found = entitle(account, LICENCES)

    assert (found.verdict, found.licences) == (verdict, certain)


def test_the_largest_service_alone_may_be_what_counts():
    bought = (make_item(30), make_item(10, service="ZCRM"), make_item(35, service="Zoho Desk", unit="agents"))

    assert entitle(make_account(items=bought), LICENCES).licences == 75
    assert entitle(make_account(items=bought), replace(LICENCES, count=CountBy.LARGEST_SERVICE)).licences == 40


@pytest.mark.parametrize(
    ("per", "licences"), [(AccountScope.SUPER_ADMIN, [35, 30, 20]), (AccountScope.DOMAIN, [65, 65, 20])]
)
def test_accounts_on_one_domain_may_be_counted_together(per, licences):
    accounts = [make_account(35, account_id="A"), make_account(30, account_id="B"), make_account(20, domain=None)]

    decided = entitle_each(accounts, replace(LICENCES, per=per))

    assert [found.licences for _, found in decided] == licences


@pytest.mark.parametrize(
    ("account", "policy", "verdict", "text"),
    [
        pytest.param(
            {"regions": ("EUROPE_UK",)}, {}, PRIORITY, "as the subscription data say", id="and the map agrees"
        ),
        pytest.param({"regions": ("INDIA",)}, {}, NOT_PRIORITY, "as the subscription data say", id="stated wins"),
        pytest.param(
            {"regions": ("INDIA",)},
            {},
            NOT_PRIORITY,
            "warning: the country map says EUROPE_UK",
            id="the disagreement is a warning",
        ),
        pytest.param(
            {"regions": ("MARS",)}, {}, PRIORITY, "EUROPE_UK by customer country", id="an unknown region is ignored"
        ),
        pytest.param({"regions": ("INDIA", "ANZ")}, {}, REVIEW, "a person must decide", id="the rows disagree"),
        pytest.param({"countries": ()}, {}, REVIEW, "an unnamed country", id="no country at all"),
        pytest.param(
            {}, {"region_by": RegionBy.PARTNER_COUNTRY}, REVIEW, "a partner of no known country", id="no partner"
        ),
        pytest.param(
            {"countries": ("KZ",)}, {"fallback_region": "ANZ"}, PRIORITY, "falls back to ANZ", id="a fallback"
        ),
        pytest.param(
            {"data_centers": ("IN",)}, {"region_by": RegionBy.DATA_CENTER}, NOT_PRIORITY, "by data center", id="by host"
        ),
    ],
)
def test_the_region_comes_from_the_data_then_the_map_then_the_fallback(account, policy, verdict, text):
    found = entitle(make_account(60, **account), replace(LICENCES, **policy))

    assert found.verdict is verdict
    assert text in "\n".join(map(str, found.reasons))


items = st.builds(
    make_item,
    st.integers(0, 120),
    status=st.sampled_from(["live", "unpaid", "cancelled", "odd"]),
    unit=st.sampled_from(["users", "contacts", "odd"]),
    paid=st.booleans(),
)


@given(st.lists(items, max_size=5), st.sampled_from(["DE", "IN", "KZ"]))
def test_more_licences_never_make_an_account_less_large(bought, country):
    rank = {NOT_PRIORITY: 0, REVIEW: 1, PRIORITY: 2}
    before = entitle(make_account(items=tuple(bought), countries=(country,)), LICENCES)
    after = entitle(make_account(items=(*bought, make_item(7)), countries=(country,)), LICENCES)

    assert rank[after.verdict] >= rank[before.verdict]
    assert after.licences == before.licences + 7


@given(st.permutations([make_item(30), make_item(31, status="unpaid"), make_item(9, unit="contacts")]))
def test_the_order_of_rows_does_not_matter(bought):
    assert entitle(make_account(items=tuple(bought)), LICENCES).verdict is REVIEW
